"""What happens to a prompt as a whole while readers may be using it: its name, and whether it is in the library."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from promptstudio.accounts.actor import Actor
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict
from promptstudio.lib.locking import locked
from promptstudio.projects.models import Environment, Project
from promptstudio.prompts.indexing import index_names
from promptstudio.prompts.models import FormerName, Prompt
from promptstudio.prompts.names import check_name, taken
from promptstudio.prompts.permissions import can_restore, can_write
from promptstudio.reviews.models import Review

from . import live
from .models import Placement, PublishJob

# Rules that say who promotes, and how approvals and tests count; they hold no version back by themselves.
SAY_HOW = {
    "deployers",
    "emergency",
    "accepters",
    "same_baseline",
    "approver_may_deploy",
    "approval_days",
    "suggester_counts_as_author",
    "tests_days",
    "tests_repeats",
    "significance",
}


@transaction.atomic
def archive_prompt(*, prompt: Prompt, actor: Actor) -> Prompt:
    """Take `prompt` out of the library. What it serves without conditions goes on. Raises Conflict with what has to end first."""
    can_write(actor, prompt).require()
    prompt = _locked(prompt)
    if prompt.archived_at:
        raise Conflict("It is archived already.")
    if problems := [*_in_the_way(prompt)]:
        raise Conflict(" ".join(problems))
    prompt.archived_at = clock.now()
    _saved(prompt, "prompt.archived", actor)
    return prompt


@transaction.atomic
def restore_prompt(*, prompt: Prompt, actor: Actor) -> Prompt:
    """Bring an archived prompt back to the library, with everything it had."""
    can_restore(actor, prompt).require()
    prompt = _locked(prompt)
    if not prompt.archived_at:
        raise Conflict("It is not archived.")
    prompt.archived_at = None
    _saved(prompt, "prompt.restored", actor)
    return prompt


@transaction.atomic
def rename_prompt(*, prompt: Prompt, name: str, actor: Actor) -> Prompt:
    """Give `prompt` another name for applications. It goes on answering to the old one until that is given up. Raises Invalid, Conflict."""
    can_write(actor, prompt).require()
    check_name(name)
    # As in create_prompt: a name is looked for and taken.
    Project.objects.select_for_update(no_key=True).get(pk=prompt.project_id)
    prompt = _locked(prompt)
    if name == prompt.name:
        raise Conflict("Nothing changed: that is its name.")
    FormerName.objects.filter(prompt=prompt, name=name).delete()
    if taken(prompt.project, name):
        raise Conflict(f"There is already a prompt that answers to {name} in {prompt.project}. Choose another name.")
    before, prompt.name = prompt.name, name
    FormerName.objects.create(project=prompt.project, prompt=prompt, name=before, since=clock.now())
    index_names(prompt)
    for placement in _locked_placements(prompt):
        placement.prompt = prompt
        live.write_snapshot(placement)
    _saved(prompt, "prompt.renamed", actor, before=before, name=name)
    return prompt


@transaction.atomic
def give_up_name(*, prompt: Prompt, name: str, actor: Actor) -> None:
    """Let a name go that `prompt` had before: whoever still asks for it finds nothing, and another prompt may take it."""
    can_write(actor, prompt).require()
    deleted, _ = FormerName.objects.filter(prompt=prompt, name=name).delete()
    if not deleted:
        raise Conflict(f"It does not answer to {name} any more.")
    live.names_changed()
    record(actor=actor, action="prompt.former_name_dropped", subject=prompt, project_uid=prompt.project.uid, name=name)


def _locked(prompt: Prompt) -> Prompt:
    return locked(Prompt.objects.all(), "project", "folder", "owner", pk=prompt.pk)


def _locked_placements(prompt: Prompt) -> "QuerySet[Placement]":
    """Read after they are locked, as `lib.locking` says why."""
    list(Placement.objects.select_for_update().filter(prompt=prompt).order_by("pk"))
    return Placement.objects.filter(prompt=prompt).select_related("environment", "live").order_by("environment__position")


def _in_the_way(prompt: Prompt) -> Iterator[str]:
    """What has to end before `prompt` can be archived, in sentences."""
    serving = [each.environment for each in _locked_placements(prompt) if each.live and not each.out_of_service_at]
    if guarded := [str(place) for place in serving if _has_conditions(place)]:
        have = "has" if len(guarded) == 1 else "have"
        yield f"It is live in {' and '.join(guarded)}, which {have} conditions. Take it out of service there first."
    if PublishJob.objects.filter(deployment__placement__prompt=prompt, state=PublishJob.State.OWED).exists():
        yield "A version of it is on its way. Wait until it has arrived."
    if review := Review.objects.open().filter(version__prompt=prompt).select_related("version", "environment").first():
        yield f"A review of {review.version.semver} for {review.environment} is open. Decide or withdraw it first."


def _has_conditions(environment: Environment) -> bool:
    return bool(environment.policy.rules.model_dump(exclude_defaults=True, exclude=SAY_HOW))


def _saved(prompt: Prompt, action: str, actor: Actor, **data: Any) -> None:
    prompt._history_user = actor.user  # type: ignore[attr-defined]
    prompt.save()
    record(actor=actor, action=action, subject=prompt, project_uid=prompt.project.uid, **data)

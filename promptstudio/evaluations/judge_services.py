"""Choosing who judges the answers of a project's prompts."""

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.projects.models import Project
from promptstudio.projects.permissions import can
from promptstudio.prompts.models import ModelEntry, Prompt, Version

from .judges import Chosen, choice_of, chosen_for, judging_by, live_version
from .models import Bench, JudgeChoice
from .questions import is_model


@transaction.atomic
def choose_judge(
    *, project: Project, bench: Bench, prompt: Prompt | None = None, version: Version | None = None, model: str = "", actor: Actor
) -> JudgeChoice:
    """From the next run on. Without `prompt` it is the judge that Studio brings along, without `version` what is live of it last.

    What was judged before stays as it was judged, and says by whom. Raises Invalid for what cannot judge, Conflict where nothing changed.
    """
    can(actor, "administer", project).require()
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    model = model.strip()
    _check_model(model)
    _check_prompt(project, prompt, version, actor)
    before = choice_of(project, bench)
    if _same(before, prompt, version, model):
        raise Conflict("Nothing changed: this judge is chosen already.")
    choice = JudgeChoice.objects.create(
        project=project, bench=bench, prompt=prompt, version=version, model=model, chosen_by=actor.user, chosen_at=clock.now()
    )
    chosen = _judging(project, bench, prompt, version, model)
    record(
        actor=actor,
        action="judge.appointed",
        subject=project,
        project_uid=project.uid,
        bench=bench,
        prompt=prompt.uid if prompt else None,
        semver=version.semver if version else None,
        model=chosen.model,
        digest=chosen.digest,
    )
    return choice


def _judging(project: Project, bench: Bench, prompt: Prompt | None, version: Version | None, model: str) -> Chosen:
    """Raises Invalid for what cannot judge now."""
    if prompt is None:
        return chosen_for(project, bench)
    judge = version or live_version(prompt)
    if judge is None:
        raise Invalid({"prompt": "Nothing is live of this prompt. Release a version of it first, or choose a version."})
    chosen = judging_by(bench, judge, model)
    entry = ModelEntry.objects.catalogue().find(chosen.model)
    given = chosen.bundle.inference.model_dump(exclude_none=True)
    if entry and (refused := [name for name in entry.refuses if name in given]):
        raise Invalid({"model": f"{entry.label} takes no {' and no '.join(refused)}, and this prompt sets it. Choose another model."})
    return chosen


def _check_model(model: str) -> None:
    if model and not is_model(model):
        raise Invalid({"model": "This is not how Bedrock names a model. Choose one from the list."})


def _check_prompt(project: Project, prompt: Prompt | None, version: Version | None, actor: Actor) -> None:
    if prompt and not Prompt.objects.visible_to(actor).filter(pk=prompt.pk, project=project).exists():
        raise Invalid({"prompt": "Choose a prompt of this project."})
    if version and (prompt is None or version.prompt_id != prompt.pk):
        raise Invalid({"version": "Choose a version of this prompt."})


def _same(before: JudgeChoice | None, prompt: Prompt | None, version: Version | None, model: str) -> bool:
    if before is None:
        return prompt is None and not model
    return (before.prompt, before.version, before.model) == (prompt, version, model)

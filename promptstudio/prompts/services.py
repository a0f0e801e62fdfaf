"""Writing: prompts, drafts, versions and what stands beside them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.lib.lengths import LONGEST_TITLE, check_lengths, too_long
from promptstudio.lib.locking import locked
from promptstudio.projects.models import Project
from promptstudio.projects.permissions import can
from promptstudio.projects.services import folder_at

from . import semver
from .bundle import Bundle
from .freezing import Frozen, freeze, keep_what_it_was_made_of
from .indexing import index_names, index_version
from .models import ChangeNote, Contributor, Draft, Editor, NamedExample, Prompt, PromptUserPermission, Version
from .names import check_name, name_from_title, taken
from .permissions import can_create_prompt, can_edit, can_move, can_restrict, can_write
from .renames import remember
from .shelved import still_in_the_library
from .soundness import problem_of

EMPTY = Bundle(kind="text", messages=({"role": "user", "text": ""},)).as_json()  # type: ignore[arg-type]
FIRST = (1, 0, 0)


@dataclass(frozen=True)
class Change:
    """The change record as its author gives it. A summary is needed; the rest may come later, before a review."""

    summary: str = ""
    expected_impact: str = ""
    validation_criteria: str = ""
    impact: str = ""
    impact_reason: str = ""
    origin: str = "studio"
    authored_at: datetime | None = None


class NothingChanged(Conflict):
    code = "nothing_changed"


class AlreadyAVersion(Conflict):
    """The draft was saved as a version before. `version` is the one that it became."""

    code = "already_a_version"

    def __init__(self, version: Version) -> None:
        super().__init__(
            f"{version.created_by} saved this draft as {version.semver} at {version.created_at:%H:%M} UTC. Open a new draft to go on.",
            by=version.created_by.name,
            at=version.created_at.isoformat(),
            semver=version.semver,
        )
        self.version = version


class Stale(Conflict):
    """A draft was saved over by someone else. `draft` is as it stands now; nothing of either text is lost."""

    code = "stale_draft"

    def __init__(self, draft: Draft) -> None:
        super().__init__(
            f"{draft.updated_by} saved this draft at {draft.updated_at:%H:%M} UTC, after you opened it. "
            "Both texts are kept: choose what stays.",
            by=draft.updated_by.name,
            at=draft.updated_at.isoformat(),
            revision=draft.revision,
        )
        self.draft = draft


@transaction.atomic
def create_prompt(*, project: Project, title: str, name: str = "", folder: str = "", actor: Actor, import_key: str | None = None) -> Prompt:
    """A prompt without any words yet. Without a `name`, one is made from the title. Raises Invalid, Conflict for a name that is taken."""
    place = folder_at(project=project, path=folder)
    can_create_prompt(actor, place).require()
    # A name is looked for and taken: two at once must not find the same one free.
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    _check_title(title)
    if name:
        check_name(name)
        if taken(project, name):
            raise Conflict(f"There is already a prompt named {name} in {project}. Choose another name.")
    else:
        name = name_from_title(title, lambda candidate: taken(project, candidate))
    prompt = Prompt(
        project=project,
        folder=place,
        name=name,
        title=title,
        owner=actor.answerable,
        origin="import" if import_key else "studio",
        import_key=import_key,
        created_at=clock.now(),
    )
    prompt._history_user = actor.user  # type: ignore[attr-defined]
    prompt.save()
    index_names(prompt)
    record(actor=actor, action="prompt.created", subject=prompt, project_uid=project.uid, name=name)
    return prompt


@transaction.atomic
def change_prompt(
    *, prompt: Prompt, title: str | None = None, folder: str | None = None, owner: User | None = None, actor: Actor
) -> Prompt:
    """Change what stands around the words. The words themselves change through drafts and versions only."""
    _lock(prompt)
    can_write(actor, prompt).require()
    before = {"title": prompt.title, "folder": prompt.folder.path}
    if title is not None:
        if title != prompt.title:
            _check_title(title)
        prompt.title = title
    if folder is not None:
        place = folder_at(project=prompt.project, path=folder)
        can_move(actor, prompt, place).require()
        prompt.folder = place
    if owner is not None:
        prompt.owner = owner
    prompt._history_user = actor.user  # type: ignore[attr-defined]
    prompt.save()
    if prompt.title != before["title"]:
        index_names(prompt)
    record(
        actor=actor,
        action="prompt.changed",
        subject=prompt,
        project_uid=prompt.project.uid,
        before=before,
        after={"title": prompt.title, "folder": prompt.folder.path},
    )
    return prompt


@transaction.atomic
def restrict_prompt(*, prompt: Prompt, people: Sequence[User], actor: Actor) -> Prompt:
    """Let only `people`, its owner and those who administer the place see it; without people, everyone with a role again."""
    _lock(prompt)
    can_restrict(actor, prompt).require()
    outside = [person.name for person in people if not can(Actor(person), "read", prompt.folder)]
    if outside:
        raise Invalid({"people": f"{', '.join(outside)} may not read here. Give them a role first."})
    named = {*people, prompt.owner} if people else set()
    before = set(PromptUserPermission.objects.filter(content_object=prompt).values_list("user__uid", flat=True))
    if before == {person.uid for person in named}:
        raise Conflict("Nothing changed: the same people may see it already." if named else "It is not restricted.")
    PromptUserPermission.objects.filter(content_object=prompt).delete()
    for person in named:
        PromptUserPermission.objects.assign_perm("read_prompt", person, prompt)
    prompt.restricted = bool(named)
    prompt._history_user = actor.user  # type: ignore[attr-defined]
    prompt.save()
    record(
        actor=actor,
        action="prompt.restricted" if named else "prompt.opened",
        subject=prompt,
        project_uid=prompt.project.uid,
        before=sorted(map(str, before)),
        after=sorted(str(person.uid) for person in named),
    )
    return prompt


@transaction.atomic
def open_draft(*, prompt: Prompt, based_on: Version | None = None, actor: Actor) -> Draft:
    """A working copy of `based_on`, else of the newest version, else of nothing."""
    can_write(actor, prompt).require()
    start = based_on or prompt.newest
    if start and start.prompt_id != prompt.pk:
        raise Invalid({"based_on": "That version belongs to another prompt."})
    now = clock.now()
    draft = Draft.objects.create(
        prompt=prompt,
        based_on=start,
        content=start.as_written if start else EMPTY,
        created_by=actor.user,
        updated_by=actor.user,
        created_at=now,
        updated_at=now,
    )
    record(actor=actor, action="draft.opened", subject=draft, project_uid=prompt.project.uid, based_on=start.semver if start else None)
    return draft


@transaction.atomic
def save_draft(*, draft: Draft, content: dict[str, Any], revision: int, renamed: Mapping[str, str] | None = None, actor: Actor) -> Draft:
    """Keep `content` as it is, finished or not. Raises Stale when someone saved since `revision`.

    `renamed` are variables that got another name in it, new names to old ones, so that examples go on filling them in.
    """
    draft = _locked(draft)
    can_edit(actor, draft).require()
    if problem := problem_of(content):
        raise Invalid({problem.place: problem.sentence})
    if draft.content == content:
        return draft
    if draft.revision != revision:
        raise Stale(draft)
    draft.content = content
    draft.revision += 1
    draft.updated_by, draft.updated_at = actor.user, clock.now()
    draft.save()
    remember(draft.prompt, renamed or {})
    for user in {actor.user, actor.answerable}:
        Editor.objects.update_or_create(draft=draft, user=user, defaults={"last_at": clock.now()})
    return draft


@transaction.atomic
def catch_up_draft(*, draft: Draft, onto: Version, content: dict[str, Any], revision: int, actor: Actor) -> Draft:
    """Let the draft go on from `onto`, a version that was saved after it began, as `content`. Raises Stale, Invalid, Conflict."""
    draft = save_draft(draft=draft, content=content, revision=revision, actor=actor)
    before = draft.based_on
    if onto.prompt_id != draft.prompt_id:
        raise Invalid({"onto": "That version belongs to another prompt."})
    if before and onto.number <= before.number:
        raise Conflict(f"This draft goes on from {before.semver} already.")
    draft.based_on = onto
    draft.save(update_fields=["based_on"])
    record(
        actor=actor,
        action="draft.renewed",
        subject=draft,
        project_uid=draft.prompt.project.uid,
        before=before.semver if before else None,
        semver=onto.semver,
    )
    return draft


@transaction.atomic
def discard_draft(*, draft: Draft, actor: Actor) -> None:
    draft = _locked(draft)
    can_edit(actor, draft).require()
    draft.ended_at = clock.now()
    draft.save()
    record(actor=actor, action="draft.discarded", subject=draft, project_uid=draft.prompt.project.uid)


@transaction.atomic
def save_version_of_draft(*, draft: Draft, revision: int, change: Change, actor: Actor) -> Version:
    """Freeze the draft as the next version, and end the draft. Raises Stale, Invalid, NothingChanged, AlreadyAVersion."""
    draft = _locked(draft)
    if draft.became and can_write(actor, draft.prompt):
        raise AlreadyAVersion(draft.became)
    can_edit(actor, draft).require()
    if draft.revision != revision:
        raise Stale(draft)
    people = {editor.user for editor in draft.editors.select_related("user")}
    version = _cut(prompt=draft.prompt, data=draft.content, change=change, people=people, based_on=draft.based_on, actor=actor)
    draft.ended_at, draft.became = clock.now(), version
    draft.save()
    return version


@transaction.atomic
def save_version(*, prompt: Prompt, data: dict[str, Any], change: Change, actor: Actor) -> Version:
    """Freeze a bundle given as JSON as the next version. Raises Invalid, NothingChanged."""
    can_write(actor, prompt).require()
    return _cut(prompt=prompt, data=data, change=change, people=set(), based_on=None, actor=actor)


@transaction.atomic
def add_to_change_record(*, version: Version, expected_impact: str = "", validation_criteria: str = "", actor: Actor) -> None:
    """Add to what the version promises. What stands there already stays."""
    can_write(actor, version.prompt).require()
    still_in_the_library(version.prompt)
    given = {"expected_impact": expected_impact.strip(), "validation_criteria": validation_criteria.strip()}
    check_lengths(**given)
    if not any(given.values()):
        raise Invalid({"expected_impact": "Write what you expect to change, or how you will know."})
    for name, text in given.items():
        if text:
            ChangeNote.objects.create(version=version, field=name, text=text, author=actor.user, created_at=clock.now())
    version.__dict__.pop("change_record", None)
    record(
        actor=actor,
        action="version.change_record_added",
        subject=version,
        project_uid=version.prompt.project.uid,
        words={name: text for name, text in given.items() if text},
    )


@transaction.atomic
def save_example(*, prompt: Prompt, name: str, values: dict[str, Any], actor: Actor) -> NamedExample:
    """Keep a set of values under a name; a name that is there already gets the new values."""
    can_write(actor, prompt).require()
    if not name.strip():
        raise Invalid({"name": "Give the example a name, such as “burst pipe”."})
    example = NamedExample.objects.filter(prompt=prompt, name=name.strip(), archived_at=None).first()
    example = example or NamedExample(prompt=prompt, name=name.strip(), created_by=actor.user)
    example.values = {key: value for key, value in values.items() if value != ""}
    example.save()
    record(actor=actor, action="example.saved", subject=example, project_uid=prompt.project.uid)
    return example


@transaction.atomic
def change_example(*, example: NamedExample, values: dict[str, Any], actor: Actor) -> NamedExample:
    """Other values under the same name. Raises Conflict where somebody removed it."""
    can_write(actor, example.prompt).require()
    example = _example_in_use(example)
    example.values = {key: value for key, value in values.items() if value != ""}
    example.save(update_fields=["values"])
    record(actor=actor, action="example.changed", subject=example, project_uid=example.prompt.project.uid)
    return example


@transaction.atomic
def archive_example(*, example: NamedExample, actor: Actor) -> NamedExample:
    """Preview, comparison and review fill it in no more; what a model answered to it stays."""
    can_write(actor, example.prompt).require()
    example = _example_in_use(example)
    example.archived_at = clock.now()
    example.save(update_fields=["archived_at"])
    record(actor=actor, action="example.archived", subject=example, project_uid=example.prompt.project.uid)
    return example


def _example_in_use(example: NamedExample) -> NamedExample:
    held = locked(NamedExample.objects.all(), "prompt__project", pk=example.pk)
    if held.archived_at:
        raise Conflict(f"Somebody removed the example {held} meanwhile. Keep its values under a name again if you need them.")
    return held


def bump_of(prompt: Prompt, bundle: Bundle) -> tuple[tuple[int, int, int], semver.Bump | None]:
    """The number that `bundle` would get as the next version, and why; no Bump when nothing changed."""
    newest = prompt.newest
    if newest is None:
        return FIRST, semver.Bump(semver.Impact.FEATURE, ["This is the first version."])
    bump = semver.compare(newest.bundle, bundle)
    return (semver.next_version(newest.number, bump.impact) if bump else newest.number), bump


def _cut(
    *, prompt: Prompt, data: dict[str, Any], change: Change, people: Iterable[User], based_on: Version | None, actor: Actor
) -> Version:
    prompt = still_in_the_library(prompt)
    frozen = freeze(prompt, data)
    bundle = _checked(frozen, change)
    newest = prompt.newest
    number, bump = bump_of(prompt, bundle)
    if bump is None:
        assert newest
        raise NothingChanged(f"Nothing changed: this is word for word version {newest.semver}.")
    impact = _chosen_impact(change, bump, first=newest is None)
    if newest:
        number = semver.next_version(newest.number, impact)
    version = Version.objects.create(
        prompt=prompt,
        major=number[0],
        minor=number[1],
        patch=number[2],
        semver=".".join(map(str, number)),
        canonical=bundle.canonical,
        digest=bundle.digest,
        model=bundle.model,
        summary=change.summary.strip(),
        origin=change.origin,
        impact=impact,
        computed_impact=bump.impact,
        impact_reasons=list(bump.reasons),
        impact_reason=change.impact_reason.strip(),
        follows=newest,
        based_on=based_on,
        created_by=actor.user,
        created_at=clock.now(),
        authored_at=change.authored_at,
    )
    for user in {*people, actor.user, actor.answerable}:
        Contributor.objects.create(version=version, user=user)
    keep_what_it_was_made_of(version, frozen)
    index_version(version)
    record(
        actor=actor,
        action="version.saved",
        subject=version,
        project_uid=prompt.project.uid,
        semver=version.semver,
        digest=version.digest,
        impact=version.impact,
        computed_impact=version.computed_impact,
        origin=version.origin,
    )
    if change.expected_impact.strip() or change.validation_criteria.strip():
        add_to_change_record(
            version=version, expected_impact=change.expected_impact, validation_criteria=change.validation_criteria, actor=actor
        )
    return version


def _checked(frozen: Frozen, change: Change) -> Bundle:
    errors = frozen.errors
    # An import tells no story of its changes; its origin stands in the place of the record.
    if not change.summary.strip() and change.origin != "import":
        errors["summary"] = "Say in a sentence what you changed and why."
    texts = ("summary", "expected_impact", "validation_criteria", "impact_reason")
    errors |= {name: sentence for name in texts if (sentence := too_long(getattr(change, name).strip()))}
    if errors:
        raise Invalid(errors)
    return frozen.bundle


def _check_title(title: str) -> None:
    if not title.strip():
        raise Invalid({"title": "Give the prompt a title, so that others find it."})
    if sentence := too_long(title, LONGEST_TITLE):
        raise Invalid({"title": sentence})


def _chosen_impact(change: Change, bump: semver.Bump, *, first: bool) -> semver.Impact:
    if first or not change.impact:
        return bump.impact
    try:
        chosen = semver.Impact(change.impact)
    except ValueError:
        raise Invalid({"impact": "Choose breaking, feature or fix."}) from None
    if chosen < bump.impact and not change.impact_reason.strip():
        raise Invalid({"impact_reason": f"The change looks like “{bump.impact}”. Say why it is less; reviewers will read it."})
    return chosen


def _lock(prompt: Prompt) -> None:
    """Lock it and read it again in place: what somebody else changed meanwhile (who sees it, its name) must not be written over."""
    Prompt.objects.select_for_update().get(pk=prompt.pk)
    prompt.refresh_from_db()


def _locked(draft: Draft) -> Draft:
    return locked(Draft.objects.all(), "prompt__project", "updated_by", "based_on", "became", pk=draft.pk)

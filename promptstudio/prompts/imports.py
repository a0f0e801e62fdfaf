"""Taking in prompts with their histories from elsewhere."""

from dataclasses import dataclass, field

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.lib.errors import Invalid
from promptstudio.projects.models import Project

from .bundle import Bundle
from .importing import Row, to_bundle
from .models import Prompt, Version
from .services import Change, create_prompt, save_version


@dataclass(frozen=True)
class Taken:
    """What became of one row. `outcome` is created, appended, unchanged, diverged or refused; `notes` say what was taken differently."""

    outcome: str
    versions: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Step:
    place: int
    bundle: Bundle
    row: Row


@transaction.atomic
def import_row(*, project: Project, row: Row, actor: Actor) -> Taken:
    """Make the prompt of `row`, or append what its history has gained since. The same row a second time changes nothing."""
    steps, notes = _steps(row)
    if not steps:
        return Taken("refused", 0, notes)
    prompt = project.prompts.filter(import_key=row.key).first()
    if prompt is None:
        prompt = create_prompt(project=project, title=row.title, actor=actor, import_key=row.key)
        return Taken("created", _append(prompt, steps, actor), notes)
    return _continued(prompt, steps, notes, actor)


def _continued(prompt: Prompt, steps: list[_Step], notes: list[str], actor: Actor) -> Taken:
    here = list(prompt.versions.filter(origin="import").order_by("id").values_list("digest", flat=True))
    there = [step.bundle.digest for step in steps]
    if there == here[: len(there)]:
        return Taken("unchanged", 0, notes)
    if there[: len(here)] != here:
        return Taken("diverged", 0, ["Its history here is another one than in the file, so nothing was taken."])
    newest: Version | None = prompt.newest
    if newest and newest.origin != "import":
        return Taken("diverged", 0, [f"Version {newest.semver} was written here since, so the longer history was not appended."])
    return Taken("appended", _append(prompt, steps[len(here) :], actor), notes)


def _append(prompt: Prompt, steps: list[_Step], actor: Actor) -> int:
    for step in steps:
        change = Change(origin="import", authored_at=step.row.versions[step.place].authored_at)
        save_version(prompt=prompt, data=step.bundle.as_json(), change=change, actor=actor)
    return len(steps)


def _steps(row: Row) -> tuple[list[_Step], list[str]]:
    """The texts that become versions, and sentences on the others. A text that repeats the one before is no change."""
    steps: list[_Step] = []
    notes: list[str] = []
    for place, version in enumerate(row.versions):
        try:
            bundle, taken_differently = to_bundle(version.text)
        except Invalid as error:
            notes.append(f"Text {place + 1} was not taken: {error.sentence}")
            continue
        if steps and steps[-1].bundle.digest == bundle.digest:
            notes.append(f"Text {place + 1} says the same as the one before and became no version.")
            continue
        notes += [f"Text {place + 1}: {note}" for note in taken_differently]
        steps.append(_Step(place, bundle, row))
    return steps, notes

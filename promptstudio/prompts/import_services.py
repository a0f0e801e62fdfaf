"""Bringing in prompts from a file: read it, look at what it would become, and only then write."""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from promptstudio.accounts.actor import Actor
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid, StudioError
from promptstudio.lib.locking import locked
from promptstudio.projects.models import Project
from promptstudio.projects.services import folder_at

from .came_before import before_of, key_for
from .models import ImportBatch, ImportRow, Prompt
from .permissions import can_create_prompt, can_import, can_start_import
from .reading.files import read_file
from .reading.found import Found, storable
from .reading.marks import MARKS, bundle_of, bundle_of_text, seen_in
from .services import Change, create_prompt, open_draft, save_draft, save_version

KEPT_FOR = timedelta(days=1)
# Marks that hardly ever mean anything else are offered as variables; the others wait for a tick.
USUALLY_MEANT = ("dollar",)
# How long one request writes before it says how far it came.
SECONDS = 4.0


@dataclass(frozen=True)
class Choices:
    """What the person says about all rows. None leaves as it is what stands there."""

    folder: str | None = None
    as_versions: bool | None = None
    whole: bool | None = None
    marks: Collection[str] | None = None
    mapping: Sequence[str] | None = None


@transaction.atomic
def start_import(*, project: Project, content: bytes, name: str = "", folder: str = "", actor: Actor) -> ImportBatch:
    """Read a file, or pasted text without a name, and keep what it would become. Raises Unreadable, Invalid for a folder that is none."""
    can_start_import(actor, project).require()
    _check_folder(project, folder, actor)
    reading = read_file(content, name)
    batch = ImportBatch(project=project, person=actor.user, name=_name(name), content=content, folder=folder.strip().strip("/"))
    batch.marks = list(USUALLY_MEANT)
    batch.created_at = clock.now()
    _keep(batch, content, reading.mapping)
    record(actor=actor, action="import.previewed", subject=batch, project_uid=project.uid, rows=batch.rows.count(), format=batch.format)
    return batch


@transaction.atomic
def change_import(*, batch: ImportBatch, choices: Choices, rows: Mapping[int, tuple[bool, str]] | None = None, actor: Actor) -> ImportBatch:
    """Say what shall become of it. `rows` are numbers to whether they come in and under which title. Raises Conflict once it has begun."""
    batch = _open(batch, actor)
    if choices.folder is not None:
        _check_folder(batch.project, choices.folder, actor)
        batch.folder = choices.folder.strip().strip("/")
    batch.as_versions = batch.as_versions if choices.as_versions is None else choices.as_versions
    if choices.marks is not None:
        batch.marks = [kind for kind in MARKS if kind in choices.marks]
    _keep_rows(batch, rows or {})
    whole = batch.whole if choices.whole is None else choices.whole
    mapping = list(batch.mapping if choices.mapping is None else choices.mapping)
    if whole != batch.whole or mapping != batch.mapping:
        batch.whole = whole
        _keep(batch, bytes(batch.content), mapping)
    batch.save()
    return batch


@transaction.atomic
def choose_all(*, batch: ImportBatch, chosen: bool, actor: Actor) -> None:
    """Every row that can come in, on all pages, or none."""
    batch = _open(batch, actor)
    batch.rows.filter(problem="", prompt=None).update(chosen=chosen)


def bring_in(*, batch: ImportBatch, actor: Actor, seconds: float = SECONDS) -> ImportBatch:
    """Write what was chosen, each row by itself, for some seconds: called again, it goes on. Raises Conflict where nothing is chosen."""
    batch = _begun(batch, actor)
    until = time.monotonic() + seconds
    for pk in list(batch.waiting().values_list("pk", flat=True)):
        bring_in_row(row=ImportRow(pk=pk), actor=actor)
        if time.monotonic() > until:
            break
    if batch.state != ImportBatch.State.DONE and not batch.waiting().exists():
        _finish(batch, actor)
    return batch


@transaction.atomic
def bring_in_row(*, row: ImportRow, actor: Actor) -> ImportRow:
    """One row, whole or not at all. What keeps it out is said in it."""
    row = locked(ImportRow.objects.all(), "batch__project", "batch__person", pk=row.pk)
    can_import(actor, row.batch).require()
    if row.outcome or row.problem:
        return row
    # The same file brought in twice at once: whoever waits finds what came in.
    Project.objects.select_for_update(no_key=True).get(pk=row.batch.project_id)
    key, before = key_for(row.batch.project, row.key, actor)
    if before:
        row.outcome, row.prompt = ImportRow.Outcome.BEFORE, before
    else:
        row.outcome, row.sentence, row.prompt = _written(row, key, actor)
    row.save()
    return row


@transaction.atomic
def discard_import(*, batch: ImportBatch, actor: Actor) -> None:
    """Forget the file and what it would have become. What came in stays."""
    can_import(actor, batch).require()
    record(actor=actor, action="import.discarded", subject=batch, project_uid=batch.project.uid)
    batch.delete()


@transaction.atomic
def forget_old_imports(*, before: datetime, actor: Actor) -> int:
    """Remove what was read before that moment; what came in stays. How many there were."""
    can_import(actor, None).require()
    old = ImportBatch.objects.filter(created_at__lt=before)
    number = old.count()
    if number:
        old.delete()
        record(actor=actor, action="import.old_removed", label="Imports that nobody finished", batches=number)
    return number


def _keep(batch: ImportBatch, content: bytes, mapping: Iterable[str]) -> None:
    """Read it in the chosen way, in place of what was read before."""
    reading = read_file(content, batch.name, mapping=list(mapping), whole=batch.whole)
    batch.format, batch.mapping = reading.format, [storable(role) for role in reading.mapping]
    batch.notes = [storable(note) for note in reading.notes]
    batch.columns = [[storable(column.header[:200]), storable(column.sample)] for column in reading.columns]
    batch.seen = [[seen.kind, seen.names[:12], len(seen.names), seen.prompts] for seen in seen_in(reading.prompts)]
    batch.save()
    batch.rows.all().delete()
    rows = [ImportRow.of(batch, number, found) for number, found in enumerate(reading.prompts, 1)]
    before = before_of(batch.project, rows, Actor(batch.person))
    for row in rows:
        row.prompt = before.get(row.number)
        row.chosen = not (row.problem or row.prompt)
    ImportRow.objects.bulk_create(rows, batch_size=200)


def _keep_rows(batch: ImportBatch, said: Mapping[int, tuple[bool, str]]) -> None:
    rows = list(batch.rows.filter(number__in=said, problem="", prompt=None))
    for row in rows:
        row.chosen, row.title = said[row.number][0], said[row.number][1].strip() or row.title
    ImportRow.objects.bulk_update(rows, ["chosen", "title"])


def _open(batch: ImportBatch, actor: Actor) -> ImportBatch:
    can_import(actor, batch).require()
    batch = locked(ImportBatch.objects.defer("content"), "project", "person", pk=batch.pk)
    if batch.state != ImportBatch.State.PREVIEW:
        raise Conflict("These prompts are coming in already, so nothing can be chosen any more.")
    return batch


@transaction.atomic
def _begun(batch: ImportBatch, actor: Actor) -> ImportBatch:
    can_import(actor, batch).require()
    batch = locked(ImportBatch.objects.defer("content"), "project", "person", pk=batch.pk)
    if batch.state == ImportBatch.State.PREVIEW:
        if not batch.waiting().exists():
            raise Conflict("No prompt is chosen. Tick those that shall come in.")
        # What the file held is not needed any more.
        batch.state, batch.content = ImportBatch.State.RUNNING, b""
        batch.save()
    return batch


@transaction.atomic
def _finish(batch: ImportBatch, actor: Actor) -> None:
    if not ImportBatch.objects.filter(pk=batch.pk, state=ImportBatch.State.RUNNING).update(state=ImportBatch.State.DONE):
        return
    batch.state = ImportBatch.State.DONE
    batch.rows.update(data={})
    batch.rows.exclude(problem="").update(outcome=ImportRow.Outcome.REFUSED, sentence=F("problem"))
    batch.rows.filter(outcome="").exclude(prompt=None).update(outcome=ImportRow.Outcome.BEFORE)
    came, refused = (batch.rows.filter(outcome=outcome).count() for outcome in (ImportRow.Outcome.IN, ImportRow.Outcome.REFUSED))
    record(actor=actor, action="import.finished", subject=batch, project_uid=batch.project.uid, came_in=came, refused=refused)


def _written(row: ImportRow, key: str, actor: Actor) -> tuple[str, str, Prompt | None]:
    try:
        with transaction.atomic():
            return ImportRow.Outcome.IN, "", _prompt(row, key, actor)
    except StudioError as error:
        return ImportRow.Outcome.REFUSED, error.sentence, None


def _prompt(row: ImportRow, key: str, actor: Actor) -> Prompt:
    batch, found = row.batch, row.found
    folder = "/".join(filter(None, (batch.folder, found.folder)))
    prompt = create_prompt(project=batch.project, title=row.title, folder=folder, import_key=key, actor=actor)
    if batch.as_versions:
        _cut_versions(prompt, found, batch.marks, actor)
        return prompt
    draft = open_draft(prompt=prompt, actor=actor)
    save_draft(draft=draft, content=bundle_of(found, batch.marks)[0], revision=draft.revision, actor=actor)
    return prompt


def _cut_versions(prompt: Prompt, found: Found, marks: Collection[str], actor: Actor) -> None:
    """Its history, oldest first, without texts that repeat the one before; else the one that there is."""
    if not found.history:
        save_version(prompt=prompt, data=bundle_of(found, marks)[0], change=Change(origin="import"), actor=actor)
        return
    before = None
    for step in found.history:
        data, _ = bundle_of_text(step["text"], found, marks)
        if data != before:
            change = Change(origin="import", authored_at=datetime.fromisoformat(step["date"]))
            save_version(prompt=prompt, data=data, change=change, actor=actor)
        before = data


def _check_folder(project: Project, path: str, actor: Actor) -> None:
    """It is made when the first prompt comes in, not before."""
    if not path.strip().strip("/") and not can_create_prompt(actor, project):
        raise Invalid({"folder": "Choose a folder in which you may write."})
    with transaction.atomic():
        answer = can_create_prompt(actor, folder_at(project=project, path=path))
        transaction.set_rollback(True)
    answer.require()


def _name(name: str) -> str:
    return "".join(character for character in name if character.isprintable())[-200:]

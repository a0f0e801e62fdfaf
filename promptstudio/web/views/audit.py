"""What happened in a project, or in the installation beside all projects, in sentences; as a file; and whether the trail is whole."""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC
from html import unescape
from itertools import islice
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import strip_tags
from django.views.decorators.http import require_POST, require_safe

from promptstudio.audit.chain import as_json, faults
from promptstudio.audit.models import INSTALLATION, Entry
from promptstudio.audit.receivers import heads_are_signed, receivers
from promptstudio.audit.services import note_export, people_of, words_of
from promptstudio.projects.models import Project
from promptstudio.projects.permissions import can, can_administer_site

from ..entry_links import links
from ..files import BEGINNING, Echo, attached, cell
from ..forms.audit import AuditFilter
from ..requests import StudioRequest
from ..sentences import Line, sentences

PER_PAGE = 50
FAULTS_SHOWN = 20
ROWS_AT_ONCE = 500
COLUMNS = ("When (UTC)", "Who", "What", "About", "Action", "Through", "Entry", "Hash")


@dataclass(frozen=True)
class Trail:
    """One chain as its readers know it: a project's, or, without one, the installation's own."""

    project: Project | None

    @property
    def chain(self) -> str:
        return str(self.project.uid) if self.project else INSTALLATION

    @property
    def name(self) -> str:
        return f"The trail of {self.project}" if self.project else "The trail of the installation"

    @property
    def file(self) -> str:
        return f"audit-{self.project.slug}" if self.project else "audit-installation"

    @property
    def url(self) -> str:
        return self._address("")

    @property
    def verify_url(self) -> str:
        return self._address("_verify")

    @property
    def csv_url(self) -> str:
        return self._address("_export")

    @property
    def lines_url(self) -> str:
        return self._address("_export_lines")

    def _address(self, page: str) -> str:
        return reverse(f"audit{page}", args=[self.project.slug]) if self.project else reverse(f"site_audit{page}")


@require_safe
def audit(request: StudioRequest, project: str = "") -> HttpResponse:
    """`?person=`, `?kind=`, `?about=` a prompt, `?since=` and `?until=` days. Without a project, what belongs to none."""
    trail = _trail(request, project)
    form = AuditFilter(request.GET, project=trail.project)
    page = Paginator(form.entries(), PER_PAGE).get_page(request.GET.get("page"))
    urls = links(page.object_list, request.actor)
    lines = [replace(line, url=urls.get(line.entry.pk, "")) for line in sentences(page.object_list)]
    context: dict[str, Any] = {"trail": trail, "project": trail.project, "form": form, "lines": lines, "page_obj": page}
    context["may_read_installation"] = bool(can_administer_site(request.actor))
    if trail.project is None:
        context |= {"receivers": receivers(), "signed": heads_are_signed()}
    return render(request, "audit/page.html", context, status=200 if form.is_valid() else 422)


@require_POST
def audit_verify(request: StudioRequest, project: str = "") -> HttpResponse:
    """Changes nothing; it is a POST because it reads the whole trail."""
    trail = _trail(request, project)
    found = list(islice(faults(trail.chain), FAULTS_SHOWN))
    checked = Entry.objects.filter(chain=trail.chain).count()
    if request.htmx:
        return render(request, "audit/_verified.html", {"trail": trail, "faults": found, "checked": checked, "verified": True})
    if found:
        named = " ".join(f"Entry {fault.sequence}: {fault.sentence}" for fault in found)
        messages.error(request, f"The trail does not verify. {named} Tell whoever runs Prompt Studio.")
    else:
        messages.success(request, f"The trail verifies: {checked} entries checked, each is as it was written, and none is missing.")
    return redirect(f"{trail.url}?{request.GET.urlencode()}")


@require_safe
def audit_export(request: StudioRequest, kind: str, project: str = "") -> HttpResponse | StreamingHttpResponse:
    """What the page shows with the same filters, all pages of it: `csv` for people, `jsonl` for programs. Taking it out is noted."""
    trail = _trail(request, project)
    form = AuditFilter(request.GET, project=trail.project)
    if not form.is_valid():
        return redirect(f"{trail.url}?{request.GET.urlencode()}")
    filters = {name: str(value) for name, value in form.cleaned_data.items() if value}
    uid = trail.project.uid if trail.project else None
    noted = note_export(actor=request.actor, what=trail.name, subject=trail.project, project_uid=uid, format=kind, filters=filters)
    # Not the note itself, which came after what was asked for.
    entries = form.entries().filter(sequence__lt=noted.sequence)
    write, media_type = WRITERS[kind]
    return attached(StreamingHttpResponse(write(entries), content_type=media_type), f"{trail.file}.{kind}")


def readable(request: StudioRequest, slug: str) -> Project:
    request.section = "audit"  # type: ignore[attr-defined]
    space: Project = get_object_or_404(Project.objects.visible_to(request.actor), slug=slug)
    can(request.actor, "audit", space).require()
    return space


def _trail(request: StudioRequest, slug: str) -> Trail:
    if slug:
        return Trail(readable(request, slug))
    can_administer_site(request.actor).require()
    return Trail(None)


def _lines(entries: Any) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield BEGINNING + writer.writerow(COLUMNS)
    rows = iter(entries.iterator(chunk_size=ROWS_AT_ONCE))
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        for line in sentences(batch):
            yield writer.writerow([cell(value) for value in _row(line)])


def _json_lines(entries: Any) -> Iterator[str]:
    """The hashed columns of each entry, its hash, and beside them what may be erased one day: who it was, and their words."""
    rows = iter(entries.iterator(chunk_size=ROWS_AT_ONCE))
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        people, words = people_of(batch), words_of(batch)
        for line in sentences(batch):
            uid = line.entry.uid
            beside = {"who": people.get(uid), "words": words.get(uid), "sentence": _plain(line.html)}
            yield json.dumps(as_json(line.entry) | beside, ensure_ascii=False) + "\n"


def _row(line: Line) -> tuple[Any, ...]:
    entry = line.entry
    when = entry.created_at.astimezone(UTC).isoformat(sep=" ", timespec="seconds")
    return when, line.who, _plain(line.html), entry.object_label, entry.action, entry.via, entry.sequence, entry.hash


def _plain(sentence: str) -> str:
    return unescape(strip_tags(sentence))


WRITERS: dict[str, tuple[Callable[[Any], Iterator[str]], str]] = {
    "csv": (_lines, "text/csv; charset=utf-8"),
    "jsonl": (_json_lines, "application/x-ndjson; charset=utf-8"),
}

"""What happened in a project, in sentences; as a file; and whether the trail is whole."""

import csv
from collections.abc import Iterator
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

from promptstudio.audit.chain import faults
from promptstudio.audit.models import Entry
from promptstudio.projects.models import Project
from promptstudio.projects.permissions import can

from ..forms.audit import AuditFilter
from ..requests import StudioRequest
from ..sentences import Line, sentences

PER_PAGE = 50
FAULTS_SHOWN = 20
ROWS_AT_ONCE = 500
COLUMNS = ("When (UTC)", "Who", "What", "About", "Action", "Through", "Entry", "Hash")
# What a spreadsheet takes for the beginning of a formula, full-width forms included.
FORMULA = tuple("=+-@\t\r\n＝＋－＠")


class Echo:
    """A file that hands each written line straight back."""

    def write(self, line: str) -> str:
        return line


@require_safe
def audit(request: StudioRequest, project: str) -> HttpResponse:
    """`?person=`, `?kind=`, `?about=` a prompt, `?since=` and `?until=` days."""
    space = _readable(request, project)
    form = AuditFilter(request.GET, project=space)
    page = Paginator(form.entries(), PER_PAGE).get_page(request.GET.get("page"))
    context = {"project": space, "form": form, "lines": sentences(page.object_list), "page_obj": page}
    return render(request, "audit/page.html", context, status=200 if form.is_valid() else 422)


@require_POST
def audit_verify(request: StudioRequest, project: str) -> HttpResponse:
    """Changes nothing; it is a POST because it reads the whole trail."""
    space = _readable(request, project)
    found = list(islice(faults(str(space.uid)), FAULTS_SHOWN))
    checked = Entry.objects.filter(chain=str(space.uid)).count()
    if request.htmx:
        return render(request, "audit/_verified.html", {"project": space, "faults": found, "checked": checked, "verified": True})
    if found:
        named = " ".join(f"Entry {fault.sequence}: {fault.sentence}" for fault in found)
        messages.error(request, f"The trail does not verify. {named} Tell whoever runs Prompt Studio.")
    else:
        messages.success(request, f"The trail verifies: {checked} entries checked, each is as it was written, and none is missing.")
    return redirect(f"{reverse('audit', args=[space.slug])}?{request.GET.urlencode()}")


@require_safe
def audit_export(request: StudioRequest, project: str) -> HttpResponse | StreamingHttpResponse:
    """What the page shows with the same filters, all pages of it."""
    space = _readable(request, project)
    form = AuditFilter(request.GET, project=space)
    if not form.is_valid():
        return redirect(f"{reverse('audit', args=[space.slug])}?{request.GET.urlencode()}")
    response = StreamingHttpResponse(_lines(form.entries()), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="audit-{space.slug}.csv"'
    return response


def cell(value: Any) -> str:
    """Text that a spreadsheet shows and never runs."""
    text = str(value)
    return f"'{text}" if text.lstrip(" \u00a0").startswith(FORMULA) else text


def _readable(request: StudioRequest, slug: str) -> Project:
    request.section = "audit"  # type: ignore[attr-defined]
    space: Project = get_object_or_404(Project.objects.visible_to(request.actor), slug=slug)
    can(request.actor, "audit", space).require()
    return space


def _lines(entries: Any) -> Iterator[str]:
    writer = csv.writer(Echo())
    # Spreadsheets take a file for UTF-8 only when it begins with this mark.
    yield "\ufeff" + writer.writerow(COLUMNS)
    rows = iter(entries.iterator(chunk_size=ROWS_AT_ONCE))
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        for line in sentences(batch):
            yield writer.writerow([cell(value) for value in _row(line)])


def _row(line: Line) -> tuple[Any, ...]:
    entry = line.entry
    when = entry.created_at.astimezone(UTC).isoformat(sep=" ", timespec="seconds")
    return when, line.who, _plain(line.html), entry.object_label, entry.action, entry.via, entry.sequence, entry.hash


def _plain(sentence: str) -> str:
    return unescape(strip_tags(sentence))

"""Every change of an environment between two days, and whether the places outside still hold what they confirmed."""

import csv
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from promptstudio.audit.services import note_export
from promptstudio.deployments.places import Holding, ask_places, holdings
from promptstudio.deployments.report import Change, changes
from promptstudio.projects.models import Environment

from ..files import BEGINNING, Echo, attached, cell
from ..forms.report import PeriodForm
from ..requests import StudioRequest
from .audit import readable

PER_PAGE = 25
WORDS = {
    "sent": "Sent",
    "forced": "Sent in an emergency",
    "rolled_back": "Rolled back",
    "recalled": "Recalled",
    "taken_out": "Taken out of service",
}
COLUMNS = (
    "When (UTC)",
    "What",
    "Prompt",
    "Name",
    "Version",
    "In place of",
    "By",
    "Why",
    "Written by",
    "Approved by",
    "Conditions",
    "State today",
    "Places and what they confirmed",
    "Deployment",
)


@require_safe
def report(request: StudioRequest, project: str) -> HttpResponse:
    """`?environment=`, `?since=` and `?until=` days, both included."""
    space = readable(request, project)
    form = PeriodForm(request.GET, project=space)
    place = form.place if form.is_valid() else None
    found = changes(place, *form.period) if place else []
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    counts = {kind: sum(change.kind == kind for change in found) for kind in WORDS}
    context = {"project": space, "form": form, "place": place, "page_obj": page, "counts": counts, "total": len(found)}
    if place:
        context |= _places(place)
    return render(request, "report/page.html", context, status=200 if form.is_valid() else 422)


@require_safe
def report_places(request: StudioRequest, project: str) -> HttpResponse:
    """The fragment that asks for itself while answers are on their way."""
    space = readable(request, project)
    place = get_object_or_404(space.environments.select_related("project"), slug=request.GET.get("environment", ""))
    return render(request, "report/_places.html", {"project": space, "place": place, **_places(place)})


@require_POST
def report_ask(request: StudioRequest, project: str) -> HttpResponse:
    space = readable(request, project)
    place = get_object_or_404(space.environments.select_related("project"), slug=request.POST.get("environment", ""))
    asked = ask_places(environment=place, actor=request.actor)
    if request.htmx:
        return render(request, "report/_places.html", {"project": space, "place": place, **_places(place)})
    messages.info(request, f"{asked} question{'' if asked == 1 else 's'} on the way. The answers appear below.")
    return redirect(f"{reverse('report', args=[space.slug])}?{request.GET.urlencode()}#places-h")


@require_safe
def report_export(request: StudioRequest, project: str) -> HttpResponse | StreamingHttpResponse:
    space = readable(request, project)
    form = PeriodForm(request.GET, project=space)
    place = form.place if form.is_valid() else None
    if place is None:
        return redirect(f"{reverse('report', args=[space.slug])}?{request.GET.urlencode()}")
    since, until = form.cleaned_data["since"], form.cleaned_data["until"]
    note_export(
        actor=request.actor,
        what=f"Changes of {place} from {since} to {until}",
        subject=place,
        project_uid=space.uid,
        environment=place.slug,
        format="csv",
    )
    response = StreamingHttpResponse(_lines(changes(place, *form.period)), content_type="text/csv; charset=utf-8")
    return attached(response, f"changes-{space.slug}-{place.slug}-{since}-{until}.csv")


def _places(place: Environment) -> dict[str, Any]:
    found = holdings(place)
    return {
        "holdings": sorted(found, key=_worst_first),
        "asking": any(holding.state == "owed" for holding in found),
        "differing": sum(holding.state == "differs" for holding in found),
        "agreeing": sum(holding.state == "agrees" for holding in found),
    }


def _worst_first(holding: Holding) -> int:
    order = ("differs", "unasked", "owed", "unknown", "agrees")
    return order.index(holding.state)


def _lines(found: list[Change]) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield BEGINNING + writer.writerow(COLUMNS)
    for change in found:
        yield writer.writerow([cell(value) for value in _row(change)])


def _row(change: Change) -> tuple[Any, ...]:
    return (
        change.at.astimezone(UTC).isoformat(sep=" ", timespec="seconds"),
        WORDS[change.kind],
        change.prompt.title,
        change.prompt.name,
        change.version.semver if change.version else "",
        change.replaced,
        change.by,
        change.reason,
        ", ".join(change.authors),
        ", ".join(change.approvals),
        " ".join(f"{gate['title']}: {'passed' if gate['passed'] else 'blocked'} ({gate['reason']})" for gate in change.gates),
        change.state,
        "; ".join(_confirmed(job) for job in change.jobs),
        change.deployment.uid if change.deployment else "",
    )


def _confirmed(job: Any) -> str:
    receipt = getattr(job, "receipt", None)
    return f"{job.target.name}: {job.get_state_display().lower()}" + (f", {receipt.address}, {receipt.digest}" if receipt else "")

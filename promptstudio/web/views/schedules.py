"""Promoting later: saying when, seeing what would happen, moving it and cancelling it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from promptstudio.deployments import board, gates, schedule_services
from promptstudio.deployments.models import Schedule
from promptstudio.deployments.permissions import can_cancel_schedule, can_deploy, can_move_schedule
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.lib.moments import parse_local, zones

from ..prompt_pages import prompt_and_place_or_404, prompt_or_404, render_prompt, version_or_404
from ..requests import StudioRequest, prompt_url, schedule_url
from .deploying import difference, seen_deployment


@require_http_methods(["GET", "HEAD", "POST"])
def prompt_schedule(request: StudioRequest, project: str, name: str, environment: str, semver: str) -> HttpResponse:
    """When it shall go, and why; what it replaces and which conditions are open today."""
    prompt, place = prompt_and_place_or_404(request, project, name, environment)
    version = version_or_404(prompt, semver)
    errors: dict[str, str] = {}
    conflict: Conflict | None = None
    status = 200
    if request.method == "POST":
        can_deploy(request.actor, place, prompt).require()
        try:
            made = schedule_services.schedule_promotion(
                version=version,
                environment=place,
                **_moment(request),
                reason=request.POST.get("reason", ""),
                replaces=seen_deployment(request, prompt),
                actor=request.actor,
            )
            messages.success(request, f"{version.semver} goes to {place} on {made.when}.")
            return redirect(schedule_url(made))
        except Invalid as error:
            errors, status = error.errors, 422
        except Conflict as error:
            conflict, status = error, 409
    candidate = gates.candidate_for(version, place, by=request.actor.user)
    outcomes = [outcome.as_json() for outcome in gates.evaluate(candidate)]
    context = difference(candidate.live, version, place) | {
        "version": version,
        "environment": place,
        "cell": board.row(prompt).cell(place),
        "gates": outcomes,
        "open_gates": sum(not outcome["passed"] for outcome in outcomes),
        "may": can_deploy(request.actor, place, prompt),
        "errors": errors,
        "conflict": conflict,
        "reason": request.POST.get("reason", ""),
        **_typed(request, zone=_usual_zone(request)),
    }
    return render_prompt(request, "deployments/schedule.html", prompt, tab="versions", status_code=status, **context)


@require_http_methods(["GET", "HEAD", "POST"])
def prompt_scheduled(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """What waits and what would happen, or what became of it; POST moves it."""
    prompt = prompt_or_404(request, project, name)
    found = _schedule_or_404(request, project, name, uid)
    errors: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        can_move_schedule(request.actor, found).require()
        try:
            moved = schedule_services.move_schedule(schedule=found, **_moment(request), actor=request.actor)
            messages.success(request, f"It goes on {moved.when} now.")
            return redirect(schedule_url(found))
        except Invalid as error:
            errors, status = error.errors, 422
    place = found.placement.environment
    outcomes = _forecast(found) if found.is_waiting else found.evaluation.answers if found.evaluation else []
    context = {
        "schedule": found,
        "version": found.version,
        "environment": place,
        "gates": outcomes,
        "open_gates": sum(not outcome["passed"] for outcome in outcomes),
        "overtaken_by": (faster := found.overtaken_by),
        "by_hand": bool(faster and faster.version_id == found.version_id and faster.way != "rollback"),
        "may_move": can_move_schedule(request.actor, found),
        "may_cancel": can_cancel_schedule(request.actor, found),
        "errors": errors,
        **_typed(request, zone=found.zone, day=f"{found.local:%Y-%m-%d}", hour=f"{found.local:%H:%M}"),
    }
    return render_prompt(request, "deployments/scheduled.html", prompt, tab="", status_code=status, **context)


@require_POST
def prompt_schedule_cancel(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    found = _schedule_or_404(request, project, name, uid)
    schedule_services.cancel_schedule(schedule=found, actor=request.actor)
    messages.success(request, f"{found.version.semver} does not go to {found.placement.environment} by itself any more.")
    return redirect(prompt_url(found.placement.prompt))


def _forecast(schedule: Schedule) -> list[dict[str, Any]]:
    """What the conditions would answer at that moment, from what is known today."""
    candidate = gates.candidate_for(schedule.version, schedule.placement.environment, by=schedule.actor.answerable)
    with clock.at(schedule.at):
        return [outcome.as_json() for outcome in gates.evaluate(candidate)]


def _moment(request: StudioRequest) -> dict[str, Any]:
    """Raises Invalid at day, hour and zone; a moment that does not fit stands at the hour."""
    zone = request.POST.get("zone", "").strip()
    at = parse_local(request.POST.get("day", ""), request.POST.get("hour", ""), zone)
    return {"at": at, "zone": zone}


def _typed(request: StudioRequest, *, zone: str, day: str = "", hour: str = "") -> dict[str, Any]:
    typed = {name: request.POST.get(name, usual) for name, usual in (("day", day), ("hour", hour), ("zone", zone))}
    return {"typed": typed, "zones": zones(), "today": f"{timezone.localtime(clock.now()):%Y-%m-%d}"}


def _usual_zone(request: StudioRequest) -> str:
    """The one in which this person said it last, else the server's."""
    last = Schedule.objects.filter(by=request.actor.user).order_by("-id").values_list("zone", flat=True).first()
    return last or timezone.get_current_timezone_name()


def _schedule_or_404(request: StudioRequest, project: str, name: str, uid: UUID) -> Schedule:
    found = Schedule.objects.visible_to(request.actor).with_everything()
    return get_object_or_404(found, uid=uid, placement__prompt__project__slug=project, placement__prompt__name=name)

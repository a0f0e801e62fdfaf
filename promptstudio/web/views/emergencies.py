"""Promoting past the conditions, and looking at it afterwards."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from promptstudio.deployments import board, emergency_services, gates
from promptstudio.deployments.door import Blocked
from promptstudio.deployments.keepers import other_admins
from promptstudio.deployments.models import AfterReview, Conclusion, Placement
from promptstudio.deployments.permissions import can_conclude, can_promote_in_an_emergency, can_roll_back
from promptstudio.lib.errors import Conflict, Invalid

from ..prompt_pages import prompt_and_place_or_404, render_prompt, version_or_404
from ..requests import StudioRequest, after_review_url, deployment_url
from .deploying import difference, seen_deployment


@require_http_methods(["GET", "HEAD", "POST"])
def prompt_emergency(request: StudioRequest, project: str, name: str, environment: str, semver: str) -> HttpResponse:
    """Which conditions it goes past, what it replaces, and what follows; then a reason and one button."""
    prompt, place = prompt_and_place_or_404(request, project, name, environment)
    version = version_or_404(prompt, semver)
    more: dict[str, Any] = {}
    status = 200
    if request.method == "POST":
        try:
            deployment = emergency_services.promote_in_an_emergency(
                version=version,
                environment=place,
                reason=request.POST.get("reason", ""),
                replaces=seen_deployment(request, prompt),
                actor=request.actor,
            )
            return redirect(deployment_url(deployment))
        except Invalid as error:
            more, status = {"errors": error.errors}, 422
        except Blocked:
            more, status = {"refused": True}, 409
        except Conflict as conflict:
            more, status = {"conflict": conflict}, 409
    candidate = gates.candidate_for(version, place, by=request.actor.user)
    outcomes = gates.evaluate(candidate)
    context = difference(candidate.live, version, place) | {
        "version": version,
        "environment": place,
        "cell": board.row(prompt).cell(place),
        "held_back_by": [outcome.as_json() | {"word": "will be passed over"} for outcome in outcomes if not outcome.passed],
        "recalled": any(outcome.gate == gates.NotRecalled.name and not outcome.passed for outcome in outcomes),
        "may": can_promote_in_an_emergency(request.actor, place, prompt),
        "reason": request.POST.get("reason", ""),
    }
    return render_prompt(request, "deployments/emergency.html", prompt, tab="versions", status_code=status, **(context | more))


@require_http_methods(["GET", "HEAD", "POST"])
def after_review(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    """What happened, past which conditions, and what became of it; another admin says whether it was justified."""
    found = _after_review_or_404(request, project, uid)
    errors: dict[str, str] = {}
    conflict: Conflict | None = None
    status = 200
    if request.method == "POST":
        try:
            emergency_services.conclude(
                after_review=found, verdict=request.POST.get("verdict", ""), words=request.POST.get("words", ""), actor=request.actor
            )
            messages.success(request, "It is closed. Your answer stands here and in the trail.")
            return redirect(after_review_url(found))
        except Invalid as error:
            errors, status = error.errors, 422
        except Conflict as error:
            conflict, status = error, 409
            found = _after_review_or_404(request, project, uid)
    deployment = found.deployment
    placement = Placement.objects.select_related("live__version").get(pk=deployment.placement_id)
    context = {
        "after_review": found,
        "deployment": deployment,
        "version": deployment.version,
        "environment": placement.environment,
        "overridden": [answer | {"word": "passed over"} for answer in deployment.evaluation.answers if not answer["passed"]],
        "serving": placement.live_version,
        "is_live": placement.live_id == deployment.pk,
        "may": can_conclude(request.actor, found),
        "admins": other_admins(deployment) if found.is_open else [],
        "may_roll_back": can_roll_back(request.actor, placement.environment, placement.prompt),
        "verdicts": Conclusion.Verdict.choices,
        "errors": errors,
        "conflict": conflict,
        "typed": request.POST,
    }
    return render_prompt(request, "deployments/after_review.html", placement.prompt, tab="", status_code=status, **context)


def _after_review_or_404(request: StudioRequest, project: str, uid: UUID) -> AfterReview:
    found = AfterReview.objects.visible_to(request.actor).with_everything()
    return get_object_or_404(found, uid=uid, deployment__placement__prompt__project__slug=project)

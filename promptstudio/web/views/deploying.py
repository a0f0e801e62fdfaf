"""Sending a version on, the way back, and watching both arrive."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from promptstudio.deployments import board, gates, live, services
from promptstudio.deployments.models import AfterReview, Deployment, Placement, PublishJob, Release
from promptstudio.deployments.permissions import (
    can_deploy,
    can_promote_in_an_emergency,
    can_recall,
    can_roll_back,
    can_settle,
    can_take_out_of_service,
)
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Prompt, Version

from ..checklist import checklist
from ..comparisons import compare
from ..prompt_pages import prompt_and_place_or_404, prompt_or_404, render_prompt, version_or_404
from ..requests import StudioRequest, deployment_url, looks_on, prompt_url, review_url
from ..steps import step_from
from ..tests_beside import tests_context
from ..uids import uid_or_404


@require_http_methods(["GET", "HEAD", "POST"])
def prompt_promote(request: StudioRequest, project: str, name: str, environment: str, semver: str) -> HttpResponse:
    """What it replaces, how it differs, which conditions are met; then one button."""
    prompt, place = prompt_and_place_or_404(request, project, name, environment)
    version = version_or_404(prompt, semver)
    more: dict[str, Any] = {}
    status = 200
    if request.method == "POST":
        try:
            deployment = services.deploy(
                version=version,
                environment=place,
                actor=request.actor,
                reason=request.POST.get("reason", "").strip(),
                replaces=seen_deployment(request, prompt),
            )
            return redirect(deployment_url(deployment))
        except Invalid as error:
            more, status = {"errors": error.errors}, 422
        except services.Blocked as blocked:
            more, status = {"refused": True, "gates": blocked.evaluation.answers}, 409
        except Conflict as conflict:
            more, status = {"conflict": conflict}, 409
    candidate = gates.candidate_for(version, place, by=request.actor.user)
    listed = checklist(more.pop("gates", None) or gates.evaluate(candidate), version, place)
    context = difference(candidate.live, version, place) | {
        "version": version,
        "environment": place,
        "step": step_from(candidate.live, version),
        "cell": board.row(prompt).cell(place),
        "checklist": listed,
        "open_gates": listed.open,
        "may": can_deploy(request.actor, place, prompt),
        "may_in_an_emergency": can_promote_in_an_emergency(request.actor, place, prompt),
        "targets": place.targets.filter(is_active=True),
        "open_review": version.reviews.open().filter(environment=place).first(),
        "reason": request.POST.get("reason", ""),
        "asks_review": bool(candidate.rules.approvals),
    }
    context |= tests_context(request, version, candidate.live, prompt_url(prompt, "promote_tests", place.slug, version.semver))
    if context["open_review"]:
        context["review_url"] = review_url(context["open_review"])
    return render_prompt(request, "deployments/promote.html", prompt, tab="versions", status_code=status, **(context | more))


@looks_on
@require_safe
def prompt_conditions(request: StudioRequest, project: str, name: str, environment: str, semver: str) -> HttpResponse:
    """The checklist as it is now, for a page that shows it already: `?shown=` says in which state, and the same state is no answer."""
    prompt, place = prompt_and_place_or_404(request, project, name, environment)
    version = version_or_404(prompt, semver)
    if not request.htmx:
        return redirect("prompt_promote", project, prompt.name, place.slug, version.semver)
    outcomes = gates.evaluate(gates.candidate_for(version, place, by=request.actor.user))
    listed = checklist(outcomes, version, place)
    if request.GET.get("shown") == listed.mark:
        return HttpResponse(status=204)
    return render(request, "components/_checklist.html", {"checklist": listed, "is_fresh": True})


@require_http_methods(["GET", "HEAD", "POST"])
def prompt_roll_back(request: StudioRequest, project: str, name: str, environment: str) -> HttpResponse:
    """The way back, to `?to=1.3.2` or to what was live before; shows what changes for readers."""
    prompt, place = prompt_and_place_or_404(request, project, name, environment)
    placement = _live_or_404(prompt, place)
    wanted = request.POST.get("to") or request.GET.get("to")
    version = version_or_404(prompt, wanted) if wanted else None
    errors: dict[str, str] = {}
    conflict, status = "", 200
    if request.method == "POST":
        try:
            deployment = services.roll_back(
                prompt=prompt,
                environment=place,
                version=version,
                reason=request.POST.get("reason", ""),
                replaces=seen_deployment(request, prompt),
                actor=request.actor,
            )
            return redirect(deployment_url(deployment))
        except Invalid as error:
            errors, status = error.errors, 422
        except (Conflict, services.Blocked) as refused:
            conflict, status = refused.sentence, 409
            # Somebody may have been there already.
            placement = _live_or_404(prompt, place)
    if version is None or version == placement.live_version:
        version = live.version_before(placement)
    context = {
        "environment": place,
        "placement": placement,
        "back_to": version,
        "earlier": _earlier(placement),
        "cell": board.row(prompt).cell(place),
        "may": can_roll_back(request.actor, place, prompt),
        "errors": errors,
        "conflict": conflict,
        "reason": (reason := request.POST.get("reason", "")),
        # Where the form is gone.
        "typed": [("Why", reason)] if reason and not version else [],
    }
    if version:
        context |= difference(placement.live_version, version, place)
    return render_prompt(request, "deployments/roll_back.html", prompt, tab="versions", status_code=status, **context)


@require_http_methods(["GET", "HEAD", "POST"])
def prompt_recall(request: StudioRequest, project: str, name: str, semver: str) -> HttpResponse:
    prompt = prompt_or_404(request, project, name)
    version = version_or_404(prompt, semver)
    errors: dict[str, str] = {}
    conflict: Conflict | None = None
    status = 200
    if request.method == "POST":
        try:
            services.recall(version=version, reason=request.POST.get("reason", ""), actor=request.actor)
            messages.success(
                request, f"{version.semver} is recalled. Nothing can be promoted or rolled back to it until a new review lets it."
            )
            return redirect(prompt_url(prompt, "version", version.semver))
        except Invalid as error:
            errors, status = error.errors, 422
        except Conflict as error:
            conflict, status = error, 409
    context = {
        "version": version,
        "errors": errors,
        "conflict": conflict,
        "may": can_recall(request.actor, version),
        "recalls": version.recalls.select_related("by"),
        "live_in": [cell for cell in board.row(prompt).cells if cell.live == version],
        "reason": request.POST.get("reason", ""),
    }
    return render_prompt(request, "deployments/recall.html", prompt, tab="versions", status_code=status, **context)


@require_http_methods(["GET", "HEAD", "POST"])
def prompt_out_of_service(request: StudioRequest, project: str, name: str, environment: str) -> HttpResponse:
    prompt, place = prompt_and_place_or_404(request, project, name, environment)
    placement = _live_or_404(prompt, place)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            services.take_out_of_service(prompt=prompt, environment=place, reason=request.POST.get("reason", ""), actor=request.actor)
            messages.success(request, f"{place} no longer serves this prompt. Promote a version to bring it back.")
            return redirect(prompt_url(prompt))
        except Invalid as error:
            errors = error.errors
    context = {
        "environment": place,
        "placement": placement,
        "errors": errors,
        "reason": request.POST.get("reason", ""),
        "may": can_take_out_of_service(request.actor, place, prompt),
    }
    return render_prompt(request, "deployments/out_of_service.html", prompt, tab="", status_code=422 if errors else 200, **context)


@require_safe
def prompt_deployment(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """One deployment as it arrives. The fragment asks for itself again while something moves."""
    prompt = prompt_or_404(request, project, name)
    deployment = _deployment_or_404(request, prompt, uid)
    context = deployment_context(request, deployment)
    if request.htmx:
        answer = render(request, "deployments/_progress.html", {"prompt": prompt, **context})
        if not context["moves"]:
            # It has arrived or failed: the header above the fragment tells so as well.
            answer["HX-Refresh"] = "true"
        return answer
    return render_prompt(request, "deployments/page.html", prompt, tab="", **context)


@require_POST
def job_retry(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    job = _job_or_404(request, project, uid)
    services.retry(job=job, actor=request.actor)
    return redirect(deployment_url(job.deployment))


@require_POST
def job_exclude(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    job = _job_or_404(request, project, uid)
    services.exclude(job=job, reason=request.POST.get("reason", ""), actor=request.actor)
    messages.success(request, f"{job.target} is left out of this deployment.")
    return redirect(deployment_url(job.deployment))


def deployment_context(request: StudioRequest, deployment: Deployment) -> dict[str, Any]:
    jobs = list(
        deployment.jobs.select_related(
            "target", "receipt", "resource", "excluded_by", "deployment__placement__environment__project"
        ).order_by("target__name")
    )
    for job in jobs:
        job.serves_now = _serves_now(job)  # type: ignore[attr-defined]
        job.may_settle = can_settle(request.actor, job)  # type: ignore[attr-defined]
    settled = sum(job.state in (PublishJob.State.CONFIRMED, PublishJob.State.EXCLUDED) for job in jobs)
    replaced = deployment.replaces
    emergency = deployment.way == "emergency"
    return {
        "in_release": Release.objects.visible_to(request.actor).filter(items__deployment=deployment).first(),
        "after_review": AfterReview.objects.with_everything().filter(deployment=deployment).first() if emergency else None,
        "overridden": [answer for answer in deployment.evaluation.answers if not answer["passed"]] if emergency else [],
        "deployment": deployment,
        "version": deployment.version,
        "environment": deployment.placement.environment,
        "jobs": jobs,
        "settled": settled,
        # The last place may confirm between the two questions: then the state is the older answer, and the page asks once more.
        "moves": deployment.state == "publishing" or any(job.state == PublishJob.State.OWED for job in jobs),
        "serving": deployment.placement.live_version,
        "replaced": replaced.version if replaced else None,
        "is_newest": deployment.placement.newest == deployment,
    }


def _serves_now(job: PublishJob) -> Version | None:
    """What this place serves at the moment: the version of its last receipt."""
    receipt = job.resource.receipts.select_related("version").order_by("-id").first()
    return receipt.version if receipt else None


def difference(old: Version | None, new: Version, place: Environment) -> dict[str, Any]:
    return {
        "comparison": compare(old.bundle if old else None, new.bundle),
        "live": old,
        "old_label": f"{old.semver}, live in {place}" if old else f"nothing in {place}",
        "new_label": new.semver,
    }


def seen_deployment(request: StudioRequest, prompt: Prompt) -> Deployment | None:
    """The newest deployment that the page showed; what a person has not seen, they cannot replace."""
    uid = request.POST.get("replaces", "")
    return get_object_or_404(Deployment, uid=uid_or_404(uid), placement__prompt=prompt) if uid else None


def _earlier(placement: Placement) -> list[Version]:
    """Versions that were live here before, newest first, without the present one."""
    spells = placement.live_history.select_related("version").order_by("-id")
    present = placement.live.version_id if placement.live else None
    return [version for version in {spell.version_id: spell.version for spell in spells}.values() if version.pk != present]


def _live_or_404(prompt: Prompt, place: Environment) -> Placement:
    found = Placement.objects.filter(prompt=prompt, environment=place).exclude(live=None).select_related("live__version", "environment")
    return get_object_or_404(found)


def _deployment_or_404(request: StudioRequest, prompt: Prompt, uid: UUID) -> Deployment:
    found = Deployment.objects.visible_to(request.actor).with_state().filter(placement__prompt=prompt)
    related = (
        "version",
        "by",
        "replaces__version",
        "placement__environment__project",
        "placement__live__version",
        "placement__prompt__project",
        "evaluation",
    )
    return get_object_or_404(found.select_related(*related), uid=uid)


def _job_or_404(request: StudioRequest, project: str, uid: UUID) -> PublishJob:
    visible = PublishJob.objects.filter(deployment__in=Deployment.objects.visible_to(request.actor)).select_related(
        "target", "deployment__placement__prompt__project", "deployment__placement__environment__project"
    )
    job = visible.filter(uid=uid, deployment__placement__prompt__project__slug=project).first()
    if job is None:
        raise Http404
    return job

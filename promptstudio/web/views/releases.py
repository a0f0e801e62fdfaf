"""Releases: putting together what goes together, promoting all of it, and bringing all of it back."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from promptstudio.deployments import release_services as services
from promptstudio.deployments.models import Deployment, Release
from promptstudio.deployments.permissions import can_make_release, can_promote_release, can_roll_back_release, can_withdraw_release
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.projects.models import Environment, Project
from promptstudio.prompts.models import Prompt, Version

from ..release_page import offered, rows_of
from ..requests import StudioRequest, release_url
from ..searching import typed
from ..uids import uid_or_404

PER_PAGE = 25


@require_safe
def releases(request: StudioRequest, project: str) -> HttpResponse:
    """Newest first; `?q=` finds by name, `?state=` keeps some."""
    space = _space_or_404(request, project)
    words, state = typed(request), request.GET.get("state", "")
    found = Release.objects.visible_to(request.actor).filter(project=space)
    if words:
        found = found.filter(name__icontains=words)
    if state in Release.State.values:
        found = found.filter(state=state)
    page = Paginator(found.with_counts().order_by("-id"), PER_PAGE).get_page(request.GET.get("page"))
    context = {"project": space, "page_obj": page, "words": words, "state": state, "states": Release.State.choices}
    return render(request, "releases/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def release_new(request: StudioRequest, project: str) -> HttpResponse:
    space = _space_or_404(request, project)
    places = list(space.environments.select_related("project"))
    chosen = request.POST.get("environment", places[-1].slug if places else "")
    place = next((place for place in places if place.slug == chosen), None)
    name, errors = request.POST.get("name", ""), {}
    if request.method == "POST" and places:
        can_make_release(request.actor, place or places[-1]).require()
        try:
            return redirect(release_url(services.make_release(environment=_chosen(place), name=name, actor=request.actor)))
        except Invalid as error:
            errors = error.errors
    context = {
        "project": space,
        "places": places,
        "chosen": chosen,
        "name": name,
        "errors": errors,
        "may": can_make_release(request.actor, places[-1]) if places else None,
    }
    return render(request, "releases/new.html", context, status=422 if errors else 200)


def _chosen(place: Environment | None) -> Environment:
    if place is None:
        raise Invalid({"environment": "Choose where it should go."})
    return place


@require_safe
def release(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    """What goes together, what holds it back on top; `?q=` looks for prompts to add."""
    return _page(request, _release_or_404(request, project, uid))


@require_POST
def release_add(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    found = _release_or_404(request, project, uid)
    visible = Version.objects.filter(prompt__in=Prompt.objects.visible_to(request.actor))
    wanted = uid_or_404(request.POST.get("version", ""))
    version = get_object_or_404(visible.select_related("prompt__project", "prompt__folder"), uid=wanted)
    return _done(request, found, lambda: services.put_into_release(release=found, version=version, actor=request.actor))


@require_POST
def release_take(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    found = _release_or_404(request, project, uid)
    visible = Prompt.objects.visible_to(request.actor).select_related("project", "folder")
    prompt = get_object_or_404(visible, uid=uid_or_404(request.POST.get("prompt", "")))
    return _done(request, found, lambda: services.take_from_release(release=found, prompt=prompt, actor=request.actor))


@require_POST
def release_promote(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    found = _release_or_404(request, project, uid)
    reason = request.POST.get("reason", "")
    return _done(
        request, found, lambda: services.promote_release(release=found, reason=reason, seen=_seen(request, found), actor=request.actor)
    )


@require_POST
def release_roll_back(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    found = _release_or_404(request, project, uid)
    reason = request.POST.get("reason", "")
    return _done(request, found, lambda: services.roll_back_release(release=found, reason=reason, actor=request.actor))


@require_POST
def release_withdraw(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    found = _release_or_404(request, project, uid)
    return _done(request, found, lambda: services.withdraw_release(release=found, actor=request.actor))


SAID = {
    Release.State.PROMOTED: "All of it is on its way.",
    Release.State.ROLLED_BACK: "All of it went back.",
    Release.State.WITHDRAWN: "The release is withdrawn. Nothing was promoted.",
}


def _done(request: StudioRequest, found: Release, deed: Callable[[], Any]) -> HttpResponse:
    """Back to the page, or the page with why not."""
    try:
        deed()
    except Invalid as error:
        return _page(request, found, status=422, errors=error.errors)
    except services.Refused as refused:
        reasons = {item.pk: why for item, why in refused.reasons}
        return _page(request, found, status=409, reasons=reasons, refused=refused.sentence)
    except Conflict as conflict:
        return _page(request, _release_or_404(request, found.project.slug, found.uid), status=409, conflict=conflict)
    before = found.state
    found.refresh_from_db()
    if found.state != before:
        messages.success(request, SAID[Release.State(found.state)])
    return redirect(release_url(found))


def _page(request: StudioRequest, found: Release, *, status: int = 200, reasons: dict[int, str] | None = None, **more: Any) -> HttpResponse:
    request.section = "environments"  # type: ignore[attr-defined]
    rows = rows_of(found, request.actor, reasons)
    hidden = found.items.count() - len(rows)
    words = typed(request)
    may_add = can_make_release(request.actor, found.environment)
    context = {
        "project": found.project,
        "release": found,
        "environment": found.environment,
        "rows": rows,
        "hidden": hidden,
        "in_the_way": sum(row.is_in_the_way for row in rows),
        "failed": sum(row.state == "failed" for row in rows),
        "moves": any(row.state == "publishing" for row in rows),
        "words": words,
        "offers": offered(found, request.actor, words) if found.is_open and may_add else [],
        "may_add": may_add,
        "may_promote": can_promote_release(request.actor, found) if found.is_open else None,
        "may_roll_back": can_roll_back_release(request.actor, found) if found.state == Release.State.PROMOTED else None,
        "may_withdraw": can_withdraw_release(request.actor, found) if found.is_open else None,
        "reason": request.POST.get("reason", ""),
        "errors": {},
    }
    return render(request, "releases/page.html", context | more, status=status)


def _seen(request: StudioRequest, found: Release) -> services.SeenThere:
    """By version, the newest deployment that the page showed."""
    pairs = dict(pair.split(":", 1) for pair in request.POST.getlist("seen") if ":" in pair)
    uids = {uid_or_404(version): uid_or_404(deployment) if deployment else None for version, deployment in pairs.items()}
    versions = Version.objects.filter(prompt__in=Prompt.objects.visible_to(request.actor), uid__in=uids)
    deployments = Deployment.objects.filter(placement__environment=found.environment, uid__in=[uid for uid in uids.values() if uid])
    by_uid = {deployment.uid: deployment for deployment in deployments}
    return {version: by_uid.get(uids[version.uid]) if uids[version.uid] else None for version in versions}  # type: ignore[arg-type]


def _space_or_404(request: StudioRequest, project: str) -> Project:
    request.section = "environments"  # type: ignore[attr-defined]
    return get_object_or_404(Project.objects.visible_to(request.actor), slug=project)


def _release_or_404(request: StudioRequest, project: str, uid: UUID) -> Release:
    found = Release.objects.visible_to(request.actor).select_related("project", "environment__project", "made_by", "settled_by")
    return get_object_or_404(found, uid=uid, project__slug=project)

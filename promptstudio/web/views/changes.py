"""What waits for a second person: what it would make easier, who asked, and confirming or leaving it."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from promptstudio.accounts.models import User
from promptstudio.lib.permission import Allowed, Denied
from promptstudio.projects import control_services
from promptstudio.projects.answering import either, role_words
from promptstudio.projects.models import Environment, PendingChange
from promptstudio.projects.permissions import can_confirm
from promptstudio.projects.rules import Rules

from ..requests import StudioRequest

PER_PAGE = 25


@require_safe
def changes(request: StudioRequest) -> HttpResponse:
    """Those that wait, oldest first; below, what was decided lately."""
    request.section = "home"  # type: ignore[attr-defined]
    found = PendingChange.objects.visible_to(request.actor).select_related("project", "asked_by", "decided_by")
    waiting = list(_cards(request, found.open().order_by("asked_at").with_people()))
    decided: Any = Paginator(found.exclude(outcome="").order_by("-decided_at"), PER_PAGE).get_page(request.GET.get("page"))
    decided.object_list = decided.object_list.with_people()
    return render(request, "changes/page.html", {"waiting": waiting, "page_obj": decided})


@require_POST
def change_confirm(request: StudioRequest, uid: UUID) -> HttpResponse:
    change = control_services.confirm_change(change=_change_or_404(request, uid), actor=request.actor)
    messages.success(request, f"Confirmed. {change} holds from now on.")
    return redirect("changes")


@require_POST
def change_decline(request: StudioRequest, uid: UUID) -> HttpResponse:
    change = control_services.decline_change(change=_change_or_404(request, uid), actor=request.actor)
    messages.info(request, f"{change} stays as it was.")
    return redirect("changes")


def _change_or_404(request: StudioRequest, uid: UUID) -> PendingChange:
    return get_object_or_404(PendingChange.objects.visible_to(request.actor), uid=uid)


def _cards(request: StudioRequest, waiting: Iterable[PendingChange]) -> Iterator[dict[str, Any]]:
    # The answer is one for all that others asked for in a project, so it costs a query for each project only.
    answers: dict[tuple[int | None, bool], Allowed | Denied] = {}
    waiting = list(waiting)
    names = _names_in(waiting)
    for change in waiting:
        key = (change.project_id, own := change.asked_by_id == request.actor.user.pk)
        if key not in answers:
            answers[key] = can_confirm(request.actor, change)
        yield {"change": change, "may": answers[key], "own": own, "sides": list(_sides(change, names))}


def _names_in(changes: Iterable[PendingChange]) -> dict[str, str]:
    """Of everybody who answers for a folder now or then. One query."""
    told = [change.data[side] for change in changes if change.kind == "folder_reviewers" for side in ("before", "after")]
    people = User.objects.filter(uid__in={uid for side in told for uid in side["people"]})
    return {str(uid): name for uid, name in people.values_list("uid", "name")}


def _answering(side: dict[str, list[str]], names: dict[str, str]) -> str:
    people = sorted(names.get(uid, "somebody") for uid in side["people"])
    return either([*people, *role_words(side["roles"])]) if people or side["roles"] else "Nobody is named there."


def _sides(change: PendingChange, names: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Before and after in words, for conditions and for who answers for a folder."""
    if change.kind == "folder_reviewers":
        yield from (("Now", _answering(change.data["before"], names)), ("Then", _answering(change.data["after"], names)))
    if change.kind != "policy":
        return
    environment = Environment.objects.filter(uid=change.data["environment"]).first()
    if environment is None:
        return
    before = environment.previous
    for label, rules in (("Now", environment.policy.rules), ("Then", Rules.model_validate(change.data["rules"]))):
        yield label, rules.in_words(environment.name, before.name if before else None)

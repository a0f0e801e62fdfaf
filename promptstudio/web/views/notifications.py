"""What one was told: the list behind the bell, opening one, and choosing how to be told."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from promptstudio.audit.models import Entry
from promptstudio.lib.errors import Invalid
from promptstudio.notifications.inbox import mark_all_read, mark_read, unread_count
from promptstudio.notifications.kinds import ACCESS_REVIEW, KINDS, SECOND_PERSON, Way
from promptstudio.notifications.models import Notification
from promptstudio.notifications.services import choose_ways, ways_for
from promptstudio.projects.models import Project

from ..answers import see_other
from ..entry_links import links
from ..notices import notices
from ..requests import StudioRequest

PER_PAGE = 30


@require_safe
def notifications(request: StudioRequest) -> HttpResponse:
    """The new ones; `?show=all` for those that were read as well."""
    everything = request.GET.get("show") == "all"
    found = Notification.objects.shown_to(request.actor)
    page = Paginator(found if everything else found.unread(), PER_PAGE).get_page(request.GET.get("page"))
    context = {"told": notices(page.object_list), "page_obj": page, "everything": everything, "unread": unread_count(request.actor)}
    return render(request, "notifications/list.html", context)


@require_safe
def notification(request: StudioRequest, uid: UUID) -> HttpResponse:
    """Mark it as read, and go on to what it is about."""
    found = get_object_or_404(Notification.objects.shown_to(request.actor), uid=uid)
    mark_read(found)
    address = _address(request, found)
    if not address:
        messages.info(request, "What this was about is not there any more.")
    return redirect(address or reverse("notifications"))


@require_POST
def notifications_read(request: StudioRequest) -> HttpResponse:
    read = mark_all_read(request.actor)
    messages.success(request, "Everything is marked as read." if read else "Nothing was new.")
    return see_other(reverse("notifications"))


@require_http_methods(["GET", "HEAD", "POST"])
def account_notifications(request: StudioRequest) -> HttpResponse:
    ways, errors = ways_for(actor=request.actor), {}
    if request.method == "POST":
        typed = {kind: request.POST[kind] for kind in KINDS if kind in request.POST}
        try:
            choose_ways(ways=typed, actor=request.actor)
        except Invalid as error:
            errors, ways = error.errors, ways | typed
        else:
            messages.success(request, "Your choices are kept.")
            return see_other(reverse("account_notifications"))
    rows = [{"kind": name, "words": kind.words, "way": ways[name], "error": errors.get(name)} for name, kind in KINDS.items()]
    context: dict[str, Any] = {"rows": rows, "ways": Way.choices, "errors": errors, "sent": settings.EMAIL_IS_SENT}
    return render(request, "notifications/choices.html", context, status=422 if errors else 200)


def _address(request: StudioRequest, found: Notification) -> str:
    if found.kind == SECOND_PERSON:
        return reverse("changes")
    if found.kind == ACCESS_REVIEW:
        project = Project.objects.visible_to(request.actor).filter(uid__in=[found.project_uid]).first()
        return reverse("access_review", args=[project.slug]) if project else ""
    return next(iter(links(Entry.objects.filter(uid=found.entry_uid), request.actor).values()), "")

"""What waits for the reader, asked once in a request: the frame of a page counts what the page itself may list."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.http import HttpRequest

from promptstudio.accounts.actor import Actor
from promptstudio.deployments.models import AfterReview
from promptstudio.deployments.requests import WaitingRequest, requests_for
from promptstudio.deployments.waiting import WaitingReview, reviews_for
from promptstudio.projects.models import Project

from .requests import StudioRequest

Item = TypeVar("Item")


def waiting_reviews(request: HttpRequest, project: Project | None = None) -> list[WaitingReview]:
    return _once(request, reviews_for, project, lambda item: item.review.version.prompt.project_id)


def waiting_emergencies(request: HttpRequest, project: Project) -> list[AfterReview]:
    found = AfterReview.objects.awaiting(cast(StudioRequest, request).actor).with_everything()
    return list(found.filter(deployment__placement__prompt__project=project).order_by("due_at"))


def waiting_requests(request: HttpRequest, project: Project | None = None) -> list[WaitingRequest]:
    return _once(request, requests_for, project, lambda item: item.request.project_id)


def _once(
    request: HttpRequest, ask: Callable[[Actor, Project | None], list[Item]], project: Project | None, place: Callable[[Item], Any]
) -> list[Item]:
    """Whatever was asked for every project answers for one of them as well."""
    known: dict[Any, list[Item]] = request.__dict__.setdefault("_waiting", {})
    everywhere = known.get((ask, None))
    if project and everywhere is not None:
        return [item for item in everywhere if place(item) == project.pk]
    key = ask, project.pk if project else None
    if key not in known:
        known[key] = ask(cast(StudioRequest, request).actor, project)
    return known[key]

"""The index of the panel: what waits for this person, what failed, and the lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from promptstudio.deployments.gates import Outcome
from promptstudio.deployments.glance import at_a_glance
from promptstudio.deployments.waiting import WaitingReview, failed_publications
from promptstudio.reviews.models import Review

from ..requests import StudioRequest
from ..waiting import waiting_reviews


@dataclass(frozen=True)
class Waiting:
    """A review that this person may decide, with what the gates answer at the moment."""

    item: WaitingReview
    gates: list[Outcome]

    @property
    def review(self) -> Review:
        return self.item.review

    @property
    def met(self) -> int:
        return sum(gate.passed for gate in self.gates)


def queue_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    actor = cast(StudioRequest, request).actor
    items = waiting_reviews(request)
    glances = at_a_glance([item.review for item in items])
    waiting = [Waiting(item, glances[item.review.pk]) for item in items]
    visible = Review.objects.visible_to(actor).open().count()
    queue = {"title": "Review queue", "waiting": waiting, "others": visible - len(waiting), "failed": failed_publications(actor)}
    return render(request, "admin/index.html", context | queue)


def next_waiting(request: HttpRequest, after: Review) -> tuple[Review | None, int]:
    """The oldest other review that waits for this person, and how many do."""
    others: Sequence[WaitingReview] = [item for item in waiting_reviews(request) if item.review.pk != after.pk]
    return (others[0].review if others else None), len(others)

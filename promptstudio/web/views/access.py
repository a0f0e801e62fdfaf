"""The quarterly look at who has access, signed by whoever looked."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.projects import access_services
from promptstudio.projects.models import Project
from promptstudio.projects.permissions import can

from ..answers import see_other
from ..requests import StudioRequest
from ..uids import uid_in

ANSWERS = ("keep", "take")


@require_http_methods(["GET", "HEAD", "POST"])
def access_review(request: StudioRequest, project: str) -> HttpResponse:
    """Every role and key with its two answers; signing asks for one of them for each."""
    request.section = "settings"  # type: ignore[attr-defined]
    space = get_object_or_404(Project.objects.visible_to(request.actor), slug=project)
    if request.method != "POST":
        return _page(request, space)
    answers = {uid: value for name, value in request.POST.items() if (uid := uid_in(name)) and value in ANSWERS}
    chosen = {answer: [uid for uid, value in answers.items() if value == answer] for answer in ANSWERS}
    try:
        review = access_services.sign_access_review(project=space, keep=chosen["keep"], take=chosen["take"], actor=request.actor)
    except Invalid as error:
        return _page(request, space, answers, error.errors["rows"], status=422)
    except Conflict as error:
        return _page(request, space, answers, error.sentence, status=409)
    taken = f" {len(review.taken)} taken away." if review.taken else ""
    messages.success(request, f"Signed: {len(review.kept)} kept.{taken}")
    return see_other(reverse("settings_people", args=[space.slug]))


def _page(
    request: StudioRequest, space: Project, answers: dict[UUID, str] | None = None, refused: str = "", status: int = 200
) -> HttpResponse:
    def with_answers(rows: Iterable[Any]) -> list[dict[str, Any]]:
        return [{"row": row, "answer": (answers or {}).get(row.uid, "")} for row in rows]

    context = {
        "project": space,
        "rows": with_answers(access_services.rows_to_review(space)),
        "keys": with_answers(access_services.keys_to_review(space)),
        "refused": refused,
        "may": can(request.actor, "administer", space),
        "due": access_services.access_review_due(space),
        "signed": list(space.access_reviews.select_related("signed_by")[:8]),
    }
    return render(request, "settings/access.html", context, status=status)

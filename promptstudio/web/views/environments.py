"""The board: every prompt, place by place."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from promptstudio.deployments import board
from promptstudio.deployments.models import Deployment, PublishJob
from promptstudio.projects.models import Environment, Project
from promptstudio.prompts.models import Prompt, Version
from promptstudio.reviews.models import Review

from ..requests import StudioRequest
from ..searching import typed

PER_PAGE = 25
STATES = (("", "All states"), ("moving", "On its way or failed"), ("failed", "Failed"), ("behind", "Newest not live everywhere"))


@require_safe
def environments(request: StudioRequest, project: str) -> HttpResponse:
    """`?q=` finds prompts, `?state=` keeps those with something to do."""
    request.section = "environments"  # type: ignore[attr-defined]
    space = get_object_or_404(Project.objects.visible_to(request.actor), slug=project)
    if request.htmx:
        # Asked for every two seconds, so without the board below it.
        return render(request, "environments/_moving.html", {"project": space, "moving": _moving(request, space)})
    places = list(space.environments.all())
    words, state = typed(request), request.GET.get("state", "")
    prompts = _filtered(Prompt.objects.visible_to(request.actor).active().filter(project=space), words, state, places)
    page = Paginator(prompts.select_related("folder", "project").order_by("title", "pk"), PER_PAGE).get_page(request.GET.get("page"))
    rows = board.rows(page.object_list, places)
    context = {
        "project": space,
        "lanes": [{"environment": place, "rules": rules} for place, rules in zip(places, _in_words(places), strict=True)],
        "rows": [_with_reviews(row, reviews) for row, reviews in zip(rows, _open_reviews(rows), strict=True)],
        "page_obj": page,
        "words": words,
        "state": state,
        "states": STATES,
        "moving": _moving(request, space),
        "fold": len(places) > 4,
    }
    return render(request, "environments/page.html", context)


def _filtered(prompts: "QuerySet[Prompt]", words: str, state: str, places: list[Environment]) -> "QuerySet[Prompt]":
    prompts = prompts.search(words) if words else prompts  # type: ignore[attr-defined]
    jobs = PublishJob.objects.filter(deployment__placement__prompt=OuterRef("pk"))
    if state == "moving":
        return prompts.filter(Exists(jobs.filter(state__in=board.UNSETTLED)))
    if state == "failed":
        return prompts.filter(Exists(jobs.filter(state=PublishJob.State.FAILED)))
    if state == "behind" and places:
        newest_version = Version.objects.filter(prompt=OuterRef("pk")).newest_first().values("pk")[:1]
        there = Q(placements__environment=places[-1], placements__live__version=newest_version)
        return prompts.filter(versions__isnull=False).exclude(there).distinct()
    return prompts


def _in_words(places: list[Environment]) -> list[str]:
    previous = [None, *[place.name for place in places]]
    return [place.policy.rules.in_words(place.name, before) for place, before in zip(places, previous, strict=False)]


def _open_reviews(rows: list[board.Row]) -> list[dict[int, Review]]:
    """Per row: environment to the open review of the newest version there. One query for all rows."""
    versions = [row.newest.pk for row in rows if row.newest]
    found = {(r.version_id, r.environment_id): r for r in Review.objects.open().filter(version__in=versions)}
    return [
        {environment: review for (version, environment), review in found.items() if row.newest and version == row.newest.pk} for row in rows
    ]


def _with_reviews(row: board.Row, reviews: dict[int, Review]) -> dict[str, Any]:
    """A row with what each of its cards offers: a review to open, or the next promotion."""
    cards = []
    previous: board.Cell | None = None
    for cell in row.cells:
        arrived_before = previous is None or (previous.live is not None and row.newest is not None and previous.live.pk == row.newest.pk)
        there = cell.live is not None and row.newest is not None and cell.live.pk == row.newest.pk
        moving = cell.state in ("publishing", "failed")
        cards.append(
            {
                "cell": cell,
                "review": reviews.get(cell.environment.pk),
                "promote": row.newest if row.newest and arrived_before and not there and not moving else None,
                "bring_back": cell.live if cell.state == "gone" and not cell.recalled else None,
            }
        )
        previous = cell
    return {"prompt": row.prompt, "newest": row.newest, "cards": cards}


def _moving(request: StudioRequest, space: Project) -> list[dict[str, Any]]:
    """Deployments that are under way or failed somewhere, failed ones first, with how many places confirmed."""
    jobs = PublishJob.objects.filter(deployment=OuterRef("pk"))
    found = (
        Deployment.objects.visible_to(request.actor)
        .with_state()
        .alias(failed=Exists(jobs.filter(state=PublishJob.State.FAILED)))
        .filter(Exists(jobs.filter(state__in=board.UNSETTLED)), placement__prompt__project=space)
        .select_related("version", "by", "placement__prompt__project", "placement__environment", "placement__live__version")
        .prefetch_related("jobs")
        .order_by("-failed", "-id")[:8]
    )
    outside = board.outside_of(deployment.pk for deployment in found if deployment.state == "live")
    return [_arriving(deployment, outside.get(deployment.pk, [])) for deployment in found]


def _arriving(deployment: Deployment, outside: list[board.Outside]) -> dict[str, Any]:
    states = [job.state for job in deployment.jobs.all()]
    return {
        "deployment": deployment,
        "state": "failed" if PublishJob.State.FAILED in states else "publishing",
        "places": len(states),
        "settled": sum(state in (PublishJob.State.CONFIRMED, PublishJob.State.EXCLUDED) for state in states),
        "outside": "; ".join(place.sentence for place in outside),
    }

"""What waits for whom. A constant number of queries, however much waits."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from promptstudio.accounts.actor import Actor
from promptstudio.projects.models import Membership, Policy, Project
from promptstudio.prompts.models import Contributor, Version
from promptstudio.reviews.models import Decision, Review

from .models import Deployment, Placement, PublishJob

REVIEWING = ("product", "technical", "domain_expert", "admin")


@dataclass(frozen=True)
class WaitingReview:
    """`confirm` is True when this person approved already, but against a version that is not live any more."""

    review: Review
    confirm: bool
    live_semver: str


def reviews_for(actor: Actor, project: Project | None = None) -> list[WaitingReview]:
    """Open reviews that this person may decide and has not decided against what is live now, oldest first."""
    found_open = Review.objects.visible_to(actor).open().with_everything().order_by("asked_at")
    reviews: list[Review] = list(found_open.filter(version__prompt__project=project) if project else found_open)
    if not reviews or actor.key:
        return []
    wrote = set(
        Contributor.objects.filter(version__in=[r.version_id for r in reviews], user=actor.user).values_list("version_id", flat=True)
    )
    roles = _roles(actor)
    wanted = _wanted_roles(reviews)
    decisions = {
        d.review_id: d for d in Decision.objects.filter(review__in=reviews, person=actor.user).select_related("baseline").order_by("id")
    }
    live = live_versions(reviews)
    found = []
    for review in reviews:
        if review.version_id in wrote or not roles[review.version.prompt.project_id] & wanted[review.environment_id]:
            continue
        now = live.get((review.version.prompt_id, review.environment_id))
        decision = decisions.get(review.pk)
        if decision is None:
            found.append(WaitingReview(review, False, now.semver if now else ""))
        elif decision.verdict == Decision.Verdict.APPROVE and decision.baseline_id != (now.pk if now else None):
            found.append(WaitingReview(review, True, now.semver if now else ""))
    return found


def failed_publications(actor: Actor, project: Project | None = None) -> list[PublishJob]:
    """Failed jobs of the newest deployments in this person's projects, newest first."""
    jobs = PublishJob.objects.filter(state=PublishJob.State.FAILED, deployment__in=Deployment.objects.visible_to(actor)).select_related(
        "target",
        "deployment__version__prompt__project",
        "deployment__placement__environment",
        "deployment__placement__live__version",
        "deployment__by",
    )
    if project:
        jobs = jobs.filter(deployment__placement__prompt__project=project)
    return list(jobs.order_by("-settled_at")[:20])


def _roles(actor: Actor) -> dict[int, set[str]]:
    roles: dict[int, set[str]] = defaultdict(set)
    for row in Membership.objects.filter(user=actor.user).exclude(granted_by=actor.user):
        roles[row.project_id].add(row.role)
    return roles


def _wanted_roles(reviews: list[Review]) -> dict[int, set[str]]:
    policies = Policy.objects.filter(environment__in={r.environment_id for r in reviews}).order_by("number")
    newest = {policy.environment_id: policy for policy in policies}
    return {environment: set(policy.rules.approvals or REVIEWING) for environment, policy in newest.items()}


def live_versions(reviews: Sequence[Review]) -> dict[tuple[int, int], Version]:
    """What is live where a review asks to go, by prompt and environment."""
    placements = Placement.objects.filter(
        prompt__in={r.version.prompt_id for r in reviews}, environment__in={r.environment_id for r in reviews}
    ).exclude(live=None)
    return {(p.prompt_id, p.environment_id): p.live.version for p in placements.select_related("live__version")}  # type: ignore[union-attr]

"""What waits for whom. A constant number of queries, however much waits."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from promptstudio.accounts.actor import Actor
from promptstudio.lib import clock
from promptstudio.projects.models import Membership, Policy, Project
from promptstudio.projects.roles import ROLES
from promptstudio.projects.rules import Rules
from promptstudio.prompts.models import Contributor, Prompt, Version
from promptstudio.reviews.models import Decision, Review, Substitute

from .models import Deployment, Placement, PublishJob

MOST_LOOKED_AT, MOST_SHOWN = 200, 20


@dataclass(frozen=True)
class WaitingReview:
    """`confirm` is True when this person approved already, but against a version that is not live any more; `lapsed`, too long ago.

    `instead_of` names colleagues who are away, for whom this person decides.
    """

    review: Review
    confirm: bool
    live_semver: str
    lapsed: bool = False
    instead_of: tuple[str, ...] = ()


def reviews_for(actor: Actor, project: Project | None = None) -> list[WaitingReview]:
    """Open reviews that this person may decide and has not decided against what is live now, oldest first."""
    found_open = Review.objects.visible_to(actor).open().with_everything().order_by("asked_at")
    reviews: list[Review] = list(found_open.filter(version__prompt__project=project) if project else found_open)
    if not reviews or actor.key:
        return []
    wrote = set(
        Contributor.objects.filter(version__in=[r.version_id for r in reviews], user=actor.user).values_list("version_id", flat=True)
    )
    roles = list(Membership.objects.filter(user=actor.user).given_by_others().select_related("folder"))
    rules = _rules(reviews)
    decisions = {
        d.review_id: d for d in Decision.objects.filter(review__in=reviews, person=actor.user).select_related("baseline").order_by("id")
    }
    live = live_versions(reviews)
    found = []
    for review in reviews:
        asked = rules[review.environment_id]
        wanted = ROLES["review"] & set(asked.approvals or ROLES["review"])
        if review.version_id in wrote or not _roles_at(roles, review.version.prompt) & wanted:
            continue
        now = live.get((review.version.prompt_id, review.environment_id))
        decision = decisions.get(review.pk)
        if decision is None:
            found.append(WaitingReview(review, False, now.semver if now else ""))
        elif decision.verdict == Decision.Verdict.APPROVE and decision.baseline_id != (now.pk if now else None):
            found.append(WaitingReview(review, True, now.semver if now else ""))
        elif decision.verdict == Decision.Verdict.APPROVE and asked.too_old(decision.decided_at, clock.now()):
            found.append(WaitingReview(review, False, now.semver if now else "", lapsed=True))
    return _with_absent(found, actor, rules)


def _with_absent(found: list[WaitingReview], actor: Actor, rules: dict[int, Rules]) -> list[WaitingReview]:
    """With the names of those who are away, named this person, and could decide in a role that both hold."""
    away = {row.person_id: row.person.name for row in Substitute.objects.now().filter(substitute=actor.user).select_related("person")}
    if not away or not found:
        return found
    roles: dict[int, list[Membership]] = defaultdict(list)
    for row in Membership.objects.filter(user__in=[actor.user.pk, *away]).given_by_others().select_related("folder"):
        roles[row.user_id].append(row)
    reviews = [item.review for item in found]
    wrote = Contributor.objects.filter(version__in=[review.version_id for review in reviews], user__in=away)
    # Whoever wrote it would not decide, and whoever decided has.
    done = set(wrote.values_list("version__reviews", "user_id"))
    done |= set(Decision.objects.filter(review__in=reviews, person__in=away).values_list("review_id", "person_id"))

    def names(review: Review) -> tuple[str, ...]:
        wanted = ROLES["review"] & set(rules[review.environment_id].approvals or ROLES["review"])
        shared = _roles_at(roles[actor.user.pk], review.version.prompt) & wanted
        return tuple(
            name
            for person, name in away.items()
            if (review.pk, person) not in done and shared & _roles_at(roles[person], review.version.prompt)
        )

    return [replace(item, instead_of=names(item.review)) for item in found]


def failed_publications(actor: Actor, project: Project | None = None) -> list[PublishJob]:
    """Failed jobs of the newest deployments that this person may have tried again, newest first. `can_deploy` for many rows at once."""
    jobs = PublishJob.objects.filter(state=PublishJob.State.FAILED, deployment__in=Deployment.objects.visible_to(actor)).select_related(
        "target",
        "deployment__version__prompt__project",
        "deployment__version__prompt__folder",
        "deployment__placement__environment",
        "deployment__placement__live__version",
        "deployment__by",
    )
    if project:
        jobs = jobs.filter(deployment__placement__prompt__project=project)
    found = list(jobs.order_by("-settled_at")[:MOST_LOOKED_AT])
    if actor.user.is_site_admin or not found:
        return found[:MOST_SHOWN]
    memberships = list(Membership.objects.filter(user=actor.user).select_related("folder"))
    deployers = {
        environment: set(policy.rules.deployers)
        for environment, policy in newest_policies({job.deployment.placement.environment_id for job in found}).items()
    }

    def may_settle(job: PublishJob) -> bool:
        roles = _roles_at(memberships, job.deployment.version.prompt)
        return bool(roles & ROLES["deploy"]) and bool(roles & deployers[job.deployment.placement.environment_id])

    return [job for job in found if may_settle(job)][:MOST_SHOWN]


def _roles_at(memberships: list[Membership], prompt: Prompt) -> set[str]:
    return {row.role for row in memberships if row.holds_at(prompt.folder)}


def _rules(reviews: list[Review]) -> dict[int, Rules]:
    newest = newest_policies({review.environment_id for review in reviews})
    return {environment: policy.rules for environment, policy in newest.items()}


def newest_policies(environments: set[int]) -> dict[int, Policy]:
    return {policy.environment_id: policy for policy in Policy.objects.filter(environment__in=environments).order_by("number")}


def live_versions(reviews: Sequence[Review]) -> dict[tuple[int, int], Version]:
    """What is live where a review asks to go, by prompt and environment."""
    placements = Placement.objects.filter(
        prompt__in={r.version.prompt_id for r in reviews}, environment__in={r.environment_id for r in reviews}
    ).exclude(live=None)
    return {(p.prompt_id, p.environment_id): p.live.version for p in placements.select_related("live__version")}  # type: ignore[union-attr]

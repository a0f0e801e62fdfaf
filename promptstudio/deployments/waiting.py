"""What waits for whom. A constant number of queries, however much waits."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from promptstudio.accounts.actor import Actor
from promptstudio.lib import clock
from promptstudio.projects.answering import Answering, named_in, nearest
from promptstudio.projects.models import Membership, Policy, Project
from promptstudio.projects.roles import ROLES
from promptstudio.projects.rules import Rules
from promptstudio.prompts.models import Contributor, Prompt, Version
from promptstudio.reviews.authorship import Origin, origins_in, suggesters_of
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

    @property
    def is_breaking(self) -> bool:
        """For whoever calls there: numbers tell it, because each breaking step on the way raised the first of them."""
        live = self.live_semver.partition(".")[0]
        return self.review.version.impact == "breaking" or (live.isdigit() and self.review.version.major > int(live))


def reviews_for(actor: Actor, project: Project | None = None) -> list[WaitingReview]:
    """Open reviews that this person may decide and has not decided against what is live now, oldest first."""
    found_open = Review.objects.visible_to(actor).open().with_everything().order_by("asked_at")
    reviews: list[Review] = list(found_open.filter(version__prompt__project=project) if project else found_open)
    if not reviews or actor.key:
        return []
    live = live_versions(reviews)
    desk = _Desk(reviews, actor, live)
    decisions = {
        d.review_id: d for d in Decision.objects.filter(review__in=reviews, person=actor.user).select_related("baseline").order_by("id")
    }
    found = []
    for review in reviews:
        asked = desk.rules[review.environment_id]
        if not desk.asks(review):
            continue
        now = live.get((review.version.prompt_id, review.environment_id))
        decision = decisions.get(review.pk)
        if decision is None:
            found.append(WaitingReview(review, False, now.semver if now else ""))
        elif decision.verdict == Decision.Verdict.APPROVE and decision.baseline_id != (now.pk if now else None):
            found.append(WaitingReview(review, True, now.semver if now else ""))
        elif decision.verdict == Decision.Verdict.APPROVE and asked.too_old(decision.decided_at, clock.now()):
            found.append(WaitingReview(review, False, now.semver if now else "", lapsed=True))
    return desk.with_absent(found)


class _Desk:
    """The facts about many reviews for one person, and for colleagues who are away and named them; each is asked for once."""

    def __init__(self, reviews: list[Review], actor: Actor, live: Mapping[tuple[int, int], Version]) -> None:
        self.me, self.live = actor.user.pk, live
        self.rules = _rules(reviews)
        self.away = {row.person_id: row.person.name for row in Substitute.objects.now().filter(substitute=self.me).select_related("person")}
        versions = {review.version_id for review in reviews}
        self.authors: dict[int, set[int]] = defaultdict(set)
        wrote = Contributor.objects.filter(version__in=versions, user__in=[self.me, *self.away])
        for version, user in wrote.values_list("version_id", "user_id"):
            self.authors[version].add(user)
        self.origins: list[Origin] = []
        if any(rules.suggester_counts_as_author for rules in self.rules.values()):
            self.origins = origins_in(review.version.prompt_id for review in reviews)
        asked = [review.version.prompt.project_id for review in reviews if self.rules[review.environment_id].folder_reviewers]
        self.named = named_in(asked) if asked else {}
        self.roles: dict[int, list[Membership]] = defaultdict(list)
        for row in Membership.objects.filter(user__in=[self.me, *self.away]).given_by_others().select_related("folder"):
            self.roles[row.user_id].append(row)

    def asks(self, review: Review) -> bool:
        """Whether this person may decide about it, and is asked to: in a role, for the folder, or for somebody who answers for it."""
        if self._is_author(self.me, review):
            return False
        in_place = any(self._answers(person, review) and self._shared(person, review) for person in self.away)
        return bool(self._asked_as(self.me, review)) or self._answers(self.me, review) or in_place

    def with_absent(self, found: list[WaitingReview]) -> list[WaitingReview]:
        """With the names of those who are away, named this person, and could decide in a role that both hold."""
        if not self.away or not found:
            return found
        done = set(
            Decision.objects.filter(review__in=[item.review for item in found], person__in=self.away).values_list("review_id", "person_id")
        )

        def names(review: Review) -> tuple[str, ...]:
            return tuple(name for person, name in self.away.items() if (review.pk, person) not in done and self._waits_for(person, review))

        return [replace(item, instead_of=names(item.review)) for item in found]

    def _waits_for(self, person: int, review: Review) -> bool:
        if self._is_author(person, review):
            return False
        by_role = self._asked_as(self.me, review) & self._asked_as(person, review)
        return bool(by_role) or (self._answers(person, review) and bool(self._shared(person, review)))

    def _is_author(self, person: int, review: Review) -> bool:
        counts = self.rules[review.environment_id].suggester_counts_as_author
        return person in self.authors[review.version_id] or (counts and person in self._suggesters(review))

    def _suggesters(self, review: Review) -> set[int]:
        return suggesters_of(review.version, self.live.get((review.version.prompt_id, review.environment_id)), self.origins)

    def _asked_as(self, person: int, review: Review) -> set[str]:
        """The roles in which the conditions ask somebody; any that reviews, where they name neither roles nor people."""
        asked = self.rules[review.environment_id].approvals
        wanted = set(asked) if asked or self._answering(review) else set(ROLES["review"])
        return self._held(person, review) & wanted

    def _answers(self, person: int, review: Review) -> bool:
        answering, held = self._answering(review), self._held(person, review)
        return answering is not None and bool(held) and answering.names(person, held) and not self._is_author(person, review)

    def _answering(self, review: Review) -> Answering | None:
        asks = self.rules[review.environment_id].folder_reviewers
        return nearest(review.version.prompt.folder, self.named) if asks else None

    def _shared(self, person: int, review: Review) -> set[str]:
        return self._held(person, review) & self._held(self.me, review)

    def _held(self, person: int, review: Review) -> set[str]:
        return _roles_at(self.roles[person], review.version.prompt) & ROLES["review"]


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


def live_versions(pairs: Sequence[Any]) -> dict[tuple[int, int], Version]:
    """What is live where reviews, or other pairs of a version and an environment, would go; by prompt and environment."""
    placements = Placement.objects.filter(
        prompt__in={pair.version.prompt_id for pair in pairs}, environment__in={pair.environment_id for pair in pairs}
    ).exclude(live=None)
    return {(p.prompt_id, p.environment_id): p.live.version for p in placements.select_related("live__version")}  # type: ignore[union-attr]

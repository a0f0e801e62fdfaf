"""Whom an entry of the trail is for. Reads, and changes nothing."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.models import Entry
from promptstudio.deployments.keepers import other_admins
from promptstudio.deployments.models import AfterReview, CriterionWatch, Deployment, Placement, Schedule
from promptstudio.projects.controls import others_who_confirm
from promptstudio.projects.models import Environment, Membership, PendingChange
from promptstudio.projects.roles import ROLES
from promptstudio.prompts.models import Prompt, Request, Version
from promptstudio.prompts.request_permissions import writers_for
from promptstudio.reviews.models import Decision, Review, Thread
from promptstudio.reviews.permissions import can_decide
from promptstudio.reviews.services import standing_decisions

from .kinds import (
    ANSWERED,
    COMPARISON_ASKED,
    CRITERION_ASKED,
    CRITERION_MISSED,
    EMERGENCY,
    FAILED,
    HELD_BACK,
    MENTIONED,
    RECALLED,
    RELEASED,
    REQUEST,
    REQUEST_ASKED,
    REVIEW_ASKED,
    ROLE,
    SCHEDULED,
    SECOND_PERSON,
)

Facts = dict[str, Any]
Group = tuple[str, Iterable[User]]
# What an entry is about, as seen from its prompt.
PATHS = {
    "prompt": "uid",
    "version": "versions__uid",
    "draft": "drafts__uid",
    "review": "versions__reviews__uid",
    "deployment": "placements__deployments__uid",
    "publishjob": "placements__deployments__jobs__uid",
    "thread": "versions__threads__uid",
    "request": "requests__uid",
    "schedule": "placements__schedules__uid",
    "comparison": "comparisons__uid",
    "afterreview": "placements__deployments__after_review__uid",
}


@dataclass(frozen=True)
class Told:
    """One person is to be told of one entry. `prompt_uid` is what they must be allowed to see, then and whenever it is shown."""

    person: User
    kind: str
    entry: Entry
    prompt_uid: UUID | None


def audience(entry: Entry) -> list[Told]:
    """Never whoever did it, nobody twice, nobody who left, and nobody who may not see the prompt."""
    facts = facts_of(entry)
    prompt = prompt_of(entry, facts)
    found: dict[int, Told] = {}
    for kind, people in _groups(entry, facts, prompt):
        for person in people:
            if person.pk not in found and person.uid != entry.actor_uid and may_be_told(person, prompt):
                found[person.pk] = Told(person, kind, entry, prompt.uid if prompt else None)
    return list(found.values())


def may_be_told(person: User, prompt: Prompt | None) -> bool:
    if person.kind != User.Kind.PERSON or not person.is_active:
        return False
    return prompt is None or Prompt.objects.visible_to(Actor(user=person)).filter(pk=prompt.pk).exists()


def facts_of(entry: Entry) -> Facts:
    value = json.loads(entry.data or "{}")
    return value if isinstance(value, dict) else {}


def prompt_of(entry: Entry, facts: Facts) -> Prompt | None:
    if entry.object_type in PATHS:
        return Prompt.objects.filter(**{PATHS[entry.object_type]: about(entry)}).first()
    return Prompt.objects.filter(uid=_uid(facts.get("prompt")) or UUID(int=0)).first()


def deciders(review: Review) -> list[User]:
    """Everybody who may decide about it at this moment."""
    held = Membership.objects.at(review.version.prompt.folder).given_by_others().filter(role__in=ROLES["review"])
    people = User.objects.filter(pk__in=held.values("user"), is_active=True, kind=User.Kind.PERSON)
    return [person for person in people if can_decide(Actor(user=person), review)]


def _groups(entry: Entry, facts: Facts, prompt: Prompt | None) -> Iterator[Group]:
    # Without a prompt nobody can tell who may read the words in which somebody is mentioned.
    if prompt and isinstance(facts.get("mentioned"), list):
        yield MENTIONED, _people(facts["mentioned"])
    if entry.action in AUDIENCES:
        yield from AUDIENCES[entry.action](entry, facts)


def _asked(entry: Entry, facts: Facts) -> Iterator[Group]:
    if review := _review(entry):
        yield REVIEW_ASKED, deciders(review)


def _answered(entry: Entry, facts: Facts) -> Iterator[Group]:
    """The asker, whoever wrote the version, and whoever spoke before."""
    if review := _review(entry):
        yield ANSWERED, [review.asked_by, *review.version.people]
        yield ANSWERED, [row.person for row in review.decisions.select_related("person")]
        yield ANSWERED, [row.author for row in review.comments.select_related("author")]


def _spoken(entry: Entry, facts: Facts) -> Iterator[Group]:
    """Whoever wrote the version, and whoever spoke in the conversation before."""
    thread = Thread.objects.filter(uid=about(entry)).select_related("version", "begun_by").first()
    if thread:
        yield ANSWERED, [*thread.version.people, thread.begun_by, *(row.author for row in thread.remarks.select_related("author"))]


def _suggestion_taken(entry: Entry, facts: Facts) -> Iterator[Group]:
    yield ANSWERED, _people([facts.get("suggested_by")])


def _prompt_asked_for(entry: Entry, facts: Facts) -> Iterator[Group]:
    """Who could write it."""
    if request := _request(entry):
        yield REQUEST_ASKED, _who_see(request, writers_for(request))


def _request_went_on(entry: Entry, facts: Facts) -> Iterator[Group]:
    """Whoever asked, whoever writes, and to whom it was handed."""
    if request := _request(entry):
        concerned = [request.asked_by, *([request.owner] if request.owner else []), *_people([facts.get("person")])]
        yield REQUEST, _who_see(request, concerned)


def _moved(kind: str) -> "Audience":
    """The deployer, the owner, whoever approved it and whoever wrote it."""

    def told(entry: Entry, facts: Facts) -> Iterator[Group]:
        if deployment := _deployment(entry):
            version, environment = deployment.version, deployment.placement.environment
            yield kind, [deployment.by, version.prompt.owner, *_approvers(version, environment), *version.people]

    return told


def _forced(entry: Entry, facts: Facts) -> Iterator[Group]:
    """Every admin of the project, and whoever hears of a promotion."""
    if deployment := _deployment(entry):
        yield EMERGENCY, other_admins(deployment)
        yield from _moved(RELEASED)(entry, facts)


def _not_looked_at(entry: Entry, facts: Facts) -> Iterator[Group]:
    """Whoever can close it."""
    if found := _after_review(entry):
        yield EMERGENCY, other_admins(found.deployment)


def _concluded(entry: Entry, facts: Facts) -> Iterator[Group]:
    if found := _after_review(entry):
        deployment = found.deployment
        yield EMERGENCY, [deployment.by, deployment.version.prompt.owner, *other_admins(deployment)]


def _went_live(entry: Entry, facts: Facts) -> Iterator[Group]:
    """Those who heard of the promotion already are spared its second half."""
    if deployment := _deployment(entry):
        yield RELEASED, [deployment.by]


def _scheduled_is_refused(entry: Entry, facts: Facts) -> Iterator[Group]:
    """Whoever scheduled it and whoever owns it."""
    if found := _schedule(entry):
        yield SCHEDULED, [found.key.responsible if found.key else found.by, found.version.prompt.owner]


def _whoever_scheduled(entry: Entry, facts: Facts) -> Iterator[Group]:
    if found := _schedule(entry):
        yield SCHEDULED, [found.key.responsible if found.key else found.by]


def _held_back(entry: Entry, facts: Facts) -> Iterator[Group]:
    if entry.via == "schedule":
        # Told with what became of the schedule.
        return
    version = Version.objects.filter(uid=about(entry)).select_related("prompt__owner", "prompt__project").first()
    if version is None:
        return
    environment = Environment.objects.filter(project=version.prompt.project, slug=str(facts.get("environment"))).first()
    yield HELD_BACK, [version.prompt.owner, *(_approvers(version, environment) if environment else [])]


def _drifted(entry: Entry, facts: Facts) -> Iterator[Group]:
    yield from _keepers(FAILED, Placement.objects.filter(prompt__uid=about(entry), environment__slug=str(facts.get("environment"))))


def _recalled(entry: Entry, facts: Facts) -> Iterator[Group]:
    """Who put it where it is live, its owner and its authors."""
    yield from _keepers(RECALLED, Placement.objects.filter(live__version__uid=about(entry)))
    version = Version.objects.filter(uid=about(entry)).select_related("prompt__owner").first()
    if version:
        yield RECALLED, [version.prompt.owner, *version.people]


def _out_of_service(entry: Entry, facts: Facts) -> Iterator[Group]:
    yield from _keepers(RECALLED, Placement.objects.filter(prompt__uid=about(entry), environment__slug=str(facts.get("environment"))))


def _keepers(kind: str, placements: Any) -> Iterator[Group]:
    for placement in placements.select_related("prompt__owner", "live__by"):
        yield kind, [placement.prompt.owner, *([placement.live.by] if placement.live else [])]


def _criterion_asked(entry: Entry, facts: Facts) -> Iterator[Group]:
    """Whoever is named; where they are gone, the owner."""
    prompt = prompt_of(entry, facts)
    named = [person for person in _people([facts.get("person")]) if may_be_told(person, prompt)]
    yield CRITERION_ASKED, named or ([prompt.owner] if prompt else [])


def _criterion_missed(entry: Entry, facts: Facts) -> Iterator[Group]:
    """Its owner, who sent it there, who held it to that, and its authors."""
    watch = (
        CriterionWatch.objects.filter(uid=_uid(facts.get("watch")) or UUID(int=0))
        .select_related("deployment__by", "criterion__author")
        .first()
    )
    version = Version.objects.filter(uid=about(entry)).select_related("prompt__owner").first()
    if watch and version:
        yield CRITERION_MISSED, [version.prompt.owner, watch.deployment.by, watch.criterion.author, *version.people]


def _comparison_asked(entry: Entry, facts: Facts) -> Iterator[Group]:
    """Whoever is to compare."""
    asked = facts.get("people")
    yield COMPARISON_ASKED, _people(asked if isinstance(asked, list) else [])


def _wished(entry: Entry, facts: Facts) -> Iterator[Group]:
    change = PendingChange.objects.open().filter(uid=about(entry)).select_related("asked_by", "project").first()
    if change:
        yield SECOND_PERSON, others_who_confirm(change.asked_by, change.project)


def _wish_decided(entry: Entry, facts: Facts) -> Iterator[Group]:
    yield SECOND_PERSON, _people([facts.get("person")])


def _answers_now(entry: Entry, facts: Facts) -> Iterator[Group]:
    """Whoever answers for a folder from now on."""
    named = facts.get("named")
    yield ROLE, _people(named if isinstance(named, list) else [])


def _role(entry: Entry, facts: Facts) -> Iterator[Group]:
    yield ROLE, _people([facts.get("person")])


Audience = Callable[[Entry, Facts], Iterator[Group]]
AUDIENCES: dict[str, Audience] = {
    "review.asked": _asked,
    "review.approved": _answered,
    "review.changes_requested": _answered,
    "review.commented": _answered,
    "review.withdrawn": _answered,
    "deployment.made": _moved(RELEASED),
    "deployment.rolled_back": _moved(RELEASED),
    "deployment.went_live": _went_live,
    "deployment.forced": _forced,
    "schedule.promoted": _whoever_scheduled,
    "schedule.refused": _scheduled_is_refused,
    "schedule.cancelled": _whoever_scheduled,
    "emergency.reminded": _not_looked_at,
    "emergency.concluded": _concluded,
    "deployment.blocked": _held_back,
    "rollback.blocked": _held_back,
    "deployment.seal_broken": _moved(FAILED),
    "publication.failed": _moved(FAILED),
    "publication.drift_noticed": _drifted,
    "version.recalled": _recalled,
    "prompt.taken_out_of_service": _out_of_service,
    "criterion.asked": _criterion_asked,
    "criterion.missed": _criterion_missed,
    "comparison.asked": _comparison_asked,
    "control.asked": _wished,
    "control.confirmed": _wish_decided,
    "control.declined": _wish_decided,
    "thread.begun": _spoken,
    "thread.replied": _spoken,
    "suggestion.taken": _suggestion_taken,
    "request.asked": _prompt_asked_for,
    "request.taken": _request_went_on,
    "request.handed_over": _request_went_on,
    "request.sent_back": _request_went_on,
    "request.confirmed": _request_went_on,
    "request.reopened": _request_went_on,
    "request.declined": _request_went_on,
    "request.commented": _request_went_on,
    "role.granted": _role,
    "role.revoked": _role,
    "folder.reviewers_named": _answers_now,
}


def about(entry: Entry) -> UUID:
    """The uid of what it is about; one that nothing has where it is about nothing."""
    return entry.object_uid or UUID(int=0)


def _review(entry: Entry) -> Review | None:
    found: Review | None = Review.objects.with_everything().filter(uid=about(entry)).first()
    return found


def _request(entry: Entry) -> Request | None:
    found: Request | None = Request.objects.filter(uid=about(entry)).select_related("folder", "prompt__folder", "asked_by", "owner").first()
    return found


def _who_see(request: Request, people: Iterable[User]) -> list[User]:
    """Before there is a prompt, where it belongs decides."""
    return [person for person in people if Request.objects.visible_to(Actor(user=person)).filter(pk=request.pk).exists()]


def _deployment(entry: Entry) -> Deployment | None:
    related = "by", "version__prompt__owner", "placement__environment"
    found: Deployment | None = Deployment.objects.filter(uid=about(entry)).select_related(*related).first()
    return found


def _after_review(entry: Entry) -> AfterReview | None:
    found: AfterReview | None = AfterReview.objects.with_everything().filter(uid=about(entry)).first()
    return found


def _schedule(entry: Entry) -> Schedule | None:
    found: Schedule | None = Schedule.objects.with_everything().filter(uid=about(entry)).first()
    return found


def _approvers(version: Version, environment: Environment) -> list[User]:
    return [row.person for row in standing_decisions(version, environment) if row.verdict == Decision.Verdict.APPROVE]


def _people(uids: Iterable[Any]) -> list[User]:
    known = [found for uid in uids if (found := _uid(uid))]
    return list(User.objects.filter(uid__in=known))


def _uid(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None

"""What lies on a person's desk: what waits for them, and what shipped lately where they may look. A constant number of queries."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby

from django.db.models import Exists, OuterRef
from django.utils import timezone

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import Identity, User
from promptstudio.audit.models import Entry
from promptstudio.deployments.models import AfterReview, CriterionWatch, Placement, PublishJob, Schedule, WentLive
from promptstudio.deployments.requests import MOST_SHOWN, WaitingRequest
from promptstudio.deployments.waiting import WaitingReview, failed_publications
from promptstudio.evaluations.models import Rater
from promptstudio.projects.access_services import projects_to_sign_for
from promptstudio.projects.models import Environment, Membership, PendingChange, Project, ProjectGroupPermission, granted
from promptstudio.prompts.models import Draft, Prompt, Version
from promptstudio.reviews.models import Decision, Mention, Review

MOST_DRAFTS = 10
MOST_MENTIONS = 50
# Enough rows that a bulk promotion, told in one sentence, does not hide what came before it.
ROWS_READ, TOLD = 200, 12
TOLD_SINGLY = 3
# What presses somebody, in the order of the page. Drafts wait too, and press nobody.
ASKED = ("emergencies", "reviews", "controls", "access", "failed", "changes", "mentions", "criteria", "comparisons", "requests")


@dataclass(frozen=True)
class Shipped:
    """A version that went live, in one environment or (`places`) several at once; `more` others like it are told with it."""

    live: WentLive
    places: tuple[Environment, ...]
    more: int = 0

    @property
    def back(self) -> bool:
        return self.live.deployment.way == "rollback"


@dataclass(frozen=True)
class Desk:
    """Most urgent first in each list. `failed` holds one job for each deployment; `days` holds what shipped, newest day first."""

    emergencies: list[AfterReview] = field(default_factory=list)
    reviews: list[WaitingReview] = field(default_factory=list)
    controls: list[PendingChange] = field(default_factory=list)
    access: list[Project] = field(default_factory=list)
    failed: list[PublishJob] = field(default_factory=list)
    changes: list[Decision] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    criteria: list[CriterionWatch] = field(default_factory=list)
    comparisons: list[Rater] = field(default_factory=list)
    requests: list[WaitingRequest] = field(default_factory=list)
    scheduled: list[Schedule] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    days: list[tuple[date, list[Shipped]]] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        return sum(len(getattr(self, name)) for name in (*ASKED, "drafts"))

    @property
    def first(self) -> str:
        """The list that stands on top: the one thing to do first is in it."""
        return next((name for name in ASKED if getattr(self, name)), "")

    @property
    def sentence(self) -> str:
        """“Two approvals and one failed publication wait for you.” Drafts do not press anybody."""
        counts = (
            (len(self.emergencies), "emergency to look at"),
            (len(self.reviews), "review"),
            (len(self.controls), "change to confirm"),
            (len(self.access), "access list"),
            (len(self.failed), "failed publication"),
            (len(self.changes), "request for changes"),
            (len(self.mentions), "mention"),
            (len(self.criteria), "question to answer"),
            (len(self.comparisons), "comparison to make"),
            (len(self.requests), "request for a prompt"),
        )
        parts = [f"{_number(count)} {_plural(noun, count)}" for count, noun in counts if count]
        if not parts:
            return "Nothing waits for you." if not self.drafts else "Nobody waits for you. Your drafts are where you left them."
        alone = len(parts) == 1 and parts[0].startswith("one ")
        sentence = f"{_listed(parts)} {'waits' if alone else 'wait'} for you."
        return sentence[0].upper() + sentence[1:]


def desk_of(actor: Actor, *, reviews: list[WaitingReview], requests: list[WaitingRequest]) -> Desk:
    jobs = {job.deployment_id: job for job in reversed(failed_publications(actor))}
    return Desk(
        emergencies=list(AfterReview.objects.awaiting(actor).with_everything().order_by("due_at")[:MOST_SHOWN]),
        reviews=reviews,
        controls=_to_confirm(actor),
        access=_access_due(actor),
        failed=sorted(jobs.values(), key=lambda job: job.settled_at or job.created_at, reverse=True),
        changes=_changes_asked_of(actor),
        mentions=_mentions_of(actor),
        criteria=_asked_of(actor),
        comparisons=_to_compare(actor),
        requests=requests[:MOST_SHOWN],
        scheduled=_scheduled_by(actor),
        drafts=_drafts_of(actor),
        days=list(_by_day(_told(_went_live(actor)))),
    )


def _to_confirm(actor: Actor) -> list[PendingChange]:
    """What somebody else asked for and this person may confirm, oldest first."""
    found = PendingChange.objects.visible_to(actor).open().exclude(asked_by=actor.user)
    return found.select_related("project", "asked_by").order_by("asked_at").with_people()


def _access_due(actor: Actor) -> list[Project]:
    """Projects of this admin whose list of people nobody has signed for long enough. Site admins are not asked for each project."""
    mine = granted(ProjectGroupPermission, actor.user, "administer")
    return list(projects_to_sign_for().filter(pk__in=mine).order_by("name"))


def project_admins(project: Project) -> list[User]:
    """By name, at most five."""
    admins = Membership.objects.filter(project=project, folder=None, role="admin").values("user")
    return list(User.objects.filter(pk__in=admins, is_active=True, kind=User.Kind.PERSON).order_by("name")[:5])


def whom_to_ask() -> list[User]:
    found = User.objects.filter(is_superuser=True, is_active=True, kind=User.Kind.PERSON)
    return list(found.exclude(identities__issuer=Identity.BREAK_GLASS).order_by("name")[:5])


def break_glass_lately() -> list[Entry]:
    """Uses of the local administrator in the last week, for every site admin to see."""
    return list(Entry.objects.filter(action="break_glass.used", created_at__gte=timezone.now() - timedelta(days=7))[:5])


def _changes_asked_of(actor: Actor) -> list[Decision]:
    """Standing requests for changes to what this person worked on, until a newer version answers them."""
    newer = Version.objects.filter(prompt=OuterRef("version__prompt"), pk__gt=OuterRef("version"))
    reviews = Review.objects.visible_to(actor).open().filter(version__contributors__user=actor.user).exclude(Exists(newer))
    decisions = Decision.objects.filter(review__in=reviews).order_by("id")
    decisions = decisions.select_related("person", "review__version__prompt__project", "review__environment")
    decisions = decisions.prefetch_related("mentions__person")
    standing = {(decision.review_id, decision.person_id): decision for decision in decisions}
    return [decision for decision in standing.values() if decision.verdict == Decision.Verdict.REQUEST_CHANGES]


def _mentions_of(actor: Actor) -> list[Mention]:
    """Where somebody named this person, newest first, once for each conversation."""
    found = Mention.objects.unseen_by(actor).select_related(
        "remark__author",
        "remark__thread__version__prompt__project",
        "comment__author",
        "comment__review__version__prompt__project",
        "comment__review__environment",
        "decision__person",
        "decision__review__version__prompt__project",
        "decision__review__environment",
    )
    spoken = ("remark__mentions__person", "comment__mentions__person", "decision__mentions__person")
    newest = found.order_by("-id").prefetch_related(*spoken)[:MOST_MENTIONS]
    return list({mention.where: mention for mention in reversed(newest)}.values())[::-1]


def _scheduled_by(actor: Actor) -> list[Schedule]:
    """What this person scheduled and its moment has not come for, soonest first. It waits for the clock, and is no count of theirs."""
    mine = Schedule.objects.visible_to(actor).waiting().filter(by=actor.user)
    return list(mine.with_everything().order_by("at")[:MOST_SHOWN])


def _asked_of(actor: Actor) -> list[CriterionWatch]:
    """Whether changes did what they should, as far as this person is asked; the longest asked first."""
    found = CriterionWatch.objects.visible_to(actor).open().filter(criterion__person=actor.user, asked_at__isnull=False)
    return list(found.with_everything().order_by("asked_at"))


def _to_compare(actor: Actor) -> list[Rater]:
    """Answers that this person is asked to compare; the longest asked first."""
    found = Rater.objects.visible_to(actor).awaited().filter(person=actor.user).with_progress()
    return list(found.select_related("comparison__asked_by", "comparison__prompt__project").order_by("id")[:MOST_SHOWN])


def _drafts_of(actor: Actor) -> list[Draft]:
    found = Draft.objects.visible_to(actor).open().filter(created_by=actor.user, prompt__archived_at=None)
    return list(found.select_related("prompt__project", "based_on", "updated_by").order_by("-updated_at")[:MOST_DRAFTS])


def _went_live(actor: Actor) -> list[WentLive]:
    there = Placement.objects.filter(prompt__in=Prompt.objects.visible_to(actor))
    rows = WentLive.objects.filter(placement__in=there).select_related(
        "version__prompt__project", "placement__environment", "deployment__by", "deployment__replaces__version"
    )
    return list(rows.order_by("-at", "-id")[:ROWS_READ])


def _told(rows: list[WentLive]) -> Iterator[Shipped]:
    """Neighbours by the same hand on the same day become one sentence: one version in several places, or many versions in the same."""
    versions = [_together(list(alike)) for _, alike in groupby(rows, key=lambda row: (*_hand(row), row.version_id))]
    for _, neighbours in groupby(versions, key=lambda item: (*_hand(item.live), item.places)):
        alike = list(neighbours)
        if len(alike) > TOLD_SINGLY:
            yield Shipped(alike[0].live, alike[0].places, len(alike) - 1)
        else:
            yield from alike


def _together(alike: list[WentLive]) -> Shipped:
    places = {row.placement.environment for row in alike}
    return Shipped(alike[0], tuple(sorted(places, key=lambda place: place.position)))


def _hand(row: WentLive) -> tuple[object, ...]:
    return _day(row.at), row.deployment.by_id, row.deployment.way


def _by_day(told: Iterator[Shipped]) -> Iterator[tuple[date, list[Shipped]]]:
    first = [item for item, _ in zip(told, range(TOLD), strict=False)]
    for day, items in groupby(first, key=lambda item: _day(item.live.at)):
        yield day, list(items)


def _day(moment: datetime) -> date:
    return timezone.localtime(moment).date()


def day_in_words(day: date) -> str:
    """“Today”, “Yesterday”, else the weekday and date are the template's to write."""
    today = timezone.localdate()
    return {today: "Today", today - timedelta(days=1): "Yesterday"}.get(day, "")


def _number(count: int) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    return words[count] if count < len(words) else str(count)


def _plural(noun: str, count: int) -> str:
    if count == 1:
        return noun
    first, _, rest = noun.partition(" ")
    # “requests for changes” and “changes to confirm”, but “failed publications”
    return f"{first}s {rest}" if rest.startswith(("for ", "to ")) else f"{noun}s"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]

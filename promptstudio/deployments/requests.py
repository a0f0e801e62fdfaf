"""How far each request is, from what its draft and its version became; whom it waits for; and what the gate asks of it.

Nothing of this is stored: a version that goes live takes its request along, and a rollback takes it back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils import timezone

from promptstudio.accounts.actor import Actor
from promptstudio.lib import clock
from promptstudio.projects.models import Environment, Membership, Project
from promptstudio.projects.roles import ROLES
from promptstudio.prompts.models import Prompt, Request, RequestEvent, Version
from promptstudio.reviews.models import Review

from .models import Placement

STATES = {
    "asked": "Asked",
    "being_written": "Being written",
    "back_with_asker": "Back with the asker",
    "confirmed": "Confirmed",
    "in_review": "In review",
    "live": "Live",
    "declined": "Declined",
}
# In these, somebody still has something to do.
OPEN_STATES = ("asked", "being_written", "back_with_asker", "confirmed", "in_review")
# Before these, whoever writes owes something.
UNWRITTEN = ("asked", "being_written")
MOST_LOOKED_AT, MOST_SHOWN = 200, 20


def with_state(requests: QuerySet[Request]) -> QuerySet[Any]:
    """Each row gets `state`, one of STATES, `last_place`, the name of the project's last environment, and `reopened_at`."""
    last = Environment.objects.filter(project=OuterRef("project")).order_by("-position")
    # A later version holds what its forerunners brought, so it carries their requests with it.
    live = Placement.objects.filter(
        prompt=OuterRef("prompt"), environment=OuterRef("last_id"), out_of_service_at=None, live__version__pk__gte=OuterRef("version")
    )
    asked_for = Review.objects.open().filter(version__prompt=OuterRef("prompt"), version__pk__gte=OuterRef("version"))
    state = Case(
        When(declined_at__isnull=False, then=Value("declined")),
        When(Exists(live), then=Value("live")),
        When(Exists(asked_for), then=Value("in_review")),
        When(confirmed_at__isnull=False, then=Value("confirmed")),
        When(sent_back_at__isnull=False, then=Value("back_with_asker")),
        When(Q(version__isnull=False) | Q(draft__became__isnull=False), then=Value("being_written")),
        When(draft__isnull=False, draft__ended_at=None, then=Value("being_written")),
        default=Value("asked"),
        output_field=CharField(),
    )
    reopened = RequestEvent.objects.filter(request=OuterRef("pk"), kind=RequestEvent.Kind.REOPENED).order_by("-id")
    facts = {"last_id": last.values("pk"), "last_place": last.values("name"), "reopened_at": reopened.values("at")}
    return requests.annotate(**{name: Subquery(rows[:1]) for name, rows in facts.items()}).annotate(state=state)


def owes(row: Any) -> str:
    """What whoever writes a request `with_state` does next: start, go_on (with the draft), send (back) or again (the asker said no)."""
    draft = row.draft
    if row.reopened_at and (draft is None or row.reopened_at > draft.created_at) and row.version is None:
        return "again"
    if draft is not None and draft.is_open:
        return "go_on"
    return "send" if row.version or (draft is not None and draft.became) else "start"


def overdue(requests: QuerySet[Any]) -> QuerySet[Any]:
    """Of requests `with_state`, those that should be written by now and are not."""
    found = requests.filter(due_on__lt=timezone.localdate(clock.now()), state__in=UNWRITTEN)
    # Nobody may write what is archived.
    return found.exclude(prompt__archived_at__isnull=False)


@dataclass(frozen=True)
class WaitingRequest:
    """`kind` is look (confirm or say what is wrong), overdue, again (the asker wants something else), send (back), start or take."""

    request: Any
    kind: str


# Most urgent first.
KINDS = ("look", "overdue", "again", "send", "start", "take")


def requests_for(actor: Actor, project: Project | None = None) -> list[WaitingRequest]:
    """What this person is asked to do about requests: most urgent first, and the longest-waiting first in each kind. Three queries."""
    if actor.key:
        return []
    found = with_state(Request.objects.visible_to(actor).open().with_everything())
    if project:
        found = found.filter(project=project)
    concerns = Q(asked_by=actor.user) | Q(owner=actor.user) | Q(owner=None) | Q(asked_by__is_active=False)
    rows = list(found.filter(concerns).order_by("asked_at")[:MOST_LOOKED_AT])
    if not rows:
        return []
    roles = list(Membership.objects.filter(user=actor.user).select_related("folder"))
    waiting = [WaitingRequest(row, kind) for row in rows if (kind := _kind(row, actor, roles))]
    return sorted(waiting, key=lambda item: KINDS.index(item.kind))


def _kind(row: Any, actor: Actor, roles: list[Membership]) -> str:
    if row.sent_back_at:
        stands_in = not row.asked_by.is_active and _held(roles, row) & ROLES["administer"]
        return "look" if row.asked_by_id == actor.user.pk or stands_in else ""
    if row.state not in UNWRITTEN or (row.prompt and row.prompt.archived_at):
        return ""
    if row.owner_id == actor.user.pk:
        if row.due_on and row.due_on < timezone.localdate(clock.now()):
            return "overdue"
        # An open draft stands among the drafts.
        return "" if (next_deed := owes(row)) == "go_on" else next_deed
    return "take" if row.owner_id is None and _held(roles, row) & ROLES["write"] else ""


def _held(roles: list[Membership], row: Request) -> set[str]:
    return {role.role for role in roles if role.holds_at(row.place)}


def requests_of(prompt: Prompt) -> list[Any]:
    """Those about a prompt, open or not, newest first."""
    return list(with_state(prompt.requests.select_related("project", "asked_by", "version")).order_by("-asked_at")[:MOST_SHOWN])


def requests_answered_by(version: Version) -> list[Any]:
    """Those for which it was ever named as the answer."""
    named = RequestEvent.objects.filter(version=version).values("request")
    return list(with_state(Request.objects.filter(pk__in=named).select_related("project", "asked_by")).order_by("asked_at"))


def links_of(prompts: Iterable[int]) -> list[RequestEvent]:
    """Every step that named a version of these prompts as an answer. One query."""
    kinds = (RequestEvent.Kind.ANSWERED, RequestEvent.Kind.SENT_BACK)
    found = RequestEvent.objects.filter(kind__in=kinds, version__prompt__in=set(prompts), request__declined_at=None)
    return list(found.select_related("request__asked_by").order_by("id"))


def brought_by(version: Version, live: Version | None, links: Iterable[RequestEvent]) -> list[Request]:
    """The requests that `version` answers: itself, or with what it brings along since `live`."""
    since = live.pk if live else 0
    found = {
        link.request_id: link.request
        for link in links
        if link.version_id == version.pk or (link.request.prompt_id == version.prompt_id and since < (link.version_id or 0) <= version.pk)
    }
    return list(found.values())


def is_confirmed(request: Request, version: Version) -> bool:
    """Whether its asker's last word was yes, to `version` or to what it follows."""
    return request.confirmed_at is not None and request.version_id is not None and request.version_id <= version.pk

"""What the page of a request shows: how it came to be where it is, and the one thing to do next."""

from dataclasses import dataclass
from typing import Any

from promptstudio.accounts.actor import Actor
from promptstudio.deployments import board, status
from promptstudio.deployments.models import WentLive
from promptstudio.deployments.requests import owes
from promptstudio.lib.permission import Allowed, Denied
from promptstudio.prompts.models import Request, RequestEvent, Version
from promptstudio.prompts.request_permissions import (
    can_confirm_answer,
    can_decline,
    can_hand_over,
    can_say,
    can_take,
    writers_for,
)
from promptstudio.reviews.models import Review

from .prompt_pages import step_url
from .requests import draft_url

# kind of the step: (icon, tone)
LOOKS = {
    "asked": ("message", ""),
    "taken": ("user", "quiet"),
    "handed_over": ("users", "quiet"),
    "started": ("pencil", "quiet"),
    "answered": ("link", "quiet"),
    "sent_back": ("send", "quiet"),
    "confirmed": ("circle-check-filled", ""),
    "reopened": ("arrow-back-up", "back"),
    "declined": ("circle-x", "back"),
}


@dataclass(frozen=True)
class Answered:
    """A version that was named as an answer, with its reviews and where it went live."""

    version: Version
    reviews: list[Review]
    lived: list[WentLive]


@dataclass(frozen=True)
class Step:
    """`kind` is look, take, start, again, go_on, send, wait, release or nothing; `url` leads on, `version` is what it is about."""

    kind: str
    url: str = ""
    label: str = ""
    version: Version | None = None


def page_context(asked: Any, actor: Actor) -> dict[str, Any]:
    """`asked` is a request `with_state` and with everything."""
    events = list(asked.events.select_related("by", "person", "version", "draft"))
    answers = list(asked.answers.all())
    may_take = can_take(actor, asked)
    may_hand_over = can_hand_over(actor, asked)
    return {
        "asked": asked,
        "steps": [(event, *LOOKS[event.kind]) for event in reversed(events) if event.kind in LOOKS],
        "talk": [event for event in events if event.words and event.kind != "asked"],
        "good": [answer for answer in answers if answer.good],
        "bad": [answer for answer in answers if not answer.good],
        "versions": _answered(events),
        "step": _step(asked, events, actor, may_take),
        "may_take": may_take,
        "may_say": can_say(actor, asked),
        "may_decline": can_decline(actor, asked),
        "may_confirm": can_confirm_answer(actor, asked),
        "writers": [person for person in writers_for(asked) if person.pk != asked.owner_id] if may_hand_over and asked.is_open else [],
        "mine": asked.asked_by_id == actor.user.pk,
    }


def _answered(events: list[RequestEvent]) -> list[Answered]:
    """Newest first."""
    found = {event.version_id: event.version for event in events if event.version}
    reviews = list(Review.objects.filter(version__in=found).select_related("environment").order_by("id"))
    lived = list(WentLive.objects.filter(version__in=found).select_related("placement__environment").order_by("id"))
    return [
        Answered(
            version,
            [review for review in reviews if review.version_id == pk],
            list({went.placement.environment_id: went for went in lived if went.version_id == pk}.values()),
        )
        for pk, version in sorted(found.items(), reverse=True)
        if version
    ]


def _step(asked: Any, events: list[RequestEvent], actor: Actor, may_take: Allowed | Denied) -> Step:
    if asked.declined_at:
        return Step("nothing")
    if asked.confirmed_at:
        return _release(asked)
    if asked.sent_back_at:
        return Step("look" if can_confirm_answer(actor, asked) else "wait", version=asked.version)
    if asked.owner_id is None:
        return Step("take") if may_take else Step("wait")
    if asked.owner_id != actor.user.pk:
        return Step("wait")
    kind = owes(asked)
    if kind == "go_on":
        return Step(kind, url=draft_url(asked.draft))
    return Step(kind, version=(asked.version or asked.draft.became) if kind == "send" else None)


def _release(asked: Request) -> Step:
    """After the yes: what its prompt needs next, as its own pages say it."""
    assert asked.prompt
    row = board.row(asked.prompt)
    step = status.next_step(row)
    url = step_url(asked.prompt, step, row)
    return Step("release", url=url, label=step.label) if url else Step("nothing")

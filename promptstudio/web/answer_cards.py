"""What stands below an answer: what people think of it, and what this person may do with it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max

from promptstudio.accounts.actor import Actor
from promptstudio.evaluations.models import Answer, Rating, Suite
from promptstudio.evaluations.permissions import can_change_suite, can_rate
from promptstudio.prompts.models import Prompt


@dataclass
class Votes:
    """`mine` is this person's own rating; `said` are those of others that have words."""

    up: int = 0
    down: int = 0
    mine: Rating | None = None
    said: list[Rating] = field(default_factory=list)


def cards_of(prompt: Prompt, answers: Iterable[Answer], actor: Actor, *, back: str) -> dict[str, Any]:
    """For the context of a page that shows `answers`. As many queries however many they are; `back` is where the page stands."""
    may_keep = can_change_suite(actor, prompt)
    return {
        # A comparison may show answers of another prompt, which has its own pages.
        "votes": votes_of([answer for answer in answers if answer.prompt_id == prompt.pk], actor),
        "may_rate": can_rate(actor, prompt),
        "may_keep": may_keep,
        "suites": suites_of(prompt) if may_keep else [],
        "back": back,
    }


def suites_of(prompt: Prompt) -> list[Suite]:
    """Those that a case can go into, the one that was saved last first."""
    return list(prompt.suites.in_use().annotate(newest_version=Max("versions")).order_by("-newest_version"))


def votes_of(answers: Iterable[Answer], actor: Actor) -> dict[int, Votes]:
    """By the key of each answer that is there; one that nobody rated has empty ones."""
    votes = {answer.pk: Votes() for answer in answers if answer.state == Answer.State.ANSWERED}
    for rating in Rating.objects.visible_to(actor).filter(answer__in=votes).select_related("person"):
        _count(votes[rating.answer_id], rating, actor)
    return votes


def _count(votes: Votes, rating: Rating, actor: Actor) -> None:
    votes.up += not rating.is_down
    votes.down += rating.is_down
    if rating.person_id == actor.user.pk:
        votes.mine = rating
    elif rating.words:
        votes.said.append(rating)

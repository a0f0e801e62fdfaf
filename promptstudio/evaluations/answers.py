"""Finding answers again: the newest one to each question, whoever asked it."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Min, Q

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.prompts.models import Prompt

from .models import Answer
from .questions import Question


def newest_answers(questions: Iterable[Question], actor: Actor) -> dict[str, Answer]:
    """By `Question.asked`. One that is on its way or failed stands where there is no other. One query."""
    found: dict[str, Answer] = {}
    rows = Answer.objects.visible_to(actor).of_prompts().filter(asked__in={question.asked for question in questions})
    for answer in rows.select_related("asked_by", "wording").order_by("id"):
        before = found.get(answer.asked)
        if before is None or answer.state == Answer.State.ANSWERED or before.state != Answer.State.ANSWERED:
            found[answer.asked] = answer
    return found


def trials_of(prompt: Prompt, by: User | None = None) -> Any:
    """Rounds that people asked to see answers, the newest first: `round`, `at`, `first` and how many answers (`count`, `waiting`)."""
    trials = Answer.objects.of_prompts().filter(prompt=prompt, result=None)
    trials = trials.filter(asked_by=by) if by else trials
    waiting = Count("id", filter=Q(state=Answer.State.WAITING))
    return (
        trials.order_by()
        .values("round")
        .annotate(at=Min("asked_at"), first=Min("id"), count=Count("id"), waiting=waiting)
        .order_by("-first")
    )


def with_labels(trials: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same with `who`, `label` of what was tried, and what filled it in. One query."""
    rows = list(trials)
    firsts = Answer.objects.with_everything().in_bulk([each["first"] for each in rows])
    return [_labelled(each, firsts[each["first"]]) for each in rows if each["first"] in firsts]


def _labelled(trial: dict[str, Any], first: Answer) -> dict[str, Any]:
    return trial | {"label": first.title, "who": first.asked_by, "filling": first.example.name if first.example else ""}

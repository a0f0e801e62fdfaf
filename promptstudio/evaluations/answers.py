"""Finding answers again: the newest one to each question, whoever asked it."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Min

from promptstudio.accounts.actor import Actor
from promptstudio.prompts.models import Prompt

from .models import Answer
from .questions import Question


def newest_answers(questions: Iterable[Question], actor: Actor) -> dict[str, Answer]:
    """By `Question.asked`. One that is on its way or failed stands where there is no other. One query."""
    found: dict[str, Answer] = {}
    rows = Answer.objects.visible_to(actor).filter(asked__in={question.asked for question in questions})
    for answer in rows.select_related("asked_by", "wording").order_by("id"):
        before = found.get(answer.asked)
        if before is None or answer.state == Answer.State.ANSWERED or before.state != Answer.State.ANSWERED:
            found[answer.asked] = answer
    return found


def rounds_of(prompt: Prompt, most: int = 6) -> list[dict[str, Any]]:
    """The newest rounds: `round`, `at`, `who`, `label` of what was tried, and the `count` of answers."""
    rounds = Answer.objects.filter(prompt=prompt).order_by().values("round")
    told = rounds.annotate(at=Min("asked_at"), who=Min("asked_by__name"), first=Min("id"), count=Count("id")).order_by("-first")[:most]
    firsts = Answer.objects.filter(pk__in=[each["first"] for each in told]).select_related("draft__created_by")
    titles = {answer.pk: answer.title for answer in firsts}
    return [{**each, "label": titles[each["first"]]} for each in told]

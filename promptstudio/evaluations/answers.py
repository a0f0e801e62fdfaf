"""Finding answers again: the newest one to each question, whoever asked it."""

from collections.abc import Iterable

from promptstudio.accounts.actor import Actor

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

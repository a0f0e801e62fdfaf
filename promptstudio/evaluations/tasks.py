from datetime import timedelta

from celery import shared_task
from django.conf import settings

from promptstudio.accounts.actor import system
from promptstudio.lib import clock
from promptstudio.lib.wake import wake_on_commit

from . import leases, worker
from .asking import ANSWER_DUE, MOST_MESSAGES
from .grading import settle_stranded
from .services import forget_old_answers

# A task asks so many questions and hands on: one that lasted for hours would be delivered to somebody else meanwhile.
SLICE = 25


@shared_task(name=ANSWER_DUE)
def answer_due() -> None:
    """Call models for a slice of what was asked. Sent with each question, and by the clock."""
    if worker.answer_due(most=SLICE) == SLICE:
        wake_on_commit(ANSWER_DUE)


@shared_task(name="evaluations.look_around")
def look_around() -> None:
    """Sent by the clock: as many workers begin as there is room for. After a pause, or a killed worker, nobody else calls them."""
    settle_stranded()
    for _ in range(min(leases.could_begin(), MOST_MESSAGES)):
        answer_due.apply_async(expires=10)


@shared_task(name="evaluations.forget_old")
def forget_old() -> None:
    """Sent by the clock every hour."""
    if settings.ANSWER_DAYS:
        forget_old_answers(before=clock.now() - timedelta(days=settings.ANSWER_DAYS), actor=system())

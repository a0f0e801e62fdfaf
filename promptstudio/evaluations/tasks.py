from datetime import timedelta

from celery import shared_task
from django.conf import settings

from promptstudio.accounts.actor import system
from promptstudio.lib import clock

from . import worker
from .services import forget_old_answers


@shared_task(name="evaluations.answer_due")
def answer_due() -> None:
    """Call models for what was asked. Sent with each question, and by the clock."""
    worker.answer_due()


@shared_task(name="evaluations.forget_old")
def forget_old() -> None:
    """Sent by the clock every hour."""
    if settings.ANSWER_DAYS:
        forget_old_answers(before=clock.now() - timedelta(days=settings.ANSWER_DAYS), actor=system())

from datetime import timedelta

from celery import shared_task
from django.conf import settings

from promptstudio.audit.services import forget_old_who
from promptstudio.lib import clock

from .actor import system


@shared_task(name="accounts.forget_old_who")
def forget_old() -> None:
    """Names and addresses in the trail go when their time is over, by whole days (UTC). By the clock every hour."""
    if settings.AUDIT_WHO_DAYS:
        today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        forget_old_who(before=today - timedelta(days=settings.AUDIT_WHO_DAYS), actor=system())

"""Tell a worker that a row waits for it. Losing the message costs seconds: the same sweep runs by the clock."""

import structlog
from django.db import transaction

log = structlog.get_logger(__name__)


def wake_on_commit(task: str) -> None:
    """Send the Celery task `task` (no arguments) once the present transaction is committed."""

    def wake() -> None:
        _send(task)

    # A named function: with functools.partial, Django 5.2 fails while logging an error that robust=True was to swallow.
    transaction.on_commit(wake, robust=True)


def _send(task: str) -> None:
    from celery import current_app

    try:
        current_app.send_task(task, ignore_result=True, retry=False)
    except current_app.connection_for_write().recoverable_connection_errors as error:
        log.warning("wake.not_sent", task=task, error=str(error))

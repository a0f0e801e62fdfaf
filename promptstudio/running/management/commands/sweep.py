import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from promptstudio.accounts.actor import system
from promptstudio.audit import anchors, streaming
from promptstudio.deployments.criteria import check_due as check_criteria
from promptstudio.deployments.places import check_due
from promptstudio.deployments.schedule_services import promote_due
from promptstudio.deployments.worker import publish_due
from promptstudio.evaluations.leases import could_begin
from promptstudio.evaluations.worker import answer_due
from promptstudio.notifications.daily import by_the_clock
from promptstudio.notifications.deliveries import deliver_due
from promptstudio.notifications.hooks import tell_receivers
from promptstudio.notifications.telling import tell_due

log = structlog.get_logger(__name__)

ANCHORED_EVERY = 3600.0
REMINDED_EVERY = 60.0
MODELS_AT_ONCE = 24


class Command(BaseCommand):
    help = "Do what is due: promotions, publications, the trail, places, telling people. With --every, again and again, without a broker."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=float, metavar="SECONDS", help="Go on until stopped, looking this often.")

    def handle(self, *args: Any, every: float | None = None, **options: Any) -> None:
        if every is None:
            promote_due(actor=system())
            tried = publish_due()
            anchors.anchor_all()
            _send_and_ask()
            by_the_clock()
            answer_due()
            self.stdout.write(f"{tried} publications tried.")
            return
        self._go_on(every)

    def _go_on(self, every: float) -> None:
        # A receiver that hangs, or a model that thinks, must not hold publications back.
        with ThreadPoolExecutor(1) as beside, ThreadPoolExecutor(MODELS_AT_ONCE) as models:
            asking: set[Future[None]] = set()
            sending: Future[None] | None = None
            # At once: a process that is restarted more often than hourly has to send them too. A head that did not move costs nothing.
            anchored_at = reminded_at = float("-inf")
            while True:
                promote_due(actor=system())
                publish_due()
                asking = {each for each in asking if not each.done()}
                for _ in range(min(could_begin(), MODELS_AT_ONCE - len(asking))):
                    asking.add(models.submit(_apart, answer_due))
                if time.monotonic() - anchored_at > ANCHORED_EVERY:
                    anchors.anchor_all()
                    anchored_at = time.monotonic()
                if sending is None or sending.done():
                    remind = time.monotonic() - reminded_at > REMINDED_EVERY
                    reminded_at = time.monotonic() if remind else reminded_at
                    sending = beside.submit(_send_and_ask, *([by_the_clock] if remind else []))
                time.sleep(every)


def _send_and_ask(*more: Callable[[], object]) -> None:
    _apart(anchors.send_due, streaming.stream_due, check_due, check_criteria, tell_due, tell_receivers, *more, deliver_due)


def _apart(*steps: Callable[[], object]) -> None:
    """In a thread of its own."""
    try:
        for step in steps:
            try:
                step()
            except Exception:
                # Nobody waits for this thread's answer, and the other steps are due all the same.
                log.exception("sweep.broken", step=step.__name__)
    finally:
        if not connection.in_atomic_block:
            connection.close()

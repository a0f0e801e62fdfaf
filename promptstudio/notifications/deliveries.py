"""E-mails: a row first, then the mail server, which is asked at most once for each as far as it lets one know."""

import smtplib
import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from promptstudio.lib import clock

from .letters import Letter, letter_for
from .models import Delivery, Notification

log = structlog.get_logger(__name__)
MOST_AN_HOUR, LONGEST_ROUND = 20, 20
FIRST_PAUSE, LONGEST_PAUSE = 30, 3600
GIVEN_UP_AFTER = timedelta(days=2)
Outcome = Delivery.Outcome


@dataclass(frozen=True)
class _Claim:
    """The right to send one message, held under a token until it is too old to be believed."""

    delivery: Delivery
    token: uuid.UUID


class _Failed(Exception):
    """The mail server does not have the message. `permanent`: nor will it take it later."""

    def __init__(self, sentence: str, *, permanent: bool = False, away: bool = False) -> None:
        super().__init__(sentence)
        self.sentence, self.permanent, self.away = sentence, permanent, away


def owe(notification: Notification) -> None:
    """One message of its own, or, after many within the hour, a place in the one that gathers the rest."""
    person, now = notification.person, clock.now()
    lately = Delivery.objects.filter(person=person, created_at__gt=now - timedelta(hours=1), kind=Delivery.Kind.ONE)
    if lately.count() < MOST_AN_HOUR:
        notification.delivery = Delivery.objects.create(person=person, kind=Delivery.Kind.ONE, created_at=now, due_at=now)
    else:
        first = lately.order_by("created_at")[0]
        gathering, _ = Delivery.objects.select_for_update().get_or_create(
            person=person,
            kind=Delivery.Kind.MORE,
            closed=False,
            defaults={"created_at": now, "due_at": first.created_at + timedelta(hours=1)},
        )
        notification.delivery = gathering
    notification.save(update_fields=["delivery"])


def deliver_due() -> int:
    """Send what is owed and due. Returns how many were sent. A server that is away ends the round: it would hold up the worker for each."""
    if not settings.EMAIL_IS_SENT:
        return 0
    _give_up_what_was_interrupted()
    sent, began = 0, time.monotonic()
    while time.monotonic() - began < LONGEST_ROUND and (claim := _next_claim()):
        try:
            sent += _sent(claim)
        except _Failed as failure:
            _put_off(claim, failure)
            if failure.away:
                break
        except Exception as error:
            log.exception("notifications.letter_broken", delivery=str(claim.delivery.uid))
            _put_off(claim, _Failed(f"It could not be written ({type(error).__name__})."))
    return sent


def hold_seconds() -> float:
    """Longer than writing one message and every step of sending it can take."""
    return float(settings.EMAIL_TIMEOUT) * 12 + 60


def _sent(claim: _Claim) -> bool:
    letter = letter_for(claim.delivery)
    if letter is None:
        _end(claim, Outcome.DROPPED)
        return False
    message = _message(claim.delivery, letter)
    server = _open_server()
    try:
        if not _handed(claim):
            return False
        _send(server, message)
    except _Failed:
        raise
    except Exception as error:
        # The line broke after the server had begun to listen: it may have taken the message.
        _end(claim, Outcome.UNKNOWN, f"The connection broke while it was sent ({type(error).__name__}).")
        log.warning("notifications.perhaps_sent", delivery=str(claim.delivery.uid))
        return False
    finally:
        _close(server)
    _end(claim, Outcome.SENT)
    return True


def _message(delivery: Delivery, letter: Letter) -> EmailMultiAlternatives:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    headers = {"Message-ID": f"<{delivery.uid}@{domain}>", "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    message = EmailMultiAlternatives(letter.subject, letter.text, to=[delivery.person.email], headers=headers)
    message.attach_alternative(letter.html, "text/html")
    try:
        message.message()
    except ValueError:
        raise _Failed("Its address or headers are not fit for an e-mail.", permanent=True) from None
    return message


def _open_server() -> BaseEmailBackend:
    server = get_connection()
    try:
        server.open()
    except (OSError, smtplib.SMTPException) as error:
        raise _Failed(f"The mail server could not be reached ({type(error).__name__}).", away=True) from error
    return server


def _send(server: BaseEmailBackend, message: EmailMultiAlternatives) -> None:
    """Raises _Failed only where the server said that it does not take the message."""
    try:
        server.send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise _Failed(f"The mail server refused the address ({', '.join(map(str, codes))}).", permanent=min(codes) >= 500) from error
    except smtplib.SMTPResponseException as error:
        raise _Failed(f"The mail server refused it ({error.smtp_code}).", permanent=error.smtp_code >= 500) from error


def _close(server: BaseEmailBackend) -> None:
    try:
        server.close()
    except Exception:
        log.warning("notifications.server_not_closed")


def _next_claim() -> _Claim | None:
    now = clock.now()
    with transaction.atomic():
        # One at a time: a server that is slow holds one worker up, and the others go on telling.
        if Delivery.objects.filter(outcome="", held_until__gt=now).exists():
            return None
        due = Delivery.objects.filter(outcome="", handed_at=None, due_at__lte=now).filter(Q(held_until=None) | Q(held_until__lte=now))
        skip = connection.features.has_select_for_update_skip_locked
        found = due.select_for_update(skip_locked=skip, of=("self",)).select_related("person").order_by("due_at", "pk").first()
        if found is None:
            return None
        found.token, found.held_until, found.closed = uuid.uuid4(), now + timedelta(seconds=hold_seconds()), True
        found.tries += 1
        found.save(update_fields=["token", "held_until", "closed", "tries"])
    return _Claim(found, found.token)


def _handed(claim: _Claim) -> bool:
    """Note that the server is asked now. False when somebody else has the message, or it is not owed any more."""
    return bool(_held(claim).update(handed_at=clock.now()))


def _end(claim: _Claim, outcome: str, error: str = "") -> None:
    _held(claim).update(outcome=outcome, ended_at=clock.now(), held_until=None, token=None, error=error)


def _put_off(claim: _Claim, failure: _Failed) -> None:
    now = clock.now()
    if failure.permanent or claim.delivery.created_at < now - GIVEN_UP_AFTER:
        _end(claim, Outcome.REFUSED, failure.sentence)
        log.warning("notifications.given_up", delivery=str(claim.delivery.uid), error=failure.sentence)
        return
    pause = timedelta(seconds=min(FIRST_PAUSE * 2 ** min(claim.delivery.tries - 1, 10), LONGEST_PAUSE))
    _held(claim).update(due_at=now + pause, held_until=None, token=None, handed_at=None, error=failure.sentence)
    if failure.away:
        waiting = Delivery.objects.filter(outcome="", handed_at=None, due_at__lte=now)
        waiting.update(due_at=now + timedelta(seconds=FIRST_PAUSE))
    log.warning("notifications.put_off", delivery=str(claim.delivery.uid), error=failure.sentence)


def _held(claim: _Claim) -> "QuerySet[Delivery]":
    return Delivery.objects.filter(pk=claim.delivery.pk, token=claim.token, outcome="")


def _give_up_what_was_interrupted() -> None:
    now = clock.now()
    cut = Delivery.objects.filter(outcome="", held_until__lte=now).exclude(handed_at=None)
    cut.update(outcome=Outcome.UNKNOWN, ended_at=now, held_until=None, token=None, error="The worker was stopped while it was sent.")

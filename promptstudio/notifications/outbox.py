"""The demo's mail server: a table, which a page shows."""

from collections.abc import Sequence
from typing import Any

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage

from .models import OutboxMessage


class Outbox(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        return len(OutboxMessage.objects.bulk_create(_row(message) for message in email_messages))


def _row(message: Any) -> OutboxMessage:
    html = next((content for content, kind in getattr(message, "alternatives", []) if kind == "text/html"), "")
    return OutboxMessage(
        message_id=message.extra_headers.get("Message-ID", "").strip("<>").partition("@")[0],
        sender=message.from_email[:400],
        to=", ".join(message.to)[:400],
        subject=message.subject,
        text=message.body,
        html=html,
    )

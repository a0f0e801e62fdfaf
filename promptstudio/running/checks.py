"""What a server needs beside what Django itself looks at, in the words of `docs/configuration.md`."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}


@register(Tags.security, deploy=True)
def server_is_set_up(**_: Any) -> list[CheckMessage]:
    return list(_missing())


def _missing() -> Iterator[CheckMessage]:
    if settings.DEMO:
        yield Warning("DEMO is on: everybody signs in as anybody, without a password. Switch it off.", id="studio.W001")
    if settings.EMBEDDED:
        yield Warning(
            "DATABASE_URL is not set: everything is in one SQLite file on this machine. Set it to PostgreSQL’s.", id="studio.W002"
        )
    if not settings.REDIS_URL:
        sentence = "REDIS_URL is not set: nothing brings work to the workers, and each process counts failed sign-ins for itself. Set it."
        yield Warning(sentence, id="studio.W003")
    if not set(settings.ALLOWED_HOSTS) - LOOPBACK:
        yield Warning(
            "ALLOWED_HOSTS is not set: nobody reaches this server by its name. Set it to the names that people type.", id="studio.W004"
        )
    if not settings.HTTPS:
        yield Warning(
            "HTTPS is not set: sessions and keys travel in the open. Put a proxy with a certificate in front, and set HTTPS=1.",
            id="studio.W005",
        )
    if not settings.AUDIT_KEY_FILE or not settings.AUDIT_ANCHORS:
        sentence = (
            "The heads of the audit trail go nowhere: whoever owns the database could rewrite it unseen."
            " Set AUDIT_KEY_FILE and an AUDIT_ANCHOR_… (docs/audit.md)."
        )
        yield Warning(sentence, id="studio.W006")

"""What is set about the trail, looked at before anything starts."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def nothing_to_sign_with(**kwargs: Any) -> list[CheckMessage]:
    if settings.AUDIT_ANCHORS and not settings.AUDIT_KEY_FILE:
        hint = "Set AUDIT_KEY_FILE to a file outside the database, and make it with `manage.py audit_key --make`."
        return [Error("Heads of the audit trail are to be sent out, and there is no key to sign them with.", hint=hint, id="audit.E001")]
    return []


@register()
def nothing_to_sign_requests_with(**kwargs: Any) -> list[CheckMessage]:
    unsigned = [name for name, (_, options) in settings.AUDIT_STREAMS.items() if "url" in options and not options.get("secret")]
    if not unsigned:
        return []
    hint = "Set AUDIT_WEBHOOK_SECRET: without it, a receiver cannot tell who sends."
    return [Error("The audit trail would be streamed in requests that nobody signed.", hint=hint, id="audit.E002")]

"""What is set about e-mail, looked at before anything starts."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def links_lead_somewhere(**kwargs: Any) -> list[CheckMessage]:
    if not settings.EMAIL_URL or settings.EMBEDDED:
        return []
    missing = [name for name in ("PUBLIC_URL", "DEFAULT_FROM_EMAIL") if not getattr(settings, name)]
    hints = {
        "PUBLIC_URL": "Set PUBLIC_URL to the address under which people open Prompt Studio, such as https://prompts.example.com.",
        "DEFAULT_FROM_EMAIL": "Set DEFAULT_FROM_EMAIL to the sender, such as Prompt Studio <prompts@example.com>.",
    }
    return [Error(f"EMAIL_URL is set and {name} is not.", hint=hints[name], id="notifications.E001") for name in missing]

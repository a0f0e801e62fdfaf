from typing import Any

import pytest
from django.core.checks import run_checks

WEBHOOK = "promptstudio.integrations.trail.webhook.Webhook"


def ids(**more: Any) -> set[str | None]:
    return {message.id for message in run_checks(**more)}


@pytest.fixture(autouse=True)
def nothing_is_set(settings: Any) -> None:
    settings.AUDIT_ANCHORS = settings.AUDIT_STREAMS = {}


def test_sending_heads_without_a_key_is_refused_at_the_start(settings: Any) -> None:
    settings.AUDIT_ANCHORS = {"file": ("x", {"path": "y"})}
    assert "audit.E001" not in ids()
    settings.AUDIT_KEY_FILE = ""
    assert "audit.E001" in ids()


def test_a_stream_that_nobody_signs_is_refused_at_the_start(settings: Any) -> None:
    settings.AUDIT_STREAMS = {"webhook": (WEBHOOK, {"url": "https://siem.example/", "secret": ""})}
    assert "audit.E002" in ids()
    settings.AUDIT_STREAMS = {"webhook": (WEBHOOK, {"url": "https://siem.example/", "secret": "ours"})}
    assert "audit.E002" not in ids()

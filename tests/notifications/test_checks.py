"""A server whose e-mails would lead nowhere does not start."""

from typing import Any

from promptstudio.notifications.checks import links_lead_somewhere


def test_an_address_and_a_sender_are_asked_for(settings: Any) -> None:
    settings.EMBEDDED, settings.EMAIL_URL, settings.PUBLIC_URL, settings.DEFAULT_FROM_EMAIL = False, "smtp://relay.example", "", ""
    assert [message.msg for message in links_lead_somewhere()] == [
        "EMAIL_URL is set and PUBLIC_URL is not.",
        "EMAIL_URL is set and DEFAULT_FROM_EMAIL is not.",
    ]
    settings.PUBLIC_URL, settings.DEFAULT_FROM_EMAIL = "https://studio.example", "studio@studio.example"
    assert links_lead_somewhere() == []

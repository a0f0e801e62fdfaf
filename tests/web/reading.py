"""Opening pages as somebody, and reading what stands on them."""

import html
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from promptstudio.accounts.actor import Actor

HTMX = {"HX-Request": "true"}
# 527 characters: markup, a turn of the writing direction, line breaks.
HOSTILE = "<script>alert(1)</script> \u202e\n\n" + "Wasserschaden\n" * 35 + "the end."


def at(client: Client, actor: Actor) -> Client:
    client.force_login(actor.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text(response: Any) -> str:
    """The page's source on one line, with quotation marks and apostrophes as a reader sees them."""
    source = response.content.decode().replace("&quot;", '"').replace("&#x27;", "'")
    return " ".join(source.split())


def queries(client: Client, url: str, **more: Any) -> int:
    """How many queries the page takes, when whatever is looked up once has been."""
    assert client.get(url, **more).status_code == 200
    with CaptureQueriesContext(connection) as captured:
        client.get(url, **more)
    return len(captured)


def typed_back(response: Any, words: str) -> bool:
    """Whether `words` stand in the page as somebody typed them, and not as markup."""
    return html.escape(words) in response.content.decode()

"""People read the table that the code goes by: in the product and in the documentation."""

import re
from html import unescape
from pathlib import Path

from django.test import Client
from django.utils.html import strip_tags

import promptstudio
from promptstudio.projects.models import Role
from promptstudio.projects.roles import DEEDS, IN_WORDS, ROLES, as_markdown, scopes_as_markdown, table
from promptstudio.projects.rules import ROLE_WORDS
from tests.cast import Cast

from .reading import at

DOCUMENT = Path(promptstudio.__file__).parent.parent / "docs" / "roles.md"


def test_the_document_has_the_table_as_it_is() -> None:
    written = DOCUMENT.read_text()
    assert as_markdown() in written
    assert scopes_as_markdown() in written


def test_settings_show_the_same_table_in_the_same_words(cast: Cast, client: Client) -> None:
    page = at(client, cast.vera).get("/p/claims/settings/people/").text
    shown = page.split("What each role may do")[1]
    rows = [
        [_text(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)] for row in re.findall(r"<tr>(.*?)</tr>", shown, re.S)
    ]
    wanted = [[words, *("yes" if may else "no" for may in answers)] for words, answers in table()]
    assert rows == [["It may", *Role.labels], *wanted]


def test_every_deed_has_words_and_every_role_a_column() -> None:
    assert set(ROLES) == set(DEEDS) == set(IN_WORDS)
    assert [label.lower() for label in Role.labels] == list(ROLE_WORDS.values())
    assert list(Role.values) == list(ROLE_WORDS)


def _text(cell: str) -> str:
    return " ".join(unescape(strip_tags(cell)).split())

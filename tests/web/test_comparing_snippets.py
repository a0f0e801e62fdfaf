"""Two versions of a snippet beside each other: what changed, what that asks of prompts, and any two by choice."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from promptstudio.prompts.models import Snippet
from tests.cast import Cast, a_snippet, reworded
from tests.web.test_prompts import browser
from tests.web.test_snippets import HOSTILE, text, url


@pytest.fixture
def snippet(cast: Cast) -> Snippet:
    """1.0.0, 1.1.0 with other words, and 2.0.0 with a variable more."""
    made = a_snippet(cast.claims, by=cast.alice)
    reworded(made, "Good day {{claim}}", by=cast.alice)
    reworded(made, "Good day {{customer}}, about {{claim}}", by=cast.alice)
    return made


def pair(snippet: Snippet, old: str, new: str, query: str = "") -> str:
    return url(snippet, f"compare/{old}...{new}/{query}")


def test_it_shows_the_words_that_changed_side_by_side_and_in_one_column(cast: Cast, snippet: Snippet) -> None:
    page = text(browser(cast.vera).get(pair(snippet, "1.0.0", "1.1.0")))
    assert '<del><span class="visually-hidden">[removed: </span>Hello' in page
    assert '<ins><span class="visually-hidden">[added: </span>Good day' in page
    assert 'data-change="1"' in page
    assert "The words, 1.0.0 beside 1.1.0" in page
    assert "The words, 1.0.0 and 1.1.0" in text(browser(cast.vera).get(pair(snippet, "1.0.0", "1.1.0", "?layout=unified")))
    assert "message" not in page.split("<main")[1].split("</main>")[0].replace("message-head", "").replace('class="message"', "")


def test_it_says_how_much_the_step_asks_and_why(cast: Cast, snippet: Snippet) -> None:
    page = text(browser(cast.vera).get(pair(snippet, "1.1.0", "2.0.0")))
    assert "Breaking" in page
    assert all(reason in page for reason in snippet.newest.reasons)
    assert "Better." in page


def test_it_lists_the_variables_that_came_and_nothing_about_settings(cast: Cast, snippet: Snippet) -> None:
    page = text(browser(cast.vera).get(pair(snippet, "1.1.0", "2.0.0")))
    assert '<bdi class="var">customer</bdi>' in page
    assert "Prompts that include it have to declare it" in page
    assert "Text, required" not in page
    assert "Both sides use the same variables" in text(browser(cast.vera).get(pair(snippet, "1.0.0", "1.1.0")))


def test_any_two_can_be_chosen_also_backwards_and_the_same_one(cast: Cast, snippet: Snippet) -> None:
    client = browser(cast.vera)
    chosen = client.get(url(snippet, "compare/"), {"old": "1.0.0", "new": "2.0.0"})
    assert chosen.headers["Location"] == pair(snippet, "1.0.0", "2.0.0")
    assert "Breaking" in text(client.get(pair(snippet, "1.0.0", "2.0.0")))
    assert "What it asks" not in text(client.get(pair(snippet, "2.0.0", "1.0.0")))
    assert "Nothing differs between 1.0.0 and 1.0.0" in text(client.get(pair(snippet, "1.0.0", "1.0.0")))


def test_without_a_choice_the_newest_stands_beside_the_one_before(cast: Cast, snippet: Snippet) -> None:
    assert browser(cast.vera).get(url(snippet, "compare/")).headers["Location"] == pair(snippet, "1.1.0", "2.0.0")


def test_of_one_version_there_is_nothing_to_compare(cast: Cast) -> None:
    first = a_snippet(cast.claims, by=cast.alice)
    assert "There is one version" in text(browser(cast.vera).get(url(first, "compare/")))
    assert "compare/" not in browser(cast.vera).get(url(first)).text.split("<main")[1]


def test_its_history_leads_to_what_each_version_changed(cast: Cast, snippet: Snippet) -> None:
    page = browser(cast.vera).get(url(snippet)).text
    assert f'href="{pair(snippet, "1.0.0", "1.1.0")}"' in page
    assert f'href="{pair(snippet, "1.1.0", "2.0.0")}"' in page
    assert "...1.0.0" not in page
    middle = browser(cast.vera).get(pair(snippet, "1.0.0", "1.1.0")).text
    assert f'href="{pair(snippet, "1.1.0", "2.0.0")}"' in middle


@pytest.mark.parametrize("sides", ["1.0.0", "1.0.0..2.0.0", "1.0.0...9.9.9", "...", "%00...%00", *HOSTILE[:1]])
def test_what_is_no_pair_is_not_there(cast: Cast, snippet: Snippet, sides: str) -> None:
    assert browser(cast.vera).get(url(snippet, f"compare/{sides}/")).status_code in (400, 404)
    assert browser(cast.vera).get(url(snippet, "compare/"), {"old": sides, "new": "x/y"}).status_code in (400, 404)


def test_words_of_a_snippet_stay_words(cast: Cast, snippet: Snippet) -> None:
    reworded(snippet, '<script>alert("x")</script> {{claim}}', by=cast.alice)
    page = browser(cast.vera).get(pair(snippet, "2.0.0", snippet.newest.semver)).text
    assert "<script>alert" not in page


def test_many_versions_take_as_many_queries_as_few(cast: Cast, snippet: Snippet) -> None:
    client = browser(cast.vera)
    client.get(pair(snippet, "1.0.0", "1.1.0"))
    with CaptureQueriesContext(connection) as few:
        client.get(pair(snippet, "1.0.0", "1.1.0"))
    for number in range(5):
        reworded(snippet, f"Good day {{{{claim}}}} {number}", by=cast.alice)
    with CaptureQueriesContext(connection) as many:
        client.get(pair(snippet, "1.0.0", "1.1.0"))
    assert len(many) == len(few)

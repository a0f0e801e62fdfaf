"""The administration's list of snippets: what one sees on the pages, who holds it, and nothing of what one does not see."""

from html import unescape

from django.test import Client

from promptstudio.accounts.actor import Actor
from promptstudio.prompts import services
from promptstudio.prompts import snippet_services as snippets
from promptstudio.prompts.models import Prompt, Snippet
from tests.cast import Cast, a_prompt, a_snippet, a_version, reworded

from ..reading import at, queries, text
from .panel import address, staff

LIST = address(Snippet, "changelist")


def one(snippet: Snippet, page: str = "change") -> str:
    return address(Snippet, page, snippet.pk)


def test_it_lists_projects_and_the_shelf_with_who_holds_what(client: Client, filled: Cast, dora: Actor) -> None:
    a_snippet(None, by=filled.root, name="footer")
    html = text(at(client, dora).get(LIST))
    assert "The organisation's shelf" in unescape(html)
    assert "1 prompt<" in html
    assert "footer" in text(client.get(LIST, {"place": "shelf"}))
    assert "greeting" not in text(client.get(LIST, {"place": "shelf"})).split("<tbody")[1]


def test_one_shows_words_versions_and_who_holds_it(client: Client, filled: Cast, dora: Actor) -> None:
    snippet = Snippet.objects.get(name="greeting")
    html = text(at(client, dora).get(one(snippet)))
    assert "Good day {{claim}}" in html
    assert f"/p/claims/snippets/{snippet.uid}/compare/1.0.0...1.1.0/" in html
    assert "holds 1.0.0" in html
    assert "made the snippet" in text(client.get(one(snippet, "history")))


def test_a_shelf_snippet_is_read_in_a_project_that_one_sees(client: Client, filled: Cast, dora: Actor) -> None:
    shared = a_snippet(None, by=filled.root, name="footer")
    assert f"/p/claims/snippets/{shared.uid}/" in text(at(client, dora).get(one(shared)))
    assert client.get(one(shared, "history")).status_code == 200


def test_a_restricted_prompt_is_neither_named_nor_counted(client: Client, filled: Cast) -> None:
    prompt = Prompt.objects.get(title="Letter")
    services.restrict_prompt(prompt=prompt, people=[filled.bella.user], actor=filled.alice)
    snippet = Snippet.objects.get(name="greeting")
    bob = staff(filled.vera)
    assert "0 prompts" in text(at(client, bob).get(LIST))
    assert prompt.title not in text(client.get(one(snippet)))
    assert "No prompt that you see." in text(client.get(one(snippet)))


def test_archived_ones_are_a_filter(client: Client, filled: Cast, dora: Actor) -> None:
    snippet = Snippet.objects.get(name="greeting")
    snippets.archive_snippet(snippet=snippet, reason="<i>Old</i>", actor=filled.alice)
    at(client, dora)
    assert "greeting" in text(client.get(LIST, {"archived": "yes"})).split("<tbody")[1]
    assert "<tbody" not in text(client.get(LIST, {"archived": "no"}))
    assert "&lt;i&gt;Old&lt;/i&gt;" in text(client.get(one(snippet)))


def test_the_list_takes_as_many_queries_for_many_as_for_one(client: Client, filled: Cast, dora: Actor) -> None:
    at(client, dora).get(LIST)
    few = queries(client, LIST)
    for number in range(6):
        snippet = a_snippet(filled.claims, by=filled.alice, name=f"more-{number}")
        a_version(a_prompt(filled.claims, by=filled.alice), by=filled.alice, text=f"{{{{> more-{number}}}}}")
        reworded(snippet, "Good day {{claim}}", by=filled.alice)
    assert queries(client, LIST) == few

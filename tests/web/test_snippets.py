"""Snippets: the list, one with who uses it, making and changing them, and what editor, versions and comparisons show of them."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from promptstudio.prompts import services
from promptstudio.prompts.models import Draft, Prompt, Snippet
from promptstudio.web.forms.bundle_form import fields_of
from promptstudio.web.requests import draft_url
from tests.cast import Cast, a_prompt, a_snippet, a_version, bundle, reworded
from tests.web.test_editing import save_url, words
from tests.web.test_prompts import address, browser

LIST = "/p/claims/snippets/"
HOSTILE = ['<script>alert("x")</script>', "‮RTL", "🙂" * 50, "x" * 5000, "{{> ", "' OR 1=1"]


@pytest.fixture
def snippet(cast: Cast) -> Snippet:
    return a_snippet(cast.claims, by=cast.alice)


@pytest.fixture
def behind(cast: Cast, prompt: Prompt, snippet: Snippet) -> Snippet:
    """The prompt holds 1.0.0, and 1.1.0 is there."""
    a_version(prompt, by=cast.alice, text="{{> greeting}} Go on.")
    reworded(snippet, "Good day {{claim}}", by=cast.alice)
    return snippet


def url(snippet: Snippet, page: str = "") -> str:
    return f"{LIST}{snippet.uid}/{page}"


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def a_draft(prompt: Prompt, cast: Cast, words: str) -> Draft:
    draft = services.open_draft(prompt=prompt, actor=cast.alice)
    return services.save_draft(draft=draft, content=bundle(words), revision=draft.revision, actor=cast.alice)


def test_the_list_says_who_uses_what_and_who_lags_behind(cast: Cast, behind: Snippet) -> None:
    a_snippet(None, by=cast.root, name="legal-footer")
    page = text(browser(cast.vera).get(LIST))
    assert "1 prompt<" in page
    assert "1 behind" in page
    assert "legal-footer" in page
    assert "legal-footer" not in text(browser(cast.vera).get(LIST, {"place": "project"}))
    assert "greeting" not in text(browser(cast.vera).get(LIST, {"q": "legal"}))


def test_the_library_leads_to_it(cast: Cast) -> None:
    assert f'href="{LIST}"' in browser(cast.vera).get("/p/claims/prompts/").text


def test_the_list_takes_as_many_queries_for_many_as_for_one(cast: Cast, behind: Snippet) -> None:
    client = browser(cast.vera)
    client.get(LIST)
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get(LIST)
    for number in range(8):
        a_snippet(cast.claims, by=cast.alice, name=f"more-{number}")
        a_version(a_prompt(cast.claims, by=cast.alice), by=cast.alice, text=f"{{{{> more-{number}}}}} {{{{> greeting}}}}")
    with CaptureQueriesContext(connection) as many:
        client.get(LIST)
    assert len(many) == len(one)
    assert len(one) < 30


def test_a_page_of_one_takes_as_many_queries_for_many_uses(cast: Cast, behind: Snippet) -> None:
    client = browser(cast.alice)
    client.get(url(behind))
    with CaptureQueriesContext(connection) as one:
        client.get(url(behind))
    for _ in range(6):
        a_version(a_prompt(cast.claims, by=cast.alice), by=cast.alice, text="{{> greeting@1.0.0}}")
    with CaptureQueriesContext(connection) as many:
        client.get(url(behind))
    assert len(many) == len(one)


def test_a_restricted_prompt_is_neither_named_nor_counted(cast: Cast, prompt: Prompt, behind: Snippet) -> None:
    services.restrict_prompt(prompt=prompt, people=[cast.bella.user], actor=cast.alice)
    for page in (LIST, url(behind), url(behind) + "?show=behind"):
        shown = text(browser(cast.vera).get(page))
        assert prompt.title not in shown
        assert "behind<" not in shown.replace(">Behind<", "")
    assert "Used by 0 prompts" in text(browser(cast.vera).get(url(behind)))
    assert "Used by 1 prompt, 1 of them behind" in text(browser(cast.bella).get(url(behind)))


def test_another_projects_snippet_is_not_there(cast: Cast, snippet: Snippet) -> None:
    assert browser(cast.charlie).get(f"/p/elsewhere/snippets/{snippet.uid}/").status_code == 404
    assert browser(cast.charlie).get(LIST).status_code == 404


def test_making_one(cast: Cast) -> None:
    response = browser(cast.alice).post(LIST + "new/", {"name": "footer", "purpose": "The end.", "text": "Yours\r\nThe claims team"})
    made = Snippet.objects.get()
    assert response.headers["Location"] == url(made)
    assert (made.newest.text, made.owner) == ("Yours\nThe claims team", cast.alice.user)


def test_only_site_admins_are_offered_the_shelf(cast: Cast) -> None:
    assert "shelf, for every project" not in browser(cast.dora).get(LIST + "new/").text
    assert "shelf, for every project" in browser(cast.root).get(LIST + "new/").text
    given = {"name": "footer", "purpose": "The end.", "text": "Yours", "place": "shelf"}
    assert browser(cast.dora).post(LIST + "new/", given).status_code == 403
    browser(cast.root).post(LIST + "new/", given)
    assert Snippet.objects.get().on_shelf


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(cast: Cast, snippet: Snippet) -> None:
    response = browser(cast.alice).post(LIST + "new/", {"name": "greeting", "purpose": "", "text": "A\n{{> nowhere}}"})
    assert response.status_code == 422
    assert "Say in a sentence what it is for" in response.text
    response = browser(cast.alice).post(LIST + "new/", {"name": "x", "purpose": "X", "text": "A\n{{> nowhere}}"})
    assert "Line 2: There is no snippet called nowhere." in response.text
    assert "A\n{{&gt; nowhere}}" in response.text
    response = browser(cast.alice).post(LIST + "new/", {"name": "greeting", "purpose": "X", "text": "A"})
    assert "There is already a snippet called greeting in Claims" in response.text


def test_a_snippet_named_in_plain_words_gets_the_name_that_they_make(cast: Cast) -> None:
    given = {"name": "House Grüeting!", "purpose": "X.", "text": "Hello"}
    page = browser(cast.alice).post(LIST + "new/", given, follow=True).text
    assert "house-grueting is there." in page
    assert Snippet.objects.get().name == "house-grueting"
    answer = browser(cast.alice).post(LIST + "new/", given | {"name": "日本"})
    assert (answer.status_code, "日本" in answer.text, "A name has small letters" in answer.text) == (422, True, True)


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_give_a_page(cast: Cast, snippet: Snippet, words: str) -> None:
    client = browser(cast.alice)
    for response in (
        client.get(LIST, {"q": words, "place": words, "page": words}),
        client.get(url(snippet), {"q": words, "show": words, "page": words}),
        client.post(LIST + "new/", {"name": words, "purpose": words, "text": words, "place": words}),
        client.post(url(snippet, "edit/"), {"text": words, "summary": words, "follows": words}),
        client.post(url(snippet, "change/"), {"purpose": words, "owner": words}),
    ):
        assert response.status_code in (200, 303, 409, 422)
        assert "<script>alert" not in response.text
    assert client.get(url(snippet)).status_code == 200


def test_a_new_version_touches_no_prompt(cast: Cast, prompt: Prompt, snippet: Snippet) -> None:
    a_version(prompt, by=cast.alice, text="{{> greeting}}")
    given = {"text": "Good day {{claim}}", "summary": "Politer.", "follows": "1.0.0"}
    assert browser(cast.alice).post(url(snippet, "edit/"), given).status_code == 303
    assert snippet.newest.semver == "1.1.0"
    assert prompt.newest
    assert prompt.newest.bundle.messages[0].text == "Hello {{claim}}"


def test_who_was_slower_keeps_what_was_typed(cast: Cast, behind: Snippet) -> None:
    response = browser(cast.alice).post(url(behind, "edit/"), {"text": "Mine", "summary": "Mine.", "follows": "1.0.0"})
    assert response.status_code == 409
    assert "Alice saved 1.1.0" in response.text
    assert ">\nMine</textarea>" in response.text


def test_who_may_not_change_it_reads_why(cast: Cast, snippet: Snippet) -> None:
    why = "Only its owner Alice and project admins change this snippet. Ask them."
    assert why in browser(cast.bob).get(url(snippet)).text
    assert why in browser(cast.bob).post(url(snippet, "edit/"), {}).text


def test_its_owner_hands_it_over(cast: Cast, snippet: Snippet) -> None:
    browser(cast.alice).post(url(snippet, "change/"), {"purpose": "Bob's now.", "owner": "Bob"})
    snippet.refresh_from_db()
    assert (snippet.owner, snippet.purpose) == (cast.bob.user, "Bob's now.")
    response = browser(cast.bob).post(url(snippet, "change/"), {"purpose": "X", "owner": "Vera"})
    assert response.status_code == 422
    assert "Vera may not write in this project" in response.text


def test_one_button_opens_drafts_in_all_that_lag(cast: Cast, behind: Snippet) -> None:
    client = browser(cast.alice)
    a_version(a_prompt(cast.claims, by=cast.alice, title="Second"), by=cast.alice, text="{{> greeting@1.0.0}}")
    assert "Open drafts in all 2" in client.get(url(behind)).text
    response = client.post(url(behind, "drafts/"), follow=True)
    assert "2 drafts are open with greeting 1.1.0" in response.text
    assert response.text.count("Draft with 1.1.0") == 2
    assert "Open drafts" not in response.text
    assert client.post(url(behind, "drafts/")).status_code == 409


def test_the_editor_names_a_missing_snippet_at_its_line(cast: Cast, prompt: Prompt) -> None:
    draft = a_draft(prompt, cast, "One {{claim}}\n{{> nowhere}}")
    page = browser(cast.alice).get(address(prompt, f"drafts/{draft.uid}/")).text
    assert "There is no snippet called nowhere." in page
    assert "cannot be a variable" not in page


def test_the_editors_preview_has_the_words_of_the_snippet(cast: Cast, prompt: Prompt, snippet: Snippet) -> None:
    response = browser(cast.alice).get(address(prompt, f"drafts/{a_draft(prompt, cast, '{{> greeting}} Go on.').uid}/"))
    (card,) = response.context["preview"].cards
    assert card.html.startswith("Hello <span")
    assert "must be mended" not in response.text.lower()


def test_a_variable_that_only_the_snippet_needs_is_asked_for(cast: Cast, prompt: Prompt, snippet: Snippet) -> None:
    draft = services.open_draft(prompt=prompt, actor=cast.alice)
    content = {"kind": "text", "messages": [{"role": "user", "text": "{{> greeting}}"}]}
    services.save_draft(draft=draft, content=content, revision=1, actor=cast.alice)
    page = browser(cast.alice).get(address(prompt, f"drafts/{draft.uid}/")).text
    assert "In the snippet greeting: claim is not in the table of variables" in page


def test_saving_shows_the_words_that_will_be_frozen(cast: Cast, prompt: Prompt, behind: Snippet) -> None:
    draft = services.open_draft(prompt=prompt, actor=cast.alice)
    page = browser(cast.alice).get(address(prompt, f"drafts/{draft.uid}/save/"))
    assert "Good day" in page.text
    assert page.context["becomes"] == "1.1.0"


def test_a_version_shows_its_words_and_which_snippets_they_came_from(cast: Cast, prompt: Prompt, behind: Snippet) -> None:
    page = text(browser(cast.vera).get(address(prompt, "versions/1.0.0/")))
    assert "Hello <span" in page
    assert "Snippets in it" in page
    assert "1.1.0 is the newest" in page


def test_comparing_shows_resolved_words_and_the_numbers_of_snippets(cast: Cast, prompt: Prompt, behind: Snippet) -> None:
    draft = services.open_draft(prompt=prompt, actor=cast.alice)
    page = text(browser(cast.vera).get(address(prompt, f"compare/1.0.0...draft:{draft.uid}/")))
    assert "1.0.0 → 1.1.0" in page
    assert "Good day" in page
    assert "{{&gt;" not in page


def test_an_unfinished_include_is_said_when_comparing(cast: Cast, prompt: Prompt) -> None:
    draft = a_draft(prompt, cast, "{{> nowhere}} {{claim}}")
    response = browser(cast.vera).get(address(prompt, f"compare/draft:{draft.uid}...draft:{draft.uid}/"))
    assert response.status_code == 422
    assert "There is no snippet called nowhere." in response.text


def test_what_can_be_included_is_known_for_completion(cast: Cast, behind: Snippet) -> None:
    a_snippet(None, by=cast.root, name="footer")
    found = browser(cast.vera).get(LIST + "known.json").json()["snippets"]
    assert [(one["name"], one["newest"], one["on_shelf"]) for one in found] == [("footer", "1.0.0", True), ("greeting", "1.1.0", False)]
    assert found[1]["versions"] == ["1.1.0", "1.0.0"]


def test_the_trail_says_what_happened_and_leads_to_it(cast: Cast, behind: Snippet) -> None:
    a_snippet(None, by=cast.root, name="shelved")
    page = browser(cast.dora).get("/p/claims/audit/", {"kind": "writing"}).text
    assert "made the snippet" in page
    assert "saved <b>greeting 1.1.0</b>, a snippet" in page
    assert f'href="{url(behind)}"' in page
    assert "shelved" not in page
    assert "shelved" in browser(cast.root).get("/audit/", {"kind": "snippets"}).text


def test_archiving_says_who_holds_it_and_takes_a_reason(cast: Cast, prompt: Prompt, behind: Snippet) -> None:
    a_draft(a_prompt(cast.claims, by=cast.alice), cast, "{{> greeting}}")
    page = text(browser(cast.alice).get(url(behind)))
    assert "1 prompt holds it, and 1 open draft includes it." in page
    refused = browser(cast.alice).post(url(behind, "archive/"), {"reason": " "})
    assert refused.status_code == 422
    assert "Say in a sentence why nobody should include it any more." in refused.text
    assert browser(cast.alice).post(url(behind, "archive/"), {"reason": "<b>Old</b>"}).status_code == 303
    page = text(browser(cast.vera).get(url(behind)))
    assert "Alice archived this snippet" in page
    assert "&lt;b&gt;Old" in page
    assert "1 open draft still includes it" in page
    assert "New version" not in page
    assert "Open a draft in the one" not in text(browser(cast.alice).get(url(behind)))
    assert "Bring it back" not in page


def test_the_archive_is_a_filter_of_the_list_and_nothing_in_it_is_offered(cast: Cast, snippet: Snippet) -> None:
    client = browser(cast.alice)
    assert "archived snippet" not in text(client.get(LIST))
    client.post(url(snippet, "archive/"), {"reason": "Old."})
    page = text(client.get(LIST))
    assert "Show 1 archived snippet" in page
    assert url(snippet) not in page
    assert url(snippet) in text(client.get(LIST, {"archived": "1"}))
    assert client.get(LIST + "known.json").json() == {"snippets": []}
    assert client.post(url(snippet, "restore/")).status_code == 303
    assert [one["name"] for one in client.get(LIST + "known.json").json()["snippets"]] == ["greeting"]


def test_where_all_is_archived_the_list_says_so_and_leads_on(cast: Cast, snippet: Snippet) -> None:
    client = browser(cast.alice)
    assert "No snippet is archived" in text(client.get(LIST, {"archived": "1"}))
    client.post(url(snippet, "archive/"), {"reason": "Old."})
    page = text(client.get(LIST))
    assert ("The only snippet is archived" in page, "No snippet fits" in page) == (True, False)
    assert 'href="?archived=1">See it</a>' in page
    assert page.count(f'href="{LIST}new/"') == 2
    assert f'href="{LIST}new/">New snippet' not in text(browser(cast.vera).get(LIST))
    assert "No snippet fits" in text(client.get(LIST, {"q": "footer"}))


def test_a_draft_says_at_the_line_that_its_snippet_is_archived(cast: Cast, prompt: Prompt, snippet: Snippet) -> None:
    draft = a_draft(prompt, cast, "One\n{{> greeting}} {{claim}}")
    browser(cast.alice).post(url(snippet, "archive/"), {"reason": "Use <hello>."})
    page = browser(cast.alice).get(draft_url(draft)).text
    assert "The snippet greeting is archived since" in page
    assert "Use &lt;hello&gt;." in page
    assert "Hello " in page


def test_only_its_keepers_archive_it(cast: Cast, snippet: Snippet) -> None:
    for actor in (cast.bob, cast.vera):
        assert browser(actor).post(url(snippet, "archive/"), {"reason": "Old."}).status_code == 403
        assert "Archive this snippet" not in browser(actor).get(url(snippet)).text


@pytest.mark.parametrize("typed", ["One\n{{> greeting}} {{claim}}", "One\n{{> greeting@1.0.0 }} {{claim}}"])
def test_the_words_of_an_archived_snippet_are_written_out_by_one_click(cast: Cast, prompt: Prompt, snippet: Snippet, typed: str) -> None:
    draft = a_draft(prompt, cast, typed)
    browser(cast.alice).post(url(snippet, "archive/"), {"reason": "Old"})
    key = fields_of(draft.content).messages[0].key
    assert f'value="write_out:{key}:greeting"' in browser(cast.alice).get(draft_url(draft)).text
    assert browser(cast.alice).post(save_url(draft), words(draft, step=f"write_out:{key}:greeting")).status_code == 303
    draft.refresh_from_db()
    assert draft.content["messages"][0]["text"] == "One\nHello {{claim}} {{claim}}"


@pytest.mark.parametrize(
    "step", ["write_out", "write_out:", "write_out:1:nowhere", "write_out:99:greeting", "write_out:system:<b>", "write_out:::"]
)
def test_what_cannot_be_written_out_stays(cast: Cast, prompt: Prompt, snippet: Snippet, step: str) -> None:
    draft = a_draft(prompt, cast, "{{> greeting}} {{> nowhere}} {{claim}}")
    before = draft.content
    assert browser(cast.alice).post(save_url(draft), words(draft, step=step)).status_code == 303
    draft.refresh_from_db()
    assert draft.content["messages"] == before["messages"]

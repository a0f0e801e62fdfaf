"""An archived snippet comes into nothing new; whoever holds its words keeps them, and is told."""

from typing import Any

import pytest

from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.prompts import services
from promptstudio.prompts import snippet_services as snippets
from promptstudio.prompts.freezing import freeze
from promptstudio.prompts.including import drafts_with
from promptstudio.prompts.models import Prompt, Snippet, Version
from tests.cast import Cast, a_prompt, a_snippet, a_version, bundle, reworded
from tests.prompts.test_snippet_services import draft_of


@pytest.fixture
def snippet(cast: Cast) -> Snippet:
    return a_snippet(cast.claims, by=cast.alice)


def archived(snippet: Snippet, cast: Cast, reason: str = "Use hello.") -> Snippet:
    return snippets.archive_snippet(snippet=snippet, reason=reason, actor=cast.alice)


def levels(prompt: Prompt, text: str) -> list[tuple[str, str, int | None]]:
    return [(f.level, f.place, f.line) for f in freeze(prompt, bundle(text)).findings if "archived" in f.sentence]


def test_it_comes_into_no_prompt_that_never_held_it(cast: Cast, prompt: Prompt, snippet: Snippet) -> None:
    archived(snippet, cast)
    assert levels(prompt, "One\nTwo {{> greeting}}") == [("error", "messages.0.text", 2)]
    with pytest.raises(Invalid, match=r"The snippet greeting is archived since .* “Use hello.” Take it out"):
        a_version(prompt, by=cast.alice, text="{{> greeting}}")


def test_a_prompt_that_holds_it_goes_on_with_a_warning(cast: Cast, prompt: Prompt, snippet: Snippet) -> None:
    a_version(prompt, by=cast.alice, text="{{> greeting}}")
    archived(snippet, cast)
    assert levels(prompt, "{{> greeting}} More.") == [("warning", "messages.0.text", 1)]
    assert a_version(prompt, by=cast.alice, text="{{> greeting}} More.").bundle.messages[0].text == "Hello {{claim}} More."


def test_what_an_older_version_held_is_anew_when_the_newest_does_not(cast: Cast, prompt: Prompt, snippet: Snippet) -> None:
    a_version(prompt, by=cast.alice, text="{{> greeting}}")
    a_version(prompt, by=cast.alice, text="Nothing of {{claim}}")
    archived(snippet, cast)
    assert levels(prompt, "{{> greeting}}")[0][0] == "error"


def test_a_draft_with_it_still_shows_its_words(cast: Cast, prompt: Prompt, snippet: Snippet) -> None:
    draft = draft_of(prompt, cast, "{{> greeting}} Go on.")
    archived(snippet, cast)
    frozen = freeze(prompt, draft.content)
    assert frozen.data["messages"][0]["text"] == "Hello {{claim}} Go on."
    assert frozen.bundle.messages[0].text == "Hello {{claim}} Go on."
    assert "messages.0.text" in frozen.errors


def test_versions_that_froze_it_are_untouched(cast: Cast, prompt: Prompt, snippet: Snippet) -> None:
    version = a_version(prompt, by=cast.alice, text="{{> greeting}}")
    archived(snippet, cast)
    assert Version.objects.get(pk=version.pk).canonical == version.canonical


def test_a_snippet_of_another_snippet_cannot_be_archived(cast: Cast, snippet: Snippet) -> None:
    letter = a_snippet(cast.claims, by=cast.alice, name="letter", text="{{> greeting}} and more")
    with pytest.raises(Conflict, match=r"The snippet letter includes it. Take it out there first."):
        archived(snippet, cast)
    reworded(letter, "Hello and more", by=cast.alice)
    assert archived(snippet, cast).archived_at


def test_snippets_of_projects_that_one_does_not_see_are_counted_and_not_named(cast: Cast) -> None:
    shared = a_snippet(None, by=cast.root)
    snippets.change_snippet(snippet=shared, purpose="Alice's.", owner=cast.alice.user, actor=cast.root)
    a_snippet(cast.elsewhere, by=cast.charlie, name="secret-letter", text="{{> greeting}}")
    with pytest.raises(Conflict) as refused:
        archived(shared, cast)
    assert refused.value.sentence == "1 snippet elsewhere includes it. Take it out there first."


def test_it_comes_into_no_other_snippet_but_stays_where_it_stood(cast: Cast, snippet: Snippet) -> None:
    letter = a_snippet(cast.claims, by=cast.alice, name="letter", text="Only words")
    archived(snippet, cast)
    with pytest.raises(Invalid, match="greeting is archived"):
        reworded(letter, "{{> greeting}}", by=cast.alice)
    with pytest.raises(Invalid, match="greeting is archived"):
        a_snippet(cast.claims, by=cast.alice, name="another", text="{{> greeting}}")


def test_it_is_read_and_not_changed_until_it_is_back(cast: Cast, snippet: Snippet) -> None:
    archived(snippet, cast)
    with pytest.raises(NotAllowed, match="archived"):
        reworded(snippet.__class__.objects.get(pk=snippet.pk), "X", by=cast.alice)
    with pytest.raises(Conflict, match="archived"):
        snippets.open_drafts_with(snippet=snippet, project=cast.claims, actor=cast.alice)
    snippets.restore_snippet(snippet=snippet, actor=cast.alice)
    assert reworded(Snippet.objects.get(pk=snippet.pk), "Good day {{claim}}", by=cast.alice).semver == "1.1.0"


def test_brought_back_it_is_included_again(cast: Cast, prompt: Prompt, snippet: Snippet) -> None:
    archived(snippet, cast)
    snippets.restore_snippet(snippet=snippet, actor=cast.dora)
    assert a_version(prompt, by=cast.alice, text="{{> greeting}}").bundle.messages[0].text == "Hello {{claim}}"


@pytest.mark.parametrize(("reason", "match"), [("  ", "Say in a sentence"), ("x" * 20_001, "20,000")])
def test_it_takes_a_reason(cast: Cast, snippet: Snippet, reason: str, match: str) -> None:
    with pytest.raises(Invalid, match=match):
        archived(snippet, cast, reason)


def test_twice_is_a_conflict(cast: Cast, snippet: Snippet) -> None:
    with pytest.raises(Conflict):
        snippets.restore_snippet(snippet=snippet, actor=cast.alice)
    archived(snippet, cast)
    with pytest.raises(Conflict):
        archived(snippet, cast)


def test_the_shelfs_are_archived_by_their_owners_and_site_admins(cast: Cast) -> None:
    shared = a_snippet(None, by=cast.root)
    for actor in (cast.dora, cast.alice, cast.vera):
        with pytest.raises(NotAllowed):
            snippets.archive_snippet(snippet=shared, reason="Old.", actor=actor)
    assert snippets.archive_snippet(snippet=shared, reason="Old.", actor=cast.root).archived_by == cast.root.user


def test_its_name_stays_taken_where_it_stands_and_is_free_elsewhere(cast: Cast, snippet: Snippet) -> None:
    archived(snippet, cast)
    with pytest.raises(Conflict, match=r"archived here. Bring it back"):
        a_snippet(cast.claims, by=cast.alice)
    snippets.archive_snippet(snippet=a_snippet(None, by=cast.root, name="footer"), reason="Old.", actor=cast.root)
    assert a_snippet(cast.claims, by=cast.alice, name="footer")


def test_open_drafts_that_name_it_are_found_as_far_as_one_sees_them(cast: Cast, prompt: Prompt, snippet: Snippet) -> None:
    draft = draft_of(prompt, cast, "{{> greeting}}")
    draft_of(a_prompt(cast.claims, by=cast.alice), cast, "A greeting without braces, and {{> greetings}}")
    assert drafts_with(snippet, cast.vera) == [draft]
    services.restrict_prompt(prompt=prompt, people=[cast.bella.user], actor=cast.alice)
    assert drafts_with(snippet, cast.vera) == []


def test_a_projects_own_snippet_of_that_name_is_not_taken_for_the_shelfs(cast: Cast, prompt: Prompt, snippet: Snippet) -> None:
    shared = a_snippet(None, by=cast.root)
    draft_of(prompt, cast, "{{> greeting}}")
    assert drafts_with(shared, cast.root) == []


def test_two_that_put_the_same_name_on_the_shelf_at_once_do_not_break(cast: Cast, monkeypatch: Any) -> None:
    def taken_meanwhile(name: str, project: Any) -> None:
        """Free for both who look; the database knows better."""

    a_snippet(None, by=cast.root)
    monkeypatch.setattr(snippets, "_check_free", taken_meanwhile)
    with pytest.raises(Conflict, match="already a snippet called greeting in the shelf"):
        a_snippet(None, by=cast.root)
    assert Snippet.objects.count() == 1

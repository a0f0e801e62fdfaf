"""Snippets are frozen into the version that includes them, kept by their owners, and brought to who lags behind."""

import pytest

from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.prompts import services
from promptstudio.prompts import snippet_services as snippets
from promptstudio.prompts.models import Draft, Inclusion, Prompt, Version
from tests.cast import Cast, a_prompt, a_snippet, a_version, bundle, reworded


def held(version: Version) -> list[str]:
    return sorted(str(inclusion.snippet_version) for inclusion in Inclusion.objects.filter(version=version))


def draft_of(prompt: Prompt, cast: Cast, text: str) -> Draft:
    draft = services.open_draft(prompt=prompt, actor=cast.alice)
    return services.save_draft(draft=draft, content=bundle(text), revision=draft.revision, actor=cast.alice)


def test_a_version_holds_the_words_and_remembers_where_they_came_from(cast: Cast, prompt: Prompt) -> None:
    a_snippet(cast.claims, by=cast.alice)
    version = a_version(prompt, by=cast.alice, text="{{> greeting}}. Go on.")
    assert version.bundle.messages[0].text == "Hello {{claim}}. Go on."
    assert "{{>" not in version.canonical
    assert held(version) == ["greeting 1.0.0"]


def test_its_digest_is_that_of_the_words_that_readers_get(cast: Cast, prompt: Prompt) -> None:
    a_snippet(cast.claims, by=cast.alice)
    included = a_version(prompt, by=cast.alice, text="{{> greeting}}. Go on.")
    written_out = a_version(a_prompt(cast.claims, by=cast.alice), by=cast.alice, text="Hello {{claim}}. Go on.")
    assert included.digest == written_out.digest
    assert held(written_out) == []


def test_approved_words_stay_when_the_snippet_changes(cast: Cast, prompt: Prompt) -> None:
    snippet = a_snippet(cast.claims, by=cast.alice)
    version = a_version(prompt, by=cast.alice, text="{{> greeting}}")
    reworded(snippet, "Good morning {{claim}}", by=cast.alice)
    assert Version.objects.get(pk=version.pk).bundle.messages[0].text == "Hello {{claim}}"


def test_the_next_draft_has_the_include_again(cast: Cast, prompt: Prompt) -> None:
    a_snippet(cast.claims, by=cast.alice)
    version = a_version(prompt, by=cast.alice, text="{{> greeting@^1}}")
    draft = services.open_draft(prompt=prompt, actor=cast.alice)
    assert draft.content["messages"][0]["text"] == "{{> greeting@^1}}"
    with pytest.raises(services.NothingChanged):
        services.save_version_of_draft(draft=draft, revision=draft.revision, change=services.Change("Again"), actor=cast.alice)
    assert draft.based_on == version


def test_saving_again_takes_over_the_new_words(cast: Cast, prompt: Prompt) -> None:
    snippet = a_snippet(cast.claims, by=cast.alice)
    a_version(prompt, by=cast.alice, text="{{> greeting}}")
    reworded(snippet, "Hello {{claim}}. Pay at most 20.", by=cast.alice)
    draft = services.open_draft(prompt=prompt, actor=cast.alice)
    version = services.save_version_of_draft(draft=draft, revision=draft.revision, change=services.Change("New greeting"), actor=cast.alice)
    assert version.bundle.messages[0].text == "Hello {{claim}}. Pay at most 20."
    assert held(version) == ["greeting 1.1.0"]


def test_a_version_with_a_snippet_that_is_not_there_is_refused_at_its_text(cast: Cast, prompt: Prompt) -> None:
    with pytest.raises(Invalid) as refused:
        a_version(prompt, by=cast.alice, text="{{> nowhere}} {{claim}}")
    assert refused.value.errors == {
        "messages.0.text": "Line 1: There is no snippet called nowhere. Check its name, or make it under Snippets.",
    }
    assert not Version.objects.exists()


def test_a_snippet_of_another_project_is_not_there(cast: Cast) -> None:
    a_snippet(cast.claims, by=cast.alice)
    theirs = a_prompt(cast.elsewhere, by=cast.charlie)
    with pytest.raises(Invalid, match="There is no snippet called greeting"):
        a_version(theirs, by=cast.charlie, text="{{> greeting}}")


def test_every_project_includes_what_stands_on_the_shelf(cast: Cast) -> None:
    a_snippet(None, by=cast.root)
    theirs = a_prompt(cast.elsewhere, by=cast.charlie)
    assert a_version(theirs, by=cast.charlie, text="{{> greeting}}").bundle.messages[0].text == "Hello {{claim}}"


@pytest.mark.parametrize("name", ["vera", "axel", "charlie"])
def test_whoever_may_not_write_makes_no_snippet(cast: Cast, name: str) -> None:
    with pytest.raises(NotAllowed):
        a_snippet(cast.claims, by=getattr(cast, name))


def test_only_a_site_admin_puts_one_on_the_shelf(cast: Cast) -> None:
    with pytest.raises(NotAllowed, match="Only a site admin"):
        snippets.add_snippet(project=None, name="x", purpose="x", text="x", actor=cast.dora)


def test_only_its_owner_and_project_admins_change_it(cast: Cast) -> None:
    snippet = a_snippet(cast.claims, by=cast.alice)
    with pytest.raises(NotAllowed, match="Only its owner Alice and project admins"):
        reworded(snippet, "Mine", by=cast.bob)
    assert str(reworded(snippet, "Dora's {{claim}}", by=cast.dora)) == "greeting 1.0.1"
    snippets.change_snippet(snippet=snippet, purpose="For Bob.", owner=cast.bob.user, actor=cast.alice)
    with pytest.raises(NotAllowed):
        reworded(snippet, "Mine again", by=cast.alice)


def test_the_shelf_is_changed_by_owners_and_site_admins(cast: Cast) -> None:
    snippet = a_snippet(None, by=cast.root)
    with pytest.raises(NotAllowed, match="site admins"):
        reworded(snippet, "Mine", by=cast.dora)
    snippets.change_snippet(snippet=snippet, purpose="For Bob.", owner=cast.bob.user, actor=cast.root)
    assert reworded(snippet, "Good day {{claim}}", by=cast.bob).semver == "1.1.0"


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("name", {"name": "No Name"}),
        ("name", {"name": ""}),
        ("name", {"name": "x" * 81}),
        ("purpose", {"purpose": " "}),
        ("purpose", {"purpose": "x" * 1001}),
        ("text", {"text": " "}),
        ("text", {"text": "NUL \x00"}),
        ("text", {"text": "x" * 200_001}),
        ("text", {"text": "{{> nowhere}}"}),
        ("text", {"text": "{{> letter}}"}),
    ],
)
def test_bad_input_is_refused_at_its_field(cast: Cast, field: str, given: dict[str, str]) -> None:
    words = {"name": "letter", "purpose": "Letters.", "text": "Dear"}
    with pytest.raises(Invalid) as refused:
        snippets.add_snippet(project=cast.claims, **(words | given), actor=cast.alice)
    assert list(refused.value.errors) == [field]


def test_a_name_is_used_once_and_not_beside_the_shelf(cast: Cast) -> None:
    a_snippet(cast.claims, by=cast.alice)
    a_snippet(None, by=cast.root, name="footer")
    for name in ("greeting", "footer"):
        with pytest.raises(Conflict, match=name):
            a_snippet(cast.claims, by=cast.alice, name=name)


def test_who_saw_an_older_text_is_told_who_was_faster(cast: Cast) -> None:
    snippet = a_snippet(cast.claims, by=cast.alice)
    reworded(snippet, "Good day {{claim}}", by=cast.dora)
    with pytest.raises(Conflict, match=r"Dora saved 1\.1\.0"):
        snippets.save_snippet_version(snippet=snippet, text="Mine", summary="Mine.", follows="1.0.0", actor=cast.alice)
    with pytest.raises(Conflict, match="Nothing changed"):
        reworded(snippet, "Good day {{claim}}", by=cast.alice)


def test_used_by_and_lagging_are_counted_in_newest_versions_alone(cast: Cast, prompt: Prompt) -> None:
    snippet = a_snippet(cast.claims, by=cast.alice)
    left = a_prompt(cast.claims, by=cast.alice, title="It left the snippet")
    for each in (prompt, left):
        a_version(each, by=cast.alice, text="{{> greeting}} One.")
    a_version(left, by=cast.alice, text="Without it {{claim}}")
    assert Inclusion.objects.all().counted() == {snippet.pk: (1, 0)}
    reworded(snippet, "Good day {{claim}}", by=cast.alice)
    assert Inclusion.objects.all().counted() == {snippet.pk: (1, 1)}


def test_one_action_opens_a_linked_draft_in_every_prompt_that_lags(cast: Cast, prompt: Prompt) -> None:
    snippet = a_snippet(cast.claims, by=cast.alice)
    pinned = a_prompt(cast.claims, by=cast.alice, title="Pinned")
    a_version(prompt, by=cast.alice, text="{{> greeting}}")
    a_version(pinned, by=cast.alice, text="{{> greeting@1.0.0}}")
    newest = reworded(snippet, "Good day {{claim}}", by=cast.alice)
    drafts = snippets.open_drafts_with(snippet=snippet, project=cast.claims, actor=cast.bob)
    assert {draft.prompt.title: draft.content["messages"][0]["text"] for draft in drafts} == {
        "Water damage triage": "{{> greeting}}",
        "Pinned": "{{> greeting@1.1.0}}",
    }
    assert {draft.takes_over for draft in drafts} == {newest}
    with pytest.raises(Conflict, match="No draft is left to open"):
        snippets.open_drafts_with(snippet=snippet, project=cast.claims, actor=cast.alice)
    for draft in drafts:
        services.save_version_of_draft(draft=draft, revision=draft.revision, change=services.Change("Greet"), actor=cast.bob)
    assert Inclusion.objects.all().counted() == {snippet.pk: (2, 0)}


def test_a_restricted_prompt_is_opened_by_whom_it_shows_itself_to_alone(cast: Cast, prompt: Prompt) -> None:
    snippet = a_snippet(cast.claims, by=cast.alice)
    a_version(prompt, by=cast.alice, text="{{> greeting}}")
    services.restrict_prompt(prompt=prompt, people=[cast.bella.user], actor=cast.alice)
    reworded(snippet, "Good day {{claim}}", by=cast.alice)
    assert Inclusion.objects.of_prompts_seen_by(cast.bob).counted() == {}
    with pytest.raises(Conflict, match="No draft is left"):
        snippets.open_drafts_with(snippet=snippet, project=cast.claims, actor=cast.bob)
    assert len(snippets.open_drafts_with(snippet=snippet, project=cast.claims, actor=cast.bella)) == 1


def test_an_unfinished_draft_keeps_its_include(cast: Cast, prompt: Prompt) -> None:
    draft = draft_of(prompt, cast, "{{> nowhere}}")
    assert draft.content["messages"][0]["text"] == "{{> nowhere}}"

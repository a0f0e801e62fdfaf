"""Tags, kept filters, and taking a prompt over into another project."""

import pytest

from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.projects.role_services import grant_role
from promptstudio.prompts import services, shelf_services, snippet_services
from promptstudio.prompts.freezing import freeze
from promptstudio.prompts.models import Prompt, SavedFilter
from tests.cast import Cast, a_snippet, a_version, bundle, reworded


def test_tags_are_small_and_stand_once(cast: Cast, prompt: Prompt) -> None:
    given = ["Legal", " legal ", "", "große  Schäden", "火災"]
    assert shelf_services.tag_prompt(prompt=prompt, words=given, actor=cast.alice) == ["große schäden", "legal", "火災"]
    assert shelf_services.tag_prompt(prompt=prompt, words=["legal"], actor=cast.bob) == ["legal"]
    assert [tag.word for tag in prompt.tags.all()] == ["legal"]


@pytest.mark.parametrize("words", [[str(n) for n in range(13)], ["x" * 41], ["a,b"]])
def test_tags_have_a_measure(cast: Cast, prompt: Prompt, words: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        shelf_services.tag_prompt(prompt=prompt, words=words, actor=cast.alice)
    assert list(refused.value.errors) == ["tags"]


def test_the_same_tags_again_are_not_kept_silently(cast: Cast, prompt: Prompt) -> None:
    with pytest.raises(Conflict):
        shelf_services.tag_prompt(prompt=prompt, words=[], actor=cast.alice)


def test_tags_are_added_to_those_that_stand_there_and_taken_away(cast: Cast, prompt: Prompt) -> None:
    shelf_services.tag_prompt(prompt=prompt, words=["legal", "water"], actor=cast.alice)
    assert shelf_services.add_tags(prompt=prompt, words=[" Storm", "legal"], actor=cast.bob) == ["legal", "storm", "water"]
    assert shelf_services.take_tags(prompt=prompt, words=["LEGAL ", "hail"], actor=cast.bob) == ["storm", "water"]
    with pytest.raises(Conflict, match="it has these tags already"):
        shelf_services.add_tags(prompt=prompt, words=["storm"], actor=cast.bob)
    with pytest.raises(Conflict, match="It does not have this tag"):
        shelf_services.take_tags(prompt=prompt, words=["hail"], actor=cast.bob)
    with pytest.raises(Invalid, match="these are 13"):
        shelf_services.add_tags(prompt=prompt, words=map(str, range(11)), actor=cast.bob)
    for deed in (shelf_services.add_tags, shelf_services.take_tags):
        with pytest.raises(Invalid, match="Write the tag"):
            deed(prompt=prompt, words=[" "], actor=cast.bob)


def test_a_kept_filter_is_ones_own_unless_it_is_shared(cast: Cast) -> None:
    for name, shared in (("Mine", False), ("Ours", True)):
        shelf_services.keep_filter(project=cast.claims, name=name, query="state=live", shared=shared, actor=cast.alice)
    assert [kept.name for kept in SavedFilter.objects.visible_to(cast.vera)] == ["Ours"]
    assert [kept.name for kept in SavedFilter.objects.visible_to(cast.alice)] == ["Mine", "Ours"]
    assert not SavedFilter.objects.visible_to(cast.charlie).exists()


def test_a_reader_keeps_filters_and_shares_none(cast: Cast) -> None:
    shelf_services.keep_filter(project=cast.claims, name="Mine", query="state=live", shared=False, actor=cast.vera)
    with pytest.raises(NotAllowed):
        shelf_services.keep_filter(project=cast.claims, name="Ours", query="state=live", shared=True, actor=cast.vera)


def test_only_their_owner_removes_kept_filters(cast: Cast) -> None:
    kept = shelf_services.keep_filter(project=cast.claims, name="Ours", query="state=live", shared=True, actor=cast.alice)
    with pytest.raises(NotAllowed):
        shelf_services.remove_filter(kept=kept, actor=cast.dora)
    shelf_services.remove_filter(kept=kept, actor=cast.alice)
    assert not SavedFilter.objects.exists()


@pytest.mark.parametrize(("name", "query"), [(" ", "state=live"), ("x" * 61, "state=live"), ("Mine", ""), ("Mine", "q=" + "x" * 2000)])
def test_kept_filters_need_a_name_and_something_to_keep(cast: Cast, name: str, query: str) -> None:
    with pytest.raises(Invalid):
        shelf_services.keep_filter(project=cast.claims, name=name, query=query, shared=False, actor=cast.alice)


def test_a_copy_begins_as_a_draft_with_the_examples(cast: Cast, prompt: Prompt) -> None:
    a_version(prompt, by=cast.alice, text="Newest {{claim}}")
    services.save_example(prompt=prompt, name="Burst pipe", values={"claim": "Water!"}, actor=cast.alice)
    grant_role(project=cast.elsewhere, user=cast.alice.user, role="domain_expert", actor=cast.root)
    copy = shelf_services.copy_prompt(prompt=prompt, project=cast.elsewhere, actor=cast.alice)
    assert (copy.project, copy.title, copy.owner, copy.restricted) == (cast.elsewhere, prompt.title, cast.alice.user, False)
    draft = copy.drafts.get()
    assert draft.content["messages"] == bundle("Newest {{claim}}")["messages"]
    assert [(example.name, example.values) for example in copy.examples.all()] == [("Burst pipe", {"claim": "Water!"})]


def test_who_does_not_write_there_does_not_copy(cast: Cast, prompt: Prompt) -> None:
    a_version(prompt, by=cast.alice)
    with pytest.raises(NotAllowed):
        shelf_services.copy_prompt(prompt=prompt, project=cast.elsewhere, actor=cast.bob)


def test_what_is_restricted_is_copied_by_its_owner_and_stays_so(cast: Cast, prompt: Prompt) -> None:
    a_version(prompt, by=cast.alice)
    services.restrict_prompt(prompt=prompt, people=[cast.bob.user], actor=cast.alice)
    for person in (cast.alice, cast.bob):
        grant_role(project=cast.elsewhere, user=person.user, role="domain_expert", actor=cast.root)
    with pytest.raises(NotAllowed, match="restricted"):
        shelf_services.copy_prompt(prompt=prompt, project=cast.elsewhere, actor=cast.bob)
    copy = shelf_services.copy_prompt(prompt=prompt, project=cast.elsewhere, actor=cast.alice)
    assert not Prompt.objects.visible_to(cast.charlie).filter(pk=copy.pk).exists()


def test_without_a_version_there_is_nothing_to_copy(cast: Cast, prompt: Prompt) -> None:
    with pytest.raises(Conflict):
        shelf_services.copy_prompt(prompt=prompt, project=cast.claims, actor=cast.alice)


def words_of(copy: Prompt) -> str:
    return str(copy.drafts.get().content["messages"][0]["text"])


def test_a_copy_in_the_same_project_goes_on_following_its_snippets(cast: Cast, prompt: Prompt) -> None:
    a_snippet(cast.claims, by=cast.alice)
    a_version(prompt, by=cast.alice, text="{{> greeting}}!")
    assert words_of(shelf_services.copy_prompt(prompt=prompt, project=cast.claims, actor=cast.alice)) == "{{> greeting}}!"


def test_a_copy_has_the_words_of_what_is_archived_and_can_be_saved(cast: Cast, prompt: Prompt) -> None:
    old, new = (a_snippet(cast.claims, by=cast.alice, name=name, text=f"{name} {{{{claim}}}}") for name in ("old", "new"))
    a_version(prompt, by=cast.alice, text="{{> old}} {{> new}}!")
    snippet_services.archive_snippet(snippet=old, reason="Use new.", actor=cast.alice)
    copy = shelf_services.copy_prompt(prompt=prompt, project=cast.claims, actor=cast.alice)
    assert words_of(copy) == "old {{claim}} new {{claim}}!"
    draft = copy.drafts.get()
    saved = services.save_version_of_draft(draft=draft, revision=draft.revision, change=services.Change("Copied."), actor=cast.alice)
    assert saved.bundle == prompt.newest.bundle
    assert new.archived_at is None


def test_what_was_archived_inside_a_snippet_since_keeps_no_copy_from_following_that(cast: Cast, prompt: Prompt) -> None:
    inner = a_snippet(cast.claims, by=cast.alice, name="inner", text="Inner {{claim}}")
    outer = a_snippet(cast.claims, by=cast.alice, name="outer", text="Outer {{> inner}}")
    a_version(prompt, by=cast.alice, text="{{> outer}}!")
    reworded(outer, "Outer {{claim}}", by=cast.alice)
    snippet_services.archive_snippet(snippet=inner, reason="Old.", actor=cast.alice)
    copy = shelf_services.copy_prompt(prompt=prompt, project=cast.claims, actor=cast.alice)
    assert words_of(copy) == "{{> outer}}!"
    assert not freeze(copy, copy.drafts.get().content).errors


def test_elsewhere_it_names_what_is_there_and_holds_the_words_of_what_is_not(cast: Cast, prompt: Prompt) -> None:
    grant_role(project=cast.elsewhere, user=cast.alice.user, role="domain_expert", actor=cast.root)
    a_snippet(None, by=cast.root, name="ours", text="Ours {{claim}}")
    a_version(prompt, by=cast.alice, text="{{> ours}}!")
    assert words_of(shelf_services.copy_prompt(prompt=prompt, project=cast.elsewhere, actor=cast.alice)) == "{{> ours}}!"
    a_snippet(cast.claims, by=cast.alice)
    a_version(prompt, by=cast.alice, text="{{> ours}} {{> greeting}}!")
    copy = shelf_services.copy_prompt(prompt=prompt, project=cast.elsewhere, actor=cast.alice)
    assert words_of(copy) == "Ours {{claim}} Hello {{claim}}!"


def test_a_snippet_of_the_same_name_there_says_something_else(cast: Cast, prompt: Prompt) -> None:
    grant_role(project=cast.elsewhere, user=cast.alice.user, role="domain_expert", actor=cast.root)
    a_snippet(cast.elsewhere, by=cast.alice, name="ours", text="Theirs")
    a_snippet(None, by=cast.root, name="ours", text="Ours {{claim}}")
    a_version(prompt, by=cast.alice, text="{{> ours}}!")
    assert words_of(shelf_services.copy_prompt(prompt=prompt, project=cast.elsewhere, actor=cast.alice)) == "Ours {{claim}}!"

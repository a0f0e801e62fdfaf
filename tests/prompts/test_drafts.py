"""A draft is kept as it is typed; nobody overwrites anybody, and no text is lost."""

import pytest

from promptstudio.lib.errors import Invalid, NotAllowed
from promptstudio.prompts import services
from promptstudio.prompts.models import Draft, Prompt
from promptstudio.prompts.services import Change, Stale
from tests.cast import Cast, a_prompt, a_version, bundle


@pytest.fixture
def draft(cast: Cast, prompt: Prompt) -> Draft:
    return services.open_draft(prompt=prompt, actor=cast.alice)


def save(draft: Draft, text: str, revision: int, by: object) -> Draft:
    return services.save_draft(draft=draft, content=bundle(text), revision=revision, actor=by)  # type: ignore[arg-type]


def test_it_starts_from_the_newest_version(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    draft = services.open_draft(prompt=prompt, actor=cast.bob)
    assert (draft.based_on, draft.content) == (version, version.bundle.as_json())


def test_it_may_start_from_an_older_one(cast: Cast, prompt: Prompt) -> None:
    old = a_version(prompt, by=cast.alice)
    a_version(prompt, by=cast.alice, text="Newer {{claim}}")
    assert services.open_draft(prompt=prompt, based_on=old, actor=cast.bob).content == old.bundle.as_json()


def test_it_does_not_start_from_another_prompt(cast: Cast, prompt: Prompt) -> None:
    other = a_version(a_prompt(cast.claims, by=cast.alice, title="Other"), by=cast.alice)
    with pytest.raises(Invalid) as refused:
        services.open_draft(prompt=prompt, based_on=other, actor=cast.alice)
    assert list(refused.value.errors) == ["based_on"]


def test_unfinished_work_is_kept(cast: Cast, draft: Draft) -> None:
    content = {"kind": "text", "messages": [{"role": "user", "text": "Sort {{"}], "nonsense": [1, None]}
    saved = services.save_draft(draft=draft, content=content, revision=1, actor=cast.alice)
    assert (Draft.objects.get().content, saved.revision) == (content, 2)


def test_a_lost_race_shows_both_texts_and_loses_neither(cast: Cast, draft: Draft) -> None:
    save(draft, "Bob's {{claim}}", 1, cast.bob)
    with pytest.raises(Stale, match="Bob saved this draft at") as stale:
        save(draft, "Alice's {{claim}}", 1, cast.alice)
    assert stale.value.draft.content == bundle("Bob's {{claim}}")
    assert stale.value.details["revision"] == 2


def test_the_same_text_from_two_is_no_race(cast: Cast, draft: Draft) -> None:
    save(draft, "The same {{claim}}", 1, cast.bob)
    assert save(draft, "The same {{claim}}", 1, cast.alice).revision == 2


def test_who_only_looked_is_no_contributor(cast: Cast, draft: Draft) -> None:
    save(draft, "Alice's {{claim}}", 1, cast.alice)
    save(draft, "Alice's {{claim}}", 2, cast.bob)
    version = services.save_version_of_draft(draft=draft, revision=2, change=Change("New"), actor=cast.alice)
    assert [person.name for person in version.people] == ["Alice"]


def test_a_version_ends_its_draft(cast: Cast, draft: Draft) -> None:
    save(draft, "Ready {{claim}}", 1, cast.alice)
    version = services.save_version_of_draft(draft=draft, revision=2, change=Change("New"), actor=cast.alice)
    draft.refresh_from_db()
    assert (draft.is_open, draft.became) == (False, version)
    with pytest.raises(NotAllowed, match=r"This draft became version 1\.0\.0"):
        save(draft, "More {{claim}}", 2, cast.alice)


def test_a_version_is_not_cut_from_a_text_that_the_author_has_not_seen(cast: Cast, draft: Draft) -> None:
    save(draft, "Bob's {{claim}}", 1, cast.bob)
    with pytest.raises(Stale):
        services.save_version_of_draft(draft=draft, revision=1, change=Change("New"), actor=cast.alice)
    assert not draft.prompt.versions.exists()


def test_a_draft_with_errors_stays_open(cast: Cast, draft: Draft) -> None:
    with pytest.raises(Invalid):
        services.save_version_of_draft(draft=draft, revision=1, change=Change("New"), actor=cast.alice)
    draft.refresh_from_db()
    assert draft.is_open


def test_several_may_be_open(cast: Cast, prompt: Prompt, draft: Draft) -> None:
    services.open_draft(prompt=prompt, actor=cast.alice)
    assert prompt.drafts.open().count() == 2


def test_a_discarded_draft_takes_nothing_more(cast: Cast, draft: Draft) -> None:
    services.discard_draft(draft=draft, actor=cast.bob)
    with pytest.raises(NotAllowed, match="discarded"):
        save(draft, "More {{claim}}", 1, cast.alice)


@pytest.mark.parametrize("who", ["vera", "axel", "charlie"])
def test_who_does_not_write_saves_nothing(cast: Cast, draft: Draft, who: str) -> None:
    with pytest.raises(NotAllowed):
        save(draft, "Mine {{claim}}", 1, getattr(cast, who))

"""Named examples go on filling a variable in that got another name, in the draft, beside what is live, and where it is copied."""

from typing import Any

import pytest

from promptstudio.prompts import services, shelf_services
from promptstudio.prompts.bundle import VARIABLE_NAME
from promptstudio.prompts.models import Draft, NamedExample, Prompt, VariableRename
from promptstudio.prompts.renames import carried, remember, renames_of
from promptstudio.web.requests import draft_url
from tests.cast import Cast, a_version, in_production
from tests.web.test_editing import save_url, words
from tests.web.test_prompts import address, browser


@pytest.fixture
def example(cast: Cast, prompt: Prompt) -> NamedExample:
    """The live version and the example call it “claim”."""
    in_production(cast, a_version(prompt, by=cast.alice, text="Sort {{claim}}."))
    return services.save_example(prompt=prompt, name="Burst pipe", values={"claim": "It drips."}, actor=cast.alice)


@pytest.fixture
def renamed(cast: Cast, prompt: Prompt, example: NamedExample) -> Draft:
    """A draft in which somebody renamed it “report” by the button."""
    draft = services.open_draft(prompt=prompt, actor=cast.alice)
    typed = {"v1-new_name": "report", "step": "rename_variable:1"}
    assert browser(cast.alice).post(save_url(draft), words(draft, **typed)).status_code == 303
    draft.refresh_from_db()
    assert draft.content["messages"][0]["text"] == "Sort {{report}}."
    return draft


def test_the_draft_is_filled_with_the_value_under_the_new_name(cast: Cast, renamed: Draft, example: NamedExample) -> None:
    page = browser(cast.alice).get(draft_url(renamed), {"example": str(example.uid)}).text
    assert '<span class="filled" title="report">It drips.</span>' in page


def test_nothing_in_the_example_is_written_over(renamed: Draft, example: NamedExample) -> None:
    example.refresh_from_db()
    assert example.values == {"claim": "It drips."}


def test_versions_of_before_and_after_are_filled_alike(cast: Cast, prompt: Prompt, renamed: Draft, example: NamedExample) -> None:
    change = services.Change("Another name")
    version = services.save_version_of_draft(draft=renamed, revision=renamed.revision, change=change, actor=cast.alice)
    page = browser(cast.vera).get(address(prompt, f"compare/1.0.0...{version.semver}/"), {"with": str(example.uid)}).text
    assert "The text is the same on both sides." in page


def test_keeping_the_values_again_holds_both_names(cast: Cast, prompt: Prompt, renamed: Draft, example: NamedExample) -> None:
    typed = {"keep_example": "1", "example_name": "Burst pipe"}
    chosen = {"example": str(example.uid), "filled_with": str(example.uid), "value-report": "It pours."}
    browser(cast.alice).post(save_url(renamed), words(renamed, **typed, **chosen))
    example.refresh_from_db()
    assert example.values == {"claim": "It drips.", "report": "It pours."}


def test_a_value_typed_beside_the_preview_goes_along(cast: Cast, prompt: Prompt, example: NamedExample) -> None:
    draft = services.open_draft(prompt=prompt, actor=cast.alice)
    typed = {"v1-new_name": "report", "step": "rename_variable:1"}
    answer = browser(cast.alice).post(save_url(draft), words(draft, **typed, **{"value-claim": "It drips."}), headers={"X-Editor": "1"})
    assert '<span class="filled" title="report">It drips.</span>' in answer.text


def test_a_copy_of_the_prompt_has_it_too(cast: Cast, prompt: Prompt, renamed: Draft, example: NamedExample) -> None:
    change = services.Change("Another name")
    services.save_version_of_draft(draft=renamed, revision=renamed.revision, change=change, actor=cast.alice)
    copy = shelf_services.copy_prompt(prompt=prompt, project=cast.claims, actor=cast.alice)
    assert copy.examples.get().values["report"] == "It drips."


LONGEST = "a_" * 100


@pytest.mark.parametrize("old", [LONGEST, "x" * 100, "x" * 300, "what happened?", "a\x00b", "<b>", ""])
@pytest.mark.parametrize("new", [LONGEST.upper(), "report"])
def test_whatever_it_was_called_the_save_is_not_lost(cast: Cast, prompt: Prompt, example: NamedExample, old: str, new: str) -> None:
    draft = services.open_draft(prompt=prompt, actor=cast.alice)
    typed = {"v1-name": old, "v1-new_name": new, "m1-text": f"Sort {{{{{old}}}}} now.", "step": "rename_variable:1"}
    assert browser(cast.alice).post(save_url(draft), words(draft, **typed)).status_code < 500
    assert [(row.old, row.new) for row in VariableRename.objects.all()] == ([(old, new)] if VARIABLE_NAME.fullmatch(old) else [])


def test_a_refused_name_is_not_remembered(cast: Cast, prompt: Prompt, example: NamedExample) -> None:
    draft = services.open_draft(prompt=prompt, actor=cast.alice)
    typed = {"v1-new_name": "not a name", "step": "rename_variable:1"}
    browser(cast.alice).post(save_url(draft), words(draft, **typed))
    assert not VariableRename.objects.exists()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"a": "1"}, {"a": "1", "b": "1", "c": "1"}),
        ({"a": "1", "b": "2"}, {"a": "1", "b": "2", "c": "2"}),
        ({"c": "3"}, {"a": "3", "b": "3", "c": "3"}),
        ({}, {}),
    ],
)
def test_renamed_again_and_back_it_is_still_found(cast: Cast, prompt: Prompt, values: dict[str, Any], expected: dict[str, Any]) -> None:
    for old, new in (("a", "b"), ("b", "c"), ("c", "a"), ("a", "b")):
        remember(prompt, {new: old})
    assert carried(values, renames_of(prompt)) == expected

"""Prompts and their versions: what is saved, under which number, and what is refused where."""

from typing import Any

import pytest

from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.prompts import services
from promptstudio.prompts.models import Prompt
from promptstudio.prompts.services import Change, NothingChanged
from tests.cast import Cast, a_key, a_prompt, a_version, an_application, bundle


def save(prompt: Prompt, cast: Cast, text: str = "Sort {{claim}}", **change: Any) -> Any:
    return services.save_version(prompt=prompt, data=bundle(text), change=Change(**({"summary": "Better"} | change)), actor=cast.alice)


def test_a_prompt_gets_a_name_from_its_title(cast: Cast) -> None:
    names = [a_prompt(cast.claims, by=cast.alice, title="Sturm & Hagel").name for _ in range(2)]
    assert names == ["sturm-hagel", "sturm-hagel-2"]


def test_its_title_is_kept_to_the_letter(cast: Cast) -> None:
    title = "שלום\nעולם " + "x" * 520
    assert Prompt.objects.get(pk=a_prompt(cast.claims, by=cast.alice, title=title).pk).title == title


def test_a_name_that_is_taken_is_a_conflict(cast: Cast) -> None:
    a_prompt(cast.claims, by=cast.alice, name="claims/triage")
    with pytest.raises(Conflict, match="There is already a prompt named claims/triage"):
        a_prompt(cast.claims, by=cast.alice, name="claims/triage")


def test_another_project_may_use_the_same_name(cast: Cast) -> None:
    a_prompt(cast.claims, by=cast.alice, name="triage")
    assert a_prompt(cast.elsewhere, by=cast.charlie, name="triage").name == "triage"


@pytest.mark.parametrize(
    ("field", "given"),
    [("title", {"title": "  "}), ("name", {"name": "Not This"}), ("folder", {"folder": "a//b"}), ("folder", {"folder": "f" * 201})],
)
def test_a_prompt_that_is_none_is_refused_at_its_field(cast: Cast, field: str, given: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        services.create_prompt(**({"project": cast.claims, "title": "Storm", "actor": cast.alice} | given))
    assert list(refused.value.errors) == [field]
    assert not Prompt.objects.exists()


@pytest.mark.parametrize("who", ["vera", "axel", "charlie"])
def test_who_does_not_write_creates_nothing(cast: Cast, who: str) -> None:
    with pytest.raises(NotAllowed):
        a_prompt(cast.claims, by=getattr(cast, who))


def test_a_key_needs_the_scope_to_write(cast: Cast, prompt: Prompt) -> None:
    account = an_application(cast.claims, responsible=cast.alice, by=cast.dora)
    _, reader = a_key(account, "read", "deploy", by=cast.dora)
    with pytest.raises(NotAllowed, match="lacks the scope “write”"):
        a_version(prompt, by=reader)
    _, writer = a_key(account, "write", by=cast.dora)
    assert {person.name for person in a_version(prompt, by=writer).people} == {"Alice", "Claims desk"}


def test_the_first_version_is_1_0_0_and_a_feature(cast: Cast, prompt: Prompt) -> None:
    version = save(prompt, cast, impact="fix")
    assert (version.semver, version.impact, version.follows) == ("1.0.0", "feature", None)


def test_the_number_follows_from_the_change(cast: Cast, prompt: Prompt) -> None:
    save(prompt, cast, "Sort {{claim}}")
    fix = save(prompt, cast, "Order {{claim}}")
    breaking = services.save_version(
        prompt=prompt,
        data=bundle("Order {{claim}} by {{policy}}", variables=[{"name": "claim"}, {"name": "policy"}]),
        change=Change("A new one"),
        actor=cast.alice,
    )
    assert (fix.semver, fix.impact, fix.follows.semver) == ("1.0.1", "fix", "1.0.0")
    assert (breaking.semver, breaking.impact) == ("2.0.0", "breaking")
    assert breaking.impact_reasons


def test_the_author_may_raise_the_impact(cast: Cast, prompt: Prompt) -> None:
    save(prompt, cast)
    version = save(prompt, cast, "Order {{claim}}", impact="breaking")
    assert (version.semver, version.computed_impact) == ("2.0.0", "fix")


def test_lowering_it_needs_a_reason(cast: Cast, prompt: Prompt) -> None:
    save(prompt, cast)
    change = {"text": "You must never sort {{claim}}", "impact": "fix"}
    with pytest.raises(Invalid) as refused:
        save(prompt, cast, **change)
    assert list(refused.value.errors) == ["impact_reason"]
    assert save(prompt, cast, **change, impact_reason="Only words.").semver == "1.0.1"


def test_an_impact_is_one_of_three(cast: Cast, prompt: Prompt) -> None:
    save(prompt, cast)
    with pytest.raises(Invalid) as refused:
        save(prompt, cast, "Order {{claim}}", impact="huge")
    assert list(refused.value.errors) == ["impact"]


def test_word_for_word_the_same_is_refused(cast: Cast, prompt: Prompt) -> None:
    save(prompt, cast)
    with pytest.raises(NothingChanged, match=r"word for word version 1\.0\.0"):
        save(prompt, cast)


def test_going_back_to_an_older_text_is_a_new_version(cast: Cast, prompt: Prompt) -> None:
    first, _, third = save(prompt, cast), save(prompt, cast, "Order {{claim}}"), save(prompt, cast)
    assert (third.digest, third.semver) == (first.digest, "1.0.2")


@pytest.mark.parametrize(
    ("field", "data"),
    [
        ("messages.0.text", bundle("")),
        ("messages.0.text", bundle("x" * 200_001)),
        ("messages.0.text", bundle("Sort {{claim}} by {{policy}}")),
        ("inference.temperature", bundle(inference={"temperature": 3})),
        ("bundle", []),
    ],
)
def test_bad_content_is_refused_at_its_place(cast: Cast, prompt: Prompt, field: str, data: Any) -> None:
    with pytest.raises(Invalid) as refused:
        services.save_version(prompt=prompt, data=data, change=Change("Better"), actor=cast.alice)
    assert field in refused.value.errors
    assert not prompt.versions.exists()


def test_a_summary_is_needed(cast: Cast, prompt: Prompt) -> None:
    with pytest.raises(Invalid) as refused:
        save(prompt, cast, summary="  ")
    assert list(refused.value.errors) == ["summary"]


def test_every_error_is_said_at_once(cast: Cast, prompt: Prompt) -> None:
    with pytest.raises(Invalid) as refused:
        save(prompt, cast, "", summary="")
    assert {"summary", "messages.0.text"} <= set(refused.value.errors)


def test_a_change_record_is_added_to_and_never_overwritten(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    services.add_to_change_record(version=version, expected_impact="And shorter letters.", actor=cast.bob)
    assert [note.text for note in version.change_record["expected_impact"]] == ["Fewer calls.", "And shorter letters."]


def test_an_empty_addition_is_refused(cast: Cast, prompt: Prompt) -> None:
    with pytest.raises(Invalid) as refused:
        services.add_to_change_record(version=a_version(prompt, by=cast.alice), expected_impact=" ", actor=cast.alice)
    assert list(refused.value.errors) == ["expected_impact"]


def test_an_example_of_the_same_name_gets_the_new_values(cast: Cast, prompt: Prompt) -> None:
    services.save_example(prompt=prompt, name="Burst pipe", values={"claim": "Water!"}, actor=cast.alice)
    example = services.save_example(prompt=prompt, name=" Burst pipe ", values={"claim": "Much water!", "other": ""}, actor=cast.alice)
    assert (prompt.examples.count(), example.values) == (1, {"claim": "Much water!"})


def test_an_example_needs_a_name(cast: Cast, prompt: Prompt) -> None:
    with pytest.raises(Invalid) as refused:
        services.save_example(prompt=prompt, name=" ", values={}, actor=cast.alice)
    assert list(refused.value.errors) == ["name"]

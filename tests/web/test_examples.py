"""The named examples on a prompt's page: what each fills in, other values for it, and taking it away."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from promptstudio.lib.errors import Conflict, NotAllowed
from promptstudio.prompts import services
from promptstudio.prompts.models import NamedExample, Prompt
from promptstudio.prompts.renames import remember
from tests.cast import Cast, a_version, bundle
from tests.web.test_prompts import address, browser
from tests.web.test_snippets import HOSTILE, text

STRAY = "None of its values fits this prompt"


@pytest.fixture
def example(cast: Cast, prompt: Prompt) -> NamedExample:
    a_version(prompt, by=cast.alice, text="Sort {{claim}}.")
    return kept(prompt, cast, "Burst pipe", claim="It drips.")


def kept(prompt: Prompt, cast: Cast, name: str, **values: Any) -> NamedExample:
    return services.save_example(prompt=prompt, name=name, values=values, actor=cast.alice)


def overview(prompt: Prompt, by: Any) -> str:
    return text(browser(by).get(address(prompt)))


def door(example: NamedExample, page: str) -> str:
    return address(example.prompt, f"examples/{example.uid}/{page}/")


def test_other_values_are_kept_under_the_same_name(cast: Cast, example: NamedExample) -> None:
    assert f'action="{door(example, "change")}"' in overview(example.prompt, cast.bob)

    answer = browser(cast.bob).post(door(example, "change"), {"value-claim": "It\r\nburns."}, follow=True)

    assert "The values of “Burst pipe” are saved." in answer.text
    example.refresh_from_db()
    assert (example.name, example.values) == ("Burst pipe", {"claim": "It\nburns."})


def test_what_is_not_touched_stays_to_the_letter_and_what_is_emptied_goes(cast: Cast, prompt: Prompt) -> None:
    example = kept(prompt, cast, "Odd", sum=12.0, sure=True, lines="a\r\nb", old="x")

    browser(cast.alice).post(door(example, "change"), {"value-sum": "12", "value-sure": "true", "value-lines": "a\r\nb", "value-old": ""})

    example.refresh_from_db()
    assert example.values == {"sum": 12.0, "sure": True, "lines": "a\r\nb"}


def test_a_renamed_variable_is_filled_in_on_the_page_and_not_doubled(cast: Cast, example: NamedExample) -> None:
    remember(example.prompt, {"report": "claim"})
    renamed = bundle("Sort {{report}}.", variables=[{"name": "report"}])
    services.save_version(prompt=example.prompt, data=renamed, change=services.Change("Another name"), actor=cast.alice)

    page = overview(example.prompt, cast.alice)
    browser(cast.alice).post(door(example, "change"), {"value-report": "It drips.", "value-claim": "It drips."})

    assert ('name="value-report"' in page, STRAY in page) == (True, False)
    example.refresh_from_db()
    assert example.values == {"claim": "It drips."}


def test_a_removed_example_is_offered_nowhere_and_its_name_is_free(cast: Cast, example: NamedExample) -> None:
    answer = browser(cast.alice).post(door(example, "remove"), follow=True)

    assert "“Burst pipe” is removed." in answer.text
    page = overview(example.prompt, cast.alice)
    assert 'id="examples-h"' not in page
    assert kept(example.prompt, cast, "Burst pipe", claim="x").pk != example.pk


@pytest.mark.parametrize("page", ["change", "remove"])
def test_what_somebody_removed_meanwhile_is_neither_changed_nor_removed_again(cast: Cast, example: NamedExample, page: str) -> None:
    services.archive_example(example=example, actor=cast.bob)

    answer = browser(cast.alice).post(door(example, page), {"value-claim": "y"})

    assert answer.status_code == 409
    assert "Somebody removed the example Burst pipe meanwhile." in answer.text


def test_an_example_of_which_nothing_is_asked_says_so(cast: Cast, example: NamedExample) -> None:
    assert STRAY not in overview(example.prompt, cast.vera)
    kept(example.prompt, cast, "Of old", letter="Dear all")
    assert overview(example.prompt, cast.vera).count(STRAY) == 1


def test_who_may_not_write_sees_no_button_and_is_refused(cast: Cast, example: NamedExample) -> None:
    assert "/examples/" not in overview(example.prompt, cast.vera)
    assert browser(cast.vera).post(door(example, "remove")).status_code == 403
    with pytest.raises(NotAllowed):
        services.change_example(example=example, values={}, actor=cast.vera)


def test_nothing_of_an_archived_prompt_is_changed(cast: Cast, example: NamedExample) -> None:
    browser(cast.alice).post(address(example.prompt, "archive/"))
    example.refresh_from_db()
    example.prompt.refresh_from_db()
    with pytest.raises((Conflict, NotAllowed)):
        services.archive_example(example=example, actor=cast.alice)


@pytest.mark.parametrize("typed", [*HOSTILE, "\0"])
def test_hostile_values_are_kept_or_refused_and_never_break_the_page(cast: Cast, example: NamedExample, typed: str) -> None:
    answer = browser(cast.alice).post(door(example, "change"), {"value-claim": typed, "value-": typed, f"value-{typed[:90]}!": "x"})

    assert answer.status_code in (303, 422)
    example.refresh_from_db()
    assert set(example.values) == {"claim"}
    page = overview(example.prompt, cast.alice)
    assert "<script>alert" not in page


def test_the_page_takes_as_many_queries_for_many_examples_as_for_one(cast: Cast, example: NamedExample) -> None:
    client = browser(cast.alice)
    client.get(address(example.prompt))
    with CaptureQueriesContext(connection) as one:
        client.get(address(example.prompt))
    for number in range(8):
        kept(example.prompt, cast, f"Pipe {number}", claim="x")
    with CaptureQueriesContext(connection) as many:
        client.get(address(example.prompt))
    assert len(many) == len(one)

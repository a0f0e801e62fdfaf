"""The library and the overview of a prompt say quietly how the tests of its newest version stand."""

import pytest
from django.test import Client

from promptstudio.evaluations.models import Suite
from promptstudio.evaluations.suite_services import add_suite, archive_suite, save_suite
from promptstudio.prompts.models import Prompt, Version
from promptstudio.prompts.services import restrict_prompt
from tests.cast import Cast, a_prompt
from tests.deployments.worse import saved

from .reading import at, queries, text
from .test_results import OTHER, all_sorted, but_no_storm, cases, run

pytestmark = pytest.mark.usefixtures("calls")

LIBRARY = "/p/claims/prompts/"
OVERVIEW = "/p/claims/prompts/water-damage-triage/-/"
TESTS = "/p/claims/prompts/water-damage-triage/-/tests/"


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    return saved(cast, prompt, "Sort")


@pytest.fixture
def suite(cast: Cast, version: Version) -> Suite:
    return add_suite(prompt=version.prompt, name="Usual claims", cases=cases(), actor=cast.alice)


def marked(client: Client, cast: Cast) -> list[str]:
    """What both pages say; the same."""
    found = []
    for address in (LIBRARY, OVERVIEW):
        page = text(at(client, cast.vera).get(address))
        head = f'<a class="tests-mark" href="{TESTS}">'
        found.append(page.split(head)[1].split("</a>")[0].split("</svg>")[1] if head in page else "")
    return found


def test_what_passed_is_a_number_and_what_failed_is_said(client: Client, cast: Cast, suite: Suite, version: Version) -> None:
    assert marked(client, cast) == ["", ""], "nothing was run"
    run(suite, version, cast, all_sorted)
    assert [mark.endswith("3/3</span>") for mark in marked(client, cast)] == [True, True]
    run(suite, version, cast, but_no_storm)
    assert marked(client, cast) == [" 1 test failed</span>"] * 2


def test_most_answers_of_a_case_decide(client: Client, cast: Cast, suite: Suite, version: Version) -> None:
    turns = iter(["Sorted."] * 3 + ["No.", "Sorted.", "Sorted."] * 2)
    run(suite, version, cast, lambda asked: next(turns), repeats=3)
    assert [mark.endswith("3/3</span>") for mark in marked(client, cast)] == [True, True]


def test_of_a_case_that_must_never_fail_one_bad_answer_is_enough(client: Client, cast: Cast, suite: Suite, version: Version) -> None:
    turns = iter(["No.", "Sorted.", "Sorted."] * 3)
    run(suite, version, cast, lambda asked: next(turns), repeats=3)
    assert ["3/3" in mark for mark in marked(client, cast)] == [False, False]


def test_only_the_newest_version_its_own_model_and_the_cases_as_they_are_now_count(
    client: Client, cast: Cast, suite: Suite, version: Version
) -> None:
    run(suite, version, cast, all_sorted)
    run(suite, version, cast, but_no_storm, model=OTHER)
    assert [mark.endswith("3/3</span>") for mark in marked(client, cast)] == [True, True]
    save_suite(suite=suite, cases=cases({"uid": "more", "name": "More", "values": {"claim": "x"}}), follows=1, actor=cast.alice)
    assert marked(client, cast) == ["", ""]
    run(suite, version, cast, all_sorted)
    saved(cast, suite.prompt, "Sort anew")
    assert marked(client, cast) == ["", ""]


def test_an_archived_suite_says_nothing(client: Client, cast: Cast, suite: Suite, version: Version) -> None:
    run(suite, version, cast, but_no_storm)
    archive_suite(suite=suite, actor=cast.alice)
    assert marked(client, cast) == ["", ""]


def test_a_restricted_prompt_does_not_show_its_tests(client: Client, cast: Cast, suite: Suite, version: Version) -> None:
    run(suite, version, cast, but_no_storm)
    restrict_prompt(prompt=suite.prompt, people=[cast.alice.user], actor=cast.alice)
    page = text(at(client, cast.vera).get(LIBRARY))
    assert "tests-mark" not in page
    assert "1 test failed" in text(at(client, cast.alice).get(LIBRARY))


def test_the_library_takes_the_same_queries_however_much_was_tested(client: Client, cast: Cast, suite: Suite, version: Version) -> None:
    rare = add_suite(prompt=suite.prompt, name="Rare", cases=cases(), actor=cast.alice)
    run(suite, version, cast, all_sorted)
    run(rare, version, cast, all_sorted, repeats=2)
    at(client, cast.vera)
    few = queries(client, LIBRARY)
    for title in ("Storm", "Fire", "Glass"):
        other = saved(cast, a_prompt(cast.claims, by=cast.alice, title=title), title)
        for repeats in (1, 2):
            more = add_suite(prompt=other.prompt, name=f"Asked {repeats} times", cases=cases(), actor=cast.alice)
            run(more, other, cast, but_no_storm, repeats=repeats)
    assert queries(client, LIBRARY) == few

"""A suite over versions: lines that begin at zero, the same as a table and in a sentence, and where a version is live."""

import pytest
from django.test import Client

from promptstudio.evaluations.models import Run, Suite
from promptstudio.evaluations.suite_services import add_suite
from promptstudio.prompts.models import Prompt, Version
from promptstudio.web.charts import Value, chart, spark
from tests.cast import Cast, promote
from tests.deployments.worse import saved

from .reading import at, queries, text
from .test_results import OTHER, all_sorted, but_no_storm, cases, run

pytestmark = pytest.mark.usefixtures("calls")

BASE = "/p/claims/prompts/water-damage-triage/-/tests/"


@pytest.fixture
def versions(cast: Cast, prompt: Prompt) -> list[Version]:
    return [saved(cast, prompt, words) for words in ("Sort", "Sort well", "Sort best")]


@pytest.fixture
def suite(cast: Cast, versions: list[Version]) -> Suite:
    return add_suite(prompt=versions[0].prompt, name="Usual claims", cases=cases(), actor=cast.alice)


@pytest.fixture
def runs(cast: Cast, suite: Suite, versions: list[Version]) -> list[Run]:
    """The newest version first: what counts is its number, not when it was run."""
    first, second, third = versions
    return [run(suite, third, cast, all_sorted), run(suite, first, cast, all_sorted), run(suite, second, cast, but_no_storm)]


def page_of(suite: Suite) -> str:
    return f"{BASE}{suite.uid}/over-versions/"


def test_versions_stand_in_the_order_of_their_numbers(client: Client, cast: Cast, suite: Suite, runs: list[Run]) -> None:
    page = at(client, cast.vera).get(page_of(suite))
    passed, score, cost, slow = page.context["over"].charts
    assert [(point.label, point.words) for point in passed.points] == [("1.0.0", "3 of 3"), ("1.0.1", "2 of 3"), ("1.0.2", "3 of 3")]
    assert [point.words for point in score.points] == ["1.00", "0.67", "1.00"]
    assert (cost.latest, slow.latest) == ("0.45 US cents", "1.2 s")
    assert "1.0.2 passes 3 of 3 cases; 1.0.1 passed 2 of 3. An answer costs 0.45 US cents on average" in text(page)


def test_what_the_lines_show_stands_in_a_table_and_is_read_aloud(client: Client, cast: Cast, suite: Suite, runs: list[Run]) -> None:
    page = text(at(client, cast.vera).get(page_of(suite)))
    assert 'aria-label="Cases passed, from version to version: 1.0.0 3 of 3; 1.0.1 2 of 3; 1.0.2 3 of 3"' in page
    assert '<td data-label="Cases passed" class="num">2 of 3</td>' in page
    assert " style=" not in page


def test_where_a_version_is_live_is_marked(client: Client, cast: Cast, suite: Suite, runs: list[Run], versions: list[Version]) -> None:
    promote(versions[1], cast.development, by=cast.dora)
    page = at(client, cast.vera).get(page_of(suite))
    points = page.context["over"].charts[0].points
    assert [[name for name, _ in point.places] for point in points] == [[], ["Development"], []]
    assert "1.0.1: 2 of 3, live in Development" in text(page)


def test_one_model_can_be_looked_at(client: Client, cast: Cast, suite: Suite, runs: list[Run], versions: list[Version]) -> None:
    run(suite, versions[1], cast, all_sorted, model=OTHER)
    assert [line.semver for line in at(client, cast.vera).get(f"{page_of(suite)}?model={OTHER}").context["over"].lines] == ["1.0.1"]
    assert "1.0.2 passes" in text(client.get(f"{page_of(suite)}?model=no+such+model")), "an unknown model shows each version's own"


def test_the_list_of_tests_has_a_small_line_for_each_suite(client: Client, cast: Cast, suite: Suite, runs: list[Run]) -> None:
    page = text(at(client, cast.vera).get(BASE))
    assert "From version to version, this share of the answers passed: 100%, 67%, 100%" in page
    assert '<path class="line" d="M2.0 2.0L40.0 8.7L78.0 2.0"/>' in page


def test_it_takes_the_same_queries_however_many_versions(
    client: Client, cast: Cast, suite: Suite, runs: list[Run], versions: list[Version]
) -> None:
    at(client, cast.vera)
    # Where cases are asked more than once, those that must never fail are looked up.
    run(suite, versions[0], cast, all_sorted, repeats=2)
    few, listed = queries(client, page_of(suite)), queries(client, BASE)
    for number in range(3):
        run(suite, saved(cast, suite.prompt, f"Sort {number}"), cast, all_sorted, repeats=2)
    other = add_suite(prompt=suite.prompt, name="Rare", cases=cases(), actor=cast.alice)
    for version in versions:
        run(other, version, cast, all_sorted)
    assert (queries(client, page_of(suite)), queries(client, BASE)) == (few, listed)


def test_a_suite_without_runs_says_so(client: Client, cast: Cast, suite: Suite) -> None:
    assert "No version was tested yet" in text(at(client, cast.vera).get(page_of(suite)))
    assert at(client, cast.charlie).get(page_of(suite)).status_code == 404


def test_lines_begin_at_zero_and_leave_gaps_where_nothing_is_known() -> None:
    made = chart("Cost", [Value("1", 1, "1"), Value("2", None, ""), Value("3", 2, "2")])
    assert [(point.label, point.y) for point in made.points] == [("1", 60.9), ("3", 21.8)]
    assert made.line.count("M") == 2
    assert chart("Cost", [Value("1", 0, "0")]).points[0].y == made.base, "nothing costs nothing"
    assert chart("Nothing", []).points == []


def test_names_are_written_where_there_is_room() -> None:
    many = chart("Passed", [Value(str(n), 0.5, "half", [("Production", "production")] if n > 17 else []) for n in range(20)], most=1)
    assert sum(point.is_named for point in many.points) <= 6
    assert (many.points[0].is_named, many.points[-1].is_named) == (True, True)
    assert [point.says_place for point in many.points[-2:]] == [False, True]


def test_one_point_is_no_line() -> None:
    assert spark([1.0]) == spark([]) == ""

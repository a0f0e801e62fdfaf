"""Results of a suite beside each other: columns that the reader chooses, filters that stay in the address, answers opened in place."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from promptstudio.evaluations.cases import Cases, parse_cases
from promptstudio.evaluations.model_runner import Call, Said
from promptstudio.evaluations.models import Run, Suite
from promptstudio.evaluations.run_services import start_run
from promptstudio.evaluations.services import stop_asking
from promptstudio.evaluations.suite_services import add_suite, save_suite
from promptstudio.evaluations.worker import answer_due
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, promote
from tests.deployments.worse import saved
from tests.evaluations.scripted import said, saying

from .reading import HOSTILE, HTMX, at, queries, text

pytestmark = pytest.mark.usefixtures("calls")

OTHER = "amazon.nova-lite-v1:0"


@pytest.fixture
def old(cast: Cast, prompt: Prompt) -> Version:
    return saved(cast, prompt, "Sort")


@pytest.fixture
def new(cast: Cast, prompt: Prompt, old: Version) -> Version:
    return saved(cast, prompt, "Sort well")


def cases(*more: dict[str, Any]) -> Cases:
    rows = [
        {"uid": "burst", "name": "Burst pipe", "values": {"claim": "The pipe burst."}, "tags": ["water"], "must_never_fail": True},
        {"uid": "storm", "name": "Storm", "values": {"claim": "A tree fell."}, "tags": ["wind"]},
        {"uid": "fire", "name": "Fire", "values": {"claim": "It burns."}},
    ]
    checked = [row | {"assertions": [{"type": "icontains", "value": "sorted"}]} for row in rows]
    return parse_cases({"cases": [*checked, *more]})


@pytest.fixture
def suite(cast: Cast, old: Version) -> Suite:
    return add_suite(prompt=old.prompt, name="Usual claims", cases=cases(), actor=cast.alice)


def run(suite: Suite, version: Version, cast: Cast, says: Callable[[str], str], **more: Any) -> Run:
    """All of it, with answers that depend on what was filled in."""

    def answered(call: Call) -> Said:
        return said(says(call.rendered.messages[-1].text))

    with saying(answered):
        started = start_run(suite=suite, bundle=version.bundle, label=version.semver, version=version, actor=cast.alice, **more)
        answer_due()
    return started


def all_sorted(asked: str) -> str:
    return "Sorted: all is well with it."


def but_no_storm(asked: str) -> str:
    return "No idea." if "tree" in asked else "Sorted: all is quite well."


@pytest.fixture
def both(cast: Cast, suite: Suite, old: Version, new: Version) -> tuple[Run, Run]:
    return run(suite, old, cast, all_sorted), run(suite, new, cast, but_no_storm)


def page_of(suite: Suite) -> str:
    return f"/p/claims/prompts/water-damage-triage/-/tests/{suite.uid}/results/"


def shown(response: Any) -> list[tuple[str, list[str]]]:
    lines = response.context["results"].lines
    return [(line.case.name, [str(cell.tally.outcome) if cell.tally else "" for cell in line.cells]) for line in lines]


def test_versions_stand_beside_each_other_and_failures_first(client: Client, cast: Cast, suite: Suite, both: tuple[Run, Run]) -> None:
    page = at(client, cast.vera).get(page_of(suite))
    assert [head.title for head in page.context["results"].heads] == ["1.0.1", "1.0.0"]
    assert shown(page) == [("Storm", ["failed", "passed"]), ("Burst pipe", ["passed", "passed"]), ("Fire", ["passed", "passed"])]
    assert "2 of 3 passed" in text(page)
    assert "The answer does not contain" in text(page)


def test_a_row_opens_in_place_with_both_answers_and_what_differs(client: Client, cast: Cast, suite: Suite, both: tuple[Run, Run]) -> None:
    address = f"{page_of(suite)}?show=worse&open=storm"
    plain = at(client, cast.vera).get(address)
    in_place = client.get(address, headers=HTMX)
    for page in (plain, in_place):
        seen = text(page)
        assert "[removed: </span>Sorted: all is well with it" in seen
        assert "[added: </span>No idea" in seen
        assert "Request <code>r-1</code>" in seen
        assert "1,000 tokens in, 100 out" in seen
        assert "1.2 s" in seen
    assert "<html" not in text(in_place)


def test_what_both_answered_word_for_word_is_shown_once(client: Client, cast: Cast, suite: Suite, old: Version, new: Version) -> None:
    for version in (old, new):
        run(suite, version, cast, all_sorted)
    assert "Both answered the same, word for word" in text(at(client, cast.vera).get(f"{page_of(suite)}?open=fire"))


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ("", ["Storm", "Burst pipe", "Fire"]),
        ("show=failed", ["Storm"]),
        ("show=worse", ["Storm"]),
        ("show=changed", ["Storm"]),
        ("show=disagreement", ["Storm"]),
        ("show=unknown", []),
        ("show=made-up", ["Storm", "Burst pipe", "Fire"]),
        ("version=1.0.1&version=1.0.0&show=worse", ["Storm"]),
        ("version=1.0.0&version=1.0.1&show=worse", []),
        ("version=1.0.0&show=failed", []),
        ("version=9.9.9", []),
        ("tag=water", ["Burst pipe"]),
        ("never=1", ["Burst pipe"]),
        ("q=TREE+fell", ["Storm"]),
        ("q=%00&tag=%00&open=%00&version=%00", []),
        ("show=failed&tag=water", []),
    ],
)
def test_the_address_says_which_cases_are_shown(
    client: Client, cast: Cast, suite: Suite, both: tuple[Run, Run], filters: str, names: list[str]
) -> None:
    assert [name for name, _ in shown(at(client, cast.vera).get(f"{page_of(suite)}?{filters}"))] == names


def test_every_filter_keeps_the_others(client: Client, cast: Cast, suite: Suite, both: tuple[Run, Run]) -> None:
    page = text(at(client, cast.vera).get(f"{page_of(suite)}?version=1.0.1&version=1.0.0&tag=wind&show=changed"))
    assert "?version=1.0.1&amp;version=1.0.0&amp;tag=wind&amp;show=failed" in page
    assert "?version=1.0.1&amp;version=1.0.0&amp;tag=wind&amp;show=changed&amp;open=storm" in page
    assert '<input type="hidden" name="tag" value="wind">' in page


def test_the_latest_run_on_a_wording_and_model_is_a_column(client: Client, cast: Cast, suite: Suite, both: tuple[Run, Run]) -> None:
    again = run(suite, both[1].version, cast, all_sorted)
    other = run(suite, both[1].version, cast, all_sorted, model=OTHER)
    heads = at(client, cast.vera).get(page_of(suite)).context["results"].heads
    assert [head.column.run for head in heads] == [again, other, both[0]]
    assert [head.model for head in heads] == ["Claude Sonnet 4.5", "Amazon Nova Lite", "Claude Sonnet 4.5"]
    assert [head.name for head in heads] == ["1.0.1 on Claude Sonnet 4.5", "1.0.1 on Amazon Nova Lite", "1.0.0"]
    heads = client.get(f"{page_of(suite)}?model={OTHER}").context["results"].heads
    assert [head.column.run for head in heads] == [other]


def test_a_column_says_where_its_version_is_live(client: Client, cast: Cast, suite: Suite, both: tuple[Run, Run], old: Version) -> None:
    promote(old, cast.development, by=cast.dora)
    page = at(client, cast.vera).get(page_of(suite))
    assert [[place.name for place in head.live_in] for head in page.context["results"].heads] == [[], ["Development"]]
    assert "live in Development" in text(page)


def test_most_answers_decide_and_the_rest_is_told(client: Client, cast: Cast, suite: Suite, old: Version) -> None:
    turns = iter(["Sorted."] * 3 + ["Sorted.", "No.", "Sorted."] + ["Sorted."] * 3)
    run(suite, old, cast, lambda asked: next(turns), repeats=3)
    page = at(client, cast.vera).get(f"{page_of(suite)}?show=disagreement")
    assert shown(page) == [("Storm", ["passed"])]
    assert "2 of 3" in text(page)
    second = text(client.get(f"{page_of(suite)}?open=storm&repeat=1"))
    assert "No." in second


def test_checks_that_disagree_are_a_disagreement(client: Client, cast: Cast, old: Version) -> None:
    checks = [{"type": "icontains", "value": "sorted"}, {"type": "icontains", "value": "never said"}]
    two = parse_cases({"cases": [{"uid": "two", "values": {"claim": "x"}, "assertions": checks}]})
    suite = add_suite(prompt=old.prompt, name="Two", cases=two, actor=cast.alice)
    run(suite, old, cast, all_sorted)
    page = at(client, cast.vera).get(f"{page_of(suite)}?show=disagreement")
    assert len(shown(page)) == 1
    assert "score 0.50" in text(page)


def test_a_case_that_was_changed_since_is_marked(client: Client, cast: Cast, suite: Suite, both: tuple[Run, Run]) -> None:
    changed: dict[str, Any] = {"cases": [case.as_json() for case in suite.newest.cases]}
    changed["cases"][1] |= {"values": {"claim": "Two trees fell."}}
    changed["cases"][2] |= {"name": "Fire in the kitchen", "owner": str(cast.bob.user.uid)}
    save_suite(suite=suite, cases=parse_cases(changed), follows=1, actor=cast.alice)
    page = at(client, cast.vera).get(page_of(suite))
    before = {line.case.name: [cell.before for cell in line.cells] for line in page.context["results"].lines}
    assert before == {"Storm": [True, True], "Burst pipe": [False, False], "Fire in the kitchen": [False, False]}
    assert "the case was different then" in text(page)


def test_a_suite_that_was_not_run_says_how_to_begin(client: Client, cast: Cast, suite: Suite) -> None:
    assert "This suite was not run yet" in text(at(client, cast.vera).get(page_of(suite)))


def test_hostile_words_stay_words(client: Client, cast: Cast, old: Version) -> None:
    row = {
        "uid": "<b>",
        "name": HOSTILE[:200],
        "tags": ["<i>x"],
        "values": {"claim": HOSTILE},
        "assertions": [{"type": "contains", "value": HOSTILE}],
    }
    suite = add_suite(prompt=old.prompt, name="<b>x</b>", cases=parse_cases({"cases": [row]}), actor=cast.alice)
    run(suite, old, cast, lambda asked: "<script>alert(2)</script> {{claim}}")
    run(suite, old, cast, lambda asked: "<script>alert(3)</script>", model=OTHER)
    page = at(client, cast.alice).get(page_of(suite), {"open": "<b>", "q": "<script>", "tag": "<i>x"})
    assert shown(page) == [(row["name"], ["failed", "failed"])]
    assert "<script>alert" not in page.content.decode()
    assert "<i>x" not in page.content.decode()


def test_the_page_takes_the_same_queries_however_much_there_is(client: Client, cast: Cast, suite: Suite, both: tuple[Run, Run]) -> None:
    at(client, cast.alice)
    for version in (both[0].version, both[1].version):
        run(suite, version, cast, but_no_storm, repeats=2)
    few = queries(client, f"{page_of(suite)}?open=storm")
    more = [{"uid": str(n), "name": str(n), "values": {"claim": "x"}} for n in range(60)]
    longer = add_suite(prompt=suite.prompt, name="Long", cases=cases(*more), actor=cast.alice)
    for version in (both[0].version, both[1].version):
        run(longer, version, cast, but_no_storm, repeats=2)
        run(longer, version, cast, but_no_storm, model=OTHER)
    assert queries(client, f"{page_of(longer)}?open=storm") == few


def test_whoever_does_not_see_the_prompt_sees_no_results(client: Client, cast: Cast, suite: Suite, both: tuple[Run, Run]) -> None:
    assert at(client, cast.charlie).get(page_of(suite)).status_code == 404


def test_of_a_case_that_must_never_fail_one_bad_answer_is_enough(client: Client, cast: Cast, suite: Suite, old: Version) -> None:
    turns = iter(["Sorted.", "No.", "Sorted."] + ["Sorted."] * 6)
    run(suite, old, cast, lambda asked: next(turns), repeats=3)
    page = at(client, cast.vera).get(f"{page_of(suite)}?show=failed")
    assert shown(page) == [("Burst pipe", ["failed"])]
    assert "1 of 3" in text(page)


def test_a_run_that_did_not_ask_everything_says_so(client: Client, cast: Cast, suite: Suite, old: Version) -> None:
    started = start_run(suite=suite, bundle=old.bundle, label=old.semver, version=old, actor=cast.alice)
    stop_asking(prompt=old.prompt, round_uid=started.uid, actor=cast.alice)
    assert "3 not asked any more" in text(at(client, cast.vera).get(page_of(suite)))
    assert "3 not asked any more" in text(client.get(page_of(suite).replace("/results/", "/over-versions/")))

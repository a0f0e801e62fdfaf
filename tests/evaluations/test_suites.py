"""Suites and their cases: what is kept, what is refused, and what a table of Excel means."""

from typing import Any

import pytest

from promptstudio.evaluations import run_services, suite_services
from promptstudio.evaluations.cases import Cases, parse_cases
from promptstudio.evaluations.model_runner import Call
from promptstudio.evaluations.models import Answer, Result, Suite
from promptstudio.evaluations.services import stop_asking
from promptstudio.evaluations.tallies import tallies_of
from promptstudio.evaluations.worker import answer_due
from promptstudio.lib.append_only import NeverChanges
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast


def cases(*claims: str, check: str = "pipe") -> Cases:
    rows = [
        {"uid": str(number), "name": claim, "values": {"claim": claim}, "assertions": [{"type": "icontains", "value": check}]}
        for number, claim in enumerate(claims)
    ]
    return parse_cases({"cases": rows})


@pytest.fixture
def suite(cast: Cast, version: Version) -> Suite:
    return suite_services.add_suite(prompt=version.prompt, name="Usual", cases=cases("The pipe burst.", "A tree fell."), actor=cast.alice)


def test_a_name_is_there_once_until_it_is_archived(cast: Cast, suite: Suite) -> None:
    with pytest.raises(Conflict, match="There is a suite named Usual already"):
        suite_services.add_suite(prompt=suite.prompt, name=" Usual ", cases=Cases(), actor=cast.alice)
    suite_services.archive_suite(suite=suite, actor=cast.alice)
    suite_services.add_suite(prompt=suite.prompt, name="Usual", cases=Cases(), actor=cast.alice)


def test_a_required_suite_is_not_archived(cast: Cast, suite: Suite) -> None:
    suite_services.change_suite(suite=suite, name="Usual", required=True, actor=cast.alice)
    with pytest.raises(Conflict, match="Conditions may ask for this suite"):
        suite_services.archive_suite(suite=suite, actor=cast.alice)


@pytest.mark.parametrize("name", ["", "  ", "x" * 121, "x\0y", "x\ud800"])
def test_a_suite_has_a_name(cast: Cast, prompt: Prompt, name: str) -> None:
    with pytest.raises(Invalid):
        suite_services.add_suite(prompt=prompt, name=name, cases=Cases(), actor=cast.alice)


def test_cases_have_versions_that_never_change(cast: Cast, suite: Suite) -> None:
    saved = suite_services.save_suite(suite=suite, cases=cases("Another."), follows=1, actor=cast.alice)
    assert (saved.number, [case.name for case in suite.newest.cases]) == (2, ["Another."])
    with pytest.raises(NeverChanges):
        saved.delete()
    with pytest.raises(Conflict, match="Nothing changed"):
        suite_services.save_suite(suite=suite, cases=cases("Another."), follows=2, actor=cast.alice)


def test_a_check_that_cannot_be_made_is_refused_at_its_place(cast: Cast, suite: Suite) -> None:
    wrong = parse_cases({"cases": [{"assertions": [{"type": "icontains", "value": "x"}, {"type": "regex", "value": "("}]}]})
    with pytest.raises(Invalid) as refused:
        suite_services.save_suite(suite=suite, cases=wrong, follows=1, actor=cast.alice)
    assert list(refused.value.errors) == ["cases.0.assertions.1.value"]


def test_a_run_asks_every_case_and_grades_each(cast: Cast, suite: Suite, version: Version) -> None:
    run = run_services.start_run(suite=suite, bundle=version.bundle, label="1.0.0", version=version, actor=cast.alice)
    assert list(run.results.values_list("outcome", flat=True)) == ["waiting", "waiting"]
    answer_due()
    first, second = run.results.order_by("id")
    assert (first.outcome, first.score, first.checks[0]["passed"]) == ("passed", 1.0, True)
    assert (second.outcome, second.score) == ("failed", 0.0)
    assert "pipe" in second.checks[0]["reason"]


def test_each_case_is_asked_as_often_as_wanted_of_another_model(cast: Cast, suite: Suite, version: Version, calls: list[Call]) -> None:
    other = "amazon.nova-lite-v1:0"
    run = run_services.start_run(
        suite=suite, bundle=version.bundle, label="1.0.0", version=version, model=other, repeats=3, actor=cast.alice
    )
    answer_due()
    assert [call.model for call in calls] == [other] * 6
    assert sorted(run.results.values_list("case", "repeat")) == [(case, repeat) for case in "01" for repeat in range(3)]
    assert {case: tally.outcome for case, tally in tallies_of([run])[run.pk].items()} == {"0": "passed", "1": "failed"}


@pytest.mark.parametrize("wrong", [{"repeats": 0}, {"repeats": 21}, {"model": "no model at all"}])
def test_what_cannot_be_asked_is_refused_before_anything_is_asked(
    cast: Cast, suite: Suite, version: Version, calls: list[Call], wrong: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as refused:
        run_services.start_run(suite=suite, bundle=version.bundle, label="1.0.0", version=version, **wrong, actor=cast.alice)
    assert list(refused.value.errors) == list(wrong)
    assert not Answer.objects.exists()


def test_what_has_its_default_leaves_no_trace_in_the_cases() -> None:
    """Cases of former versions keep their digest."""
    plain = {"cases": [{"uid": "1", "name": "A"}]}
    assert parse_cases(plain).canonical == '{"cases":[{"name":"A","uid":"1"}]}'
    assert parse_cases({**plain, "extra": {"x": 1}}).canonical == '{"cases":[{"name":"A","uid":"1"}],"extra":{"x":1}}'
    assert parse_cases({**plain, "threshold": 0.9}).canonical == '{"cases":[{"name":"A","uid":"1"}],"threshold":0.9}'


def test_a_case_that_does_not_fit_the_prompt_is_told_and_the_others_run(cast: Cast, suite: Suite, version: Version) -> None:
    odd = parse_cases({"cases": [{"uid": "1", "name": "Empty"}, *cases("The pipe burst.").model_dump(mode="json")["cases"]]})
    suite_services.save_suite(suite=suite, cases=odd, follows=1, actor=cast.alice)
    run = run_services.start_run(suite=suite, bundle=version.bundle, label="1.0.0", version=version, actor=cast.alice)
    answer_due()
    assert sorted(run.results.values_list("outcome", flat=True)) == ["passed", "unknown"]
    assert "claim" in Answer.objects.get(state="failed").error


def test_a_case_without_checks_is_never_passed(cast: Cast, suite: Suite, version: Version) -> None:
    bare = parse_cases({"cases": [{"uid": "1", "values": {"claim": "x"}}]})
    suite_services.save_suite(suite=suite, cases=bare, follows=1, actor=cast.alice)
    run_services.start_run(suite=suite, bundle=version.bundle, label="1.0.0", version=version, actor=cast.alice)
    answer_due()
    assert Result.objects.get().outcome == "unknown"


def test_a_check_may_ask_for_a_value_that_is_no_variable(cast: Cast, suite: Suite, version: Version) -> None:
    row = {"uid": "1", "values": {"claim": "A pipe.", "wanted": "pipe"}, "assertions": [{"type": "icontains", "value": "{{wanted}}"}]}
    suite_services.save_suite(suite=suite, cases=parse_cases({"cases": [row]}), follows=1, actor=cast.alice)
    run_services.start_run(suite=suite, bundle=version.bundle, label="1.0.0", version=version, actor=cast.alice)
    answer_due()
    assert Result.objects.get().outcome == "passed"


def test_what_is_stopped_could_not_be_told(cast: Cast, suite: Suite, version: Version) -> None:
    run = run_services.start_run(suite=suite, bundle=version.bundle, label="1.0.0", version=version, actor=cast.alice)
    stop_asking(prompt=version.prompt, round_uid=run.uid, actor=cast.alice)
    assert set(run.results.values_list("outcome", flat=True)) == {"unknown"}


def test_an_empty_or_archived_suite_is_not_run(cast: Cast, suite: Suite, version: Version) -> None:
    suite_services.save_suite(suite=suite, cases=Cases(), follows=1, actor=cast.alice)
    with pytest.raises(Invalid, match="has no cases yet"):
        run_services.start_run(suite=suite, bundle=version.bundle, label="1.0.0", version=version, actor=cast.alice)
    suite_services.archive_suite(suite=suite, actor=cast.alice)
    suite.refresh_from_db()
    with pytest.raises(Invalid, match="is archived"):
        run_services.start_run(suite=suite, bundle=version.bundle, label="1.0.0", version=version, actor=cast.alice)


def test_an_archived_suite_comes_back_unless_its_name_is_taken(cast: Cast, suite: Suite) -> None:
    with pytest.raises(Conflict, match="not archived"):
        suite_services.restore_suite(suite=suite, actor=cast.alice)
    suite_services.archive_suite(suite=suite, actor=cast.alice)
    other = suite_services.add_suite(prompt=suite.prompt, name=suite.name, cases=suite.newest.content, actor=cast.bob)
    with pytest.raises(Conflict, match="Another suite is called"):
        suite_services.restore_suite(suite=suite, actor=cast.alice)
    suite_services.change_suite(suite=other, name="Another", required=False, actor=cast.bob)
    suite_services.restore_suite(suite=suite, actor=cast.alice)
    suite.refresh_from_db()
    assert suite.archived_at is None

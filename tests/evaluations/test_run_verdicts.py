"""What a run says as a whole, and how pipelines read it."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from promptstudio.evaluations import run_services, suite_services
from promptstudio.evaluations.cases import Cases, parse_cases
from promptstudio.evaluations.junit import junit_xml, writable
from promptstudio.evaluations.models import Result, Run
from promptstudio.evaluations.run_verdicts import Verdict, verdict_of
from promptstudio.evaluations.services import stop_asking
from promptstudio.evaluations.summary import ExitCode, NotRun, as_text, exit_code_of
from promptstudio.evaluations.tallies import suite_outcome
from promptstudio.evaluations.worker import answer_due
from promptstudio.prompts.models import Version
from tests.cast import Cast

from .scripted import said, saying

P, F, U, W = Result.Outcome.PASSED, Result.Outcome.FAILED, Result.Outcome.UNKNOWN, Result.Outcome.WAITING
SCHEMA = etree.XMLSchema(etree.parse(str(Path(__file__).with_name("junit.xsd"))))
CHECK = {"type": "icontains", "value": "pipe"}


def suite_of(*cases: dict[str, Any], threshold: float | None = None) -> Cases:
    rows = [{"uid": str(number), "values": {"claim": "x"}, "assertions": [CHECK]} | case for number, case in enumerate(cases)]
    return parse_cases({"cases": rows} | ({} if threshold is None else {"threshold": threshold}))


def judged(*outcomes: Result.Outcome, cases: Cases | None = None) -> Result.Outcome:
    cases = cases or suite_of(*[{} for _ in outcomes])
    return suite_outcome(cases, {str(number): outcome for number, outcome in enumerate(outcomes)})


@pytest.mark.parametrize(
    ("outcomes", "says"), [([P, P], P), ([P, F], F), ([P, U], U), ([P, W], W), ([F, W], F), ([U, W], W), ([F, U], F), ([], U)]
)
def test_every_case_has_to_pass(outcomes: list[Result.Outcome], says: Result.Outcome) -> None:
    assert judged(*outcomes) == says


@pytest.mark.parametrize(
    ("outcomes", "says"),
    [([P, P, P, F], P), ([P, P, F, F], F), ([P, P, U, F], U), ([P, P, P, W], P), ([P, P, W, F], W), ([P, P, P, U], P)],
)
def test_with_a_threshold_so_many_have_to(outcomes: list[Result.Outcome], says: Result.Outcome) -> None:
    assert judged(*outcomes, cases=suite_of({}, {}, {}, {}, threshold=0.75)) == says


def test_cases_count_by_their_weight() -> None:
    cases = suite_of({"weight": 3}, {}, threshold=0.75)
    assert (judged(P, F, cases=cases), judged(F, P, cases=cases)) == (P, F)


@pytest.mark.parametrize(("outcome", "says"), [(F, F), (U, U), (P, P)])
def test_what_must_never_fail_is_not_outvoted(outcome: Result.Outcome, says: Result.Outcome) -> None:
    assert judged(P, P, P, outcome, cases=suite_of({}, {}, {}, {"must_never_fail": True}, threshold=0.5)) == says


def test_the_share_is_not_lost_in_the_last_digit() -> None:
    cases = suite_of(*[{} for _ in range(25)], threshold=0.28)
    assert judged(*[P] * 7, *[F] * 18, cases=cases) == P


def run_of(cast: Cast, version: Version, cases: Cases, *, repeats: int = 1, name: str = "Usual") -> Run:
    suite = suite_services.add_suite(prompt=version.prompt, name=name, cases=cases, actor=cast.alice)
    return run_services.start_run(
        suite=suite, bundle=version.bundle, label=version.semver, version=version, repeats=repeats, actor=cast.alice
    )


def told(run: Run) -> Verdict:
    return verdict_of(Run.objects.with_everything().get(pk=run.pk))


def parsed(*verdicts: Verdict, not_run: Any = ()) -> Any:
    root = etree.fromstring(junit_xml(verdicts, not_run).encode())
    SCHEMA.assertValid(root)
    return root


def test_repeats_count_by_majority(cast: Cast, version: Version) -> None:
    answers = iter(["A pipe.", "A tree.", "A pipe.", "A tree.", "A tree.", "A pipe."])
    run = run_of(cast, version, suite_of({"name": "One"}, {"name": "Two"}), repeats=3)
    with saying(lambda call: said(next(answers))):
        answer_due()
    verdict = told(run)
    assert [(each.name, each.outcome) for each in verdict.cases] == [("One", P), ("Two", F)]
    assert (verdict.outcome, exit_code_of([verdict])) == (F, ExitCode.FAILED)
    assert verdict.cases_as_json()[1]["answers"] == {"waiting": 0, "passed": 1, "failed": 2, "unknown": 0}
    assert "FAILED             Two  2 of 3" in as_text([verdict])


def test_junit_says_what_it_was_and_why_it_failed(cast: Cast, version: Version) -> None:
    run = run_of(cast, version, suite_of({"name": "One", "values": {"claim": "A pipe."}}, {"name": "Two", "values": {"claim": "A tree."}}))
    answer_due()
    root = parsed(told(run))
    suite = root.find("testsuite")
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == dict(
        tests="2", failures="1", errors="0", skipped="0"
    )
    properties = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert (properties["version"], properties["digest"], properties["outcome"]) == ("1.0.0", version.digest, "failed")
    assert properties["model"] == version.bundle.model
    assert float(properties["cost_usd"]) > 0
    one, two = suite.iter("testcase")
    assert (len(one), one.get("classname"), one.get("time")) == (0, f"{version.prompt.name}: Usual", "1.234")
    assert "pipe" in two.find("failure").get("message")


def test_what_could_not_be_told_is_an_error_and_what_was_not_asked_is_skipped(cast: Cast, version: Version) -> None:
    run = run_of(cast, version, suite_of({"name": "No value", "values": {}}, {"name": "Stopped"}, {"name": "Odd"}))
    Result.objects.filter(run=run, case="2").update(outcome=U)
    stop_asking(prompt=version.prompt, round_uid=run.uid, actor=cast.alice)
    verdict = told(run)
    kinds = [[child.tag for child in case] for case in parsed(verdict).iter("testcase")]
    assert kinds == [["error"], ["skipped"], ["skipped"]]
    assert exit_code_of([verdict]) == ExitCode.UNKNOWN


def test_what_the_suite_lets_through_breaks_no_build(cast: Cast, version: Version) -> None:
    cases = suite_of({"values": {"claim": "A pipe."}}, {"values": {"claim": "A tree."}}, threshold=0.5)
    run = run_of(cast, version, cases)
    answer_due()
    verdict = told(run)
    assert exit_code_of([verdict]) == ExitCode.PASSED
    assert parsed(verdict).get("failures") == "0"


def test_a_suite_that_cannot_fail_does_not_pass(cast: Cast, version: Version) -> None:
    idle = {"name": "Idle", "assertions": []}
    run = run_of(cast, version, suite_of({"values": {"claim": "A pipe."}}, idle | {"threshold": 0}, threshold=0.5))
    answer_due()
    verdict = told(run)
    assert (verdict.outcome, exit_code_of([verdict])) == (U, ExitCode.UNKNOWN)
    assert parsed(verdict).get("errors") != "0"
    assert "It proves nothing" in as_text([verdict])


def test_a_suite_that_nobody_was_asked_for_is_skipped(cast: Cast, version: Version) -> None:
    suite = suite_services.add_suite(prompt=version.prompt, name="Empty", cases=Cases(), actor=cast.alice)
    not_run = [NotRun(suite, "There is no case.")]
    assert parsed(not_run=not_run).get("skipped") == "1"
    assert exit_code_of([], not_run) == ExitCode.UNKNOWN
    assert as_text([], not_run) == "Empty: not run. There is no case."


def test_what_is_on_its_way_is_too_late(cast: Cast, version: Version) -> None:
    verdict = told(run_of(cast, version, suite_of({}, {})))
    assert (exit_code_of([verdict]), parsed(verdict).get("skipped")) == (ExitCode.TOO_LATE, "2")


def test_no_terminal_obeys_an_answer(cast: Cast, version: Version) -> None:
    run = run_of(cast, version, suite_of({"name": "\x1b[2J\x07 \u202e red", "values": {"claim": "x"}}))
    answer_due()
    text = as_text([told(run)])
    assert all(character.isprintable() or character == "\n" for character in text)
    parsed(told(run))


@given(st.text(st.characters(codec=None)))
def test_whatever_is_said_can_be_written(text: str) -> None:
    root = etree.Element("a", {"b": writable(text)})
    assert etree.fromstring(etree.tostring(root)).get("b") == writable(text)

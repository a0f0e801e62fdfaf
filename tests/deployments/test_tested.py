"""The condition *its required tests passed*: what counts, what does not, and that it fails closed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from promptstudio.deployments import gates
from promptstudio.deployments.glance import at_a_glance
from promptstudio.evaluations import run_services, suite_services
from promptstudio.evaluations.cases import Cases
from promptstudio.evaluations.models import Run, Suite
from promptstudio.evaluations.worker import answer_due
from promptstudio.lib import clock
from promptstudio.projects.rules import Rules
from promptstudio.projects.services import change_policy
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, asked, promote
from tests.evaluations.scripted import PATH, said, saying

from .worse import saved


@pytest.fixture(autouse=True)
def models(settings: Any, cast: Cast) -> Iterator[None]:
    settings.MODEL_RUNNER = PATH
    change_policy(environment=cast.staging, data={"previous_environment": True, "tests": True}, actor=cast.dora)
    with saying():
        yield


def cases(value: str = "pipe", **more: Any) -> Cases:
    check = {"type": "icontains", "value": value}
    return Cases.model_validate(
        {"cases": [{"uid": "1", "name": "Burst pipe", "values": {"claim": "A pipe."}, "assertions": [check], **more}]}
    )


@pytest.fixture
def suite(cast: Cast, prompt: Prompt) -> Suite:
    return suite_services.add_suite(prompt=prompt, name="Usual claims", required=True, cases=cases(), actor=cast.alice)


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    made = saved(cast, prompt, "Sort this claim")
    promote(made, cast.development, by=cast.alice)
    return made


def run(cast: Cast, suite: Suite, version: Version) -> Run:
    return run_services.start_run(suite=suite, bundle=version.bundle, label=version.semver, version=version, actor=cast.alice)


def outcome(cast: Cast, version: Version) -> gates.Outcome:
    [found] = [each for each in gates.evaluate(gates.candidate_for(version, cast.staging)) if each.gate == "tests"]
    return found


def test_without_a_required_suite_nothing_can_have_passed(cast: Cast, version: Version) -> None:
    assert not outcome(cast, version).passed
    assert "No suite is required of this prompt" in outcome(cast, version).reason


def test_a_suite_that_nobody_requires_is_not_asked_for(cast: Cast, suite: Suite, version: Version) -> None:
    suite_services.change_suite(suite=suite, name=suite.name, required=False, actor=cast.alice)
    assert "No suite is required" in outcome(cast, version).reason


def test_it_passes_once_the_suite_passed_on_this_version_there(cast: Cast, suite: Suite, version: Version) -> None:
    assert "Usual claims was not run on 1.0.0 as its cases are now." in outcome(cast, version).reason
    run(cast, suite, version)
    assert "Usual claims is still running." in outcome(cast, version).reason
    answer_due()
    passed = outcome(cast, version)
    assert (passed.passed, passed.reason) == (True, "Usual claims passed 1 of 1 cases.")
    assert passed.evidence == {"runs": [str(Run.objects.get().uid)]}


def test_a_run_from_before_it_was_live_there_does_not_count(cast: Cast, suite: Suite, prompt: Prompt) -> None:
    version = saved(cast, prompt, "Sort this claim")
    run(cast, suite, version)
    answer_due()
    promote(version, cast.development, by=cast.alice)
    assert "was not run since 1.0.0 is live in Development." in outcome(cast, version).reason


def test_a_failed_case_blocks(cast: Cast, suite: Suite, version: Version) -> None:
    run(cast, suite, version)
    with saying(lambda call: said("Nothing.")):
        answer_due()
    assert outcome(cast, version).reason == "Usual claims: 1 of 1 cases did not pass."


def test_a_case_without_an_answer_blocks(cast: Cast, suite: Suite, version: Version) -> None:
    def broken(call: Any) -> Any:
        raise ZeroDivisionError

    run(cast, suite, version)
    with saying(broken):
        answer_due()
    assert not outcome(cast, version).passed


def test_the_newest_run_counts_not_the_best(cast: Cast, suite: Suite, version: Version) -> None:
    run(cast, suite, version)
    answer_due()
    run(cast, suite, version)
    with saying(lambda call: said("Nothing.")):
        answer_due()
    assert not outcome(cast, version).passed


def test_tests_of_another_version_say_nothing(cast: Cast, suite: Suite, version: Version, prompt: Prompt) -> None:
    run(cast, suite, version)
    answer_due()
    other = saved(cast, prompt, "Judge this claim")
    promote(other, cast.development, by=cast.alice)
    assert f"was not run on {other.semver}" in outcome(cast, other).reason


def test_changed_cases_have_to_be_run_again(cast: Cast, suite: Suite, version: Version) -> None:
    run(cast, suite, version)
    answer_due()
    suite_services.save_suite(suite=suite, cases=cases("water"), follows=1, actor=cast.alice)
    assert "was not run on 1.0.0 as its cases are now" in outcome(cast, version).reason


@pytest.mark.parametrize(
    "idle",
    [{"threshold": 0}, {"assertions": []}, {"assertions": [{"type": "icontains", "value": "x", "weight": 0}]}],
)
def test_a_suite_that_cannot_fail_does_not_count(cast: Cast, suite: Suite, version: Version, idle: dict[str, Any]) -> None:
    suite_services.save_suite(suite=suite, cases=cases(**idle), follows=1, actor=cast.alice)
    run(cast, suite, version)
    answer_due()
    assert "Usual claims proves nothing:" in outcome(cast, version).reason


@pytest.mark.parametrize(("wanted", "never", "passes"), [(None, False, False), (0.5, False, True), (0.6, False, False), (0.5, True, False)])
def test_a_suite_may_ask_for_a_share_of_its_cases(
    cast: Cast, suite: Suite, version: Version, wanted: float | None, never: bool, passes: bool
) -> None:
    rows = [{"values": {"claim": claim}, "assertions": [{"type": "icontains", "value": "pipe"}]} for claim in ("A pipe.", "A tree.")]
    rows[1]["must_never_fail"] = never
    shared = Cases.model_validate({"cases": rows, "threshold": wanted})
    suite_services.save_suite(suite=suite, cases=shared, follows=1, actor=cast.alice)
    run(cast, suite, version)
    answer_due()
    assert outcome(cast, version).passed is passes


def test_a_suite_with_a_threshold_of_0_does_not_count(cast: Cast, suite: Suite, version: Version) -> None:
    idle = Cases.model_validate({"cases": [case.as_json() for case in cases().cases], "threshold": 0})
    suite_services.save_suite(suite=suite, cases=idle, follows=1, actor=cast.alice)
    run(cast, suite, version)
    answer_due()
    assert "Usual claims proves nothing: The suite has a threshold of 0" in outcome(cast, version).reason


def test_checks_that_are_only_kept_do_not_count_as_passed(cast: Cast, suite: Suite, version: Version) -> None:
    kept = [{"type": "icontains", "value": "pipe"}, {"type": "javascript", "value": "true"}]
    suite_services.save_suite(suite=suite, cases=cases(assertions=kept), follows=1, actor=cast.alice)
    run(cast, suite, version)
    answer_due()
    assert not outcome(cast, version).passed


def test_tests_grow_old_where_the_conditions_say_so(cast: Cast, suite: Suite, version: Version) -> None:
    change_policy(environment=cast.staging, data={"previous_environment": True, "tests": True, "tests_days": 7}, actor=cast.dora)
    run(cast, suite, version)
    answer_due()
    assert outcome(cast, version).passed
    with clock.at(clock.now() + timedelta(days=8)):
        assert "was run more than 7 days ago" in outcome(cast, version).reason


def test_what_breaks_while_it_is_looked_at_blocks(cast: Cast, suite: Suite, version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptstudio.deployments.candidate.standings_of", lambda versions: 1 / 0)
    assert not outcome(cast, version).passed
    assert "This could not be checked, so it blocks" in outcome(cast, version).reason


def test_a_list_of_reviews_says_the_same(cast: Cast, suite: Suite, version: Version) -> None:
    run(cast, suite, version)
    answer_due()
    review = asked(version, cast.staging, by=cast.alice)
    [answers] = at_a_glance([review]).values()
    assert answers == gates.evaluate(gates.candidate_for(version, cast.staging))


def test_the_conditions_say_it_in_words_and_are_compared() -> None:
    rules = Rules(tests=True, tests_days=7)
    assert "to have passed its required tests since it is live in Development, within the last 7 days" in rules.in_words(
        "Staging", "Development"
    )
    assert Rules().easier_than(rules) == ["required tests need not have passed"]
    assert Rules(tests=True).easier_than(rules) == ["tests count for ever"]
    assert Rules().raised_to(rules) == rules


def test_how_another_model_answers_lets_nothing_in(cast: Cast, suite: Suite, version: Version) -> None:
    other = "amazon.nova-lite-v1:0"
    asked = run_services.start_run(suite=suite, bundle=version.bundle, label="1.0.0", version=version, model=other, actor=cast.alice)
    answer_due()
    assert set(asked.results.values_list("outcome", flat=True)) == {"passed"}
    assert "Usual claims was not run on 1.0.0" in outcome(cast, version).reason

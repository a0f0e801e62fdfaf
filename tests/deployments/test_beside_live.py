"""The conditions that hold a version's tests against those of what is live, and letting a case get worse."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from promptstudio.deployments import gates
from promptstudio.deployments.acceptance_services import accept_case, take_acceptance_back
from promptstudio.deployments.gates.testing import named_cases
from promptstudio.deployments.glance import at_a_glance
from promptstudio.deployments.permissions import can_accept
from promptstudio.evaluations import suite_services
from promptstudio.evaluations.cases import Case, Cases
from promptstudio.evaluations.models import AcceptedCase, Suite
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.projects.role_services import take_role
from promptstudio.projects.rules import Rules
from promptstudio.projects.services import change_policy
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, asked, promote
from tests.evaluations.scripted import PATH, said

from .worse import a_suite, cases, good, got_worse, in_turn, run_on, saved

MANY = [f"Case {number}" for number in range(60)]


@pytest.fixture(autouse=True)
def models(settings: Any) -> None:
    settings.MODEL_RUNNER = PATH


def ask_for(cast: Cast, **rules: Any) -> None:
    change_policy(environment=cast.staging, data={"previous_environment": True, **rules}, actor=cast.dora)


def outcome(cast: Cast, version: Version, gate: str) -> gates.Outcome:
    return next(each for each in gates.evaluate(gates.candidate_for(version, cast.staging)) if each.gate == gate)


def accepted(
    cast: Cast, suite: Suite, version: Version, case: str = "Fire", by: Any = None, reason: str = "We ask for it by phone."
) -> None:
    accept_case(version=version, environment=cast.staging, suite=suite, case=case, reason=reason, actor=by or cast.bob)


class TestNoRegression:
    @pytest.fixture(autouse=True)
    def rules(self, models: None, cast: Cast) -> None:
        ask_for(cast, no_regression=True)

    def test_a_case_that_live_passes_and_the_candidate_does_not_blocks_by_name(self, cast: Cast, prompt: Prompt) -> None:
        _, _, candidate = got_worse(cast, prompt)
        held = outcome(cast, candidate, "no_regression")
        assert (held.passed, held.reason) == (False, "Usual claims: “Fire” passes on 1.0.0 and not on 1.0.1.")
        assert held.evidence["worse"] == ["Fire"]

    def test_what_fails_on_both_is_no_regression(self, cast: Cast, prompt: Prompt) -> None:
        suite, live, candidate = got_worse(cast, prompt)
        run_on(cast, suite, live, good("Pipe"))
        assert outcome(cast, candidate, "no_regression").reason == "Of 2 cases, none is worse than on 1.0.0."

    def test_where_nothing_is_live_nothing_is_worse(self, cast: Cast, prompt: Prompt) -> None:
        assert outcome(cast, saved(cast, prompt, "Sort"), "no_regression").reason == "Nothing is live there yet."

    def test_what_is_live_may_be_sent_again(self, cast: Cast, prompt: Prompt) -> None:
        _, live, _ = got_worse(cast, prompt)
        assert outcome(cast, live, "no_regression").reason == "It is what is live."

    def test_without_a_required_suite_nothing_can_be_compared(self, cast: Cast, prompt: Prompt) -> None:
        suite, _, candidate = got_worse(cast, prompt)
        suite_services.change_suite(suite=suite, name=suite.name, required=False, actor=cast.alice)
        assert "No suite is required of this prompt" in outcome(cast, candidate, "no_regression").reason

    def test_both_sides_are_run_on_the_cases_of_today(self, cast: Cast, prompt: Prompt) -> None:
        suite, live, candidate = got_worse(cast, prompt)
        more = Cases.model_validate({"cases": cases("Pipe", "Fire", "Storm")})
        suite_services.save_suite(suite=suite, cases=more, follows=1, actor=cast.alice)
        assert "was not run on 1.0.1 as its cases are now" in outcome(cast, candidate, "no_regression").reason
        run_on(cast, suite, candidate, good("Pipe", "Fire", "Storm"))
        assert "was not run on 1.0.0 as its cases are now" in outcome(cast, candidate, "no_regression").reason
        run_on(cast, suite, live, good("Pipe", "Fire", "Storm"))
        assert outcome(cast, candidate, "no_regression").passed

    def test_a_run_of_another_model_says_nothing(self, cast: Cast, prompt: Prompt) -> None:
        suite, _, candidate = got_worse(cast, prompt)
        run_on(cast, suite, candidate, good("Pipe", "Fire"), model="amazon.nova-lite-v1:0")
        assert not outcome(cast, candidate, "no_regression").passed

    def test_what_cannot_be_told_of_live_blocks_unless_the_candidate_passes(self, cast: Cast, prompt: Prompt) -> None:
        suite, live, candidate = got_worse(cast, prompt)

        def silent(claim: str) -> Any:
            raise ZeroDivisionError

        run_on(cast, suite, live, silent)
        assert outcome(cast, candidate, "no_regression").reason == (
            "Usual claims: whether “Fire” got worse cannot be told; run it again on 1.0.0."
        )
        run_on(cast, suite, candidate, good("Pipe", "Fire"))
        assert outcome(cast, candidate, "no_regression").passed

    @pytest.mark.parametrize(("answers", "passes"), [("good bad good", True), ("bad good bad", False), ("good bad bad", False)])
    def test_the_majority_of_the_repeats_decides(self, cast: Cast, prompt: Prompt, answers: str, passes: bool) -> None:
        suite, live, candidate = self._one_case(cast, prompt)
        run_on(cast, suite, live, good("Pipe"), repeats=3)
        run_on(cast, suite, candidate, in_turn(answers.split()), repeats=3)
        assert outcome(cast, candidate, "no_regression").passed is passes

    def test_as_many_repeats_as_the_conditions_ask_for(self, cast: Cast, prompt: Prompt) -> None:
        ask_for(cast, no_regression=True, tests_repeats=3)
        suite, live, candidate = self._one_case(cast, prompt)
        run_on(cast, suite, candidate, good("Pipe"), repeats=3)
        run_on(cast, suite, live, good("Pipe"), repeats=2)
        assert outcome(cast, candidate, "no_regression").reason == "Usual claims asked each case 2 times on 1.0.0, and 3 times are needed."
        run_on(cast, suite, live, good("Pipe"), repeats=3)
        assert outcome(cast, candidate, "no_regression").passed

    def test_a_list_of_reviews_says_the_same(self, cast: Cast, prompt: Prompt) -> None:
        suite, _, candidate = got_worse(cast, prompt)
        accepted(cast, suite, candidate)
        review = asked(candidate, cast.staging, by=cast.alice)
        [answers] = at_a_glance([review]).values()
        assert answers == gates.evaluate(gates.candidate_for(candidate, cast.staging))

    def test_however_many_reviews_the_number_of_queries_is_the_same(self, cast: Cast, prompt: Prompt) -> None:
        _, _, candidate = got_worse(cast, prompt)
        reviews = [asked(candidate, cast.staging, by=cast.alice)]
        with CaptureQueriesContext(
            connection,
        ) as few:
            at_a_glance(reviews)
        for words in ("Weigh", "Check"):
            other = saved(cast, prompt, words)
            promote(other, cast.development, by=cast.alice)
            reviews.append(asked(other, cast.staging, by=cast.alice))
        with CaptureQueriesContext(connection) as many:
            at_a_glance(reviews)
        assert len(many) == len(few)

    @pytest.mark.parametrize("rule", ["no_regression", "cost", "latency", "never_fail"])
    def test_what_breaks_while_it_is_looked_at_blocks(self, cast: Cast, prompt: Prompt, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
        _, _, candidate = got_worse(cast, prompt)
        ask_for(cast, no_regression=True, cost_percent=0, p95_percent=0, never_fail=True)
        monkeypatch.setattr("promptstudio.deployments.candidate.standings_of", lambda versions: 1 / 0)
        held = outcome(cast, candidate, rule)
        assert not held.passed
        assert "This could not be checked, so it blocks" in held.reason

    def _one_case(self, cast: Cast, prompt: Prompt) -> tuple[Suite, Version, Version]:
        suite = a_suite(cast, prompt, cases("Pipe"))
        live = saved(cast, prompt, "Sort")
        promote(live, cast.development, cast.staging, by=cast.alice)
        candidate = saved(cast, prompt, "Judge")
        promote(candidate, cast.development, by=cast.alice)
        return suite, live, candidate


class TestAccepting:
    @pytest.fixture(autouse=True)
    def story(self, models: None, cast: Cast, prompt: Prompt) -> None:
        ask_for(cast, no_regression=True)
        self.suite, self.live, self.candidate = got_worse(cast, prompt)

    def test_somebody_with_the_role_lets_a_case_get_worse_and_takes_it_back(self, cast: Cast) -> None:
        accepted(cast, self.suite, self.candidate)
        passed = outcome(cast, self.candidate, "no_regression")
        assert (passed.passed, passed.reason) == (True, "Of 2 cases, none is worse than on 1.0.0 unaccepted. Bob accepted 1 case.")
        assert "Bob" not in passed.as_kept()["reason"]
        take_acceptance_back(version=self.candidate, environment=cast.staging, suite=self.suite, case="Fire", actor=cast.bella)
        assert not outcome(cast, self.candidate, "no_regression").passed
        with pytest.raises(Conflict, match="Nobody accepts"):
            take_acceptance_back(version=self.candidate, environment=cast.staging, suite=self.suite, case="Fire", actor=cast.bella)

    @pytest.mark.parametrize("who", ["alice", "vera", "axel", "root"])
    def test_authors_and_people_without_the_role_do_not(self, cast: Cast, who: str) -> None:
        with pytest.raises(NotAllowed):
            accepted(cast, self.suite, self.candidate, by=getattr(cast, who))
        assert not AcceptedCase.objects.exists()

    def test_the_conditions_say_which_roles(self, cast: Cast) -> None:
        ask_for(cast, no_regression=True, accepters=["technical"])
        with pytest.raises(NotAllowed, match="let technical accept what got worse"):
            accepted(cast, self.suite, self.candidate)
        accepted(cast, self.suite, self.candidate, by=cast.bella)
        assert outcome(cast, self.candidate, "no_regression").passed

    def test_it_has_a_reason(self, cast: Cast) -> None:
        with pytest.raises(Invalid) as refused:
            accepted(cast, self.suite, self.candidate, reason="  ")
        assert list(refused.value.errors) == ["reason"]

    def test_only_a_case_that_holds_back_and_only_once(self, cast: Cast) -> None:
        with pytest.raises(Conflict, match="holds nothing back"):
            accepted(cast, self.suite, self.candidate, case="Pipe")
        accepted(cast, self.suite, self.candidate)
        with pytest.raises(Conflict, match="Bob accepted this case already"):
            accepted(cast, self.suite, self.candidate, by=cast.bella)

    def test_it_ends_when_the_case_is_changed(self, cast: Cast) -> None:
        accepted(cast, self.suite, self.candidate)
        changed = Cases.model_validate({"cases": [*cases("Pipe"), *cases("Fire", tags=["rare"])]})
        suite_services.save_suite(suite=self.suite, cases=changed, follows=1, actor=cast.alice)
        run_on(cast, self.suite, self.live, good("Pipe", "Fire"))
        run_on(cast, self.suite, self.candidate, good("Pipe"))
        assert not outcome(cast, self.candidate, "no_regression").passed

    def test_it_ends_when_something_else_goes_live(self, cast: Cast, prompt: Prompt) -> None:
        accepted(cast, self.suite, self.candidate)
        ask_for(cast)
        other = saved(cast, prompt, "Weigh")
        promote(other, cast.development, cast.staging, by=cast.alice)
        ask_for(cast, no_regression=True)
        run_on(cast, self.suite, other, good("Pipe", "Fire"))
        promote(self.candidate, cast.development, by=cast.alice)
        run_on(cast, self.suite, self.candidate, good("Pipe"))
        assert "“Fire” passes on 1.0.2" in outcome(cast, self.candidate, "no_regression").reason

    def test_it_ends_with_the_role(self, cast: Cast) -> None:
        accepted(cast, self.suite, self.candidate)
        take_role(membership=cast.claims.memberships.get(user=cast.bob.user), actor=cast.dora)
        assert not outcome(cast, self.candidate, "no_regression").passed

    def test_whoever_may_not_is_told_why(self, cast: Cast) -> None:
        candidate = gates.candidate_for(self.candidate, cast.staging)
        assert "somebody else has to accept" in str(can_accept(cast.alice, candidate))
        assert "product, technical or project admin" in str(can_accept(cast.vera, candidate))


class TestStatistics:
    @pytest.fixture
    def many(self, cast: Cast, prompt: Prompt) -> Version:
        """Of 60 cases ten got worse, and all ten are accepted."""
        ask_for(cast, no_regression=True)
        suite = a_suite(cast, prompt, cases(*MANY))
        live = saved(cast, prompt, "Sort")
        promote(live, cast.development, cast.staging, by=cast.alice)
        candidate = saved(cast, prompt, "Judge")
        promote(candidate, cast.development, by=cast.alice)
        run_on(cast, suite, live, good(*MANY))
        run_on(cast, suite, candidate, good(*MANY[10:]))
        for case in MANY[:10]:
            accepted(cast, suite, candidate, case=case)
        return candidate

    def test_from_sixty_cases_on_they_inform(self, cast: Cast, many: Version) -> None:
        said_ = outcome(cast, many, "no_regression")
        assert said_.passed
        assert "of 60 cases 0 got better and 10 worse, hardly by chance (McNemar p = 0.002; mean score -0." in said_.reason

    def test_they_block_where_the_conditions_say_so(self, cast: Cast, many: Version) -> None:
        ask_for(cast, no_regression=True, significance=True)
        assert not outcome(cast, many, "no_regression").passed

    def test_fewer_cases_say_nothing(self, cast: Cast, prompt: Prompt) -> None:
        ask_for(cast, no_regression=True, significance=True)
        suite, _, candidate = got_worse(cast, prompt)
        accepted(cast, suite, candidate)
        assert "McNemar" not in outcome(cast, candidate, "no_regression").reason


class TestNeverFails:
    @pytest.fixture(autouse=True)
    def rules(self, models: None, cast: Cast) -> None:
        ask_for(cast, never_fail=True)

    def version(self, cast: Cast, prompt: Prompt) -> Version:
        made = saved(cast, prompt, "Sort")
        promote(made, cast.development, by=cast.alice)
        return made

    def test_without_such_a_case_it_passes(self, cast: Cast, prompt: Prompt) -> None:
        a_suite(cast, prompt, cases("Pipe"))
        assert outcome(cast, self.version(cast, prompt), "never_fail").passed

    def test_of_any_suite_and_each_time(self, cast: Cast, prompt: Prompt) -> None:
        suite = a_suite(cast, prompt, [*cases("Pipe", must_never_fail=True), *cases("Fire")], required=False)
        version = self.version(cast, prompt)
        assert "was not run on 1.0.0" in outcome(cast, version, "never_fail").reason
        run_on(cast, suite, version, in_turn(["good", "good", "bad", *["bad"] * 3]), repeats=3)
        assert outcome(cast, version, "never_fail").reason == "Usual claims: “Pipe” did not pass."
        run_on(cast, suite, version, good("Pipe"), repeats=3)
        assert outcome(cast, version, "never_fail").reason == "It passed each time."

    def test_a_suite_with_a_threshold_passes_without_every_case_but_not_without_those(self, cast: Cast, prompt: Prompt) -> None:
        ask_for(cast, tests=True)
        rows = [*cases("Pipe", must_never_fail=True), *cases("Fire", weight=2), *cases("Storm")]
        suite = a_suite(cast, prompt, rows, threshold=0.75)
        version = self.version(cast, prompt)
        run_on(cast, suite, version, good("Fire", "Storm"))
        assert outcome(cast, version, "tests").reason == "Usual claims: “Pipe” must never fail, and did."
        run_on(cast, suite, version, good("Pipe", "Storm"))
        assert outcome(cast, version, "tests").reason == "Usual claims: 50 % of its cases by weight passed, and 75 % have to."
        run_on(cast, suite, version, good("Pipe", "Fire"))
        assert outcome(cast, version, "tests").reason == "Usual claims passed 2 of 3 cases, 75 % by weight; 75 % are asked for."

    @pytest.mark.parametrize(("weights", "threshold"), [((1, 1), 0.0), ((0, 0), 0.5)])
    def test_a_threshold_that_nothing_can_miss_or_reach_lets_nothing_in(
        self, cast: Cast, prompt: Prompt, weights: Iterable[int], threshold: float
    ) -> None:
        ask_for(cast, tests=True)
        rows = [row for name, weight in zip("AB", weights, strict=True) for row in cases(name, weight=weight)]
        suite = a_suite(cast, prompt, rows, threshold=threshold)
        version = self.version(cast, prompt)
        run_on(cast, suite, version, good("A", "B"))
        assert not outcome(cast, version, "tests").passed


class TestCostAndTime:
    def sides(self, cast: Cast, prompt: Prompt, **now: Any) -> Version:
        suite = a_suite(cast, prompt, cases("Pipe", "Fire"))
        live = saved(cast, prompt, "Sort")
        promote(live, cast.development, cast.staging, by=cast.alice)
        candidate = saved(cast, prompt, "Judge")
        promote(candidate, cast.development, by=cast.alice)
        run_on(cast, suite, live, lambda claim: said("good"))
        run_on(cast, suite, candidate, lambda claim: said("good", **now))
        return candidate

    @pytest.mark.parametrize(("percent", "passes"), [(0, False), (99, False), (100, True), (1000, True)])
    def test_a_call_may_cost_so_many_percent_more(self, cast: Cast, prompt: Prompt, percent: int, passes: bool) -> None:
        candidate = self.sides(cast, prompt, input_tokens=2000, output_tokens=200)
        ask_for(cast, cost_percent=percent)
        found = outcome(cast, candidate, "cost")
        assert found.passed is passes
        assert found.reason.startswith("A call costs 0.90 US cents, on 1.0.0 0.45 US cents (over 2 answers).")
        assert Decimal(found.evidence["candidate"]) == 2 * Decimal(found.evidence["live"])

    def test_what_is_not_known_blocks(self, cast: Cast, prompt: Prompt) -> None:
        candidate = self.sides(cast, prompt)
        ask_for(cast, cost_percent=1000)
        candidate.runs.get().results.first().answer.__class__.objects.update(cost=None)
        assert "is not known for every answer" in outcome(cast, candidate, "cost").reason

    @pytest.mark.parametrize(("percent", "passes"), [(0, False), (20, True)])
    def test_answers_may_take_so_many_percent_longer(self, cast: Cast, prompt: Prompt, percent: int, passes: bool) -> None:
        candidate = self.sides(cast, prompt, latency_ms=1400)
        ask_for(cast, p95_percent=percent)
        found = outcome(cast, candidate, "latency")
        assert found.passed is passes
        assert found.reason.startswith("Of twenty answers nineteen come within 1.4 seconds, on 1.0.0 within 1.2 seconds (over 2 answers)")

    def test_without_answers_nothing_is_compared(self, cast: Cast, prompt: Prompt) -> None:
        def silent(claim: str) -> Any:
            raise ZeroDivisionError

        candidate = self.sides(cast, prompt)
        run_on(cast, Suite.objects.get(), candidate, silent)
        ask_for(cast, cost_percent=10, p95_percent=10)
        assert "cannot be compared" in outcome(cast, candidate, "cost").reason
        assert "cannot be compared" in outcome(cast, candidate, "latency").reason


def test_the_conditions_say_it_in_words_and_are_compared() -> None:
    rules = Rules(no_regression=True, significance=True, never_fail=True, tests_repeats=3, cost_percent=10, p95_percent=0)
    assert rules.in_words("Staging", "Development") == (
        "To enter Staging a version needs to pass every case that must never fail. It also needs each case to have been asked 3 times, "
        "no case that is worse than on what is live, nor statistics that speak against it, "
        "a cost per call that is at most 10 % above that of what is live "
        "and a slowest answer of twenty that is not above that of what is live."
    )
    assert Rules().easier_than(rules) == [
        "each case need be asked only once",
        "cases that must never fail need not pass",
        "cases may get worse than on what is live",
        "a cost per call may be anything",
        "a slowest answer of twenty may be anything",
    ]
    softer = rules.model_copy(update={"significance": False, "cost_percent": 20, "accepters": ("viewer", "product")})
    assert softer.easier_than(rules) == [
        "statistics only inform",
        "a cost per call may be 20 % above that of what is live",
        "viewer may accept cases that got worse as well",
    ]
    assert softer.raised_to(rules) == rules.model_copy(update={"accepters": ("product",)})
    assert rules.easier_than(rules) == []


def test_long_lists_of_cases_are_cut() -> None:
    assert named_cases([Case(name=name) for name in "ABCDE"]) == "“A”, “B”, “C” and 2 more"
    assert named_cases([Case(name=name) for name in "AB"]) == "“A” and “B”"
    assert named_cases([Case()]) == "“A case without a name”"

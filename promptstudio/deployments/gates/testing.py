"""Gates that look at tests."""

from datetime import datetime, timedelta
from typing import Any

from promptstudio.evaluations.standing import Standing
from promptstudio.lib import clock
from promptstudio.projects.rules import Rules

from ..candidate import Candidate, Gate, Outcome


class Tested(Gate):
    """The required suites of its prompt, on exactly this version, and where there is an environment before, since it went live there."""

    name, title = "tests", "Tests"

    def applies(self, rules: Rules) -> bool:
        return rules.tests

    def check(self, candidate: Candidate) -> Outcome:
        required = [standing for standing in candidate.tests if standing.suite.required]
        if not required:
            return self.blocked("No suite is required of this prompt, so nothing can have passed. Make one under Tests, and tick Required.")
        open_ = [sentence for standing in required if (sentence := self._open(standing, candidate))]
        evidence = runs_of(required)
        if open_:
            return self.blocked(" ".join(open_), **evidence)
        return self.passed(" ".join(self._told(standing) for standing in required), **evidence)

    def _open(self, standing: Standing, candidate: Candidate) -> str:
        """Why this suite does not speak for the version; empty where it does."""
        if unusable := unusable_for(standing, candidate):
            return unusable
        if fallen := standing.fallen:
            return f"{standing.suite}: {named_cases(fallen)} must never fail, and did."
        if standing.suffices:
            return ""
        if standing.threshold is not None:
            return (
                f"{standing.suite}: {_percent(standing.share)} of its cases by weight passed, and {_percent(standing.threshold)} have to."
            )
        return f"{standing.suite}: {standing.total - standing.passed} of {standing.total} cases did not pass."

    def _told(self, standing: Standing) -> str:
        told = f"{standing.suite} passed {standing.passed} of {standing.total} cases"
        if standing.threshold is None:
            return f"{told}."
        return f"{told}, {_percent(standing.share)} by weight; {_percent(standing.threshold)} are asked for."


class NeverFails(Gate):
    """The cases that must never fail, of every suite of its prompt, each time that they were asked."""

    name, title = "never_fail", "Cases that must never fail"

    def applies(self, rules: Rules) -> bool:
        return rules.never_fail

    def check(self, candidate: Candidate) -> Outcome:
        asked = [standing for standing in candidate.tests if any(case.must_never_fail for case in standing.cases.cases)]
        if not asked:
            return self.passed("No case of this prompt is marked as one that must never fail.")
        evidence = runs_of(asked)
        if open_ := [sentence for standing in asked if (sentence := self._open(standing, candidate))]:
            return self.blocked(" ".join(open_), **evidence)
        count = sum(case.must_never_fail for standing in asked for case in standing.cases.cases)
        return self.passed(f"{'It' if count == 1 else f'All {count}'} passed each time.", **evidence)

    def _open(self, standing: Standing, candidate: Candidate) -> str:
        if unusable := unusable_for(standing, candidate):
            return unusable
        return f"{standing.suite}: {named_cases(fallen)} did not pass." if (fallen := standing.fallen) else ""


def unusable_for(standing: Standing, candidate: Candidate) -> str:
    """Why the run of this suite says nothing about the version that is to be promoted; empty where it does."""
    rules, place, version = candidate.rules, candidate.previous, candidate.version
    since: datetime | None = candidate.was_live_before.at if candidate.was_live_before else None
    if sentence := not_usable(standing, version.semver, rules):
        return sentence
    assert standing.run is not None
    if place and (since is None or standing.run.asked_at < since):
        return f"{standing.suite} was not run since {version.semver} is live in {place}."
    if rules.tests_days and standing.run.asked_at < clock.now() - timedelta(days=rules.tests_days):
        return f"{standing.suite} was run more than {rules.tests_days} days ago."
    return ""


def not_usable(standing: Standing, semver: str, rules: Rules) -> str:
    """Why this suite says nothing about a version yet, wherever that is live."""
    if standing.cannot_fail:
        return f"{standing.suite} proves nothing: {standing.cannot_fail[0]}"
    if standing.run is None:
        return f"{standing.suite} was not run on {semver} as its cases are now."
    if standing.waiting:
        return f"{standing.suite} is still running."
    if rules.tests_repeats and standing.run.repeats < rules.tests_repeats:
        asked = "once" if standing.run.repeats == 1 else f"{standing.run.repeats} times"
        return f"{standing.suite} asked each case {asked} on {semver}, and {rules.tests_repeats} times are needed."
    return ""


def named_cases(cases: Any, most: int = 3) -> str:
    """“Burst pipe”, “Fire” and 4 more."""
    names = [f"“{case.name or 'A case without a name'}”" for case in cases]
    more = [f"{len(names) - most} more"] if len(names) > most else []
    shown = [*names[: most if more else None], *more]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def runs_of(standings: list[Standing]) -> dict[str, Any]:
    return {"runs": [str(standing.run.uid) for standing in standings if standing.run]}


def _percent(share: float) -> str:
    """Never rounded up to what was not reached."""
    return f"{int(share * 1000) / 10:g} %"

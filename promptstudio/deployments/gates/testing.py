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
        if not candidate.tests:
            return self.blocked("No suite is required of this prompt, so nothing can have passed. Make one under Tests, and tick Required.")
        since = candidate.was_live_before.at if candidate.was_live_before else None
        open_ = [sentence for standing in candidate.tests if (sentence := self._open(standing, candidate, since))]
        evidence: dict[str, Any] = {"runs": [str(standing.run.uid) for standing in candidate.tests if standing.run]}
        if open_:
            return self.blocked(" ".join(open_), **evidence)
        told = [f"{standing.suite} passed {standing.total} of {standing.total} cases." for standing in candidate.tests]
        return self.passed(" ".join(told), **evidence)

    def _open(self, standing: Standing, candidate: Candidate, since: datetime | None) -> str:
        """Why this suite does not speak for the version; empty where it does."""
        days, place = candidate.rules.tests_days, candidate.previous
        if standing.cannot_fail:
            return f"{standing.suite} proves nothing: {standing.cannot_fail[0]}"
        if standing.run is None:
            return f"{standing.suite} was not run on {candidate.version.semver} as its cases are now."
        if standing.waiting:
            return f"{standing.suite} is still running."
        if wrong := standing.total - standing.passed:
            return f"{standing.suite}: {wrong} of {standing.total} cases did not pass."
        if place and (since is None or standing.run.asked_at < since):
            return f"{standing.suite} was not run since {candidate.version.semver} is live in {place}."
        if days and standing.run.asked_at < clock.now() - timedelta(days=days):
            return f"{standing.suite} was run more than {days} days ago."
        return ""

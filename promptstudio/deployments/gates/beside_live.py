"""Gates that hold tests of a version against the same tests of what is live."""

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from promptstudio.evaluations.models import AcceptedCase, Run
from promptstudio.evaluations.paired import Pair, Paired, p95, paired
from promptstudio.evaluations.significance import Significance
from promptstudio.evaluations.standing import Measured
from promptstudio.projects.rules import Rules
from promptstudio.prompts.models import Version

from ..candidate import Candidate, Gate, Outcome
from .saying import named
from .testing import named_cases, not_usable, unusable_for


class BesideLive(Gate):
    """What these gates share: the required suites, run on both sides."""

    def check(self, candidate: Candidate) -> Outcome:
        # Asked for first: what cannot be known blocks, also where nothing would come of it.
        both = required_pairs(candidate)
        if candidate.live is None:
            return self.passed("Nothing is live there yet.")
        if candidate.live.pk == candidate.version.pk:
            return self.passed("It is what is live.")
        if not both:
            return self.blocked("No suite is required of this prompt, so nothing can be compared. Make one under Tests, and tick Required.")
        evidence = _evidence(both)
        if open_ := [sentence for pair in both if (sentence := not_comparable(pair, candidate))]:
            return self.blocked(" ".join(dict.fromkeys(open_)), **evidence)
        return self.compared(candidate, candidate.live, both, evidence)

    def compared(self, candidate: Candidate, live: Version, both: list[Paired], evidence: dict[str, Any]) -> Outcome:
        raise NotImplementedError


class NoRegression(BesideLive):
    """No case that live passes may fail, unless somebody accepted that case; what cannot be told counts as failed."""

    name, title = "no_regression", "Not worse than what is live"

    def applies(self, rules: Rules) -> bool:
        return rules.no_regression

    def compared(self, candidate: Candidate, live: Version, both: list[Paired], evidence: dict[str, Any]) -> Outcome:
        accepted = accepted_in(candidate, both)
        open_ = [sentence for each in both if (sentence := _got_worse(each, candidate))]
        open_ += [f"{each.candidate.suite}: {told(found)}" for each in both if (found := self._against(candidate, each))]
        informs = [f"{each.candidate.suite}: {told(found)}" for each in both if (found := each.significance)]
        evidence |= {
            "accepted": [str(row.uid) for row in accepted],
            "worse": [pair.case.uid for each in both for pair in each.held_back],
        }
        if open_:
            return self.blocked(" ".join(open_), **evidence)
        names, marks = named(list({row.by_id: row.by for row in accepted}.values()), glue=" and ")
        cases, unaccepted = sum(len(each.pairs) for each in both), " unaccepted" if accepted else ""
        none = f"Of {cases} cases, none is worse than on {live.semver}{unaccepted}."
        said, kept = (" ".join([none, *self._accepted(who, accepted), *informs]) for who in (names, marks))
        return self.passed(said, kept=kept, **evidence)

    def _accepted(self, who: str, rows: Sequence[AcceptedCase]) -> list[str]:
        return [f"{who} accepted {_count(len(rows))}."] if rows else []

    def _against(self, candidate: Candidate, each: Paired) -> Significance | None:
        found = each.significance
        return found if candidate.rules.significance and found and found.is_worse else None


class CostsNoMore(BesideLive):
    name, title = "cost", "Cost beside what is live"

    def applies(self, rules: Rules) -> bool:
        return rules.cost_percent is not None

    def compared(self, candidate: Candidate, live: Version, both: list[Paired], evidence: dict[str, Any]) -> Outcome:
        before, now = _measures(both, lambda measured: measured.cost)
        if None in before or None in now:
            return self.blocked("What a call costs is not known for every answer, so it cannot be compared.", **evidence)
        if not before or not now:
            return self.blocked("No case has an answer on both sides, so costs cannot be compared.", **evidence)
        was, is_ = _mean(before), _mean(now)
        words = f"A call costs {_cents(is_)}, on {live.semver} {_cents(was)} (over {_answers(now)})"
        return _held_to(self, candidate.rules.cost_percent, was, is_, words, evidence)


class AnswersAsFast(BesideLive):
    name, title = "latency", "Time to answer beside what is live"

    def applies(self, rules: Rules) -> bool:
        return rules.p95_percent is not None

    def compared(self, candidate: Candidate, live: Version, both: list[Paired], evidence: dict[str, Any]) -> Outcome:
        before, now = _measures(both, lambda measured: measured.latency_ms)
        was, is_ = p95(before), p95(now)
        if was is None or is_ is None:
            return self.blocked("No case has an answer on both sides, so times cannot be compared.", **evidence)
        before_them = f"on {live.semver} within {_seconds(was)}"
        words = f"Of twenty answers nineteen come within {_seconds(is_)}, {before_them} (over {_answers(now)})"
        return _held_to(self, candidate.rules.p95_percent, was, is_, words, evidence)


def required_pairs(candidate: Candidate) -> list[Paired]:
    return [each for each in paired(candidate.tests, candidate.live_tests) if each.candidate.suite.required]


def accepted_in(candidate: Candidate, both: Sequence[Paired]) -> list[AcceptedCase]:
    """What lets cases of these suites be worse, each as it is now."""
    return [row for each in both for pair in each.held_back if (row := acceptance_of(candidate, each, pair))]


def acceptance_of(candidate: Candidate, each: Paired, pair: Pair) -> AcceptedCase | None:
    row = candidate.accepted.get((each.candidate.suite.pk, pair.case.uid))
    return row if row and row.digest == pair.case.digest else None


def _got_worse(each: Paired, candidate: Candidate) -> str:
    """Which cases hold it back; empty where none does."""
    open_ = [pair for pair in each.held_back if not acceptance_of(candidate, each, pair)]
    worse = [pair.case for pair in open_ if pair.is_worse]
    unclear = [pair.case for pair in open_ if not pair.is_worse]
    assert candidate.live is not None
    live, semver = candidate.live.semver, candidate.version.semver
    sentences = []
    if worse:
        verb = "passes" if len(worse) == 1 else "pass"
        sentences.append(f"{each.candidate.suite}: {named_cases(worse)} {verb} on {live} and not on {semver}.")
    if unclear:
        sentences.append(f"{each.candidate.suite}: whether {named_cases(unclear)} got worse cannot be told; run it again on {live}.")
    return " ".join(sentences)


def not_comparable(each: Paired, candidate: Candidate) -> str:
    live = candidate.live
    assert live is not None
    if open_ := unusable_for(each.candidate, candidate) or not_usable(each.live, live.semver, candidate.rules):
        return open_
    assert each.candidate.run is not None
    assert each.live.run is not None
    if _who_decided(each.candidate.run) != _who_decided(each.live.run):
        return f"{each.candidate.suite} was judged by another judge on {live.semver}. Run it there again."
    return ""


def _who_decided(run: Run) -> tuple[str, str]:
    return run.judge.digest if run.judge else "", run.embedding_model


def _measures(both: Sequence[Paired], measure: Callable[[Measured], Any]) -> tuple[list[Any], list[Any]]:
    """Over the cases that both sides answered: live's and the candidate's."""
    answered = [sides for each in both for sides in each.answered_by_both()]
    return [measure(one) for before, _ in answered for one in before], [measure(one) for _, now in answered for one in now]


def _held_to(gate: Gate, percent: int | None, was: Any, now: Any, words: str, evidence: dict[str, Any]) -> Outcome:
    assert percent is not None
    allowed = was * (100 + percent) / 100
    evidence |= {"live": str(was), "candidate": str(now), "percent": percent}
    if now > allowed:
        return gate.blocked(f"{words}. At most {percent} % more are allowed." if percent else f"{words}. It may not be more.", **evidence)
    return gate.passed(f"{words}.", **evidence)


def _evidence(both: Sequence[Paired]) -> dict[str, Any]:
    sides = [standing for each in both for standing in (each.candidate, each.live)]
    return {"runs": [str(standing.run.uid) for standing in sides if standing.run]}


def told(found: Significance) -> str:
    """In words, then the numbers for whoever reads those."""
    chance = "which may be chance" if found.is_chance else "hardly by chance"
    split = f"of {found.pairs} cases {found.better} got better and {found.worse} worse, {chance} (McNemar p = {_p(found.p)}; "
    return f"{split}mean score {found.low:+.2f} to {found.high:+.2f})."


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _count(cases: int) -> str:
    return "1 case" if cases == 1 else f"{cases} cases"


def _answers(measures: Sequence[Any]) -> str:
    return "1 answer" if len(measures) == 1 else f"{len(measures)} answers"


def _mean(costs: Sequence[Decimal]) -> Decimal:
    return sum(costs, Decimal()) / len(costs)


def _cents(dollars: Decimal) -> str:
    cents = float(dollars) * 100
    digits = max(0, 1 - math.floor(math.log10(cents))) if cents else 0
    return f"{cents:.{min(digits, 6)}f} US cents"


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.1f} seconds"

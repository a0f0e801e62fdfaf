"""What the page shows of a version's tests beside those of what is live."""

from collections.abc import Iterable
from dataclasses import dataclass

from promptstudio.deployments.candidate import Candidate
from promptstudio.deployments.gates.beside_live import acceptance_of, not_comparable, required_pairs, told
from promptstudio.evaluations.models import AcceptedCase, Result
from promptstudio.evaluations.paired import Pair, Paired
from promptstudio.evaluations.standing import Standing


@dataclass(frozen=True)
class Held:
    """A case that holds the version back, or would without `acceptance`; with an answer of each side that shows why."""

    pair: Pair
    live: Result | None
    candidate: Result | None
    acceptance: AcceptedCase | None


@dataclass(frozen=True)
class Beside:
    """One suite on both. `open_` says why it cannot be compared, empty where it can; `statistics` is empty for too few cases."""

    each: Paired
    open_: str
    held: list[Held]
    better: list[Pair]
    same: int
    statistics: str

    @property
    def all_accepted(self) -> bool:
        return all(held.acceptance for held in self.held)

    @property
    def unclear(self) -> bool:
        """Whether of some nobody knows if they are worse."""
        return any(not held.pair.is_worse for held in self.held)


def beside_live(candidate: Candidate) -> list[Beside]:
    """A constant number of queries for all suites."""
    both = required_pairs(candidate)
    shown = _shown(both)
    return [_beside(candidate, each, shown) for each in both]


def _beside(candidate: Candidate, each: Paired, shown: dict[tuple[int, str], list[Result]]) -> Beside:
    if open_ := not_comparable(each, candidate):
        return Beside(each, open_, [], [], 0, "")
    held = [
        Held(pair, _telling(shown, each.live, pair), _telling(shown, each.candidate, pair), acceptance_of(candidate, each, pair))
        for pair in each.held_back
    ]
    better = [pair for pair in each.pairs if pair.is_better]
    statistics = told(each.significance) if each.significance else ""
    return Beside(each, "", held, better, len(each.pairs) - len(held) - len(better), statistics)


def _shown(both: Iterable[Paired]) -> dict[tuple[int, str], list[Result]]:
    """The results of the cases that hold back, by run and case."""
    sides = [(standing, each) for each in both for standing in (each.live, each.candidate) if standing.run]
    found: dict[tuple[int, str], list[Result]] = {}
    results = Result.objects.filter(
        run__in=[standing.run for standing, _ in sides], case__in={pair.case.uid for _, each in sides for pair in each.held_back}
    )
    for result in results.select_related("answer__wording", "answer__asked_by", "answer__version", "answer__draft", "answer__example"):
        found.setdefault((result.run_id, result.case), []).append(result)
    return found


def _telling(shown: dict[tuple[int, str], list[Result]], standing: Standing, pair: Pair) -> Result | None:
    """Of several answers of one side to a case, one that came out as most of them did."""
    results = shown.get((standing.run.pk, pair.case.uid), []) if standing.run else []
    usual = standing.outcomes[pair.case.uid]
    return next((result for result in results if result.outcome == usual), results[0] if results else None)

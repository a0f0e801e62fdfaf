"""Cases that come in beside those of a suite: in their place, or added to them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..cases import Case, Cases


@dataclass(frozen=True)
class Joined:
    """What the suite would be, and how many of the cases that come in are new, changed or the same; `gone` are of the suite."""

    suite: Cases
    new: int
    changed: int
    same: int
    gone: int


def joined(before: Cases, came: Cases, *, replace: bool) -> Joined:
    """Raises ValueError (as pydantic's) for more cases than a suite may have."""
    cases = recognised(came.cases, before.cases)
    known, coming = {case.uid: case for case in before.cases}, {case.uid: case for case in cases}
    if replace:
        threshold = before.threshold if came.threshold is None else came.threshold
        suite = Cases(cases=cases, threshold=threshold, extra=came.extra or before.extra)
    else:
        others = tuple(case for case in cases if case.uid not in known)
        suite = before.model_validate(
            {
                "cases": (*(coming.get(case.uid, case) for case in before.cases), *others),
                "threshold": before.threshold,
                "extra": before.extra,
            }
        )
    same = sum(case.as_json() == known[case.uid].as_json() for case in cases if case.uid in known)
    found = len(known.keys() & coming.keys())
    return Joined(suite, len(cases) - found, found - same, same, len(known) - found if replace else 0)


def recognised(cases: Sequence[Case], before: Sequence[Case]) -> tuple[Case, ...]:
    """A case that only its name tells is the one that is called so, where one alone is: its results so far stay its own."""
    known, taken = {case.uid for case in before}, {case.uid for case in cases}
    names, mine = Counter(case.name for case in before), Counter(case.name for case in cases)
    called = {case.name: case.uid for case in before if case.name and names[case.name] == 1 and case.uid not in taken}

    def is_meant(case: Case) -> bool:
        return case.uid not in known and mine[case.name] == 1 and case.name in called

    return tuple(case.model_copy(update={"uid": called[case.name]}) if is_meant(case) else case for case in cases)

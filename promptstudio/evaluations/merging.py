"""Two people who change one suite: what each of them did stays, unless both did something to the same case. Pure."""

from dataclasses import dataclass

from .cases import Case, Cases, parse_cases

SHARE = "the share that has to pass"


@dataclass(frozen=True)
class Merged:
    """`cases` has whoever merges the right where both changed something; `both` names what that is."""

    cases: Cases
    both: list[str]


def merged(seen: Cases, mine: Cases, theirs: Cases) -> Merged:
    """Three-way: what `mine` and `theirs` made of what both had `seen`. Raises Invalid for more cases than a suite may have."""
    known, own, others = ({case.uid: case for case in each.cases} for each in (seen, mine, theirs))
    found, both = list[Case](), list[str]()
    for uid in [*others, *(uid for uid in own if uid not in others)]:
        before, here, there = known.get(uid), own.get(uid), others.get(uid)
        if _is_same(here, before):
            here = there
        elif not _is_same(there, before) and not _is_same(here, there):
            both.append(_name(here or there or before))
        if here:
            found.append(here)
    threshold, extra = mine.threshold, mine.extra
    if mine.threshold == seen.threshold:
        threshold = theirs.threshold
    elif theirs.threshold not in (seen.threshold, mine.threshold):
        both.append(SHARE)
    if mine.extra == seen.extra:
        extra = theirs.extra
    return Merged(parse_cases({"cases": [case.as_json() for case in found], "threshold": threshold, "extra": extra}), both)


def _is_same(one: Case | None, other: Case | None) -> bool:
    return one is other if one is None or other is None else one.digest == other.digest


def _name(case: Case | None) -> str:
    return f"“{case.name}”" if case and case.name else "a case without a name"

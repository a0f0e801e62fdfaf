"""Two people who change one suite at once: nothing is lost that one of them did alone, and what both did is named."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from promptstudio.evaluations.cases import Cases, parse_cases
from promptstudio.evaluations.merging import SHARE, merged

WORDS = st.sampled_from(["", "The pipe burst.", "A tree fell.", "It burns."])
SUITES = st.builds(
    lambda rows, threshold: parse_cases(
        {"cases": [{"uid": uid, "name": f"Case {uid}", "values": {"claim": claim}} for uid, claim in rows.items()], "threshold": threshold}
    ),
    st.dictionaries(st.sampled_from("abcde"), WORDS, max_size=5),
    st.sampled_from([None, 0.5, 0.9]),
)


def suite(threshold: float | None = None, **claims: str) -> Cases:
    cases: list[dict[str, Any]] = [{"uid": uid, "name": f"Case {uid}", "values": {"claim": claim}} for uid, claim in claims.items()]
    return parse_cases({"cases": cases, "threshold": threshold})


def claims(found: Cases) -> dict[str, Any]:
    return {case.uid: case.values["claim"] for case in found.cases}


def test_changes_of_both_stand_beside_each_other() -> None:
    found = merged(suite(a="1", b="1", c="1"), suite(a="mine", b="1", c="1", d="mine"), suite(a="1", b="theirs", e="theirs"))
    assert claims(found.cases) == {"a": "mine", "b": "theirs", "e": "theirs", "d": "mine"}
    assert found.both == []


def test_what_both_changed_is_named_and_is_mine() -> None:
    found = merged(suite(a="1", b="1"), suite(a="mine", b="1"), suite(a="theirs", b="1"))
    assert (claims(found.cases), found.both) == ({"a": "mine", "b": "1"}, ["“Case a”"])


def test_what_one_took_away_and_the_other_changed_is_named() -> None:
    assert merged(suite(a="1"), suite(), suite(a="theirs")).both == ["“Case a”"]
    kept = merged(suite(a="1"), suite(a="mine"), suite())
    assert (claims(kept.cases), kept.both) == ({"a": "mine"}, ["“Case a”"])


def test_the_share_that_has_to_pass_is_merged_like_a_case() -> None:
    assert merged(suite(), suite(), suite(0.9)).cases.threshold == 0.9
    both = merged(suite(), suite(0.5), suite(0.9))
    assert (both.cases.threshold, both.both) == (0.5, [SHARE])


@given(SUITES, SUITES)
def test_whoever_changed_nothing_gets_what_the_other_made(seen: Cases, other: Cases) -> None:
    for found in (merged(seen, seen, other), merged(seen, other, seen)):
        assert (claims(found.cases), found.cases.threshold, found.both) == (claims(other), other.threshold, [])


@given(SUITES, SUITES, SUITES)
def test_whose_changes_come_first_matters_only_where_both_changed_the_same(seen: Cases, one: Cases, other: Cases) -> None:
    here, there = merged(seen, one, other), merged(seen, other, one)
    assert here.both == there.both or sorted(here.both) == sorted(there.both)
    named = {name[-2] for name in here.both if name != SHARE}
    mine, theirs = claims(here.cases), claims(there.cases)
    assert {uid: mine.get(uid) for uid in "abcde" if uid not in named} == {uid: theirs.get(uid) for uid in "abcde" if uid not in named}

"""What holds for every assertion and every answer."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from promptstudio.evaluations.assertions import WORDS, Assertion, Given, check, grade, parse, problems_of
from promptstudio.evaluations.assertions.javascript import units
from promptstudio.evaluations.assertions.overlap import distance_between
from promptstudio.lib.errors import Invalid

TEXTS = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(exclude_categories=()), max_size=20),
    st.lists(
        st.sampled_from(
            ["<a>", "</a>", "<b/>", "{", "}", '"a"', ":", "1", "I cannot help", " ", "\n", "covered", "(", ")", "[", "*", "\\", "😀"]
        ),
        max_size=12,
    ).map("".join),
)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS)
VALUES = st.recursive(
    LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)), max_leaves=6
)
NUMBERS = st.one_of(st.none(), st.sampled_from([0, 0.5, 1, 5, -1, 100]), st.floats())
ANSWERS = st.builds(
    Given,
    text=TEXTS,
    stop_reason=st.sampled_from(["", "end_turn", "max_tokens"]),
    latency_ms=st.one_of(st.none(), st.integers(0, 200)),
    cost=st.one_of(st.none(), st.floats(0, 2)),
    tool_calls=st.one_of(st.just(()), st.just(({"name": "pay", "input": {}},)), st.just(({},))),
    values=st.dictionaries(st.sampled_from(["a", "b"]), LEAVES, max_size=2),
)
RUN = [name for name, word in WORDS.items() if word.group == "run"]


def made(**members: Any) -> Assertion:
    return Assertion.model_construct(_fields_set=set(members), **members)


ASSERTIONS = st.builds(
    made, type=st.sampled_from(sorted(WORDS)), value=VALUES, threshold=NUMBERS, weight=st.sampled_from([None, 0, 1, 2.5])
)
SOUND = st.builds(
    made,
    type=st.sampled_from(RUN),
    value=st.one_of(
        TEXTS.filter(bool), st.lists(TEXTS, min_size=1, max_size=3), st.integers(0, 5), st.sampled_from(["pay", {"max": 3}, None, {}])
    ),
    threshold=st.sampled_from([None, 0, 0.5, 5, 100]),
)


@given(ASSERTIONS, ANSWERS)
@settings(deadline=None, max_examples=400)
def test_checking_never_raises(assertion: Assertion, answer: Given) -> None:
    outcome = check(assertion, answer)
    assert outcome.passed in (True, False, None)
    assert 0 <= outcome.score <= 1 + 1e-9
    assert outcome.reason
    problems_of(assertion)


@given(SOUND, ANSWERS)
@settings(deadline=None, max_examples=600)
def test_not_is_the_opposite_wherever_there_is_an_outcome(assertion: Assertion, answer: Given) -> None:
    plain = check(assertion, answer)
    opposite = check(assertion.model_copy(update={"type": f"not-{assertion.type}"}), answer)
    if WORDS[assertion.type].negated:
        assert (plain.passed is None) == (opposite.passed is None)
        assert plain.passed is None or plain.passed is not opposite.passed
    else:
        assert opposite.passed is None


@given(st.lists(st.one_of(SOUND, ASSERTIONS), min_size=1, max_size=4), ANSWERS, st.sampled_from([None, 0.25, 0.5, 1]))
@settings(deadline=None, max_examples=200)
def test_what_could_not_be_evaluated_passes_by_a_threshold_alone(
    assertions: list[Assertion], answer: Given, threshold: float | None
) -> None:
    found = grade(assertions, answer, threshold)
    unsaid = [outcome for outcome in found.outcomes if outcome.passed is None]
    assert found.all_evaluated == (not unsaid)
    if threshold is None:
        assert not (unsaid and found.passed)
    else:
        assert found.passed == (found.score >= threshold)


@given(st.dictionaries(st.text(min_size=1, max_size=10), VALUES, max_size=4))
@settings(deadline=None)
def test_unknown_members_come_back_as_they_were(members: dict[str, Any]) -> None:
    data = {name: value for name, value in members.items() if name not in Assertion.model_fields and name != "assert"}
    try:
        read = parse({"type": "contains", **data})
    except Invalid:
        # what no database could hold
        return
    assert read.as_json() == {"type": "contains", **data}


def plain_distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for index, character in enumerate(one, start=1):
        above, row[0] = row[0], index
        for place, wanted in enumerate(other, start=1):
            above, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, above + (character != wanted))
    return row[-1]


@given(st.text("ab😀é", max_size=40), st.text("ab😀é", max_size=40))
@settings(deadline=None)
def test_the_distance_is_that_of_the_textbook(one: str, other: str) -> None:
    assert distance_between(one, other) == plain_distance(units(one), units(other))

"""Tests that prove nothing say so."""

from typing import Any

from promptstudio.evaluations.assertions import Assertion, parse
from promptstudio.evaluations.cases import Case, Cases
from promptstudio.evaluations.proving import cannot_fail


def a(assertion_type: str, **members: Any) -> Assertion:
    return parse({"type": assertion_type, **members})


ABLE = a("contains", value="x")


def case(name: str, *assertions: Assertion, **more: Any) -> Case:
    return Case(name=name, assertions=assertions, **more)


def suite(*cases: Case, threshold: float | None = None) -> Cases:
    return Cases(cases=cases, threshold=threshold)


def test_cases_that_cannot_fail_say_so() -> None:
    group = {"assert": [{"type": "contains", "value": "x", "weight": 0}, {"type": "python", "value": "1"}]}
    assert cannot_fail(suite()) == ["There is no case, so nothing can fail."]
    assert cannot_fail(suite(case("storm", ABLE, a("python", value="1")))) == []
    assert cannot_fail(
        suite(
            case("empty"),
            case("low", ABLE, threshold=0),
            case("light", a("contains", value="x", weight=0)),
            case("foreign", a("python", value="1"), a("human"), a("regex", value="a", weight=0)),
            case("grouped", a("assert-set", **group)),
            case("fine", ABLE, threshold=0.5),
            case(""),
        )
    ) == [
        "“empty” has no assertion, so it cannot fail.",
        "“low” has a threshold of 0, so it cannot fail.",
        "“light” cannot fail: an assertion that always holds.",
        "“foreign” cannot fail: 2 × an assertion that is not run here, an assertion that always holds.",
        "“grouped” cannot fail: a group in which nothing can fail.",
        "A case has no assertion, so it cannot fail.",
    ]


def test_a_suite_that_passes_whatever_its_cases_say_cannot_fail() -> None:
    assert cannot_fail(suite(case("storm", ABLE), threshold=0)) == ["The suite has a threshold of 0, so its cases cannot fail it."]
    assert cannot_fail(suite(case("storm", ABLE), threshold=0.1)) == []


def test_cases_that_all_count_for_nothing_cannot_fail_a_suite_with_a_threshold() -> None:
    light = case("storm", ABLE, weight=0)
    assert cannot_fail(suite(light, threshold=0.9)) == ["Every case has a weight of 0, so none can fail the suite."]
    assert cannot_fail(suite(light)) == [], "without a threshold every case has to pass, whatever it weighs"

"""Assertions for which another model is asked: what to ask, and what follows from its replies. Nobody is asked here."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from promptstudio.prompts.canonical import canonical_json

from .checking import value_in
from .grading import places_of
from .model import Assertion, Given, Outcome
from .problems import problem_of
from .saying import MAX_TEXT, TOO_LONG, CannotSay
from .words import base_of, is_asked

Vector = tuple[float, ...]
Task = Literal["does", "meets", "agrees", "steps", "numbers"]
_TASKS: dict[str, Task] = {
    "llm-rubric": "does",
    "model-graded-closedqa": "meets",
    "factuality": "agrees",
    "model-graded-factuality": "agrees",
    "g-eval": "steps",
}
ENOUGH_POINTS, NEAR_ENOUGH = 0.7, 0.75
# What promptfoo allows for the last digit of a double.
_EPSILON = math.ulp(1.0)


@dataclass(frozen=True)
class Wanted:
    """One question of an assertion. With the task `numbers`, `text` is to be turned into numbers; else a judge decides by it."""

    task: Task
    text: str


@dataclass(frozen=True)
class Verdict:
    """What a judge said: whether it holds, and how far, from 0 to 1."""

    holds: bool
    score: float
    reason: str


@dataclass(frozen=True)
class Heard:
    """The reply to one question: a verdict, or numbers, or `refused`, a sentence why there is neither."""

    verdict: Verdict | None = None
    numbers: Vector | None = None
    refused: str = ""


def wanted_of(assertions: Sequence[Assertion], given: Given) -> Iterator[tuple[str, tuple[Wanted, ...]]]:
    """By place, the questions of each assertion that asks any. One that cannot be made anyhow asks none."""
    for place, assertion in places_of(assertions):
        try:
            questions = wanted(assertion, given)
        except CannotSay:
            continue
        if questions:
            yield place, questions


def wanted(assertion: Assertion, given: Given) -> tuple[Wanted, ...]:
    """Raises CannotSay."""
    if not is_asked(assertion.type) or problem_of(assertion) or len(given.text) > MAX_TEXT:
        return ()
    base, value = base_of(assertion.type), value_in(assertion, given)
    texts = [value if isinstance(value, str) else canonical_json(value)] if base == "llm-rubric" or isinstance(value, str) else value
    if sum(map(len, texts)) > MAX_TEXT:
        raise CannotSay(TOO_LONG)
    if base in _TASKS:
        return tuple(Wanted(_TASKS[base], text) for text in texts)
    return tuple(Wanted("numbers", text) for text in [given.text, *texts])


def outcome_of(assertion: Assertion, heard: Sequence[Heard]) -> Outcome:
    """What follows from the replies to all questions of `wanted`, in their order. A reply that is missing is never a pass."""
    refused = next((reply.refused for reply in heard if reply.refused), "")
    if refused or not heard:
        return Outcome(None, 0.0, refused or "Nobody was asked.")
    verdicts = [reply.verdict for reply in heard if reply.verdict]
    vectors = [reply.numbers for reply in heard if reply.numbers]
    if base_of(assertion.type) in _TASKS:
        outcome = _of_verdicts(assertion, verdicts)
    elif len({len(vector) for vector in vectors}) != 1 or len(vectors) < 2:
        return Outcome(None, 0.0, "These numbers cannot be compared.")
    else:
        outcome = _nearest(assertion, vectors[0], vectors[1:])
    return Outcome(outcome.passed or assertion.weight == 0, outcome.score, outcome.reason)


def _of_verdicts(assertion: Assertion, verdicts: Sequence[Verdict]) -> Outcome:
    reason = " ".join(verdict.reason for verdict in verdicts)
    score = sum(verdict.score for verdict in verdicts) / len(verdicts)
    least = assertion.threshold
    match _TASKS[base_of(assertion.type)]:
        case "steps":
            holds = score >= (ENOUGH_POINTS if least is None else least)
        case "does":
            holds = verdicts[0].holds and (least is None or score >= least)
        case _:
            holds, score = verdicts[0].holds, float(verdicts[0].holds)
    negated = assertion.is_negated
    return Outcome(holds != negated, 1 - score if negated else score, reason)


def _nearest(assertion: Assertion, answer: Vector, others: Sequence[Vector]) -> Outcome:
    """One text that is near enough suffices; with not- none may be."""
    outcomes = [_compared(assertion, answer, other) for other in others]
    decided = [outcome for outcome in outcomes if outcome.passed != assertion.is_negated]
    if decided:
        return decided[0]
    if assertion.is_negated:
        return min(outcomes, key=lambda outcome: outcome.score)
    return max(outcomes, key=lambda outcome: outcome.score)


def _compared(assertion: Assertion, answer: Vector, other: Vector) -> Outcome:
    measure, negated = _MEASURES.get(base_of(assertion.type), _by_angle), assertion.is_negated
    found, limit = measure(answer, other), NEAR_ENOUGH if assertion.threshold is None else assertion.threshold
    if measure is _by_distance:
        passed = found >= limit - _EPSILON if negated else found <= limit + _EPSILON
        score, sentence = 1 / (1 + found), f"The meanings are {found:.2f} apart; {limit:g} is the limit."
    else:
        passed = found <= limit + _EPSILON if negated else found >= limit - _EPSILON
        score, sentence = found, f"The meanings agree by {found:.2f}; {limit:g} is {'the limit' if negated else 'asked for'}."
    return Outcome(passed, 1 - score if negated else score, sentence)


def _by_angle(one: Vector, other: Vector) -> float:
    lengths = math.sqrt(_by_product(one, one)) * math.sqrt(_by_product(other, other))
    return _by_product(one, other) / lengths if lengths else 0.0


def _by_product(one: Vector, other: Vector) -> float:
    # In this order, as promptfoo adds them up: a sum of doubles depends on it.
    total = 0.0
    for a, b in zip(one, other, strict=True):
        total += a * b
    return total


def _by_distance(one: Vector, other: Vector) -> float:
    total = 0.0
    for a, b in zip(one, other, strict=True):
        total += (a - b) * (a - b)
    return math.sqrt(total)


_MEASURES: dict[str, Callable[[Vector, Vector], float]] = {"similar:dot": _by_product, "similar:euclidean": _by_distance}

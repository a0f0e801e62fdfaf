"""How near the answer comes to a text: distance by characters, and shares of common words (BLEU, GLEU, ROUGE-1)."""

import math
from collections import Counter
from collections.abc import Iterable

from .javascript import split, trimmed, units
from .saying import TOO_LONG, CannotSay, Fact
from .treebank import tokens

# What a comparison character by character may cost: the product of both lengths.
MOST_PAIRS = 5 * 10**9
LONGEST_RUN = 4


def levenshtein(text: str, value: str, threshold: float | None) -> Fact:
    most, distance = 5 if threshold is None else threshold, distance_between(text, value)
    return Fact(distance <= most, f"{distance:,} characters differ; at most {most:g} may.")


def distance_between(one: str, other: str) -> int:
    """Insertions, removals and replacements of UTF-16 units. Myers' bit vectors (1999), in Hyyrö's form. Raises CannotSay."""
    one, other = units(one), units(other)
    if len(one) * len(other) > MOST_PAIRS:
        raise CannotSay(TOO_LONG)
    if not one or not other:
        return len(one) + len(other)
    places: dict[str, int] = {}
    for index, character in enumerate(one):
        places[character] = places.get(character, 0) | 1 << index
    return _walked(places, len(one), other)


def _walked(places: dict[str, int], length: int, other: str) -> int:
    every, last = (1 << length) - 1, 1 << (length - 1)
    up, down, distance = every, 0, length
    for character in other:
        match = places.get(character, 0)
        straight = match | down
        diagonal = (((match & up) + up) ^ up) | match
        rises, falls = down | ~(diagonal | up) & every, up & diagonal
        distance += bool(rises & last) - bool(falls & last)
        rises, falls = (rises << 1 | 1) & every, falls << 1 & every
        up, down = falls | ~(straight | rises) & every, rises & straight
    return distance


def bleu(text: str, value: str | list[str], threshold: float | None) -> Fact:
    return _near("BLEU", _bleu(text, _references(value)), 0.5 if threshold is None else threshold)


def gleu(text: str, value: str | list[str], threshold: float | None) -> Fact:
    if not text:
        raise CannotSay("The answer is empty, so there is nothing to compare.")
    own = _stripped(text)
    runs = [_runs(own, length) for length in range(1, LONGEST_RUN + 1)]
    score = max(_gleu(own, runs, _stripped(reference)) for reference in _references(value))
    return _near("GLEU", score, 0.5 if threshold is None else threshold)


def rouge(text: str, value: str, threshold: float | None) -> Fact:
    own, wanted = tokens(text.lower()), tokens(value.lower())
    common = _common(Counter(own), Counter(wanted))
    score = _balanced(common / len(own), common / len(wanted)) if common else 0.0
    return _near("ROUGE", score, 0.75 if threshold is None else threshold)


def _near(name: str, score: float, threshold: float) -> Fact:
    return Fact(score >= threshold, f"The words agree by {score:.2f} ({name}); {threshold:g} is asked for.", (score, 1 - score))


def _references(value: str | list[str]) -> list[str]:
    references = [value] if isinstance(value, str) else value
    if not references:
        raise CannotSay("There is no text to compare with.")
    return references


def _runs(words: list[str], length: int) -> Counter[str]:
    return Counter(" ".join(words[start : start + length]) for start in range(len(words) - length + 1))


def _common(one: Counter[str], other: Counter[str]) -> int:
    return sum(min(count, one[run]) for run, count in other.items() if run in one)


def _bleu(text: str, references: list[str]) -> float:
    if not trimmed(text):
        return 0.0
    own, wanted = split(text.lower()), [split(reference.lower()) for reference in references]
    shares = []
    for length in range(1, min(LONGEST_RUN, len(own)) + 1):
        runs = _runs(own, length)
        best = max(_common(runs, _runs(reference, length)) for reference in wanted)
        # No run in common counts as next to none, or one length would decide alone.
        shares.append(best / (len(own) - length + 1) or 1e-7)
    nearest = min((len(reference) for reference in wanted), key=lambda length: (abs(length - len(own)), length))
    brevity = 1.0 if len(own) > nearest else math.exp(1 - nearest / len(own))
    return brevity * math.exp(_sum(math.log(share) / len(shares) for share in shares))


def _gleu(own: list[str], runs: list[Counter[str]], wanted: list[str]) -> float:
    if own == wanted:
        return 1.0
    common = sum(_common(each, _runs(wanted, length)) for length, each in enumerate(runs, start=1))
    return min(common / _all_runs(own), common / _all_runs(wanted))


def _all_runs(words: list[str]) -> int:
    return sum(max(len(words) - length + 1, 0) for length in range(1, LONGEST_RUN + 1))


def _stripped(text: str) -> list[str]:
    return [word.rstrip(".") for word in split(text.lower())]


def _balanced(precision: float, recall: float) -> float:
    low, high = sorted((precision, recall))
    return low if low == high else min(high, low * (2 / (1 + low / high)))


def _sum(numbers: Iterable[float]) -> float:
    # Python's own sum rounds better than a loop does since 3.12.
    total = 0.0
    for number in numbers:
        total += number
    return total

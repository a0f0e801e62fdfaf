"""What is wrong with an assertion, before any answer is there. An error keeps it from being run; a warning only says what it is worth."""

import math
from collections.abc import Iterator
from typing import Any

from promptstudio.prompts.findings import Finding, Level

from .filling import has_placeholder
from .javascript import is_number
from .json_answers import check_value
from .model import Assertion
from .patterns import NotAPattern, compile_pattern
from .saying import MAX_TEXT, CannotSay, shown
from .sql_answers import wanted_of
from .texts import comma_separated, limits_of
from .words import GROUP, base_of, is_asked, is_known, is_run, why_not_run

_LISTS = ("contains-any", "contains-all", "icontains-any", "icontains-all")
_SHARES = ("rouge-n", "bleu", "gleu", "tool-call-f1", "g-eval")
_LIMITS = ("latency", "cost", "levenshtein")
_BY_ANGLE = ("similar", "similar:cosine")
_SIMILAR = (*_BY_ANGLE, "similar:dot", "similar:euclidean")
# Without an opposite in promptfoo: it gives them the same outcome with not- as without.
_ONE_WAY = (
    "is-valid-function-call",
    "is-valid-openai-function-call",
    "is-valid-openai-tools-call",
    "model-graded-closedqa",
    "factuality",
    "model-graded-factuality",
)


def problems_of(assertion: Assertion) -> list[Finding]:
    """Places are `type`, `value`, `threshold`, `weight`; within a group `assert.0.value`."""
    return list(_problems(assertion))


def problem_of(assertion: Assertion) -> Finding | None:
    """The first that keeps it from being run."""
    return next((found for found in _problems(assertion) if found.level == "error"), None)


def value_problem(base: str, value: Any) -> str | None:
    """Why a check of that type cannot take `value`, its placeholders filled in; None where it can."""
    try:
        return _value_problem(base, value)
    except CannotSay as refused:
        return refused.sentence


def always_holds(assertion: Assertion) -> bool:
    """Whether its weight or threshold leaves it no way to fail."""
    if assertion.type == GROUP:
        return not assertion.members if assertion.threshold is None else assertion.threshold <= 0
    return assertion.weight == 0 or _threshold_always_holds(assertion)


def _problems(assertion: Assertion) -> Iterator[Finding]:
    if not is_known(assertion.type):
        yield _error("type", f"{shown(assertion.type)} is no type of assertion. Check its spelling.")
        return
    yield from _of_weight(assertion)
    if assertion.type == GROUP:
        yield from _of_group(assertion)
        return
    if not is_run(assertion.type):
        yield Finding("warning", "type", why_not_run(assertion.type))
        return
    if "transform" in (assertion.model_extra or {}):
        yield _error("transform", "It changes the answer with code first. Code is kept and never run here.")
    if assertion.is_negated and base_of(assertion.type) in _ONE_WAY:
        yield _error("type", "promptfoo gives this the same outcome with not- as without. Leave not- out.")
    if is_asked(assertion.type):
        yield from _of_judge(assertion)
    yield from _of_threshold(assertion)
    yield from _of_value(assertion)


def _of_judge(assertion: Assertion) -> Iterator[Finding]:
    for name in ("provider", "rubricPrompt"):
        if name in (assertion.model_extra or {}):
            yield Finding("warning", name, "It names a judge of its own. That is kept; here the judge of the project decides.")


def _of_weight(assertion: Assertion) -> Iterator[Finding]:
    if not _is_number(assertion.counted):
        yield _error("weight", "A weight is a number.")
    elif assertion.counted < 0:
        yield _error("weight", "A weight cannot be less than 0.")
    elif assertion.counted == 0 and assertion.type != GROUP:
        yield Finding("warning", "weight", "With a weight of 0 this can never fail.")


def _of_group(group: Assertion) -> Iterator[Finding]:
    if group.assertions is None:
        yield _error("assert", "A group needs a list of assertions.")
    elif not group.assertions:
        yield Finding("warning", "assert", "This group is empty, so it can never fail.")
    if group.threshold is not None and group.threshold <= 0:
        yield Finding("warning", "threshold", "With a threshold of 0 this group can never fail.")
    for index, member in enumerate(group.members):
        place = f"assert.{index}"
        if member.type == GROUP:
            yield _error(f"{place}.type", "A group cannot hold another group.")
            continue
        for found in _problems(member):
            yield Finding(found.level, f"{place}.{found.place}", found.sentence)


def _of_threshold(assertion: Assertion) -> Iterator[Finding]:
    base, threshold = base_of(assertion.type), assertion.threshold
    if threshold is None:
        if base in ("latency", "cost"):
            yield _error("threshold", "Give the threshold: " + ("milliseconds." if base == "latency" else "US dollars."))
    elif not _is_number(threshold):
        yield _error("threshold", "A threshold is a number.")
    elif _threshold_always_holds(assertion):
        yield Finding("warning", "threshold", "With this threshold it can never fail.")
    elif base in (*_SHARES, "llm-rubric", *_BY_ANGLE) and not assertion.is_negated and threshold > 1:
        yield Finding("warning", "threshold", "With this threshold it can never pass: the highest score is 1.")


def _threshold_always_holds(assertion: Assertion) -> bool:
    base, threshold = base_of(assertion.type), assertion.threshold
    if threshold is None or not _is_number(threshold):
        return False
    if base in _SHARES:
        return threshold > 1 if assertion.is_negated else threshold <= 0
    if base in _BY_ANGLE:
        return threshold >= 1 if assertion.is_negated else threshold <= -1
    if base == "similar:euclidean":
        return assertion.is_negated and threshold <= 0
    return base in _LIMITS and assertion.is_negated and threshold < 0


def _of_value(assertion: Assertion) -> Iterator[Finding]:
    base = base_of(assertion.type)
    if not assertion.has_value and base in _NEEDED:
        yield _error("value", _NEEDED[base])
        return
    sentence = _outside(assertion.value)
    if not sentence and not has_placeholder(assertion.value):
        sentence = value_problem(base, assertion.value)
    if sentence:
        yield _error("value", sentence)


def _outside(value: Any) -> str | None:
    texts = value if isinstance(value, list) else [value]
    for text in texts:
        if isinstance(text, str) and text.startswith(("file://", "package:")):
            return "It stands in a file elsewhere. Put its text here; files are never opened."
        if isinstance(text, str) and len(text) > MAX_TEXT:
            return f"This is too long: at most {MAX_TEXT:,} characters."
    return None


def _value_problem(base: str, value: Any) -> str | None:
    match base:
        case "equals":
            return None
        case "contains" | "icontains":
            return None if (isinstance(value, str) and value) or is_number(value) else _NEEDED[base]
        case "starts-with" | "regex":
            return _text_problem(base, value)
        case "levenshtein" | "rouge-n" | "finish-reason":
            return None if isinstance(value, str) else _NEEDED[base]
        case "bleu" | "gleu":
            return None if isinstance(value, str) or _are_texts(value) else _NEEDED[base]
        case "llm-rubric":
            return None if _is_said(value) or (isinstance(value, (dict, list)) and value) else _NEEDED[base]
        case "model-graded-closedqa" | "factuality" | "model-graded-factuality":
            return None if _is_said(value) else _NEEDED[base]
        case _ if base == "g-eval" or base in _SIMILAR:
            return None if _is_said(value) or (_are_texts(value) and all(map(_is_said, value))) else _NEEDED[base]
        case "word-count":
            limits_of(value)
        case "tool-call-f1":
            return None if isinstance(value, str) or (isinstance(value, list) and value) else _NEEDED[base]
        case "is-json" | "contains-json":
            check_value(value)
        case "is-sql" | "contains-sql":
            wanted_of(value)
        case _ if base in _LISTS:
            return _list_problem(base, value)
    return None


def _text_problem(base: str, value: Any) -> str | None:
    if not isinstance(value, str) or not value:
        return _NEEDED[base]
    if base == "regex":
        try:
            compile_pattern(value)
        except NotAPattern as refused:
            return f"This is no regular expression. {refused.sentence}"
    return None


def _list_problem(base: str, value: Any) -> str | None:
    if isinstance(value, str) and value:
        comma_separated(value)
        return None
    if not isinstance(value, list):
        return _NEEDED[base]
    return "Each word of the list is a text." if any(isinstance(each, (dict, list)) for each in value) else None


def _is_said(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)


def _is_number(value: Any) -> bool:
    return is_number(value) and math.isfinite(value)


def _error(place: str, sentence: str) -> Finding:
    level: Level = "error"
    return Finding(level, place, sentence)


_NEEDED = {
    "equals": "Give the answer that is expected.",
    "contains": "Give the text that should be in the answer.",
    "icontains": "Give the text that should be in the answer.",
    "starts-with": "Give the text that the answer should start with.",
    "regex": "Give a regular expression.",
    "levenshtein": "Give the text to compare with.",
    "rouge-n": "Give the text to compare with.",
    "bleu": "Give the text to compare with, or a list of several.",
    "gleu": "Give the text to compare with, or a list of several.",
    "finish-reason": "Give the reason, such as stop.",
    "word-count": "Give the number of words, or min, max or both.",
    "tool-call-f1": "Give the names of the tools, with commas between them.",
    "llm-rubric": "Say what the answer has to do, in a sentence.",
    "model-graded-closedqa": "Give the criterion, in a sentence.",
    "factuality": "Give the text whose facts are right.",
    "model-graded-factuality": "Give the text whose facts are right.",
    "g-eval": "Say what the answer has to do, in a sentence or a list of several.",
    **dict.fromkeys(_SIMILAR, "Give the text to compare with, or a list of several."),
    **dict.fromkeys(_LISTS, "Give the words, with commas between them."),
}

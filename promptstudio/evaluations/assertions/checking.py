"""One assertion held against one answer."""

from collections.abc import Callable
from typing import Any

from . import calls, overlap, texts
from .filling import filled
from .html_answers import contains_html, is_html
from .json_answers import contains_json, is_json
from .model import Assertion, Given, Outcome
from .problems import problem_of, value_problem
from .refusals import is_refusal
from .saying import MAX_TEXT, TOO_LONG, CannotSay, Fact, shown
from .sql_answers import contains_sql, is_sql
from .words import GROUP, base_of, is_asked, is_run, why_not_run
from .xml_answers import contains_xml, is_xml

Threshold = int | float | None
Check = Callable[[Given, Any, Threshold], Fact]
# promptfoo calls the reasons of all vendors by OpenAI's names.
_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "refusal": "content_filter",
}


def _latency(given: Given, value: Any, threshold: Threshold) -> Fact:
    if given.latency_ms is None or threshold is None:
        raise CannotSay("How long this answer took is not known.")
    return Fact(given.latency_ms <= threshold, f"The answer took {given.latency_ms:,} ms; {threshold:,} are the limit.")


def _cost(given: Given, value: Any, threshold: Threshold) -> Fact:
    if given.cost is None or threshold is None:
        raise CannotSay("What this answer cost is not known.")
    return Fact(float(given.cost) <= threshold, f"The answer cost ${float(given.cost):.6f}; ${threshold:g} is the limit.")


def _finish(given: Given, value: str, threshold: Threshold) -> Fact:
    reason, wanted = given.stop_reason.strip().lower(), value.lower()
    holds = bool(reason) and wanted in (reason, _REASONS.get(reason))
    return Fact(holds, f"The model stopped because of {shown(reason)}." if reason else "The model did not say why it stopped.")


def _of_text(check: Callable[[str, Any], Fact]) -> Check:
    return lambda given, value, threshold: check(given.text, value)


def _near(check: Callable[[str, Any, Threshold], Fact]) -> Check:
    return lambda given, value, threshold: check(given.text, value, threshold)


def _folding(check: Callable[..., Fact]) -> Check:
    return lambda given, value, threshold: check(given.text, value, fold=True)


def _bare(check: Callable[[str], Fact]) -> Check:
    return lambda given, value, threshold: check(given.text)


def _called(given: Given, value: Any, threshold: Threshold) -> Fact:
    return calls.valid_calls(given.tool_calls, given.tools)


CHECKS: dict[str, Check] = {
    "equals": _of_text(texts.equals),
    "contains": _of_text(texts.contains),
    "contains-any": _of_text(texts.contains_any),
    "contains-all": _of_text(texts.contains_all),
    "icontains": _folding(texts.contains),
    "icontains-any": _folding(texts.contains_any),
    "icontains-all": _folding(texts.contains_all),
    "starts-with": _of_text(texts.starts_with),
    "regex": _of_text(texts.matches),
    "word-count": _of_text(texts.word_count),
    "is-json": _of_text(is_json),
    "contains-json": _of_text(contains_json),
    "is-xml": _of_text(is_xml),
    "contains-xml": _of_text(contains_xml),
    "is-html": _bare(is_html),
    "contains-html": _bare(contains_html),
    "is-sql": _of_text(is_sql),
    "contains-sql": _of_text(contains_sql),
    "is-refusal": _bare(is_refusal),
    "levenshtein": _near(overlap.levenshtein),
    "rouge-n": _near(overlap.rouge),
    "bleu": _near(overlap.bleu),
    "gleu": _near(overlap.gleu),
    "latency": _latency,
    "cost": _cost,
    "finish-reason": _finish,
    "is-valid-function-call": _called,
    "is-valid-openai-function-call": _called,
    "is-valid-openai-tools-call": _called,
    "tool-call-f1": lambda given, value, threshold: calls.tool_names(given.tool_calls, value, threshold),
}


def check(assertion: Assertion, given: Given, judged: Outcome | None = None) -> Outcome:
    """Never raises: what cannot be said is an outcome too. A group is for `grade`.

    `judged` is the outcome of one for which another model has to be asked (`judging`).
    """
    try:
        return _checked(assertion, given, judged)
    except CannotSay as refused:
        return unsaid(refused.sentence)
    except RecursionError:
        return unsaid("This is nested too deeply.")


def unsaid(sentence: str) -> Outcome:
    return Outcome(None, 0.0, sentence)


def _checked(assertion: Assertion, given: Given, judged: Outcome | None) -> Outcome:
    if problem := problem_of(assertion):
        return unsaid(problem.sentence)
    if assertion.type == GROUP:
        return unsaid("A group is graded with its members.")
    if not is_run(assertion.type):
        return unsaid(why_not_run(assertion.type))
    if len(given.text) > MAX_TEXT:
        return unsaid(TOO_LONG)
    value = value_in(assertion, given)
    if is_asked(assertion.type):
        return judged or unsaid("Another model has to be asked, and none was.")
    fact = CHECKS[base_of(assertion.type)](given, value, assertion.threshold)
    passed = fact.passed(assertion.is_negated) or assertion.weight == 0
    return Outcome(passed, fact.score(assertion.is_negated), fact.sentence)


def value_in(assertion: Assertion, given: Given) -> Any:
    """Its value with the values of the case in it. Raises CannotSay."""
    value = filled(assertion.value, given.values)
    if sentence := value_problem(base_of(assertion.type), value):
        raise CannotSay(sentence)
    return value

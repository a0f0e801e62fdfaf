"""Verdicts as JUnit XML, as Jenkins and GitLab read it: a suite for each run, a case for each case."""

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from .models import Result
from .run_verdicts import CaseVerdict, Verdict
from .summary import NotRun

# What XML 1.0 cannot hold, not even as a reference (https://www.w3.org/TR/xml/#charsets).
UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LONGEST_MESSAGE = 300
ONE_SKIPPED: dict[str, float] = {"tests": 1, "failures": 0, "errors": 0, "skipped": 1, "time": 0}


def junit_xml(verdicts: Sequence[Verdict], not_run: Sequence[NotRun] = ()) -> str:
    """One document. Failed is a `failure`, what could not be told an `error`, and what was not asked for `skipped`.

    So is what failed where the suite passed all the same: who reads the document must not call broken what the suite lets through.
    """
    root = Element("testsuites", {"name": "Prompt Studio", **_sums([*map(_counted, verdicts), *[ONE_SKIPPED] * len(not_run)])})
    for verdict in verdicts:
        _add_suite(root, verdict)
    for each in not_run:
        _add_not_run(root, each)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _add_suite(root: Element, verdict: Verdict) -> None:
    run = verdict.run
    name = f"{run.prompt.name}: {run.suite_version.suite.name}"
    given = {"name": writable(name), **_sums([_counted(verdict)]), "timestamp": f"{run.asked_at:%Y-%m-%dT%H:%M:%S}", "id": str(run.uid)}
    suite = SubElement(root, "testsuite", given)
    properties = SubElement(suite, "properties")
    for called, value in _properties(verdict).items():
        SubElement(properties, "property", {"name": called, "value": writable(value)})
    for each in verdict.cases:
        _add_case(suite, each, name, _kind(verdict, each))
    if verdict.idle:
        case = SubElement(suite, "testcase", {"name": "The suite can fail", "classname": writable(name), "time": "0.000"})
        sentences = writable(" ".join(verdict.idle))
        SubElement(case, "error", {"message": sentences[:LONGEST_MESSAGE], "type": "proves_nothing"}).text = sentences


def _add_not_run(root: Element, each: NotRun) -> None:
    name = writable(f"{each.suite.prompt.name}: {each.suite.name}")
    suite = SubElement(root, "testsuite", {"name": name, **_sums([ONE_SKIPPED])})
    case = SubElement(suite, "testcase", {"name": "The suite can fail", "classname": name, "time": "0.000"})
    SubElement(case, "skipped", {"message": writable(each.reason)[:LONGEST_MESSAGE]})


def _add_case(suite: Element, each: CaseVerdict, of: str, kind: str) -> None:
    case = SubElement(suite, "testcase", {"name": writable(each.name), "classname": writable(of), "time": f"{each.seconds:.3f}"})
    if kind:
        message = writable(" ".join(" ".join(each.reasons).split()))[:LONGEST_MESSAGE]
        inner = SubElement(case, kind, {"message": message} | ({} if kind == "skipped" else {"type": each.outcome.value}))
        if kind != "skipped":
            inner.text = writable("\n".join(each.reasons))


def _kind(verdict: Verdict, each: CaseVerdict) -> str:
    if each.outcome == Result.Outcome.PASSED:
        return ""
    if verdict.outcome == Result.Outcome.PASSED:
        return "skipped"
    if each.outcome == Result.Outcome.FAILED:
        return "failure"
    return "error" if each.was_run else "skipped"


def _properties(verdict: Verdict) -> dict[str, str]:
    run = verdict.run
    found = {
        "prompt": run.prompt.name,
        "version": run.version.semver if run.version else run.label,
        "digest": run.wording.digest,
        "model": verdict.model,
        "repeats": str(run.repeats),
        "suite_version": str(run.suite_version.number),
        "outcome": verdict.outcome.value,
    }
    if verdict.cost is not None:
        found["cost_usd"] = f"{verdict.cost:f}"
    return found


def _counted(verdict: Verdict) -> dict[str, float]:
    kinds = [_kind(verdict, each) for each in verdict.cases] + ["error"] * bool(verdict.idle)
    counts = {"failures": kinds.count("failure"), "errors": kinds.count("error"), "skipped": kinds.count("skipped")}
    return {"tests": len(kinds), **counts, "time": sum(each.seconds for each in verdict.cases)}


def _sums(counts: Sequence[dict[str, float]]) -> dict[str, str]:
    names = ("tests", "failures", "errors", "skipped")
    whole = {name: str(sum(int(each[name]) for each in counts)) for name in names}
    return whole | {"time": f"{sum(each['time'] for each in counts):.3f}"}


def writable(text: str) -> str:
    """Without what no XML parser takes: control characters, halves of characters."""
    return UNWRITABLE.sub("", text)

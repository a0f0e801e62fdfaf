"""`defaultTest` of promptfoo: put into each test as promptfoo does it when it runs, and taken out again where all of them still have it."""

from collections.abc import Mapping, Sequence
from typing import Any

from .found import is_same

MERGED = ("vars", "options", "metadata")
TAKEN_OVER = ("prompts", "provider", "providers", "assertScoringFunction")


def expanded(test: Mapping[str, Any], default: Mapping[str, Any]) -> dict[str, Any]:
    """What promptfoo 0.121.20 would run (`prepareTestCaseForEval`)."""
    found = dict(test)
    for name in MERGED:
        own = test.get(name) or {}
        if isinstance(default.get(name), dict) and isinstance(own, dict):
            found |= _some(name, {**default[name], **own})
    checks = test.get("assert") or []
    if isinstance(default.get("assert"), list) and isinstance(checks, list) and not _without_checks(test):
        found |= _some("assert", [*default["assert"], *checks])
    if test.get("threshold") is None and default.get("threshold") is not None:
        found["threshold"] = default["threshold"]
    return found | {name: default[name] for name in TAKEN_OVER if not test.get(name) and default.get(name)}


def folded(tests: Sequence[Mapping[str, Any]], default: Any) -> list[dict[str, Any]] | None:
    """Tests that with `default` are these again; None where one of them cannot be."""
    if not isinstance(default, dict):
        return None
    found = [_folded(test, default) for test in tests]
    again = all(is_same(expanded(small, default), dict(test)) for small, test in zip(found, tests, strict=True))
    return found if again else None


def _folded(test: Mapping[str, Any], default: Mapping[str, Any]) -> dict[str, Any]:
    small = dict(test)
    for name in MERGED:
        if isinstance(default.get(name), dict) and isinstance(test.get(name), dict):
            kept = {key: value for key, value in test[name].items() if key not in default[name] or not is_same(value, default[name][key])}
            small = {key: value for key, value in small.items() if key != name} | _some(name, kept)
    checks, first = test.get("assert", []), default.get("assert") or []
    if isinstance(first, list) and not _without_checks(small) and is_same(checks[: len(first)], first):
        small = {key: value for key, value in small.items() if key != "assert"} | _some("assert", checks[len(first) :])
    for name in ("threshold", *TAKEN_OVER):
        if name in small and name in default and is_same(small[name], default[name]):
            del small[name]
    return small


def _without_checks(test: Mapping[str, Any]) -> bool:
    options = test.get("options")
    return isinstance(options, dict) and options.get("disableDefaultAsserts") is True


def _some(name: str, value: Any) -> dict[str, Any]:
    return {name: value} if value else {}

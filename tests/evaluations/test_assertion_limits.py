"""Hostile values and answers end in time, open nothing and pass nothing."""

import json
import socket
import time
from typing import Any

import pytest

from promptstudio.evaluations.assertions import Assertion, Given, check

N = 200_000
NESTED = {
    f"d{level}": {"allOf": [{"$ref": f"#/definitions/d{level + 1}"}, {"$ref": f"#/definitions/d{level + 1}"}]} for level in range(40)
} | {"d40": {"type": "string"}}
# Each line holds the one before it four times.
ALIASES = "l0: &l0 [x]\n" + "\n".join(f"l{n}: &l{n} [*l{n - 1},*l{n - 1},*l{n - 1},*l{n - 1}]" for n in range(1, 30))
SLOW: list[tuple[str, Any, str]] = [
    ("regex", "(a+)+$", "a" * 5000 + "b"),
    ("regex", "^(a|aa)+$", "a" * N + "b"),
    ("regex", "(.*a){30}b", "a" * N),
    ("regex", "((a{9000}){9000}){9000}", "a"),
    ("regex", "(" * 5000 + "a" + ")" * 5000, "a"),
    ("regex", "x" * 100_000, "x"),
    ("is-json", {"definitions": NESTED, "allOf": [{"$ref": "#/definitions/d0"}]}, '"x"'),
    ("is-json", {"allOf": [{"$ref": "#"}]}, "1"),
    ("is-json", {"$ref": "http://192.0.2.1/schema"}, "1"),
    ("is-json", ALIASES, "{}"),
    ("is-json", "[" * 100_000, "1"),
    ("is-json", None, "[" * N),
    ("contains-json", None, "{" * N),
    ("contains-json", None, "{a: " * (N // 4)),
    ("levenshtein", "ab" * (N // 2), "ba" * (N // 2)),
    ("is-html", None, "<b>" * (N // 3)),
    ("is-sql", None, "SELECT " + "(" * 5000 + "1" + ")" * 5000),
    ("is-sql", None, "SELECT " + "a, " * (N // 4) + "b"),
    ("is-sql", None, "SELECT a FROM " + "(SELECT a FROM " * 900 + "t" + ")" * 900),
]
QUICK: list[tuple[str, Any, str]] = [
    ("is-json", {"items": {"pattern": "(a+)+$"}}, json.dumps(["a" * 40 + "b"] * 2000)),
    ("contains-html", None, "<a " * (N // 3)),
    ("contains-html", None, "<!--" * (N // 4)),
    ("contains-xml", "a.b", "<a " * (N // 3)),
    ("contains-xml", "a." * 50_000, "<a>" * (N // 7) + "</a>" * (N // 7)),
    ("is-xml", "a.b", "<a>" * (N // 7) + "</a>" * (N // 7)),
    ("rouge-n", "b'\" " * (N // 4), "a.``" * (N // 4)),
    ("bleu", ["a b c d e"] * 15_000, "a " * (N // 2)),
    ("gleu", ["a b c d e"] * 15_000, "a " * (N // 2)),
    ("is-refusal", None, "i cannot " * (N // 9)),
    ("contains-any", ['"'] * 50_000, "a" * N),
    ("is-json", {"uniqueItems": True}, json.dumps([{"a": n} for n in range(12_000)])),
    ("levenshtein", "b" * 20_000, "a" * 20_000),
    ("is-sql", None, "SELECT a FROM t WHERE " + "a = 1 AND " * 1900 + "b b b"),
    ("is-sql", {"allowedTables": ["(.*)*x"]}, f"SELECT * FROM {'a' * 15_000}"),
    ("is-sql", None, "'" * N),
    ("is-sql", None, "select " + "a " * (N // 2 - 20) + "from"),
    ("is-sql", None, "SELECT /*" * 2200),
    ("contains-sql", None, "```\nSELECT 1\n```\n" * (N // 20)),
    ("contains-sql", None, ("```\n" + "SELECT a FROM t;" * 1200 + " x y z\n```\n") * 10),
    ("contains-sql", None, "`" * N),
]


def timed(case: tuple[str, Any, str]) -> tuple[bool | None, float]:
    assertion_type, value, text = case
    members = {"type": assertion_type} | ({} if value is None else {"value": value})
    start = time.monotonic()
    return check(Assertion.model_validate(members), Given(text=text)).passed, time.monotonic() - start


@pytest.mark.parametrize("case", SLOW, ids=lambda case: f"{case[0]}-{str(case[1])[:12]}")
def test_what_would_take_for_ever_has_no_outcome(case: tuple[str, Any, str]) -> None:
    passed, took = timed(case)
    assert passed is None
    assert took < 15


@pytest.mark.parametrize("case", QUICK, ids=lambda case: f"{case[0]}-{str(case[1])[:12]}")
def test_an_answer_comes_in_time(case: tuple[str, Any, str]) -> None:
    assert timed(case)[1] < 15


def test_longer_than_a_prompt_may_be_has_no_outcome() -> None:
    assert check(Assertion(type="contains", value="a"), Given(text="a" * (N + 1))).reason == "This is too long to compare."
    assert check(Assertion(type="contains", value="a" * (N + 1)), Given(text="a")).passed is None
    filled = Given(text="a", values={"x": "a" * 150_000})
    assert check(Assertion(type="contains", value="{{x}}{{x}}"), filled).passed is None


def test_entities_are_not_expanded() -> None:
    bomb = '<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><l>&b;</l>'
    outside = '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/hostname">]><l>&a;</l>'
    for text in (bomb, outside):
        assert check(Assertion(type="is-xml"), Given(text=text)).passed is False


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def refuse(*arguments: Any, **more: Any) -> None:
        tried.append(arguments)
        raise OSError("a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for schema in ({"$ref": "https://example.org/x"}, {"$schema": "https://example.org/x"}, {"$id": "https://example.org/x", "$ref": "y"}):
        assert check(Assertion(type="is-json", value=schema), Given(text="{}")).passed is None
    assert check(Assertion(type="is-xml"), Given(text='<!DOCTYPE a SYSTEM "https://example.org/x"><a/>')).passed
    assert tried == []

"""Cases in files: whatever goes out comes in again as the same cases, in every format."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptstudio.evaluations.assertions import WORDS, parse, problem_of
from promptstudio.evaluations.cases import Cases, parse_cases
from promptstudio.evaluations.files.reading import read_cases, words_of
from promptstudio.evaluations.files.writing import WRITERS
from promptstudio.lib.errors import Invalid

# What is special somewhere: in tables, in YAML, in JSON, in spreadsheets.
SPECIAL = st.sampled_from(
    [
        *("=1+1", "'=1", "''@x", "-5", "+", "@cmd", "\t=x", "1e3", "0o17", ".5e3", "yes", "null", "~", "true", "2026-01-01", "1_000", "<<"),
        *(
            "a,b",
            "a\\,b",
            "\\",
            '"',
            "'",
            "a\rb",
            "a\r\nb",
            "x\n\ny\n",
            " lead",
            "trail ",
            "\n",
            "\u2028",
            "\x85",
            "\ufeff",
            "\uffff",
            "\x0b",
        ),
        *("# no", "- x", "? x", "key: value", "{{claim}}", "𝕎 emoji 🙂", "ä" * 50, "icontains:x", "equals:x", "fn: 1", "is-json", "\u202e"),
        "a" * 33_000,
    ]
)
# NUL and half characters are no text that could be kept.
TEXT = st.one_of(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40), SPECIAL)
NUMBER = st.one_of(st.integers(-(10**6), 10**6), st.floats(allow_nan=False, allow_infinity=False, width=32))
JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBER, TEXT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
NAME = st.one_of(st.sampled_from(["claim", "name", "expected", "must contain", "größe", "__expected", "x y", "Claim", "uid"]), TEXT)
SHARE = st.one_of(st.none(), st.floats(0, 1))


@st.composite
def assertion(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {"type": draw(st.sampled_from([*sorted(WORDS), "not-icontains", "assert-set"]))}
    for name, values in [("value", JSON), ("threshold", NUMBER), ("weight", NUMBER), ("metric", TEXT), ("config", JSON), ("$ref", TEXT)]:
        if draw(st.integers(0, 3)) == 0:
            found[name] = draw(values)
    if found["type"] == "assert-set":
        found["assert"] = [{"type": "icontains", "value": "x"}]
    return found


def can_be_made(data: dict[str, Any]) -> bool:
    try:
        return problem_of(parse(data)) is None
    except Invalid:
        return False


@st.composite
def case(draw: st.DrawFn, uid: str) -> dict[str, Any]:
    turn = st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "text": TEXT.filter(bool)})
    return {
        "uid": uid,
        "name": draw(TEXT.filter(lambda text: len(text) <= 200)),
        "values": draw(st.dictionaries(NAME, st.one_of(TEXT, JSON), max_size=4)),
        "assertions": draw(st.lists(assertion().filter(can_be_made), max_size=4)),
        "turns": draw(st.lists(turn, max_size=3)),
        "threshold": draw(SHARE),
        "weight": draw(st.one_of(st.just(1), st.floats(0, 100))),
        "must_never_fail": draw(st.booleans()),
        "tags": draw(st.lists(TEXT.filter(lambda text: 0 < len(text) <= 60), max_size=3)),
        "owner": draw(st.sampled_from(["", "5b0c9a1e-4b43-4f50-a9f5-6a0b0c5f7f10"])),
        "extra": draw(extras),
    }


KEYS = st.one_of(st.sampled_from(["options", "metadata", "provider", "providerOutput", "description", "vars", "assert"]), TEXT)
METADATA = st.dictionaries(
    st.one_of(st.sampled_from(["role", "role[]", "prompt_studio"]), TEXT), st.one_of(TEXT, st.lists(TEXT, max_size=3)), max_size=3
)
extras = st.one_of(
    st.just({}),
    st.dictionaries(KEYS, JSON, max_size=3),
    st.fixed_dictionaries(
        {}, optional={"metadata": METADATA, "options": st.dictionaries(st.sampled_from(["prefix", "suffix", "x"]), TEXT)}
    ),
)
suite_extras = st.one_of(
    st.just({}),
    st.dictionaries(
        st.one_of(st.sampled_from(["tests", "defaultTest", "metadata", "prompts", "scenarios", "vars"]), TEXT), JSON, max_size=3
    ),
    st.fixed_dictionaries(
        {"defaultTest": st.fixed_dictionaries({"vars": st.just({"claim": "x"}), "assert": st.just([{"type": "is-json"}])})}
    ),
)


@st.composite
def suites(draw: st.DrawFn) -> Cases:
    count = draw(st.integers(1, 3))
    rows = [draw(case(f"0000-{number}")) for number in range(count)]
    return parse_cases({"cases": rows, "threshold": draw(SHARE), "extra": draw(suite_extras)})


def back(suite: Cases, kind: str) -> Cases:
    words = words_of(WRITERS[kind][0](suite), f"cases.{kind}")
    reading = read_cases(words, ["claim"])
    assert reading.problems == []
    return reading.suite


@pytest.mark.parametrize("kind", WRITERS)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_what_goes_out_comes_in_as_the_same_cases(kind: str, data: st.DataObject) -> None:
    suite = data.draw(suites())
    assert back(suite, kind).digest == suite.digest

"""Equal content has equal bytes, and they are those of RFC 8785."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptstudio.prompts.canonical import canonical_json, digest_of

from .strategies import json_values


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (0.1, "0.1"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (333333333.33333329, "333333333.3333333"),
        (4.50, "4.5"),
        (2e-3, "0.002"),
        (2**53, "9007199254740992"),
        (-1e-9, "-1e-9"),
    ],
)
def test_numbers_are_written_as_ecmascript_writes_them(value, written):
    assert canonical_json(value) == written


def test_members_are_sorted_by_utf16_units_as_in_the_rfcs_example():
    members = {"\u20ac": "Euro", "\r": "Return", "\ufb33": "Dalet", "1": "One", "\U0001f600": "Smile", "\u0080": "Control", "\u00f6": "o"}
    assert list(json.loads(canonical_json(members))) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


def test_only_what_must_be_is_escaped():
    assert canonical_json("€$\u000f\nA'B\"\\/ü") == '"€$\\u000f\\nA\'B\\"\\\\/ü"'


@given(json_values)
def test_reading_it_back_and_writing_it_again_changes_no_byte(value):
    text = canonical_json(value)
    assert canonical_json(json.loads(text)) == text


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers(), max_size=6), st.randoms())
def test_the_order_of_members_does_not_matter(members, randomness: random.Random):
    shuffled = list(members.items())
    randomness.shuffle(shuffled)
    assert canonical_json(dict(shuffled)) == canonical_json(members)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(number):
    with pytest.raises(ValueError, match="finite"):
        canonical_json({"a": [number]})


def test_a_digest_is_the_sha256_of_the_bytes():
    assert digest_of("") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

"""A bundle's digest decides what was approved, so it must never change by itself."""

import json
from pathlib import Path

import pytest
from hypothesis import given

from promptstudio.lib.errors import Invalid
from promptstudio.prompts.bundle import Bundle, Message, parse

from .strategies import bundle_data, bundles

GOLDEN = json.loads((Path(__file__).parent / "golden" / "bundles.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["name"])
def test_a_digest_once_given_never_changes(case):
    bundle = parse(case["bundle"])
    assert bundle.canonical == case["canonical"]
    assert bundle.digest == case["digest"]


def test_the_golden_bundles_use_every_member():
    used = {member for case in GOLDEN for member in case["bundle"]}
    assert used >= set(Bundle.model_fields) - {"syntax"}


@given(bundles)
def test_a_bundle_survives_its_own_json_and_its_canonical_form(bundle):
    assert parse(bundle.as_json()).digest == bundle.digest
    again = parse(json.loads(bundle.canonical))
    assert (again.canonical, again.digest) == (bundle.canonical, bundle.digest)


@given(bundle_data)
def test_what_stands_at_its_default_is_not_part_of_the_digest(data):
    spelled_out = Bundle().as_json() | data
    assert parse(spelled_out).digest == parse(data).digest


def test_one_and_one_point_nought_are_one_bundle():
    whole, broken = (parse({"variables": [{"name": "a", "type": "number", "default": value}]}) for value in (1, 1.0))
    assert whole.digest == broken.digest


def test_true_and_one_are_two_bundles():
    yes, one = (parse({"variables": [{"name": "a", "default": value}]}) for value in (True, 1))
    assert yes.digest != one.digest


def test_a_bundle_cannot_be_changed():
    bundle = parse({"messages": [{"text": "a"}]})
    with pytest.raises(ValueError, match="frozen"):
        bundle.messages = (Message(text="b"),)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ([], "bundle"),
        ({"color": "red"}, "color"),
        ({"messages": [{"text": "x" * 200_001}]}, "messages.0.text"),
        ({"variables": [{"name": "a b"}]}, "variables.0.name"),
        ({"variables": [{"name": "a__b"}]}, "variables.0.name"),
        ({"variables": [{"name": "a"}, {"name": "a"}]}, "bundle"),
        ({"tools": [{"name": "look-up"}]}, "tools.0.name"),
        ({"inference": {"temperature": 1.01}}, "inference.temperature"),
        ({"inference": {"max_tokens": 0}}, "inference.max_tokens"),
        ({"inference": {"stop_sequences": list("abcde")}}, "inference.stop_sequences"),
    ],
)
def test_bad_input_is_named_at_its_place(data, place):
    with pytest.raises(Invalid) as refused:
        parse(data)
    assert place in refused.value.errors
    assert all(sentence.endswith(".") for sentence in refused.value.errors.values())


@pytest.mark.parametrize(
    ("data", "place", "sentence"),
    [
        ({"inference": {"temperature": True}}, "inference.temperature", "This must be a number."),
        ({"inference": {"temperature": "0.5"}}, "inference.temperature", "This must be a number."),
        ({"inference": {"top_p": False}}, "inference.top_p", "This must be a number."),
        ({"inference": {"max_tokens": True}}, "inference.max_tokens", "This must be a whole number."),
        ({"inference": {"max_tokens": "300"}}, "inference.max_tokens", "This must be a whole number."),
        ({"inference": {"max_tokens": 300.5}}, "inference.max_tokens", "This must be a whole number."),
        ({"variables": [{"name": "a", "required": "yes"}]}, "variables.0.required", "This must be true or false."),
        ({"variables": [{"name": "a", "required": 1}]}, "variables.0.required", "This must be true or false."),
    ],
    ids=str,
)
def test_nothing_becomes_another_type(data, place, sentence):
    with pytest.raises(Invalid) as refused:
        parse(data)
    assert refused.value.errors == {place: sentence}


def test_a_whole_number_is_a_number_too():
    assert parse({"inference": {"temperature": 1}}).digest == parse({"inference": {"temperature": 1.0}}).digest
    assert parse({"inference": {"max_tokens": 300}}).inference.max_tokens == 300

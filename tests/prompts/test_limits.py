"""How far a value may go: the same sentences while typing, while saving and while rendering, and an honest number after a change."""

import pytest

from promptstudio.lib.errors import Invalid
from promptstudio.prompts import lint, semver
from promptstudio.prompts.bundle import parse
from promptstudio.prompts.diff import compare
from promptstudio.prompts.templating import render

from .strategies import text_bundle


def with_limits(type_="number", **limits):
    return text_bundle("Pay {{v}}", variables=[{"name": "v", "type": type_, **limits}])


@pytest.mark.parametrize(
    ("limits", "value", "sentence"),
    [
        ({"min": 5}, 4.99, "v must be at least 5."),
        ({"min": 5}, "4.99", "v must be at least 5."),
        ({"max": 0.3}, "0.30000000000000000000001", "v can be at most 0.3."),
        ({"min": -2, "max": 2}, 3, "v can be at most 2."),
        ({"type_": "string", "max_length": 3}, "abcd", "v has at most 3 characters, and this has 4."),
        ({"min": 5}, "many", "v must be a number, such as 1200 or 2.5."),
    ],
)
def test_what_goes_too_far_is_refused_while_rendering(limits, value, sentence):
    with pytest.raises(Invalid) as refused:
        render(with_limits(**limits), {"v": value})
    assert refused.value.errors == {"variables.v": sentence}


@pytest.mark.parametrize(
    ("limits", "value"),
    [
        ({"min": 5, "max": 5}, "5.0"),
        ({"max": 0.3}, 0.3),
        ({"type_": "string", "max_length": 3}, "äöü"),
        ({"min": 5, "required": False}, None),
    ],
)
def test_what_stays_within_is_rendered(limits, value):
    assert render(with_limits(**limits), {"v": value}).messages[0].text.startswith("Pay")


@pytest.mark.parametrize(
    ("variable", "place", "sentence"),
    [
        ({"type": "number", "min": 5, "example": 4}, "variables.0.example", "The example of v must be at least 5."),
        ({"type": "number", "min": 5, "default": 4, "required": False}, "variables.0.default", "The default of v must be at least 5."),
        ({"max_length": 1, "example": "ab"}, "variables.0.example", "The example of v has at most 1 characters, and this has 2."),
        ({"type": "number", "min": 5, "max": 4}, "variables.0.min", "The least value is greater than the greatest. Change one of them."),
        ({"min": 5}, "variables.0.min", "Only numbers have a least value. Empty it, or change the type."),
        ({"type": "boolean", "max_length": 5}, "variables.0.max_length", "Only texts have a longest length. Empty it, or change the type."),
        ({"type": "number", "min": "5"}, "variables.0.min", None),
        ({"type": "number", "min": True}, "variables.0.min", None),
        ({"max_length": 0}, "variables.0.max_length", "This must be at least 1."),
    ],
)
def test_limits_that_do_not_fit_keep_a_version_from_being_saved(variable, place, sentence):
    errors = lint.errors_of({"messages": [{"text": "{{v}}"}], "variables": [{"name": "v", **variable}]})
    assert list(errors) == [place]
    assert sentence is None or errors[place] == sentence


@pytest.mark.parametrize("odd", [[], {}, "x", 10**400, -0.0, None, [1]])
def test_limits_of_any_shape_are_taken_while_typing(odd):
    for type_ in ("number", "string", "choice", odd):
        variable = {"name": "v", "type": type_, "min": odd, "max": odd, "max_length": odd, "example": "5", "default": odd}
        assert isinstance(lint.findings({"messages": [{"text": "{{v}}"}], "variables": [variable]}), list)


@pytest.mark.parametrize(
    ("old", "new", "impact", "reason"),
    [
        ({}, {"min": 5}, "breaking", "v has a least value of 5."),
        ({"min": 5}, {"min": 6}, "breaking", "v has a least value of 6, where it was 5."),
        ({"min": 5}, {"min": 4}, "feature", "v has a least value of 4, where it was 5."),
        ({"max": 5}, {"max": 4}, "breaking", "v has a greatest value of 4, where it was 5."),
        ({"max": 5}, {}, "feature", "v has no greatest value any more."),
    ],
)
def test_asking_for_less_is_breaking_and_letting_more_through_is_not(old, new, impact, reason):
    bump = semver.compare(with_limits(**old), with_limits(**new))
    assert (bump.impact, bump.reasons) == (impact, [reason])


def test_a_shorter_text_is_breaking():
    assert semver.compare(with_limits("string", max_length=9), with_limits("string", max_length=8)).impact == "breaking"


def test_limits_at_their_default_leave_digests_as_they_were():
    bare = parse({"messages": [{"text": "{{v}}"}], "variables": [{"name": "v"}]})
    assert bare.canonical == '{"messages":[{"text":"{{v}}"}],"variables":[{"name":"v"}]}'
    assert parse(bare.as_json()).digest == bare.digest


def test_a_comparison_shows_them():
    (change,) = compare(with_limits(), with_limits(min=1, max=10)).variables
    assert "of at least 1, at most 10" in change.new

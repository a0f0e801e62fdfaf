"""Each starting point is a prompt that can be used as it is, once a model is chosen."""

import pytest

from promptstudio.prompts import lint
from promptstudio.prompts.bundle import parse
from promptstudio.prompts.starting_points import STARTING_POINTS, StartingPoint, starting_point
from promptstudio.prompts.templating import example_values, render, variables_of

every = pytest.mark.parametrize("point", STARTING_POINTS, ids=lambda point: point.slug)


@every
def test_it_lacks_nothing_but_a_model(point: StartingPoint) -> None:
    assert [finding.place for finding in lint.findings(point.content())] == ["model"]
    assert not lint.errors_of(point.content())


@every
def test_its_examples_fill_each_variable_and_no_other(point: StartingPoint) -> None:
    bundle = parse(point.content())

    render(bundle, example_values(bundle))
    assert point.examples
    for values in point.examples.values():
        render(bundle, values)
        assert set(values) == set(variables_of(bundle))


@every
def test_its_parts_are_marked_and_explained(point: StartingPoint) -> None:
    assert "<instructions>\n" in point.text
    assert all(variable["description"] for variable in point.variables)
    assert starting_point(point.slug) is point


def test_each_is_told_apart() -> None:
    assert len({point.slug for point in STARTING_POINTS}) == len({point.title for point in STARTING_POINTS}) == len(STARTING_POINTS)
    assert starting_point("<b>") is None

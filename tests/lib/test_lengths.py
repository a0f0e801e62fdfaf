"""Whatever people write has a longest length, the same for pages and API, said at its field."""

from collections.abc import Callable
from typing import Any

import pytest

from promptstudio.deployments import services as deployments
from promptstudio.lib.errors import Invalid
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Version
from promptstudio.reviews import services as reviews
from tests.cast import Cast, a_version, asked, bundle, promote

LONG = "x" * 20_001
Deed = Callable[[Cast, Version], Any]
DEEDS: list[tuple[str, Deed]] = [
    ("title", lambda c, v: prompts.create_prompt(project=c.claims, title="x" * 601, actor=c.alice)),
    ("title", lambda c, v: prompts.change_prompt(prompt=v.prompt, title="x" * 601, actor=c.alice)),
    ("summary", lambda c, v: _saved(c, v, summary=LONG)),
    ("expected_impact", lambda c, v: _saved(c, v, summary="New.", expected_impact=LONG)),
    ("validation_criteria", lambda c, v: _saved(c, v, summary="New.", validation_criteria=LONG)),
    ("impact_reason", lambda c, v: _saved(c, v, summary="New.", impact_reason=LONG)),
    ("expected_impact", lambda c, v: prompts.add_to_change_record(version=v, expected_impact=LONG, actor=c.alice)),
    ("note", lambda c, v: reviews.ask_for_review(version=v, environment=c.production, note=LONG, actor=c.alice)),
    ("text", lambda c, v: reviews.comment(review=asked(v, c.production, by=c.alice), text=LONG, actor=c.bob)),
    ("comment", lambda c, v: _decided(c, v, LONG)),
    ("reason", lambda c, v: deployments.deploy(version=v, environment=c.staging, reason=LONG, actor=c.alice)),
    ("reason", lambda c, v: deployments.roll_back(prompt=v.prompt, environment=c.development, reason=LONG, actor=c.bob)),
    ("reason", lambda c, v: deployments.recall(version=v, reason=LONG, actor=c.bob)),
    ("reason", lambda c, v: deployments.take_out_of_service(prompt=v.prompt, environment=c.development, reason=LONG, actor=c.bob)),
]


def _saved(cast: Cast, version: Version, **change: str) -> None:
    prompts.save_version(prompt=version.prompt, data=bundle("New {{claim}}"), change=prompts.Change(**change), actor=cast.alice)


def _decided(cast: Cast, version: Version, comment: str) -> None:
    review = asked(version, cast.production, by=cast.alice)
    deployments.decide(review=review, verdict="approve", comment=comment, seen=None, actor=cast.bob)


@pytest.mark.parametrize(("field", "deed"), DEEDS)
def test_too_long_is_said_at_its_field(cast: Cast, prompt: Prompt, field: str, deed: Deed) -> None:
    version = a_version(prompt, by=cast.alice)
    promote(version, cast.development, by=cast.alice)
    with pytest.raises(Invalid, match="This is too long: at most") as refused:
        deed(cast, version)
    assert list(refused.value.errors) == [field]


def test_what_just_fits_is_taken(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    prompts.change_prompt(prompt=prompt, title="x" * 600, actor=cast.alice)
    assert reviews.ask_for_review(version=version, environment=cast.production, note="x" * 20_000, actor=cast.alice).is_open


def test_a_title_from_before_that_is_longer_stays_as_it_is(cast: Cast, prompt: Prompt) -> None:
    Prompt.objects.filter(pk=prompt.pk).update(title="x" * 700)
    prompt.refresh_from_db()
    assert prompts.change_prompt(prompt=prompt, title=prompt.title, folder="Letters", actor=cast.alice).folder.path == "Letters"

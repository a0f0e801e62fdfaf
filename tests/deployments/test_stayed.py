"""A version may have to stay in the environment before for some hours, and only the present stay counts."""

from datetime import UTC, datetime, timedelta

import pytest

from promptstudio.deployments import gates
from promptstudio.deployments import services as deployments
from promptstudio.deployments.glance import at_a_glance
from promptstudio.deployments.services import Blocked
from promptstudio.lib import clock
from promptstudio.projects.services import change_policy
from promptstudio.prompts.models import Prompt, Version
from promptstudio.reviews.models import Review
from tests.cast import Cast, a_version, asked, in_production, promote

NOON = datetime(2026, 11, 26, 12, 0, 30, tzinfo=UTC)
BERLIN = {"weekdays": [0, 1, 2, 3, 4, 5, 6], "opens": "00:00", "closes": "24:00", "zone": "Europe/Berlin"}


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    """In staging since Thursday at noon; production asks for a day there."""
    change_policy(environment=cast.production, data={"previous_hours": 24}, actor=cast.dora)
    made = a_version(prompt, by=cast.alice)
    with clock.at(NOON):
        promote(made, cast.development, cast.staging, by=cast.alice)
    return made


def outcome(cast: Cast, version: Version, *, after: timedelta) -> gates.Outcome:
    """The same from a list."""
    with clock.at(NOON + after):
        [alone] = gates.evaluate(gates.candidate_for(version, cast.production), (gates.Stayed(),))
        review = Review.objects.open().filter(version=version).with_everything().first() or asked(version, cast.production, by=cast.alice)
        [among] = [found for found in at_a_glance([review])[review.pk] if found.gate == "previous_hours"]
    assert among == alone
    return alone


def test_it_says_until_when_it_has_to_stay(cast: Cast, version: Version) -> None:
    refused = outcome(cast, version, after=timedelta(hours=5))
    sentence = "It has to be live in Staging for 24 hours without a break: until Friday, 27 November 2026 at 12:01 (UTC)."
    assert (refused.passed, refused.reason) == (False, sentence)
    with clock.at(NOON + timedelta(hours=5)), pytest.raises(Blocked, match="until Friday, 27 November 2026 at 12:01"):
        promote(version, cast.production, by=cast.alice)


def test_at_the_minute_that_it_told_it_enters(cast: Cast, version: Version) -> None:
    assert not outcome(cast, version, after=timedelta(hours=23, minutes=59, seconds=59)).passed
    assert outcome(cast, version, after=timedelta(hours=24)).passed
    with clock.at(NOON.replace(second=0) + timedelta(hours=24, minutes=1)):
        assert promote(version, cast.production, by=cast.alice)


def test_moments_are_told_where_the_calendar_is(cast: Cast, version: Version) -> None:
    change_policy(environment=cast.production, data={"previous_hours": 24, "hours": [BERLIN]}, actor=cast.dora)
    assert outcome(cast, version, after=timedelta()).reason.endswith("until Friday, 27 November 2026 at 13:01 (Europe/Berlin).")


def test_what_was_replaced_there_begins_anew(cast: Cast, version: Version, prompt: Prompt) -> None:
    newer = a_version(prompt, by=cast.alice, text="Newer {{claim}}")
    with clock.at(NOON + timedelta(hours=30)):
        promote(newer, cast.development, cast.staging, by=cast.alice)
    refused = outcome(cast, version, after=timedelta(hours=31))
    assert refused.reason.startswith(f"{newer.semver} is live in Staging now. 1.0.0 has to be, for 24 hours without a break.")
    with clock.at(NOON + timedelta(hours=32)):
        deployments.roll_back(prompt=prompt, environment=cast.staging, reason="It was better.", actor=cast.bob)
    assert not outcome(cast, version, after=timedelta(hours=55)).passed
    assert outcome(cast, version, after=timedelta(hours=56)).passed


def test_out_of_service_it_does_not_stay(cast: Cast, version: Version, prompt: Prompt) -> None:
    with clock.at(NOON + timedelta(hours=1)):
        deployments.take_out_of_service(prompt=prompt, environment=cast.staging, reason="It is wrong.", actor=cast.dora)
    assert outcome(cast, version, after=timedelta(hours=30)).reason.startswith("Nothing is live in Staging now.")
    with clock.at(NOON + timedelta(hours=30)):
        promote(version, cast.staging, by=cast.alice)
    assert not outcome(cast, version, after=timedelta(hours=31)).passed


def test_the_first_environment_asks_for_nothing(cast: Cast, prompt: Prompt) -> None:
    change_policy(environment=cast.development, data={"previous_hours": 24}, actor=cast.dora)
    assert promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)


def test_the_way_back_waits_for_nothing(cast: Cast, prompt: Prompt, version: Version) -> None:
    change_policy(environment=cast.production, data={}, actor=cast.dora)
    promote(version, cast.production, by=cast.alice)
    in_production(cast, a_version(prompt, by=cast.alice, text="Newer {{claim}}"))
    frozen = {"begins": "2020-01-01T00:00:00Z", "ends": "2021-01-01T00:00:00Z", "reason": "Christmas", "zone": "UTC"}
    strict = {"previous_hours": 24, "portable": True, "model_not_retired": True, "no_open_comments": True, "freezes": [frozen]}
    change_policy(environment=cast.production, data=strict, actor=cast.dora)
    with clock.at(datetime(2020, 6, 1, tzinfo=UTC)):
        back = deployments.roll_back(prompt=prompt, environment=cast.production, reason="It was better.", actor=cast.bob)
    assert back.version == version

"""How a prompt stands, in one sentence, and the one thing to do next."""

import pytest

from promptstudio.deployments import board, status
from promptstudio.deployments import services as deployments
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, a_version, approved, asked, in_production, promote


def step(prompt: Prompt) -> tuple[str, str]:
    found = status.next_step(board.row(prompt))
    return found.kind, found.label


def sentence(prompt: Prompt) -> str:
    return status.sentence(board.row(prompt))


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    return a_version(prompt, by=cast.alice)


def test_it_leads_from_the_first_words_to_production(cast: Cast, prompt: Prompt) -> None:
    assert (sentence(prompt), step(prompt)) == ("No version yet", ("write", "write the first version"))
    version = a_version(prompt, by=cast.alice, complete=False)
    assert step(prompt) == ("promote", "promote 1.0.0 to Development")
    promote(version, cast.development, cast.staging, by=cast.alice)
    assert sentence(prompt) == "Not in Production yet · 1.0.0 in Staging"
    assert step(prompt) == ("complete_record", "ask for review of 1.0.0 for Production")


def test_a_review_is_next_until_its_conditions_are_met(cast: Cast, prompt: Prompt, version: Version) -> None:
    promote(version, cast.development, cast.staging, by=cast.alice)
    assert step(prompt)[0] == "ask"
    review = asked(version, cast.production, by=cast.alice)
    assert (step(prompt)[0], sentence(prompt)) == ("review", "Not in Production yet · 1.0.0 waiting for product and technical approval")
    for person in (cast.bob, cast.bella):
        deployments.decide(review=review, verdict="approve", seen=None, actor=person)
    assert step(prompt) == ("promote", "promote 1.0.0 to Production")
    promote(version, cast.production, by=cast.alice)
    assert (step(prompt)[0], sentence(prompt)) == ("nothing", "Live 1.0.0")


def test_what_was_rolled_back_is_not_offered_again(cast: Cast, prompt: Prompt, version: Version) -> None:
    worse = a_version(prompt, by=cast.alice, text="Worse {{claim}}")
    promote(version, cast.development, by=cast.alice)
    promote(worse, cast.development, by=cast.alice)
    deployments.roll_back(prompt=prompt, environment=cast.development, reason="It misleads.", actor=cast.bob)
    assert step(prompt) == ("mend", f"write what mends {worse.semver}")
    assert sentence(prompt) == f"Not in Production yet · {worse.semver} was rolled back in Development"
    mended = a_version(prompt, by=cast.alice, text="Mended {{claim}}")
    assert step(prompt) == ("promote", f"promote {mended.semver} to Development")
    promote(mended, cast.development, by=cast.alice)
    assert step(prompt) == ("promote", f"promote {mended.semver} to Staging")


def test_a_version_promoted_again_after_going_back_is_no_longer_left(cast: Cast, prompt: Prompt, version: Version) -> None:
    worse = a_version(prompt, by=cast.alice, text="Worse {{claim}}")
    promote(version, cast.development, by=cast.alice)
    promote(worse, cast.development, by=cast.alice)
    deployments.roll_back(prompt=prompt, environment=cast.development, reason="Too soon.", actor=cast.bob)
    assert board.row(prompt).cells[0].left
    promote(worse, cast.development, by=cast.alice)
    assert not board.row(prompt).cells[0].left
    assert step(prompt)[0] == "promote"


def test_what_was_recalled_is_not_offered_until_a_new_review_lets_it(cast: Cast, prompt: Prompt, version: Version) -> None:
    promote(version, cast.development, cast.staging, by=cast.alice)
    deployments.recall(version=version, reason="Wrong sums.", actor=cast.bob)
    assert (step(prompt)[0], sentence(prompt)) == ("mend", "Not in Production yet · 1.0.0 was recalled")
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    assert step(prompt) == ("promote", "promote 1.0.0 to Production")


def test_what_is_out_of_service_is_brought_back(cast: Cast, prompt: Prompt, version: Version) -> None:
    in_production(cast, version)
    deployments.take_out_of_service(prompt=prompt, environment=cast.production, reason="The law changed.", actor=cast.bob)
    assert (sentence(prompt), step(prompt)) == ("Out of service in Production", ("promote", "bring 1.0.0 back to Production"))
    promote(version, cast.production, by=cast.alice)
    assert (sentence(prompt), step(prompt)[0]) == ("Live 1.0.0", "nothing")


def test_what_was_recalled_is_not_brought_back(cast: Cast, prompt: Prompt, version: Version) -> None:
    in_production(cast, version)
    deployments.recall(version=version, reason="Wrong sums.", actor=cast.bob)
    deployments.take_out_of_service(prompt=prompt, environment=cast.production, reason="Wrong sums.", actor=cast.bob)
    assert step(prompt) == ("mend", "write what mends 1.0.0")


def test_a_newer_version_goes_where_one_is_out_of_service(cast: Cast, prompt: Prompt, version: Version) -> None:
    promote(version, cast.development, by=cast.alice)
    deployments.take_out_of_service(prompt=prompt, environment=cast.development, reason="Old.", actor=cast.bob)
    newer = a_version(prompt, by=cast.alice, text="Newer {{claim}}")
    assert step(prompt) == ("promote", f"promote {newer.semver} to Development")


def test_a_live_version_is_marked_as_recalled_until_it_is_sent_again(cast: Cast, prompt: Prompt, version: Version) -> None:
    in_production(cast, version)
    deployments.recall(version=version, reason="Wrong sums.", actor=cast.bob)
    assert [cell.recalled for cell in board.row(prompt).cells] == [True, True, True]
    other = a_version(prompt, by=cast.alice, text="Other {{claim}}")
    in_production(cast, other)
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    promote(version, cast.production, by=cast.alice)
    assert not board.row(prompt).cell(cast.production).recalled


def test_where_it_was_taken_out_of_service_it_is_not(cast: Cast, prompt: Prompt, version: Version) -> None:
    promote(version, cast.development, cast.staging, by=cast.alice)
    deployments.take_out_of_service(prompt=prompt, environment=cast.staging, reason="It misleads.", actor=cast.bob)
    assert sentence(prompt) == "Not in Production yet · 1.0.0 in Development"
    deployments.take_out_of_service(prompt=prompt, environment=cast.development, reason="It misleads.", actor=cast.bob)
    assert sentence(prompt) == "Not in Production yet · 1.0.0 out of service in Development and Staging"

"""After a rollback that a place outside did not confirm, nothing looks healthy while that place serves what was withdrawn."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.deployments import board, status
from promptstudio.deployments import services as deployments
from promptstudio.prompts.models import Prompt
from promptstudio.web import shelf
from tests.cast import Cast, a_prompt, a_version, approved, promote
from tests.deployments.fake_target import FakeTarget, a_target, publish_everything, refuse, use_fake_publisher

from .reading import at, queries, text

BOARD = "/p/claims/environments/"
STILL = "Bedrock, Frankfurt still serves"


@pytest.fixture
def target(settings: Any) -> FakeTarget:
    return use_fake_publisher(settings)


def twice_live(cast: Cast, prompt: Prompt) -> str:
    """1.0.0 and then another version live in production and at its place; the number of the other."""
    for words in ("Sort this: {{claim}}", "Sort that: {{claim}}"):
        version = a_version(prompt, by=cast.alice, text=words)
        promote(version, cast.development, cast.staging, by=cast.alice)
        approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
        promote(version, cast.production, by=cast.alice)
        publish_everything()
    return str(version.semver)


@pytest.fixture
def withdrawn(cast: Cast, prompt: Prompt, target: FakeTarget) -> str:
    """The number that was rolled back in production, and that its place serves still."""
    a_target(cast.production, by=cast.dora)
    number = twice_live(cast, prompt)
    target.twists = [refuse]
    deployments.roll_back(prompt=prompt, environment=cast.production, reason="It misleads.", actor=cast.bob)
    publish_everything()
    return number


def test_the_board_says_what_the_place_still_serves(client: Client, cast: Cast, withdrawn: str) -> None:
    page = text(at(client, cast.vera).get(BOARD))
    assert f"1.0.0 live here · {STILL} {withdrawn}" in page
    assert f"1.0.0 is live here already · {STILL} {withdrawn}" in page
    assert "See what failed" in page


@pytest.mark.parametrize("state", ["failed", "moving"])
def test_the_filters_find_it(client: Client, cast: Cast, withdrawn: str, state: str) -> None:
    a_version(a_prompt(cast.claims, by=cast.alice, title="Calm"), by=cast.alice)
    rows = at(client, cast.vera).get(BOARD, {"state": state}).context["rows"]
    assert [row["prompt"].title for row in rows] == ["Water damage triage"]


def test_what_failed_stands_above_what_moves(client: Client, cast: Cast, withdrawn: str, target: FakeTarget) -> None:
    a_target(cast.development, by=cast.dora, name="Bedrock, Dublin")
    for number in range(9):
        promote(a_version(a_prompt(cast.claims, by=cast.alice, title=f"Letter {number}"), by=cast.alice), cast.development, by=cast.alice)
    moving = at(client, cast.vera).get(BOARD).context["moving"]
    assert [item["state"] for item in moving] == ["failed", *["publishing"] * 7]


def test_the_prompt_says_so_and_leads_there(cast: Cast, prompt: Prompt, withdrawn: str) -> None:
    row = board.row(prompt)
    cell = row.cell(cast.production)
    assert (cell.state, cell.unsettled, cell.look) == ("behind", "failed", "failed")
    assert status.sentence(row) == f"Live 1.0.0 · {STILL} {withdrawn}"
    step = status.next_step(row)
    assert (step.kind, step.label) == ("settle", "see why 1.0.0 did not reach Bedrock, Frankfurt")


def test_strip_and_library_mark_it(client: Client, cast: Cast, withdrawn: str) -> None:
    strip = text(at(client, cast.vera).get("/p/claims/prompts/water-damage-triage/-/"))
    assert '<a class="version failed"' in strip
    assert f"live; {STILL} {withdrawn}" in strip
    assert f"{STILL} {withdrawn}" in text(client.get("/p/claims/prompts/"))
    assert [fact.state for fact in shelf.facts(cast.claims)] == ["failed"]


def test_until_the_place_answers_it_is_on_its_way(cast: Cast, prompt: Prompt, target: FakeTarget) -> None:
    a_target(cast.production, by=cast.dora)
    number = twice_live(cast, prompt)
    deployments.roll_back(prompt=prompt, environment=cast.production, reason="It misleads.", actor=cast.bob)
    assert board.row(prompt).cell(cast.production).outside_in_words == f"{STILL} {number}"
    assert status.next_step(board.row(prompt)).kind == "watch"
    publish_everything()
    assert board.row(prompt).cell(cast.production).look == "behind"


def test_the_number_of_queries_does_not_grow(client: Client, cast: Cast, target: FakeTarget) -> None:
    def grow(start: int, end: int) -> None:
        for number in range(start, end):
            prompt = a_prompt(cast.claims, by=cast.alice, title=f"Letter {number}")
            twice_live(cast, prompt)
            deployments.roll_back(prompt=prompt, environment=cast.production, reason="It misleads.", actor=cast.bob)

    a_target(cast.production, by=cast.dora)
    at(client, cast.vera)
    grow(0, 2)
    few = queries(client, BOARD)
    grow(2, 6)
    assert queries(client, BOARD) == few

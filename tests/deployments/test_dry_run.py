"""Which of the versions that are live now would pass other conditions: counted, said why, and never more than somebody may see."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from promptstudio.accounts.actor import Actor
from promptstudio.deployments import dry_run as trying
from promptstudio.deployments import services as deployments
from promptstudio.deployments.dry_run import DryRun, dry_run
from promptstudio.deployments.models import Evaluation
from promptstudio.lib import clock
from promptstudio.projects.rules import Rules
from promptstudio.projects.windows import Hours
from promptstudio.prompts.models import Prompt
from promptstudio.prompts.services import restrict_prompt
from tests.cast import Cast, a_person, a_prompt, a_version, in_production

RECORD = Rules(change_record=True)


def tried(cast: Cast, rules: Rules = RECORD, by: Actor | None = None) -> DryRun:
    return dry_run(environment=cast.production, rules=rules, actor=by or cast.dora)


def live(cast: Cast, title: str, **more: Any) -> Prompt:
    prompt = a_prompt(cast.claims, by=cast.alice, title=title)
    in_production(cast, a_version(prompt, by=cast.alice))
    return prompt


def half_written(cast: Cast, title: str) -> Prompt:
    """Live from a time at which nobody asked for a change record."""
    prompt = a_prompt(cast.claims, by=cast.alice, title=title)
    version = a_version(prompt, by=cast.alice, complete=False)
    policy = cast.production.policy
    evaluation = Evaluation.objects.create(
        version=version, environment=cast.production, policy=policy, way="promotion", passed=True, outcomes=[], by=cast.alice.user
    )
    placement = deployments.lock_placement(prompt, cast.production)
    deployment = placement.deployments.create(
        sequence=1, version=version, evaluation=evaluation, way="promotion", by=cast.alice.user, via="page"
    )
    trying.Placement.objects.filter(pk=placement.pk).update(live=deployment)
    return prompt


def test_it_counts_and_says_what_holds_back(cast: Cast) -> None:
    live(cast, "Water")
    half_written(cast, "Storm")
    found = tried(cast)
    assert (found.live, found.looked_at, found.passing, found.by_gate) == (2, 2, 1, [("Change record", 1)])
    [held] = found.held
    assert (held.version.prompt.title, [outcome.gate for outcome in held.open]) == ("Storm", ["change_record"])


def test_conditions_that_ask_for_nothing_let_everything_in(cast: Cast) -> None:
    half_written(cast, "Storm")
    assert tried(cast, Rules()).held == []


def test_approvals_that_it_entered_with_still_count(cast: Cast) -> None:
    live(cast, "Water")
    assert tried(cast, Rules(approvals={"product": 1, "technical": 1})).held == []
    assert tried(cast, Rules(approvals={"product": 2})).by_gate == [("Approvals", 1)]


def test_what_is_out_of_service_is_not_asked_about(cast: Cast) -> None:
    gone = live(cast, "Water")
    deployments.take_out_of_service(prompt=gone, environment=cast.production, reason="Wrong.", actor=cast.dora)
    assert tried(cast).live == 0
    live(cast, "Storm")
    assert tried(cast).live == 1


def test_prompts_that_somebody_does_not_see_are_neither_named_nor_counted(cast: Cast) -> None:
    secret = half_written(cast, "Secret")
    restrict_prompt(prompt=secret, people=[cast.bella.user], actor=cast.dora)
    assert tried(cast, by=cast.dora).live == 1
    other = a_person("Olga", cast.claims, "technical", by=cast.root)
    assert (tried(cast, by=other).live, tried(cast, by=other).held) == (0, [])


def test_the_calendar_is_said_once_and_holds_nothing_back_by_itself(cast: Cast) -> None:
    live(cast, "Water")
    mondays = Rules(hours=(Hours(weekdays=(0,), opens="08:00", closes="18:00", zone="UTC"),))
    with clock.at(datetime(2026, 11, 28, 12, tzinfo=UTC)):
        found = tried(cast, mondays)
    assert (found.held, found.shut_until) == ([], datetime(2026, 11, 30, 8, tzinfo=UTC))
    assert tried(cast).shut_until is None


def test_of_very_many_it_looks_at_those_that_went_live_last(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for title in ("Water", "Storm", "Hail"):
        half_written(cast, title)
    monkeypatch.setattr(trying, "MOST_LOOKED_AT", 2)
    found = tried(cast)
    assert (found.live, found.looked_at, [held.version.prompt.title for held in found.held]) == (3, 2, ["Hail", "Storm"])


def test_of_very_long_ones_it_looks_at_fewer(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for title in ("Water", "Storm"):
        half_written(cast, title)
    monkeypatch.setattr(trying, "MOST_CHARACTERS", 10)
    found = tried(cast)
    assert (found.live, found.looked_at, [held.version.prompt.title for held in found.held]) == (2, 1, ["Storm"])


def test_more_of_them_take_no_more_queries(cast: Cast) -> None:
    def asks() -> int:
        with CaptureQueriesContext(connection) as captured:
            tried(cast, Rules(**{name: True for name in ("change_record", "portable", "no_open_comments", "tests", "folder_reviewers")}))
        return len(captured)

    live(cast, "Water")
    few = asks()
    live(cast, "Storm")
    half_written(cast, "Hail")
    assert asks() == few


def test_it_writes_nothing(cast: Cast) -> None:
    live(cast, "Water")
    kept = Evaluation.objects.count()
    tried(cast, Rules(approvals={"product": 2}))
    assert Evaluation.objects.count() == kept

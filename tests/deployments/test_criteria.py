"""What a change was held to, found out by the clock: measured by tests, asked of people, closed once."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from promptstudio.deployments import services as deployments
from promptstudio.deployments.criteria import FIRST_PAUSE, LOOKED_AT_EVERY, MOST_TRIES, PATIENCE, check_due, likely_price
from promptstudio.deployments.criterion_services import add_criterion, answer_criterion
from promptstudio.deployments.gates import ChangeRecord, candidate_for
from promptstudio.deployments.glance import at_a_glance
from promptstudio.deployments.models import CriterionOutcome, CriterionWatch
from promptstudio.evaluations import suite_services
from promptstudio.evaluations.cases import parse_cases
from promptstudio.evaluations.models import Answer, Run, Suite
from promptstudio.evaluations.run_services import start_run
from promptstudio.evaluations.worker import answer_due
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.projects.rules import Rules
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Criterion, ModelEntry, Prompt, Version
from promptstudio.reviews import services as reviews
from tests.cast import Cast, bundle, promote
from tests.evaluations.scripted import MODEL, PATH, saying

CHEAPER = "amazon.nova-lite-v1:0"
CHECK = {"type": "icontains", "value": "pipe"}


class Time:
    """The clock of the whole product, which a test moves on."""

    def __init__(self) -> None:
        self.now = clock.now()

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture(autouse=True)
def time(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Time]:
    settings.MODEL_RUNNER = PATH
    settings.CRITERION_MOST_COST = Decimal(100)
    time = Time()
    monkeypatch.setattr(clock, "now", time)
    with saying():
        yield time


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    return save(cast, prompt)


@pytest.fixture
def suite(cast: Cast, prompt: Prompt) -> Suite:
    rows = [
        {"uid": name, "name": name, "values": {"claim": name}, "assertions": [CHECK]} for name in ("A pipe.", "Pipes.", "A tree.", "Fire.")
    ]
    return suite_services.add_suite(prompt=prompt, name="Usual claims", cases=parse_cases({"cases": rows}), actor=cast.alice)


def save(cast: Cast, prompt: Prompt, text: str = "Sort: {{claim}}") -> Version:
    change = prompts.Change(summary="Say it better.")
    return prompts.save_version(prompt=prompt, data=bundle(text, model=MODEL), change=change, actor=cast.alice)


def held_to(cast: Cast, version: Version, suite: Suite, threshold: str = "50", metric: str = "pass_rate", days: int = 3) -> Criterion:
    return add_criterion(
        version=version, environment=cast.development, metric=metric, days=days, suite=suite, threshold=threshold, actor=cast.alice
    )


def asked_of_bob(cast: Cast, version: Version, days: int = 14) -> Criterion:
    given = {"person": cast.bob.user, "question": "Fewer complaints?"}
    return add_criterion(version=version, environment=cast.development, metric="asked", days=days, actor=cast.alice, **given)


def live(cast: Cast, version: Version) -> CriterionWatch:
    promote(version, cast.development, by=cast.alice)
    check_due()
    return CriterionWatch.objects.get()


def closed(watch: CriterionWatch) -> CriterionOutcome:
    return CriterionOutcome.objects.get(watch=watch)


def test_it_is_measured_on_the_live_version_when_that_goes_live(cast: Cast, version: Version, suite: Suite, time: Time) -> None:
    held_to(cast, version, suite, "50")
    watch = live(cast, version)
    assert watch.run
    assert (watch.run.version, watch.run.environment, watch.run.asked_by.kind) == (version, cast.development, "system")
    answer_due()
    time.passes(seconds=LOOKED_AT_EVERY.seconds)
    check_due()
    outcome = closed(watch)
    assert (outcome.outcome, outcome.value, outcome.run) == ("confirmed", Decimal(50), watch.run)
    assert outcome.sentence == "It was 50 %; wanted was at least 50 %."


def test_what_is_missed_says_by_how_much(cast: Cast, version: Version, suite: Suite, time: Time) -> None:
    held_to(cast, version, suite, "95,5")
    watch = live(cast, version)
    answer_due()
    time.passes(seconds=LOOKED_AT_EVERY.seconds)
    check_due()
    assert (closed(watch).outcome, closed(watch).sentence) == ("missed", "It was 50 %; wanted was at least 95.5 %.")


@pytest.mark.parametrize(
    ("metric", "threshold", "outcome"),
    [
        ("mean_score", "0.5", "confirmed"),
        ("mean_score", "0.51", "missed"),
        ("cost_per_call", "1", "confirmed"),
        ("cost_per_call", "0.000001", "missed"),
        ("median_latency", "1.234", "confirmed"),
        ("p95_latency", "1.2", "missed"),
    ],
)
def test_each_metric_is_measured(cast: Cast, version: Version, suite: Suite, time: Time, metric: str, threshold: str, outcome: str) -> None:
    held_to(cast, version, suite, threshold, metric)
    watch = live(cast, version)
    answer_due()
    time.passes(minutes=1)
    check_due()
    assert closed(watch).outcome == outcome


def test_nothing_is_closed_while_models_think(cast: Cast, version: Version, suite: Suite, time: Time) -> None:
    held_to(cast, version, suite)
    watch = live(cast, version)
    time.passes(minutes=1)
    check_due()
    watch.refresh_from_db()
    assert watch.closed_at is None
    assert Run.objects.count() == 1


def test_it_is_found_out_once_however_often_the_clock_strikes(cast: Cast, version: Version, suite: Suite, time: Time) -> None:
    held_to(cast, version, suite)
    live(cast, version)
    for _ in range(3):
        check_due()
    answer_due()
    time.passes(minutes=1)
    for _ in range(3):
        check_due()
    assert (Run.objects.count(), CriterionWatch.objects.count(), CriterionOutcome.objects.count()) == (1, 1, 1)


def test_what_the_missing_answers_decide_is_asked_again_and_in_the_end_no_data(
    cast: Cast, version: Version, suite: Suite, time: Time
) -> None:
    held_to(cast, version, suite, "75", days=30)
    watch = live(cast, version)
    for left in range(MOST_TRIES, 0, -1):
        Answer.objects.waiting().update(state="failed", error="No.", ended_at=time.now)
        watch.run.results.update(outcome="unknown")
        time.passes(seconds=LOOKED_AT_EVERY.seconds)
        check_due()
        assert CriterionOutcome.objects.exists() == (left == 1)
        time.passes(seconds=(FIRST_PAUSE * 2**MOST_TRIES).total_seconds())
        check_due()
        watch.refresh_from_db()
    assert (closed(watch).outcome, Run.objects.count()) == ("no_data", MOST_TRIES)
    assert closed(watch).sentence == "The tests did not say: 4 of 4 cases could not be told."


def test_money_has_a_limit_where_nobody_looks(cast: Cast, version: Version, suite: Suite, time: Time, settings: Any) -> None:
    settings.CRITERION_MOST_COST = Decimal("0.0001")
    held_to(cast, version, suite)
    watch = live(cast, version)
    assert (watch.run, Answer.objects.count()) == (None, 0)
    time.passes(days=3)
    check_due()
    assert closed(watch).outcome == "no_data"
    assert "are spent without asking" in closed(watch).sentence


def test_the_price_is_what_it_was_lately(cast: Cast, version: Version, suite: Suite, settings: Any) -> None:
    start_run(suite=suite, bundle=version.bundle, label=version.semver, version=version, actor=cast.alice)
    answer_due()
    # Four answers of the full length would be dollars; those that came were cents.
    settings.CRITERION_MOST_COST = Decimal("0.05")
    held_to(cast, version, suite)
    assert live(cast, version).run


def test_the_day_has_its_limit_too_and_the_next_one_comes(cast: Cast, version: Version, suite: Suite, time: Time, settings: Any) -> None:
    settings.MODEL_CALLS_A_DAY = 3
    held_to(cast, version, suite)
    watch = live(cast, version)
    assert (watch.run, "3 times in 24 hours" in watch.error) == (None, True)
    settings.MODEL_CALLS_A_DAY = 4
    time.passes(seconds=FIRST_PAUSE.seconds)
    check_due()
    watch.refresh_from_db()
    assert watch.run


def test_a_person_is_asked_when_the_time_is_over(cast: Cast, version: Version, time: Time) -> None:
    asked_of_bob(cast, version)
    watch = live(cast, version)
    assert watch.asked_at is None
    with pytest.raises(Conflict, match="when the time is over"):
        answer_criterion(watch=watch, confirmed=True, actor=cast.bob)
    time.passes(days=14)
    check_due()
    watch.refresh_from_db()
    assert watch.state == "asked"
    answer_criterion(watch=watch, confirmed=False, words=" As many as ever. ", actor=cast.bob)
    outcome = closed(watch)
    assert (outcome.outcome, outcome.words, outcome.by) == ("missed", "As many as ever.", cast.bob.user)
    with pytest.raises(Conflict, match="This was settled on"):
        answer_criterion(watch=watch, confirmed=True, actor=cast.bob)


def test_nobody_answers_for_the_one_who_was_asked(cast: Cast, version: Version, time: Time) -> None:
    asked_of_bob(cast, version)
    watch = live(cast, version)
    time.passes(days=14)
    check_due()
    for somebody in (cast.alice, cast.dora, cast.vera, cast.charlie):
        with pytest.raises(NotAllowed):
            answer_criterion(watch=watch, confirmed=True, actor=somebody)
    cast.bob.user.is_active = False
    cast.bob.user.save()
    answer_criterion(watch=watch, confirmed=True, actor=cast.alice)
    assert closed(watch).by == cast.alice.user


def test_who_says_nothing_is_not_waited_for_any_more(cast: Cast, version: Version, time: Time) -> None:
    asked_of_bob(cast, version)
    watch = live(cast, version)
    time.passes(days=14)
    check_due()
    time.passes(days=PATIENCE.days)
    check_due()
    assert (closed(watch).outcome, closed(watch).sentence) == ("no_data", "Nobody answered within 14 days.")


def test_what_was_rolled_back_is_no_data(cast: Cast, version: Version, time: Time) -> None:
    newer = save(cast, version.prompt, "Sort it: {{claim}}")
    asked_of_bob(cast, newer)
    promote(version, cast.development, by=cast.alice)
    watch = live(cast, newer)
    deployments.roll_back(prompt=version.prompt, environment=cast.development, reason="Worse.", actor=cast.bob)
    check_due()
    assert (closed(watch).outcome, closed(watch).sentence) == (
        "no_data",
        "It was rolled back to 1.0.0 in Development before the time was over.",
    )


def test_what_was_replaced_is_no_data_and_the_next_has_its_own(cast: Cast, version: Version, time: Time) -> None:
    newer = save(cast, version.prompt, "Sort it: {{claim}}")
    for each in (version, newer):
        asked_of_bob(cast, each)
    first = live(cast, version)
    promote(newer, cast.development, by=cast.alice)
    check_due()
    assert closed(first).sentence == f"{newer.semver} went live in Development before the time was over."
    assert CriterionWatch.objects.open().get().criterion.version == newer


def test_what_was_replaced_after_its_time_is_asked_all_the_same(cast: Cast, version: Version, time: Time) -> None:
    asked_of_bob(cast, version)
    watch = live(cast, version)
    time.passes(days=15)
    promote(save(cast, version.prompt, "Sort it: {{claim}}"), cast.development, by=cast.alice)
    check_due()
    watch.refresh_from_db()
    assert watch.state == "asked"


def test_what_is_out_of_service_is_no_data(cast: Cast, version: Version, time: Time) -> None:
    asked_of_bob(cast, version)
    watch = live(cast, version)
    deployments.take_out_of_service(prompt=version.prompt, environment=cast.development, reason="Wrong sums.", actor=cast.dora)
    check_due()
    assert closed(watch).sentence == "The prompt was taken out of service in Development before the time was over."


def test_it_counts_where_it_was_meant_for(cast: Cast, version: Version, suite: Suite) -> None:
    add_criterion(version=version, environment=cast.staging, metric="pass_rate", days=3, suite=suite, threshold="50", actor=cast.alice)
    promote(version, cast.development, by=cast.alice)
    check_due()
    assert not CriterionWatch.objects.exists()
    promote(version, cast.staging, by=cast.alice)
    check_due()
    assert CriterionWatch.objects.get().deployment.placement.environment == cast.staging


def test_what_is_written_while_it_is_live_begins_then(cast: Cast, version: Version, time: Time) -> None:
    promote(version, cast.development, by=cast.alice)
    time.passes(days=2)
    asked_of_bob(cast, version, days=1)
    check_due()
    watch = CriterionWatch.objects.get()
    assert (watch.opened_at, watch.ends_at) == (time.now, time.now + timedelta(days=1))


def test_what_is_written_when_it_is_over_waits_for_the_next_time(cast: Cast, version: Version, time: Time) -> None:
    promote(version, cast.development, by=cast.alice)
    promote(save(cast, version.prompt, "Sort it: {{claim}}"), cast.development, by=cast.alice)
    time.passes(days=2)
    asked_of_bob(cast, version)
    check_due()
    assert not CriterionWatch.objects.exists()
    deployments.roll_back(prompt=version.prompt, environment=cast.development, reason="Worse.", actor=cast.bob)
    check_due()
    assert CriterionWatch.objects.get().deployment.way == "rollback"


def test_what_a_clock_that_stood_still_missed_is_told(cast: Cast, version: Version, time: Time) -> None:
    asked_of_bob(cast, version)
    promote(version, cast.development, by=cast.alice)
    promote(save(cast, version.prompt, "Sort it: {{claim}}"), cast.development, by=cast.alice)
    check_due()
    assert closed(CriterionWatch.objects.get()).outcome == "no_data"


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"metric": "joy"}, "metric"),
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
        ({"threshold": "0"}, "threshold"),
        ({"threshold": "100.1"}, "threshold"),
        ({"threshold": "many"}, "threshold"),
        ({"threshold": "NaN"}, "threshold"),
        ({"threshold": "1e999999"}, "threshold"),
        ({"threshold": None}, "threshold"),
        ({"suite": None}, "suite"),
        ({"metric": "asked"}, "person"),
        ({"metric": "asked", "question": "x" * 501}, "question"),
    ],
)
def test_what_cannot_be_found_out_is_refused(cast: Cast, version: Version, suite: Suite, given: dict[str, Any], place: str) -> None:
    usual: dict[str, Any] = {"metric": "pass_rate", "days": 3, "suite": suite, "threshold": "95"}
    with pytest.raises(Invalid) as error:
        add_criterion(version=version, environment=cast.development, **(usual | given), actor=cast.alice)
    assert place in error.value.errors


def test_who_does_not_see_the_prompt_is_not_asked(cast: Cast, version: Version) -> None:
    prompts.restrict_prompt(prompt=version.prompt, people=[cast.bella.user], actor=cast.alice)
    with pytest.raises(Invalid):
        add_criterion(
            version=version, environment=cast.development, metric="asked", days=3, person=cast.bob.user, question="?", actor=cast.alice
        )


def test_a_criterion_completes_the_change_record(cast: Cast, version: Version, suite: Suite) -> None:
    prompts.add_to_change_record(version=version, expected_impact="Fewer calls.", actor=cast.alice)
    assert version.missing_from_record == ["How we will know"]
    held_to(cast, version, suite)
    review = reviews.ask_for_review(version=version, environment=cast.production, actor=cast.alice)
    assert ChangeRecord().check(candidate_for(version, cast.production)).passed
    glance = at_a_glance([review], instead={cast.production.pk: Rules(change_record=True)})
    assert [outcome.passed for outcome in glance[review.pk] if outcome.gate == "change_record"] == [True]


def test_a_price_that_nobody_knows_is_not_free(cast: Cast, version: Version, suite: Suite) -> None:
    ModelEntry.objects.filter(model_id=MODEL).delete()
    held_to(cast, version, suite)
    watch = live(cast, version)
    assert (watch.run, watch.error) == (None, "What running Usual claims costs is not known, so nobody spends it without asking.")


def test_what_another_model_cost_says_nothing(cast: Cast, version: Version, suite: Suite, settings: Any) -> None:
    start_run(suite=suite, bundle=version.bundle, label=version.semver, version=version, model=CHEAPER, actor=cast.alice)
    answer_due()
    settings.CRITERION_MOST_COST = Decimal("0.05")
    held_to(cast, version, suite)
    assert "are spent without asking" in live(cast, version).error


def test_what_was_said_before_the_answer_is_paid_too(cast: Cast, version: Version, settings: Any) -> None:
    long = [{"role": "assistant", "text": "More. " * 10_000}, {"role": "user", "text": "And then?"}]
    rows = [{"uid": "1", "values": {"claim": "A pipe."}, "turns": turns, "assertions": [CHECK]} for turns in ([], long)]
    short, talk = (
        suite_services.add_suite(prompt=version.prompt, name=f"{n} turns", cases=parse_cases({"cases": [row]}), actor=cast.alice)
        for n, row in enumerate(rows)
    )
    watch = CriterionWatch(criterion=Criterion(version=version))
    assert likely_price(talk, watch) > likely_price(short, watch)


def test_criteria_on_one_suite_are_measured_by_one_run(cast: Cast, version: Version, suite: Suite, time: Time) -> None:
    for metric, threshold in (("pass_rate", "50"), ("mean_score", "0.1"), ("cost_per_call", "1")):
        held_to(cast, version, suite, threshold, metric=metric)
    promote(version, cast.development, by=cast.alice)
    check_due()
    assert Run.objects.count() == 1
    answer_due()
    time.passes(seconds=LOOKED_AT_EVERY.seconds)
    check_due()
    assert list(CriterionOutcome.objects.values_list("outcome", flat=True)) == ["confirmed"] * 3

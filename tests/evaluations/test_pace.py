"""How many calls a model gets at once, whose turn it is, and what follows when a vendor wants to be asked less often."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from promptstudio.accounts.actor import Actor
from promptstudio.evaluations import leases, pace, services, worker
from promptstudio.evaluations.model_runner import Call, Said, Throttled
from promptstudio.evaluations.models import Answer, ModelPace
from promptstudio.evaluations.questions import Question
from promptstudio.lib import clock
from promptstudio.prompts.models import Version
from tests.cast import Cast

from .scripted import MODEL, said, saying

OTHER = "amazon.nova-lite-v1:0"


def ask(by: Actor, version: Version, texts: Sequence[str], *, model: str = "") -> Any:
    asked = [Question(bundle=version.bundle, label="1.0.0", version=version, other_model=model, values={"claim": text}) for text in texts]
    return services.ask_models(prompt=version.prompt, questions=asked, actor=by)


def many(count: int, what: str = "claim") -> list[str]:
    return [f"{what} {number}" for number in range(count)]


@pytest.fixture(autouse=True)
def two_at_once(settings: Any) -> None:
    settings.MODEL_CALLS_AT_ONCE, settings.MODEL_CALLS_AT_ONCE_BY_MODEL = 2, {}


def claims(most: int = 50) -> list[leases.Claim]:
    return [claim for _ in range(most) if (claim := leases.claim_next())]


def test_a_model_gets_so_many_calls_at_once_and_no_more(cast: Cast, version: Version) -> None:
    ask(cast.alice, version, many(5))
    first = claims()
    assert len(first) == 2
    worker._settle(first[0], said())
    assert len(claims()) == 1, "one is done, so one more may begin"


def test_another_model_has_a_number_of_its_own(cast: Cast, version: Version, settings: Any) -> None:
    settings.MODEL_CALLS_AT_ONCE_BY_MODEL = {OTHER: 3}
    ask(cast.alice, version, many(5))
    ask(cast.bob, version, many(5), model=OTHER)
    assert Counter(claim.answer.model for claim in claims()) == {MODEL: 2, OTHER: 3}


@pytest.mark.parametrize(("model", "most"), [(OTHER, 3), (f"eu.{OTHER}", 3), (f"us.{OTHER}", 1), (MODEL, 2)])
def test_a_number_for_a_model_holds_in_every_geography_without_one(model: str, most: int, settings: Any) -> None:
    settings.MODEL_CALLS_AT_ONCE_BY_MODEL = {OTHER: 3, f"us.{OTHER}": 1}
    assert pace.most_at_once(model) == most


def test_what_a_gone_worker_held_is_free_again_when_its_lease_runs_out(cast: Cast, version: Version) -> None:
    ask(cast.alice, version, many(5))
    assert len(claims()) == 2
    Answer.objects.filter(lease_until__isnull=False).update(lease_until=clock.now() - timedelta(seconds=1))
    assert len(claims()) == 2


def test_a_stopped_call_counts_until_its_answer_is_there(cast: Cast, version: Version) -> None:
    asked = ask(cast.alice, version, many(2))
    [one, _] = claims()
    services.stop_asking(prompt=version.prompt, round_uid=asked, actor=cast.alice)
    ask(cast.alice, version, many(3, "later"))
    assert claims() == [], "the vendor is still at work on both"
    worker._settle(one, said("Late."))
    assert len(claims()) == 1
    assert Answer.objects.get(pk=one.answer.pk).text == ""


def test_a_single_question_does_not_wait_for_a_long_run(cast: Cast, version: Version) -> None:
    ask(cast.alice, version, many(30))
    [first, _] = claims()
    ask(cast.bob, version, ["Just this one."])
    worker._settle(first, said())
    [next_one] = claims()
    assert next_one.answer.values == {"claim": "Just this one."}


def test_two_runs_take_turns(cast: Cast, version: Version) -> None:
    long, short = ask(cast.alice, version, many(10)), ask(cast.bob, version, many(10, "short"))
    taken = []
    under_way = claims()
    for _ in range(6):
        worker._settle(under_way.pop(0), said())
        under_way += claims()
        taken.append(under_way[-1].answer.round)
    assert Counter(taken) == {long: 3, short: 3}


def throttled(retry_after: float | None = None) -> Any:
    def says(call: Call) -> Said:
        raise Throttled("The model is asked too often.", code="ThrottlingException", retry_after=retry_after)

    return says


def test_a_model_that_asks_us_to_wait_is_asked_by_nobody_until_then(cast: Cast, version: Version) -> None:
    ask(cast.alice, version, ["First."])
    with saying(throttled(retry_after=60)):
        assert worker.answer_due() == 1
    ask(cast.bob, version, ["Somebody else."])
    with saying() as heard:
        assert worker.answer_due() == 0
        assert heard == []
        [paused] = pace.pauses_of([MODEL])
        assert 59 < (paused.paused_until - clock.now()).total_seconds() < 60 * (1 + pace.JITTER)
        ask(cast.bob, version, ["Another model."], model=OTHER)
        assert worker.answer_due() == 1, "another model is not concerned"


def test_to_be_asked_to_wait_does_not_use_up_tries(cast: Cast, version: Version) -> None:
    ask(cast.alice, version, ["First."])
    for _ in range(3 * leases.MOST_TRIES):
        with saying(throttled()):
            assert worker.answer_due() == 1
        over()
    with saying():
        worker.answer_due()
    answer = Answer.objects.get()
    assert (answer.state, answer.tries, answer.error) == ("answered", 1, "")


def over() -> None:
    """The pause is over."""
    past = clock.now() - timedelta(milliseconds=1)
    ModelPace.objects.update(paused_until=past, paused_at=past)
    Answer.objects.update(due_at=past)


def test_pauses_grow_and_have_an_end(cast: Cast, version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "JITTER", 0)
    ask(cast.alice, version, ["First."])
    lengths = []
    for _ in range(9):
        with saying(throttled()):
            worker.answer_due()
        lengths.append(round((ModelPace.objects.get().paused_until - clock.now()).total_seconds()))
        over()
    assert lengths == [2, 4, 8, 16, 32, 64, 120, 120, 120]


def test_calls_that_were_under_way_together_are_one_complaint(cast: Cast, version: Version) -> None:
    ask(cast.alice, version, many(2))
    for claim in claims():
        worker._settle_throttled(claim, Throttled("Too often.", code="x"))
    assert ModelPace.objects.get().throttled == 1


def test_the_longer_of_two_waits_counts(cast: Cast, version: Version) -> None:
    ask(cast.alice, version, many(2))
    one, two = claims()
    worker._settle_throttled(one, Throttled("Too often.", code="x", retry_after=500))
    worker._settle_throttled(two, Throttled("Too often.", code="x", retry_after=5))
    assert (ModelPace.objects.get().paused_until - clock.now()).total_seconds() > 400


def test_after_a_pause_a_model_gets_fewer_calls_at_once_until_it_answers(cast: Cast, version: Version, settings: Any) -> None:
    settings.MODEL_CALLS_AT_ONCE = 8
    ask(cast.alice, version, many(30))
    for claim in claims():
        worker._settle_throttled(claim, Throttled("Too often.", code="x"))
    over()
    first = claims()
    assert len(first) == 4
    for claim in first[:2]:
        worker._settle(claim, said())
    assert len(claims()) == 4, "two are done, and two more may begin than before"
    for claim in [*first[2:], *claims()]:
        worker._settle(claim, said())
    assert ModelPace.objects.get().at_once <= 8


def test_a_vendor_is_not_believed_for_days(cast: Cast, version: Version) -> None:
    ask(cast.alice, version, ["First."])
    with saying(throttled(retry_after=1e9)):
        worker.answer_due()
    assert (ModelPace.objects.get().paused_until - clock.now()).total_seconds() <= pace.LONGEST_BELIEVED * (1 + pace.JITTER)


def test_what_nobody_may_ask_for_hours_is_given_up(cast: Cast, version: Version) -> None:
    ask(cast.alice, version, ["First."])
    Answer.objects.update(asked_at=clock.now() - worker.LONGEST_WAIT - timedelta(minutes=1))
    with saying(throttled()):
        worker.answer_due()
    assert (Answer.objects.get().state, Answer.objects.get().error_code) == ("failed", "ThrottlingException")


@pytest.mark.django_db(transaction=True)
def test_many_workers_together_stay_within_the_number(cast: Cast, version: Version, settings: Any) -> None:
    settings.MODEL_CALLS_AT_ONCE = 3
    ask(cast.alice, version, many(12))
    ask(cast.bob, version, many(12, "other"))
    guard, now, most = threading.Lock(), 0, 0

    def says(call: Call) -> Said:
        nonlocal now, most
        with guard:
            now += 1
            most = max(most, now)
        time.sleep(0.05)
        with guard:
            now -= 1
        return said("Done.")

    def work() -> None:
        try:
            while Answer.objects.waiting().exists():
                worker.answer_due()
                time.sleep(0.01)
        finally:
            connection.close()

    with saying(says) as heard:
        workers = [threading.Thread(target=work) for _ in range(8)]
        for each in workers:
            each.start()
        for each in workers:
            each.join()
        assert len(heard) == 24, "nothing was asked twice"
    assert most == 3


def test_as_many_workers_are_called_as_have_something_to_do(cast: Cast, version: Version) -> None:
    assert leases.could_begin() == 0
    ask(cast.alice, version, many(5))
    ask(cast.bob, version, ["One."], model=OTHER)
    assert leases.could_begin() == 3
    claims()
    assert leases.could_begin() == 0

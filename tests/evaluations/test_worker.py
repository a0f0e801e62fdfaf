"""What a worker does with the answers that are due."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection

from promptstudio.evaluations import leases, services, worker
from promptstudio.evaluations.model_runner import Call, RunFailed, Said
from promptstudio.evaluations.models import Answer
from promptstudio.evaluations.questions import Question
from promptstudio.lib import clock
from promptstudio.prompts.models import Version
from tests.cast import Cast

from .asked import afresh, ask
from .scripted import MODEL, said, saying


def test_an_answer_is_kept_with_what_it_took(cast: Cast, version: Version) -> None:
    answer = ask(cast, version)
    with saying(lambda call: said("Water.", tool_calls=({"name": "find", "input": {"a": 1}},), emulated=True)):
        assert worker.answer_due() == 1
    kept = afresh(answer)
    assert (kept.state, kept.text, kept.stop_reason, kept.request_id, kept.emulated) == ("answered", "Water.", "end_turn", "r-1", True)
    assert (kept.input_tokens, kept.output_tokens, kept.latency_ms) == (1000, 100, 1234)
    assert kept.tool_calls == [{"name": "find", "input": {"a": 1}}]
    # $3 a million in, $15 a million out
    assert kept.cost == Decimal("0.0045")


def test_the_model_gets_what_was_frozen_when_it_was_asked(cast: Cast, version: Version, calls: list[Call]) -> None:
    ask(cast, version)
    worker.answer_due()
    [call] = calls
    assert call.model == MODEL
    assert [message.text for message in call.rendered.messages] == ["Sort this claim: The pipe burst."]
    assert call.marks == {"studio-prompt": version.prompt.name, "studio-version": "1.0.0", "studio-digest": version.digest}


def test_what_costs_are_not_known_of_is_kept_without_them(cast: Cast, version: Version) -> None:
    asked = Question(bundle=version.bundle, label="1.0.0", other_model="new.model-v1", values={"claim": "x"})
    services.ask_models(prompt=version.prompt, questions=[asked], actor=cast.alice)
    worker.answer_due()
    assert Answer.objects.get().cost is None


def failing(permanent: bool, code: str = "busy") -> Any:
    def says(call: Call) -> Said:
        raise RunFailed("The model is busy.", code=code, permanent=permanent)

    return says


def test_a_refusal_is_kept_and_not_tried_again(cast: Cast, version: Version) -> None:
    answer = ask(cast, version)
    with saying(failing(permanent=True)) as heard:
        worker.answer_due()
        assert len(heard) == 1
    kept = afresh(answer)
    assert (kept.state, kept.error, kept.error_code) == ("failed", "The model is busy.", "busy")


def test_a_busy_model_is_asked_again_and_after_four_times_no_more(cast: Cast, version: Version) -> None:
    answer = ask(cast, version)
    with saying(failing(permanent=False)) as heard:
        for number in range(1, leases.MOST_TRIES + 1):
            assert worker.answer_due() == 1
            assert worker.answer_due() == 0, "it waits before it asks again"
            assert len(heard) == number
            assert afresh(answer).error == "The model is busy."
            Answer.objects.update(due_at=clock.now())
    assert afresh(answer).state == "failed"


def test_whatever_breaks_ends_in_a_sentence(cast: Cast, version: Version) -> None:
    answer, second = ask(cast, version), ask(cast, version, "Another.")

    def says(call: Call) -> Said:
        if "Another" in call.rendered.messages[0].text:
            return said("Good.")
        raise ZeroDivisionError

    with saying(says):
        assert worker.answer_due() == 2
    assert afresh(answer).error == "Something unexpected happened (ZeroDivisionError)."
    assert afresh(second).text == "Good."


def test_what_a_gone_worker_held_is_asked_by_another(cast: Cast, version: Version) -> None:
    answer = ask(cast, version)
    claim = leases.claim_next()
    assert claim is not None
    assert worker.answer_due() == 0, "it is held"
    Answer.objects.update(lease_until=clock.now() - timedelta(seconds=1))
    assert worker.answer_due() == 1
    assert afresh(answer).tries == 2
    worker._settle(claim, said("Late."))
    assert afresh(answer).text == "SORT THIS CLAIM: THE PIPE BURST.", "the late one is dropped"


def test_an_answer_to_what_was_stopped_meanwhile_is_dropped(cast: Cast, version: Version) -> None:
    answer = ask(cast, version)

    def says(call: Call) -> Said:
        services.stop_asking(prompt=version.prompt, round_uid=answer.round, actor=cast.alice)
        return said("Late.")

    with saying(says):
        worker.answer_due()
    assert (afresh(answer).state, afresh(answer).text) == ("failed", "")


@pytest.mark.django_db(transaction=True)
def test_a_slow_model_keeps_its_worker(cast: Cast, version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE_SECONDS", 1)
    monkeypatch.setattr(leases, "RENEWED_EVERY", 0.2)
    answer = ask(cast, version)
    begun, end = threading.Event(), threading.Event()

    def says(call: Call) -> Said:
        begun.set()
        end.wait(20)
        return said("At last.")

    def work() -> None:
        try:
            worker.answer_due()
        finally:
            connection.close()

    with saying(says) as heard:
        one = threading.Thread(target=work)
        one.start()
        assert begun.wait(20)
        time.sleep(1.5)
        assert worker.answer_due() == 0, "longer than a lease, and still held"
        end.set()
        one.join()
        assert len(heard) == 1
    assert afresh(answer).text == "At last."


def test_signs_that_the_database_cannot_keep_cost_no_second_call(cast: Cast, version: Version) -> None:
    answer = ask(cast, version)
    with saying(lambda call: said("a\0b", tool_calls=({"name": "x", "input": {"\0": ["\0"]}},))) as heard:
        worker.answer_due()
        assert len(heard) == 1
    assert (afresh(answer).text, afresh(answer).tool_calls[0]["input"]) == ("a\ufffdb", {"\ufffd": ["\ufffd"]})


def test_an_answer_that_cannot_be_kept_is_told_and_not_asked_for_again(
    cast: Cast, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = ask(cast, version)
    monkeypatch.setattr(worker, "cost_of", lambda *args, **more: 1 / 0)
    with saying() as heard:
        worker.answer_due()
        assert worker.answer_due() == 0
        assert len(heard) == 1
    assert "Something unexpected happened" in afresh(answer).error


def test_a_call_that_ends_its_workers_is_given_up(cast: Cast, version: Version) -> None:
    answer = ask(cast, version)
    for _ in range(leases.MOST_TRIES):
        assert leases.claim_next() is not None
        Answer.objects.update(lease_until=clock.now() - timedelta(seconds=1))
    with saying() as heard:
        assert worker.answer_due() == 0
        assert heard == []
    assert afresh(answer).error == "It was asked 4 times, and no answer could be kept."


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_for_a_moment_does_not_lose_the_lease(
    cast: Cast, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LEASE_SECONDS", 1.5)
    monkeypatch.setattr(leases, "RENEWED_EVERY", 0.2)
    now, hiccups = clock.now, [OSError("away")]

    def away_once() -> Any:
        if hiccups and threading.current_thread() is leases.KEEPER._thread:
            raise hiccups.pop()
        return now()

    monkeypatch.setattr(clock, "now", away_once)
    answer = ask(cast, version)

    def says(call: Call) -> Said:
        time.sleep(2)
        assert Answer.objects.get(pk=answer.pk).lease_until > clock.now()
        connection.close()
        return said("At last.")

    with saying(says):
        worker.answer_due()
    assert not hiccups
    assert afresh(answer).text == "At last."


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("times", [2, 3])
def test_a_paid_answer_outlives_a_database_that_is_away_for_a_moment(
    cast: Cast, version: Version, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    monkeypatch.setattr(worker, "PATIENCE", (0, 0))
    answer, refusals = ask(cast, version), ["away"] * times

    def away(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if refusals and sql.startswith("UPDATE") and "request_id" in sql:
            raise OperationalError(refusals.pop())
        return execute(sql, params, many, context)

    with saying(lambda call: said("Paid for.")) as heard, connection.execute_wrapper(away):
        worker.answer_due()
        assert len(heard) == 1
    kept, told = ("Paid for.", "") if times == 2 else ("", "Something unexpected happened (OperationalError).")
    assert (afresh(answer).text, afresh(answer).error) == (kept, told)

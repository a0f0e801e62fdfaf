"""A SIEM gets every entry, in order and signed, whatever happens to it or to the worker."""

import signal
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from promptstudio.audit import streaming
from promptstudio.audit.chain import hash_of_json
from promptstudio.audit.models import Cursor, Entry, Stream
from promptstudio.audit.services import record
from promptstudio.integrations.trail.webhook import signature_of
from promptstudio.lib import clock
from tests.cast import Cast, hire
from tests.installation import Installation
from tests.receiver import Receiver, receiving
from tests.studio import wait_until

CHECKOUT = Path(__file__).resolve().parent.parent.parent
WEBHOOK = "promptstudio.integrations.trail.webhook.Webhook"
SECRET = "between the two of us"


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    with receiving() as made:
        settings.AUDIT_STREAMS = {"webhook": (WEBHOOK, {"url": made.url, "secret": SECRET})}
        settings.AUDIT_SEND_TIMEOUT = 0.5
        yield made


def written() -> list[tuple[str, int]]:
    """Every committed entry, chain by chain."""
    return list(Entry.objects.order_by("chain", "sequence").values_list("chain", "sequence"))


def later(seconds: float) -> Any:
    return clock.at(timezone.now() + timedelta(seconds=seconds))


def test_it_gets_every_entry_of_every_chain_in_order(cast: Cast, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "AT_ONCE", 3)
    assert streaming.stream_due() == Entry.objects.count() > 10
    assert receiver.sequences == written()
    assert streaming.stream_due() == 0
    record(actor=cast.alice, action="test.written", project_uid=cast.claims.uid)
    assert streaming.stream_due() == 1
    assert streaming.waiting_for("webhook") == 0


def test_an_entry_comes_with_its_hash_who_it_was_and_what_they_wrote(cast: Cast, receiver: Receiver) -> None:
    record(actor=cast.alice, action="test.written", project_uid=cast.claims.uid, words={"reason": "Because."}, number=1)
    streaming.stream_due()
    [entry] = [each for batch in receiver.batches for each in batch["entries"] if each["action"] == "test.written"]
    assert (entry["who"]["name"], entry["who"]["email"], entry["words"]) == ("Alice", "alice@claims.example", {"reason": "Because."})
    assert hash_of_json(entry) == entry["hash"]


def test_each_request_is_signed_over_its_moment_and_body(cast: Cast, receiver: Receiver) -> None:
    streaming.stream_due()
    headers, body = receiver.got[0]
    assert headers["X-Studio-Signature"] == signature_of(SECRET, headers["X-Studio-Timestamp"], body)
    assert headers["X-Studio-Signature"] != signature_of(SECRET, str(int(headers["X-Studio-Timestamp"]) + 1), body)
    assert abs(int(headers["X-Studio-Timestamp"]) - time.time()) < 10


@pytest.mark.parametrize("answer", [500, 429, 404, 302])
def test_what_is_no_receipt_is_tried_again_with_the_same_batch(cast: Cast, receiver: Receiver, answer: int) -> None:
    receiver.mode = answer
    assert streaming.stream_due() == 0
    assert str(answer) in Stream.objects.get().error
    refused = receiver.seen[-1]["X-Studio-Delivery"]
    record(actor=cast.alice, action="test.written", project_uid=cast.claims.uid)
    receiver.mode = "ok"
    with later(3):
        streaming.stream_due()
    assert receiver.got[0][0]["X-Studio-Delivery"] == refused
    assert receiver.sequences == written()
    assert Stream.objects.get().error == ""


def test_it_waits_longer_and_longer(cast: Cast, receiver: Receiver) -> None:
    receiver.mode = 500
    pauses = []
    moment = timezone.now()
    for _ in range(10):
        with clock.at(moment):
            streaming.stream_due()
            pauses.append((Stream.objects.get().next_try_at - moment).total_seconds())
            assert streaming.stream_due() == 0
        moment = Stream.objects.get().next_try_at
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert len(receiver.seen) == 10


def test_a_receiver_that_hangs_is_given_up_and_gets_it_later(cast: Cast, receiver: Receiver) -> None:
    receiver.mode = "hang"
    began = time.monotonic()
    assert streaming.stream_due() == 0
    assert time.monotonic() - began < 5
    receiver.mode = "ok"
    with later(3):
        streaming.stream_due()
    assert receiver.sequences == written()


def test_a_receiver_that_is_not_there_is_told_to_be_away(cast: Cast, settings: Any) -> None:
    settings.AUDIT_STREAMS = {"webhook": (WEBHOOK, {"url": "http://127.0.0.1:1/", "secret": ""})}
    assert streaming.stream_due() == 0
    assert "did not answer" in Stream.objects.get().error


def test_one_receiver_that_is_away_holds_no_other_back(cast: Cast, receiver: Receiver, settings: Any) -> None:
    settings.AUDIT_STREAMS = {"away": (WEBHOOK, {"url": "http://127.0.0.1:1/", "secret": ""}), **settings.AUDIT_STREAMS}
    streaming.stream_due()
    assert receiver.sequences == written()


def test_two_workers_do_not_send_to_it_at_once(cast: Cast, receiver: Receiver) -> None:
    assert streaming._next_turn("webhook") is not None
    assert streaming._next_turn("webhook") is None
    assert streaming.stream_due() == 0
    with later(streaming.hold_seconds() + 1):
        assert streaming.stream_due() > 0


def test_a_worker_that_was_overtaken_moves_nothing(cast: Cast, receiver: Receiver) -> None:
    slow = streaming._next_turn("webhook")
    assert slow is not None
    with later(streaming.hold_seconds() + 1):
        streaming.stream_due()
    there = list(Cursor.objects.values_list("chain", "sequence"))
    assert not streaming._advance(slow)
    streaming._put_off(slow, "Too late.")
    assert list(Cursor.objects.values_list("chain", "sequence")) == there
    assert Stream.objects.get().error == ""


def test_nothing_is_sent_within_a_transaction(cast: Cast, settings: Any) -> None:
    # The one around every test counts as well.
    depth: list[int] = []
    outside = len(connections["default"].savepoint_ids)

    class Watching:
        def deliver(self, batch: Any) -> None:
            depth.append(len(connections["default"].savepoint_ids) - outside)

    streaming._stream("watched", Watching())
    assert set(depth) == {0}


@pytest.mark.django_db(transaction=True)
def test_what_is_not_committed_is_neither_sent_nor_skipped(receiver: Receiver) -> None:
    cast = hire()
    streaming.stream_due()
    before, open_now, go_on = len(receiver.sequences), threading.Event(), threading.Event()

    def slowly() -> None:
        try:
            with transaction.atomic():
                record(actor=cast.alice, action="test.written", project_uid=cast.claims.uid, number="slow")
                open_now.set()
                go_on.wait(20)
        finally:
            connections.close_all()

    thread = threading.Thread(target=slowly)
    thread.start()
    try:
        assert open_now.wait(20)
        if connections["default"].vendor == "postgresql":
            # SQLite has one writer, which is this very thread: nothing else can be written meanwhile.
            record(actor=cast.charlie, action="test.written", project_uid=cast.elsewhere.uid, number="quick")
            assert streaming.stream_due() == 1
            assert len(receiver.sequences) == before + 1
    finally:
        go_on.set()
        thread.join()
    streaming.stream_due()
    assert sorted(receiver.sequences) == sorted(written())
    assert len(set(receiver.sequences)) == len(receiver.sequences)


@pytest.mark.process
def test_a_worker_killed_while_it_sends_loses_nothing(tmp_path: Path) -> None:
    """Real processes on a database of their own: the receiver holds the request, the worker is killed, the next one goes on."""
    with receiving() as receiver:
        told = {"AUDIT_WEBHOOK_URL": receiver.url, "AUDIT_WEBHOOK_SECRET": SECRET, "AUDIT_SEND_TIMEOUT": "2"}
        here = Installation(tmp_path / "home", **told)
        here.shell("from tests.cast import hire; hire()")
        receiver.mode = "hang"
        with here.sweeping(signal.SIGKILL, every=0.2):
            assert receiver.hanging.wait(30)
        receiver.mode = "ok"
        assert receiver.got == []
        held = receiver.seen[0]["X-Studio-Delivery"]
        with here.sweeping(signal.SIGTERM, every=0.2):
            wait_until(lambda: len({chain for chain, _ in receiver.sequences}) >= 2, within=60, what="every chain")
            # What came twice would come now.
            time.sleep(1)
        assert receiver.got[0][0]["X-Studio-Delivery"] == held
        by_chain: dict[str, list[int]] = {}
        for chain, sequence in receiver.sequences:
            by_chain.setdefault(chain, []).append(sequence)
        assert len(by_chain) == 2
        assert all(sequences == list(range(1, len(sequences) + 1)) for sequences in by_chain.values())

"""Half an answer: seen while it is written, and an answer to nobody."""

import re
from collections.abc import Callable, Generator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

import promptstudio
from promptstudio.evaluations import listening, services, worker
from promptstudio.evaluations.cases import Cases
from promptstudio.evaluations.leases import claim_next
from promptstudio.evaluations.model_runner import Call, RunFailed, Said
from promptstudio.evaluations.models import Answer, Result
from promptstudio.evaluations.run_services import start_run
from promptstudio.evaluations.suite_services import add_suite
from promptstudio.lib import clock
from promptstudio.prompts.models import Version
from tests.cast import Cast

from .asked import afresh, ask
from .scripted import PATH, STREAMING_PATH, said, saying, telling


@pytest.fixture(autouse=True)
def streaming(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MODEL_RUNNER = STREAMING_PATH
    monkeypatch.setattr(listening, "KEPT_EVERY", 0)


@pytest.fixture
def answer(cast: Cast, version: Version) -> Answer:
    return ask(cast, version)


def between(*pieces: str, then: Callable[[], None] = lambda: None, end: Said | RunFailed | None = None) -> Any:
    """A model that says `pieces`, after each of which `then` looks around, and ends with `end`."""

    def tells(call: Call) -> Generator[str | Said]:
        for piece in pieces:
            yield piece
            then()
        if isinstance(end, RunFailed):
            raise end
        if end:
            yield end

    return telling(tells)


def test_what_came_so_far_is_seen_while_it_is_written_and_gone_when_it_is_whole(answer: Answer) -> None:
    seen: list[tuple[str, str, str]] = []

    def look() -> None:
        row = afresh(answer)
        seen.append((row.state, row.half_text_seen, row.text))

    with between("We ", "pay.", then=look, end=said("We pay.")):
        assert worker.answer_due() == 1
    assert seen == [("waiting", "We ", ""), ("waiting", "We pay.", "")]
    whole = afresh(answer)
    assert (whole.state, whole.text, whole.half_text, whole.half_text_seen) == ("answered", "We pay.", "", "")


def test_it_is_written_down_at_most_every_so_often(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "KEPT_EVERY", 60)
    kept: list[str] = []
    monkeypatch.setattr(worker, "_keeper", lambda claim: lambda text: kept.append(text) or True)
    with between("We ", "pay ", "400.", end=said("We pay 400.")):
        worker.answer_due()
    assert kept == ["We "]


def test_each_look_renews_the_lease(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    def look() -> None:
        assert afresh(answer).lease_until > clock.now() + timedelta(seconds=worker.LEASE_SECONDS - 5)
        Answer.objects.update(lease_until=clock.now() + timedelta(seconds=1))

    with between("We ", "pay.", then=look, end=said()):
        worker.answer_due()
    assert afresh(answer).state == "answered"


def test_half_an_answer_that_failed_is_forgotten(answer: Answer) -> None:
    busy = RunFailed("The model is busy.", code="busy", permanent=False)
    with between("We ", end=busy):
        worker.answer_due()
    assert (afresh(answer).half_text, afresh(answer).error, afresh(answer).state) == ("", "The model is busy.", "waiting")
    Answer.objects.update(due_at=clock.now(), tries=worker.MOST_TRIES - 1)
    with between("We ", end=busy):
        worker.answer_due()
    assert (afresh(answer).half_text, afresh(answer).text, afresh(answer).state) == ("", "", "failed")


def test_a_stream_without_an_end_is_no_answer(answer: Answer) -> None:
    with between("We "):
        worker.answer_due()
    assert (afresh(answer).state, afresh(answer).error) == ("waiting", "The answer of the model was lost on its way.")


def test_what_a_killed_worker_left_is_not_shown_and_not_gone_on_from(answer: Answer) -> None:
    claim = claim_next()
    assert claim
    keep = worker._keeper(claim)
    assert keep
    assert keep("We pay a mill")
    assert afresh(answer).half_text_seen == "We pay a mill"
    Answer.objects.update(lease_until=clock.now() - timedelta(seconds=1))
    assert afresh(answer).half_text_seen == ""
    assert claim_next()
    assert afresh(answer).half_text == ""
    assert not keep("We pay a million"), "it is somebody else's now"
    assert afresh(answer).half_text == ""


def test_whoever_stops_it_ends_the_call_and_what_came_is_gone(cast: Cast, answer: Answer) -> None:
    heard: list[str] = []

    def stop() -> None:
        heard.append("piece")
        services.stop_asking(prompt=answer.prompt, round_uid=answer.round, actor=cast.alice)

    with between("We ", "pay ", "400 ", "euros.", then=stop, end=said()):
        worker.answer_due()
    assert heard == ["piece"], "nobody listens to the rest"
    assert (afresh(answer).state, afresh(answer).half_text, afresh(answer).text) == ("failed", "", "")


def test_the_database_keeps_no_half_of_an_answer_that_ended(answer: Answer) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Answer.objects.update(state="answered", ended_at=clock.now(), half_text="We pay")


@pytest.mark.django_db(transaction=True)
def test_a_moment_without_a_database_loses_nothing_but_a_look(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, away = worker.mine, [DatabaseError("locked")]

    def away_once(claim: worker.Claim) -> Any:
        if away:
            raise away.pop()
        return mine(claim)

    monkeypatch.setattr(worker, "mine", away_once)
    with between("We ", "pay.", end=said("We pay.")):
        worker.answer_due()
    assert afresh(answer).text == "We pay."


def test_signs_that_no_database_takes_are_replaced_on_the_way_too(answer: Answer) -> None:
    with between("a\0b", then=lambda: seen.append(afresh(answer).half_text), end=said("a\0b")):
        seen: list[str] = []
        worker.answer_due()
    assert seen == ["a\ufffdb"]


def test_cases_of_a_run_are_asked_at_once(cast: Cast, version: Version) -> None:
    cases = Cases.model_validate({"cases": [{"values": {"claim": "x"}, "assertions": [{"type": "icontains", "value": "whole"}]}]})
    suite = add_suite(prompt=version.prompt, name="Usual", cases=cases, actor=cast.alice)
    start_run(suite=suite, bundle=version.bundle, label="1.0.0", version=version, actor=cast.alice)
    with saying(lambda call: said("The whole.")), between("half", end=said("half")):
        worker.answer_due()
    assert Result.objects.get().outcome == "passed"


def test_a_runner_that_tells_nothing_on_the_way_works_as_before(answer: Answer, settings: Any) -> None:
    settings.MODEL_RUNNER = PATH
    worker.answer_due()
    assert afresh(answer).state == "answered"


@pytest.fixture
def sources() -> Iterator[Path]:
    root = Path(promptstudio.__file__).parent
    return (path for folder in (root, root.parent / "templates") for path in folder.rglob("*") if path.suffix in (".py", ".html", ".txt"))


def test_nothing_but_the_page_of_a_round_reads_half_an_answer(sources: Iterator[Path]) -> None:
    reading = {path.name for path in sources if re.search(r"\bhalf_text(_seen)?\b", path.read_text()) and "migrations" not in path.parts}
    writing = {"answers.py", "leases.py", "worker.py", "services.py"}
    assert reading - writing == {"_answer.html"}

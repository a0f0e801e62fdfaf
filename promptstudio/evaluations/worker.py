"""Calling models for the answers that are due. Each step is its own short transaction; no call leaves inside one."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import Q

from promptstudio.lib import clock
from promptstudio.prompts.catalogue import cost_of
from promptstudio.prompts.models import ModelEntry

from .grading import settle_result
from .model_runner import Call, RunFailed, Said, runner
from .models import Answer, AnswerQuerySet
from .questions import Question

log = structlog.get_logger(__name__)
MOST_TRIES = 4
# A worker that is gone is missed after so many seconds; one that works says so more often.
LEASE_SECONDS = 20
RENEWED_EVERY = 5


@dataclass(frozen=True)
class Claim:
    answer: Answer
    token: uuid.UUID


class Nothing(Enum):
    CLAIMED = auto()


NOTHING = Nothing.CLAIMED


def answer_due() -> int:
    """Call until nothing is due. Returns how many calls were made."""
    made = 0
    while (claim := _claim_next()) is not None:
        if isinstance(claim, Claim):
            _answer(claim)
            made += 1
    return made


def _claim_next() -> Claim | Nothing | None:
    """The next one that is due; NOTHING where one was only given up, None when there is no more."""
    with transaction.atomic():
        now = clock.now()
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        due = Answer.objects.select_for_update(skip_locked=True).waiting().filter(free, due_at__lte=now)
        answer = due.order_by("due_at", "id").first()
        if answer is None:
            return None
        if answer.tries >= MOST_TRIES:
            # Whatever took it before never came back to say what happened, so the call itself may be what ends workers.
            _given_up(answer)
            return NOTHING
        answer.lease_token, answer.lease_until = uuid.uuid4(), now + timedelta(seconds=LEASE_SECONDS)
        answer.tries += 1
        answer.save(update_fields=["lease_token", "lease_until", "tries"])
    return Claim(answer, answer.lease_token)


def _answer(claim: Claim) -> None:
    """Whatever goes wrong ends in a sentence at the answer, or in a lease that runs out."""
    try:
        with _held(claim):
            said = runner().run(_call(claim.answer))
        _settle(claim, said)
    except RunFailed as failure:
        _settle_failed(claim, failure)
    except Exception as error:
        log.exception("model.broken", answer=str(claim.answer.uid))
        _settle_failed(claim, RunFailed(f"Something unexpected happened ({type(error).__name__}).", code="unexpected", permanent=True))


def _call(answer: Answer) -> Call:
    """Raises Invalid for what cannot be filled in any more, which was checked when it was asked."""
    bundle = answer.wording.bundle
    rendered = Question(bundle=bundle, label=answer.label, other_model=answer.model, values=answer.values).rendered()
    return Call(
        uid=answer.uid,
        model=answer.model,
        rendered=rendered,
        inference=bundle.inference,
        tools=bundle.tools,
        tool_choice=bundle.tool_choice,
        output_schema=bundle.output_schema,
        extra_model_fields=bundle.extra_model_fields,
        marks={
            "studio-prompt": answer.prompt.name,
            "studio-version": answer.version.semver if answer.version else "draft",
            "studio-digest": answer.wording.digest,
        },
    )


@contextmanager
def _held(claim: Claim) -> Iterator[None]:
    """The lease is renewed while the model thinks."""
    done = threading.Event()

    def renew() -> None:
        try:
            while not done.wait(RENEWED_EVERY):
                _renew(claim)
        finally:
            connection.close()

    keeper = threading.Thread(target=renew, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


def _renew(claim: Claim) -> None:
    """A database that is away for a moment must not end it: the model would be asked, and paid, twice."""
    try:
        _mine(claim).update(lease_until=clock.now() + timedelta(seconds=LEASE_SECONDS))
    except Exception:
        log.warning("model.lease_not_renewed", answer=str(claim.answer.uid), exc_info=True)
        connection.close()


def _given_up(answer: Answer) -> None:
    answer.state, answer.ended_at, answer.lease_until = Answer.State.FAILED, clock.now(), None
    answer.error, answer.error_code = f"It was asked {MOST_TRIES} times, and no answer could be kept.", "given_up"
    answer.save()
    settle_result(answer)


def _mine(claim: Claim) -> AnswerQuerySet:
    """The row while it is this worker's: somebody may have stopped it, or another worker may have taken it over."""
    return Answer.objects.waiting().filter(pk=claim.answer.pk, lease_token=claim.token)


def _settle(claim: Claim, said: Said) -> None:
    known = ModelEntry.objects.catalogue()
    _ended(
        claim,
        state=Answer.State.ANSWERED,
        text=storable(said.text),
        tool_calls=storable(list(said.tool_calls)),
        stop_reason=said.stop_reason[:40],
        input_tokens=said.input_tokens,
        output_tokens=said.output_tokens,
        latency_ms=said.latency_ms,
        cost=cost_of(claim.answer.model, input_tokens=said.input_tokens, output_tokens=said.output_tokens, known=known),
        request_id=said.request_id[:200],
        emulated=said.emulated,
        error="",
        error_code="",
        ended_at=clock.now(),
        lease_until=None,
    )


def _settle_failed(claim: Claim, failure: RunFailed) -> None:
    told = {"error": failure.sentence, "error_code": failure.code[:80], "lease_until": None}
    if failure.permanent or claim.answer.tries >= MOST_TRIES:
        _ended(claim, state=Answer.State.FAILED, ended_at=clock.now(), **told)
    else:
        _mine(claim).update(due_at=clock.now() + timedelta(seconds=2**claim.answer.tries), **told)


@transaction.atomic
def _ended(claim: Claim, **columns: Any) -> None:
    """Fill the row in while it is this worker's, and grade the case that waited for it, if one did."""
    if _mine(claim).update(**columns):
        settle_result(Answer.objects.select_related("wording").get(pk=claim.answer.pk))


def storable(value: Any) -> Any:
    """PostgreSQL keeps no NUL, and what a model says is nobody's to refuse."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(name): storable(item) for name, item in value.items()}
    return value

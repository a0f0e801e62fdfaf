"""Calling models for the answers that are due. Each step is its own short transaction; no call leaves inside one."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from promptstudio.lib import clock
from promptstudio.prompts.catalogue import cost_of, with_embeddings
from promptstudio.prompts.models import ModelEntry

from .embedder import in_numbers
from .grading import settle_result
from .leases import KEEPER, LEASE_SECONDS, MOST_TRIES, Claim, claim_next, let_go, mine
from .listening import NobodyWaits, said_to
from .model_runner import Call, RunFailed, Said, Throttled
from .models import Answer, Result
from .pace import answered, slow_down
from .questions import question_of
from .trial_settings import in_words

log = structlog.get_logger(__name__)
# A model that lets nobody ask for so many hours is given up.
LONGEST_WAIT = timedelta(hours=6)
# Seconds between tries to keep an answer, while its lease is renewed: a database that starts again takes so long.
PATIENCE = (1, 2, 4, 8, 15)


def answer_due(most: int | None = None) -> int:
    """Call until nothing is due that may be asked now, at most so often. Returns how many calls were made."""
    made = 0
    while (most is None or made < most) and (claim := claim_next()) is not None:
        _answer(claim)
        made += 1
    return made


def _answer(claim: Claim) -> None:
    """Whatever goes wrong ends in a sentence at the answer, or in a lease that runs out."""
    try:
        with KEEPER.holding(claim):
            _keep(claim, _asked(claim))
    except NobodyWaits:
        log.info("model.no_longer_awaited", answer=str(claim.answer.uid))
        let_go(claim)
    except Throttled as busy:
        _settle_throttled(claim, busy)
    except RunFailed as failure:
        _settle_failed(claim, failure)
    except Exception as error:
        log.exception("model.broken", answer=str(claim.answer.uid))
        _settle_failed(claim, RunFailed(f"Something unexpected happened ({type(error).__name__}).", code="unexpected", permanent=True))


def _asked(claim: Claim) -> Said:
    answer = claim.answer
    if answer.purpose == Answer.Purpose.NUMBERS:
        return in_numbers(answer.uid, answer.model, str(answer.values["text"]))
    return said_to(_call(answer), _keeper(claim))


def _call(answer: Answer) -> Call:
    """Raises Invalid for what cannot be filled in any more, which was checked when it was asked."""
    bundle, question = answer.wording.bundle, question_of(answer)
    return Call(
        uid=answer.uid,
        model=answer.model,
        rendered=question.rendered(),
        inference=bundle.inference,
        tools=bundle.tools,
        tool_choice=bundle.tool_choice,
        output_schema=bundle.output_schema,
        extra_model_fields=bundle.extra_model_fields,
        marks={
            "studio-prompt": answer.prompt.name,
            "studio-version": _version_mark(answer),
            "studio-digest": answer.wording.digest,
        },
        address=answer.address,
        variables=question.variables() if answer.address else {},
        follows=question.follows,
    )


def _version_mark(answer: Answer) -> str:
    if answer.purpose != Answer.Purpose.PROMPT:
        return str(answer.purpose)
    return (answer.version.semver if answer.version else "draft") + in_words(answer.changed)


def _keeper(claim: Claim) -> Callable[[str], bool] | None:
    """Keeps what came so far, and the lease with it. Of a run and of judges nobody sees it, and hundreds would write for nothing."""
    if claim.answer.purpose != Answer.Purpose.PROMPT or Result.objects.filter(answer=claim.answer).exists():
        return None

    def keep(text: str) -> bool:
        try:
            return bool(mine(claim).update(half_text=storable(text), lease_until=clock.now() + timedelta(seconds=LEASE_SECONDS)))
        except DatabaseError:
            # Whoever looks on sees the next bit. The whole answer is worth more.
            log.warning("model.half_not_kept", answer=str(claim.answer.uid), exc_info=True)
            connection.close_if_unusable_or_obsolete()
            return True

    return keep


def _keep(claim: Claim, said: Said) -> None:
    """What was paid for is worth some patience with a database that is away."""
    for pause in (*PATIENCE, None):
        try:
            _settle(claim, said)
        except (OperationalError, InterfaceError):
            if pause is None:
                raise
            log.warning("model.answer_not_kept_yet", answer=str(claim.answer.uid), exc_info=True)
            connection.close()
            time.sleep(pause)
        else:
            return


def _settle(claim: Claim, said: Said) -> None:
    _ended(
        claim,
        state=Answer.State.ANSWERED,
        text=storable(said.text),
        half_text="",
        tool_calls=storable(list(said.tool_calls)),
        stop_reason=said.stop_reason[:40],
        input_tokens=said.input_tokens,
        output_tokens=said.output_tokens,
        latency_ms=said.latency_ms,
        cost=_cost(claim.answer, said),
        request_id=said.request_id[:200],
        emulated=said.emulated,
        error="",
        error_code="",
        ended_at=clock.now(),
        lease_until=None,
    )


def _cost(answer: Answer, said: Said) -> Decimal | None:
    if said.input_tokens is None or said.output_tokens is None:
        return None
    known = ModelEntry.objects.catalogue()
    if answer.purpose == Answer.Purpose.NUMBERS:
        known = with_embeddings(known)
    return cost_of(answer.model, input_tokens=said.input_tokens, output_tokens=said.output_tokens, known=known)


def _settle_failed(claim: Claim, failure: RunFailed) -> None:
    if failure.permanent or claim.answer.tries >= MOST_TRIES:
        _ended(claim, state=Answer.State.FAILED, ended_at=clock.now(), lease_until=None, **_told(failure))
    else:
        _again(claim, failure, at=clock.now() + timedelta(seconds=2**claim.answer.tries))


@transaction.atomic
def _settle_throttled(claim: Claim, busy: Throttled) -> None:
    """Everybody waits, and this does not count as a try: nothing was wrong with what was asked."""
    until = slow_down(claim.answer.model, began=claim.began, retry_after=busy.retry_after)
    if clock.now() - claim.answer.asked_at > LONGEST_WAIT:
        _ended(claim, state=Answer.State.FAILED, ended_at=clock.now(), lease_until=None, **_told(busy))
    else:
        _again(claim, busy, at=until, tries=claim.answer.tries - 1)


def _again(claim: Claim, failure: RunFailed, *, at: datetime, **columns: Any) -> None:
    if not mine(claim).update(due_at=at, lease_until=None, **_told(failure), **columns):
        let_go(claim)


@transaction.atomic
def _ended(claim: Claim, **columns: Any) -> None:
    """Fill the row in while it is this worker's, and grade the case that waited for it, if one did."""
    if not mine(claim).update(**columns):
        let_go(claim)
        return
    # The pace before the result, as where calls are claimed.
    if columns["state"] == Answer.State.ANSWERED:
        answered(claim.answer.model, began=claim.began)
    settle_result(Answer.objects.select_related("wording").get(pk=claim.answer.pk))


def _told(failure: RunFailed) -> dict[str, str]:
    return {"error": failure.sentence, "error_code": failure.code[:80], "half_text": ""}


def storable(value: Any) -> Any:
    """PostgreSQL keeps no NUL, and what a model says is nobody's to refuse."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(name): storable(item) for name, item in value.items()}
    return value

"""Telling systems outside what gates and tests said: news becomes a row, and a row becomes one signed request.

What is news is found by looking, again and again, so that a clock that stood still misses nothing of the last day. The same news has the
same `about`, of which the database takes one.
"""

import json
import uuid
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from promptstudio.audit.destinations import Undelivered, hook_destinations
from promptstudio.deployments.gates import OF_THE_VERSION
from promptstudio.deployments.glance import answers_for, key_of
from promptstudio.deployments.models import Evaluation
from promptstudio.evaluations.models import Result, Run
from promptstudio.evaluations.run_verdicts import verdicts_of
from promptstudio.lib import clock
from promptstudio.prompts.models import Prompt, Version
from promptstudio.reviews.models import Review

from .models import Cursor, GateStanding, HookMessage

log = structlog.get_logger(__name__)
LOOKED_BACK, GIVEN_UP_AFTER, KEPT = timedelta(days=1), timedelta(days=2), timedelta(days=90)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
MOST_AT_ONCE = 100
TURNED = {True: "gates.passed", False: "gates.blocked"}


def tell_receivers() -> None:
    if not settings.GATE_HOOKS:
        return
    for step in (_gates_that_turned, _promotions_held_back, _runs_that_ended, _forget):
        # One at a time, whoever else looks at the clock.
        with transaction.atomic():
            Cursor.objects.get_or_create(chain=f"hooks:{step.__name__}")
            Cursor.objects.select_for_update().get(chain=f"hooks:{step.__name__}")
            step()
    send_due()


def send_due() -> int:
    """Post what is owed. A receiver that fails ends the round: the others wait for the next one, and none is sent out of turn for long."""
    sent = 0
    while sent < MOST_AT_ONCE and (message := _next_message()):
        try:
            _post(message)
        except Undelivered as failure:
            _put_off(message, failure.sentence)
            break
        except Exception as error:
            log.exception("hooks.broken", message=str(message.uid))
            _put_off(message, f"Something unexpected happened ({type(error).__name__}).")
            break
        sent += 1
    return sent


def _gates_that_turned() -> None:
    reviews = [review for review in Review.objects.open().with_everything() if _may_go_out(review.version.prompt)]
    known = GateStanding.objects.in_bulk([review.pk for review in reviews])
    # Without the hours of the week, which would be told each morning and each evening.
    answers = answers_for(reviews, gates=OF_THE_VERSION)
    for review in reviews:
        standing, outcomes = known.get(review.pk) or GateStanding(review=review), answers[key_of(review)]
        passed = all(outcome.passed for outcome in outcomes)
        if passed == standing.passed:
            continue
        standing.passed, standing.turns = passed, standing.turns + 1
        standing.save()
        gates = [_gate(outcome.as_json()) for outcome in outcomes]
        more = {"environment": review.environment.slug, "review": str(review.uid), "gates": gates}
        about = f"gates:{review.uid}:{standing.turns}"
        _owe(TURNED[passed], about, review.version, clock.now(), more, _told([about]))


def _promotions_held_back() -> None:
    recent = Evaluation.objects.filter(passed=False, way="promotion", created_at__gt=clock.now() - LOOKED_BACK)
    evaluations = list(recent.select_related("version__prompt__project", "environment"))
    told = _told(f"evaluation:{evaluation.uid}" for evaluation in evaluations)
    for evaluation in evaluations:
        more = {"environment": evaluation.environment.slug, "gates": [_gate(outcome) for outcome in evaluation.outcomes]}
        _owe("promotion.blocked", f"evaluation:{evaluation.uid}", evaluation.version, evaluation.created_at, more, told)


def _runs_that_ended() -> None:
    going_on = Result.objects.filter(run=OuterRef("pk"), outcome=Result.Outcome.WAITING)
    recent = Run.objects.filter(~Exists(going_on), asked_at__gt=clock.now() - LOOKED_BACK, version__isnull=False)
    required = recent.filter(suite_version__suite__required=True).with_everything().select_related("version__prompt__project")
    told = _told(f"run:{run.uid}" for run in required)
    for verdict in verdicts_of([run for run in required if {(each, f"run:{run.uid}") for each in settings.GATE_HOOKS} - told]):
        run = verdict.run
        facts = verdict.as_json()
        more = {name: facts[name] for name in ("suite", "environment", "model", "repeats", "counts")} | {"run": facts["id"]}
        assert run.version
        _owe(f"run.{verdict.outcome.value}", f"run:{run.uid}", run.version, clock.now(), more, told)


def _may_go_out(prompt: Prompt) -> bool:
    """A restricted prompt is named to nobody outside, unless whoever runs the installation says that they may know."""
    return not prompt.restricted or settings.GATE_HOOKS_RESTRICTED


def _gate(outcome: dict[str, Any]) -> dict[str, Any]:
    """Without its reason, which names people and quotes them."""
    return {name: outcome[name] for name in ("gate", "title", "passed")}


def _told(abouts: Iterable[str]) -> set[tuple[str, str]]:
    """Which receiver was told which of these already. One query, because the clock asks for all of a day again and again."""
    return set(HookMessage.objects.filter(about__in=list(abouts)).values_list("receiver", "about"))


def _owe(kind: str, about: str, version: Version, at: datetime, more: dict[str, Any], told: Collection[tuple[str, str]]) -> None:
    if not _may_go_out(version.prompt):
        return
    prompt = version.prompt
    said = {"type": kind, "at": at.isoformat(), "project": prompt.project.slug, "prompt": prompt.name}
    said |= {"version": version.semver, "digest": version.digest}
    for receiver in settings.GATE_HOOKS:
        if (receiver, about) not in told:
            uid = uuid.uuid4()
            body = json.dumps({"id": str(uid), **said, **more}, ensure_ascii=False, separators=(",", ":"))
            now = clock.now()
            HookMessage.objects.create(
                uid=uid, receiver=receiver, kind=kind, about=about, prompt=prompt, body=body, created_at=now, due_at=now
            )


def _next_message() -> HookMessage | None:
    now = clock.now()
    with transaction.atomic():
        free = Q(held_until=None) | Q(held_until__lt=now)
        due = HookMessage.objects.select_for_update(skip_locked=True).filter(free, ended_at=None, due_at__lte=now)
        message = due.filter(receiver__in=settings.GATE_HOOKS).order_by("due_at", "id").first()
        if message is None:
            return None
        message.token, message.tries = uuid.uuid4(), message.tries + 1
        message.held_until = now + timedelta(seconds=settings.AUDIT_SEND_TIMEOUT * 3 + 5)
        message.save(update_fields=["token", "held_until", "tries"])
    return message


def _post(message: HookMessage) -> None:
    if not _may_go_out(Prompt.objects.get(pk=message.prompt_id)):
        _mine(message).update(ended_at=clock.now(), error="Not sent: the prompt was restricted meanwhile.")
        return
    hook_destinations()[message.receiver].keep(message.body, name=str(message.uid))
    now = clock.now()
    _mine(message).update(sent_at=now, ended_at=now, error="", held_until=None)


def _put_off(message: HookMessage, sentence: str) -> None:
    now = clock.now()
    pause = min(FIRST_PAUSE * 2 ** min(message.tries - 1, 12), LONGEST_PAUSE)
    over = message.created_at < now - GIVEN_UP_AFTER
    _mine(message).update(error=sentence, held_until=None, due_at=now + pause, ended_at=now if over else None)


def _mine(message: HookMessage) -> Any:
    return HookMessage.objects.filter(pk=message.pk, token=message.token)


def _forget() -> None:
    HookMessage.objects.filter(created_at__lt=clock.now() - KEPT).delete()
    GateStanding.objects.exclude(review__in=Review.objects.open()).delete()

"""Asking models. The rows are written here; a worker calls."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Invalid
from promptstudio.lib.permission import Allowed, Denied
from promptstudio.prompts.models import Prompt

from .asking import stay_within_the_day, waiting_answer, wake_workers, wordings_of
from .grading import settle_judged, waiting_results
from .models import Answer, Bout, Comparison, Contest, FilledWith, Judgement, Rating, Result, Run
from .permissions import can_run, can_stop, can_try
from .questions import Question, is_model
from .rated_words import forget_rated_words

MOST_AT_ONCE = 40
# Seconds within which the same press of a button is the same round.
PRESSED_TWICE = 10


@transaction.atomic
def ask_models(*, prompt: Prompt, questions: Sequence[Question], actor: Actor) -> uuid.UUID:
    """Have every question answered; the uid of the round that they make together. A button pressed twice makes one round.

    Raises Invalid for what cannot be asked (nothing is asked then), Conflict when this person asked for too many today.
    """
    can_try(actor, prompt).require()
    _check(prompt, questions)
    # Two presses at once must not each ask, nor each find room for both.
    User.objects.select_for_update(no_key=True).get(pk=actor.user.pk)
    if pressed := _pressed_before(prompt, questions, actor):
        return pressed
    stay_within_the_day(len(questions), actor)
    round_uid, wordings = uuid.uuid4(), wordings_of(questions)
    Answer.objects.bulk_create([waiting_answer(round_uid, prompt, question, wordings, actor) for question in questions])
    wake_workers(len(questions))
    models = sorted({question.model for question in questions})
    record(
        actor=actor,
        action="model.asked",
        subject=prompt,
        project_uid=prompt.project.uid,
        round=round_uid,
        questions=len(questions),
        models=models,
        digests=sorted(wordings),
    )
    return round_uid


@transaction.atomic
def stop_asking(*, prompt: Prompt, round_uid: uuid.UUID, actor: Actor) -> int:
    """What nobody answered yet is not asked any more; how many those were. An answer that is under way may still come, and is dropped."""
    asked = Answer.objects.filter(prompt=prompt, round=round_uid)
    first = asked.select_related("prompt").first()
    (can_stop(actor, first) if first else can_run(actor, prompt)).require()
    # A call that is under way keeps its lease: it counts as one until the vendor is done with it.
    ended = {"state": Answer.State.FAILED, "error": "This was stopped.", "error_code": "stopped", "half_text": ""}
    stopped = 0
    # Again while there is more: a worker that settles an answer adds what its checks ask.
    while more := asked.waiting().update(ended_at=clock.now(), **ended):
        stopped += more
    if stopped:
        Result.objects.filter(run__uid=round_uid, outcome=Result.Outcome.WAITING, answer__state=Answer.State.FAILED).update(
            outcome=Result.Outcome.UNKNOWN, owed=0
        )
        for result in waiting_results(run__uid=round_uid):
            settle_judged(result)
        record(actor=actor, action="model.stopped", subject=prompt, project_uid=prompt.project.uid, round=round_uid, questions=stopped)
    return stopped


@transaction.atomic
def forget_old_answers(*, before: datetime, actor: Actor) -> int:
    """Remove what was asked before then of drafts, and with values that somebody typed: they may hold personal data.

    What a version answered to a named example stays with it.
    """
    _the_clock(actor).require()
    runs = Run.objects.filter(version=None, asked_at__lt=before).exclude(results__outcome=Result.Outcome.WAITING)
    gone = list(runs.values_list("pk", flat=True))
    Bout.objects.filter(Q(contest__first__in=gone) | Q(contest__second__in=gone)).delete()
    Contest.objects.filter(Q(first__in=gone) | Q(second__in=gone)).delete()
    Comparison.objects.filter(Q(new__in=gone) | Q(old__in=gone)).delete()
    Judgement.objects.filter(result__run__in=gone).delete()
    Result.objects.filter(run__in=gone).delete()
    Run.objects.filter(pk__in=gone).delete()
    typed = Q(version=None) | Q(filled_with=FilledWith.OWN)
    # What still stands in a result, as its answer or as what a judge said of it, stays with that.
    free = Answer.objects.filter(result=None, judgements=None, bout=None)
    old = free.filter(typed, asked_at__lt=before).exclude(state=Answer.State.WAITING)
    for rating in Rating.objects.filter(answer__in=old).select_related("answer__prompt"):
        # Without its row nobody could erase them any more.
        forget_rated_words(rating)
    forgotten: int = old.delete()[1].get("evaluations.Answer", 0)
    if forgotten:
        record(actor=actor, action="model.old_removed", label="answers to drafts", answers=forgotten, before=before)
    return forgotten


def _the_clock(actor: Actor) -> Allowed | Denied:
    return Allowed() if actor.user.kind == User.Kind.SYSTEM else Denied("Only the clock removes answers.")


def _check(prompt: Prompt, questions: Sequence[Question]) -> None:
    if any(source.prompt_id != prompt.pk for question in questions for source in (question.version, question.draft) if source):
        # Answers are seen by whoever sees the prompt that they belong to.
        raise Invalid({"sides": "Another prompt is tried on its own page."})
    if any(not is_model(question.model) for question in questions if question.model):
        raise Invalid({"model": "This is not how Bedrock names a model. Choose one from the list."})
    if not questions:
        raise Invalid({"sides": "Choose what is to be asked."})
    if len(questions) > MOST_AT_ONCE:
        raise Invalid({"sides": f"These are {len(questions)} calls. At most {MOST_AT_ONCE} go at once: choose fewer examples or models."})
    errors: dict[str, str] = {}
    for question in questions:
        try:
            question.rendered()
        except Invalid as error:
            errors = error.errors | errors
    if errors:
        raise Invalid(errors)


def _pressed_before(prompt: Prompt, questions: Sequence[Question], actor: Actor) -> uuid.UUID | None:
    since = clock.now() - timedelta(seconds=PRESSED_TWICE)
    newest = Answer.objects.filter(prompt=prompt, asked_by=actor.user, asked_at__gt=since).order_by("id").last()
    if newest is None:
        return None
    asked = sorted(Answer.objects.filter(round=newest.round).values_list("asked", flat=True))
    return newest.round if asked == sorted(question.asked for question in questions) else None

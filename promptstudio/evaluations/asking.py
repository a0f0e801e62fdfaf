"""Parts of services that ask models: rows that wait, wordings, and the limit of a day."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Sum

from promptstudio.accounts.actor import Actor
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict
from promptstudio.lib.wake import wake_on_commit
from promptstudio.prompts.models import Prompt

from .models import Answer, FilledWith, Result, Wording
from .permissions import most_a_day
from .questions import Question, as_rows

ANSWER_DUE = "evaluations.answer_due"
# More messages than workers could take at once would only be read in vain.
MOST_MESSAGES = 32


def waiting_answer(round_uid: uuid.UUID, prompt: Prompt, question: Question, wordings: dict[str, Wording], actor: Actor) -> Answer:
    """Not saved yet."""
    now = clock.now()
    return Answer(
        round=round_uid,
        prompt=prompt,
        version=question.version,
        draft=question.draft,
        wording=wordings[question.bundle.digest],
        model=question.model,
        address=question.address,
        label="Draft" if question.draft else question.label[:200],
        changed=dict(question.changed),
        filled_with=_filled_with(question),
        example=question.example,
        values=question.known_values,
        turns=as_rows(question.turns),
        asked=question.asked,
        asked_by=actor.user,
        asked_at=now,
        due_at=now,
    )


def wake_workers(questions: int) -> None:
    """One message for each question, so that as many workers as are free begin at once."""
    for _ in range(min(questions, MOST_MESSAGES)):
        wake_on_commit(ANSWER_DUE)


def _filled_with(question: Question) -> FilledWith:
    if question.example:
        return FilledWith.EXAMPLE
    return FilledWith.TABLE if question.from_table else FilledWith.OWN


def stay_within_the_day(more: int, actor: Actor) -> None:
    """Raises Conflict when this person asked for too many in the last 24 hours."""
    most = most_a_day()
    asked = Answer.objects.filter(asked_by=actor.user, asked_at__gt=clock.now() - timedelta(days=1)).count()
    # What checks will ask once the answers are there.
    asked += Result.objects.filter(run__asked_by=actor.user, outcome=Result.Outcome.WAITING).aggregate(owed=Sum("owed"))["owed"] or 0
    if asked + more > most:
        left = max(0, most - asked)
        raise Conflict(f"You may ask models {most} times in 24 hours, and {left or 'none'} of them {'is' if left < 2 else 'are'} left.")


def wordings_of(questions: Sequence[Question]) -> dict[str, Wording]:
    """A row for each bundle, the same one for whoever asks with it."""
    bundles = {question.bundle.digest: question.bundle for question in questions}
    missing = bundles.keys() - set(Wording.objects.filter(digest__in=bundles).values_list("digest", flat=True))
    rows = [Wording(digest=digest, canonical=bundles[digest].canonical) for digest in sorted(missing)]
    Wording.objects.bulk_create(rows, ignore_conflicts=True)
    return {wording.digest: wording for wording in Wording.objects.filter(digest__in=bundles)}

"""Having a judge compare the answers of two runs."""

from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Invalid

from .asking import stay_within_the_day, wake_workers
from .contests import comparable, says_the_same
from .judges import chosen_for, kept
from .judging import as_conversation, as_said, fence_of, judges_answer
from .models import Answer, Bench, Bout, Contest, Judge, Result, Run
from .permissions import can_run
from .questions import Question, question_of
from .services import PRESSED_TWICE

LONGEST_CRITERION = 2000
USUAL_CRITERION = "The better answer does what was asked more fully and more correctly, in words that its reader understands."


@transaction.atomic
def compare_pairwise(*, first: Run, second: Run, criterion: str = USUAL_CRITERION, actor: Actor) -> Contest:
    """Have every pair of answers that differ judged twice, once in each order. A button pressed twice makes one contest.

    Raises Invalid for runs that cannot be compared, Conflict for too many calls in a day.
    """
    can_run(actor, first.prompt).require()
    criterion = criterion.strip()
    pairs = _checked(first, second, criterion)
    User.objects.select_for_update(no_key=True).get(pk=actor.user.pk)
    if pressed := _pressed_before(first, second, criterion, actor):
        return pressed
    differing = [(one, other) for one, other in pairs if not says_the_same(one.answer, other.answer)]
    stay_within_the_day(2 * len(differing), actor)
    judge = kept(chosen_for(first.prompt.project, Bench.PAIR))
    contest = Contest.objects.create(
        prompt=first.prompt, first=first, second=second, judge=judge, criterion=criterion, asked_by=actor.user, asked_at=clock.now()
    )
    asked = [bout for one, other in differing for bout in _bouts(contest, judge, one, other)]
    Answer.objects.bulk_create(bout.answer for bout in asked)
    there = {answer.uid: answer for answer in Answer.objects.filter(round=contest.uid)}
    for bout in asked:
        bout.answer = there[bout.answer.uid]
    Bout.objects.bulk_create(asked)
    wake_workers(len(asked))
    record(
        actor=actor,
        action="suite.answers_compared",
        subject=first.suite_version.suite,
        project_uid=first.prompt.project.uid,
        contest=contest.uid,
        runs=[first.uid, second.uid],
        pairs=len(pairs),
        questions=len(asked),
        judge=judge.digest,
    )
    return contest


def _bouts(contest: Contest, judge: Judge, one: Result, other: Result) -> Iterator[Bout]:
    asked = as_conversation(question_of(one.answer).rendered())
    for turned in (False, True):
        shown = (other, one) if turned else (one, other)
        values = {"criterion": contest.criterion, "question": asked, "first": as_said(shown[0].answer), "second": as_said(shown[1].answer)}
        values["fence"] = fence_of(*values.values())
        question = Question(bundle=judge.wording.bundle, label="Judge", other_model=judge.model, values=values)
        answer = judges_answer(question, judge.wording, contest.prompt, round_uid=contest.uid, asked_by=contest.asked_by)
        yield Bout(contest=contest, case=one.case, repeat=one.repeat, turned=turned, answer=answer)


def _checked(first: Run, second: Run, criterion: str) -> list[tuple[Result, Result]]:
    if not criterion:
        raise Invalid({"criterion": "Say what makes an answer the better one."})
    if len(criterion) > LONGEST_CRITERION:
        raise Invalid({"criterion": f"This is too long: at most {LONGEST_CRITERION:,} characters."})
    if first.pk == second.pk:
        raise Invalid({"other": "A run is compared with another one."})
    if first.suite_version_id != second.suite_version_id:
        raise Invalid({"other": "These runs asked different cases. Run the cases as they are now on both, then compare."})
    pairs = comparable(first, second)
    if not pairs:
        raise Invalid({"other": "There is no case that both runs have an answer to yet."})
    return pairs


def _pressed_before(first: Run, second: Run, criterion: str, actor: Actor) -> Contest | None:
    since = clock.now() - timedelta(seconds=PRESSED_TWICE)
    found: Contest | None = Contest.objects.filter(
        first=first, second=second, criterion=criterion, asked_by=actor.user, asked_at__gt=since
    ).first()
    return found

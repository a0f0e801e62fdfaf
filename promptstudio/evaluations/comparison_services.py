"""Having people compare the answers of two runs, without knowing whose they are."""

import secrets
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Coalesce

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.lib.locking import locked
from promptstudio.prompts.people import people_of
from promptstudio.prompts.soundness import problem_of

from .comparisons import writers_of
from .contests import comparable, says_the_same
from .models import Ballot, Comparison, Pair, Rater, Result, Run
from .permissions import can_close_comparison, can_try, can_vote
from .services import PRESSED_TWICE

LONGEST_QUESTION, LONGEST_WORDS = 300, 2000
MOST_PAIRS, MOST_PEOPLE = 200, 20
USUAL_QUESTION = "Which answer would you send to a customer?"


@transaction.atomic
def ask_people(
    *, new: Run, old: Run, people: Sequence[User], question: str = "", each: int = 0, writers_too: bool = False, actor: Actor
) -> Comparison:
    """Ask `people` which answers are better; each pair is seen by `each` of them, or by all. A button pressed twice asks once.

    Whoever wrote the new words knows them again, so they are asked only where `writers_too` says so. Raises Invalid.
    """
    can_try(actor, new.prompt).require()
    question, people = question.strip(), list(dict.fromkeys(people))
    both = _checked_runs(new, old)
    differing = [couple for couple in both if not says_the_same(couple[0].answer, couple[1].answer)]
    each = each or len(people)
    _check_question(question)
    _check_people(new, people, writers_too)
    _check_number(each, len(people), len(differing))
    User.objects.select_for_update(no_key=True).get(pk=actor.user.pk)
    if pressed := _pressed_before(new, old, question, actor):
        return pressed
    comparison = Comparison.objects.create(
        prompt=new.prompt, new=new, old=old, question=question, asked_by=actor.user, asked_at=clock.now()
    )
    Pair.objects.bulk_create(
        Pair(comparison=comparison, case=one.case, repeat=one.repeat, new=one.answer, old=other.answer) for one, other in both
    )
    Rater.objects.bulk_create(Rater(comparison=comparison, person=person) for person in people)
    shown = [pair for pair in comparison.pairs.select_related("new", "old") if not says_the_same(pair.new, pair.old)]
    Ballot.objects.bulk_create(_dealt(shown, list(comparison.raters.all()), each))
    record(
        actor=actor,
        action="comparison.asked",
        subject=comparison,
        project_uid=new.prompt.project.uid,
        words={"question": question} if question else {},
        runs=[new.uid, old.uid],
        people=[person.uid for person in people],
        pairs=len(shown),
        each=each,
        writers_too=writers_too,
    )
    return comparison


@transaction.atomic
def vote(*, ballot: Ballot, choice: str, words: str = "", actor: Actor) -> Ballot:
    """What this person prefers, in place of what they chose before. Raises Invalid, Conflict once it is too late."""
    _still_open(ballot.rater, actor)
    if choice not in Ballot.Choice.values:
        raise Invalid({"choice": "Choose 1, 2, no difference or cannot tell."})
    words = words.strip()
    if problem := problem_of({"words": words}):
        raise Invalid({"words": problem.sentence})
    if len(words) > LONGEST_WORDS:
        raise Invalid({"words": f"This is too long: at most {LONGEST_WORDS:,} characters."})
    ballot.choice, ballot.words, ballot.cast_at = choice, words, clock.now()
    ballot.save(update_fields=["choice", "words", "cast_at"])
    return ballot


@transaction.atomic
def finish_comparison(*, rater: Rater, actor: Actor) -> None:
    """Hand in what one chose: from now on it counts, stays as it is, and one sees how it came out.

    The trail says that they did, and not what they chose, which others must not read before they finish.
    Raises Conflict while pairs are left.
    """
    _still_open(rater, actor)
    ballots = list(rater.ballots.all())
    if left := sum(not ballot.choice for ballot in ballots):
        raise Conflict(f"{left} pair{' is' if left == 1 else 's are'} left. Say of each that you cannot tell, where you cannot.")
    rater.finished_at = clock.now()
    rater.save(update_fields=["finished_at"])
    skipped = sum(ballot.choice == Ballot.Choice.SKIPPED for ballot in ballots)
    _record("comparison.rated", rater.comparison, actor, pairs=len(ballots), skipped=skipped)


@transaction.atomic
def close_comparison(*, comparison: Comparison, actor: Actor) -> None:
    """Wait for nobody any more. What was chosen up to now counts. Raises Conflict where it is closed."""
    can_close_comparison(actor, comparison).require()
    # Whoever is just choosing is done before, or comes too late.
    raters = list(comparison.raters.select_for_update())
    if not Comparison.objects.filter(pk=comparison.pk, closed_at=None).update(closed_at=clock.now(), closed_by=actor.user):
        raise Conflict("It is closed already.")
    comparison.refresh_from_db()
    _record("comparison.closed", comparison, actor, unfinished=sum(rater.finished_at is None for rater in raters))


@transaction.atomic
def archive_comparison(*, comparison: Comparison, actor: Actor) -> None:
    """Take it out of lists, and wait for nobody any more. Raises Conflict where it is archived."""
    can_close_comparison(actor, comparison).require()
    list(comparison.raters.select_for_update())
    now = clock.now()
    if not Comparison.objects.filter(pk=comparison.pk, archived_at=None).update(archived_at=now, closed_at=Coalesce("closed_at", now)):
        raise Conflict("It is archived already.")
    comparison.refresh_from_db()
    _record("comparison.archived", comparison, actor)


def _still_open(rater: Rater, actor: Actor) -> None:
    """Two presses of one person come one after the other."""
    found = locked(Rater.objects.all(), "comparison__prompt", pk=rater.pk)
    can_vote(actor, found).require()
    if found.comparison.closed_at:
        raise Conflict("This comparison is closed: nobody is asked any more.")
    if found.finished_at:
        raise Conflict("You have finished, so what you chose stays.")


def _dealt(pairs: Sequence[Pair], raters: list[Rater], each: int) -> Iterator[Ballot]:
    """Which pairs each person sees, in an order of their own, and which answer stands first: drawn, and as many for everybody."""
    draw = secrets.SystemRandom()
    draw.shuffle(raters)
    hands: dict[int, list[Pair]] = {rater.pk: [] for rater in raters}
    for number, pair in enumerate(draw.sample(pairs, len(pairs))):
        for turn in range(each):
            hands[raters[(number * each + turn) % len(raters)].pk].append(pair)
    for rater in raters:
        hand = draw.sample(hands[rater.pk], len(hands[rater.pk]))
        for place, pair in enumerate(hand, start=1):
            yield Ballot(rater=rater, pair=pair, place=place, turned=draw.random() < 0.5)


def _checked_runs(new: Run, old: Run) -> list[tuple[Result, Result]]:
    if new.pk == old.pk:
        raise Invalid({"other": "A run is compared with another one."})
    if new.suite_version_id != old.suite_version_id:
        raise Invalid({"other": "These runs asked different cases. Run the cases as they are now on both, then compare."})
    both = comparable(new, old)
    if not both:
        raise Invalid({"other": "There is no case that both runs have an answer to yet."})
    return both


def _check_question(question: str) -> None:
    if problem := problem_of({"question": question}):
        raise Invalid({"question": problem.sentence})
    if len(question) > LONGEST_QUESTION:
        raise Invalid({"question": f"This is too long: at most {LONGEST_QUESTION} characters."})


def _check_people(new: Run, people: Sequence[User], writers_too: bool) -> None:
    if not people:
        raise Invalid({"people": "Choose at least one person."})
    if len(people) > MOST_PEOPLE:
        raise Invalid({"people": f"At most {MOST_PEOPLE} people can be asked at once."})
    readers = {person.pk for person in people_of(new.prompt)}
    if outside := [person.name for person in people if person.pk not in readers]:
        raise Invalid({"people": f"{', '.join(outside)} may not read this prompt."})
    writers = set() if writers_too else writers_of(new)
    if known := [person.name for person in people if person.pk in writers]:
        raise Invalid({"people": f"{', '.join(known)} wrote the new words and would know them again. Allow it below, or leave them out."})


def _check_number(each: int, people: int, pairs: int) -> None:
    if not pairs:
        raise Invalid({"other": "Every answer is word for word the same in both runs, so there is nothing to choose."})
    if pairs > MOST_PAIRS:
        raise Invalid({"other": f"These are {pairs} pairs, and people look at {MOST_PAIRS} at most. Run fewer cases, or fewer repeats."})
    if not 1 <= each <= people:
        raise Invalid({"each": "No more people can look at each pair than you ask."})
    if each * pairs < people:
        raise Invalid(
            {"each": f"There are {each * pairs} answers to give and {people} people. Ask fewer, or have each pair seen more often."}
        )


def _pressed_before(new: Run, old: Run, question: str, actor: Actor) -> Comparison | None:
    since = clock.now() - timedelta(seconds=PRESSED_TWICE)
    found: Comparison | None = Comparison.objects.filter(
        new=new, old=old, question=question, asked_by=actor.user, asked_at__gt=since
    ).first()
    return found


def _record(action: str, comparison: Comparison, actor: Actor, **facts: Any) -> None:
    record(actor=actor, action=action, subject=comparison, project_uid=comparison.prompt.project.uid, **facts)

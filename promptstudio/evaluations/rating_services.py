"""Thumbs: what a person thinks of an answer, changed as often as they like."""

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.prompts.soundness import problem_of

from .models import Answer, Rating
from .permissions import can_rate
from .rated_words import forget_rated_words

LONGEST_WORDS = 2000


@transaction.atomic
def rate(*, answer: Answer, verdict: str, words: str | None = None, actor: Actor) -> Rating:
    """This person's verdict on `answer`, in place of the one they gave before. Without `words`, those of before stay.

    A button pressed twice says it once. Raises Invalid, Conflict while there is no answer.
    """
    can_rate(actor, answer.prompt).require()
    if verdict not in Rating.Verdict.values:
        raise Invalid({"verdict": "An answer is good, or it is not."})
    if words is not None:
        _check(words)
    # Two presses at once find one row.
    if Answer.objects.select_for_update(no_key=True).get(pk=answer.pk).state != Answer.State.ANSWERED:
        raise Conflict("There is no answer yet.")
    before = Rating.objects.filter(answer=answer, person=actor.user).first()
    wanted = words.strip() if words is not None else before.words if before else ""
    if before and (before.verdict, before.words) == (verdict, wanted):
        return before
    rating = before or Rating(answer=answer, person=actor.user)
    rating.verdict, rating.words, rating.rated_at = verdict, wanted, clock.now()
    rating.save()
    said = {"why": wanted} if words is not None and wanted else {}
    _record("answer.rated", rating, actor, said)
    return rating


@transaction.atomic
def take_back_rating(*, answer: Answer, actor: Actor) -> None:
    """As if this person had never rated it. Raises Conflict when they had not."""
    can_rate(actor, answer.prompt).require()
    rating = Rating.objects.select_for_update().filter(answer=answer, person=actor.user).first()
    if rating is None:
        raise Conflict("You did not rate this answer.")
    forget_rated_words(rating)
    _record("answer.rating_removed", rating, actor, {})
    rating.delete()


def _check(words: str) -> None:
    if problem := problem_of({"words": words}):
        raise Invalid({"words": problem.sentence})
    if len(words) > LONGEST_WORDS:
        raise Invalid({"words": f"This is too long: at most {LONGEST_WORDS:,} characters."})


def _record(action: str, rating: Rating, actor: Actor, words: dict[str, str]) -> None:
    answer = rating.answer
    record(
        actor=actor,
        action=action,
        subject=answer.prompt,
        project_uid=answer.prompt.project.uid,
        words=words,
        rating=rating.uid,
        answer=answer.uid,
        verdict=rating.verdict,
        model=answer.model,
        digest=answer.wording.digest,
    )

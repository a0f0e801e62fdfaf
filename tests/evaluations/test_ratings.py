"""Thumbs: one for each person and answer, changed as they like, and words that can be erased."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from promptstudio.accounts.actor import system
from promptstudio.audit.models import Entry
from promptstudio.audit.services import words_of
from promptstudio.deployments.erasing import erase_words
from promptstudio.deployments.upkeep_services import archive_prompt
from promptstudio.evaluations import services
from promptstudio.evaluations.models import Answer, Rating
from promptstudio.evaluations.questions import Question
from promptstudio.evaluations.rating_services import LONGEST_WORDS, rate, take_back_rating
from promptstudio.evaluations.worker import answer_due
from promptstudio.lib import clock
from promptstudio.lib.append_only import ERASED
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.prompts.models import Version
from tests.cast import Cast, a_key, an_application


@pytest.fixture
def answer(cast: Cast, version: Version) -> Answer:
    asked = Question(bundle=version.bundle, label="1.0.0", version=version, values={"claim": "The pipe burst."})
    round_uid = services.ask_models(prompt=version.prompt, questions=[asked], actor=cast.alice)
    answer_due()
    found: Answer = Answer.objects.get(round=round_uid)
    return found


def told() -> list[dict[str, str]]:
    return list(words_of(Entry.objects.filter(action="answer.rated")).values())


def test_whoever_reads_says_what_they_think_of_it(cast: Cast, answer: Answer) -> None:
    rating = rate(answer=answer, verdict="down", words=" It promises a payout. ", actor=cast.vera)
    assert (rating.person, rating.verdict, rating.words) == (cast.vera.user, "down", "It promises a payout.")
    entry = Entry.objects.get(action="answer.rated")
    assert "payout" not in entry.data
    assert told() == [{"why": "It promises a payout."}]


def test_it_is_changed_in_its_place(cast: Cast, answer: Answer) -> None:
    rate(answer=answer, verdict="down", words="Too long.", actor=cast.bob)
    changed = rate(answer=answer, verdict="up", actor=cast.bob)
    assert (changed.verdict, changed.words) == ("up", "Too long.")
    assert rate(answer=answer, verdict="up", words="", actor=cast.bob).words == ""
    assert Rating.objects.count() == 1
    assert Entry.objects.filter(action="answer.rated").count() == 3


def test_a_button_pressed_twice_says_it_once(cast: Cast, answer: Answer) -> None:
    assert rate(answer=answer, verdict="up", actor=cast.bob) == rate(answer=answer, verdict="up", actor=cast.bob)
    assert Entry.objects.filter(action="answer.rated").count() == 1


def test_the_database_keeps_one_for_each_person(cast: Cast, answer: Answer) -> None:
    rate(answer=answer, verdict="up", actor=cast.bob)
    with pytest.raises(IntegrityError), transaction.atomic():
        Rating.objects.create(answer=answer, person=cast.bob.user, verdict="down")


def test_it_is_taken_back(cast: Cast, answer: Answer) -> None:
    rate(answer=answer, verdict="up", actor=cast.bob)
    take_back_rating(answer=answer, actor=cast.bob)
    assert not Rating.objects.exists()
    with pytest.raises(Conflict):
        take_back_rating(answer=answer, actor=cast.bob)


def test_what_is_no_verdict_is_refused(cast: Cast, answer: Answer) -> None:
    with pytest.raises(Invalid):
        rate(answer=answer, verdict="sideways", actor=cast.bob)
    with pytest.raises(Invalid):
        rate(answer=answer, verdict="up", words="x" * (LONGEST_WORDS + 1), actor=cast.bob)


def test_nothing_is_said_of_an_answer_that_is_not_there(cast: Cast, answer: Answer) -> None:
    Answer.objects.update(state=Answer.State.WAITING, ended_at=None)
    with pytest.raises(Conflict, match="no answer yet"):
        rate(answer=answer, verdict="up", actor=cast.bob)


def test_strangers_keys_and_archives_say_nothing(cast: Cast, answer: Answer) -> None:
    _, key = a_key(an_application(cast.claims, responsible=cast.alice, by=cast.dora), "write", by=cast.dora)
    for actor in (cast.charlie, key):
        with pytest.raises(NotAllowed):
            rate(answer=answer, verdict="up", actor=actor)
    archive_prompt(prompt=answer.prompt, actor=cast.dora)
    answer.prompt.refresh_from_db()
    with pytest.raises(NotAllowed, match="archived"):
        rate(answer=answer, verdict="up", actor=cast.bob)


def test_its_words_are_erased_everywhere_and_whatever_they_were_before(cast: Cast, answer: Answer) -> None:
    rate(answer=answer, verdict="down", words="Mrs Miller is lying.", actor=cast.bob)
    rating = rate(answer=answer, verdict="down", words="Mrs Miller is right.", actor=cast.bob)
    rate(answer=answer, verdict="down", words="Fine words.", actor=cast.alice)
    erase_words(row=rating, actor=cast.root)
    rating.refresh_from_db()
    assert rating.words == ERASED
    assert told() == [{"why": "Fine words."}]
    with pytest.raises(Conflict):
        erase_words(row=rating, actor=cast.root)


def test_it_goes_with_the_answer_that_is_forgotten(cast: Cast, answer: Answer) -> None:
    rate(answer=answer, verdict="up", actor=cast.bob)
    assert services.forget_old_answers(before=clock.now() + timedelta(days=1), actor=system()) == 1
    assert not Rating.objects.exists()

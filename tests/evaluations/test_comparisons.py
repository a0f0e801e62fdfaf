"""People compare answers without knowing whose they are: who is asked, what counts, and when anybody sees it."""

from typing import Any

import pytest

from promptstudio.accounts.actor import Actor, system
from promptstudio.audit.models import Entry
from promptstudio.deployments.erasing import erase_words
from promptstudio.evaluations import run_services, suite_services
from promptstudio.evaluations.cases import parse_cases
from promptstudio.evaluations.comparison_services import archive_comparison, ask_people, close_comparison, finish_comparison, vote
from promptstudio.evaluations.comparisons import Outcome, outcome_of, side_of
from promptstudio.evaluations.models import Answer, Ballot, Comparison, Rater, Run
from promptstudio.evaluations.permissions import can_see_preferences
from promptstudio.evaluations.services import forget_old_answers
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Version
from promptstudio.prompts.people import people_of
from tests.accounts.test_anonymise import columns_that_hold
from tests.cast import Cast

CASES = 6


@pytest.fixture
def runs(cast: Cast, version: Version) -> tuple[Run, Run]:
    rows = [{"uid": str(n), "name": f"Case {n}", "values": {"claim": f"Claim {n}"}} for n in range(CASES)]
    suite = suite_services.add_suite(prompt=version.prompt, name="Letters", cases=parse_cases({"cases": rows}), actor=cast.alice)
    asked = {"suite": suite, "bundle": version.bundle, "version": version, "actor": cast.alice}
    new, old = (run_services.start_run(label=label, **asked) for label in ("1.1.0", "1.0.0"))
    for run, text in ((new, "We call you today."), (old, "Your claim is being processed.")):
        Answer.objects.filter(round=run.uid).update(state=Answer.State.ANSWERED, text=text, ended_at=clock.now())
    return new, old


def asked(cast: Cast, runs: tuple[Run, Run], *people: Actor, **more: Any) -> Comparison:
    chosen = [person.user for person in people or (cast.bob, cast.vera)]
    return ask_people(new=runs[0], old=runs[1], people=chosen, actor=cast.alice, **more)


def hand(comparison: Comparison, person: Actor) -> list[Ballot]:
    return list(Ballot.objects.filter(rater__comparison=comparison, rater__person=person.user).select_related("rater"))


def prefers(comparison: Comparison, person: Actor, *sides: str) -> None:
    """In the order of the cases, then finished; the last side goes for the rest."""
    wanted = [*sides, *[sides[-1]] * CASES]
    for ballot in hand(comparison, person):
        side = wanted[int(ballot.pair.case)]
        choice = {"neither": "=", "skipped": "?"}.get(side) or ("1" if (side == "old") == ballot.turned else "2")
        vote(ballot=ballot, choice=choice, words=f"{side}, I say", actor=person)
    finish_comparison(rater=comparison.raters.get(person=person.user), actor=person)


def came(outcome: Outcome) -> dict[str, str]:
    return {line.name: line.came for line in outcome.lines}


def test_everybody_sees_every_pair_in_an_order_of_their_own_that_stays(cast: Cast, runs: tuple[Run, Run]) -> None:
    comparison = asked(cast, runs)
    for person in (cast.bob, cast.vera):
        ballots = hand(comparison, person)
        assert [ballot.place for ballot in ballots] == list(range(1, CASES + 1))
        assert {ballot.pair.case for ballot in ballots} == {str(n) for n in range(CASES)}


def test_the_order_is_drawn(cast: Cast, runs: tuple[Run, Run]) -> None:
    """That 48 draws all fall on one side is as likely as a coin that shows the same 48 times."""
    drawn = {ballot.turned for _ in range(4) for ballot in Ballot.objects.filter(rater__comparison=_another(cast, runs))}
    assert drawn == {True, False}


def _another(cast: Cast, runs: tuple[Run, Run]) -> Comparison:
    return asked(cast, runs, question=f"Number {Comparison.objects.count()}?")


def test_each_pair_is_seen_as_often_as_was_asked_for_and_everybody_has_as_many(cast: Cast, runs: tuple[Run, Run]) -> None:
    comparison = asked(cast, runs, cast.bob, cast.vera, cast.bella, each=2)
    assert [pair.ballots.count() for pair in comparison.pairs.all()] == [2] * CASES
    assert [rater.ballots.count() for rater in comparison.raters.all()] == [4] * 3


def test_answers_that_are_the_same_are_shown_to_nobody(cast: Cast, runs: tuple[Run, Run]) -> None:
    Answer.objects.filter(result__case="0").update(text="Word for word.")
    comparison = asked(cast, runs, cast.bob)
    assert len(hand(comparison, cast.bob)) == CASES - 1
    assert came(outcome_of(comparison))["Case 0"] == "same"


def test_what_was_pressed_is_turned_back_to_whose_answer_it_was(cast: Cast, runs: tuple[Run, Run]) -> None:
    comparison = asked(cast, runs, cast.bob)
    Ballot.objects.filter(place__lte=3).update(turned=True)
    Ballot.objects.filter(place__gt=3).update(turned=False)
    sides = [side_of(vote(ballot=ballot, choice="1", actor=cast.bob)) for ballot in hand(comparison, cast.bob)]
    assert sides == ["old"] * 3 + ["new"] * 3


def test_a_pair_counts_once_for_what_most_say(cast: Cast, runs: tuple[Run, Run]) -> None:
    comparison = asked(cast, runs, cast.bob, cast.vera, cast.bella)
    prefers(comparison, cast.bob, "new", "new", "old", "new", "skipped", "new")
    prefers(comparison, cast.vera, "new", "old", "old", "neither", "skipped", "new")
    prefers(comparison, cast.bella, "new", "new", "neither", "old", "skipped", "new")
    outcome = outcome_of(comparison)
    assert came(outcome) == {"Case 0": "new", "Case 1": "new", "Case 2": "old", "Case 3": "neither", "Case 4": "", "Case 5": "new"}
    assert (outcome.preference.ones, outcome.preference.others, outcome.neither) == (3, 1, 1)
    assert outcome.lines[0].name == "Case 3", "people disagree most about it"
    assert outcome.first_place.total == 13
    assert outcome.agreement
    assert (outcome.agreement.equal, outcome.agreement.compared) == (8, 15)


def test_nothing_counts_before_its_person_has_finished(cast: Cast, runs: tuple[Run, Run]) -> None:
    comparison = asked(cast, runs)
    vote(ballot=hand(comparison, cast.vera)[0], choice="1", actor=cast.vera)
    prefers(comparison, cast.bob, "new")
    assert {vote.person for line in outcome_of(comparison).lines for vote in line.votes} == {cast.bob.user}
    close_comparison(comparison=comparison, actor=cast.alice)
    assert {vote.person for line in outcome_of(comparison).lines for vote in line.votes} == {cast.bob.user, cast.vera.user}


def test_nobody_sees_how_it_came_out_before_they_have_finished(cast: Cast, runs: tuple[Run, Run]) -> None:
    comparison = asked(cast, runs)
    assert not can_see_preferences(cast.bob, comparison)
    assert can_see_preferences(cast.axel, comparison)
    prefers(comparison, cast.bob, "new")
    assert can_see_preferences(cast.bob, comparison)
    assert not can_see_preferences(cast.vera, comparison)


def test_a_choice_changes_until_one_finishes_and_then_stays(cast: Cast, runs: tuple[Run, Run]) -> None:
    comparison = asked(cast, runs, cast.bob)
    ballot = hand(comparison, cast.bob)[0]
    for choice in ("1", "1", "2"):
        vote(ballot=ballot, choice=choice, words="  Kinder. ", actor=cast.bob)
    ballot.refresh_from_db()
    assert (ballot.choice, ballot.words) == ("2", "Kinder.")
    with pytest.raises(Conflict, match="5 pairs are left"):
        finish_comparison(rater=ballot.rater, actor=cast.bob)
    prefers(comparison, cast.bob, "old")
    with pytest.raises(Conflict, match="what you chose stays"):
        vote(ballot=ballot, choice="1", actor=cast.bob)


def test_the_trail_says_that_somebody_finished_and_not_what_they_chose(cast: Cast, runs: tuple[Run, Run]) -> None:
    comparison = asked(cast, runs, cast.bob)
    before = Entry.objects.count()
    prefers(comparison, cast.bob, "new")
    entry = Entry.objects.get(action="comparison.rated")
    assert Entry.objects.count() == before + 1
    assert "I say" not in entry.data
    assert '"pairs":6' in entry.data.replace(" ", "")


def test_after_it_is_closed_nobody_is_asked(cast: Cast, runs: tuple[Run, Run]) -> None:
    comparison = asked(cast, runs)
    close_comparison(comparison=comparison, actor=cast.alice)
    assert not Rater.objects.awaited().exists()
    with pytest.raises(Conflict, match="nobody is asked any more"):
        vote(ballot=hand(comparison, cast.bob)[0], choice="1", actor=cast.bob)
    with pytest.raises(Conflict, match="closed already"):
        close_comparison(comparison=comparison, actor=cast.alice)
    archive_comparison(comparison=comparison, actor=cast.alice)
    assert not Comparison.objects.of_run(runs[0]).exists()
    with pytest.raises(Conflict, match="archived already"):
        archive_comparison(comparison=comparison, actor=cast.alice)


def test_archiving_closes(cast: Cast, runs: tuple[Run, Run]) -> None:
    comparison = asked(cast, runs)
    archive_comparison(comparison=comparison, actor=cast.alice)
    assert comparison.closed_at == comparison.archived_at
    assert not Rater.objects.awaited().exists()


def test_nobody_votes_for_somebody_else(cast: Cast, runs: tuple[Run, Run]) -> None:
    comparison = asked(cast, runs)
    ballot = hand(comparison, cast.bob)[0]
    with pytest.raises(NotAllowed, match="not asked"):
        vote(ballot=ballot, choice="1", actor=cast.vera)
    with pytest.raises(NotAllowed, match="not asked"):
        finish_comparison(rater=ballot.rater, actor=cast.alice)


def test_whoever_loses_sight_of_the_prompt_chooses_nothing_more(cast: Cast, runs: tuple[Run, Run]) -> None:
    comparison = asked(cast, runs)
    prompts.restrict_prompt(prompt=runs[0].prompt, people=[cast.vera.user], actor=cast.alice)
    with pytest.raises(NotAllowed):
        vote(ballot=hand(comparison, cast.bob)[0], choice="1", actor=cast.bob)
    assert not Rater.objects.visible_to(cast.bob).exists()
    assert {person.name for person in people_of(Comparison.objects.get().prompt)} == {"Alice", "Dora", "Vera"}


def test_whoever_wrote_the_new_words_is_asked_only_where_that_is_allowed(cast: Cast, runs: tuple[Run, Run]) -> None:
    with pytest.raises(Invalid, match="Alice wrote the new words"):
        asked(cast, runs, cast.alice, cast.bob)
    assert asked(cast, runs, cast.alice, cast.bob, writers_too=True).raters.count() == 2


@pytest.mark.parametrize(
    ("more", "field", "sentence"),
    [
        ({"people": []}, "people", "at least one"),
        ({"people": ["charlie"]}, "people", "Charlie may not read"),
        ({"each": 2}, "each", "No more people"),
        ({"each": -1}, "each", "No more people"),
        ({"question": "x" * 301}, "question", "too long"),
        ({"question": "Kind\x00?"}, "question", "."),
        ({"old": "itself"}, "other", "with another one"),
    ],
)
def test_what_cannot_be_asked_is_said_at_its_field(
    cast: Cast, runs: tuple[Run, Run], more: dict[str, Any], field: str, sentence: str
) -> None:
    given: dict[str, Any] = {"new": runs[0], "old": runs[1], "people": ["bob"], **more}
    given["people"] = [getattr(cast, name).user for name in given["people"]]
    given["old"] = runs[0] if given["old"] == "itself" else given["old"]
    with pytest.raises(Invalid, match=sentence) as refused:
        ask_people(**given, actor=cast.alice)
    assert list(refused.value.errors) == [field]
    assert not Comparison.objects.exists()


def test_where_all_answers_are_the_same_nobody_is_asked(cast: Cast, runs: tuple[Run, Run]) -> None:
    Answer.objects.update(text="The same.")
    with pytest.raises(Invalid, match="nothing to choose"):
        asked(cast, runs)


def test_pressed_twice_people_are_asked_once(cast: Cast, runs: tuple[Run, Run]) -> None:
    assert asked(cast, runs) == asked(cast, runs)
    assert Entry.objects.filter(action="comparison.asked").count() == 1


@pytest.mark.parametrize(("choice", "words"), [("", ""), ("3", ""), ("1", "x" * 2001), ("1", "\x00")])
def test_what_is_no_choice_changes_nothing(cast: Cast, runs: tuple[Run, Run], choice: str, words: str) -> None:
    ballot = hand(asked(cast, runs), cast.bob)[0]
    with pytest.raises(Invalid):
        vote(ballot=ballot, choice=choice, words=words, actor=cast.bob)
    assert not Ballot.objects.exclude(choice="").exists()


def test_with_old_answers_to_drafts_goes_what_people_said_of_them(cast: Cast, runs: tuple[Run, Run]) -> None:
    prefers(asked(cast, runs, cast.bob), cast.bob, "new")
    Run.objects.update(version=None)
    for run in runs:
        run.results.update(outcome="passed")
    forget_old_answers(before=clock.now(), actor=system())
    assert not Comparison.objects.exists()
    assert not Ballot.objects.exists()


def test_what_somebody_said_of_a_pair_is_erased(cast: Cast, runs: tuple[Run, Run]) -> None:
    comparison = asked(cast, runs, cast.bob)
    prefers(comparison, cast.bob, "new")
    ballot = hand(comparison, cast.bob)[0]
    erase_words(row=ballot, actor=cast.root)
    assert [line.votes[0].words for line in outcome_of(comparison).lines].count("[erased]") == 1
    entry = Entry.objects.get(action="text.erased")
    assert "new, I say" not in entry.data
    with pytest.raises(Conflict, match="no words"):
        erase_words(row=ballot, actor=cast.root)


def test_what_was_asked_can_be_erased(cast: Cast, runs: tuple[Run, Run]) -> None:
    words = "Would Frau Schmidt at 0171 be calmer?"
    comparison = asked(cast, runs, question=words)
    erase_words(row=comparison, actor=cast.root)
    comparison.refresh_from_db()
    assert (comparison.question, columns_that_hold(words)) == ("[erased]", [])

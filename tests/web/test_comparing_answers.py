"""People compare answers in pages: asked for, looked at blind, finished, and read."""

import re
from typing import Any

import pytest
from django.test import Client

from promptstudio.accounts.actor import Actor
from promptstudio.evaluations import run_services, suite_services
from promptstudio.evaluations.cases import parse_cases
from promptstudio.evaluations.comparison_services import ask_people, close_comparison, finish_comparison, vote
from promptstudio.evaluations.models import Answer, Ballot, Comparison, Run
from promptstudio.lib import clock
from promptstudio.notifications.models import Notification
from promptstudio.notifications.telling import tell_due
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, bundle
from tests.evaluations.scripted import MODEL, PATH

from .reading import HOSTILE, at, queries, text

PROMPT = "/p/claims/prompts/water-damage-triage/-/"
CASES = 3
NEW, OLD = f"We call you today. {HOSTILE}", "Your claim is being processed."


@pytest.fixture
def version(cast: Cast, prompt: Prompt, settings: Any) -> Version:
    settings.MODEL_RUNNER = PATH
    return prompts.save_version(prompt=prompt, data=bundle(model=MODEL), change=prompts.Change(summary="First."), actor=cast.alice)


@pytest.fixture
def runs(cast: Cast, version: Version) -> tuple[Run, Run]:
    rows = [{"uid": str(n), "name": f"Case {n}", "values": {"claim": f"Claim {n}: {HOSTILE}"}} for n in range(CASES)]
    suite = suite_services.add_suite(prompt=version.prompt, name="Letters", cases=parse_cases({"cases": rows}), actor=cast.alice)
    asked = {"suite": suite, "bundle": version.bundle, "version": version, "actor": cast.alice}
    new, old = (run_services.start_run(label=label, **asked) for label in ("7.7.7", "6.6.6"))
    for run, said in ((new, NEW), (old, OLD)):
        facts = {"input_tokens": 4711, "output_tokens": 1147, "latency_ms": 98765, "cost": "0.123"}
        Answer.objects.filter(round=run.uid).update(state=Answer.State.ANSWERED, text=said, ended_at=clock.now(), **facts)
    return new, old


@pytest.fixture
def comparison(cast: Cast, runs: tuple[Run, Run]) -> Comparison:
    people = [cast.bob.user, cast.vera.user]
    return ask_people(new=runs[0], old=runs[1], people=people, question="Which would you send?", actor=cast.alice)


def page_of(comparison: Comparison, rest: str = "") -> str:
    return f"{PROMPT}compared/{comparison.uid}/{rest}"


def all_for(comparison: Comparison, person: Actor, new: bool, words: str = "") -> None:
    rater = comparison.raters.get(person=person.user)
    for ballot in rater.ballots.all():
        vote(ballot=ballot, choice="2" if ballot.turned == new else "1", words=words, actor=person)
    finish_comparison(rater=rater, actor=person)


def test_from_asking_to_the_outcome(client: Client, cast: Cast, runs: tuple[Run, Run]) -> None:
    at(client, cast.alice)
    assert f"{PROMPT}runs/{runs[0].uid}/people/" in text(client.get(f"{PROMPT}runs/{runs[0].uid}/"))
    asked = {"other": str(runs[1].uid), "people": [str(cast.bob.user.uid)], "question": "Which would you send?", "each": "0"}
    client.post(f"{PROMPT}runs/{runs[0].uid}/people/", asked, follow=True)
    comparison = Comparison.objects.get()
    at(client, cast.bob)
    home = text(client.get("/"))
    assert "One comparison to make waits for you." in home
    assert "3 of 3 pairs left" in home
    for place in (1, 2, 3):
        ballot = Ballot.objects.get(place=place)
        answer = client.post(page_of(comparison, f"{place}/"), {"choice": "2" if ballot.turned else "1", "words": "It says when."})
        assert answer.headers["Location"] == page_of(comparison, f"{place + 1}/" if place < 3 else "")
    assert "You looked at all of them." in text(client.get(page_of(comparison)))
    outcome = text(client.post(page_of(comparison, "finish/"), follow=True))
    assert "People preferred the new answers in 3 of 3 pairs where they saw a difference." in outcome
    assert "So few pairs cannot tell it from chance." in outcome
    assert outcome.count("It says when.") == 3
    assert "comparison to make" not in text(client.get("/"))


def test_nothing_on_the_page_tells_which_is_which(client: Client, cast: Cast, comparison: Comparison) -> None:
    """The page with the two answers exchanged is the same page, to the last character but for their texts and the token of its form."""
    Answer.objects.filter(round=comparison.new.uid).update(text="AAA", model="amazon.titan-one")
    Answer.objects.filter(round=comparison.old.uid).update(text="BBB", model="amazon.titan-two", stop_reason="max_tokens")
    at(client, cast.bob)
    pages = []
    for turned in (False, True):
        Ballot.objects.update(turned=turned)
        html = re.sub(r"\b[A-Za-z0-9]{64}\b", "", client.get(page_of(comparison, "1/")).content.decode())
        assert (html.index("AAA") > html.index("BBB")) is turned
        pages.append(html.replace("AAA", "x").replace("BBB", "x"))
    assert pages[0] == pages[1]
    told = [
        comparison.new.uid,
        comparison.old.uid,
        *Answer.objects.values_list("uid", flat=True),
        "7.7.7",
        "6.6.6",
        "titan",
        "4711",
        "1147",
    ]
    assert [one for one in told if str(one) in pages[0]] == []


def test_a_choice_says_as_little_as_the_page(client: Client, cast: Cast, comparison: Comparison) -> None:
    at(client, cast.bob)
    places = []
    for turned in (False, True):
        Ballot.objects.update(turned=turned, choice="")
        answer = client.post(page_of(comparison, "1/"), {"choice": "1"})
        places.append((answer.status_code, answer.headers["Location"], answer.content))
    assert places[0] == places[1]
    assert "Answer 1 is better" in text(client.get(page_of(comparison)))


def test_one_goes_back_and_changes_it(client: Client, cast: Cast, comparison: Comparison) -> None:
    at(client, cast.bob)
    for choice in ("1", "1", "="):
        client.post(page_of(comparison, "1/"), {"choice": choice, "words": HOSTILE})
    page = client.get(page_of(comparison, "1/"))
    assert 'value="=" data-key="=" aria-pressed="true"' in page.content.decode()
    assert "<script>alert" not in page.content.decode()
    assert Ballot.objects.exclude(choice="").count() == 1


@pytest.mark.parametrize("choice", ["", "3", "new", "\x00"])
def test_what_is_no_choice_is_said_and_the_words_stay(client: Client, cast: Cast, comparison: Comparison, choice: str) -> None:
    page = at(client, cast.bob).post(page_of(comparison, "1/"), {"choice": choice, "words": "It says when."})
    assert page.status_code == 422
    assert "It says when." in text(page)
    assert not Ballot.objects.exclude(choice="").exists()


def test_nobody_sees_how_it_came_out_before_they_have_finished(client: Client, cast: Cast, comparison: Comparison) -> None:
    all_for(comparison, cast.vera, new=True, words="Vera says so.")
    page = text(at(client, cast.bob).get(page_of(comparison)))
    assert "Vera" not in page
    assert "0 of 3 pairs done" in page
    assert client.get(page_of(comparison, "preferences.csv")).status_code == 403
    assert "Vera says so." not in text(client.get(page_of(comparison, "1/")))
    all_for(comparison, cast.bob, new=False)
    page = text(client.get(page_of(comparison)))
    assert "Vera says so." in page
    assert "They agree too little to conclude much" in page


def test_whoever_is_not_asked_has_no_pairs(client: Client, cast: Cast, comparison: Comparison) -> None:
    assert at(client, cast.axel).get(page_of(comparison)).status_code == 200
    assert client.get(page_of(comparison, "1/")).status_code == 404
    assert client.post(page_of(comparison, "1/"), {"choice": "1"}).status_code == 404
    assert client.post(page_of(comparison, "finish/")).status_code == 404
    assert client.post(page_of(comparison, "close/")).status_code == 403
    assert at(client, cast.charlie).get(page_of(comparison)).status_code == 404


def test_finished_too_early_is_refused_and_twice_is_once(client: Client, cast: Cast, comparison: Comparison) -> None:
    at(client, cast.bob)
    page = client.post(page_of(comparison, "finish/"))
    assert (page.status_code, "3 pairs are left" in text(page)) == (409, True)
    all_for(comparison, cast.bob, new=True)
    assert client.post(page_of(comparison, "finish/")).status_code == 303
    page = client.post(page_of(comparison, "1/"), {"choice": "1"})
    assert (page.status_code, "what you chose stays" in text(page)) == (409, True)
    assert client.get(page_of(comparison, "1/")).headers["Location"] == page_of(comparison)


def test_closed_and_archived(client: Client, cast: Cast, comparison: Comparison, runs: tuple[Run, Run]) -> None:
    at(client, cast.alice)
    assert "Not everybody has finished" not in text(client.get(page_of(comparison)))
    assert "Alice closed it" in text(client.post(page_of(comparison, "close/"), follow=True))
    client.post(page_of(comparison, "archive/"))
    assert "Compared by people" not in text(client.get(f"{PROMPT}runs/{runs[0].uid}/"))
    assert client.get(page_of(comparison)).status_code == 200
    at(client, cast.bob)
    assert "comparison to make" not in text(client.get("/"))


def test_the_file_has_each_choice_and_runs_nothing(client: Client, cast: Cast, comparison: Comparison) -> None:
    all_for(comparison, cast.bob, new=True, words="=1+1")
    answer: Any = at(client, cast.alice).get(page_of(comparison, "preferences.csv"))
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 1 + CASES
    assert all(",Bob,new," in line and line.endswith(",'=1+1") for line in lines[1:])


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"other": "nonsense"}, "Choose a run to compare with."),
        ({"people": []}, "Choose at least one person."),
        ({"people": ["nonsense"]}, "does not see this prompt any more"),
        ({"people": "alice"}, "Alice wrote the new words"),
        ({"each": "many"}, "Choose how many people"),
        ({"each": "٣"}, "Choose how many people"),
        ({"each": "5"}, "No more people can look"),
        ({"question": "x" * 301}, "too long"),
    ],
)
def test_what_cannot_be_asked_is_said_and_stays(
    client: Client, cast: Cast, runs: tuple[Run, Run], typed: dict[str, Any], sentence: str
) -> None:
    people = {"alice": [str(cast.alice.user.uid)], "bob": [str(cast.bob.user.uid)]}
    asked = {"other": str(runs[1].uid), "people": "bob", "question": "Kinder?", "each": "0"} | typed
    asked["people"] = people.get(asked["people"], asked["people"]) if isinstance(asked["people"], str) else asked["people"]
    page = at(client, cast.alice).post(f"{PROMPT}runs/{runs[0].uid}/people/", asked)
    assert page.status_code == 422
    assert sentence in text(page)
    assert asked["question"] in text(page)
    assert not Comparison.objects.exists()


def test_whoever_loses_sight_of_the_prompt_sees_nothing(client: Client, cast: Cast, comparison: Comparison) -> None:
    prompts.restrict_prompt(prompt=comparison.prompt, people=[cast.vera.user], actor=cast.alice)
    at(client, cast.bob)
    for rest in ("", "1/", "preferences.csv"):
        assert client.get(page_of(comparison, rest)).status_code == 404
    assert client.post(page_of(comparison, "1/"), {"choice": "1"}).status_code == 404
    assert "Which would you send?" not in text(client.get("/"))


def test_people_are_told_that_they_are_asked(client: Client, cast: Cast, comparison: Comparison) -> None:
    tell_due()
    told = Notification.objects.filter(kind="comparison_asked")
    assert {row.person for row in told} == {cast.bob.user, cast.vera.user}
    page = at(client, cast.bob).get(f"/notifications/{told.get(person=cast.bob.user).uid}/")
    assert page.headers["Location"] == page_of(comparison)


def test_pages_take_the_same_queries_however_many_pairs(client: Client, cast: Cast, comparison: Comparison) -> None:
    at(client, cast.bob)
    pages = [page_of(comparison), page_of(comparison, "1/")]
    counts = [queries(client, page) for page in pages]
    Ballot.objects.filter(place__gt=1).delete()
    assert [queries(client, page) for page in pages] == counts
    close_comparison(comparison=comparison, actor=cast.alice)
    outcome = queries(client, pages[0])
    comparison.pairs.exclude(ballots__place=1).delete()
    assert queries(client, pages[0]) == outcome


def test_the_administration_is_as_blind(client: Client, cast: Cast, comparison: Comparison) -> None:
    cast.vera.user.is_staff = True
    cast.vera.user.save()
    all_for(comparison, cast.bob, new=True, words="Kinder, I say.")
    panel = "/admin/evaluations/ballot/"
    assert "Kinder, I say." not in text(at(client, cast.vera).get(panel))
    all_for(comparison, cast.vera, new=False)
    assert "Kinder, I say." in text(client.get(panel))

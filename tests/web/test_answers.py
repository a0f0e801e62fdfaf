"""Under an answer: thumbs, and one click that makes it a case."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from promptstudio.evaluations import suite_services
from promptstudio.evaluations.cases import Cases
from promptstudio.evaluations.models import Answer, Rating, Suite
from promptstudio.evaluations.questions import Question
from promptstudio.evaluations.rating_services import rate
from promptstudio.evaluations.services import ask_models
from promptstudio.evaluations.worker import answer_due
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, asked, bundle, promote
from tests.evaluations.scripted import MODEL, PATH, said, saying

from .reading import HOSTILE, HTMX, at, queries, text, typed_back

BASE = "/p/claims/prompts/water-damage-triage/-/"


@pytest.fixture(autouse=True)
def answering(settings: Any) -> Iterator[None]:
    settings.MODEL_RUNNER = PATH
    with saying(lambda call: said("We pay 400 euros.")):
        yield


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    return prompts.save_version(prompt=prompt, data=bundle(model=MODEL), change=prompts.Change(summary="Better."), actor=cast.alice)


@pytest.fixture
def answer(cast: Cast, version: Version) -> Answer:
    ask = Question(bundle=version.bundle, label="1.0.0", version=version, values={"claim": "The pipe burst."})
    round_uid = ask_models(prompt=version.prompt, questions=[ask], actor=cast.alice)
    answer_due()
    found: Answer = Answer.objects.get(round=round_uid)
    return found


@pytest.fixture
def suite(cast: Cast, version: Version) -> Suite:
    cases = Cases.model_validate({"cases": [{"name": "Storm", "values": {"claim": "A tree fell."}}], "threshold": 0.5})
    return suite_services.add_suite(prompt=version.prompt, name="Usual claims", cases=cases, actor=cast.alice)


def page_of(answer: Answer) -> str:
    return f"{BASE}tried/{answer.round}/"


def rate_url(answer: Answer) -> str:
    return f"{BASE}answers/{answer.uid}/rate/"


def case_url(answer: Answer) -> str:
    return f"{BASE}answers/{answer.uid}/case/"


def a_case(suite: Suite | None, **more: str) -> dict[str, str]:
    words = {"case": "1", "c1-uid": "11111111-1111-1111-1111-111111111111", "c1-name": "burst pipe", "c1-value-claim": "The pipe burst."}
    return words | {"suite": str(suite.uid) if suite else "new"} | more


MUST_SAY = {"c1-check": "2", "k2-type": "icontains", "k2-value": "we pay"}


def test_a_thumb_and_its_words_stand_below_the_answer(client: Client, cast: Cast, answer: Answer) -> None:
    back = at(client, cast.vera).post(rate_url(answer), {"verdict": "down", "words": "It promises money.", "back": page_of(answer)})
    assert (back.status_code, back.url) == (303, f"{page_of(answer)}#answer-{answer.uid}")
    page = text(at(client, cast.bob).get(page_of(answer)))
    assert '1<span class="visually-hidden"> found it not good' in page
    assert "It promises money." in page
    assert "Vera" in page


def test_what_stands_below_it_alone_comes_back_and_a_second_press_takes_it_back(client: Client, cast: Cast, answer: Answer) -> None:
    at(client, cast.bob)
    card = client.post(rate_url(answer), {"verdict": "up"}, headers=HTMX)
    assert "<html" not in text(card)
    assert "We pay 400 euros." not in text(card), "the answer, and a form that is open below it, stay"
    assert 'aria-pressed="true" aria-label="Good answer"' in card.content.decode()
    card = client.post(rate_url(answer), {"verdict": ""}, headers=HTMX)
    assert 'aria-pressed="true"' not in card.content.decode()
    assert not Rating.objects.exists()


def test_words_go_along_with_the_other_thumb(client: Client, cast: Cast, answer: Answer) -> None:
    at(client, cast.bob).post(rate_url(answer), {"verdict": "down"})
    # As a browser sends it: what the form holds, then the button.
    client.post(rate_url(answer), {"verdict": ["down", "up"], "words": "Typed, and not sent yet."})
    assert [(rating.verdict, rating.words) for rating in Rating.objects.all()] == [("up", "Typed, and not sent yet.")]


def test_a_form_that_is_open_already_stays(client: Client, cast: Cast, answer: Answer) -> None:
    at(client, cast.alice)
    assert 'hx-preserve="true"' in text(client.get(case_url(answer), headers=HTMX))
    assert 'hx-preserve="true"' not in text(client.post(case_url(answer), a_case(None, step="equals"), headers=HTMX))


@pytest.mark.parametrize("htmx", [True, False])
def test_words_that_are_too_long_stay_to_be_shortened(client: Client, cast: Cast, answer: Answer, htmx: bool) -> None:
    at(client, cast.bob).post(rate_url(answer), {"verdict": "down"})
    refused = client.post(rate_url(answer), {"verdict": "down", "words": "x" * 2001}, headers=HTMX if htmx else {})
    assert refused.status_code == 422
    assert "at most 2,000 characters" in text(refused)
    assert "x" * 2001 in text(refused)


@pytest.mark.parametrize("words", [HOSTILE, "a\x00b", "\u202egnol", "🌧" * 1999])
def test_hostile_words_stay_words(client: Client, cast: Cast, answer: Answer, words: str) -> None:
    response = at(client, cast.bob).post(rate_url(answer), {"verdict": "down", "words": words})
    assert response.status_code in (303, 422)
    assert "<script>alert" not in client.get(page_of(answer)).content.decode()


def test_nobody_is_led_away_from_the_studio(client: Client, cast: Cast, answer: Answer) -> None:
    for back in ("https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"):
        assert at(client, cast.bob).post(rate_url(answer), {"verdict": "up", "back": back}).url.startswith(page_of(answer))


def test_an_answer_of_a_prompt_that_is_not_seen_is_not_there(client: Client, cast: Cast, answer: Answer) -> None:
    assert at(client, cast.charlie).post(rate_url(answer), {"verdict": "up"}).status_code == 404
    assert client.get(case_url(answer)).status_code == 404
    other = prompts.create_prompt(project=cast.claims, title="Other", actor=cast.alice)
    elsewhere = rate_url(answer).replace("water-damage-triage", other.name)
    assert at(client, cast.alice).post(elsewhere, {"verdict": "up"}).status_code == 404


def test_the_form_has_the_values_and_an_empty_line_for_what_must_be_said(client: Client, cast: Cast, answer: Answer, suite: Suite) -> None:
    page = text(at(client, cast.alice).get(case_url(answer)))
    assert "The pipe burst." in page
    assert f'<option value="{suite.uid}" selected' in page
    assert '<option value="icontains" selected' in page
    assert "Must equal this answer" in page
    alone = client.get(case_url(answer), headers=HTMX)
    assert "<html" not in text(alone)


def test_an_answer_becomes_the_next_version_of_a_suite(client: Client, cast: Cast, answer: Answer, suite: Suite) -> None:
    back = at(client, cast.alice).post(case_url(answer), a_case(suite, **MUST_SAY), follow=True)
    assert "It is a case of" in text(back)
    newest = suite.newest
    assert newest.number == 2
    assert newest.content.threshold == 0.5
    assert newest.digest == Cases.model_validate_json(newest.canonical).digest
    storm, case = newest.cases
    assert (storm.name, case.name, case.values) == ("Storm", "burst pipe", {"claim": "The pipe burst."})
    assert [(check.type, check.value) for check in case.assertions] == [("icontains", "we pay")]


def test_the_same_form_sent_twice_makes_one_case(client: Client, cast: Cast, answer: Answer, suite: Suite) -> None:
    at(client, cast.alice)
    for _ in range(2):
        assert client.post(case_url(answer), a_case(suite, **MUST_SAY)).status_code == 303
    assert len(suite.newest.cases) == 2


def test_a_new_suite_is_made_for_it(client: Client, cast: Cast, answer: Answer) -> None:
    at(client, cast.alice).post(case_url(answer), a_case(None, suite_name="Found by trying", **MUST_SAY))
    [case] = Suite.objects.get(name="Found by trying").newest.cases
    assert case.name == "burst pipe"


def test_a_name_that_is_taken_loses_nothing(client: Client, cast: Cast, answer: Answer, suite: Suite) -> None:
    page = at(client, cast.alice).post(case_url(answer), a_case(None, suite_name="Usual claims", **MUST_SAY))
    assert page.status_code == 409
    assert "There is a suite named Usual claims already." in text(page)
    assert "we pay" in text(page)
    empty = client.post(case_url(answer), a_case(None, suite_name=" ", **MUST_SAY))
    assert empty.status_code == 422
    assert "Give the suite a name" in text(empty)
    assert "we pay" in text(empty)


def test_the_answer_itself_is_offered_as_what_has_to_come(client: Client, cast: Cast, answer: Answer, suite: Suite) -> None:
    page = at(client, cast.alice).post(case_url(answer), a_case(suite, step="equals", **MUST_SAY), headers=HTMX)
    assert '<option value="equals" selected' in text(page)
    assert text(page).count("We pay 400 euros.") == 1
    assert suite.newest.number == 1


def test_a_check_without_words_is_left_out_and_a_wrong_one_says_so(client: Client, cast: Cast, answer: Answer, suite: Suite) -> None:
    at(client, cast.alice)
    page = client.post(case_url(answer), a_case(suite, **{"c1-check": "2", "k2-type": "regex", "k2-value": "("}))
    assert page.status_code == 422
    assert 'aria-invalid="true"' in text(page)
    assert suite.newest.number == 1
    kept = client.post(case_url(answer), a_case(suite, **MUST_SAY | {"k2-value": " "}), follow=True)
    assert "Nothing is checked yet" in text(kept)
    assert suite.newest.cases[1].assertions == ()


def test_somebody_who_saves_meanwhile_is_told_of_and_nothing_is_lost(
    client: Client, cast: Cast, answer: Answer, suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = suite_services.save_suite

    def after_somebody_else(**given: Any) -> Any:
        monkeypatch.undo()
        save(suite=suite, cases=Cases(), follows=1, actor=cast.bob)
        return save(**given)

    monkeypatch.setattr(suite_services, "save_suite", after_somebody_else)
    page = at(client, cast.alice).post(case_url(answer), a_case(suite, **MUST_SAY))
    assert page.status_code == 409
    assert "Bob saved these cases" in text(page)
    assert "we pay" in text(page)
    assert client.post(case_url(answer), a_case(suite, **MUST_SAY)).status_code == 303
    assert [case.name for case in suite.newest.cases] == ["burst pipe"]


def test_numbers_stay_numbers(client: Client, cast: Cast, prompt: Prompt, suite: Suite) -> None:
    variables = [{"name": "claim"}, {"name": "sum", "type": "number"}]
    data = bundle("{{claim}} {{sum}}", model=MODEL, variables=variables)
    version = prompts.save_version(prompt=prompt, data=data, change=prompts.Change(summary="Sums."), actor=cast.alice)
    ask = Question(bundle=version.bundle, label="x", version=version, values={"claim": "x", "sum": 400})
    ask_models(prompt=prompt, questions=[ask], actor=cast.alice)
    answer_due()
    found = Answer.objects.latest("pk")
    at(client, cast.alice).post(case_url(found), a_case(suite, **MUST_SAY, **{"c1-value-sum": "400", "c1-value-claim": "y"}))
    assert suite.newest.cases[1].values == {"claim": "y", "sum": 400}


def test_a_thumb_down_becomes_a_case_with_one_press(client: Client, cast: Cast, answer: Answer, suite: Suite) -> None:
    rating = rate(answer=answer, verdict="down", words="It promises\nmoney.", actor=cast.vera)
    at(client, cast.bob)
    assert "Make it a case" in text(client.get(page_of(answer)))
    for _ in range(2):
        done = client.post(case_url(answer), {"at_once": "1", "rating": str(rating.uid), "suite": str(suite.uid)}, headers=HTMX)
        assert "It is a case of" in text(done)
    assert [case.name for case in suite.newest.cases] == ["Storm", "It promises money."]
    assert suite.newest.cases[1].values == {"claim": "The pipe burst."}


@pytest.mark.parametrize("htmx", [True, False])
def test_whoever_wrote_what_is_wrong_says_so_and_keeps_the_case_with_one_press(
    client: Client, cast: Cast, answer: Answer, suite: Suite, htmx: bool
) -> None:
    given = {"verdict": "down", "words": "It promises money.", "then": "case", "suite": str(suite.uid)}
    done = at(client, cast.bob).post(rate_url(answer), given, headers=HTMX if htmx else {}, follow=True)
    assert "It is a case of" in text(done)
    assert "Nothing is checked yet" in text(done)
    assert Rating.objects.get().words == "It promises money."
    assert suite.newest.cases[1].name == "It promises money."


def test_words_are_kept_where_the_case_is_not(client: Client, cast: Cast, answer: Answer, suite: Suite) -> None:
    given = {"verdict": "down", "words": "It promises money.", "then": "case", "suite": "gone"}
    refused = at(client, cast.bob).post(rate_url(answer), given, headers=HTMX)
    assert refused.status_code == 422
    assert "This suite is not there any more." in text(refused)
    assert Rating.objects.get().words == "It promises money."
    assert at(client, cast.vera).post(rate_url(answer), given | {"suite": str(suite.uid)}).status_code == 403


def test_one_press_makes_a_suite_where_there_is_none(client: Client, cast: Cast, answer: Answer) -> None:
    rating = rate(answer=answer, verdict="down", actor=cast.bob)
    at(client, cast.bob).post(case_url(answer), {"at_once": "1", "rating": str(rating.uid)})
    assert [case.name for case in Suite.objects.get(name="From answers").newest.cases] == ["The pipe burst."]


def test_whoever_only_reads_keeps_no_cases(client: Client, cast: Cast, answer: Answer, suite: Suite) -> None:
    rating = rate(answer=answer, verdict="down", actor=cast.vera)
    page = text(at(client, cast.vera).get(page_of(answer)))
    assert "Save as case" not in page
    assert "Make it a case" not in page
    assert client.post(case_url(answer), a_case(suite)).status_code == 403
    assert client.post(case_url(answer), {"at_once": "1", "rating": str(rating.uid)}).status_code == 403


@pytest.mark.parametrize(
    "given", [{"suite": "x"}, {"suite": "\x00"}, {"suite": "11111111-1111-1111-1111-111111111111"}, {"c1-uid": "x" * 99}]
)
def test_nonsense_is_a_sentence(client: Client, cast: Cast, answer: Answer, suite: Suite, given: dict[str, str]) -> None:
    assert at(client, cast.alice).post(case_url(answer), a_case(suite) | given).status_code == 422


def test_hostile_names_and_checks_stay_words(client: Client, cast: Cast, answer: Answer, suite: Suite) -> None:
    given = a_case(suite, **MUST_SAY | {"c1-name": HOSTILE, "k2-value": HOSTILE, "step": "add_check:1"})
    page = at(client, cast.alice).post(case_url(answer), given)
    assert "<script>alert" not in page.content.decode()
    assert typed_back(page, HOSTILE)


@pytest.mark.parametrize("rating", ["x", "11111111-1111-1111-1111-111111111111"])
def test_words_of_another_answer_are_not_there(client: Client, cast: Cast, answer: Answer, rating: str) -> None:
    assert at(client, cast.alice).get(f"{case_url(answer)}?rating={rating}").status_code == 404


def test_in_a_review_it_stands_below_the_answers_too(client: Client, cast: Cast, answer: Answer) -> None:
    promote(answer.version, cast.development, by=cast.alice)
    record = {"expected_impact": "Fewer calls.", "validation_criteria": "We count."}
    newer = bundle("Judge {{claim}}", model=MODEL, variables=[{"name": "claim", "example": "It drips."}])
    change = prompts.Change(summary="Judge.", **record)
    review = asked(prompts.save_version(prompt=answer.prompt, data=newer, change=change, actor=cast.alice), cast.development, by=cast.alice)
    here = f"/p/claims/reviews/{review.uid}/"
    at(client, cast.bob).post(f"{here}answers/")
    assert "Save as case" not in text(client.get(here)), "the page is still drawn again and again"
    answer_due()
    page = text(client.get(here))
    assert "Save as case" in page
    theirs = Answer.objects.latest("pk")
    assert client.post(rate_url(theirs), {"verdict": "down", "back": here}).url == f"{here}#answer-{theirs.uid}"


def test_thumbs_take_the_same_queries_however_many(client: Client, cast: Cast, answer: Answer, version: Version) -> None:
    at(client, cast.alice)
    rate(answer=answer, verdict="up", actor=cast.bob)
    with_one = queries(client, page_of(answer))
    for number, actor in enumerate((cast.alice, cast.vera, cast.bella)):
        ask = Question(bundle=version.bundle, label="1.0.0", version=version, values={"claim": f"Claim {number}"})
        ask_models(prompt=version.prompt, questions=[ask], actor=cast.alice)
        rate(answer=answer, verdict="down", words="No.", actor=actor)
    answer_due()
    Answer.objects.update(round=answer.round)
    assert queries(client, page_of(answer)) == with_one

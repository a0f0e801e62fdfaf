"""Trying a draft or a version on its model, and the answers beside each other in Review and Compare."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from promptstudio.evaluations.model_runner import Call, RunFailed, Said, Throttled
from promptstudio.evaluations.models import Answer
from promptstudio.evaluations.questions import Question
from promptstudio.evaluations.services import PRESSED_TWICE, ask_models
from promptstudio.evaluations.worker import answer_due
from promptstudio.lib import clock
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Draft, NamedExample, Prompt, Version
from promptstudio.prompts.renames import remember
from promptstudio.reviews.models import Review
from tests.cast import Cast, asked, bundle, promote
from tests.evaluations.scripted import MODEL, said, saying

from .reading import HOSTILE, HTMX, at, queries, text, typed_back

pytestmark = pytest.mark.usefixtures("calls")

BASE = "/p/claims/prompts/water-damage-triage/-/"


def save(cast: Cast, prompt: Prompt, words: str, **more: Any) -> Version:
    record = {"expected_impact": "Fewer calls.", "validation_criteria": "We count."}
    data = bundle(f"{words}: {{{{claim}}}}", model=MODEL, **more)
    return prompts.save_version(prompt=prompt, data=data, change=prompts.Change(summary="Better.", **record), actor=cast.alice)


@pytest.fixture
def live(cast: Cast, prompt: Prompt) -> Version:
    version = save(cast, prompt, "Sort this claim")
    promote(version, cast.development, by=cast.alice)
    return version


@pytest.fixture
def draft(cast: Cast, live: Version) -> Draft:
    draft = prompts.open_draft(prompt=live.prompt, actor=cast.alice)
    content = bundle("Judge this claim: {{claim}}", model=MODEL)
    return prompts.save_draft(draft=draft, content=content, revision=draft.revision, actor=cast.alice)


@pytest.fixture
def example(cast: Cast, live: Version) -> NamedExample:
    return prompts.save_example(prompt=live.prompt, name="burst pipe", values={"claim": "The pipe burst."}, actor=cast.alice)


def typed(draft: Draft, **more: str) -> dict[str, str]:
    words = {
        "kind": "text",
        "message": "1",
        "m1-text": "Judge this claim: {{claim}}",
        "variable": "2",
        "v2-name": "claim",
        "v2-required": "on",
    }
    return words | {"v2-type": "string", "model": MODEL, "revision": str(draft.revision), "seen": "{}"} | more


def test_one_press_in_the_editor_asks_with_the_newest_words_beside_what_is_live(
    client: Client, cast: Cast, draft: Draft, example: NamedExample, calls: list[Call]
) -> None:
    at(client, cast.alice)
    fields = typed(draft, **{"m1-text": "Weigh this claim: {{claim}}", "then": "try", "example": str(example.uid)})
    response = client.post(f"{BASE}drafts/{draft.uid}/words/", fields)
    assert response.status_code == 303
    assert "/tried/" in response.url
    assert "2 answers on their way" in text(client.get(response.url))
    answer_due()
    page = text(client.get(response.url))
    assert "WEIGH THIS CLAIM: THE PIPE BURST." in page
    assert "SORT THIS CLAIM: THE PIPE BURST." in page
    assert "burst pipe" in page
    assert "Draft of Alice" in page
    assert "1.0.0, live in Development" in page
    assert "1.2 s" in page
    assert "1,000 tokens in, 100 out" in page
    assert "0.45 US cents" in page


def test_values_typed_beside_the_preview_fill_it_in(client: Client, cast: Cast, draft: Draft, calls: list[Call]) -> None:
    fields = typed(draft, **{"then": "try", "value-claim": "A tree fell."})
    page = at(client, cast.alice).post(f"{BASE}drafts/{draft.uid}/words/", fields, follow=True)
    assert "Typed values" in text(page)
    answer_due()
    assert {call.rendered.messages[0].text for call in calls} == {"Judge this claim: A tree fell.", "Sort this claim: A tree fell."}


def test_what_was_typed_beside_an_example_is_asked_as_the_preview_shows_it(
    client: Client, cast: Cast, draft: Draft, example: NamedExample, calls: list[Call]
) -> None:
    words = {"m1-text": "{{who}} judges: {{claim}}", "v3-name": "who", "v3-type": "string", "v3-required": "on", "v3-example": "TABLE"}
    fields = {**typed(draft, then="try", example=str(example.uid), filled_with=str(example.uid), **words), "variable": ["2", "3"]}
    at(client, cast.alice).post(f"{BASE}drafts/{draft.uid}/words/", fields | {"value-who": "Anna"})
    answer_due()
    assert "Anna judges: The pipe burst." in {call.rendered.messages[0].text for call in calls}


def test_typed_values_are_meant_ticked_or_not(client: Client, cast: Cast, live: Version, calls: list[Call]) -> None:
    at(client, cast.alice).post(f"{BASE}try/", {"side": "1.0.0", "value-claim": "A tree fell."})
    answer_due()
    assert [call.rendered.messages[0].text for call in calls] == ["Sort this claim: A tree fell."]


def test_another_prompt_is_tried_on_its_own_page(client: Client, cast: Cast, live: Version) -> None:
    secret = prompts.create_prompt(project=cast.claims, title="Severance", actor=cast.alice)
    other = save(cast, secret, "Fire {{claim}}, not")
    page = at(client, cast.alice).post(f"{BASE}try/", {"side": f"prompt:{secret.name}@{other.semver}", "with": "own", "value-claim": "x"})
    assert page.status_code == 422
    assert "Another prompt is tried on its own page." in text(page)
    assert not Answer.objects.exists()
    compare = text(client.get(f"{BASE}compare/prompt:{secret.name}@{other.semver}...1.0.0/"))
    assert "Try both on the model" not in compare


def test_what_is_missing_is_said_in_the_form_and_nothing_is_lost(client: Client, cast: Cast, draft: Draft) -> None:
    page = at(client, cast.alice).post(f"{BASE}drafts/{draft.uid}/words/", typed(draft, then="try"))
    assert page.status_code == 422
    assert "Nothing was asked yet" in text(page)
    assert "claim" in text(page)
    assert not Answer.objects.exists()


def test_what_only_stands_beside_it_and_cannot_be_filled_in_is_left_out(client: Client, cast: Cast, live: Version) -> None:
    newest = save(cast, live.prompt, "No {{other}}", variables=[{"name": "claim"}, {"name": "other", "example": "x"}])
    at(client, cast.alice)
    given = {"side": live.semver, "beside": newest.semver, "with": "own", "value-claim": "x"}
    assert client.post(f"{BASE}try/", given).status_code == 303
    assert Answer.objects.count() == 2
    bare = save(cast, live.prompt, "No {{other}}", variables=[{"name": "claim"}, {"name": "other"}])
    page = client.post(f"{BASE}try/", given | {"beside": bare.semver}, follow=True)
    assert f"Not asked beside it: {bare.semver}: " in text(page)


def test_the_form_begins_with_the_examples_and_what_is_live_and_says_what_it_costs(
    client: Client, cast: Cast, draft: Draft, example: NamedExample
) -> None:
    page = text(at(client, cast.alice).get(f"{BASE}try/?side=draft:{draft.uid}"))
    assert re.search(rf'value="{example.uid}" checked', page)
    assert re.search(r'value="env:development" checked', page)
    assert "2 calls, at most" in page


def test_changing_the_form_says_the_new_costs_and_asks_nothing(client: Client, cast: Cast, live: Version, example: NamedExample) -> None:
    given = {"side": live.semver, "with": str(example.uid), "model": "amazon.nova-lite-v1:0", "estimate": "1"}
    page = at(client, cast.alice).post(f"{BASE}try/", given, headers={"HX-Request": "true"})
    assert "2 calls, at most" in text(page)
    assert "<html" not in text(page)
    assert not Answer.objects.exists()


def test_another_model_answers_beside_its_own(client: Client, cast: Cast, live: Version, example: NamedExample) -> None:
    given = {"side": live.semver, "with": str(example.uid), "model": "amazon.nova-lite-v1:0"}
    page = at(client, cast.alice).post(f"{BASE}try/", given, follow=True)
    assert "Claude Sonnet 4.5" in text(page)
    assert "Nova Lite" in text(page)


def test_what_was_asked_lately_can_be_opened_again(client: Client, cast: Cast, live: Version) -> None:
    at(client, cast.bob).post(f"{BASE}try/", {"side": "1.0.0", "with": "own", "value-claim": "x"})
    page = text(at(client, cast.alice).get(f"{BASE}try/"))
    assert "Recent trials" in page
    assert "Bob, " in page
    assert f"{BASE}tried/{Answer.objects.get().round}/" in page


def test_asking_again_asks_the_same(client: Client, cast: Cast, live: Version, example: NamedExample, calls: list[Call]) -> None:
    given = {"side": live.semver, "with": [str(example.uid), "own"], "value-claim": "A & b <i>", "model": "amazon.nova-lite-v1:0"}
    at(client, cast.alice)
    first = client.post(f"{BASE}try/", given, follow=True)
    answer_due()
    page = client.get(first.redirect_chain[-1][0])
    again = page.context["again"]
    Answer.objects.update(asked_at=clock.now() - timedelta(seconds=PRESSED_TWICE + 1))
    client.post(f"{BASE}try/", {name: values for name, values in again.lists()})
    answer_due()
    rounds = [sorted(Answer.objects.filter(round=uid).values_list("asked", flat=True)) for uid in {a.round for a in Answer.objects.all()}]
    assert len(rounds) == 2
    assert rounds[0] == rounds[1]
    assert len(rounds[0]) == 4


def test_a_version_can_be_tried_by_whoever_writes_and_not_by_whoever_reads(client: Client, cast: Cast, live: Version) -> None:
    given = {"side": live.semver, "with": "own", "value-claim": "x"}
    page = at(client, cast.vera).get(f"{BASE}try/?side=1.0.0")
    assert page.status_code == 200
    assert "cannot write prompts" in text(page) or "write prompts in this" in text(page)
    assert client.post(f"{BASE}try/", given).status_code == 403
    assert at(client, cast.charlie).get(f"{BASE}try/?side=1.0.0").status_code == 404
    assert at(client, cast.bob).post(f"{BASE}try/", given).status_code == 303


@pytest.mark.parametrize("address", ["nothing", "draft:00000000-0000-0000-0000-000000000000", "env:nowhere", "draft:x", ""])
def test_what_is_not_there_is_not_tried(client: Client, cast: Cast, live: Version, address: str) -> None:
    assert at(client, cast.alice).post(f"{BASE}try/", {"side": address, "with": "own"}).status_code == 404
    if address:
        assert client.post(f"{BASE}try/", {"side": "1.0.0", "beside": address, "with": "own", "value-claim": "x"}).status_code == 404


@pytest.mark.parametrize("address", ["1.0.0\x00", "env:development\x00", "draft:\x00"])
def test_what_no_database_takes_is_not_there_either(client: Client, cast: Cast, live: Version, address: str) -> None:
    at(client, cast.alice)
    assert client.get(f"{BASE}try/", {"side": address, "with": "table"}).status_code == 404
    assert client.get(f"{BASE}try/", {"side": "1.0.0", "beside": address, "with": "table"}).status_code == 404
    assert client.post(f"{BASE}try/", {"side": address, "with": "table"}).status_code == 422
    for name in ("with", "model", "value-claim", "as"):
        assert client.get(f"{BASE}try/", {"side": "1.0.0", name: "\x00"}).status_code < 500


def test_nothing_chosen_is_a_sentence(client: Client, cast: Cast, live: Version) -> None:
    page = at(client, cast.alice).post(f"{BASE}try/", {"side": "1.0.0"})
    assert page.status_code == 422
    assert "Choose what is to be asked." in text(page)


def test_a_prompt_without_a_version_has_nothing_to_try(client: Client, cast: Cast, prompt: Prompt) -> None:
    assert at(client, cast.alice).get(f"{BASE}try/").status_code == 404


def test_hostile_answers_and_values_stay_words(client: Client, cast: Cast, live: Version) -> None:
    at(client, cast.alice)
    with saying(lambda call: said(HOSTILE, tool_calls=({"name": "<b>", "input": {"a": HOSTILE}},))):
        first = client.post(f"{BASE}try/", {"side": "1.0.0", "with": "own", "value-claim": HOSTILE}, follow=True)
        answer_due()
    page = client.get(first.redirect_chain[-1][0])
    assert "<script>alert" not in page.content.decode()
    assert typed_back(page, HOSTILE)


def test_what_went_wrong_stands_in_the_place_of_the_answer(client: Client, cast: Cast, live: Version) -> None:
    def says(call: Call) -> Said:
        raise RunFailed("There is no model here.", code="x", permanent=True)

    at(client, cast.alice)
    first = client.post(f"{BASE}try/", {"side": "1.0.0", "with": "own", "value-claim": "x"}, follow=True)
    with saying(says):
        answer_due()
    page = client.get(first.redirect_chain[-1][0], headers=HTMX)
    assert "There is no model here." in text(page)
    assert "hx-trigger" not in text(page), "nothing is on its way any more"


def test_waiting_answers_can_be_stopped(client: Client, cast: Cast, live: Version) -> None:
    at(client, cast.alice)
    first = client.post(f"{BASE}try/", {"side": "1.0.0", "with": "own", "value-claim": "x"}, follow=True)
    here = first.redirect_chain[-1][0]
    assert "This was stopped." in text(client.post(f"{here}stop/", follow=True))
    assert at(client, cast.charlie).get(here).status_code == 404
    other = prompts.create_prompt(project=cast.claims, title="Other", actor=cast.alice)
    assert at(client, cast.alice).get(here.replace("water-damage-triage", other.name)).status_code == 404


def test_an_answer_in_json_is_laid_out(client: Client, cast: Cast, live: Version) -> None:
    at(client, cast.alice)
    first = client.post(f"{BASE}try/", {"side": "1.0.0", "with": "own", "value-claim": "x"}, follow=True)
    with saying(lambda call: said('{"damage":"water","urgent":true}', stop_reason="max_tokens")):
        answer_due()
    page = client.get(first.redirect_chain[-1][0])
    assert "&quot;damage&quot;: &quot;water&quot;,\n" in page.content.decode()
    assert "Cut off: the longest answer is reached" in text(page)


@pytest.fixture
def review(cast: Cast, live: Version, example: NamedExample) -> Review:
    return asked(save(cast, live.prompt, "Judge this claim"), cast.development, by=cast.alice)


def test_a_review_has_the_answers_of_both_sides_to_each_example(client: Client, cast: Cast, review: Review) -> None:
    page = text(at(client, cast.bob).get(f"/p/claims/reviews/{review.uid}/"))
    assert "Nobody asked yet." in page
    assert "2 calls, at most" in page
    back = client.post(f"/p/claims/reviews/{review.uid}/answers/")
    assert (back.status_code, back.url) == (303, f"/p/claims/reviews/{review.uid}/#answers-h")
    assert 'hx-trigger="every 1s"' in text(client.get(f"/p/claims/reviews/{review.uid}/answers/", headers=HTMX))
    answer_due()
    page = text(client.get(f"/p/claims/reviews/{review.uid}/"))
    assert "SORT THIS CLAIM: THE PIPE BURST." in page
    assert "JUDGE THIS CLAIM: THE PIPE BURST." in page
    assert "Ask the model" not in page, "nothing is missing"


def test_an_example_fills_in_a_variable_that_was_renamed_since(client: Client, cast: Cast, live: Version, example: NamedExample) -> None:
    remember(live.prompt, {"damage": "claim"})
    version = save(cast, live.prompt, "Judge {{damage}}, not", variables=[{"name": "damage"}, {"name": "claim", "example": "x"}])
    client = at(client, cast.bob)
    client.post(f"{BASE}try/", {"side": version.semver, "with": str(example.uid)})
    here = f"/p/claims/reviews/{asked(version, cast.development, by=cast.alice).uid}/"
    answer_due()
    assert "JUDGE THE PIPE BURST., NOT" in text(client.get(here))


def test_without_a_named_example_the_table_of_variables_fills_it_in(client: Client, cast: Cast, live: Version) -> None:
    version = save(cast, live.prompt, "Judge this claim", variables=[{"name": "claim", "example": "A tree fell."}])
    here = f"/p/claims/reviews/{asked(version, cast.development, by=cast.alice).uid}/"
    assert "The examples in the table of variables" in text(at(client, cast.bob).get(here))
    client.post(f"{here}answers/")
    answer_due()
    assert "JUDGE THIS CLAIM: A TREE FELL." in text(client.get(here))


def test_what_somebody_tried_before_is_there_already(client: Client, cast: Cast, review: Review, example: NamedExample) -> None:
    given = {"side": review.version.semver, "beside": "1.0.0", "with": str(example.uid)}
    at(client, cast.alice).post(f"{BASE}try/", given)
    answer_due()
    page = text(at(client, cast.bob).get(f"/p/claims/reviews/{review.uid}/"))
    assert "JUDGE THIS CLAIM: THE PIPE BURST." in page


def test_answers_to_former_values_of_an_example_are_not_shown(client: Client, cast: Cast, review: Review, example: NamedExample) -> None:
    at(client, cast.bob).post(f"/p/claims/reviews/{review.uid}/answers/")
    answer_due()
    NamedExample.objects.filter(pk=example.pk).update(values={"claim": "Another."})
    assert "Nobody asked yet." in text(client.get(f"/p/claims/reviews/{review.uid}/"))


def test_whoever_only_reads_sees_the_answers_and_cannot_ask(client: Client, cast: Cast, review: Review) -> None:
    at(client, cast.vera)
    assert "Nobody asked yet." in text(client.get(f"/p/claims/reviews/{review.uid}/"))
    assert client.post(f"/p/claims/reviews/{review.uid}/answers/").status_code == 403
    assert at(client, cast.charlie).post(f"/p/claims/reviews/{review.uid}/answers/").status_code == 404


def test_too_many_a_day_is_said_where_the_button_was(client: Client, cast: Cast, review: Review, settings: Any) -> None:
    settings.MODEL_CALLS_A_DAY = 1
    at(client, cast.bob)
    page = client.post(f"/p/claims/reviews/{review.uid}/answers/", headers=HTMX)
    assert "You may ask models 1 times in 24 hours" in text(page)


def test_the_review_takes_the_same_queries_however_many_examples(client: Client, cast: Cast, review: Review) -> None:
    here = f"/p/claims/reviews/{review.uid}/"
    at(client, cast.bob).post(f"{here}answers/")
    answer_due()
    with_one = queries(client, here)
    for number in range(5):
        prompts.save_example(prompt=review.version.prompt, name=f"Storm {number}", values={"claim": f"A tree {number}"}, actor=cast.alice)
    client.post(f"{here}answers/")
    answer_due()
    assert queries(client, here) == with_one


def test_a_comparison_filled_with_an_example_shows_what_both_answered(
    client: Client, cast: Cast, review: Review, example: NamedExample
) -> None:
    at(client, cast.bob).post(f"/p/claims/reviews/{review.uid}/answers/")
    answer_due()
    page = text(client.get(f"{BASE}compare/1.0.0...{review.version.semver}/?with={example.uid}"))
    assert "SORT THIS CLAIM: THE PIPE BURST." in page
    assert "JUDGE THIS CLAIM: THE PIPE BURST." in page
    assert f"{BASE}try/?side={review.version.semver}&amp;beside=1.0.0&amp;with={example.uid}" in page


def test_which_version_made_an_answer_is_found_by_either_number(client: Client, cast: Cast, live: Version) -> None:
    question = Question(bundle=live.bundle, label="1.0.0", version=live, values={"claim": "The pipe burst."})
    ask_models(prompt=live.prompt, questions=[question], actor=cast.alice)
    with saying(lambda call: said("Water damage.", request_id="3f2a-77bc-req")):
        answer_due()
    answer = Answer.objects.get()
    for number in ("3f2a-77bc-req", str(answer.uid)):
        found = at(client, cast.vera).get("/search", {"q": number}, follow=True)
        assert found.redirect_chain == [(f"/p/claims/prompts/water-damage-triage/-/answers/{answer.uid}/", 302)]
        for fact in ("3f2a-77bc-req", live.digest, str(answer.uid), "Water damage.", "The pipe burst.", "Asked by"):
            assert fact in text(found)
        assert at(client, cast.charlie).get("/search", {"q": number}).status_code == 200, "whoever does not see the prompt finds nothing"
    address = f"/p/claims/prompts/water-damage-triage/-/answers/{answer.uid}/"
    assert at(client, cast.charlie).get(address).status_code == 404


@pytest.mark.parametrize("typed", ["12345678", "1-2-3-4-5-6-7-8", "' or 1=1 --", "0" * 200, "\0\0\0\0\0\0\0\0", HOSTILE])
def test_a_number_that_is_none_is_searched_for_like_words(client: Client, cast: Cast, typed: str) -> None:
    assert at(client, cast.alice).get("/search", {"q": typed}).status_code == 200


def test_a_model_that_asks_us_to_wait_is_told_with_the_time(client: Client, cast: Cast, live: Version) -> None:
    question = Question(bundle=live.bundle, label="1.0.0", version=live, values={"claim": "The pipe burst."})
    round_uid = ask_models(prompt=live.prompt, questions=[question], actor=cast.alice)

    def too_often(call: Call) -> Said:
        raise Throttled("Bedrock wants it to be asked less often.", code="ThrottlingException", retry_after=90)

    with saying(too_often):
        answer_due()
    page = text(at(client, cast.alice).get(f"{BASE}tried/{round_uid}/"))
    assert "Claude Sonnet 4.5 asks us to wait until" in page
    assert f"asked less often. It is asked again at {Answer.objects.get().due_at:%H:%M:%S}." in page

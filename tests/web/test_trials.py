"""Several at once, other settings for one trial, answers seen while they are written, and trials to come back to."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from promptstudio.evaluations import listening, worker
from promptstudio.evaluations.cases import Cases
from promptstudio.evaluations.model_runner import Call, Said
from promptstudio.evaluations.models import Answer
from promptstudio.evaluations.suite_services import add_suite
from promptstudio.evaluations.worker import answer_due
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Version
from promptstudio.web.trying import looked_at_again_in
from tests.cast import Cast, bundle, wished, written
from tests.evaluations.scripted import MODEL, STREAMING_PATH, said, saying, telling

from .reading import HTMX, at, queries, text

pytestmark = pytest.mark.usefixtures("calls")

BASE = "/p/claims/prompts/water-damage-triage/-/"
NOVA, HAIKU = "amazon.nova-lite-v1:0", "anthropic.claude-haiku-4-5-20251001-v1:0"


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    data = bundle(model=MODEL, inference={"temperature": 0.5})
    return prompts.save_version(prompt=prompt, data=data, change=prompts.Change(summary="Better."), actor=cast.alice)


def trial(**more: Any) -> dict[str, Any]:
    return {"side": "1.0.0", "with": "own", "value-claim": "The pipe burst."} | more


def test_several_models_and_versions_answer_side_by_side(client: Client, cast: Cast, version: Version, calls: list[Call]) -> None:
    newer = prompts.save_version(
        prompt=version.prompt, data=bundle("Judge {{claim}}", model=MODEL), change=prompts.Change(summary="Judge."), actor=cast.alice
    )
    page = at(client, cast.alice).post(f"{BASE}try/", trial(beside=[newer.semver], model=[NOVA, HAIKU]), follow=True)
    answer_due()
    assert len(calls) == 4
    page = client.get(page.redirect_chain[-1][0])
    for name in ("Nova Lite", "Haiku 4.5", "JUDGE THE PIPE BURST."):
        assert name in text(page)
    assert page.context["again"].getlist("model") == [NOVA, HAIKU]
    assert page.context["again"].getlist("beside") == [newer.semver]


@pytest.mark.parametrize("field", ["model", "beside"])
def test_more_than_can_be_read_beside_each_other_is_a_sentence(client: Client, cast: Cast, version: Version, field: str) -> None:
    for number in range(5):
        change = prompts.Change(summary=f"{number}")
        prompts.save_version(prompt=version.prompt, data=bundle(f"{number} {{{{claim}}}}", model=MODEL), change=change, actor=cast.alice)
    semvers = list(version.prompt.versions.exclude(pk=version.pk).values_list("semver", flat=True))
    five = {"model": [f"maker.model-{n}" for n in range(5)], "beside": semvers}
    page = at(client, cast.alice).post(f"{BASE}try/", trial(**{field: five[field]}))
    assert page.status_code == 422
    assert "Untick some." in text(page)
    assert "The pipe burst." in text(page)


def test_other_settings_are_for_this_trial_alone(client: Client, cast: Cast, version: Version, calls: list[Call]) -> None:
    first = at(client, cast.alice).post(f"{BASE}try/", trial(beside="1.0.0", **{"set-temperature": "0"}), follow=True)
    answer_due()
    assert [call.inference.temperature for call in calls] == [0, 0.5]
    assert calls[0].marks["studio-version"] == "1.0.0 with temperature 0"
    cool, own = Answer.objects.order_by("id")
    assert (cool.title, own.title) == ("1.0.0 with temperature 0", "1.0.0")
    assert cool.wording.digest != version.digest == own.wording.digest
    assert cool.asked != own.asked
    page = client.get(first.redirect_chain[-1][0])
    assert "1.0.0 with temperature 0" in text(page)
    again = page.context["again"]
    assert (again["side"], again.getlist("beside"), again["set-temperature"]) == ("1.0.0", ["1.0.0"], "0.0")
    version.refresh_from_db()
    assert version.bundle.inference.temperature == 0.5


def test_a_setting_that_is_none_is_said_at_its_field(client: Client, cast: Cast, version: Version) -> None:
    page = at(client, cast.alice).post(f"{BASE}try/", trial(**{"set-temperature": "warm <b>"}))
    assert page.status_code == 422
    assert 'aria-describedby="set-temperature-error"' in text(page)
    assert "warm &lt;b&gt;" in page.content.decode()
    assert "The pipe burst." in text(page)
    assert not Answer.objects.exists()
    told = client.post(f"{BASE}try/", trial(estimate="1", **{"set-max_tokens": "x"}), headers=HTMX)
    assert "Longest answer: write a whole number" in text(told)


def test_half_an_answer_is_seen_in_the_round_and_nowhere_else(
    client: Client, cast: Cast, version: Version, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MODEL_RUNNER = STREAMING_PATH
    monkeypatch.setattr(listening, "KEPT_EVERY", 0)
    example = prompts.save_example(prompt=version.prompt, name="burst pipe", values={"claim": "It drips."}, actor=cast.alice)
    here = at(client, cast.alice).post(f"{BASE}try/", trial(**{"with": str(example.uid)})).url
    seen: list[str] = []

    def tells(call: Call) -> Generator[str | Said]:
        yield "We pay ha"
        seen.append(text(client.get(here)))
        seen.append(text(client.get(f"{here}?open=0", headers=HTMX)))
        seen.append(text(client.get(f"{BASE}compare/1.0.0...1.0.0/?with={example.uid}")))
        seen.append(text(client.get(f"{BASE}tried/")))
        yield said("We pay half.")

    with telling(tells):
        answer_due()
    assert "We pay ha" in seen[0]
    assert "Being written" in seen[0]
    assert "We pay ha" in seen[1]
    assert "We pay ha" not in seen[2] + seen[3]
    assert "We pay half." in text(client.get(here))


def test_the_page_looks_again_only_for_what_is_on_its_way(client: Client, cast: Cast, version: Version) -> None:
    here = at(client, cast.alice).post(f"{BASE}try/", trial(model=[NOVA])).url
    first, second = Answer.objects.order_by("id")
    assert f"{here}?open=0,1" in text(client.get(here))
    Answer.objects.filter(pk=second.pk).update(due_at="2999-01-01T00:00Z")
    answer_due()
    news = text(client.get(f"{here}?open=0,1", headers=HTMX))
    assert f"{here}?open=1" in news
    assert f'id="answer-{first.uid}" hx-swap-oob="outerMorph"' in news
    assert "<html" not in news
    assert f"/answers/{first.uid}/" in news, "it says where it comes from, as it does on the whole page"
    later = text(client.get(f"{here}?open=1", headers=HTMX))
    assert str(first.uid) not in later, "somebody may be typing below it"
    for nonsense in ("x", "-1", "9" * 400, "\u0664"):
        assert client.get(here, {"open": nonsense}, headers=HTMX).status_code == 200


def test_it_looks_often_at_first_and_seldom_later() -> None:
    waits = [looked_at_again_in(timedelta(seconds=age)) for age in (0, 30, 300)]
    assert waits == sorted(set(waits))


def test_trials_are_listed_everybodys_or_mine(client: Client, cast: Cast, version: Version) -> None:
    theirs = at(client, cast.bob).post(f"{BASE}try/", trial()).url
    mine = at(client, cast.alice).post(f"{BASE}try/", trial(**{"set-temperature": "1"})).url
    page = text(client.get(f"{BASE}tried/"))
    assert theirs in page
    assert mine in page
    assert "1.0.0 with temperature 1" in page
    page = text(client.get(f"{BASE}tried/?whose=mine"))
    assert mine in page
    assert theirs not in page
    assert "You tried nothing here yet" in text(at(client, cast.vera).get(f"{BASE}tried/?whose=mine"))
    assert at(client, cast.charlie).get(f"{BASE}tried/").status_code == 404


def test_the_list_is_paged_and_takes_the_same_queries(client: Client, cast: Cast, version: Version, settings: Any) -> None:
    at(client, cast.alice).post(f"{BASE}try/", trial())
    with_one = queries(client, f"{BASE}tried/")
    for number in range(34):
        client.post(f"{BASE}try/", trial(**{"value-claim": str(number)}))
    assert queries(client, f"{BASE}tried/") == with_one
    assert "Page 1 of 2" in text(client.get(f"{BASE}tried/"))
    assert client.get(f"{BASE}tried/?page=x&whose=<b>").status_code == 200


def test_whoever_sees_the_prompt_opens_a_trial_and_goes_on_from_it(client: Client, cast: Cast, version: Version) -> None:
    here = at(client, cast.alice).post(f"{BASE}try/", trial()).url
    page = text(at(client, cast.bob).get(here))
    assert f"http://testserver{here}" in page
    assert "Change and ask again" in page
    assert "Change and ask again" not in text(at(client, cast.vera).get(here))


def test_whoever_asked_for_a_prompt_tries_what_was_written_for_them(client: Client, cast: Cast, version: Version) -> None:
    assert at(client, cast.vera).post(f"{BASE}try/", trial()).status_code == 403
    wished(version.prompt, by=cast.vera)
    here = client.post(f"{BASE}try/", trial()).url
    answer_due()
    assert "SORT THIS CLAIM: THE PIPE BURST." in text(client.get(here))
    other = prompts.create_prompt(project=cast.claims, title="Other", actor=cast.alice)
    prompts.save_version(prompt=other, data=bundle(model=MODEL), change=prompts.Change(summary="x"), actor=cast.alice)
    assert client.post(f"{BASE}try/".replace("water-damage-triage", other.name), trial()).status_code == 403


def test_the_page_of_their_request_leads_there(client: Client, cast: Cast, version: Version) -> None:
    request = wished(version.prompt, by=cast.vera)
    newer = written(request, by=cast.alice)
    page = text(at(client, cast.vera).get(f"/p/claims/requests/{request.uid}/"))
    assert f"{BASE}try/?side={newer.semver}" in page
    assert client.get(f"{BASE}try/?side={newer.semver}").status_code == 200


def test_they_stop_their_own_trials_and_start_no_runs(client: Client, cast: Cast, version: Version) -> None:
    cases = Cases.model_validate({"cases": [{"values": {"claim": "x"}}]})
    suite = add_suite(prompt=version.prompt, name="Usual", cases=cases, actor=cast.alice)
    wished(version.prompt, by=cast.vera)
    theirs = at(client, cast.alice).post(f"{BASE}try/", trial()).url
    mine = at(client, cast.vera).post(f"{BASE}try/", trial()).url
    assert client.post(f"{theirs}stop/").status_code == 403
    assert client.post(f"{mine}stop/").status_code == 303
    assert client.post(f"{BASE}tests/{suite.uid}/run/", {"side": "1.0.0"}).status_code == 403


def test_they_are_bounded_by_the_day_as_everybody_is(client: Client, cast: Cast, version: Version, settings: Any) -> None:
    settings.MODEL_CALLS_A_DAY = 1
    wished(version.prompt, by=cast.vera)
    at(client, cast.vera).post(f"{BASE}try/", trial())
    page = client.post(f"{BASE}try/", trial(**{"value-claim": "Another."}))
    assert page.status_code == 409
    assert "You may ask models 1 times in 24 hours" in text(page)


def test_what_a_tool_is_asked_with_stands_in_a_table(client: Client, cast: Cast, prompt: Prompt) -> None:
    tools = [{"name": "find_policy", "description": "Finds a policy.", "input_schema": {"type": "object"}}]
    data = bundle(model=MODEL, tools=tools, tool_choice="any")
    prompts.save_version(prompt=prompt, data=data, change=prompts.Change(summary="Tools."), actor=cast.alice)
    here = at(client, cast.alice).post(f"{BASE}try/", trial()).url
    asked = (
        {"name": "find_policy", "input": {"number": "H-1", "old": [1, {"a": None}]}},
        {"name": "now", "input": {}},
        {"name": "odd", "input": "?"},
    )
    with saying(lambda call: said("", tool_calls=asked)):
        answer_due()
    page = text(client.get(here))
    assert '<th scope="row" dir="auto">number</th>' in page
    assert "[1, {&quot;a&quot;: null}]" in client.get(here).content.decode()
    assert "1 tool offered: one of them has to be called" in page
    assert "Finds a policy." in page
    assert worker.answer_due() == 0

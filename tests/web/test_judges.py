"""Judges in pages: who judges in a project, who judged a run, and which of two answers is better."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from promptstudio.evaluations.cases import parse_cases
from promptstudio.evaluations.judge_services import choose_judge
from promptstudio.evaluations.judge_texts import built_in
from promptstudio.evaluations.model_runner import Call, Said
from promptstudio.evaluations.models import Bench, Contest, JudgeChoice, Run, Suite
from promptstudio.evaluations.run_services import start_run
from promptstudio.evaluations.suite_services import add_suite
from promptstudio.evaluations.worker import answer_due
from promptstudio.prompts import services as prompts
from promptstudio.prompts.catalogue import BUILT_IN
from promptstudio.prompts.models import Prompt, Version
from promptstudio.web.views import contests
from tests.cast import Cast, a_prompt, bundle
from tests.evaluations.scripted import MODEL, PATH, said, saying

from .reading import HOSTILE, HTMX, at, queries, text, typed_back

JUDGES = "/p/claims/settings/judges/"
PROMPT = "/p/claims/prompts/water-damage-triage/-/"
NOVA, LITE = "amazon.nova-pro-v1:0", "amazon.nova-lite-v1:0"
POLITE = {"type": "llm-rubric", "value": "makes no promise of payout"}


def says(call: Call) -> Said:
    form = json.dumps(call.output_schema or {})
    if "verdict" in form:
        return said(json.dumps({"because": f"It promises nothing. {HOSTILE}", "verdict": "yes", "points": 9}), request_id="judge-7")
    if "better" in form:
        first = call.rendered.messages[0].text.partition("the first answer\n")[2]
        return said(json.dumps({"because": "It says more.", "better": "first" if first.startswith(f"From {LITE}") else "second"}))
    return said(f"From {call.model}: {HOSTILE}")


@pytest.fixture(autouse=True)
def calls(settings: Any) -> Iterator[list[Call]]:
    settings.MODEL_RUNNER = PATH
    with saying(says) as heard:
        yield heard


@pytest.fixture
def suite(cast: Cast, prompt: Prompt) -> Suite:
    prompts.save_version(prompt=prompt, data=bundle(model=MODEL), change=prompts.Change(summary="First."), actor=cast.alice)
    cases = [{"uid": str(n), "name": f"Case {n}", "values": {"claim": "The pipe burst."}, "assertions": [POLITE]} for n in range(2)]
    return add_suite(prompt=prompt, name="Usual claims", cases=parse_cases({"cases": cases}), actor=cast.alice)


def run_of(cast: Cast, suite: Suite, model: str = "") -> Run:
    version = suite.prompt.versions.get()
    return start_run(suite=suite, bundle=version.bundle, label="1.0.0", version=version, model=model, actor=cast.alice)


def our_judge(cast: Cast, title: str = "Our judge") -> Version:
    prompt = a_prompt(cast.claims, by=cast.alice, title=title)
    own = built_in(Bench.ONE, NOVA, BUILT_IN).as_json()
    return prompts.save_version(prompt=prompt, data=own, change=prompts.Change(summary="First."), actor=cast.alice)


def test_the_judges_are_there_with_their_words(client: Client, cast: Cast) -> None:
    page = text(at(client, cast.vera).get(JUDGES))
    assert page.count("The judge of Prompt Studio") >= 2
    assert "Which of them stands first means nothing" in page
    assert "Your role does not allow you to change the settings" in page
    assert f"{JUDGES}one/copy/" not in page


def test_an_admin_chooses_a_prompt_by_its_title(client: Client, cast: Cast) -> None:
    version = our_judge(cast)
    typed = {"who": "own", "prompt": "our JUDGE", "version": "1.0.0", "model": LITE}
    page = at(client, cast.dora).post(f"{JUDGES}one/", typed, follow=True)
    assert "This judge decides from the next run on." in text(page)
    assert (JudgeChoice.objects.get().version, JudgeChoice.objects.get().model) == (version, LITE)
    assert "Our judge" in text(page)
    assert 'value="our-judge"' in text(client.get(f"{JUDGES}one/"))
    assert client.post(f"{JUDGES}one/", typed).status_code == 409


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "Choose who judges."),
        ({"who": "own"}, "Choose a prompt."),
        ({"who": "own", "prompt": HOSTILE[:200]}, "Choose a prompt."),
        ({"who": "own", "prompt": "Our judge", "version": "9.9.9"}, "This prompt has no version 9.9.9."),
        ({"who": "own", "prompt": "Our judge"}, "Nothing is live of this prompt."),
        ({"who": "own", "prompt": "Water damage triage", "version": "1.0.0"}, "A judge needs the variables"),
        ({"who": "studio", "model": "no model at all"}, "This is not how Bedrock names a model."),
        ({"who": "studio", "model": "x" * 3000}, "This is too long"),
    ],
)
def test_what_cannot_judge_is_said_at_its_field(client: Client, cast: Cast, suite: Suite, typed: dict[str, str], sentence: str) -> None:
    our_judge(cast)
    page = at(client, cast.dora).post(f"{JUDGES}one/", typed)
    assert page.status_code == 422
    assert sentence in text(page)
    assert typed_back(page, typed.get("prompt", ""))
    assert not JudgeChoice.objects.exists()


def test_there_are_two_benches_and_no_third(client: Client, cast: Cast) -> None:
    assert at(client, cast.dora).get(f"{JUDGES}pair/").status_code == 200
    assert client.get(f"{JUDGES}jury/").status_code == 404


def test_studios_judge_becomes_a_prompt_that_may_judge(client: Client, cast: Cast) -> None:
    page = at(client, cast.alice).post(f"{JUDGES}pair/copy/", follow=True)
    assert "This is a copy of Prompt Studio" in text(page)
    version = Prompt.objects.get(title="Judge of two answers").versions.get()
    choose_judge(project=cast.claims, bench=Bench.PAIR, prompt=version.prompt, version=version, actor=cast.dora)


def test_a_judge_that_a_reader_does_not_see_has_no_name_for_them(client: Client, cast: Cast, suite: Suite) -> None:
    version = our_judge(cast, "Secret judge")
    choose_judge(project=cast.claims, bench=Bench.ONE, prompt=version.prompt, version=version, actor=cast.dora)
    run = run_of(cast, suite)
    answer_due()
    prompts.restrict_prompt(prompt=version.prompt, people=[cast.alice.user], actor=cast.alice)
    for address in (JUDGES, f"{JUDGES}one/", f"{PROMPT}runs/{run.uid}/"):
        page = text(at(client, cast.bob).get(address))
        assert "Secret judge" not in page
        assert "secret-judge" not in page
    assert "a prompt that you do not see" in text(client.get(f"{PROMPT}runs/{run.uid}/"))


def test_a_run_says_who_judged_it(client: Client, cast: Cast, suite: Suite) -> None:
    run = run_of(cast, suite)
    page = text(at(client, cast.alice).get(f"{PROMPT}runs/{run.uid}/"))
    assert "Judged by the judge of Prompt Studio with Claude Sonnet 4.6." in page
    answer_due()
    page = client.get(f"{PROMPT}runs/{run.uid}/", headers=HTMX)
    assert "It promises nothing." in text(page)
    assert "judge-7" in text(page)
    assert "<script>alert" not in page.content.decode()
    assert "Another judge decides now" not in text(page)


def test_what_another_judge_said_is_marked(client: Client, cast: Cast, suite: Suite) -> None:
    run = run_of(cast, suite)
    answer_due()
    at(client, cast.alice)
    pages = [f"{PROMPT}tests/{suite.uid}/{page}" for page in ("", "results/", "over-versions/")]
    assert not [page for page in pages if "another judge" in text(client.get(page))]
    choose_judge(project=cast.claims, bench=Bench.ONE, model=NOVA, actor=cast.dora)
    assert "Another judge decides now" in text(client.get(f"{PROMPT}runs/{run.uid}/"))
    assert [page for page in pages if "another judge" in text(client.get(page))] == pages
    choose_judge(project=cast.claims, bench=Bench.ONE, actor=cast.dora)
    assert "Another judge decides now" not in text(client.get(f"{PROMPT}runs/{run.uid}/"))


def test_the_costs_of_judging_stand_there_before(client: Client, cast: Cast, suite: Suite) -> None:
    page = text(at(client, cast.alice).get(f"{PROMPT}tests/{suite.uid}/"))
    assert "2 calls and 2 of the judge, at most" in page
    version = our_judge(cast)
    JudgeChoice.objects.create(project=cast.claims, bench=Bench.ONE, prompt=version.prompt, chosen_by=cast.dora.user)
    page = client.post(f"{PROMPT}tests/{suite.uid}/run/", {"side": "1.0.0"})
    assert page.status_code == 422
    assert "Nothing is live of the prompt that judges here." in text(page)


def test_a_run_takes_the_same_queries_however_much_was_judged(client: Client, cast: Cast, suite: Suite) -> None:
    one = run_of(cast, suite)
    answer_due()
    at(client, cast.alice)
    few = queries(client, f"{PROMPT}runs/{one.uid}/")
    version = suite.prompt.versions.get()
    many = start_run(suite=suite, bundle=version.bundle, label="1.0.0", version=version, repeats=5, actor=cast.alice)
    answer_due()
    assert queries(client, f"{PROMPT}runs/{many.uid}/") == few


def test_two_runs_are_compared_case_by_case(client: Client, cast: Cast, suite: Suite) -> None:
    first, second = run_of(cast, suite), run_of(cast, suite, LITE)
    answer_due()
    at(client, cast.alice)
    address = f"{PROMPT}runs/{first.uid}/compare/"
    assert "At most 4 calls of the judge" in text(client.get(address))
    page = client.post(address, {"other": str(second.uid), "criterion": "Says more."}, follow=True)
    assert "2 of 2 pairs are on their way" in text(page)
    answer_due()
    contest = Contest.objects.get()
    page = client.get(f"{PROMPT}judged/{contest.uid}/", headers=HTMX)
    assert "in <b>0</b>, <b>1.0.0 on Amazon Nova Lite</b> in <b>2</b>" in text(page)
    assert text(page).count("It says more.") == 4
    assert "<script>alert" not in page.content.decode()
    assert "hx-trigger" not in text(page)
    assert "None of them." in text(client.get(f"{PROMPT}judged/{contest.uid}/?show=first"))
    assert "Case 0" in text(client.get(f"{PROMPT}judged/{contest.uid}/?show=second"))
    assert f"/judged/{contest.uid}/" in text(client.get(f"{PROMPT}runs/{second.uid}/"))


@pytest.mark.parametrize(
    ("typed", "status"),
    [({}, 422), ({"other": "nonsense"}, 404), ({"other": "itself", "criterion": "x"}, 422), ({"other": "second", "criterion": " "}, 422)],
)
def test_what_cannot_be_compared_is_said_and_stays(client: Client, cast: Cast, suite: Suite, typed: dict[str, str], status: int) -> None:
    first, second = run_of(cast, suite), run_of(cast, suite, LITE)
    answer_due()
    runs = {"itself": str(first.uid), "second": str(second.uid)}
    page = at(client, cast.alice).post(f"{PROMPT}runs/{first.uid}/compare/", {name: runs.get(each, each) for name, each in typed.items()})
    assert page.status_code == status
    assert not Contest.objects.exists()


def test_whoever_only_reads_has_nothing_compared(client: Client, cast: Cast, suite: Suite) -> None:
    first, second = run_of(cast, suite), run_of(cast, suite, LITE)
    answer_due()
    address = f"{PROMPT}runs/{first.uid}/compare/"
    assert at(client, cast.vera).get(address).status_code == 200
    assert client.post(address, {"other": str(second.uid), "criterion": "x"}).status_code == 403
    assert at(client, cast.charlie).get(address).status_code == 404


def test_a_contest_takes_the_same_queries_however_many_cases(client: Client, cast: Cast, suite: Suite) -> None:
    first, second = run_of(cast, suite), run_of(cast, suite, LITE)
    answer_due()
    at(client, cast.alice).post(f"{PROMPT}runs/{first.uid}/compare/", {"other": str(second.uid), "criterion": "x"})
    answer_due()
    contest = Contest.objects.get()
    both = queries(client, f"{PROMPT}judged/{contest.uid}/")
    contest.bouts.filter(case="1").delete()
    first.results.filter(case="1").update(case="gone")
    assert queries(client, f"{PROMPT}judged/{contest.uid}/") == both


def test_pairs_are_read_page_by_page(client: Client, cast: Cast, suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contests, "PER_PAGE", 1)
    first, second = run_of(cast, suite), run_of(cast, suite, LITE)
    answer_due()
    at(client, cast.alice).post(f"{PROMPT}runs/{first.uid}/compare/", {"other": str(second.uid), "criterion": "x"})
    answer_due()
    here = f"{PROMPT}judged/{Contest.objects.get().uid}/"
    one, two = text(client.get(f"{here}?show=second")), text(client.get(f"{here}?show=second&page=2"))
    assert ("Case 0" in one, "Case 1" in one, "Page 1 of 2" in one) == (True, False, True)
    assert ("Case 0" in two, "Case 1" in two) == (False, True)
    assert "?show=neither" in two, "another filter begins at its first page"

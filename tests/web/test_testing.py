"""Tests of prompts in pages: suites as tables, run on versions and drafts, and how each case came out."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils.html import strip_tags

from promptstudio.deployments import published
from promptstudio.evaluations.cases import Cases
from promptstudio.evaluations.model_runner import Call
from promptstudio.evaluations.models import ModelPace, Run, Suite
from promptstudio.evaluations.run_services import start_run
from promptstudio.evaluations.suite_services import add_suite
from promptstudio.evaluations.worker import answer_due
from promptstudio.lib import clock
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Version
from promptstudio.web.forms.check_choices import OFFERED
from promptstudio.web.forms.run_form import published_choices
from promptstudio.web.progress import in_words
from promptstudio.web.templatetags.answers import wanted
from tests.cast import Cast, bundle, promote
from tests.deployments.fake_target import KIND, a_target, publish_everything, use_fake_publisher
from tests.evaluations.scripted import MODEL

from .reading import HOSTILE, HTMX, at, queries, text

pytestmark = pytest.mark.usefixtures("calls")

OTHER = "amazon.nova-lite-v1:0"
BASE = "/p/claims/prompts/water-damage-triage/-/tests/"


def words(page: Any) -> str:
    """What a reader sees, without markup."""
    return " ".join(strip_tags(text(page).replace("<", " <")).split()).replace(" :", ":")


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    return prompts.save_version(prompt=prompt, data=bundle(model=MODEL), change=prompts.Change(summary="First."), actor=cast.alice)


@pytest.fixture
def suite(cast: Cast, version: Version) -> Suite:
    checks = [{"type": "icontains", "value": "pipe"}]
    cases = [
        {"uid": str(n), "name": name, "values": {"claim": claim}, "assertions": checks} for n, (name, claim) in enumerate(CLAIMS.items())
    ]
    return add_suite(prompt=version.prompt, name="Usual claims", cases=Cases.model_validate({"cases": cases}), actor=cast.alice)


CLAIMS = {"Burst pipe": "The pipe burst.", "Storm": "A tree fell."}


def test_a_suite_is_made_run_and_read(client: Client, cast: Cast, version: Version) -> None:
    at(client, cast.alice)
    made = {"case": "1", "c1-name": "Burst pipe", "c1-value-claim": "The pipe burst.", "c1-check": "2", "k2-type": "icontains"}
    page = client.post(f"{BASE}new/", {"name": "Usual claims", **made, "k2-value": "PIPE"}, follow=True)
    assert "The suite Usual claims is there." in text(page)
    suite = Suite.objects.get()
    assert "1 call, at most" in text(page)
    page = client.post(f"{BASE}{suite.uid}/run/", {"side": "1.0.0"}, follow=True)
    assert "1 on its way" in text(page)
    answer_due()
    run = Run.objects.get()
    page = client.get(f"/p/claims/prompts/water-damage-triage/-/runs/{run.uid}/", headers=HTMX)
    assert "1 passed" in text(page)
    assert "hx-trigger" not in text(page)
    assert "SORT THIS CLAIM: THE PIPE BURST." in text(page)
    assert "1 passed" in text(client.get(BASE))


def test_failures_can_be_looked_at_alone(client: Client, cast: Cast, suite: Suite) -> None:
    at(client, cast.alice)
    client.post(f"{BASE}{suite.uid}/run/", {"side": "1.0.0"})
    answer_due()
    run = Run.objects.get()
    page = text(client.get(f"/p/claims/prompts/water-damage-triage/-/runs/{run.uid}/?show=failed"))
    assert "Storm" in page
    assert "SORT THIS CLAIM: THE PIPE BURST." not in page
    assert "passed" in text(client.get(f"{BASE}{suite.uid}/"))


def test_a_draft_is_tested_before_it_is_saved(client: Client, cast: Cast, suite: Suite) -> None:
    draft = prompts.open_draft(prompt=suite.prompt, actor=cast.alice)
    at(client, cast.alice).post(f"{BASE}{suite.uid}/run/", {"side": f"draft:{draft.uid}"})
    run = Run.objects.get()
    assert (run.draft, run.version, run.label, run.title) == (draft, None, "Draft", "Draft of Alice")


def form_of(suite: Suite, **changed: str) -> dict[str, Any]:
    """As the page of its cases sends it, with other words for what is filled in."""
    sent: dict[str, Any] = {"follows": str(suite.newest.number), "case": [], "stood": []}
    for number, case in enumerate(suite.newest.cases, start=1):
        row = {"uid": case.uid, "name": case.name, "value-claim": changed.get(f"c{case.uid}", case.values["claim"]), "check": f"9{number}"}
        sent |= {f"c{number}-{name}": value for name, value in row.items()}
        sent |= {f"k9{number}-type": "icontains", f"k9{number}-value": "pipe", f"k9{number}-was": "0"}
        sent["case"].append(str(number))
        sent["stood"].append(case.uid)
    return sent


def claims_of(suite: Suite) -> list[Any]:
    return [case.values["claim"] for case in suite.newest.cases]


def test_what_two_people_change_in_different_cases_is_merged(client: Client, cast: Cast, suite: Suite) -> None:
    mine, theirs = form_of(suite, c0="Mine"), form_of(suite, c1="Theirs")
    assert at(client, cast.alice).post(f"{BASE}{suite.uid}/edit/", mine).status_code == 303
    page = at(client, cast.bob).post(f"{BASE}{suite.uid}/edit/", theirs, follow=True)
    assert "The cases are saved, with what Alice changed meanwhile." in text(page)
    assert claims_of(suite) == ["Mine", "Theirs"]


def test_a_case_that_both_change_is_named_and_nothing_else_is_at_stake(client: Client, cast: Cast, suite: Suite) -> None:
    mine, theirs = form_of(suite, c0="Mine", c1="Mine too"), form_of(suite, c0="Theirs")
    at(client, cast.alice).post(f"{BASE}{suite.uid}/edit/", mine)
    page = at(client, cast.bob).post(f"{BASE}{suite.uid}/edit/", theirs)
    assert page.status_code == 409
    assert "Alice saved these cases" in text(page)
    assert "and changed “Burst pipe” as well" in text(page)
    assert ("Theirs" in text(page), "Mine too" in text(page)) == (True, True)
    assert claims_of(suite) == ["Mine", "Mine too"]
    again = theirs | {"follows": "2", "c2-value-claim": "Mine too"}
    assert 'name="follows" value="2"' in text(page)
    assert client.post(f"{BASE}{suite.uid}/edit/", again).status_code == 303
    assert claims_of(suite) == ["Theirs", "Mine too"]


def test_a_case_that_one_takes_away_while_another_changes_it_is_asked_about(client: Client, cast: Cast, suite: Suite) -> None:
    gone = form_of(suite)
    gone["case"] = ["2"]
    at(client, cast.alice).post(f"{BASE}{suite.uid}/edit/", form_of(suite, c0="Changed"))
    page = at(client, cast.bob).post(f"{BASE}{suite.uid}/edit/", gone)
    assert page.status_code == 409
    assert client.post(f"{BASE}{suite.uid}/edit/", gone | {"follows": "2"}).status_code == 303
    assert claims_of(suite) == ["A tree fell."]


def test_an_archived_suite_is_found_and_restored(client: Client, cast: Cast, suite: Suite) -> None:
    at(client, cast.alice).post(f"{BASE}{suite.uid}/archive/")
    assert "1 archived" in text(client.get(BASE))
    assert "Restore it" in text(client.get(f"{BASE}{suite.uid}/"))
    page = client.post(f"{BASE}{suite.uid}/restore/", follow=True)
    assert "is there again" in text(page)
    assert "archived" not in text(client.get(BASE))


def test_whoever_only_reads_changes_and_runs_nothing(client: Client, cast: Cast, suite: Suite) -> None:
    at(client, cast.vera)
    assert client.get(f"{BASE}{suite.uid}/").status_code == 200
    assert client.post(f"{BASE}{suite.uid}/run/", {"side": "1.0.0"}).status_code == 403
    assert client.post(f"{BASE}new/", {"name": "x"}).status_code == 403
    assert at(client, cast.charlie).get(f"{BASE}{suite.uid}/").status_code == 404


def test_hostile_words_stay_words(client: Client, cast: Cast, version: Version) -> None:
    at(client, cast.alice)
    made = {"case": "1", "c1-name": HOSTILE[:200], "c1-value-claim": HOSTILE, "c1-check": "2", "k2-type": "icontains", "k2-value": HOSTILE}
    page = client.post(f"{BASE}new/", {"name": "<b>x</b>", **made}, follow=True)
    assert "<script>alert" not in page.content.decode()
    client.post(f"{BASE}{Suite.objects.get().uid}/run/", {"side": "1.0.0"})
    answer_due()
    page = client.get(f"/p/claims/prompts/water-damage-triage/-/runs/{Run.objects.get().uid}/")
    assert "<script>alert" not in page.content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.content.decode()


def test_the_tests_take_the_same_queries_however_many(client: Client, cast: Cast, suite: Suite) -> None:
    at(client, cast.alice)
    client.post(f"{BASE}{suite.uid}/run/", {"side": "1.0.0"})
    one, page = queries(client, BASE), queries(client, f"{BASE}{suite.uid}/")
    for number in range(3):
        add_suite(prompt=suite.prompt, name=f"Suite {number}", cases=suite.newest.content, actor=cast.alice)
        client.post(f"{BASE}{suite.uid}/run/", {"side": "1.0.0"})
    assert queries(client, BASE) == one
    assert queries(client, f"{BASE}{suite.uid}/") == page


def test_checks_are_named_so_that_they_follow_the_answer() -> None:
    labels = {kind: label for _, kinds in OFFERED for kind, label in kinds}
    assert (labels["icontains"], labels["not-icontains-any"]) == ("contains", "contains none of")
    assert labels["contains-all"] == "contains all of (capitals matter)"
    assert labels["llm-rubric"] == "does this, says a judge:"
    assert [kinds[0][0] for _, kinds in OFFERED] == ["icontains", "llm-rubric"], "what most people want comes first"


def test_a_suite_is_run_on_several_versions_and_models_at_once(client: Client, cast: Cast, suite: Suite) -> None:
    prompts.save_version(
        prompt=suite.prompt, data=bundle("Sort {{claim}}", model=MODEL), change=prompts.Change(summary="Shorter."), actor=cast.alice
    )
    order = {"side": ["1.0.0", "1.0.1"], "model": ["own", OTHER, ""], "repeats": "2", "most": "1,50"}
    page = at(client, cast.alice).post(f"{BASE}{suite.uid}/run/", order, follow=True)
    assert "4 runs are on their way" in text(page)
    runs = Run.objects.order_by("id")
    assert [(run.label, run.model) for run in runs] == [("1.0.0", ""), ("1.0.0", OTHER), ("1.0.1", ""), ("1.0.1", OTHER)]
    assert {(run.repeats, run.most) for run in runs} == {(2, Decimal("1.5"))}


def test_what_it_takes_is_told_before_for_each_model_and_together(client: Client, cast: Cast, suite: Suite) -> None:
    order = {"side": "1.0.0", "model": ["own", OTHER], "repeats": "3", "estimate": "1"}
    page = words(at(client, cast.alice).post(f"{BASE}{suite.uid}/run/", order, headers=HTMX))
    assert "1.0.0 on Claude Sonnet 4.5: 6 calls, at most" in page
    assert "Together: 12 calls, at most" in page
    assert "tokens in, at most" in page
    whole = client.post(f"{BASE}{suite.uid}/run/", order)
    assert whole.status_code == 200
    assert "Together: 12 calls" in words(whole)
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"repeats": "0"}, "a number between 1 and 20"),
        ({"repeats": "many"}, "a number between 1 and 20"),
        ({"most": "two"}, "The ceiling is an amount of US dollars"),
        ({"most": "-1"}, "The ceiling is an amount of US dollars"),
        ({"most": "9" * 30}, "The ceiling is an amount of US dollars"),
        ({"most": "0.000001"}, "One answer alone may cost"),
        ({"model": HOSTILE}, "not how Bedrock names a model"),
        ({"side": "env:production"}, "nothing can be tested"),
        ({"model": [f"model-{number}" for number in range(13)], "side": "1.0.0"}, "These are 13 runs."),
        ({"side": ["1.0.0", "prompt:water-damage-triage"]}, "Another prompt is tested on its own page."),
    ],
)
def test_what_is_wrong_in_the_form_is_said_at_its_field_and_stays(
    client: Client, cast: Cast, suite: Suite, wrong: dict[str, Any], said: str
) -> None:
    page = at(client, cast.alice).post(f"{BASE}{suite.uid}/run/", {"side": "1.0.0", "repeats": "1", "most": "", **wrong})
    assert page.status_code == 422
    assert said in text(page)
    assert re.search(r'id="(side|model|repeats|most)-error"', page.content.decode())
    assert not Run.objects.exists()
    hint = client.post(f"{BASE}{suite.uid}/run/", {"side": "1.0.0", "estimate": "1", **wrong}, headers=HTMX)
    assert (hint.status_code, "error" in hint.content.decode()) == (200, False)


def test_a_run_says_how_far_it_is_what_it_cost_and_why_it_waits(client: Client, cast: Cast, suite: Suite) -> None:
    at(client, cast.alice).post(f"{BASE}{suite.uid}/run/", {"side": "1.0.0", "most": "5"})
    run = Run.objects.get()
    address = f"/p/claims/prompts/water-damage-triage/-/runs/{run.uid}/"
    answer_due(most=1)
    assert "1 of 2 a few seconds left 0.45 US cents so far ceiling 5.00 US dollars" in words(client.get(address, headers=HTMX))
    ModelPace.objects.update(paused_until=clock.now() + timedelta(minutes=3))
    page = words(client.get(address, headers=HTMX))
    assert "Claude Sonnet 4.5 asks us to wait until" in page
    assert "seconds left" not in page
    ModelPace.objects.update(paused_until=None)
    answer_due()
    assert "2 of 2 0.9 US cents ceiling" in words(client.get(address, headers=HTMX))


def test_a_run_that_reached_its_ceiling_says_so_at_its_top(client: Client, cast: Cast, suite: Suite) -> None:
    run = start_run(suite=suite, bundle=suite.prompt.newest.bundle, label="1.0.0", most=Decimal(1), actor=cast.alice)
    Run.objects.update(most=Decimal("0.001"))
    answer_due()
    page = text(at(client, cast.alice).get(f"/p/claims/prompts/water-damage-triage/-/runs/{run.uid}/"))
    assert "It stopped at its ceiling of 0.1 US cents." in page
    assert "2 questions were not asked any more" in page
    assert "2 could not be told" in page


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "a few seconds left"),
        (31, "about 30 seconds left"),
        (70, "about a minute left"),
        (150, "about 2 minutes left"),
        (7000, "2 hours"),
    ],
)
def test_time_that_is_left_is_rounded(seconds: float, words: str) -> None:
    assert words in in_words(seconds)


def test_failures_come_first_and_each_time_is_told_apart(client: Client, cast: Cast, suite: Suite) -> None:
    at(client, cast.alice).post(f"{BASE}{suite.uid}/run/", {"side": "1.0.0", "repeats": "2"})
    answer_due()
    page = words(client.get(f"/p/claims/prompts/water-damage-triage/-/runs/{Run.objects.get().uid}/"))
    assert 0 < page.index("Storm 1 of 2") < page.index("Storm 2 of 2") < page.index("Burst pipe 1 of 2")


def test_what_is_published_can_be_called_from_the_form(
    client: Client, cast: Cast, suite: Suite, calls: list[Call], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "CALLABLE", KIND)
    use_fake_publisher(settings)
    a_target(cast.development, by=cast.dora)
    promote(suite.prompt.newest, cast.development, by=cast.alice)
    publish_everything()
    [(address, label)] = published_choices(suite.prompt)
    assert label in text(at(client, cast.alice).get(f"{BASE}{suite.uid}/"))
    order = {"side": [address, "1.0.0"], "repeats": "1"}
    assert "2 runs are on their way" in text(client.post(f"{BASE}{suite.uid}/run/", order, follow=True))
    answer_due()
    assert sorted(call.address for call in calls) == ["", "", "arn:fake:1", "arn:fake:1"]
    page = client.get(f"/p/claims/prompts/water-damage-triage/-/runs/{Run.objects.get(address='arn:fake:1').uid}/")
    assert "called as applications call it: arn:fake:1" in text(page)
    both = client.post(f"{BASE}{suite.uid}/run/", {"side": address, "model": OTHER, "repeats": "1"})
    assert (both.status_code, "with the model that it was published with" in text(both)) == (422, True)
    gone = client.post(f"{BASE}{suite.uid}/run/", {"side": f"published:{uuid4()}", "repeats": "1"})
    assert (gone.status_code, "not published there any more" in text(gone)) == (409, True)
    assert client.post(f"{BASE}{suite.uid}/run/", {"side": "published:x", "repeats": "1"}).status_code == 404


def test_what_was_typed_stays_when_another_form_of_the_page_is_refused(client: Client, cast: Cast, suite: Suite, settings: Any) -> None:
    settings.RUN_CEILING = Decimal(2)
    page = at(client, cast.alice).post(f"{BASE}{suite.uid}/change/", {"name": ""})
    assert (page.status_code, 'value="2.00"' in text(page)) == (422, True)


def test_without_script_an_estimate_says_what_is_wrong(client: Client, cast: Cast, suite: Suite) -> None:
    page = at(client, cast.alice).post(f"{BASE}{suite.uid}/run/", {"side": "1.0.0", "repeats": "99", "estimate": "1"})
    assert "a number between 1 and 20" in text(page)
    assert not Run.objects.exists()


def test_each_case_stands_there_once_with_what_its_answers_say_together(client: Client, cast: Cast, version: Version) -> None:
    checks = [{"type": "icontains", "value": "pipe"}]
    rows = [{"uid": str(n), "name": f"Case {n}", "values": {"claim": "x"}, "assertions": checks} for n in range(2)]
    cases = Cases.model_validate({"cases": [rows[0], rows[1] | {"must_never_fail": True}]})
    suite = add_suite(prompt=version.prompt, name="Usual claims", cases=cases, actor=cast.alice)
    run = start_run(suite=suite, bundle=version.bundle, label="1.0.0", version=version, repeats=3, actor=cast.alice)
    at(client, cast.alice)
    page = client.get(f"{BASE}{suite.uid}/", headers=HTMX)
    assert "every 3s" in text(page)
    assert "<form" not in page.content.decode()
    answers = {"0": ["A pipe.", "A tree.", "Pipes."], "1": ["Pipes.", "A tree.", "Pipes."]}
    for case, said in answers.items():
        for result, answer in zip(run.results.filter(case=case), said, strict=True):
            result.outcome = "passed" if "ipe" in answer else "failed"
            result.save()
    page = client.get(f"{BASE}{suite.uid}/", headers=HTMX)
    assert "every 3s" not in text(page)
    told = words(page)
    assert "passed 2 of 3" in told.partition("Case 1")[0]
    assert "failed 1 of 3" in told.partition("Case 1")[2], "one that must never fail does not fail one time in three"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("pipe", "“pipe”"),
        (["pipe", "hose"], "“pipe”, “hose”"),
        ([str(number) for number in range(7)], "“0”, “1”, “2”, “3”, “4” and 2 more"),
        ({"max": 150}, "at most 150"),
        ({"min": 2, "max": 150}, "at least 2 and at most 150"),
        ({"type": "object"}, '“{"type": "object"}”'),
        (7, "“7”"),
        (None, ""),
    ],
)
def test_what_is_looked_for_is_said_as_people_say_it(value: Any, said: str) -> None:
    assert wanted(value) == said

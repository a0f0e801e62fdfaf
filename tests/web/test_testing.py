"""Tests of prompts in pages: suites as tables, pasted from Excel, run on versions and drafts, and how each case came out."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from promptstudio.evaluations.cases import Cases
from promptstudio.evaluations.model_runner import Call
from promptstudio.evaluations.models import Run, Suite
from promptstudio.evaluations.suite_services import add_suite
from promptstudio.evaluations.worker import answer_due
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Version
from promptstudio.web.forms.suite_form import OFFERED
from tests.cast import Cast, bundle
from tests.evaluations.scripted import MODEL, PATH, saying

from .reading import HOSTILE, HTMX, at, queries, text

BASE = "/p/claims/prompts/water-damage-triage/-/tests/"
PASTED = "claim\tname\tmust contain\tmust not contain\nThe pipe burst.\tBurst pipe\tpipe\tguarantee\nA tree fell.\tStorm\tpipe\t\n"


@pytest.fixture(autouse=True)
def calls(settings: Any) -> Iterator[list[Call]]:
    settings.MODEL_RUNNER = PATH
    with saying() as heard:
        yield heard


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


def test_rows_pasted_from_excel_become_cases(client: Client, cast: Cast, version: Version) -> None:
    at(client, cast.alice)
    page = client.post(f"{BASE}new/", {"name": "Usual claims", "pasted": PASTED, "step": "paste"})
    assert page.status_code == 200
    assert not Suite.objects.exists(), "adding rows saves nothing yet"
    fields = page.context["fields"]
    assert [(row.name, row.values, [(c.type, c.value) for c in row.checks]) for row in fields.cases] == [
        ("Burst pipe", {"claim": "The pipe burst."}, [("icontains", "pipe"), ("not-icontains", "guarantee")]),
        ("Storm", {"claim": "A tree fell."}, [("icontains", "pipe")]),
    ]


def test_a_table_that_cannot_be_read_says_why_and_stays(client: Client, cast: Cast, version: Version) -> None:
    page = at(client, cast.alice).post(f"{BASE}new/", {"pasted": "one line", "step": "paste"})
    assert page.status_code == 422
    assert "Paste a table: a first row with the names of the columns" in text(page)
    assert "one line" in text(page)
    page = client.post(f"{BASE}new/", {"pasted": "a\tb\n1\t2", "step": "paste"})
    assert "No column is called like a variable of this prompt (claim)." in text(page)


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


def test_cases_that_were_saved_meanwhile_are_not_written_over(client: Client, cast: Cast, suite: Suite) -> None:
    at(client, cast.alice)
    mine = {"follows": "1", "case": "1", "c1-uid": "0", "c1-name": "Mine", "c1-value-claim": "x", "c1-check": "2", "k2-type": "icontains"}
    assert client.post(f"{BASE}{suite.uid}/edit/", mine | {"k2-value": "x"}).status_code == 303
    page = at(client, cast.bob).post(f"{BASE}{suite.uid}/edit/", mine | {"c1-name": "Theirs", "k2-value": "y"})
    assert page.status_code == 409
    assert "Alice saved these cases" in text(page)
    assert "Theirs" in text(page)


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
    labels = dict(OFFERED)
    assert (labels["icontains"], labels["not-icontains-any"]) == ("contains", "contains none of")
    assert labels["contains-all"] == "contains all of (capitals matter)"
    assert OFFERED[0][0] == "icontains", "what most people want comes first"

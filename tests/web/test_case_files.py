"""Cases out of files: shown before anything is saved, corrected where they are wrong, and taken along again."""

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook

from promptstudio.evaluations.cases import Cases, parse_cases
from promptstudio.evaluations.files.writing import WRITERS
from promptstudio.evaluations.models import Suite
from promptstudio.evaluations.suite_services import add_suite, save_suite
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, bundle
from tests.evaluations.scripted import MODEL

from .reading import HOSTILE, at, text

pytestmark = pytest.mark.usefixtures("calls")

BASE = "/p/claims/prompts/water-damage-triage/-/tests/"
IMPORT = f"{BASE}import/"
PASTED = "claim\tname\tmust contain\tmust not contain\nThe pipe burst.\tBurst pipe\tpipe\tguarantee\nA tree fell.\tStorm\tpipe\t\n"


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    return prompts.save_version(prompt=prompt, data=bundle(model=MODEL), change=prompts.Change(summary="First."), actor=cast.alice)


@pytest.fixture
def suite(cast: Cast, version: Version) -> Suite:
    cases = [{"uid": "1", "name": "Burst pipe", "values": {"claim": "x"}}, {"uid": "2", "name": "Hail", "values": {"claim": "y"}}]
    return add_suite(prompt=version.prompt, name="Usual", cases=parse_cases({"cases": cases, "threshold": 0.9}), actor=cast.alice)


def file(name: str, content: bytes | str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)


def names(cases: Cases) -> list[str]:
    return [case.name for case in cases.cases]


def test_rows_pasted_from_excel_are_shown_and_then_saved(client: Client, cast: Cast, version: Version) -> None:
    page = at(client, cast.alice).post(IMPORT, {"text": PASTED, "step": "look"})
    assert page.status_code == 200
    assert not Suite.objects.exists(), "nothing is saved yet"
    assert "<b>2 cases</b> found in a table" in text(page)
    assert "the value of claim" in text(page)
    again = {"text": page.context["page"].typed, "format": "csv", "into": "new", "name": "Usual claims", "step": "save"}
    page = client.post(IMPORT, again, follow=True)
    assert "2 cases are saved in Usual claims." in text(page)
    [first, second] = Suite.objects.get().newest.cases
    assert (first.name, first.values, second.name) == ("Burst pipe", {"claim": "The pipe burst."}, "Storm")
    assert [(check.type, check.value) for check in first.assertions] == [("icontains", "pipe"), ("not-icontains", "guarantee")]


def test_a_workbook_is_read_and_its_formulas_are_not_computed(client: Client, cast: Cast, version: Version) -> None:
    book = Workbook()
    book.active.append(["claim", "must contain"])
    book.active.append(["The pipe burst.", "pipe"])
    book.active.append(["=1+1", "x"])
    written = io.BytesIO()
    book.save(written)
    page = at(client, cast.alice).post(IMPORT, {"file": file("cases.xlsx", written.getvalue()), "step": "look"})
    assert "1 cell holds a formula: the last result was taken, and nothing computed." in text(page)
    assert [case.values for case in page.context["page"].reading.cases] == [{"claim": "The pipe burst."}, {}]


@pytest.mark.parametrize("kind", WRITERS)
def test_what_is_taken_along_comes_in_again_and_changes_nothing(client: Client, cast: Cast, suite: Suite, kind: str) -> None:
    at(client, cast.vera)
    taken = client.get(f"{BASE}{suite.uid}/export/{kind}/")
    assert f'filename="water-damage-triage-usual.{kind}"' in taken.headers["Content-Disposition"]
    page = at(client, cast.alice).post(IMPORT, {"file": file(f"x.{kind}", taken.content), "into": f"replace:{suite.uid}", "step": "look"})
    assert page.context["page"].cases.digest == suite.newest.digest
    assert "0 new, 0 changed, 2 as they are" in text(page)
    sent = {"text": page.context["page"].typed, "format": kind, "into": f"replace:{suite.uid}", f"follows-{suite.uid}": "1", "step": "save"}
    page = client.post(IMPORT, sent)
    assert (page.status_code, suite.newest.number) == (409, 1)
    assert "Nothing changed" in text(page)


def test_rows_are_added_or_take_the_place_of_what_is_there(client: Client, cast: Cast, suite: Suite) -> None:
    at(client, cast.alice)
    sent = {"text": PASTED, "format": "csv", f"follows-{suite.uid}": "1", "step": "save"}
    client.post(IMPORT, sent | {"into": f"add:{suite.uid}"})
    assert names(suite.newest.content) == ["Burst pipe", "Hail", "Storm"], "the one that is called the same is the same"
    assert [case.uid for case in suite.newest.cases][:2] == ["1", "2"]
    client.post(IMPORT, sent | {"into": f"replace:{suite.uid}", f"follows-{suite.uid}": "2"})
    assert names(suite.newest.content) == ["Burst pipe", "Storm"]
    assert (suite.newest.number, suite.newest.content.threshold) == (3, 0.9)


def test_what_is_wrong_is_said_by_row_and_column_and_can_be_corrected(client: Client, cast: Cast, version: Version) -> None:
    at(client, cast.alice)
    wrong = "claim\tname\tweight\nx\tFirst\theavy\ny\tSecond\t2\n"
    page = client.post(IMPORT, {"text": wrong, "step": "look"})
    shown = text(page)
    assert "1 thing to correct" in shown
    assert '<th scope="row" class="nowrap">Row 2</th><td dir="auto">weight</td>' in shown
    sent = {"text": wrong, "format": "csv", "name": "Usual", "step": "save"}
    page = client.post(IMPORT, sent)
    assert page.status_code == 422
    assert "Correct what is wrong first, or leave it out." in text(page)
    assert "heavy" in text(page), "what was given stays"
    assert not Suite.objects.exists()
    client.post(IMPORT, sent | {"text": wrong.replace("heavy", "3")})
    client.post(IMPORT, sent | {"name": "Left out", "leave_out": "on"})
    assert client.post(IMPORT, sent | {"text": wrong.replace("2", "much"), "leave_out": "on"}).status_code == 422, "nothing would be left"
    assert {suite.name: names(suite.newest.content) for suite in Suite.objects.all()} == {
        "Usual": ["First", "Second"],
        "Left out": ["Second"],
    }


def test_an_owner_is_called_by_name_and_kept_without_one(client: Client, cast: Cast, version: Version) -> None:
    at(client, cast.alice)
    sent = {"text": "claim\towner\nx\tbob\n", "format": "csv", "name": "Usual", "step": "save"}
    client.post(IMPORT, sent)
    assert Suite.objects.get().newest.cases[0].owner == str(cast.bob.user.uid)
    page = client.post(IMPORT, sent | {"text": "claim\towner\nx\tCharlie\n"})
    assert [(each.row, each.column) for each in page.context["page"].reading.problems] == [("Row 2", "owner")]
    assert Suite.objects.count() == 1


def test_cases_that_somebody_saved_meanwhile_are_not_written_over(client: Client, cast: Cast, suite: Suite) -> None:
    save_suite(suite=suite, cases=parse_cases({"cases": [{"uid": "9", "name": "Bob's"}]}), follows=1, actor=cast.bob)
    sent = {"text": PASTED, "format": "csv", "into": f"replace:{suite.uid}", f"follows-{suite.uid}": "1", "step": "save"}
    page = at(client, cast.alice).post(IMPORT, sent)
    assert page.status_code == 409
    assert "Bob saved these cases" in text(page)
    assert names(suite.newest.content) == ["Bob's"]


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "Choose a file, or paste the rows below."),
        ({"text": "one line"}, "a first row with the names of the columns"),
        ({"text": "x", "file": file("x.csv", "y")}, "There is a file and a text."),
        ({"file": file("x.xlsx", "no workbook")}, "it is none"),
        ({"file": file("x.xlsx", b"PK\x03\x04nonsense")}, "damaged"),
        ({"file": file("x.yaml", "tests: file://cases.csv")}, "files and addresses are never opened"),
        ({"file": file("x.yaml", "tests: [")}, "cannot be read as YAML. Look at line"),
        ({"file": file("x.json", '{"tests": [}')}, "cannot be read as JSON. Look at line 1"),
        ({"file": file("x.csv", b"claim\nx\x00y\n")}, "no text that can be read"),
        ({"file": file("x.csv", b"x" * (5 * 1024 * 1024 + 1))}, "too large"),
        ({"text": "claim\nx\0y", "format": "csv", "name": "x"}, "invisible character"),
        ({"text": PASTED, "format": "csv", "name": ""}, "Give the suite a name"),
        ({"text": PASTED, "format": "csv", "name": "x\0y"}, "invisible character"),
        ({"text": PASTED, "format": "csv", "name": "Usual", "into": "new"}, "There is a suite named Usual already"),
    ],
)
def test_what_cannot_be_taken_says_why_and_stays(client: Client, cast: Cast, suite: Suite, sent: dict[str, Any], sentence: str) -> None:
    if file := sent.get("file"):
        file.seek(0)
    page = at(client, cast.alice).post(IMPORT, sent | {"step": "save"})
    assert page.status_code in (409, 422)
    assert sentence in text(page)
    assert Suite.objects.count() == 1


def test_hostile_words_stay_words(client: Client, cast: Cast, version: Version) -> None:
    table = f'claim,name,must contain,"{HOSTILE}",__metadata:<b>\n"{HOSTILE}","<script>alert(1)</script>","<b>","<i>",x\n'
    page = at(client, cast.alice).post(IMPORT, {"file": file("x.csv", table), "step": "look"})
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()


def test_whoever_only_reads_brings_in_nothing(client: Client, cast: Cast, suite: Suite) -> None:
    assert at(client, cast.vera).post(IMPORT, {"text": PASTED, "step": "look"}).status_code == 403
    assert client.get(IMPORT).status_code == 200
    at(client, cast.charlie)
    assert client.get(IMPORT).status_code == 404
    assert client.get(f"{BASE}{suite.uid}/export/csv/").status_code == 404
    assert at(client, cast.alice).get(f"{BASE}{suite.uid}/export/exe/").status_code == 404

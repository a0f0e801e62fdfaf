import io
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from promptstudio.accounts.actor import Actor
from promptstudio.prompts import model_services
from promptstudio.prompts.models import ImportBatch, ModelEntry, Prompt
from tests.cast import Cast, a_prompt
from tests.prompts.reading.files import docx, xlsx

URL = "/p/claims/import/"
TABLE = "title,text,temperature,Notes\nTriage,Sort [Claim number],0.2,mine\nLetter,Write {{to}},,\nEmpty,,,\n"


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def alice(client: Client, cast: Cast) -> Client:
    return signed_in(client, cast.alice)


def signed_in(client: Client, actor: Actor) -> Client:
    client.force_login(actor.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def sent(client: Client, content: bytes | str = TABLE, name: str = "claims.csv", **more: Any) -> Any:
    file = io.BytesIO(content.encode() if isinstance(content, str) else content)
    file.name = name
    return client.post(URL, {"file": file, **more})


def preview(client: Client, **more: Any) -> str:
    response = sent(client, **more)
    assert response.status_code == 303, text(response)
    return str(response["Location"])


def chosen(do: str, **more: Any) -> dict[str, Any]:
    columns = {f"column-{at}": role for at, role in enumerate(["title", "text", "temperature", ""])}
    return {"become": "drafts", "folder": "", "do": do, "stood": ["1", "2"], "take": ["1", "2"], **columns, **more}


def test_from_the_library_to_a_draft(alice: Client) -> None:
    assert URL in text(alice.get("/p/claims/prompts/"))
    url = preview(alice)
    page = text(alice.get(url))
    for words in ("3 prompts in", "temperature 0.2", "There is no text in it.", "[Claim number]", "Bring in"):
        assert words in page
    assert not Prompt.objects.exists()
    report = alice.post(url, chosen("bring", **{"title-1": "Triage of claims"}), follow=True)
    assert "2 prompts came in" in text(report)
    assert "1 was not taken" in text(report)
    assert "Not taken: There is no text in it." in text(report)
    assert sorted(Prompt.objects.values_list("title", flat=True)) == ["Letter", "Triage of claims"]
    assert 'href="/p/claims/prompts/triage-of-claims/-/"' in text(report)


def test_choices_survive_a_reload_and_pages(alice: Client) -> None:
    rows = "".join(f"Prompt {n},Text {n}\n" for n in range(120))
    url = preview(alice, content=f"title,text\n{rows}")
    columns = {"column-0": "title", "column-1": "text"}
    given = {"become": "versions", "folder": "Storm", "stood": ["1", "2"], "take": ["2"], "title-2": "Second", **columns}
    response = alice.post(url, {**given, "do": "page-2"})
    assert response["Location"] == f"{url}?page=2"
    assert [item.row.number for item in alice.get(response["Location"]).context["rows"]][:1] == [51]
    page = alice.get(url)
    first, second = page.context["rows"][:2]
    assert (first.row.chosen, second.row.title, page.context["chosen"]) == (False, "Second", 119)
    assert 'value="Storm"' in text(page)
    alice.post(url, {**given, "stood": [], "do": "none"})
    assert alice.get(url).context["chosen"] == 0


def test_columns_that_are_left_out_are_named_above_the_list(alice: Client) -> None:
    url = preview(alice, content="title,text,Owner (<b>us)\nTriage,Sort,Mine\n")
    assert "Column left out: <bdi>Owner (&lt;b&gt;us)</bdi>." in text(alice.get(url))
    assert "left out:" not in text(alice.get(preview(alice, content="title,text\nTriage,Sort\n")))


def test_ticked_marks_show_as_variables(alice: Client) -> None:
    url = preview(alice)
    page = alice.post(url, chosen("show", marks=["brackets"]), follow=True)
    assert page.context["rows"][0].variables == (("claim_number", "text", ""),)


def test_pasted_text_and_office_files_come_to_a_preview(alice: Client) -> None:
    assert alice.post(URL, {"text": "# A\r\nOne\r\n# B\r\nTwo"}).status_code == 303
    preview(alice, content=docx(lambda document: document.add_paragraph("Sort.")), name="a.docx")
    preview(alice, content=xlsx([["title", "text"], ["A", "B"]]), name="a.xlsx")
    assert list(ImportBatch.objects.order_by("pk").values_list("format", flat=True)) == ["text", "docx", "xlsx"]
    assert "Where you left off" in text(alice.get(URL))


@pytest.mark.parametrize(
    ("given", "place", "words"),
    [
        ({}, "file", "Choose a file"),
        ({"text": "   "}, "file", "Choose a file"),
        ({"text": "NUL \x00 here"}, "text", "Null characters"),
        ({"text": "---\na: *b\n---\nuser:\nHi there"}, "text", "cannot be read as YAML"),
        ({"text": "Kept words", "folder": "a//b"}, "folder", "single / between"),
        ({"text": "Kept words", "folder": "\x00"}, "folder", "Null characters"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(alice: Client, given: dict[str, str], place: str, words: str) -> None:
    response = alice.post(URL, given)
    assert response.status_code == 422
    assert words in " ".join(response.context["form"].errors[place])
    assert ("Kept words" in text(response)) == ("Kept words" in given.get("text", ""))


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"PK\x03\x04broken", "a.docx", "damaged"),
        (b"%PDF-1.4", "a.pdf", "PDF"),
        (b"hello", "bad.docx", "says that it is a Word document, and it is none"),
        (b"title,text", "Bad.XLSX", "says that it is an Excel workbook"),
        (b"", "a.csv", "empty"),
        (b"x" * (10 * 1024**2 + 1), "a.txt", "at most 10 MB"),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused_at_its_field(alice: Client, content: bytes, name: str, words: str) -> None:
    response = sent(alice, content, name)
    assert response.status_code == 422
    assert words in " ".join(response.context["form"].errors["file"])


def test_a_file_and_a_text_are_one_too_many(alice: Client) -> None:
    response = sent(alice, text="More")
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["text"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"column-0": "text"},
        {"column-1": ""},
        {"column-2": "nonsense"},
        {"become": "else"},
        {"marks": ["nonsense"]},
        {"folder": "a//b"},
    ],
)
def test_choices_that_make_no_sense_are_refused_and_nothing_comes_in(alice: Client, wrong: dict[str, Any]) -> None:
    url = preview(alice)
    assert alice.post(url, chosen("bring") | wrong).status_code == 422
    assert not Prompt.objects.exists()


@pytest.mark.parametrize("odd", [{"stood": ["x", "²", "-1", "9" * 30]}, {"take": ["x"]}, {"page": "zzz"}, {"do": "page-x"}, {"do": "<b>"}])
def test_odd_input_is_passed_over(alice: Client, odd: dict[str, Any]) -> None:
    url = preview(alice)
    assert alice.post(url, chosen("show") | odd, follow=True).status_code == 200


def test_with_nothing_ticked_one_stays_where_the_boxes_are(alice: Client) -> None:
    url = preview(alice)
    response = alice.post(url, chosen("bring", folder="Storm") | {"take": []})
    page = text(response)
    assert response.status_code == 422
    assert "Tick at least one prompt, then bring them in." in page
    assert 'name="take" value="1"' in page
    assert 'value="Storm"' in page
    assert alice.get(url).context["chosen"] == 0


def test_what_the_form_carries_unseen_is_not_shown_back(alice: Client) -> None:
    url = preview(alice)
    alice.post(url, chosen("bring"))
    page = text(alice.post(url, chosen("bring", page="1", **{"title-1": "Mine"})))
    assert "Mine" in page
    assert not [name for name in ("Stood", "Take", "Page", "Do") if f">{name}</h3>" in page]


def test_the_same_file_again_says_that_it_came_in_before(alice: Client) -> None:
    url = preview(alice)
    alice.post(url, chosen("bring"))
    again = text(alice.get(preview(alice)))
    assert "2 came in before" in again
    assert 'Came in before: <a class="textlink" href="/p/claims/prompts/triage/-/"' in again


def test_a_prompt_of_the_same_title_is_named_unless_one_may_not_see_it(alice: Client, cast: Cast) -> None:
    from promptstudio.prompts.services import restrict_prompt

    there = a_prompt(cast.claims, by=cast.bob, title="Letter")
    url = preview(alice)
    assert "There is a prompt of this title" in text(alice.get(url))
    restrict_prompt(prompt=there, people=[cast.bob.user], actor=cast.bob)
    assert "There is a prompt of this title" not in text(alice.get(url))


def test_a_title_that_is_too_long_is_said_and_can_be_shortened(alice: Client) -> None:
    url = preview(alice, content=f"title,text\n{'x' * 601},A\n{'y' * 50_000},B\n")
    page = text(alice.get(url))
    assert "Shorten the title, or it cannot come in. This is too long: at most 600 characters, and it has 601." in page
    assert "y" * 1_001 not in page
    columns = {"column-0": "title", "column-1": "text", "take": ["1"]}
    alice.post(url, {"become": "drafts", "do": "bring", "stood": ["1", "2"], "title-1": "Short", **columns})
    assert Prompt.objects.get().title == "Short"


def test_the_newest_file_stands_first_where_one_left_off(alice: Client) -> None:
    preview(alice, name="first.csv")
    preview(alice, name="second.csv")
    assert [batch.name for batch in alice.get(URL).context["begun"]] == ["second.csv", "first.csv"]


def test_hostile_words_are_shown_as_words(alice: Client) -> None:
    row = "<script>alert(1)</script>\u202e🎈,<img src=x onerror=alert(1)> [<b>x</b>]\n"
    page = text(alice.get(preview(alice, content=f"title,text\n{row}", name="<b>.csv")))
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_what_is_left_comes_in_with_another_click(alice: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    url = preview(alice)
    monkeypatch.setattr("promptstudio.prompts.import_services.bring_in.__kwdefaults__", {"seconds": 0.0})
    page = alice.post(url, chosen("bring"), follow=True)
    assert "1 is in, 1 to go" in text(page)
    page = alice.post(f"{url}go-on/", follow=True)
    assert "2 prompts came in" in text(page)


def test_it_can_be_forgotten(alice: Client) -> None:
    url = preview(alice)
    alice.post(f"{url}discard/")
    assert alice.get(url).status_code == 404


def test_nobody_else_sees_it(client: Client, alice: Client, cast: Cast) -> None:
    url = preview(alice)
    assert signed_in(Client(), cast.dora).get(url).status_code == 404
    assert signed_in(Client(), cast.vera).get(URL).status_code == 403


def test_a_page_costs_the_same_however_many_rows(alice: Client) -> None:
    def queries(rows: int) -> int:
        url = preview(alice, content="title,text\n" + "".join(f"Prompt {n} of {rows},Text {n}\n" for n in range(rows)))
        alice.get(url)
        with CaptureQueriesContext(
            connection,
        ) as before:
            alice.get(url)
        alice.post(url, chosen("bring", **{"column-2": "", "column-3": ""}) | {"stood": []})
        with CaptureQueriesContext(connection) as after:
            alice.get(url)
        return len(before) * 100 + len(after)

    assert queries(2) == queries(40)


def test_a_model_is_called_as_in_the_sites_own_list(alice: Client, cast: Cast) -> None:
    entry = ModelEntry.objects.get(model_id="anthropic.claude-sonnet-5")
    model_services.change_model(entry=entry, model=replace(entry.model, label="House model"), actor=cast.root)
    url = preview(alice, name="a.prompt", content="---\nmodel: bedrock/anthropic.claude-sonnet-5\n---\nHello")
    assert "House model" in text(alice.get(url))

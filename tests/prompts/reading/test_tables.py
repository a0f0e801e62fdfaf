from typing import Any

import pytest

from promptstudio.prompts.reading.files import read_file
from promptstudio.prompts.reading.found import Found, Unreadable

from .files import part_of, with_part, xlsx

HEAD = ["Title", "Prompt", "System", "Folder", "Model", "Temperature", "Max tokens", "example:claim"]


def only(content: bytes, name: str, **more: Any) -> Found:
    (found,) = read_file(content, name, **more).prompts
    return found


def test_each_row_of_a_sheet_is_a_prompt() -> None:
    row = ["Triage", "Sort {{claim}}", "Be kind", "Property", "Claude Sonnet 5", 0.2, 300.0, "burst pipe"]
    found = only(xlsx([HEAD, row]), "claims.xlsx")
    assert (found.title, found.system, found.folder, found.texts[-1]) == ("Triage", "Be kind", "Property", "Sort {{claim}}")
    assert found.model == "anthropic.claude-sonnet-5"
    assert found.inference == {"temperature": 0.2, "max_tokens": 300}
    assert [(v["name"], v["example"]) for v in found.variables] == [("claim", "burst pipe")]


def test_a_csv_of_a_german_excel_is_understood() -> None:
    """Semicolons, decimal commas, the old Windows encoding, and cells with line breaks and quotation marks."""
    text = 'Titel;Prompt;Temperatur\r\nSchaden;"Prüfe ""alles"".\r\nDann; weiter.";0,3\r\n'
    found = only(text.encode("cp1252"), "schaden.csv")
    assert found.texts == ['Prüfe "alles".\nDann; weiter.']
    assert found.inference == {"temperature": 0.3}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_csv_of_any_encoding_is_understood(encoding: str) -> None:
    found = only("title,text\nStürme,Prüfe das Dach\n".encode(encoding), "a.csv")
    assert (found.title, found.texts) == ("Stürme", ["Prüfe das Dach"])


@pytest.mark.parametrize(
    "text", ["sep=;\ntitle;text\nA;B, c\n", "title\ttext\nA\tB, c\n", "title|text\nA|B, c\n", 'title,text\nA,"B, c"\n']
)
def test_any_separator_is_understood(text: str) -> None:
    assert only(text.encode(), "a.csv").texts == ["B, c"]


def test_cells_that_were_pasted_are_a_table() -> None:
    reading = read_file(b"Title\tPrompt\nA\tFirst\nB\tSecond", "")
    assert (reading.format, [prompt.title for prompt in reading.prompts]) == ("csv", ["A", "B"])


def test_headers_are_found_in_other_words_and_columns_can_be_said_anew() -> None:
    content = b"PROMPT_TITLE,User Prompt,Notes\nA,Text of A,Mine\n"
    reading = read_file(content, "a.csv")
    assert reading.mapping == ["title", "text", ""]
    assert [(column.header, column.sample) for column in reading.columns][-1] == ("Notes", "Mine")
    found = only(content, "a.csv", mapping=["", "title", "text"])
    assert (found.title, found.texts) == ("Text of A", ["Mine"])


def test_without_a_header_the_longest_column_is_the_text() -> None:
    reading = read_file(b"Triage,Sort this claim into one of three boxes\nLetter,Write a letter to the customer\n", "a.csv")
    assert reading.mapping == ["title", "text"]
    assert len(reading.prompts) == 2
    assert "names no columns" in reading.notes[0]


def test_a_row_without_a_title_is_called_by_its_first_words() -> None:
    assert only(b"title,text\n,Sort this claim.\n", "a.csv").title == "Sort this claim."


def test_a_row_without_a_text_cannot_come_in_and_says_so() -> None:
    found = read_file(b"title,text\nA,B\nLonely,\n", "a.csv").prompts[1]
    assert (found.title, found.problem) == ("Lonely", "There is no text in it.")


def test_the_same_row_twice_is_noticed() -> None:
    assert "row 1" in read_file(b"title,text\nA,B\nA,B\n", "a.csv").prompts[1].problem


def test_a_text_that_is_too_long_says_so() -> None:
    found = only(b"title,text\nA," + b"x" * 200_001 + b"\n", "a.csv")
    assert "200,001 characters" in found.problem


def test_settings_that_are_not_possible_are_said() -> None:
    found = only(b"title,text,temperature,model\nA,B,7,openai/gpt-4o\n", "a.csv")
    assert (found.inference, found.model) == ({}, "")
    assert [note.split(" ")[0] for note in found.notes] == ["The", "temperature"]


def test_formulas_are_not_computed_and_nothing_is_guessed() -> None:
    reading = read_file(xlsx([["title", "text"], ["A", '=HYPERLINK("http://x","B")'], ["C", "D"]]), "a.xlsx")
    assert reading.prompts[0].problem == "There is no text in it."
    assert "1 cell holds a formula" in reading.notes[0]


def test_merged_cells_count_where_they_begin() -> None:
    def merge(book: Any) -> None:
        book.active.merge_cells("A2:A3")

    prompts = read_file(xlsx([["title", "text"], ["Both", "First"], ["", "Second"]], then=merge), "a.xlsx").prompts
    assert [prompt.title for prompt in prompts] == ["Both", "Second"]


def test_empty_sheets_are_passed_over_and_others_named() -> None:
    reading = read_file(xlsx([], [["title", "text"], ["A", "B"]], [["more"]]), "a.xlsx")
    assert reading.prompts[0].title == "A"
    assert "“Sheet2”" in reading.notes[0]


@pytest.mark.parametrize("content", [xlsx([]), xlsx([["", None], [None]])])
def test_a_workbook_without_words_is_refused(content: bytes) -> None:
    with pytest.raises(Unreadable, match="empty"):
        read_file(content, "a.xlsx")


@pytest.mark.parametrize("size", ["A1:A1", "A1:XFD1048576"])
def test_what_a_sheet_says_of_its_size_is_not_believed(size: str) -> None:
    content = xlsx([["title", "text"], ["A", "B"]])
    sheet = part_of(content, "xl/worksheets/sheet1.xml").replace(b'ref="A1:B2"', f'ref="{size}"'.encode())
    assert size.encode() in sheet
    assert only(with_part(content, "xl/worksheets/sheet1.xml", sheet), "a.xlsx").texts == ["B"]


@pytest.mark.parametrize("rows", [5_001, 100_000])
def test_a_table_without_end_is_refused(rows: int) -> None:
    with pytest.raises(Unreadable, match="more than 5,000 rows"):
        read_file(b"title,text\n" + b"A,B\n" * rows, "a.csv")


def test_a_sheet_without_end_is_refused() -> None:
    with pytest.raises(Unreadable, match="more than 5,000 rows"):
        read_file(xlsx([["title", "text"], *([f"A{n}", "B"] for n in range(5_001))]), "a.xlsx")


def test_quotation_marks_that_never_end_are_one_long_cell() -> None:
    assert only(b'title,text\nA,"never ends\nB,C\n', "a.csv").texts == ["never ends\nB,C"]

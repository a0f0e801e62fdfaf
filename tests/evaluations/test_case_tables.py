"""Tables of cases as people keep them in Excel: which columns mean what, and what is wrong where."""

import io
import zipfile
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptstudio.evaluations.cases import Case, Cases, parse_cases
from promptstudio.evaluations.files.found import NotRead, Reading
from promptstudio.evaluations.files.reading import Words, as_csv, read_cases, words_of
from promptstudio.evaluations.files.tables import table_of
from promptstudio.evaluations.files.writing import csv_of


def read(text: str, *variables: str) -> Reading:
    return read_cases(words_of(text.encode(), ""), variables or ["claim"])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_a_table_is_read_as_spreadsheets_of_any_country_write_it(delimiter: str, encoding: str) -> None:
    table = f'claim{delimiter}name{delimiter}must contain\r\n"Größe{delimiter} 5"{delimiter}Müller{delimiter}größe\r\n'
    [case] = read_cases(words_of(table.encode(encoding), "x.csv"), ["claim"]).cases
    assert (case.values, case.name) == ({"claim": f"Größe{delimiter} 5"}, "Müller")


@pytest.mark.parametrize("start", [b"%PDF-1.7", b"\xd0\xcf\x11\xe0", b"\x89PNG", b"a\x00b"])
def test_what_is_no_table_says_what_to_do(start: bytes) -> None:
    with pytest.raises(NotRead, match=r"Save it as \.xlsx"):
        words_of(start, "x.csv")


def problems(reading: Reading) -> list[tuple[str, str]]:
    return [(problem.row, problem.column) for problem in reading.problems]


def test_columns_are_found_by_their_names_in_any_case() -> None:
    table = 'Damage Report,Name,Must contain,Expected,__metadata:role,Weight\nTiles fell.,Roof,tiles,is-json,claims,"2,5"'
    reading = read(table, "damage_report")
    [case] = reading.cases
    assert (case.name, case.values, case.weight) == ("Roof", {"damage_report": "Tiles fell."}, 2.5)
    assert case.extra == {"metadata": {"role": "claims"}}
    assert [each.type for each in case.assertions] == ["icontains", "is-json"]
    assert [(each.header, each.meaning) for each in reading.columns][:2] == [
        ("Damage Report", "the value of damage_report"),
        ("Name", "what the case is called"),
    ]


def test_what_studio_knows_of_a_case_has_columns_of_its_own() -> None:
    [case] = read("claim\tmust never fail\ttags\towner\nx\tYes\tstorm, roof\tsomebody").cases
    assert (case.must_never_fail, case.tags, case.owner) == (True, ("storm", "roof"), "somebody")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("covered", {"type": "equals", "value": "covered"}),
        ("icontains: covered", {"type": "icontains", "value": "covered"}),
        ("not-contains:guarantee", {"type": "not-contains", "value": "guarantee"}),
        ("levenshtein(3):Yes.", {"type": "levenshtein", "value": "Yes.", "threshold": 3.0}),
        ("levenshtein:Yes.", {"type": "levenshtein", "value": "Yes.", "threshold": 0.75}),
        ('icontains-any:"a, b",c', {"type": "icontains-any", "value": ["a, b", "c"]}),
        ("grade:polite", {"type": "llm-rubric", "value": "polite"}),
        ("fn:output.length", {"type": "javascript", "value": "output.length"}),
        ("note: pay today", {"type": "equals", "value": "note: pay today"}),
        ("is-json", {"type": "is-json"}),
    ],
)
def test_a_cell_says_which_check(cell: str, expected: dict[str, object]) -> None:
    table = as_csv([["claim", "__expected"], ["x", cell]])
    assert read(table).cases[0].assertions[0].as_json() == expected


def test_what_is_wrong_says_in_which_row_and_column() -> None:
    table = "claim\tmust contain\tWeight\texpected\tmust never fail\nx\ty\t\t\t\n\t\t\t\t\nx\ty\theavy\tregex:(\t\nx\ty\t\t\tperhaps"
    reading = read(table)
    assert problems(reading) == [("Row 4", "Weight"), ("Row 5", "must never fail")]
    assert problems(read(table.replace("heavy", "1"))) == [("Row 4", "expected"), ("Row 5", "must never fail")]
    assert len(reading.cases) == 1, "what is right comes in"


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("one line", "a first row with the names of the columns"),
        ("a\tb\n1\t2", "No column is called like a variable"),
        ("claim\tclaim\n1\t2", "columns claim and claim mean the same"),
        ("claim\tName\t__description\n1\t2\t3", "columns Name and __description mean the same"),
        ("claim\n" + "x\n" * 501, "at most 500"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(table: str, sentence: str) -> None:
    with pytest.raises(NotRead, match=sentence):
        read(table)


def test_words_below_no_name_are_not_lost_in_silence() -> None:
    assert problems(read("claim\t\nx\tand this")) == [("Row 2", "Column 2")]
    assert problems(read("claim\tname\nx\ty\tand this")) == [("Row 2", "Column 3")]


@given(st.text(max_size=300))
def test_whatever_is_pasted_is_read_or_refused_in_words(pasted: str) -> None:
    with suppress(NotRead):
        assert read(pasted)


@pytest.mark.parametrize(
    ("sheet", "sentence"),
    [
        (b"<a>" + b" " * 26 * 1024 * 1024 + b"</a>", "unpacks to more"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "was not opened"),
        (b"<", "damaged"),
    ],
    ids=["bomb", "entities", "broken"],
)
def test_a_hostile_workbook_is_not_opened(sheet: bytes, sentence: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    assert len(packed.getvalue()) < 100_000
    with pytest.raises(NotRead, match=sentence):
        words_of(packed.getvalue(), "x.xlsx")


def suite(**case: Any) -> Cases:
    return parse_cases({"cases": [{"uid": "1", "values": {"claim": "x", "age": 3}, **case}]})


def edited(cases: Cases, **cells: str) -> Case:
    """What comes in when somebody changed cells of the first row in Excel."""
    headers, row = table_of(cases)
    told = dict(zip(headers, row, strict=True)) | cells
    reading = read_cases(Words("csv", as_csv([list(told), list(told.values())])), ["claim"])
    assert reading.problems == []
    return reading.cases[0]


def test_a_cell_that_was_changed_in_excel_counts_and_the_others_stay_exact() -> None:
    checks = [{"type": "icontains", "value": "x", "weight": 2}, {"type": "regex", "value": "a"}]
    before = suite(assertions=checks, extra={"options": {"repeat": 3}})
    assert edited(before).as_json() == before.cases[0].as_json()
    case = edited(before, claim="y")
    assert (case.values, [each.as_json() for each in case.assertions]) == ({"claim": "y", "age": 3}, checks)
    case = edited(before, age="4", __expected2="regex:b")
    assert case.values == {"claim": "x", "age": "4"}
    assert [each.as_json() for each in case.assertions] == [{"type": "icontains", "value": "x"}, {"type": "regex", "value": "b"}]
    assert case.extra == {"options": {"repeat": 3}}


def test_what_no_cell_can_say_is_long_and_still_no_formula() -> None:
    cases = suite(values={"claim": "x" * 31_900 + "\r" + "=1+1" * 9_000})
    headers, row = table_of(cases)
    assert sum("exact" in header for header in headers) == 3
    assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert read_cases(words_of(csv_of(cases), "x.csv"), ["claim"]).suite.digest == cases.digest


def test_a_mistake_in_one_cell_is_told_of_that_cell_alone() -> None:
    told = dict(zip(*table_of(suite(weight=2)), strict=True)) | {"__metadata:prompt_studio.weight": "heavy"}
    reading = read_cases(Words("csv", as_csv([list(told), list(told.values())])), ["claim"])
    assert problems(reading) == [("Row 2", "__metadata:prompt_studio.weight")]
    told["__metadata:prompt_studio.exact"] = "{"
    reading = read_cases(Words("csv", as_csv([list(told), list(told.values())])), ["claim"])
    assert ("Row 2", "__metadata:prompt_studio.exact") in problems(reading)


def test_a_row_that_was_copied_is_another_case() -> None:
    headers, row = table_of(suite())
    one, two = read_cases(Words("csv", as_csv([headers, row, row])), ["claim"]).cases
    assert one.uid == "1"
    assert one.uid != two.uid


@pytest.mark.parametrize("text", ["=1+1", "+49 40", "-5", "@cmd", "\t=x", " =x", "＝x", "'=x"])
def test_no_cell_begins_like_a_formula(text: str) -> None:
    cases = suite(values={"claim": text}, name=text, tags=[text.strip()], extra={"metadata": {"role": text}})
    headers, row = table_of(cases)
    assert not [cell for cell in (*headers, *row) if cell.lstrip(" \u00a0").startswith(tuple("=+-@\t\r\n＝＋－＠"))]
    assert read_cases(words_of(csv_of(cases), "x.csv"), ["claim"]).suite.digest == cases.digest

"""Whatever arrives, a reader gives prompts that can be kept, or its own refusal. Nothing else."""

import io
import json
import zipfile

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from promptstudio.prompts.reading.files import read_file
from promptstudio.prompts.reading.found import LARGEST_FILE, Unreadable
from promptstudio.prompts.reading.marks import MARKS, bundle_of, seen_in
from promptstudio.prompts.soundness import problem_of

from .files import docx, part_of, with_part, xlsx

NAMES = ["", "a.csv", "a.jsonl", "a.prompt", "a.prompty", "a.md", "a.docx", "a.xlsx", "a.exe", "../../etc/passwd", "a\x00b"]
SHEET = xlsx([["title", "text"], ["A", "B {{c}}"]])
DOCUMENT = docx(lambda document: document.add_paragraph("Sort."))
SEEDS = [
    SHEET,
    DOCUMENT,
    b"title,text\nA,B\n",
    b'{"title": "A", "versions": []}',
    b"---\na: b\n---\nuser:\nHi",
    b"# A\nB",
    b"\xff\xfe",
    b"",
]


def survives(content: bytes, name: str) -> None:
    try:
        reading = read_file(content, name)
    except Unreadable as error:
        refused = error
    else:
        refused = None
    if refused:
        assert refused.sentence
        return
    seen_in(reading.prompts)
    for found in reading.prompts:
        assert found.problem or problem_of({"title": found.title, "all": vars(found)}) is None
        assert problem_of({"title": found.title, "notes": found.notes, "key": found.key}) is None
        if not found.problem:
            data, notes = bundle_of(found, list(MARKS))
            assert problem_of(data) is None
            assert all(notes)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400), st.sampled_from(NAMES))
@example(b"PK\x03\x04", "a.docx")
@example(b"\x00" * 40, "")
@example(b'{"title": "\\ud800", "text": "x"}', "a.jsonl")
@example(b'{"title": 1e999, "messages": [NaN]}', "a.jsonl")
@example(b'{"title": "a", "bundle": {"messages": [{"role": "tool"}]}}', "a.json")
def test_any_bytes(content: bytes, name: str) -> None:
    survives(content, name)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SEEDS), st.sampled_from(NAMES), st.integers(0, 40_000), st.binary(max_size=6))
def test_any_bytes_within_a_file(content: bytes, name: str, at: int, more: bytes) -> None:
    at = at % (len(content) + 1)
    survives(content[:at] + more + content[at + len(more) :], name)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300), st.sampled_from(["---\n", "# ", "{", "title;text\n", "sep=;\n", '{{role "user"}}', "[[«${{a}}»]]"]))
def test_any_text(text: str, start: str) -> None:
    for name in NAMES:
        survives((start + text).encode("utf-8", "surrogatepass"), name)


@settings(max_examples=80, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["title", "text", "versions", "date", "bundle", "messages", "role", "variables", "x"]), inner, max_size=4
            )
        ),
        max_leaves=15,
    )
)
def test_any_json(value: object) -> None:
    survives(json.dumps(value).encode(), "a.jsonl")


def bomb(name: str, size: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"<a>" + b" " * size)
    return out.getvalue()


@pytest.mark.parametrize(("name", "megabytes"), [("word/document.xml", 26), ("xl/workbook.xml", 26), ("word/media/picture.png", 61)])
def test_an_archive_that_unpacks_to_too_much_is_not_unpacked(name: str, megabytes: int) -> None:
    content = bomb(name, megabytes * 1024 * 1024)
    assert len(content) < 200_000
    with pytest.raises(Unreadable, match="unpacks to more"):
        read_file(content, "a.docx")


def test_an_archive_that_lies_about_its_size_is_refused() -> None:
    content = bytearray(bomb("word/document.xml", 40 * 1024 * 1024))
    size = (40 * 1024 * 1024 + 3).to_bytes(4, "little")
    assert content.count(size) == 2
    with pytest.raises(Unreadable):
        read_file(bytes(content.replace(size, (1000).to_bytes(4, "little"))), "a.docx")


@pytest.mark.parametrize("declaration", [b'<!DOCTYPE x [<!ENTITY a "b">]>', b'<!DOCTYPE x SYSTEM "file:///etc/passwd">'])
@pytest.mark.parametrize(
    ("content", "part"), [(DOCUMENT, "word/document.xml"), (SHEET, "xl/worksheets/sheet1.xml"), (SHEET, "xl/workbook.xml")]
)
def test_entities_are_not_expanded(declaration: bytes, content: bytes, part: str) -> None:
    xml = part_of(content, part)
    start = xml.index(b"?>") + 2 if xml.startswith(b"<?xml") else 0
    for hostile in (xml[:start] + declaration + xml[start:], (xml[:start] + declaration + xml[start:]).decode().encode("utf-16")):
        with pytest.raises(Unreadable, match="no office program"):
            read_file(with_part(content, part, hostile), "a")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "older Office file"),
        (b"%PDF-1.7", "PDF"),
        (b"{\\rtf1", "RTF"),
        (b"\x89PNG\r\n", "picture"),
        (b"\x1f\x8b\x08", "packed"),
        (bomb("readme.txt", 10), "archive"),
        (b"\x00\x01\x02\x03binary", "no text"),
        (b"", "no prompt"),
        (b" \n\n ", "no prompt"),
        (b"x" * (LARGEST_FILE + 1), "too large"),
    ],
)
def test_what_is_none_of_ours_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read_file(content, "a.txt")


@pytest.mark.parametrize("name", ["claims.csv", "claims.docx", "claims.txt", "claims"])
def test_a_wrong_ending_hides_no_workbook(name: str) -> None:
    assert read_file(SHEET, name).format == "xlsx"
    assert read_file(DOCUMENT, name).format == "docx"


def test_time_grows_with_the_length_of_a_hostile_text() -> None:
    spaces = " " * 200_000
    for text in (
        f"# a{spaces}b",
        f"---\na: b\n---\n{spaces}x",
        f"title,{spaces}x\n",
        "[" * 200_000,
        "{" * 200_000,
        "${" * 100_000,
        "«" * 200_000,
        "# " * 90_000,
        "{{a" * 60_000,
    ):
        for name in ("a.md", "", "a.prompty", "a.prompt", "a.csv"):
            survives(text.encode(), name)

from typing import Any

import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from promptstudio.prompts.reading.files import read_file
from promptstudio.prompts.reading.found import Found, Unreadable

from .files import docx, with_part


def read(content: bytes, name: str = "a.docx", **more: Any) -> list[Found]:
    return read_file(content, name, **more).prompts


def test_each_heading_begins_a_prompt() -> None:
    def build(document: Any) -> None:
        document.add_heading("Triage", 1)
        document.add_paragraph("Sort this “claim”.")
        document.add_paragraph("Burst pipe", style="List Bullet")
        document.add_paragraph("Storm", style="List Bullet")
        document.add_paragraph("Be brief.")
        document.add_heading("Letter", 2)
        document.add_paragraph("Write.")
        document.add_heading("How", 3)

    triage, letter = read(docx(build))
    assert (triage.title, triage.texts) == ("Triage", ["Sort this “claim”.\n\n- Burst pipe\n- Storm\n\nBe brief."])
    assert (letter.title, letter.texts) == ("Letter", ["Write.\n\nHow"])


def test_a_document_without_headings_is_one_prompt_called_by_its_title() -> None:
    content = docx(lambda document: document.add_paragraph("Sort."), title="First letter")
    assert read(content)[0].title == "First letter"
    assert read(docx(lambda document: document.add_paragraph("Sort.")), "claims_first-letter.docx")[0].title == "claims first letter"


def test_as_a_whole_its_headings_are_text() -> None:
    def build(document: Any) -> None:
        document.add_heading("Rules", 1)
        document.add_paragraph("Be kind.")

    (found,) = read(docx(build, title="All"), whole=True)
    assert (found.title, found.texts) == ("All", ["Rules\n\nBe kind."])


def test_tables_become_rows_and_soft_hyphens_go() -> None:
    def build(document: Any) -> None:
        document.add_paragraph("Ver\u00adsicherung")
        table = document.add_table(2, 2)
        for at, word in enumerate(["Kind", "Box", "Storm", "Property"]):
            table.cell(at // 2, at % 2).text = word

    assert read(docx(build))[0].texts == ["Versicherung\n\n| Kind | Box |\n| Storm | Property |"]


def test_tracked_changes_are_read_as_accepted() -> None:
    def build(document: Any) -> None:
        paragraph = document.add_paragraph("Keep ")
        for tag, word in (("w:ins", "new"), ("w:del", "old"), ("w:moveFrom", "moved")):
            change = OxmlElement(tag)
            run = OxmlElement("w:r")
            text = OxmlElement("w:delText" if tag == "w:del" else "w:t")
            text.text = word
            run.append(text)
            change.append(run)
            paragraph._p.append(change)

    reading = read_file(docx(build), "a.docx")
    assert reading.prompts[0].texts == ["Keep new"]
    assert any("tracked changes" in note for note in reading.notes)


def test_words_in_content_controls_are_read() -> None:
    def build(document: Any) -> None:
        paragraph = document.add_paragraph("Inside")._p
        control, content = OxmlElement("w:sdt"), OxmlElement("w:sdtContent")
        paragraph.addprevious(control)
        content.append(paragraph)
        control.append(content)
        assert control.tag == qn("w:sdt")

    assert read(docx(build))[0].texts == ["Inside"]


def test_a_heading_without_text_is_named_and_makes_no_prompt() -> None:
    def build(document: Any) -> None:
        document.add_heading("Part one", 1)
        document.add_heading("Triage", 2)
        document.add_paragraph("Sort.")

    reading = read_file(docx(build), "a.docx")
    assert [prompt.title for prompt in reading.prompts] == ["Triage"]
    assert "“Part one”" in reading.notes[0]


def test_an_empty_document_is_refused() -> None:
    with pytest.raises(Unreadable, match="no prompt"):
        read(docx(lambda document: None))


def test_markdown_headings_begin_prompts_but_not_in_code() -> None:
    text = "# Triage\nSort.\n\n```\n# no heading\n```\n### How\nSo.\n## Letter ##\nWrite."
    triage, letter = read(text.encode(), "a.md")
    assert triage.texts == ["Sort.\n\n```\n# no heading\n```\n### How\nSo."]
    assert (letter.title, letter.texts) == ("Letter", ["Write."])


def test_pasted_text_is_one_prompt_called_by_its_first_words() -> None:
    (found,) = read(b"\nYou are a claims handler.\nSort {{claim}}.\n", "")
    assert (found.title, found.texts) == ("You are a claims handler.", ["You are a claims handler.\nSort {{claim}}."])


def test_text_before_the_first_heading_is_a_prompt_of_its_own() -> None:
    assert [found.title for found in read(b"Hello.\n# A\nB", "notes.txt")] == ["notes", "A"]


def test_a_broken_archive_is_refused() -> None:
    content = docx(lambda document: document.add_paragraph("Sort."))
    for broken in (content[: len(content) // 2], b"PK\x03\x04" + b"x" * 100, with_part(content, "word/document.xml", b"<w:document")):
        with pytest.raises(Unreadable):
            read(broken)

"""A Word document: each heading of the first two levels begins a prompt."""

import io
from collections.abc import Iterator
from typing import Any

from docx import Document
from docx.oxml.ns import qn

from .found import SOFT_HYPHEN, Found, Unreadable, tidy, user_message
from .office import BROKEN
from .texts import from_sections

BREAKS = {qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:tab"): "\t", qn("w:noBreakHyphen"): "-"}
# What was struck out, and the older twin of a text box.
GONE = {qn("w:del"), qn("w:moveFrom"), "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
HEADINGS = ("heading 1", "heading 2")
LEFT_OUT = {
    "pictures": (qn("w:drawing"), qn("w:pict")),
    "footnotes": (qn("w:footnoteReference"), qn("w:endnoteReference")),
    "comments": (qn("w:commentReference"),),
}


def read_docx(content: bytes, name: str, *, whole: bool = False) -> tuple[list[Found], list[str]]:
    """Prompts, and sentences on what was not taken. `content` has been checked by `office`."""
    try:
        document = Document(io.BytesIO(content))
        title = tidy(document.core_properties.title or "")[:600]
        sections, notes = list(_sections(document, whole)), _notes(document.element.body)
    # python-docx raises whatever a strange part leads it into.
    except Exception:
        raise Unreadable(BROKEN) from None
    if len(sections) == 1:
        body = tidy(sections[0][1])
        return ([Found(title=title or name, messages=user_message(body))] if body else []), notes
    prompts, about = from_sections(sections, title or name)
    return prompts, notes + about


def _sections(document: Any, whole: bool) -> Iterator[tuple[str, str]]:
    """Heading and text; the first has none. A paragraph ends in an empty line, an entry of a list in none."""
    styles = {style.style_id: (style.name or "").lower() for style in document.styles}
    heading, lines = "", [""]
    for block in _blocks(document.element.body):
        if block.tag == qn("w:tbl"):
            lines += ["", *_table(block), ""]
            continue
        style = _style(block, styles)
        text = _text(block).strip()
        if style in HEADINGS and text and not whole:
            yield heading, _joined(lines)
            heading, lines = " ".join(text.split()), []
        elif _is_listed(block, style):
            lines += [f"- {text}"] if text else []
        else:
            lines += ["", text, ""]
    yield heading, _joined(lines)


def _joined(lines: list[str]) -> str:
    kept = [line for at, line in enumerate(lines) if line or (at and lines[at - 1])]
    return "\n".join(kept)


def _blocks(parent: Any) -> Iterator[Any]:
    """Paragraphs and tables in reading order, those in content controls as well."""
    for child in parent:
        if child.tag in (qn("w:p"), qn("w:tbl")):
            yield child
        elif child.tag not in GONE and isinstance(child.tag, str):
            yield from _blocks(child)


def _text(block: Any) -> str:
    words: list[str] = []
    waiting = [block]
    while waiting:
        element = waiting.pop()
        if element.tag in GONE:
            continue
        if element.tag == qn("w:t"):
            words.append(element.text or "")
        words.append(BREAKS.get(element.tag, ""))
        waiting += reversed(list(element))
    return "".join(words).replace(SOFT_HYPHEN, "")


def _table(table: Any) -> list[str]:
    rows = []
    for row in table.iter(qn("w:tr")):
        cells = [" ".join(_text(cell).split()) for cell in row.iter(qn("w:tc"))]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _style(paragraph: Any, styles: dict[str, str]) -> str:
    found = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    return styles.get(found.get(qn("w:val"), ""), "") if found is not None else ""


def _is_listed(paragraph: Any, style: str) -> bool:
    return style.startswith("list") or paragraph.find(f"{qn('w:pPr')}/{qn('w:numPr')}") is not None


def _notes(body: Any) -> list[str]:
    tags = {element.tag for element in body.iter()}
    left = [words for words, of in LEFT_OUT.items() if tags & set(of)]
    notes = [f"Not taken: {', '.join(left)}."] if left else []
    if tags & {qn("w:del"), qn("w:ins"), qn("w:moveFrom")}:
        notes.append("The document has tracked changes: it was read as if all of them were accepted.")
    return notes

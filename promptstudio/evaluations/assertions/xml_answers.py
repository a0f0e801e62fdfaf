"""Checks for XML: the whole answer, or elements within it. Entities are never expanded: a document type of its own is not accepted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat  # declarations of entities are refused before one could be used

from .javascript import as_string, trimmed
from .saying import CannotSay, Fact, shown

_START = r":A-Z_a-zÀ-ÖØ-öø-˿Ͱ-ͽͿ-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
_NAME = re.compile(rf"[{_START}][{_START}\-.0-9·\u0300-\u036f\u203f\u2040]*")
_TAG_END = re.compile(r"""(?:[^<>"']++|"[^"]*"|'[^']*')*+>""")
_ATTRIBUTE = re.compile(r"""([^\s=/"']+)(?:\s*=\s*(?:"[^"]*"|'[^']*'))?""")
_DELIMITERS = (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"))


@dataclass(eq=False)
class Element:
    name: str
    start: int = 0
    end: int = 0
    attributes: set[str] = field(default_factory=set)
    children: dict[str, list["Element"]] = field(default_factory=dict)
    has_text: bool = False

    def add(self, child: "Element") -> None:
        self.children.setdefault(child.name, []).append(child)

    def has(self, path: list[str]) -> bool:
        """Elements by name, attributes as `@_name`; among several of one name, its number from 0 follows."""
        found: Element | list[Element] | None = self
        for index, name in enumerate(path):
            if found is None:
                return False
            if isinstance(found, Element) and found._ends_with(name):
                return index == len(path) - 1
            found = _member(found, name)
        return found is not None

    def _ends_with(self, name: str) -> bool:
        if name == "#text":
            return self.has_text and bool(self.children or self.attributes)
        return name.startswith("@_") and name[2:] in self.attributes


def _member(found: Element | list[Element], name: str) -> Element | list[Element] | None:
    if isinstance(found, Element):
        inner = found.children.get(name)
        return inner[0] if inner and len(inner) == 1 else inner
    index = int(name) if name.isascii() and name.isdigit() and str(int(name[:9])) == name else -1
    return found[index] if 0 <= index < len(found) else None


class _Broken(Exception):
    pass


def is_xml(text: str, value: Any) -> Fact:
    wanted = _wanted(value)
    try:
        root = _parsed(text)
    except (_Broken, expat.ExpatError):
        return Fact(False, "The answer is no well-formed XML.")
    except UnicodeEncodeError:
        raise CannotSay("There is half a character in the answer.") from None
    return _complete([root], wanted)


def contains_xml(text: str, value: Any) -> Fact:
    wanted, found = _wanted(value), _Found(text)
    if not found.groups:
        return Fact(False, "The answer contains no XML.")
    if found.has_torn_tag() or any(path.endswith("#text") for path in wanted):
        raise CannotSay("The XML in this answer is broken, and what it holds is not certain.")
    facts = [_complete([root], wanted) for root in found.roots()]
    best = next((fact for fact in facts if fact.holds), facts[0])
    if not wanted or found.is_clean or all(len(group) == 1 for group in found.groups):
        return best
    raise CannotSay("The XML in this answer is broken, and what it holds is not certain.")


def _complete(roots: list[Element], wanted: list[str]) -> Fact:
    missing = [path for path in wanted if not any(root.has(path.split(".")) for root in roots)]
    if missing:
        return Fact(False, f"The XML has no {', '.join(map(shown, missing[:5]))}.")
    return Fact(True, "The answer has well-formed XML" + (" with everything that is asked for." if wanted else "."))


def _wanted(value: Any) -> list[str]:
    if isinstance(value, str):
        return [trimmed(path) for path in value.split(",")]
    if isinstance(value, dict) and value:
        value = value.get("requiredElements")
        if not isinstance(value, list):
            raise CannotSay("Name the elements that are needed in a list, or in requiredElements.")
    return [as_string(path) for path in value] if isinstance(value, list) else []


def _parsed(text: str) -> Element:
    """The document as an element around its root."""
    document = Element("")
    stack, declared = [document], set[str]()
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator=" ")
    parser.namespace_prefixes = True

    def start(name: str, attributes: dict[str, str]) -> None:
        element = Element(_qualified(name), attributes={_qualified(each) for each in attributes} | declared)
        declared.clear()
        stack[-1].add(element)
        stack.append(element)

    def doctype(name: str, system: str | None, public: str | None, has_subset: bool) -> None:
        if has_subset or "#" in (system or ""):
            raise _Broken

    def version(version: str, encoding: str | None, standalone: int) -> None:
        if version != "1.0":
            raise CannotSay("Only XML 1.0 is read here.")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: stack.pop()
    parser.CharacterDataHandler = lambda data: _note_text(stack[-1], data)
    parser.StartNamespaceDeclHandler = lambda prefix, uri: declared.add(f"xmlns:{prefix}" if prefix else "xmlns")
    parser.StartDoctypeDeclHandler = doctype
    parser.XmlDeclHandler = version
    parser.Parse(text, True)
    return document


def _qualified(name: str) -> str:
    parts = name.split(" ")
    return f"{parts[2]}:{parts[1]}" if len(parts) == 3 else parts[-1]


def _note_text(element: Element, data: str) -> None:
    element.has_text = element.has_text or bool(data.strip())


class _Found:
    """Complete elements that lie in no other complete one, by what they lie in, and whether nothing around them is broken."""

    def __init__(self, text: str) -> None:
        self.top = Element("")
        self.stack, self.abandoned, self.torn = [self.top], list[Element](), list[int]()
        self.is_clean = True
        for kind, element in _tags(text):
            self._take(kind, element)
        self.is_clean = self.is_clean and len(self.stack) == 1
        parents = [self.top, *self.abandoned, *self.stack[1:]]
        children = [[child for named in parent.children.values() for child in named] for parent in parents]
        self.groups = [group for group in children if group]

    def _take(self, kind: str, element: Element) -> None:
        if kind == "torn":
            self.torn.append(element.start)
        elif kind == "open":
            self.stack.append(element)
        elif kind == "whole":
            self.stack[-1].add(element)
        elif len(self.stack) > 1 and self.stack[-1].name == element.name:
            self.stack[-1].end = element.end
            self.stack[-2].add(self.stack.pop())
        else:
            self.is_clean = False
            self.abandoned += self.stack[1:]
            self.stack = [self.top]

    def has_torn_tag(self) -> bool:
        """Whether a tag that never ends begins within what was found."""
        spans = [(min(each.start for each in group), max(each.end for each in group)) for group in self.groups] if self.torn else []
        return any(start < at < end for start, end in spans for at in self.torn)

    def roots(self) -> Iterator[Element]:
        # Elements beside each other are read as one document first, and then not singly any more.
        for group in self.groups:
            together = Element("")
            for element in group:
                together.add(element)
            yield together


def _tags(text: str) -> Iterator[tuple[str, Element]]:
    at = text.find("<")
    while at >= 0:
        end = _declaration_end(text, at)
        if end is None:
            closing = text.startswith("</", at)
            name = _NAME.match(text, at + 1 + closing)
            tag = _TAG_END.match(text, name.end()) if name else None
            if name:
                yield _tag(closing, name[0], at, tag) if tag else ("torn", Element(name[0], at))
            end = tag.end() if tag else at + 1
        at = text.find("<", end)


def _tag(closing: bool, name: str, start: int, tag: re.Match[str]) -> tuple[str, Element]:
    inside = tag[0][:-1].rstrip()
    kind = "close" if closing else "whole" if inside.endswith("/") else "open"
    attributes = {found[1] for found in _ATTRIBUTE.finditer(inside)} if kind != "close" else set()
    return kind, Element(name, start, tag.end(), attributes)


def _declaration_end(text: str, at: int) -> int | None:
    for start, end in _DELIMITERS:
        if text.startswith(start, at):
            found = text.find(end, at + len(start))
            return len(text) if found < 0 else found + len(end)
    return _bracketed_end(text, at) if text.startswith("<!", at) else None


_MARKS = re.compile(r"""["'\[\]>]""")


def _bracketed_end(text: str, at: int) -> int:
    depth, quote = 0, ""
    for mark in _MARKS.finditer(text, at + 2):
        character = mark[0]
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == ">" and not depth:
            return mark.end()
        else:
            depth = max(depth + {"[": 1, "]": -1}.get(character, 0), 0)
    return len(text)

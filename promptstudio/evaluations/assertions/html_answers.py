"""Checks for HTML: the whole answer, or traces of it.

Browsers repair whatever they get. What a repair would move about is not judged here; well-nested pages, with the end tags left out
that may be, are.
"""

import re
from html.parser import HTMLParser
from typing import Any

import regex

from .javascript import SPACES, trimmed
from .saying import MOST_SECONDS, CannotSay, Fact


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


KNOWN = _names("""
    a abbr address area article aside audio b base bdi bdo blockquote body br button canvas caption cite code col colgroup data
    datalist dd del details dfn dialog div dl dt em embed fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hr html
    i iframe img input ins kbd label legend li link main map mark math menu meta meter nav noscript object ol optgroup option output p
    param picture pre progress q rp rt ruby s samp script section select slot small source span strong style sub summary sup svg table
    tbody td template textarea tfoot th thead time title tr track u ul var video wbr
""")
_VOID = _names("area base br col embed hr img input link meta param source track wbr")
_CLOSES_P = _names("""
    address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header
    hgroup hr main menu nav ol p pre search section summary ul
""")
# A start tag ends these where they are the innermost.
_CLOSES = {
    "li": {"li"},
    "dt": {"dt", "dd"},
    "dd": {"dt", "dd"},
    "option": {"option"},
    "optgroup": {"option", "optgroup"},
    "tr": {"tr", "td", "th", "caption", "colgroup"},
    "td": {"td", "th"},
    "th": {"td", "th"},
    **dict.fromkeys(("tbody", "thead", "tfoot"), _names("tbody thead tfoot tr td th caption colgroup")),
}
_OPTIONAL = _names("p li dt dd option optgroup tr td th tbody thead tfoot colgroup rt rp")
_IN_TABLE = {
    "table": _names("caption colgroup col tbody thead tfoot tr td th"),
    **dict.fromkeys(("tbody", "thead", "tfoot"), frozenset(("tr", "td", "th"))),
    "tr": frozenset(("td", "th")),
    "colgroup": frozenset(("col",)),
}
_TABLE_PARTS = _names("caption colgroup col tbody thead tfoot tr td th")
_ALONE = _names("a nobr button form h1 h2 h3 h4 h5 h6 select")
_NOTHING_INSIDE = _names("title textarea iframe noscript noembed noframes xmp plaintext select template frameset")
_FOREIGN = frozenset(("svg", "math"))
_BACK_TO_HTML = KNOWN | _names("foreignobject desc annotation-xml mi mo mn ms mtext font big center tt strike nobr listing")
_WRAPPERS = frozenset(("html", "head", "body"))
_IN_HEAD = _names("base basefont bgsound link meta title style script noscript template")


MAX_DEPTH = 200


class _Page(HTMLParser):
    """Whether text stands at the top of the body, and whether there is an element that HTML knows."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[str] = []
        self.opened: set[str] = set()
        self.ended: set[str] = set()
        self.body_tag = self.body_begun = self.known = self.loose_text = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if self.stack and self.stack[-1] in _NOTHING_INSIDE and not (self.stack[-1] == "select" and tag in ("option", "optgroup")):
            raise CannotSay(f"What stands inside <{self.stack[-1]}> is not judged here.")
        if self._is_foreign() and tag in _BACK_TO_HTML:
            raise CannotSay("HTML stands within a drawing or a formula.")
        self.known = self.known or tag in KNOWN or "-" in tag
        if tag in _WRAPPERS:
            self._wrapper(tag)
            return
        self._make_room(tag)
        self.body_begun = self.body_begun or bool(self.stack) or tag not in _IN_HEAD
        if tag not in _VOID:
            self.stack.append(tag)
        if len(self.stack) > MAX_DEPTH:
            raise CannotSay("This HTML is nested too deeply.")

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        # Elsewhere a browser reads the slash as if it were not there.
        is_whole = self._is_foreign() or tag in _FOREIGN
        self.handle_starttag(tag, attrs)
        if is_whole:
            self.stack.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in _WRAPPERS:
            if tag not in self.opened:
                raise CannotSay(f"<{tag}> ends without having begun.")
            self.ended.add(tag)
        elif tag in _VOID:
            self.known = self.known or tag == "br"
        elif tag in self.stack:
            while (inner := self.stack.pop()) != tag:
                if inner not in _OPTIONAL:
                    raise CannotSay("The tags in this HTML cross each other.")
        elif tag == "p":
            # A browser makes an empty paragraph of it, but not before the page has begun.
            self.known = self.known or self.body_begun

    def handle_data(self, data: str) -> None:
        if not trimmed(data):
            return
        if self.stack and self.stack[-1] in _IN_TABLE:
            raise CannotSay("Text stands in a table outside its cells.")
        if not self.stack:
            self.body_begun = self.loose_text = True

    def _is_foreign(self) -> bool:
        return not _FOREIGN.isdisjoint(self.stack)

    def _wrapper(self, tag: str) -> None:
        if self.stack or self.body_begun or self.ended - {"head"}:
            raise CannotSay(f"<{tag}> stands in the middle of the page.")
        self.opened.add(tag)
        self.body_tag = self.body_tag or tag == "body"
        self.body_begun = self.body_begun or tag == "body"

    def _make_room(self, tag: str) -> None:
        if "p" in self.stack and (tag in _CLOSES_P or tag == "table"):
            if self.stack[-1] != "p" or tag == "table":
                raise CannotSay("A paragraph in this HTML is not closed before the next part begins.")
            self.stack.pop()
        if self.stack and self.stack[-1] == "p" and tag in _CLOSES:
            self.stack.pop()
        while self.stack and self.stack[-1] in _CLOSES.get(tag, ()):
            self.stack.pop()
        self._check_place(tag)

    def _check_place(self, tag: str) -> None:
        inner = self.stack[-1] if self.stack else ""
        outside = inner in _IN_TABLE and tag not in _IN_TABLE[inner] | {"script", "template", "style"}
        if outside or (tag in _TABLE_PARTS and inner not in _IN_TABLE) or (tag in _ALONE and tag in self.stack) or tag == "frameset":
            raise CannotSay(f"<{tag}> stands where it does not belong.")


_UNFINISHED = re.compile(r"<[a-zA-Z/!?][^>]*\Z")


def is_html(text: str) -> Fact:
    text = trimmed(text)
    if not text:
        return Fact(False, "The answer is empty.")
    if text[:5].lower() == "<?xml":
        return Fact(False, "The answer is XML, not HTML.")
    if _UNFINISHED.search(text[max(text.rfind("<"), 0) :]):
        raise CannotSay("The HTML breaks off in the middle of a tag.")
    page = _read(text)
    if page.loose_text and not page.body_tag:
        return Fact(False, "There is text outside the tags.")
    return Fact(page.known, "The answer is HTML." if page.known else "The answer has no element that HTML knows.")


def _read(text: str) -> _Page:
    page = _Page()
    try:
        page.feed(text)
        page.close()
    except (AssertionError, ValueError):
        raise CannotSay("This HTML cannot be read.") from None
    return page


_S = f"[{SPACES}]"
_TAG = r"[a-zA-Z][a-zA-Z0-9-]*"
_COMMON = _names("a body br button div form h[1-6] head hr html img input li link meta ol p script span style table td th tr ul")
# How much each trace counts; two are enough.
_TRACES = [
    (regex.compile(pattern, flags | regex.ASCII), weight)
    for pattern, weight, flags in (
        (rf"<{_TAG}(?:{_S}[^>]*)?>", 1, 0),
        (rf"</{_TAG}{_S}*>", 1, 0),
        (rf"<{_TAG}(?:{_S}[^>]*)?/>", 1, 0),
        (r"&(?:[a-zA-Z]+|#[0-9]+|#x[0-9a-fA-F]+);", 1, 0),
        (rf"<!doctype{_S}+html", 2, regex.IGNORECASE),
        (r"<!--(?:[^-]|-(?!-))*+-->", 1, 0),
        (rf"{_S}[a-zA-Z-]+={_S}*[\"'][^\"']*[\"']", 1, 0),
        (rf"<(?:{'|'.join(sorted(_COMMON))})\b", 2, regex.IGNORECASE),
    )
]


def contains_html(text: str) -> Fact:
    try:
        traces = sum(weight for pattern, weight in _TRACES if pattern.search(text, timeout=MOST_SECONDS))
    except TimeoutError:
        raise CannotSay("Looking for HTML in this answer took too long.") from None
    return Fact(traces >= 2, f"The answer {'contains' if traces >= 2 else 'does not contain'} HTML.")

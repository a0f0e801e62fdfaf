"""Gaps that a pasted form leaves to be filled in, as variables: `[Claim number]`, `«Customer»`, `<name>`, `Date: ____`."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

# Each part is bounded, so that a hostile text costs no more than its length.
WORDS = r"[^\W\d_][^\W_]*(?:[ _./'’-]{1,2}\w+){0,5}"
BRACKETED = re.compile(rf"(?<![\w\]!\\])\[({WORDS})\](?![\w(\[:])|(?<!\w)«({WORDS})»(?!\w)")
ANGLED = re.compile(r"(?<![\w<])<([A-Za-z][\w-]*(?: [\w-]+){0,4})>")
BLANK = re.compile(r"(?<![\w.…])(?:_{3,}|\.{6,}|…{3,})(?![\w.…])")
CLOSED = re.compile(r"</([A-Za-z][\w-]{0,60})[ \t]*>")
LABEL = re.compile(r"((?:[^\W_]+[ ./'’-]{1,2}){0,3}[^\W_]+)[ \t]{0,3}[:=]?[ \t]{0,3}$")
LONGEST_LABEL = 60
# They stand alone in HTML, so that nothing closes them.
TAGS = re.compile(
    "a|b|body|br|col|div|em|h[1-6]|hr|html|i|img|input|li|link|meta|ol|p|source|span|strong|table|td|th|tr|u|ul|wbr", re.IGNORECASE
)
JOINING = frozenset(("and", "or", "of", "the", "und", "oder", "et", "ou", "e", "y", "en"))
SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "æ": "ae", "ł": "l", "đ": "d"})


@dataclass(frozen=True)
class Gap:
    """`text` is what stands there from `start` on, `label` what it asks for, `name` the variable that it would become."""

    start: int
    text: str
    label: str
    name: str


def gaps(text: str) -> list[Gap]:
    """All of `text` in reading order. The same words are the same variable; each blank line to write on is one of its own."""
    found = sorted([*_enclosed(text), *_blanks(text)], key=lambda gap: gap.start)
    times = Counter({gap.name for gap in found if not _is_blank(gap)})
    return [_distinct(gap, times) if _is_blank(gap) else gap for gap in found]


def filled(text: str, name: str) -> tuple[str, str]:
    """`text` with `{{name}}` in each gap of that name, and what the first of them asks for."""
    label = ""
    for gap in reversed([gap for gap in gaps(text) if gap.name == name]):
        text = f"{text[: gap.start]}{{{{{name}}}}}{text[gap.start + len(gap.text) :]}"
        label = gap.label
    return text, label


def variable_name(label: str) -> str:
    """`Claim number` as a variable is called: `claim_number`; `value` where no letter of it can be one."""
    plain = unicodedata.normalize("NFKD", label.lower().translate(SPELLED))
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return re.sub(r"[^0-9a-z]+", "_", letters).strip("_")[:LONGEST_LABEL].rstrip("_") or "value"


def _enclosed(text: str) -> Iterator[Gap]:
    closed = {name.lower() for name in CLOSED.findall(text)}
    for match in BRACKETED.finditer(text):
        yield from _gap(match, match[1] or match[2])
    for match in ANGLED.finditer(text):
        if match[1].lower() not in closed and not TAGS.fullmatch(match[1]):
            yield from _gap(match, match[1])


def _gap(match: re.Match[str], label: str) -> Iterator[Gap]:
    if 2 <= len(label) <= LONGEST_LABEL:
        yield Gap(match.start(), match[0], label, variable_name(label))


def _blanks(text: str) -> Iterator[Gap]:
    for match in BLANK.finditer(text):
        line = text[max(text.rfind("\n", 0, match.start()) + 1, match.start() - 200) : match.start()]
        rest = text[match.end() : match.end() + 200].partition("\n")[0]
        # Alone on a line it divides the page.
        if line.strip() or rest.strip():
            label = _label(line[-LONGEST_LABEL:])
            yield Gap(match.start(), match[0], label, variable_name(label))


def _label(before: str) -> str:
    """The words that a blank follows."""
    found = LABEL.search(before)
    words = found[1].split() if found else []
    while len(words) > 1 and words[0].lower() in JOINING:
        del words[0]
    return " ".join(words)


def _is_blank(gap: Gap) -> bool:
    return BLANK.fullmatch(gap.text) is not None


def _distinct(gap: Gap, times: Counter[str]) -> Gap:
    times[gap.name] += 1
    name = f"{gap.name}_{times[gap.name]}" if times[gap.name] > 1 else gap.name
    return replace(gap, name=name)

"""`{{> name}}`, `{{> name@2.1.0}}` and `{{> name@^2}}` in a text, and the text with what they stand for. Knows no database.

Whoever calls gives a loader, which answers a name with the versions that there are, newest first.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from promptstudio.lib.errors import Invalid

from . import semver
from .bundle import MAX_TEXT, VARIABLE_NAME, Bundle, Message, Variable
from .findings import Finding
from .names import SEGMENT
from .soundness import listed, mapping, text_of
from .templating import INCLUDE, positions, variables_in

DEEPEST = 5
# Of one text: who includes a thousand that are not there needs to see some of them, and nobody needs to wait for all.
MOST_PROBLEMS = 50
WANTED = re.compile(rf"[ \t]*({SEGMENT.pattern})(?:@([\^~]?[0-9][0-9.]{{0,29}}|\*))?[ \t]*")


@dataclass(frozen=True)
class Stored:
    """One version of a snippet. `key` is what the caller knows it by; one `on_shelf` includes only what stands there as well.

    `archived` says since when and why, where nobody may include it anew.
    """

    name: str
    number: semver.Number
    text: str
    key: int
    on_shelf: bool = False
    archived: str = ""

    @property
    def semver(self) -> str:
        return ".".join(map(str, self.number))


# name, and whether the organisation's shelf alone is looked at
Loader = Callable[[str, bool], Sequence[Stored]]


class CannotInclude(ValueError):
    """`sentence` says why and what to do; `name` is the snippet, where one could be read."""

    def __init__(self, sentence: str, name: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence, self.name = sentence, name


@dataclass(frozen=True)
class Stretch:
    """A piece of a resolved text: where it begins there and in the source, and the snippet that it came from."""

    start: int
    source_start: int
    name: str = ""


@dataclass(frozen=True)
class Resolved:
    """`data` with the words of its snippets in it. `held` are all versions in it, those inside snippets included."""

    data: Any
    held: tuple[Stored, ...] = ()
    problems: tuple[Finding, ...] = ()
    # includes of what is archived: the words are there all the same
    archived: tuple[Finding, ...] = ()
    sources: dict[str, str] = field(default_factory=dict)
    stretches: dict[str, list[Stretch]] = field(default_factory=dict)

    @property
    def has_snippets(self) -> bool:
        return bool(self.sources)

    def at_source(self, finding: Finding) -> Finding:
        """The same finding where its author can act: at the line of the text that was written, or of the include that brought it."""
        if finding.place not in self.sources or finding.line is None:
            return finding
        offset = _offset(text_at(self.data, finding.place), finding.line, finding.column or 1)
        stretch = next(stretch for stretch in reversed(self.stretches[finding.place]) if stretch.start <= offset)
        at = stretch.source_start if stretch.name else stretch.source_start + offset - stretch.start
        ((line, column),) = positions(self.sources[finding.place], [at])
        if not stretch.name:
            return replace(finding, line=line, column=column)
        # What would change the text cannot reach into the snippet.
        fix = finding.fix if finding.fix == "add_variable" else None
        return replace(finding, line=line, column=column, fix=fix, sentence=f"In the snippet {stretch.name}: {finding.sentence}")


def includes_in(text: str) -> list[str]:
    """The names of the snippets that `text` includes itself, each once, as far as they can be read."""
    found = (WANTED.fullmatch(match[1]) for match in INCLUDE.finditer(text))
    return list(dict.fromkeys(match[1] for match in found if match))


def included_in(data: Any) -> set[str]:
    """The names of the snippets that the texts of a bundle's JSON include themselves."""
    return {name for _, text in _texts(data) for name in includes_in(text)}


def include(name: str, wanted: str = "") -> str:
    return f"{{{{> {name}@{wanted}}}}}" if wanted else f"{{{{> {name}}}}}"


def resolve(data: Any, load: Loader) -> Resolved:
    """The JSON of a bundle with every include replaced by its words. Never raises: what cannot be included is a problem at its line."""
    places = [(place, text) for place, text in _texts(data) if INCLUDE.search(text)]
    if not places:
        return Resolved(data)
    resolver = _Resolver(load)
    texts, problems, stretches = {}, [], {}
    for place, text in places:
        texts[place], stretches[place], found = resolver.top(place, text)
        problems += found
    return Resolved(_with(data, texts), tuple(resolver.held.values()), tuple(problems), tuple(resolver.archived), dict(places), stretches)


def check_text(text: str, load: Loader, *, name: str, on_shelf: bool = False, before: str = "") -> None:
    """Raises Invalid under `text` for a text that the snippet `name` cannot have. What is archived stays where it stood `before`."""
    resolver = _Resolver(load, on_shelf, (name,))
    problems = [*resolver.top("text", text)[2], *anew(resolver.archived, includes_in(before))]
    sentences = [f"Line {finding.line}: {finding.sentence}" for finding in problems]
    if sentences:
        raise Invalid({"text": " ".join(dict.fromkeys(sentences))})


def step(old: str, new: str) -> semver.Bump | None:
    """How much `new` asks of whoever includes it; None where nothing changed."""
    if old == new:
        return None
    bump = semver.compare(as_bundle(old), as_bundle(new))
    if includes_in(old) != includes_in(new) and (bump is None or bump.impact == semver.Impact.FIX):
        return semver.Bump(semver.Impact.FEATURE, ["It includes other snippets."])
    return bump or semver.Bump(semver.Impact.FEATURE, ["The text changed."])


def written_out(text: str, name: str, load: Loader) -> str:
    """`text` with the words of the snippet `name` in the place of its includes. What cannot be included stays as it is written."""
    resolver = _Resolver(load)

    def one(match: re.Match[str]) -> str:
        wanted = WANTED.fullmatch(match[1])
        try:
            return resolver.words(resolver.wanted(match[1], False, ()), (), MAX_TEXT)[0] if wanted and wanted[1] == name else match[0]
        except CannotInclude:
            return match[0]

    return INCLUDE.sub(one, text)


def anew(archived: Iterable[Finding], held: Collection[str]) -> list[Finding]:
    """Of includes of what is archived, those of snippets that are not `held` yet."""
    return [finding for finding in archived if finding.name not in held]


def renewed(data: Any, name: str, newest: semver.Number) -> Any:
    """`data` where every include of `name` that would not take the `newest` version asks for it."""

    def one(match: re.Match[str]) -> str:
        wanted = WANTED.fullmatch(match[1])
        if wanted is None or wanted[1] != name or _fits(wanted[2], newest):
            return match[0]
        return include(name, ".".join(map(str, newest)))

    return _with(data, {place: INCLUDE.sub(one, text) for place, text in _texts(data)})


class _Resolver:
    """One bundle's includes. Each snippet is looked up once, and its words are put together once."""

    def __init__(self, load: Loader, on_shelf: bool = False, above: tuple[str, ...] = ()) -> None:
        self.load, self.on_shelf, self.above = load, on_shelf, above
        self.known: dict[tuple[str, bool], Sequence[Stored]] = {}
        self.held: dict[int, Stored] = {}
        self.archived: list[Finding] = []
        # of a version: its words, and how many levels of snippets lie in it
        self.whole: dict[int, tuple[str, int]] = {}

    def top(self, place: str, text: str) -> tuple[str, list[Stretch], list[Finding]]:
        """A text as it was written: with what could be included, where each piece came from, and what could not."""
        out: list[str] = []
        problems: list[Finding] = []
        stretches, length = [Stretch(0, 0)], 0
        matches = list(INCLUDE.finditer(text))
        lines = positions(text, [match.start() for match in matches])
        ends = [0, *(match.end() for match in matches)]
        for match, end, (line, column) in zip(matches, ends, lines, strict=False):
            name = match[1].strip()
            # Stands in the place of what is not there, so that nothing else is said about it.
            words = f"[{name}]"
            try:
                if len(problems) < MOST_PROBLEMS:
                    stored = self.wanted(match[1], self.on_shelf, self.above)
                    words, name = self.words(stored, self.above, limit=MAX_TEXT - length)[0], stored.name
                    if stored.archived:
                        self.archived.append(Finding("error", place, stored.archived, line, column, "write_out", name))
            except CannotInclude as error:
                problems.append(Finding("error", place, error.sentence, line, column, name=error.name))
            before = text[end : match.start()]
            stretches.append(Stretch(length + len(before), match.start(), name))
            length += len(before) + len(words)
            stretches.append(Stretch(length, match.end()))
            out += [before, words]
        return "".join([*out, text[ends[-1] :]]), stretches, problems

    def wanted(self, inside: str, on_shelf: bool, above: tuple[str, ...]) -> Stored:
        match = WANTED.fullmatch(inside)
        if match is None:
            raise CannotInclude(f"“{inside.strip()[:80]}” names no snippet. Write {include('name')} or {include('name', '2.1.0')}.")
        name, range_ = match[1], match[2]
        if name in above:
            way = " → ".join((*above[above.index(name) :], name))
            raise CannotInclude(f"The snippet {name} would include itself ({way}). Take it out of one of them.", name)
        found = self.versions(name, on_shelf)
        if not found:
            where = " on the shelf" if on_shelf else ""
            raise CannotInclude(f"There is no snippet called {name}{where}. Check its name, or make it under Snippets.", name)
        fitting = next((stored for stored in found if _fits(range_, stored.number)), None)
        if fitting is None:
            raise CannotInclude(f"The snippet {name} has no version {range_}. Its newest is {found[0].semver}.", name)
        return fitting

    def versions(self, name: str, on_shelf: bool) -> Sequence[Stored]:
        if (name, on_shelf) not in self.known:
            self.known[name, on_shelf] = self.load(name, on_shelf)
        return self.known[name, on_shelf]

    def words(self, stored: Stored, above: tuple[str, ...], limit: int) -> tuple[str, int]:
        """The words of a snippet with those that it includes, and how deep they lie."""
        if stored.key not in self.whole:
            self.whole[stored.key] = self.put_together(stored, (*above, stored.name))
        words, depth = self.whole[stored.key]
        if len(above) + depth > DEEPEST:
            raise _too_deep(stored)
        if len(words) > limit:
            raise CannotInclude(f"With {stored.name} this text gets longer than {MAX_TEXT:,} characters.", stored.name)
        self.held[stored.key] = stored
        return words, depth

    def put_together(self, stored: Stored, above: tuple[str, ...]) -> tuple[str, int]:
        if len(above) > DEEPEST:
            raise _too_deep(stored)
        out, end, deepest, length = [], 0, 0, 0
        for match in INCLUDE.finditer(stored.text):
            try:
                inner = self.wanted(match[1], stored.on_shelf, above)
            except CannotInclude as error:
                raise CannotInclude(f"In the snippet {stored.name}: {error.sentence}", stored.name) from None
            words, depth = self.words(inner, above, limit=MAX_TEXT - length)
            before = stored.text[end : match.start()]
            out += [before, words]
            length += len(before) + len(words)
            deepest, end = max(deepest, depth), match.end()
        return "".join([*out, stored.text[end:]]), deepest + 1


def _too_deep(stored: Stored) -> CannotInclude:
    return CannotInclude(f"Snippets in snippets go {DEEPEST} levels deep at most. Write {stored.name} out in one of them.", stored.name)


def _fits(range_: str | None, number: semver.Number) -> bool:
    try:
        return range_ is None or semver.in_range(range_, number)
    except Invalid:
        return False


def _texts(data: Any) -> Iterator[tuple[str, str]]:
    given = mapping(data)
    yield "system", text_of(given.get("system"))
    for index, message in enumerate(listed(given.get("messages"))):
        yield f"messages.{index}.text", text_of(mapping(message).get("text"))


def text_at(data: Any, place: str) -> str:
    return dict(_texts(data)).get(place, "")


def _with(data: Any, texts: dict[str, str]) -> Any:
    """`data` with other texts at their places; nothing of `data` itself is changed."""
    changed = dict(data)
    if "system" in texts and isinstance(data.get("system"), str):
        changed["system"] = texts["system"]
    if isinstance(data.get("messages"), (list, tuple)):
        changed["messages"] = [
            {**message, "text": texts[f"messages.{index}.text"]}
            if isinstance(message, dict) and isinstance(message.get("text"), str) and f"messages.{index}.text" in texts
            else message
            for index, message in enumerate(data["messages"])
        ]
    return changed


def _offset(text: str, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = text.index("\n", start) + 1
    return start + column - 1


def as_bundle(text: str) -> Bundle:
    """The words alone, as a prompt of one text that declares what it uses: what two versions are compared as."""
    variables = tuple(Variable(name=name) for name in sorted(variables_in(text)) if VARIABLE_NAME.fullmatch(name))
    return Bundle(messages=(Message(text=text),), variables=variables)

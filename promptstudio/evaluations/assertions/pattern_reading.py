"""Regular expressions of JavaScript, written anew for Python's `regex`.

Every pattern is read by ECMAScript's grammar (with its annex B, as promptfoo calls `RegExp(text)` without flags; JSON schemas use `u`) and
written anew, so that what looks alike and means something else (`$`, `\\d`, `{,3}`, `[[:a:]]`) cannot slip through.
"""

from dataclasses import dataclass, field

import regex

from .pattern_characters import WORD, Characters, NotAPattern, literal
from .saying import CannotSay

MAX_DEPTH = 50
MAX_REPEATS = 10_000
_LINE_ENDS = r"\n\r\u2028\u2029"
_BOUNDARY = rf"(?:(?<=[{WORD}])(?![{WORD}])|(?<![{WORD}])(?=[{WORD}]))"
_INSIDE = rf"(?:(?<=[{WORD}])(?=[{WORD}])|(?<![{WORD}])(?![{WORD}]))"
_COUNT = regex.compile(r"\{([0-9]+)(,([0-9]*))?\}")
_NAME = regex.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


@dataclass
class _Group:
    opening: str
    number: int | None
    first_inside: int
    outer: list[str]
    outer_sizes: list[int]


@dataclass
class Reading(Characters):
    out: list[str] = field(default_factory=list)
    # How large each piece becomes when what is counted is written out.
    sizes: list[int] = field(default_factory=list)
    stack: list[_Group] = field(default_factory=list)
    groups: int = 0
    # What a quantifier would stand behind: nothing, an atom, or something in front of which JavaScript lets it stand alone.
    last: str = ""
    inside_last: range = range(0)
    names: dict[str, int] = field(default_factory=dict)
    asked: set[int] = field(default_factory=set)
    # Groups whose content JavaScript forgets at moments of its own.
    forgetful: set[int] = field(default_factory=set)

    def text(self) -> str:
        self.total = _groups_in(self.source)
        self.has_names = "(?<" in regex.sub(r"\\.|\(\?<[=!]", "", self.source, flags=regex.DOTALL)
        while self.at < len(self.source):
            self._step(self.source[self.at])
        if self.stack:
            raise NotAPattern("A bracket ( is never closed.")
        if self.asked & self.forgetful:
            raise CannotSay("It refers back into a part that is repeated; that is read differently here.")
        return "".join(self.out)

    def _step(self, character: str) -> None:
        self.at += 1
        match character:
            case "|":
                self._put("|", "")
            case "(":
                self._open()
            case ")":
                self._close()
            case "*" | "+" | "?":
                self._repeat(character)
            case "{":
                self._brace()
            case "^":
                self._put(r"\A", "")
            case "$":
                self._put(r"\Z", "")
            case ".":
                self._put(f"[^{_LINE_ENDS}]", "atom")
            case "[":
                self._put(self._class(), "atom")
            case "\\":
                self._escape()
            case "]" | "}" if self.strict:
                raise NotAPattern(f"A bracket {character} stands alone.")
            case _:
                self._put(literal(ord(character)), "atom")

    def _put(self, text: str, last: str, inside: range = range(0), size: int = 1) -> None:
        self.out.append(text)
        self.sizes.append(size)
        self.last, self.inside_last = last, inside

    def _open(self) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise CannotSay("It is nested too deeply.")
        opening, number = next((start for start in ("?:", "?=", "?!", "?<=", "?<!") if self._taken(start)), ""), None
        if not opening:
            self.groups += 1
            number = self.groups
            if self._taken("?<"):
                self._name(number)
            elif self.source.startswith("?", self.at):
                raise NotAPattern("Behind (? stands something that is not known there.")
        self.stack.append(_Group(opening, number, self.groups if number else self.groups + 1, self.out, self.sizes))
        self.out, self.sizes, self.last = [], [], ""

    def _name(self, number: int) -> None:
        name = self._named()
        if name in self.names:
            raise NotAPattern(f"The name {name} stands there twice.")
        self.names[name] = number

    def _named(self) -> str:
        name, end, _ = self.source[self.at :].partition(">")
        if not end or not _NAME.fullmatch(name):
            raise NotAPattern("A name between < and > has letters and digits.")
        self.at += len(name) + 1
        return name

    def _close(self) -> None:
        if not self.stack:
            raise NotAPattern("A bracket ) was never opened.")
        group = self.stack.pop()
        inside, self.out = self.out, group.outer
        size, self.sizes = sum(self.sizes) + 1, group.outer_sizes
        within = range(group.first_inside, self.groups + 1)
        around = group.opening not in ("", "?:")
        if around:
            self.forgetful.update(within)
        last = "atom" if not around else "ahead" if group.opening in ("?=", "?!") else ""
        self._put(f"({group.opening}{''.join(inside)})", last, within, size)

    def _brace(self) -> None:
        count = _COUNT.match(self.source, self.at - 1)
        if not count:
            if self.strict:
                raise NotAPattern("A bracket { stands alone.")
            self._put(literal(ord("{")), "atom")
            return
        low, high = int(count[1]), int(count[3]) if count[3] else None
        if high is not None and low > high:
            raise NotAPattern("The numbers between { and } are out of order.")
        if self.sizes and self.last == "atom":
            self.sizes[-1] *= max(low, high or 0, 1)
            if self.sizes[-1] > MAX_REPEATS:
                raise CannotSay(f"It repeats something more than {MAX_REPEATS:,} times.")
        self.at = count.end()
        self._repeat(f"{{{low}{',' if count[2] else ''}{'' if high is None else high}}}")

    def _repeat(self, quantifier: str) -> None:
        if self.last == "ahead" and not self.strict:
            raise CannotSay("It repeats a look ahead; that is read differently here.")
        if self.last != "atom":
            raise NotAPattern(f"There is nothing to repeat in front of {quantifier}.")
        if quantifier != "?":
            self.forgetful.update(self.inside_last)
        self.out[-1] += quantifier + ("?" if self._taken("?") else "")
        self.last = ""

    def _escape(self) -> None:
        if self.at >= len(self.source):
            raise NotAPattern("A backslash stands at the end.")
        character = self.source[self.at]
        if character in "bB":
            self.at += 1
            self._put(_BOUNDARY if character == "b" else _INSIDE, "")
        elif character == "k" and (self.strict or self.has_names):
            self.at += 1
            self._refer_by_name()
        elif character in "123456789" and self._refers():
            pass
        else:
            found = self._atom_escape(in_class=False)
            self._put(literal(found) if isinstance(found, int) else f"[{found}]", "atom")

    def _refer_by_name(self) -> None:
        if not self._taken("<"):
            raise NotAPattern("Behind \\k stands a name between < and >.")
        name = self._named()
        if name not in self.names:
            raise CannotSay("It refers to a name that comes later, or to none; that is not read here.")
        self._refer(self.names[name])

    def _refers(self) -> bool:
        digits = regex.match(r"[0-9]+", self.source, pos=self.at)[0]
        if int(digits[:5]) > self.total:
            if self.strict:
                raise NotAPattern(f"There is no group {digits}.")
            return False
        self.at += len(digits)
        self._refer(int(digits))
        return True

    def _refer(self, number: int) -> None:
        self.asked.add(number)
        # In JavaScript a group that took no part, or not yet, matches nothing at any place.
        is_open = any(group.number == number for group in self.stack)
        self._put("(?:)" if is_open or number > self.groups else f"(?:(?({number})\\{number}|))", "atom")


def _groups_in(source: str) -> int:
    bare = regex.sub(r"\\.", "", source, flags=regex.DOTALL)
    bare = regex.sub(r"\[[^\]]*\]", "", bare)
    return len(regex.findall(r"\((?!\?)|\(\?<(?![=!])", bare))

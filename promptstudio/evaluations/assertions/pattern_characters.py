"""Single characters and sets of them in a regular expression of JavaScript, written for Python's `regex`."""

import string
from dataclasses import dataclass

import regex

from .javascript import SPACES
from .saying import CannotSay

WORD = "0-9A-Z_a-z"
_SPACE = "".join(f"\\u{ord(space):04x}" for space in SPACES)
_CONTROLS = {"f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_OCTAL = regex.compile(r"[0-3][0-7]{0,2}|[4-7][0-7]?")
_PROPERTY = regex.compile(r"\{(?:(?:General_Category|gc|Script|sc)=)?([A-Za-z_]+)\}")
_SYNTAX = frozenset("^$\\.*+?()[]{}|/")


class NotAPattern(CannotSay):
    """JavaScript refuses it too."""


def _complement(ranges: str) -> str:
    inside = regex.compile(f"[{ranges}]")
    edges, start = [], 0
    for code in [code for code in range(0x10000) if inside.match(chr(code))]:
        if code > start:
            edges.append((start, code - 1))
        start = code + 1
    return "".join(f"\\u{low:04x}-\\u{high:04x}" for low, high in edges) + f"\\u{start:04x}-\\U0010ffff"


_SETS = {"d": "0-9", "w": WORD, "s": _SPACE, "D": _complement("0-9"), "W": _complement(WORD), "S": _complement(_SPACE)}


@dataclass
class Characters:
    """`at` is where reading stands; `strict` is the `u` flag."""

    source: str
    strict: bool
    at: int = 0

    def _taken(self, start: str) -> bool:
        if self.source.startswith(start, self.at):
            self.at += len(start)
            return True
        return False

    def _atom_escape(self, *, in_class: bool) -> int | str:
        """The character or set behind a backslash."""
        character = self.source[self.at]
        self.at += 1
        if character in _SETS:
            return _SETS[character]
        if character in _CONTROLS:
            return _CONTROLS[character]
        if character in "pP" and self.strict:
            return self._property(character)
        if character == "c":
            return self._control(in_class)
        if character in "xu":
            return self._hexadecimal(character)
        if character in "01234567" and not self.strict:
            octal = _OCTAL.match(self.source, self.at - 1)[0]
            self.at += len(octal) - 1
            return int(octal, 8)
        if character == "0" and not self.source[self.at : self.at + 1].isdigit():
            return 0
        if self.strict and character not in _SYNTAX and not (in_class and character == "-"):
            raise NotAPattern(f"\\{character} is not known.")
        return ord(character)

    def _control(self, in_class: bool) -> int:
        letters = string.ascii_letters + (string.digits + "_" if in_class and not self.strict else "")
        following = self.source[self.at : self.at + 1]
        if following and following in letters:
            self.at += 1
            return ord(following) % 32
        if self.strict:
            raise NotAPattern("Behind \\c stands a letter.")
        self.at -= 1
        return ord("\\")

    def _hexadecimal(self, kind: str) -> int:
        length = 2 if kind == "x" else 4
        digits = self.source[self.at : self.at + length]
        if len(digits) == length and all(digit in string.hexdigits for digit in digits):
            self.at += length
            return self._paired(int(digits, 16)) if kind == "u" else int(digits, 16)
        if not self.strict:
            return ord(kind)
        braced = regex.match(r"\{0*([0-9A-Fa-f]{1,6})\}", self.source, pos=self.at) if kind == "u" else None
        if not braced or int(braced[1], 16) > 0x10FFFF:
            raise NotAPattern(f"Behind \\{kind} stand hexadecimal digits.")
        self.at = braced.end()
        return int(braced[1], 16)

    def _paired(self, code: int) -> int:
        low = regex.match(r"\\u([dD][c-fC-F][0-9A-Fa-f]{2})", self.source, pos=self.at)
        if not self.strict or not 0xD800 <= code <= 0xDBFF or not low:
            return code
        self.at = low.end()
        return 0x10000 + ((code - 0xD800) << 10) + (int(low[1], 16) - 0xDC00)

    def _property(self, kind: str) -> str:
        found = _PROPERTY.match(self.source, self.at)
        if not found:
            raise NotAPattern(f"Behind \\{kind} stands a property between {{ and }}.")
        self.at = found.end()
        return f"\\{kind}{found[0]}"

    def _class(self) -> str:
        negated, parts = self._taken("^"), []
        while not self._taken("]"):
            parts.append(self._range(self._class_atom()))
        if not parts:
            return r"[\x00-\U0010ffff]" if negated else "(?:(?!))"
        return f"[{'^' if negated else ''}{''.join(parts)}]"

    def _range(self, low: int | str) -> str:
        follows = self.source[self.at : self.at + 2]
        if not follows.startswith("-") or follows in ("-", "-]"):
            return _member(low)
        self.at += 1
        high = self._class_atom()
        if isinstance(low, int) and isinstance(high, int):
            if low > high:
                raise NotAPattern("A range between [ and ] runs backwards.")
            return f"{literal(low)}-{literal(high)}"
        if self.strict:
            raise NotAPattern("A range between [ and ] needs single characters.")
        return _member(low) + literal(ord("-")) + _member(high)

    def _class_atom(self) -> int | str:
        if self.at >= len(self.source):
            raise NotAPattern("A bracket [ is never closed.")
        character = self.source[self.at]
        self.at += 1
        if character != "\\":
            return ord(character)
        if self.at >= len(self.source):
            raise NotAPattern("A backslash stands at the end.")
        if self._taken("b"):
            return 8
        return self._atom_escape(in_class=True)


def _member(part: int | str) -> str:
    return literal(part) if isinstance(part, int) else part


def literal(code: int) -> str:
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"

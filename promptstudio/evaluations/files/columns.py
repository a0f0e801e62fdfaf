"""What the columns of a table are: promptfoo's reserved names, Studio's own, and the words that people use in Excel."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

STUDIO = "__metadata:prompt_studio."
SPOKEN = {
    "name": "name",
    "description": "name",
    "case": "name",
    "expected": "expected",
    "threshold": "threshold",
    "must never fail": "must_never_fail",
    "tags": "tags",
    "owner": "owner",
    "weight": "weight",
}
CHECKS = {"must contain": "icontains", "must not contain": "not-icontains", "must equal": "equals"}
RESERVED = {
    "__description": "name",
    "__threshold": "threshold",
    "__metric": "metric",
    "__prefix": "prefix",
    "__suffix": "suffix",
    "__providerOutput": "providerOutput",
}
OWN = ("uid", "must_never_fail", "weight", "tags", "owner", "turns")
# Long ones go on in exact2, exact3 …
LONG = re.compile(r"(exact|suite)([0-9]{0,3})", re.ASCII)
CONFIG = re.compile(r"__config:__expected([1-9][0-9]{0,3})?:threshold", re.ASCII)
# A value that has a column of its own in a table that is written here.
NAMEABLE = re.compile(r"[^\W_][\w-]{0,99}")
MEANINGS = {
    "expected": "a check",
    "name": "what the case is called",
    "threshold": "the score that suffices",
    "metric": "the measure that its checks count for",
    "config": "the threshold of a check",
    "must_never_fail": "whether it must never fail",
    "tags": "tags",
    "owner": "who answers for it",
    "weight": "its weight",
    "turns": "the conversation before the answer",
    "uid": "which case it is",
    "exact": "what no cell can say",
    "suite": "what belongs to the suite",
    "prefix": "kept, and not used here",
    "suffix": "kept, and not used here",
    "providerOutput": "kept, and not used here",
    "metadata": "kept, and not used here",
    "metadata_list": "kept, and not used here",
    "unknown": "not known, and left out",
    "nothing": "without a name, and left out",
}


@dataclass(frozen=True)
class Head:
    """`kind` is one of MEANINGS, or `value` or `check`; `detail` the name of the value, the type of the check …"""

    header: str
    kind: str
    detail: str = ""
    is_variable: bool = False

    @property
    def meaning(self) -> str:
        if self.kind == "check":
            return "a check"
        if self.kind == "value":
            return f"the value of {self.detail}" if self.is_variable else "no variable of this prompt: kept, and checks may ask for it"
        return MEANINGS[self.kind]


def heads_of(cells: Sequence[str], variables: Sequence[str]) -> list[Head]:
    """A table that Studio wrote names everything as promptfoo does, so that a value may be called like anything."""
    headers = [cell.strip() for cell in cells]
    strict = any(header.startswith(STUDIO) for header in headers)
    return [_head(header, variables, strict) for header in headers]


def _head(header: str, variables: Sequence[str], strict: bool) -> Head:
    if not header:
        return Head(header, "nothing")
    if header in variables:
        return Head(header, "value", header, True)
    if header.startswith("__"):
        return _reserved(header)
    if strict and " " not in header:
        return Head(header, "value", header)
    return _spoken(header, variables)


def _spoken(header: str, variables: Sequence[str]) -> Head:
    folded = " ".join(header.casefold().split())
    alike = next((variable for variable in variables if variable.casefold() == folded.replace(" ", "_")), "")
    if alike:
        return Head(header, "value", alike, True)
    if folded in CHECKS:
        return Head(header, "check", CHECKS[folded])
    return Head(header, SPOKEN[folded]) if folded in SPOKEN else Head(header, "value", header)


def _reserved(header: str) -> Head:
    if header.startswith("__expected"):
        return Head(header, "expected")
    if header in RESERVED:
        return Head(header, RESERVED[header])
    if header.startswith(STUDIO):
        return _own(header)
    if header.startswith("__metadata:"):
        key = header.removeprefix("__metadata:")
        return Head(header, "metadata_list", key[:-2]) if key.endswith("[]") else Head(header, "metadata", key)
    if match := CONFIG.fullmatch(header):
        return Head(header, "config", match[1] or "1")
    return Head(header, "unknown")


def _own(header: str) -> Head:
    name = header.removeprefix(STUDIO).removesuffix("[]")
    if name in OWN:
        return Head(header, name)
    if match := LONG.fullmatch(name):
        return Head(header, match[1], match[2] or "1")
    return Head(header, "unknown")

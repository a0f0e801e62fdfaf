"""The smallest honest step from one version to the next, with its reasons in the reader's words.

breaking: applications or readers of the answers must change. feature: the answers may change. fix: neither.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from promptstudio.lib.errors import Invalid

from .bundle import Bundle, Message, Tool, Variable
from .canonical import canonical_json
from .limits import narrowed
from .schemas import schema_changes
from .templating import PLACEHOLDER, as_text, must_be_sent, placeholder
from .wording import beyond_wording

Number = tuple[int, int, int]
FIRST: Number = (1, 0, 0)
SEMVER = re.compile(r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})", re.ASCII)
RANGE = re.compile(r"([\^~]?)(0|[1-9]\d{0,8})(?:\.(0|[1-9]\d{0,8}))?(?:\.(0|[1-9]\d{0,8}))?", re.ASCII)


class Impact(StrEnum):
    """How much a change asks of those who use the prompt; ordered fix < feature < breaking."""

    FIX = "fix"
    FEATURE = "feature"
    BREAKING = "breaking"

    @property
    def rank(self) -> int:
        return list(Impact).index(self)

    def __lt__(self, other: str) -> bool:
        return self.rank < Impact(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Impact(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Impact(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Impact(other).rank


@dataclass(frozen=True)
class Bump:
    """`reasons` are sentences, those with the greatest impact first."""

    impact: Impact
    reasons: list[str]


Change = tuple[Impact, str]
BY_SCHEMA = {"narrowed": Impact.BREAKING, "widened": Impact.FEATURE, "explained": Impact.FIX}


def compare(old: Bundle, new: Bundle) -> Bump | None:
    """The step that `new` is after `old`; None where they are equal."""
    if old.digest == new.digest:
        return None
    renamed = _renamed(old, new)
    found = [*_kind(old, new), *_variables(old, new, renamed), *_tools(old, new), *_output(old, new), *_settings(old, new)]
    # A text that differs in a variable's new name alone says nothing more than that.
    found += [] if renamed else _texts(old, new)
    # A member of the bundle that no rule above knows must not pass for nothing.
    changes = found or [(Impact.FEATURE, "The configuration changed.")]
    changes.sort(key=lambda change: -change[0].rank)
    return Bump(changes[0][0], list(dict.fromkeys(reason for _, reason in changes)))


def next_version(number: Number, impact: Impact) -> Number:
    major, minor, patch = number
    match impact:
        case Impact.BREAKING:
            return major + 1, 0, 0
        case Impact.FEATURE:
            return major, minor + 1, 0
    return major, minor, patch + 1


def parse_semver(text: str) -> Number:
    """(1, 4, 0) of `1.4.0`. Raises Invalid under `version`."""
    match = SEMVER.fullmatch(text)
    if match is None:
        raise Invalid({"version": f"“{text[:40]}” is not a version. Write it with three numbers: 1.4.0."})
    return int(match[1]), int(match[2]), int(match[3])


def in_range(wanted: str, version: Number) -> bool:
    """Whether `version` is one that `wanted` means: `^2`, `^2.1`, `~2.1`, `2`, `2.1.3` or `*`. Raises Invalid under `version`.

    `^2.1` is 2.1.0 and whatever follows without breaking; `~2.1` is 2.1 with its fixes; `2.1` is the same; three plain
    numbers are that version alone.
    """
    if wanted == "*":
        return True
    match = RANGE.fullmatch(wanted)
    if match is None:
        raise Invalid({"version": f"“{wanted[:40]}” is not a range of versions. Write ^2, ^2.1, ~2.1, 2, 2.1.3 or *."})
    sign, given = match[1], tuple(int(part) for part in match.groups()[1:] if part is not None)
    # All but the caret fix what is written; a tilde before three numbers lets the last one grow.
    fixed = 1 if sign == "^" else min(len(given), 2) if sign == "~" else len(given)
    return version[:fixed] == given[:fixed] and version[: len(given)] >= given


def _kind(old: Bundle, new: Bundle) -> Iterator[Change]:
    if old.kind != new.kind:
        yield Impact.BREAKING, f"The prompt was a {old.kind} and is now a {new.kind}."
    if old.syntax != new.syntax:
        yield Impact.BREAKING, f"The template language was {old.syntax} and is now {new.syntax}."


def _variables(old: Bundle, new: Bundle, renamed: tuple[str, str] | None) -> Iterator[Change]:
    before, after = {v.name: v for v in old.variables}, {v.name: v for v in new.variables}
    if renamed:
        was, now = renamed
        yield Impact.BREAKING, f"{was} is now called {now}; applications must send it under its new name."
        before = {now if name == was else name: variable for name, variable in before.items()}
    for name in before:
        if name not in after:
            yield Impact.BREAKING, f"{name} was removed; applications must no longer send it."
        else:
            yield from _variable(before[name], after[name])
    for name in after:
        if name not in before:
            yield _added(after[name])
    if list(before) != list(after) and set(before) == set(after):
        yield Impact.FIX, "The order of the variables changed."


def _renamed(old: Bundle, new: Bundle) -> tuple[str, str] | None:
    """The old and new name where one variable only changed its name: every text is the same but for it."""
    before, after = [v.name for v in old.variables], [v.name for v in new.variables]
    removed, added = [name for name in before if name not in after], [name for name in after if name not in before]
    if len(removed) != 1 or len(added) != 1 or _named(old, {removed[0]: added[0]}) != _named(new, {}):
        return None
    return removed[0], added[0]


def _named(bundle: Bundle, names: dict[str, str]) -> list[tuple[str, str]]:
    return [(place, PLACEHOLDER.sub(lambda m: placeholder(names.get(m[1], m[1])), text)) for place, text in bundle.texts]


def _added(variable: Variable) -> Change:
    if must_be_sent(variable):
        return Impact.BREAKING, f"Applications must now send {variable.name}."
    return Impact.FEATURE, f"Applications can now send {variable.name}."


def _variable(old: Variable, new: Variable) -> Iterator[Change]:
    name = new.name
    if must_be_sent(new) and not must_be_sent(old):
        yield Impact.BREAKING, f"Applications must now send {name}."
    elif new.required and not old.required:
        yield Impact.BREAKING, f"{name} is now required."
    elif must_be_sent(old) and not must_be_sent(new):
        yield Impact.FEATURE, f"Applications no longer have to send {name}."
    elif old.required != new.required:
        yield Impact.FEATURE, f"{name} is now optional."
    if old.type != new.type:
        widened = (old.type, new.type) == ("choice", "string")
        yield (Impact.FEATURE if widened else Impact.BREAKING), f"{name} was a {old.type} and is now a {new.type}."
    elif old.choices != new.choices:
        yield from _choices(old, new)
    for tighter, now in narrowed(old.limits, new.limits):
        yield (Impact.BREAKING if tighter else Impact.FEATURE), f"{name} has {now}."
    if _differ(old.default, new.default):
        yield Impact.FEATURE, f"The default of {name} was {_shown(old.default)} and is now {_shown(new.default)}."
    if _differ(old.example, new.example) or old.description != new.description:
        yield Impact.FIX, f"The explanation or example of {name} changed."
    if old.type != new.type and old.choices != new.choices:
        yield Impact.FIX, f"The choices of {name} changed with its type."


def _choices(old: Variable, new: Variable) -> Iterator[Change]:
    gone = [choice for choice in old.choices if choice not in set(new.choices)]
    come = [choice for choice in new.choices if choice not in set(old.choices)]
    if new.type != "choice" or not (gone or come):
        yield Impact.FIX, f"The list of choices of {new.name} changed without effect."
        return
    if gone:
        yield Impact.BREAKING, f"{new.name} can no longer be {' or '.join(gone)}."
    if come:
        yield Impact.FEATURE, f"{new.name} can now be {' or '.join(come)}."


def _texts(old: Bundle, new: Bundle) -> Iterator[Change]:
    if old.system != new.system:
        yield Impact.FEATURE, "The system text changed."
    if [m.role for m in old.messages] != [m.role for m in new.messages]:
        yield Impact.FEATURE, _conversation(old.messages, new.messages)
        return
    for index, (before, after) in enumerate(zip(old.messages, new.messages, strict=True), start=1):
        if before.text != after.text:
            where = "" if len(new.messages) == 1 else f"Message {index}: "
            yield from ((impact, where + reason) for impact, reason in _text(before.text, after.text))


def _conversation(old: tuple[Message, ...], new: tuple[Message, ...]) -> str:
    if len(old) == len(new):
        return "The roles of the messages changed."
    return f"There were {len(old)} messages and there are now {len(new)}."


def _text(old: str, new: str) -> Iterator[Change]:
    meaning = beyond_wording(old, new)
    for sentence in meaning:
        yield Impact.FEATURE, sentence
    if not meaning:
        yield Impact.FIX, "Only wording changed: no number, date, negation or rule, and no sentence more or less."


def _tools(old: Bundle, new: Bundle) -> Iterator[Change]:
    before, after = {tool.name: tool for tool in old.tools}, {tool.name: tool for tool in new.tools}
    for name, tool in before.items():
        if name not in after:
            yield Impact.BREAKING, f"The tool {name} was removed."
        else:
            yield from _tool(tool, after[name])
    for name in after:
        if name not in before:
            yield Impact.FEATURE, f"The tool {name} was added."
    if old.tool_choice != new.tool_choice:
        yield Impact.FEATURE, f"Which tool is used was {_shown(old.tool_choice)} and is now {_shown(new.tool_choice)}."
    if list(before) != list(after) and set(before) == set(after):
        yield Impact.FIX, "The order of the tools changed."


def _tool(old: Tool, new: Tool) -> Iterator[Change]:
    if old.description != new.description:
        yield Impact.FIX, f"The description of the tool {new.name} changed."
    for effect, reason in schema_changes(old=old.input_schema, new=new.input_schema, new_field="narrowed"):
        yield BY_SCHEMA[effect], f"Tool {new.name}: {reason}"


def _output(old: Bundle, new: Bundle) -> Iterator[Change]:
    if old.output_schema is None and new.output_schema is not None:
        yield Impact.BREAKING, "The answer was free text and now has fixed fields."
    elif old.output_schema is not None and new.output_schema is None:
        yield Impact.BREAKING, "The answer had fixed fields and is now free text."
    elif old.output_schema is not None:
        for effect, reason in schema_changes(old=old.output_schema, new=new.output_schema, new_field="widened"):
            yield BY_SCHEMA[effect], f"The answer: {reason}"


def _settings(old: Bundle, new: Bundle) -> Iterator[Change]:
    if old.model != new.model:
        yield Impact.FEATURE, f"The model was {_shown(old.model or None)} and is now {_shown(new.model or None)}."
    for setting in type(old.inference).model_fields:
        before, after = getattr(old.inference, setting), getattr(new.inference, setting)
        if before != after:
            yield Impact.FEATURE, f"{SETTINGS.get(setting, setting)} was {_shown(before)} and is now {_shown(after)}."
    if canonical_json(old.extra_model_fields) != canonical_json(new.extra_model_fields):
        yield Impact.FEATURE, "Settings of the model changed."


SETTINGS = {
    "temperature": "The temperature",
    "top_p": "Top P",
    "max_tokens": "The longest answer (in tokens)",
    "stop_sequences": "The list of stop sequences",
}


def _differ(old: Any, new: Any) -> bool:
    # True and 1 are equal to Python and two things to a reader; 1 and 1.0 are one.
    return old != new or isinstance(old, bool) != isinstance(new, bool)


def _shown(value: Any) -> str:
    if value is None or value == () or value == "":
        return "not set"
    if isinstance(value, tuple):
        return ", ".join(f"“{item}”" for item in value)
    text = as_text(value)
    return text if len(text) <= 60 else text[:59] + "…"

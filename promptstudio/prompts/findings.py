"""One thing to say about a draft, and which targets it concerns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

Level = Literal["error", "warning", "hint"]
BEDROCK = "bedrock"
# Kinds of targets that have rules of their own, as people call them.
TARGETS = {BEDROCK: "Amazon Bedrock"}
NAMED = 4


@dataclass(frozen=True)
class Finding:
    """`place` is a path in the bundle (`messages.0.text`); `line` and `column` count from 1 inside that text.

    An error keeps a version from being saved. `fix` is a word for what the page can offer (`add_variable`), `name` what it is about.
    `rule_of` is the kind of target that asks for it, where it is not Studio's own rule.
    """

    level: Level
    place: str
    sentence: str
    line: int | None = None
    column: int | None = None
    fix: str | None = None
    name: str | None = None
    rule_of: str = ""


def errors_first(found: Iterable[Finding]) -> list[Finding]:
    """Each once, in the order given within a level."""
    ranks = {level: rank for rank, level in enumerate(get_args(Level))}
    return sorted(dict.fromkeys(found), key=lambda finding: ranks[finding.level])


def concerning(found: Iterable[Finding], places: Mapping[str, Sequence[str]]) -> list[Finding]:
    """`found` with what comes from the rule of a target naming those that it concerns. `places`: kind to where a project has such targets.

    Where there are none, that is no more than a hint. An error stays one: a version never changes, and has to fit a target of tomorrow.
    """
    return errors_first(_concerning(finding, places.get(finding.rule_of, ())) if finding.rule_of else finding for finding in found)


def _concerning(finding: Finding, names: Sequence[str]) -> Finding:
    kind = TARGETS[finding.rule_of]
    if names:
        return replace(finding, sentence=f"{finding.sentence} It concerns {_in_words(names)} ({kind}).")
    if finding.level == "error":
        return replace(finding, sentence=f"{finding.sentence} Every prompt keeps to this, so that {kind} could take it later.")
    said = f"This project publishes nothing to {kind}; as it is, it would not be publishable there or might be read differently."
    return replace(finding, level="hint", sentence=f"{finding.sentence} {said}")


def _in_words(names: Sequence[str]) -> str:
    more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    *first, last = [*names[:NAMED], *more]
    return f"{', '.join(first)} and {last}" if first else last

"""Places to fill in, as people mark them, and what becomes of a found prompt once somebody said which marks are variables."""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from ..bundle import MAX_VARIABLES
from ..importing import is_words, some, variable_name
from ..templating import LITERAL_BRACES, OPEN_BRACES, PLACEHOLDER, literal, placeholder
from .found import Found

# Each looks a bounded way ahead, so that a hostile text costs no more than its length. A link, `[words](address)`, is no mark.
MARKS = {
    "dollar": re.compile(r"\$\{([^{}:\n]{1,200})(?::([^{}]{0,2000}))?\}"),
    "braces": re.compile(r"(?<![{$])\{([^{}\n]{1,80})\}(?!\})"),
    "brackets": re.compile(r"\[([^\[\]\n]{1,80})\](?![(\[])"),
    "guillemets": re.compile(r"«([^«»\n]{1,80})»"),
}
EXAMPLES = {"dollar": "${Name:value}", "braces": "{name}", "brackets": "[Claim number]", "guillemets": "«Customer»"}
LOGIC = re.compile(r"\{%|\{\{[#/>^&!~]|\{\{\s*(?:else|history|media|section|json)\b")


@dataclass(frozen=True)
class Seen:
    """Marks of one kind in a file: names in reading order, and how many prompts have any."""

    kind: str
    names: list[str]
    prompts: int

    @property
    def example(self) -> str:
        return EXAMPLES[self.kind]


@dataclass
class _Work:
    room: int
    accepted: list[str]
    variables: dict[str, dict[str, Any]]
    braces: bool = False
    kept: list[str] = field(default_factory=list)


def seen_in(prompts: Iterable[Found]) -> list[Seen]:
    """The kinds of marks that a file has, without those in prompts that are in Studio's own words already."""
    prompts = [prompt for prompt in prompts if prompt.bundle is None and not prompt.problem]
    found = []
    for kind, pattern in MARKS.items():
        names: Counter[str] = Counter()
        having = 0
        for prompt in prompts:
            here = {match[1].strip() for text in prompt.texts for match in pattern.finditer(text) if is_words(match[1].strip())}
            names.update(here)
            having += bool(here)
        if names:
            found.append(Seen(kind, [name for name, _ in names.most_common()], having))
    return found


def bundle_of(prompt: Found, accepted: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    """The prompt as JSON of a bundle, finished or not, and sentences on what was taken differently from how it stands."""
    if prompt.bundle is not None:
        return prompt.bundle, []
    return _bundle(prompt.system, prompt.messages, prompt, accepted)


def bundle_of_text(text: str, prompt: Found, accepted: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    """The same for one text of its history."""
    return _bundle("", [{"role": "user", "text": text}], prompt, accepted)


def _bundle(system: str, messages: list[dict[str, str]], prompt: Found, accepted: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    declared = {variable["name"]: variable for variable in prompt.variables}
    chosen = [kind for kind in MARKS if kind in accepted]
    asked_for = {match[1] for text in (system, *(message["text"] for message in messages)) for match in PLACEHOLDER.finditer(text)}
    # Where braces stay, their constant takes one of the places that Bedrock has for variables.
    work = _Work(MAX_VARIABLES - 1 - len(asked_for - set(declared) - {OPEN_BRACES}), chosen, declared)
    taken_system = _taken(system, work)
    taken = [{"role": message["role"], "text": _taken(message["text"], work)} for message in messages]
    several = bool(taken_system) or [message["role"] for message in taken] != ["user"]
    data = {
        "kind": "chat" if several else "text",
        "syntax": "plain",
        "system": taken_system,
        "messages": taken,
        "variables": list(work.variables.values()),
        "model": prompt.model,
        "inference": prompt.inference,
    }
    return data, _notes(work, (system, *(message["text"] for message in messages)))


def _taken(text: str, work: _Work) -> str:
    kinds = {"placeholder": PLACEHOLDER} | {kind: MARKS[kind] for kind in work.accepted}
    pattern = re.compile("|".join(f"(?P<{kind}>{of.pattern})" for kind, of in kinds.items()))
    parts: list[str] = []
    end = 0
    for match in pattern.finditer(text):
        name = _name(match, work)
        if name:
            parts += [_literal(text[end : match.start()], work), placeholder(name)]
            end = match.end()
    return "".join([*parts, _literal(text[end:], work)])


def _literal(text: str, work: _Work) -> str:
    work.braces = work.braces or LITERAL_BRACES in text
    return literal(text)


def _name(match: re.Match[str], work: _Work) -> str:
    """The variable that stands there; nothing where it stays text."""
    kind = match.lastgroup or ""
    if kind == "placeholder":
        name = match[0].strip("{} \t")
        if name != OPEN_BRACES:
            work.variables.setdefault(name, {"name": name})
        return name
    mark = MARKS[kind].match(match.string, match.start())
    assert mark
    words, default = mark[1].strip(), mark[2] if kind == "dollar" else None
    if not is_words(words):
        return ""
    name = variable_name(words)
    if name not in work.variables and len(work.variables) >= work.room:
        work.kept.append(match[0])
        return ""
    if name not in work.variables:
        description = words if words.casefold() != name else ""
        work.variables[name] = {"name": name, "required": default is None, "default": default, "description": description}
    return name


def _notes(work: _Work, texts: Iterable[str]) -> list[str]:
    notes = []
    if work.braces:
        notes.append(f"Literal {LITERAL_BRACES} is kept as text through {placeholder(OPEN_BRACES)}.")
    if any(LOGIC.search(text) for text in texts):
        notes.append("Conditions, loops and parts of other files are not carried out here: they stand in the text as they were written.")
    if work.kept:
        notes.append(f"Left as text, because a prompt has at most {MAX_VARIABLES} variables: {some(work.kept)}.")
    return notes

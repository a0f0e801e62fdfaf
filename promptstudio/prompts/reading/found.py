"""What a file holds, before anybody decided anything about it."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from promptstudio.lib.errors import Invalid

from ..bundle import MAX_TEXT
from ..canonical import canonical_json
from ..soundness import problem_of

LARGEST_FILE = 10 * 1024 * 1024
MOST_PROMPTS = 5_000
LONGEST_MADE_TITLE = 80
# Longer than a prompt's may be, so that the page says so, and short enough to be shown.
LONGEST_SHOWN_TITLE = 1_000
SOFT_HYPHEN = "\u00ad"


class Unreadable(Invalid):
    """The file as a whole cannot be taken; the sentence says what to do. Nothing else leaves a reader."""

    def __init__(self, sentence: str) -> None:
        super().__init__({"file": sentence})


@dataclass
class Found:
    """One prompt as it stands in the file. Texts are to the letter: marks for variables are not yet taken.

    `bundle` is set where the file has a whole prompt in Studio's own words, and `history` (text and date, oldest first) where it has
    more than one text. `notes` say what was taken differently or not at all, `problem` why the row cannot come in.
    """

    title: str = ""
    system: str = ""
    messages: list[dict[str, str]] = field(default_factory=list)
    folder: str = ""
    model: str = ""
    inference: dict[str, Any] = field(default_factory=dict)
    variables: list[dict[str, Any]] = field(default_factory=list)
    bundle: dict[str, Any] | None = None
    history: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problem: str = ""
    key: str = ""

    @property
    def texts(self) -> list[str]:
        return [text for text in (self.system, *(message["text"] for message in self.messages)) if text]


@dataclass(frozen=True)
class Column:
    """A column of a table, with a word of what it holds."""

    header: str
    sample: str


@dataclass
class Reading:
    """What became of a file. `columns` and `mapping` (a role for each column) are those of a table."""

    format: str
    prompts: list[Found]
    notes: list[str] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    mapping: list[str] = field(default_factory=list)


def user_message(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "text": text}]


def tidy(text: str) -> str:
    """Without what a word processor adds for the eye: soft hyphens, and blank lines around."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace(SOFT_HYPHEN, "").strip("\n").rstrip()


def storable(text: str) -> str:
    """Without what no database takes: NUL, and half characters."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def title_from(text: str) -> str:
    """The first words of a text that has no title of its own."""
    line = next((line.strip(" #*-\t") for line in text.splitlines() if line.strip(" #*-\t")), "")
    return line if len(line) <= LONGEST_MADE_TITLE else line[: LONGEST_MADE_TITLE - 1].rstrip() + "…"


def finished(prompts: list[Found]) -> list[Found]:
    """With a key for each, and a problem where it cannot come in. Raises Unreadable for an empty or an endless file."""
    if not prompts:
        raise Unreadable("There is no prompt in it. Check that it holds text, or paste the text below.")
    if len(prompts) > MOST_PROMPTS:
        raise Unreadable(f"It holds more than {MOST_PROMPTS:,} prompts. Split it into smaller files.")
    rows: dict[str, int] = {}
    for number, prompt in enumerate(prompts, start=1):
        prompt.problem = prompt.problem or _problem(prompt)
        prompt.key = prompt.key or key_of(prompt.title, prompt.texts)
        first = rows.setdefault(prompt.key, number)
        if first != number and not prompt.problem:
            prompt.problem = f"It has the title and the text of row {first}."
        prompt.title = prompt.title[:LONGEST_SHOWN_TITLE]
        if prompt.problem:
            _forget_words(prompt)
    return prompts


def key_of(title: str, texts: list[str]) -> str:
    """The same title and texts have the same key, so that a second time is noticed."""
    words = [title, *texts]
    if problem_of({"words": words}):
        return hashlib.sha256("\n".join(words).encode("utf-8", "surrogatepass")).hexdigest()
    return hashlib.sha256(canonical_json(words).encode()).hexdigest()


def _problem(prompt: Found) -> str:
    if problem := problem_of(vars(prompt)):
        return problem.sentence
    if not prompt.bundle and not any(text.strip() for text in prompt.texts):
        return "There is no text in it."
    longest = max(map(len, [*prompt.texts, *(version["text"] for version in prompt.history)]), default=0)
    if longest > MAX_TEXT:
        return f"Its text has {longest:,} characters, and a prompt has at most {MAX_TEXT:,}."
    return ""


def _forget_words(prompt: Found) -> None:
    """It stays to be seen, not to be brought in: its title and its problem are enough."""
    prompt.title, prompt.problem = storable(prompt.title), storable(prompt.problem)
    prompt.notes = [storable(note) for note in prompt.notes]
    prompt.folder = prompt.model = prompt.system = ""
    prompt.messages, prompt.variables, prompt.bundle, prompt.history, prompt.inference = [], [], None, [], {}

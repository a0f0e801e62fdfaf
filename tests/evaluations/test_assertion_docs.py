"""docs/assertions.md tells of each type what the table of words tells."""

import re
from pathlib import Path

from promptstudio.evaluations.assertions import WORDS
from promptstudio.evaluations.assertions.words import Group

PAGE = Path(__file__).parents[2] / "docs" / "assertions.md"
RUN_HERE: dict[Group, str] = {"run": "yes", "asked": "by a judge", "judged": "not yet", "later": "not yet", "kept": "never"}


def rows() -> dict[str, tuple[str, str]]:
    found = re.findall(r"^\| `([^`]+)` \| (.+) \| (yes|by a judge|not yet|never) \|$", PAGE.read_text(), re.MULTILINE)
    return {name: (meaning, run) for name, meaning, run in found}


def test_the_page_and_the_table_say_the_same() -> None:
    said = {name: (f"{word.label} … {word.explanation}".replace("|", "\\|"), RUN_HERE[word.group]) for name, word in WORDS.items()}
    assert rows() == said

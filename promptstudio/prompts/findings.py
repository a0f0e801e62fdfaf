"""One thing to say about a draft."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "hint"]


@dataclass(frozen=True)
class Finding:
    """`place` is a path in the bundle (`messages.0.text`); `line` and `column` count from 1 inside that text.

    An error keeps a version from being saved. `fix` is a word for what the page can offer (`add_variable`), `name` what it is about.
    """

    level: Level
    place: str
    sentence: str
    line: int | None = None
    column: int | None = None
    fix: str | None = None
    name: str | None = None

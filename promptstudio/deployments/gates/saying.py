"""How gates say who did something: with names, and with marks for what is kept."""

from collections.abc import Sequence

from promptstudio.accounts.models import User
from promptstudio.reviews.models import Decision

from .. import naming


def named(
    people: list[User], more: list[str] | None = None, *, glue: str = ", ", in_place_of: Sequence[User | None] = ()
) -> tuple[str, str]:
    """People with commas between them, the last one after `glue`, and the same as marks; `more` follows each of them."""
    endings = more or [""] * len(people)
    absent = in_place_of or [None] * len(people)
    rows = list(zip(people, endings, absent, strict=True))
    names = [f"{user.name}{f' in the place of {away.name}' if away else ''}{end}" for user, end, away in rows]
    marks = [f"{naming.person(user)}{f' in the place of {naming.person(away)}' if away else ''}{end}" for user, end, away in rows]
    return joined(names, glue), joined(marks, glue)


def joined(parts: list[str], glue: str) -> str:
    return glue.join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def uids(decisions: list[Decision]) -> list[str]:
    return [str(decision.uid) for decision in decisions]

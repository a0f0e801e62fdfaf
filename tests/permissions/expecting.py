"""What a door should answer to a person: worked out from the table of roles and from who plays, never from the product's own answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from promptstudio.projects.roles import ROLES

from .stage import Person, Stage, Things

OK, REFUSED, INVISIBLE, SIGN_IN = "allowed", "refused with a sentence", "not there", "sent to the sign-in"
PUBLIC, SIGNED_IN, SITE_ADMIN, NOBODY = "everyone", "everyone signed in", "site admin", "nobody"
# Who may open the administration at all; what they find there is a matter of the table again.
STAFF = "staff"


@dataclass(frozen=True)
class Entry:
    """Which deed of the table opens a door, and where the role must be held.

    `deed` is a line of the table, or one of PUBLIC, SIGNED_IN, STAFF, SITE_ADMIN, NOBODY. `at` is where the role has to be held: `project`,
    `folder` (that of the prompt, or above it) or `somewhere`. `seen` is what has to be visible before anything is refused at all.
    `instead` says what somebody gets whatever their role, such as `author`, who wrote the version and owns the prompt, and `hidden`
    makes the door invisible to whoever may not. Each of these needs its `why`.
    """

    deed: str
    at: str = "project"
    seen: str = "project"
    make: Callable[[Stage, Things, Person], Any] = lambda *_: {}
    instead: Mapping[str, str] = field(default_factory=dict)
    hidden: bool = False
    why: str = ""
    address: Callable[[Stage, Things], dict[str, Any]] = lambda *_: {}

    def __post_init__(self) -> None:
        assert self.deed in {*ROLES, PUBLIC, SIGNED_IN, STAFF, SITE_ADMIN, NOBODY}, f"The table has no line “{self.deed}”."
        special = self.instead or self.hidden or self.deed in (PUBLIC, SIGNED_IN, SITE_ADMIN, NOBODY)
        assert self.why or not special, "Say why this is not simply a line of the table."


def sees(person: Person, seen: str, things: Things) -> bool:
    if person.is_site_admin or seen == "nothing":
        return True
    if seen == "project":
        return may("read", person, "somewhere")
    if things.named is not None and person.name not in things.named and not may("administer", person, "folder"):
        return False
    return may("read", person, "folder")


def may(deed: str, person: Person, at: str) -> bool:
    return bool(person.roles(at) & ROLES[deed])


def expected(entry: Entry, person: Person, things: Things) -> str:
    """For a door at which people are known, or strangers are sent away."""
    if entry.deed == PUBLIC:
        return OK
    if person.actor is None:
        return SIGN_IN
    if entry.deed in (SIGNED_IN, STAFF):
        return OK
    if not sees(person, entry.seen, things):
        return INVISIBLE
    no = INVISIBLE if entry.hidden else REFUSED
    if person.name in entry.instead:
        return entry.instead[person.name]
    if entry.deed == NOBODY:
        return no
    if person.is_site_admin:
        return OK
    if entry.deed == SITE_ADMIN:
        return no
    return OK if may(entry.deed, person, entry.at) else no


def on_prompt(deed: str, make: Callable[[Stage, Things, Person], Any] = lambda *_: {}, **more: Any) -> Entry:
    """A door of one prompt: roles of its folder count, and whoever does not see it is not told that it is there."""
    return Entry(deed, at="folder", seen="prompt", make=make, **more)

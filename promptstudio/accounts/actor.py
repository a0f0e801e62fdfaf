from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from .models import User, system_user

Via = Literal["page", "api", "admin", "cli", "schedule", "import"]


class Key(Protocol):
    """What an actor needs to know of the API key that it came with."""

    uid: UUID
    name: str
    scopes: list[str]

    @property
    def responsible(self) -> User: ...

    def has_scope(self, scope: str) -> bool: ...

    @property
    def project_id(self) -> int: ...

    @property
    def folder_ids(self) -> list[int] | None: ...


@dataclass(frozen=True)
class Actor:
    """Who does something, through which door. Services take one; nothing below web and api knows a request."""

    user: User
    via: Via = "page"
    key: Key | None = None
    request_id: str = ""
    address: str = ""

    @property
    def answerable(self) -> User:
        """The person behind it: what a key wrote counts as written by its responsible person."""
        return self.key.responsible if self.key else self.user

    def __str__(self) -> str:
        return self.user.name


def system(via: Via = "schedule") -> Actor:
    return Actor(user=system_user(), via=via)

"""An answer to "may I?" that carries its reason. The tooltip of a closed door and the 403 say the same sentence."""

from dataclasses import dataclass

from .errors import NotAllowed


@dataclass(frozen=True)
class Allowed:
    def __bool__(self) -> bool:
        return True

    def require(self) -> None:
        """Nothing to do: allowed."""


@dataclass(frozen=True)
class Denied:
    sentence: str

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return self.sentence

    def require(self) -> None:
        raise NotAllowed(self.sentence)

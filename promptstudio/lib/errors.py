"""What can go wrong, said so that a person can act on it. Services raise these; web and api translate them."""

from typing import Any


class StudioError(Exception):
    """Base. `sentence` is shown to people as it is."""

    code = "error"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Invalid(StudioError):
    """Bad input. `errors` maps fields (`summary`, `messages.0.text`) to sentences."""

    code = "invalid"

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = errors


class NotAllowed(StudioError):
    """Visible, but not for this actor. `kept` says that the trail has the refusal already; whoever answers keeps the others."""

    code = "not_allowed"

    def __init__(self, sentence: str, *, kept: bool = False) -> None:
        super().__init__(sentence)
        self.kept = kept


class Conflict(StudioError):
    """It does not fit what is there now. Where someone was faster, `details` names who (`by`), what and when."""

    code = "conflict"

    def __init__(self, sentence: str, **details: Any) -> None:
        super().__init__(sentence)
        self.details = details

    @property
    def title(self) -> str:
        """What a page puts above the sentence."""
        return "Somebody was faster" if "by" in self.details else "Not possible as things stand"

"""What the provider said, while it is fresh. In this process alone: pages must work when Redis is away."""

import time
from typing import Any

_kept: dict[str, tuple[float, Any]] = {}


def fresh(name: str) -> Any | None:
    until, value = _kept.get(name, (0.0, None))
    return value if until > time.monotonic() else None


def keep(name: str, value: Any, *, seconds: float) -> None:
    _kept[name] = (time.monotonic() + seconds, value)


def forget() -> None:
    """So that the provider is asked again."""
    _kept.clear()

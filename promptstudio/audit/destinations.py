"""The ports through which the trail leaves the installation. Implementations are named by dotted path in settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class Undelivered(Exception):
    """It did not arrive, or nobody knows whether it did. It is tried again; `sentence` is for whoever runs the installation."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class AnchorDestination(Protocol):
    def keep(self, line: str, *, name: str) -> None:
        """Keep one line of JSON. `name` is the same whenever the same line comes again. Raises Undelivered."""


@dataclass(frozen=True)
class Batch:
    """Entries of one chain in their order, as JSON. `name` is the same whenever the same batch comes again."""

    name: str
    chain: str
    entries: Sequence[dict[str, Any]]


class StreamDestination(Protocol):
    def deliver(self, batch: Batch) -> None:
        """Hand over one batch, within SEND_TIMEOUT seconds or little more. Raises Undelivered."""


def anchor_destinations() -> dict[str, AnchorDestination]:
    return {name: _made(path, tuple(options.items())) for name, (path, options) in settings.AUDIT_ANCHORS.items()}


def stream_destinations() -> dict[str, StreamDestination]:
    return {name: _made(path, tuple(options.items())) for name, (path, options) in settings.AUDIT_STREAMS.items()}


def hook_destinations() -> dict[str, AnchorDestination]:
    """Who is told what gates and tests said: they keep one line of JSON as well."""
    return {name: _made(path, tuple(options.items())) for name, (path, options) in settings.GATE_HOOKS.items()}


@cache
def _made(path: str, options: tuple[tuple[str, Any], ...]) -> Any:
    return import_string(path)(**dict(options))

"""Counting what goes wrong, by where it comes from, so that guessing gets slower and slower while everybody else goes on.

Failures are counted in windows of fixed length. When one is full there is a pause, which doubles each time it is earned again and ends at
a longest one: nobody is locked out for good. Counts live in the cache. When that is away they live in
this process: a throttle must never be what stops the product.
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog
from django.core.cache import BaseCache, cache
from django.core.cache.backends.locmem import LocMemCache

from . import clock
from .errors import StudioError

log = structlog.get_logger(__name__)
_here = LocMemCache("throttle", {})
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Limit:
    """`most` in `window` seconds are let through; then comes a pause of `first` seconds, doubled up to `longest`."""

    name: str
    most: int
    window: int = 300
    first: int = 30
    longest: int = 900


class TooMany(StudioError):
    """`seconds` until it is worth trying again."""

    code = "too_many"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"There were too many attempts from here. Wait {in_words(seconds)}, then try again.")
        self.seconds = seconds


def pause(limit: Limit, source: str) -> int:
    """Seconds that `source` still has to wait, 0 when it may go on."""
    until = _ask(lambda store: store.get(_key("until", limit, source)))
    left = float(until or 0) - clock.now().timestamp()
    return math.ceil(left) if left > 0 else 0


def failures(limit: Limit, source: str) -> int:
    """How many are counted in the present window."""
    return int(_ask(lambda store: store.get(_count_key(limit, source))) or 0)


def count(limit: Limit, source: str) -> bool:
    """Count one. True for the one that begins a pause: then, and not at each attempt, there is something to tell."""
    counted = _ask(lambda store: _more(store, _count_key(limit, source), limit.window))
    if counted < limit.most:
        return False
    _ask(lambda store: store.delete(_count_key(limit, source)))
    # Remembered for twice the longest pause, so that it goes on doubling for whoever comes back at once.
    earned = _ask(lambda store: _more(store, _key("pauses", limit, source), 2 * limit.longest))
    seconds = min(limit.first * 2 ** min(earned - 1, 20), limit.longest)
    _ask(lambda store: store.set(_key("until", limit, source), clock.now().timestamp() + seconds, seconds))
    return True


def in_words(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def _more(store: BaseCache, key: str, seconds: int) -> int:
    store.add(key, 0, seconds)
    try:
        return int(store.incr(key))
    except ValueError:
        # It ended between the two.
        store.set(key, 1, seconds)
        return 1


def _count_key(limit: Limit, source: str) -> str:
    return _key(f"count:{int(clock.now().timestamp()) // limit.window}", limit, source)


def _key(kind: str, limit: Limit, source: str) -> str:
    # Sources are what strangers sent.
    return f"throttle:{kind}:{limit.name}:{hashlib.sha256(source.encode('utf-8', 'replace')).hexdigest()}"


def _ask(question: Callable[[BaseCache], Answer]) -> Answer:
    try:
        return question(cache)  # type: ignore[arg-type]
    except Exception as error:
        log.warning("throttle.cache_away", error=type(error).__name__)
        return question(_here)

"""What a chain of entries proves, and where it is broken. Reads and never writes."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from .models import Entry, Head, Snapshot

START = "0" * 64
# Every column but `id` and `hash` itself, in the order in which they are hashed.
HASHED = tuple(sorted(field.attname for field in Entry._meta.concrete_fields if field.attname not in {"id", "hash"}))
SNAPSHOT = ("salt", "content", "content_hash", "words_salt", "words", "words_hash")
AT_ONCE = 2000
# How far entries may have been renumbered and still be recognised.
FURTHEST = 50
_NAMES = tuple(f'"{name}": ' for name in HASHED)
_SEQUENCE, _PREVIOUS = HASHED.index("sequence"), HASHED.index("previous_hash")
_UID, _COMMITMENT = HASHED.index("uid"), HASHED.index("commitment")


class _Writers(dict[type, Callable[[Any], str]]):
    def __missing__(self, kind: type) -> Callable[[Any], str]:
        """That of the base: safe strings and members of enumerations are strings."""
        return self[kind.__mro__[1]]


# How a value of each type that a column may have is written; there are no others.
_AS_JSON = _Writers(
    {
        str: json.encoder.encode_basestring,  # type: ignore[attr-defined]
        int: str,
        type(None): lambda value: "null",
        UUID: lambda value: f'"{value}"',
        datetime: lambda value: f'"{value.astimezone(UTC).isoformat()}"',
    }
)
Columns = tuple[Any, ...]


@dataclass(frozen=True)
class Fault:
    chain: str
    sequence: int
    sentence: str


def hash_of(entry: Entry) -> str:
    """SHA-256 over every column but `id` and `hash` itself."""
    return hash_of_columns(tuple(getattr(entry, name) for name in HASHED))


def hash_of_columns(columns: Columns) -> str:
    # What json.dumps(…, sort_keys=True, ensure_ascii=False) makes of them, in a third of its time: a trail is long.
    text = ", ".join([name + _AS_JSON[type(value)](value) for name, value in zip(_NAMES, columns, strict=True)])
    return hashlib.sha256(f"{{{text}}}".encode()).hexdigest()


def as_json(entry: Entry) -> dict[str, Any]:
    """The hashed columns as they are hashed, and the hash: enough to compute it again elsewhere."""
    return {name: _plain(getattr(entry, name)) for name in HASHED} | {"hash": entry.hash}


def hash_of_json(line: dict[str, Any]) -> str:
    """The hash of what `as_json` gave. Raises KeyError where a column is missing."""
    return hash_of_columns(tuple(line[name] for name in HASHED))


def commitment_of(salt: str, content: str, content_hash: str = "", words_salt: str = "", words: str = "", words_hash: str = "") -> str:
    """What an entry keeps of its snapshot: a salted hash of who it was, and with it of the words, where there are any."""
    who = content_hash or salted_hash(salt, content)
    said = words_hash or (salted_hash(words_salt, words) if words else "")
    return hashlib.sha256((who + said).encode()).hexdigest() if said else who


def salted_hash(salt: str, text: str) -> str:
    return hashlib.sha256((salt + text).encode()).hexdigest()


def faults(chain: str | None = None, progress: Callable[[int], None] = lambda read: None) -> Iterator[Fault]:
    """Each broken link, oldest first in its chain. Nothing means that the trail is whole. `progress` hears how many were read."""
    heads = Head.objects.filter(chain=chain) if chain else Head.objects.order_by("chain")
    known = set()
    for head in heads:
        known.add(head.chain)
        yield from _Reading(head).faults(progress)
    if chain is None or chain not in known:
        strays = Entry.objects.filter(chain=chain) if chain else Entry.objects.exclude(chain__in=known)
        for stray in strays.order_by("chain").values_list("chain", flat=True).distinct():
            yield Fault(stray, 1, "The chain has entries but no head.")


class _Reading:
    """One pass over one chain."""

    def __init__(self, head: Head) -> None:
        self.head = head
        self.expected, self.previous, self.before = 1, START, ""
        # By how much the numbers from here on differ from those that were written.
        self.shift = 0
        self.last: tuple[int, str] = (0, START)

    def faults(self, progress: Callable[[int], None]) -> Iterator[Fault]:
        rows = Entry.objects.filter(chain=self.head.chain).order_by("sequence").values_list(*HASHED, "hash").iterator(chunk_size=AT_ONCE)
        while chunk := list(islice(rows, AT_ONCE)):
            for row in chunk:
                yield from self._faults_of(row[:-1], row[-1])
            yield from self._broken_snapshots(chunk)
            progress(len(chunk))
        yield from self._faults_of_the_end()

    def _faults_of(self, columns: Columns, kept: str) -> Iterator[Fault]:
        sequence, follows = columns[_SEQUENCE], columns[_PREVIOUS]
        if follows != self.previous and follows == self.before and self.last[0]:
            yield self._fault(self.last[0], "It was put in: the entry after it follows the one before it.")
        elif sequence > self.expected:
            yield self._fault(self.expected, self._missing(sequence))
        elif sequence < self.expected:
            yield self._fault(sequence, "It was put in: the chain begins with entry 1.")
        elif follows != self.previous:
            yield self._fault(sequence, "It does not follow the entry before it.")
        if hash_of_columns(self._as_numbered(columns, self.shift)) != kept:
            yield from self._changed(columns, kept)
        self.before, self.previous, self.expected = self.previous, kept, sequence + 1
        self.last = (sequence, kept)

    def _changed(self, columns: Columns, kept: str) -> Iterator[Fault]:
        """Either another content, or another number: then all that follow have one as well, and it is said once."""
        sequence = columns[_SEQUENCE]
        for shift in sorted(range(-FURTHEST, FURTHEST + 1), key=abs):
            if shift != self.shift and sequence + shift > 0 and hash_of_columns(self._as_numbered(columns, shift)) == kept:
                self.shift = shift
                yield self._fault(sequence, f"It was written as entry {sequence + shift}: it and those after it were numbered anew.")
                return
        yield self._fault(sequence, "Its content is not what was written.")

    def _as_numbered(self, columns: Columns, shift: int) -> Columns:
        return columns if not shift else (*columns[:_SEQUENCE], columns[_SEQUENCE] + shift, *columns[_SEQUENCE + 1 :])

    def _faults_of_the_end(self) -> Iterator[Fault]:
        head, (sequence, kept) = self.head, self.last
        if (head.sequence, head.hash) == (sequence, kept):
            return
        if head.sequence < sequence and Entry.objects.filter(chain=head.chain, sequence=head.sequence, hash=head.hash).exists():
            for number in range(head.sequence + 1, min(sequence, head.sequence + FURTHEST) + 1):
                yield self._fault(number, "It was put in: the chain ends before it.")
        else:
            yield self._fault(self.expected, "The newest entries are missing.")

    def _broken_snapshots(self, chunk: list[Columns]) -> Iterator[Fault]:
        rows = Snapshot.objects.filter(entry_uid__in=[row[_UID] for row in chunk]).values_list("entry_uid", *SNAPSHOT)
        kept = {row[0]: commitment_of(*row[1:]) for row in rows}
        for row in chunk:
            if kept.get(row[_UID], row[_COMMITMENT]) != row[_COMMITMENT]:
                yield self._fault(row[_SEQUENCE], "The name kept beside it is not the one that was written.")

    def _missing(self, sequence: int) -> str:
        last = sequence - 1
        return f"Entry {last} is missing." if last == self.expected else f"Entries {self.expected} to {last} are missing."

    def _fault(self, sequence: int, sentence: str) -> Fault:
        return Fault(self.head.chain, sequence, sentence)


def _plain(value: Any) -> str | int | None:
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    assert isinstance(value, UUID)
    return str(value)

"""Holding the trail against anchors that were sent out: finds a cut tail, and a chain whose hashes somebody computed anew."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .anchors import signed_text
from .chain import Fault
from .keys import verifies
from .models import Entry


@dataclass(frozen=True)
class Kept:
    """One anchor as it was kept elsewhere."""

    chain: str
    sequence: int
    hash: str
    at: str


def lines_in(path: Path) -> Iterator[tuple[str, str]]:
    """(where, line) for each line of a file, or of every .json and .jsonl file below a folder. Raises OSError."""
    files = sorted(file for file in path.rglob("*") if file.suffix in {".json", ".jsonl"}) if path.is_dir() else [path]
    for file in files:
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if line.strip():
                yield f"{file.name}, line {number}", line


def read(lines: Iterable[tuple[str, str]], trusted: Mapping[str, Ed25519PublicKey]) -> tuple[list[Kept], list[str]]:
    """The anchors with a good signature, and a sentence for each line that is none."""
    kept, wrong = [], []
    for where, line in lines:
        try:
            said = json.loads(line)
            anchor = Kept(str(said["chain"]), int(said["sequence"]), str(said["hash"]), str(said["at"]))
            key, signature = str(said["key"]), str(said["signature"])
        except (ValueError, KeyError, TypeError):
            wrong.append(f"{where}: this is no anchor.")
            continue
        if key not in trusted:
            wrong.append(f"{where}: it was signed with the key {key}, which is not one of those to believe ({', '.join(trusted)}).")
        elif not verifies(signed_text(said), signature, trusted[key]):
            wrong.append(f"{where}: its signature is wrong, somebody changed it.")
        else:
            kept.append(anchor)
    return kept, wrong


def faults_by(anchors: Iterable[Kept]) -> Iterator[Fault]:
    """What the anchors know and the trail does not say any more, the earliest of each chain first."""
    last_good: dict[str, int] = {}
    for anchor in sorted(set(anchors), key=lambda each: (each.chain, each.sequence)):
        here = _hash_at(anchor)
        if here == anchor.hash:
            last_good[anchor.chain] = anchor.sequence
        elif here is None:
            last = Entry.objects.filter(chain=anchor.chain).order_by("-sequence").values_list("sequence", flat=True).first() or 0
            yield Fault(anchor.chain, last + 1, f"The newest entries were cut off: entry {anchor.sequence} was there on {anchor.at}.")
        else:
            since = last_good.get(anchor.chain, 0)
            yield Fault(
                anchor.chain,
                anchor.sequence,
                f"The chain was computed anew: on {anchor.at} this entry had another hash. Something between entry {since + 1} and it was "
                "changed, removed or put in.",
            )


def _hash_at(anchor: Kept) -> Any:
    return Entry.objects.filter(chain=anchor.chain, sequence=anchor.sequence).values_list("hash", flat=True).first()

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from promptstudio.audit import checking
from promptstudio.audit.chain import Fault, faults
from promptstudio.audit.management.trusting import trusted_keys
from promptstudio.audit.models import Entry

MOST_TOLD = 20


class Command(BaseCommand):
    help = "Check every hash chain of the audit trail. Exits with 1 and names the first bad entries when one does not verify."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--anchors", type=Path, metavar="FILE", help="anchors that were sent out: a file of JSON Lines, or a folder of such files"
        )
        parser.add_argument("--public-key", type=Path, metavar="FILE.pem", help="the key that signed the anchors; else this installation's")

    def handle(self, *args: Any, anchors: Path | None, public_key: Path | None, **options: Any) -> None:
        self.read = 0
        found = _told(faults(progress=self._progress))
        more: list[str] = []
        held = ""
        if anchors:
            kept, more = checking.read(_lines(anchors), trusted_keys(public_key))
            found = (found + _told(checking.faults_by(kept)))[:MOST_TOLD]
            held = f" It agrees with {len(kept)} anchor{'' if len(kept) == 1 else 's'}."
            if not kept and not more:
                more = [f"{anchors} holds no anchor, so nothing was proved by it."]
        if found or more:
            raise CommandError("\n".join([f"Chain {fault.chain}, entry {fault.sequence}: {fault.sentence}" for fault in found] + more))
        self.stdout.write(f"The audit trail verifies: {Entry.objects.count()} entries.{held}")

    def _progress(self, read: int) -> None:
        self.read += read
        if self.stderr.isatty():
            self.stderr.write(f"\r{self.read:,} entries read", ending="")


def _told(found: Any) -> list[Fault]:
    return [fault for fault, _ in zip(found, range(MOST_TOLD), strict=False)]


def _lines(path: Path) -> list[tuple[str, str]]:
    try:
        return list(checking.lines_in(path))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from None

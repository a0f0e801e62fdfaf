import json
import zipfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from promptstudio.audit.dossier import ENTRIES, MANIFEST, problems
from promptstudio.audit.management.trusting import trusted_keys
from promptstudio.audit.models import Entry


class Command(BaseCommand):
    help = "Check a zip of evidence: its signature, each file, and each entry of the trail in it. Exits with 1 when something is wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE.zip", type=Path)
        parser.add_argument("--public-key", type=Path, metavar="FILE.pem", help="one or several keys to believe; else this installation's")

    def handle(self, *args: Any, file: Path, public_key: Path | None, **options: Any) -> None:
        try:
            packed = file.read_bytes()
        except OSError as error:
            raise CommandError(str(error)) from None
        if found := problems(packed, trusted_keys(public_key)):
            raise CommandError("\n".join([f"{file.name} does not verify.", *found]))
        with zipfile.ZipFile(file) as archive:
            about = json.loads(archive.read(MANIFEST))
            entries = [json.loads(line) for line in archive.read(ENTRIES).decode().splitlines()]
        self.stdout.write(f"{file.name} is as it was signed on {about['made_at']}: {about['about'].get('title', 'evidence')}.")
        self.stdout.write(self._compared(entries))

    def _compared(self, entries: list[dict[str, Any]]) -> str:
        """With the trail of this installation, where it knows the chain."""
        known = dict(Entry.objects.filter(uid__in=[entry["uid"] for entry in entries]).values_list("uid", "hash"))
        known_here = {str(uid): kept for uid, kept in known.items()}
        if entries and not known_here:
            return f"{len(entries)} entries of the trail are whole. This installation's database does not know them."
        for entry in entries:
            if known_here.get(entry["uid"]) != entry["hash"]:
                raise CommandError(f"Entry {entry['sequence']} of the trail is not what this installation's database says today.")
        return f"{len(entries)} entries of the trail are whole, and the same as in this installation's database."

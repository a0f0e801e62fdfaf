from typing import Any

from django.core.management.base import BaseCommand, CommandError

from promptstudio.audit.chain import faults
from promptstudio.audit.models import Entry


class Command(BaseCommand):
    help = "Check every hash chain of the audit trail. Exits with 1 and names the first bad entry when one does not verify."

    def handle(self, *args: Any, **options: Any) -> None:
        found = next(faults(), None)
        if found:
            raise CommandError(f"Chain {found.chain}, entry {found.sequence}: {found.sentence}")
        self.stdout.write(f"The audit trail verifies: {Entry.objects.count()} entries.")

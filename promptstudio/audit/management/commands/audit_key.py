from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from promptstudio.audit.keys import make_key_file, public_keys, public_pem
from promptstudio.lib.errors import Conflict


class Command(BaseCommand):
    help = "Print the public half of the key that signs anchors and evidence. Give it to whoever checks them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--make", action="store_true", help="make the file that AUDIT_KEY_FILE names, if it is not there yet")

    def handle(self, *args: Any, make: bool, **options: Any) -> None:
        try:
            if make and settings.AUDIT_KEY_FILE:
                make_key_file(Path(settings.AUDIT_KEY_FILE))
            pem = public_pem()
        except OSError as error:
            raise CommandError(f"{settings.AUDIT_KEY_FILE} cannot be made: {error.strerror}.") from None
        except Conflict as error:
            raise CommandError(error.sentence) from None
        self.stderr.write(f"Fingerprint {next(iter(public_keys(pem)))}")
        self.stdout.write(pem.strip())

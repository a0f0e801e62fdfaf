from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from promptstudio.accounts import actor as actors
from promptstudio.accounts.signing_in import make_break_glass
from promptstudio.lib.errors import StudioError


class Command(BaseCommand):
    help = "Make the local administrator NAME, or give it a new password; print it once, alone on the last line. It works for one sign-in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="small letters, digits and hyphens, such as night-shift")

    def handle(self, *, name: str, **options: Any) -> None:
        try:
            person, password = make_break_glass(name=name, actor=actors.system(via="cli"))
        except StudioError as error:
            raise CommandError(error.sentence) from None
        self.stdout.write(f"{person} may sign in once at /sign-in/break-glass/ while BREAK_GLASS=1 is set. This is in the audit trail.")
        self.stdout.write(password)

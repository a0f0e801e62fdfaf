import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from promptstudio.deployments.worker import publish_due


class Command(BaseCommand):
    help = "Pay the publications that are due. With --every, do so again and again: the worker of a machine without a broker."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=float, metavar="SECONDS", help="Go on until stopped, looking this often.")

    def handle(self, *args: Any, every: float | None = None, **options: Any) -> None:
        while True:
            tried = publish_due()
            if every is None:
                self.stdout.write(f"{tried} publications tried.")
                return
            time.sleep(every)

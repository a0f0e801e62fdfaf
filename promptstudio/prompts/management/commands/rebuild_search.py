from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from promptstudio.prompts.indexing import write_all
from promptstudio.prompts.models import Prompt, SearchText, Version


class Command(BaseCommand):
    help = "Write anew what the search looks through, from the prompts and their versions. Nobody needs to stop working meanwhile."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            rows = write_all(Prompt, Version, SearchText)
        self.stdout.write(f"{rows} texts can be searched.")

import json
import urllib.error
import urllib.request
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from promptstudio.deployments.models import PublishJob
from promptstudio.projects.models import Project
from promptstudio.running.demo.story import Story


class Command(BaseCommand):
    help = "Fill an empty installation with the demo: a claims department, its prompts and what happened to them in two months."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="say nothing and do nothing when there are projects already")

    def handle(self, *args: Any, if_empty: bool, **options: Any) -> None:
        if Project.objects.exists():
            if if_empty:
                return
            raise CommandError("There are projects already. The demo is only told to an empty installation.")
        to_arm: list[str] = []
        with transaction.atomic():
            Story(until=timezone.now(), arm=to_arm.append).tell()
            for remote_name in to_arm if settings.AWS_ENDPOINT_URL else ():
                # Before the commit: a worker that runs already must not be faster.
                self._arm(remote_name)
        owed = PublishJob.objects.filter(state=PublishJob.State.OWED).count()
        self.stdout.write(f"The demo is told. {owed} publications wait for the worker.")

    def _arm(self, remote_name: str) -> None:
        """One real AccessDenied from the local AWS. A target that cannot be told to fail just succeeds."""
        fault = {
            "operation": "CreatePrompt",
            "kind": "error",
            "code": "AccessDeniedException",
            "message": "User: prompt-studio-worker is not authorized to perform: bedrock:CreatePrompt",
            "match": {"name_contains": remote_name},
        }
        request = urllib.request.Request(  # noqa: S310  (the local AWS of this machine)
            f"{settings.AWS_ENDPOINT_URL}/_local/faults", json.dumps(fault).encode(), {"Content-Type": "application/json"}
        )
        try:
            urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
        except (urllib.error.URLError, OSError) as error:
            self.stderr.write(f"The failing publication of the demo could not be prepared: {error}")

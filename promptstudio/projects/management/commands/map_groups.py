from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from promptstudio.accounts import actor as actors
from promptstudio.lib.errors import Conflict, StudioError
from promptstudio.projects.group_mappings import add_mapping
from promptstudio.projects.management.finding import project_called


class Command(BaseCommand):
    help = "Say what a group at the identity provider gives here; the first site admin comes this way. Saying it twice changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("pattern", nargs="*", help="a group, or a pattern such as promptstudio-<project>-<role>")
        parser.add_argument("--project", metavar="SLUG", help="where the pattern has no <project>")
        parser.add_argument("--role", default="", help="where the pattern has no <role>")
        parser.add_argument("--site-admins", metavar="GROUP", help="the group whose people may do everything")

    def handle(self, *, pattern: list[str], project: str | None, role: str, site_admins: str | None, **options: Any) -> None:
        if not pattern and not site_admins:
            raise CommandError("Name a group: map_groups claims-experts --project claims --role domain_expert, or --site-admins GROUP.")
        space = project_called(project) if project else None
        for group in pattern:
            self._map(pattern=group, project=space, role=role)
        if site_admins:
            self._map(pattern=site_admins, site_admin=True)

    def _map(self, **given: Any) -> None:
        try:
            add_mapping(**given, actor=actors.system(via="cli"))
            self.stdout.write(f"{given['pattern']} is mapped. It counts from each person's next sign-in or renewal.")
        except Conflict as error:
            self.stdout.write(error.sentence)
        except StudioError as error:
            raise CommandError(error.sentence) from None

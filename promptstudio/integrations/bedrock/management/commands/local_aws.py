from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from promptstudio.integrations.bedrock.local_aws.cli import SUMMARY, add_arguments, serve


class Command(BaseCommand):
    help = SUMMARY
    # It neither needs the database nor the rest of the settings: it must start before both are ready.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        raise SystemExit(
            serve(host=options["host"], port=options["port"], state_dir=options["state_dir"], rate_limits=options["rate_limits"])
        )

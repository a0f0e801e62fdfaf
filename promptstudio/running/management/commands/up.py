import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from promptstudio.running import plan
from promptstudio.running.home import AlreadyRunning, held, running, studio_home
from promptstudio.running.people import demo_people
from promptstudio.running.plan import Address, CannotStart
from promptstudio.running.studio import Studio


class Command(BaseCommand):
    help = "Run all of Prompt Studio on this machine: web, workers, scheduler, private Redis and the local AWS."
    # The database may not be there yet; `migrate` and the programs run the checks.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default 127.0.0.1)")
        parser.add_argument("--port", help="the port to listen on, 0 for any free one (default PORT, else 8000)")
        parser.add_argument("--no-redis", action="store_true", help="start no Redis; the worker looks for due work every second")

    def handle(self, *, host: str, port: str | None, no_redis: bool, **_: Any) -> None:
        home = studio_home()
        try:
            with held(home):
                demo = plan.wants_demo(os.environ, host=host)
                address = _address(host=host, port=port)
                Studio(
                    home=home, address=address, demo=demo, redis=not no_redis, say=self.say, tell=lambda: self.introduce(demo=demo)
                ).run()
        except AlreadyRunning as error:
            found = running(home) or {}
            where = f" at {found['url']}/ (process {found['pid']})" if found else ""
            raise CommandError(f"Prompt Studio already runs{where} with its data in {home}. Stop it first, or set STUDIO_HOME.") from error
        except CannotStart as error:
            raise CommandError(str(error)) from error

    def introduce(self, *, demo: bool) -> None:
        if demo:
            self.say("\n".join(["Sign in as one of the demo people; no password is asked:", *demo_people()]))
        self.say("Ctrl-C stops everything.")

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _address(*, host: str, port: str | None) -> Address:
    asked = plan.chosen_port(port or os.environ.get("PORT"), default=8000, variable="PORT")
    return Address(host=host, port=plan.free_port(host, asked, remedy="Set PORT to another one, for example PORT=8001 make run."))

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from promptstudio.accounts import actor as actors
from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.errors import StudioError
from promptstudio.projects.key_services import create_key, create_service_account
from promptstudio.projects.management.finding import project_called
from promptstudio.projects.models import Environment, Membership, Project, ServiceAccount


class Command(BaseCommand):
    help = "Make an API key and print it once, alone on the last line. It cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, metavar="SLUG")
        parser.add_argument("--scopes", required=True, help="read, write, test and deploy, with commas between them")
        parser.add_argument(
            "--environment", metavar="SLUG", help="the one environment that the key reads; without it, not for applications"
        )
        parser.add_argument("--name", default="Made on the command line", help="what the key is for")
        parser.add_argument("--account", default="Command line", metavar="NAME", help="the application; made when it is new")
        parser.add_argument("--responsible", metavar="USERNAME", help="who answers for a new application; else the project's first admin")
        parser.add_argument("--expires-days", type=int, metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = actors.system(via="cli")
        try:
            with transaction.atomic():
                project = project_called(options["project"])
                environment = _environment(project, options["environment"])
                account = _account(project, options["account"], options["responsible"], actor)
                key, secret = create_key(
                    account=account,
                    name=options["name"],
                    scopes=[scope.strip() for scope in options["scopes"].split(",") if scope.strip()],
                    environment=environment,
                    expires_at=clock.now() + timedelta(days=options["expires_days"]) if options["expires_days"] is not None else None,
                    actor=actor,
                )
        except StudioError as error:
            raise CommandError(error.sentence) from None
        except OverflowError:
            raise CommandError("--expires-days is too far away.") from None
        where = f"reads {environment.slug} only" if environment else "reads everything: not for applications"
        self.stdout.write(f"Key “{key}” of {account} in {project}: {', '.join(key.scopes)}; {where}. {account.responsible} answers for it.")
        self.stdout.write(secret)


def _environment(project: Project, slug: str | None) -> Environment | None:
    if slug is None:
        return None
    environment = project.environments.filter(slug=slug).first()
    if environment is None:
        known = ", ".join(project.environments.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"{project} has no environment “{slug}”. It has: {known}.")
    return environment


def _account(project: Project, name: str, responsible: str | None, actor: Actor) -> ServiceAccount:
    account = ServiceAccount.objects.filter(project=project, name=name).first()
    if account is None:
        return create_service_account(project=project, name=name, responsible=_person(project, responsible), actor=actor)
    if responsible and account.responsible.username != responsible:
        raise CommandError(
            f"{account.responsible.username} answers for “{name}” already. Leave --responsible out, or name another --account."
        )
    return account


def _person(project: Project, username: str | None) -> User:
    people = User.objects.filter(kind=User.Kind.PERSON, is_active=True)
    if username:
        person = people.filter(username=username).first()
        if person is None:
            raise CommandError(f"Nobody with the user name “{username}” may sign in here.")
        return person
    admins = Membership.objects.filter(project=project, folder=None, role="admin").values("user")
    person = people.filter(pk__in=admins).order_by("pk").first() or people.filter(is_superuser=True).order_by("pk").first()
    if person is None:
        raise CommandError("Nobody is an admin here. Say who answers for the key: --responsible USERNAME.")
    return person

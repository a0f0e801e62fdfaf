import json
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from promptstudio.accounts import actor as actors
from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.deployments import subjects
from promptstudio.deployments.subjects import Subject
from promptstudio.evaluations import run_services, worker
from promptstudio.evaluations.junit import junit_xml
from promptstudio.evaluations.models import Result, Run, Suite
from promptstudio.evaluations.proving import cannot_fail
from promptstudio.evaluations.run_verdicts import Verdict, verdict_of
from promptstudio.evaluations.summary import ExitCode, NotRun, as_text, exit_code_of
from promptstudio.lib.errors import StudioError
from promptstudio.projects.models import ApiKey, ServiceAccount
from promptstudio.prompts.models import Prompt

LOOKED_AT_EVERY = 1.0


class Refused(CommandError):
    """It was not started."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, returncode=ExitCode.REFUSED)


class Command(BaseCommand):
    help = (
        "Run suites of a prompt and say how they came out, for pipelines. Exit codes: 0 all passed; 1 something failed; "
        "2 not started (wrong use, nothing of that name, not allowed); 3 could not be told (no answer, not run, nothing that could fail); "
        "4 took too long."
    )

    def create_parser(self, prog_name: str, subcommand: str, **more: Any) -> Any:
        # --version is the prompt's here, not Django's.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **more)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("prompt", help="its name, such as claims/triage")
        parser.add_argument("--project", metavar="SLUG", help="needed where two projects have a prompt of that name")
        parser.add_argument("--suite", action="append", default=[], metavar="NAME", help="as often as you like; without one, all of them")
        on = parser.add_mutually_exclusive_group()
        on.add_argument("--version", default="", metavar="1.4.0", help="without any of these three, the newest version")
        on.add_argument("--environment", default="", metavar="SLUG", help="what is live there")
        on.add_argument("--draft", type=UUID, metavar="ID", help="an open draft")
        parser.add_argument("--model", default="", help="asked in place of the prompt's own")
        parser.add_argument("--repeats", type=int, default=1, metavar="N", help="ask each case so often; the majority counts")
        parser.add_argument("--most", type=_dollars, metavar="DOLLARS", help="stop each suite before it would cost more")
        parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML, as Jenkins and GitLab read it")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write all of it as JSON")
        parser.add_argument("--wait", type=float, default=900, metavar="SECONDS", help="for the answers, at most so long (900)")
        parser.add_argument("--here", action="store_true", help="ask the models in this process, where no worker runs")
        parser.add_argument("--as", dest="who", metavar="WHO", help="e-mail of a person, or name of a service account")

    def handle(self, *args: Any, **options: Any) -> None:
        actor, prompt = _who_and_what(options["who"], options["prompt"], options["project"])
        try:
            subject = _subject(prompt, options["version"], options["environment"], options["draft"])
            suites = _suites(prompt, options["suite"])
            not_run = [NotRun(suite, reason) for suite in suites if (reason := _in_vain(suite))]
            idle = {each.suite.pk for each in not_run}
            how = {name: options[name] for name in ("model", "repeats", "most")}
            runs = _start([suite for suite in suites if suite.pk not in idle], subject, actor, **how)
        except StudioError as error:
            raise Refused(error.sentence) from None
        _wait(runs, seconds=options["wait"], here=options["here"])
        verdicts = [verdict_of(run) for run in Run.objects.filter(pk__in=[run.pk for run in runs]).with_everything().order_by("pk")]
        self._tell(verdicts, not_run, options["junit"], options["json"])

    def _tell(self, verdicts: list[Verdict], not_run: list[NotRun], junit: Path | None, as_json: Path | None) -> None:
        code = exit_code_of(verdicts, not_run)
        self.stdout.write(_writable(as_text(verdicts, not_run) or "There is no suite to run.", self.stdout))
        try:
            if junit:
                junit.write_text(junit_xml(verdicts, not_run), encoding="utf-8")
            if as_json:
                as_json.write_text(json.dumps(_whole(verdicts, not_run, code), indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise Refused(f"{error.filename} cannot be written: {error.strerror}. The runs themselves are kept.") from None
        if code:
            sys.exit(code)


def _who_and_what(who: str | None, name: str, project: str | None) -> tuple[Actor, Prompt]:
    """For whoever has this shell, everything is there; for somebody else what they see."""
    found = Prompt.objects.filter(name=name).select_related("project", "folder").order_by("project__slug")
    prompts = list(found.filter(project__slug=project) if project else found)
    actors_of = [(actor, prompt) for prompt in prompts if (actor := _actor(who, prompt)) is not None]
    if not actors_of:
        raise Refused(f"There is no prompt {name}" + (f" in {project}." if project else "."))
    if len(actors_of) > 1:
        projects = ", ".join(prompt.project.slug for _, prompt in actors_of)
        raise Refused(f"More than one project has a prompt {name}: {projects}. Say which one: --project SLUG.")
    return actors_of[0]


def _actor(who: str | None, prompt: Prompt) -> Actor | None:
    """None for somebody who does not see the prompt."""
    if who is None:
        return actors.system(via="cli")
    actor = _person(who) if "@" in who else _application(who, prompt)
    return actor if actor and Prompt.objects.visible_to(actor).filter(pk=prompt.pk).exists() else None


def _person(email: str) -> Actor:
    people = list(User.objects.filter(kind=User.Kind.PERSON, is_active=True, email__iexact=email)[:2])
    if len(people) != 1:
        raise Refused(f"{'More than one person' if people else 'Nobody'} with the e-mail {email} may sign in here.")
    return Actor(user=people[0], via="cli")


def _application(name: str, prompt: Prompt) -> Actor | None:
    """It may do what its keys may do, so one of those that run tests stands for it."""
    account = ServiceAccount.objects.filter(project=prompt.project_id, name=name).select_related("user").first()
    if account is None:
        return None
    keys = ApiKey.objects.usable().filter(account=account, environment=None).select_related("account__responsible", "folder").order_by("pk")
    key = next((key for key in keys if key.has_scope("test")), None)
    if key is None:
        raise Refused(f"{name} has no key with the scope “test” that is bound to no environment. A project admin can make one.")
    return Actor(user=account.user, key=key, via="cli")


def _subject(prompt: Prompt, semver: str, slug: str, draft: UUID | None) -> Subject:
    if draft:
        return subjects.of_draft(prompt, draft)
    if slug:
        environment = prompt.project.environments.filter(slug=slug).first()
        if environment is None:
            known = ", ".join(prompt.project.environments.values_list("slug", flat=True)) or "none yet"
            raise Refused(f"{prompt.project} has no environment “{slug}”. It has: {known}.")
        return subjects.live_in(environment, prompt)
    if not semver:
        return subjects.newest_of(prompt)
    version = prompt.versions.filter(semver=semver).first()
    if version is None:
        raise Refused(f"{prompt.name} has no version {semver}.")
    return subjects.of_version(version)


def _suites(prompt: Prompt, names: Sequence[str]) -> list[Suite]:
    suites = list(prompt.suites.in_use())
    known = ", ".join(suite.name for suite in suites) or "none yet"
    if missing := [name for name in names if name not in {suite.name for suite in suites}]:
        raise Refused(f"{prompt.name} has no suite “{missing[0]}”. It has: {known}.")
    return [suite for suite in suites if not names or suite.name in names]


def _in_vain(suite: Suite) -> str:
    """Why asking would be money for nothing: there is no case that could fail."""
    newest = suite.newest
    idle = cannot_fail(newest.content)
    return " ".join(idle) if len(idle) >= len(newest.cases) else ""


@transaction.atomic
def _start(suites: Sequence[Suite], subject: Subject, actor: Actor, **how: Any) -> list[Run]:
    """All of them, or none."""
    return [run_services.start_run(suite=suite, **subject.asked, **how, actor=actor) for suite in suites]


def _dollars(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ArgumentTypeError(f"{text} is no amount of US dollars, such as 2.50.") from None


def _wait(runs: Sequence[Run], *, seconds: float, here: bool) -> None:
    until = time.monotonic() + seconds
    waiting = Result.objects.filter(run__in=runs, outcome=Result.Outcome.WAITING)
    if here:
        worker.answer_due()
    while waiting.exists() and time.monotonic() < until:
        time.sleep(min(LOOKED_AT_EVERY, max(0.0, until - time.monotonic())))
        if here:
            worker.answer_due()


def _whole(verdicts: Sequence[Verdict], not_run: Sequence[NotRun], code: ExitCode) -> dict[str, Any]:
    return {
        "outcome": code.name.lower(),
        "exit_code": int(code),
        "runs": [verdict.as_json() | {"cases": verdict.cases_as_json()} for verdict in verdicts],
        "not_run": [{"suite": each.suite.name, "reason": each.reason} for each in not_run],
    }


def _writable(text: str, out: Any) -> str:
    encoding = getattr(out, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)

"""Two clocks, and clocks that are killed at any moment: whatever is due is promoted once."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from promptstudio.accounts.actor import system
from promptstudio.deployments.models import Deployment, Schedule
from promptstudio.deployments.schedule_services import cancel_schedule, promote_due, schedule_promotion
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict
from promptstudio.prompts.models import Prompt
from tests.cast import Cast, a_prompt, a_version, hire
from tests.studio import wait_until

from .test_two_at_once import at_once

CHECKOUT = Path(__file__).resolve().parent.parent.parent
MANY = 60
STORY = f"""
from datetime import timedelta
from tests.cast import *
from promptstudio.deployments.schedule_services import schedule_promotion
from promptstudio.lib import clock
cast = hire()
yesterday = clock.now() - timedelta(days=1)
for number in range({MANY}):
    version = a_version(a_prompt(cast.claims, by=cast.alice, title=f"Prompt {{number}}"), by=cast.alice)
    with clock.at(yesterday):
        schedule_promotion(version=version, environment=cast.development, at=yesterday + timedelta(hours=1), zone="UTC", actor=cast.alice)
"""
COUNT = """
import json
from promptstudio.audit.chain import faults
from promptstudio.audit.models import Entry
from promptstudio.deployments.models import Deployment, Schedule
states = list(Schedule.objects.values_list("state", flat=True))
told = Entry.objects.filter(action="schedule.promoted").count()
print(json.dumps([states.count("promoted"), states.count("waiting"), Deployment.objects.count(), told, len(list(faults()))]))
"""


@pytest.mark.django_db(transaction=True)
def test_of_two_clocks_at_once_one_promotes(transactional_db: None) -> None:
    cast = hire()
    schedules = [a_schedule(cast, a_prompt(cast.claims, by=cast.alice, title=f"Prompt {number}")) for number in range(3)]

    def strikes() -> int:
        with clock.at(schedules[-1].at):
            return promote_due(actor=system())

    assert sum(at_once(*[strikes] * 4)) == 3
    assert Deployment.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_whoever_cancels_while_the_clock_strikes_is_told_what_happened(transactional_db: None) -> None:
    cast = hire()
    schedule = a_schedule(cast, a_prompt(cast.claims, by=cast.alice))

    def strikes() -> int:
        with clock.at(schedule.at):
            return promote_due(actor=system())

    struck, cancelled = at_once(strikes, lambda: cancel_schedule(schedule=schedule, actor=cast.alice))
    went = Deployment.objects.exists()
    assert (struck, type(cancelled)) == ((1, Conflict) if went else (0, Schedule))


def a_schedule(cast: Cast, prompt: Prompt) -> Schedule:
    at = clock.now() + timedelta(hours=1)
    return schedule_promotion(version=a_version(prompt, by=cast.alice), environment=cast.development, at=at, zone="UTC", actor=cast.alice)


class Installation:
    """A database of its own, where the story has happened, and clocks to kill."""

    def __init__(self, home: Path) -> None:
        environ = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        self.run: Any = {"cwd": CHECKOUT, "env": environ | {"STUDIO_HOME": str(home), "DEMO": "", "SECOND_PERSON": "0"}}

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, **self.run).stdout

    def counted(self) -> list[int]:
        found: list[int] = json.loads(self.manage("shell", "--verbosity", "0", "-c", COUNT))
        return found

    @contextmanager
    def clock(self, stopped_by: signal.Signals) -> Iterator[None]:
        process = subprocess.Popen([sys.executable, "manage.py", "sweep", "--every", "0.05"], **self.run)
        try:
            yield
        finally:
            process.send_signal(stopped_by)
            process.wait()


@pytest.mark.process
@pytest.mark.timeout(240)
def test_clocks_that_are_killed_promote_each_once(tmp_path: Path) -> None:
    here = Installation(tmp_path / "home")
    here.manage("migrate", "--verbosity", "0")
    here.manage("shell", "--verbosity", "0", "-c", STORY)
    for moment in (1.8, 2.2, 2.6):
        with here.clock(signal.SIGKILL), here.clock(signal.SIGKILL):
            time.sleep(moment)
        promoted, _, deployments, told, _ = here.counted()
        assert promoted == deployments == told
    with here.clock(signal.SIGTERM), here.clock(signal.SIGTERM):
        wait_until(lambda: here.counted()[1] == 0, within=90, what="the last one to go")
    assert here.counted() == [MANY, 0, MANY, MANY, 0]

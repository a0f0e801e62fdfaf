"""Two clocks, and clocks that are killed at any moment: whatever is due is promoted once."""

import json
import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest

from promptstudio.accounts.actor import system
from promptstudio.deployments.models import Deployment, Schedule
from promptstudio.deployments.schedule_services import cancel_schedule, promote_due, schedule_promotion
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict
from promptstudio.prompts.models import Prompt
from tests.at_once import at_once
from tests.cast import Cast, a_prompt, a_version, hire
from tests.installation import Installation
from tests.studio import wait_until

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


def counted(here: Installation) -> list[int]:
    found: list[int] = json.loads(here.shell(COUNT))
    return found


@pytest.mark.process
@pytest.mark.timeout(240)
def test_clocks_that_are_killed_promote_each_once(tmp_path: Path) -> None:
    here = Installation(tmp_path / "home")
    here.shell(STORY)
    for moment in (1.8, 2.2, 2.6):
        with here.sweeping(signal.SIGKILL), here.sweeping(signal.SIGKILL):
            time.sleep(moment)
        promoted, _, deployments, told, _ = counted(here)
        assert promoted == deployments == told
    with here.sweeping(signal.SIGTERM), here.sweeping(signal.SIGTERM):
        wait_until(lambda: counted(here)[1] == 0, within=90, what="the last one to go")
    assert counted(here) == [MANY, 0, MANY, MANY, 0]

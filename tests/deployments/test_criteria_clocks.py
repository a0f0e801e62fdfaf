"""Two clocks at once, and one that is killed: what a change was held to is found out once all the same."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from promptstudio.audit.models import Entry
from promptstudio.deployments.criteria import check_due
from promptstudio.deployments.criterion_services import add_criterion
from promptstudio.deployments.models import CriterionOutcome, CriterionWatch
from promptstudio.evaluations.models import Run
from promptstudio.evaluations.worker import answer_due
from promptstudio.lib import clock
from promptstudio.prompts import services as prompts
from tests.at_once import at_once
from tests.cast import a_prompt, bundle, hire, promote
from tests.evaluations.scripted import MODEL, PATH, saying
from tests.installation import Installation

from .test_criteria import CHECK

CHECKOUT = Path(__file__).resolve().parent.parent.parent
STORY = """
from promptstudio.deployments.criterion_services import add_criterion
from promptstudio.evaluations import suite_services
from promptstudio.evaluations.cases import parse_cases
from promptstudio.prompts import services as prompts
from tests.cast import *
from tests.evaluations.scripted import MODEL
cast = hire()
prompt = a_prompt(cast.claims, by=cast.alice)
version = prompts.save_version(prompt=prompt, data=bundle(model=MODEL), change=prompts.Change(summary="First."), actor=cast.alice)
cases = parse_cases({"cases": [{"values": {"claim": "A pipe."}, "assertions": [{"type": "icontains", "value": "pipe"}]}]})
suite = suite_services.add_suite(prompt=prompt, name="Usual", cases=cases, actor=cast.alice)
add_criterion(version=version, environment=cast.development, metric="pass_rate", days=3, suite=suite, threshold="95", actor=cast.alice)
promote(version, cast.development, by=cast.alice)
"""
CHECK_AND_DIE = """
import os, signal
from promptstudio.deployments import criteria
{start}
criteria.check_due()
"""
DIES_AFTER_STARTING = """
def start(**given):
    started(**given)
    os.kill(os.getpid(), signal.SIGKILL)
started, criteria.start_run = criteria.start_run, start
"""
DIES_AFTER_CLOSING = """
def close(*args, **given):
    closed(*args, **given)
    os.kill(os.getpid(), signal.SIGKILL)
closed, criteria.close = criteria.close, close
"""
ANSWERED = """
from promptstudio.evaluations.models import Answer, Result
from promptstudio.deployments.models import CriterionWatch
from promptstudio.lib import clock
from promptstudio.evaluations.worker import answer_due
from tests.evaluations.scripted import saying
with saying():
    answer_due()
CriterionWatch.objects.update(due_at=clock.now())
"""
COUNT = """
import json
from promptstudio.audit.models import Entry
from promptstudio.deployments.models import CriterionOutcome, CriterionWatch
from promptstudio.evaluations.models import Run
ended = Entry.objects.filter(action="criterion.confirmed")
print(json.dumps([each.objects.count() for each in (CriterionWatch, Run, CriterionOutcome)] + [ended.count()]))
"""


@pytest.mark.django_db(transaction=True)
def test_of_two_clocks_one_starts_the_run_and_one_closes_it(settings: Any) -> None:
    settings.MODEL_RUNNER, cast = PATH, hire()
    prompt = a_prompt(cast.claims, by=cast.alice)
    change = prompts.Change(summary="First.")
    version = prompts.save_version(prompt=prompt, data=bundle(model=MODEL), change=change, actor=cast.alice)
    suite = a_suite(prompt, cast)
    add_criterion(version=version, environment=cast.development, metric="pass_rate", days=3, suite=suite, threshold="95", actor=cast.alice)
    promote(version, cast.development, by=cast.alice)
    assert at_once(check_due, check_due, check_due) == [None] * 3
    assert (CriterionWatch.objects.count(), Run.objects.count()) == (1, 1)
    with saying():
        answer_due()
    CriterionWatch.objects.update(due_at=clock.now())
    assert at_once(check_due, check_due, check_due) == [None] * 3
    assert CriterionOutcome.objects.get().outcome == "confirmed"
    assert Entry.objects.filter(action="criterion.confirmed").count() == 1


def a_suite(prompt: Any, cast: Any) -> Any:
    from promptstudio.evaluations import suite_services
    from promptstudio.evaluations.cases import parse_cases

    cases = parse_cases({"cases": [{"values": {"claim": "A pipe."}, "assertions": [CHECK]}]})
    return suite_services.add_suite(prompt=prompt, name="Usual", cases=cases, actor=cast.alice)


def counts(studio: Installation) -> list[int]:
    found: list[int] = json.loads(studio.shell(COUNT))
    return found


def dies(studio: Installation, way: str) -> None:
    studio.shell(CHECK_AND_DIE.format(start=way), ends=-signal.SIGKILL)


@pytest.mark.process
def test_a_killed_clock_leaves_nothing_half_done(tmp_path: Path) -> None:
    studio = Installation(tmp_path, MODEL_RUNNER=PATH)
    studio.shell(STORY)
    dies(studio, DIES_AFTER_STARTING)
    assert counts(studio) == [1, 0, 0, 0]
    studio.shell(CHECK_AND_DIE.format(start=""))
    assert counts(studio) == [1, 1, 0, 0]
    studio.shell(ANSWERED)
    dies(studio, DIES_AFTER_CLOSING)
    assert counts(studio) == [1, 1, 0, 0]
    studio.shell(CHECK_AND_DIE.format(start="") * 2)
    assert counts(studio) == [1, 1, 1, 1]

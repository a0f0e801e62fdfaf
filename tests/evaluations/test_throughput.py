"""N cases against a model that takes L seconds, at most C at once, take close to N·L/C: real workers, and SQLite, where writes queue."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.installation import Installation
from tests.services import redis
from tests.studio import wait_until

from .sleeping import PATH

SECONDS = 2.0
# The models of one suite: how many calls each gets at once. All of them are asked at the same time.
AT_ONCE = {"amazon.nova-micro-v1:0": 1, "amazon.nova-lite-v1:0": 4, "amazon.nova-pro-v1:0": 8}
LONGEST = 8  # calls after each other
SLACK = 1.15
TRIES = 5

STORY = """
from tests.cast import *
cast = hire()
prompt = a_prompt(cast.claims, by=cast.alice)
prompts.save_version(prompt=prompt, data=bundle(), change=prompts.Change(summary="First."), actor=cast.alice)
"""
START = f"""
from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.evaluations import run_services, suite_services
from promptstudio.evaluations.cases import parse_cases
from promptstudio.prompts.models import Version
version, alice = Version.objects.get(), Actor(user=User.objects.get(name="Alice"), via="page")
for model, at_once in {AT_ONCE}.items():
    rows = [{{"uid": str(n), "values": {{"claim": str(n)}}, "assertions": [{{"type": "contains", "value": "claim"}}]}}
            for n in range({LONGEST} * at_once)]
    suite = suite_services.add_suite(prompt=version.prompt, name=f"TRY {{model}}", cases=parse_cases({{"cases": rows}}), actor=alice)
    run_services.start_run(suite=suite, bundle=version.bundle, label="1.0.0", version=version, model=model, actor=alice)
"""
TOLD = """
import json
from django.db.models import Max, Min, Count
from promptstudio.evaluations.models import Answer, Result
rows = Answer.objects.filter(result__run__suite_version__suite__name__startswith="TRY").order_by().values("model")
rows = rows.annotate(began=Min("asked_at"), ended=Max("ended_at"), tries=Max("tries"))
waiting = Result.objects.filter(run__suite_version__suite__name__startswith="TRY").exclude(outcome="passed").count()
told = [[r["model"], r["ended"] and (r["ended"] - r["began"]).total_seconds(), r["tries"]] for r in rows]
print(json.dumps([waiting, told]))
"""


@pytest.mark.process
@pytest.mark.timeout(360)
def test_a_run_takes_as_long_as_its_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with redis() as redis_url:
        at_once = ",".join(f"{model}={number}" for model, number in AT_ONCE.items())
        told = {"BROKER_URL": redis_url, "MODEL_RUNNER": PATH, "SLEEPS": str(SECONDS), "MODEL_CALLS_AT_ONCE_BY_MODEL": at_once}
        here = Installation(tmp_path, **told)
        here.shell(STORY)
        size = ["--queues", "models", "--pool", "threads", "--concurrency", "24", "--without-mingle", "--without-gossip"]
        # Two, so that the numbers hold for all of them together.
        names = [f"{name}@%h" for name in ("one", "two")]
        started = [[sys.executable, "-m", "celery", "-A", "promptstudio", "worker", *size, "--hostname", name] for name in names]
        workers = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **here.run) for command in started]
        try:
            wait_until(lambda: "OK" in _ping(here), within=60, what="the workers")
            ratios: dict[str, float] = {}
            for number in range(TRIES):
                # The machine may be busy with something else; whoever is slow by itself is slow each time.
                here.shell(START.replace("TRY", f"try {number}"))
                wait_until(lambda n=number: _told(here, n)[0] == 0, within=60, what="the answers")
                _, told = _told(here, number)
                ratios = {model: seconds / (LONGEST * SECONDS) for model, seconds, _ in told}
                assert {tries for _, _, tries in told} == {1}, "nothing is asked twice"
                if max(ratios.values()) <= SLACK:
                    break
        finally:
            for worker in workers:
                worker.send_signal(signal.SIGTERM)
            for worker in workers:
                worker.wait(30)
    with capsys.disabled():
        print("\nN·L/C:", ", ".join(f"C={AT_ONCE[model]}: {ratio:.3f}" for model, ratio in sorted(ratios.items())))
    assert all(1 <= ratio <= SLACK for ratio in ratios.values()), ratios


def _ping(here: Installation) -> str:
    command = [sys.executable, "-m", "celery", "-A", "promptstudio", "inspect", "ping", "--timeout", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **here.run).stdout
    return done if done.count("pong") == 2 else ""


def _told(here: Installation, number: int) -> Any:
    return json.loads(here.shell(TOLD.replace("TRY", f"try {number}")))

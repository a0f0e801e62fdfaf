"""Two verdicts at the same moment, with real threads and real connections: the later one grades the result, and only that one."""

import json
from threading import Barrier, Thread
from time import sleep

import pytest
from django.db import connections

from promptstudio.evaluations import run_services, suite_services
from promptstudio.evaluations.cases import parse_cases
from promptstudio.evaluations.model_runner import Call, Said
from promptstudio.evaluations.worker import answer_due
from promptstudio.prompts import services as prompts
from tests.cast import a_prompt, bundle, hire

from .scripted import MODEL, said, saying

pytestmark = pytest.mark.django_db(transaction=True)
JUDGES = 4


def test_no_result_waits_for_ever() -> None:
    cast = hire()
    prompt = a_prompt(cast.claims, by=cast.alice)
    version = prompts.save_version(prompt=prompt, data=bundle(model=MODEL), change=prompts.Change(summary="First."), actor=cast.alice)
    checks = [{"type": "llm-rubric", "value": f"rule {number}"} for number in range(JUDGES)]
    case = {"uid": "1", "values": {"claim": "x"}, "assertions": checks}
    suite = suite_services.add_suite(prompt=prompt, name="Judged", cases=parse_cases({"cases": [case]}), actor=cast.alice)
    run = run_services.start_run(suite=suite, bundle=version.bundle, label="1.0.0", version=version, actor=cast.alice)
    together = Barrier(JUDGES)

    def says(call: Call) -> Said:
        if "verdict" not in json.dumps(call.output_schema or {}):
            return said("An answer.")
        together.wait(20)
        return said(json.dumps({"because": "So.", "points": 10, "verdict": "yes"}))

    def work() -> None:
        try:
            answer_due()
        finally:
            connections.close_all()

    with saying(says):
        first = Thread(target=work, daemon=True)
        first.start()
        others = [Thread(target=work, daemon=True) for _ in range(JUDGES - 1)]
        while run.results.get().judgements.count() < JUDGES:
            sleep(0.05)
        for thread in others:
            thread.start()
        for thread in (first, *others):
            thread.join(60)
            assert not thread.is_alive(), "They wait for each other."
    assert (run.results.get().outcome, len(run.results.get().checks)) == ("passed", JUDGES)

"""A real worker, killed in the middle of several answers that a real model server tells: each is asked again, and there once, whole."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.installation import Installation
from tests.local_aws import start_local_aws
from tests.studio import wait_until

STORY = """
from tests.cast import *
from tests.evaluations.scripted import MODEL
from promptstudio.evaluations.questions import Question
from promptstudio.evaluations.services import ask_models
cast = hire()
prompt = a_prompt(cast.claims, by=cast.alice)
version = prompts.save_version(prompt=prompt, data=bundle(model=MODEL), change=prompts.Change(summary="First."), actor=cast.alice)
texts = ("A pipe burst.", "A tree fell.", "A roof leaks.", "Hail.", "A fire.")
ask = [Question(bundle=version.bundle, label="1.0.0", version=version, values={"claim": text}) for text in texts]
ask_models(prompt=prompt, questions=ask, actor=cast.alice)
"""
COUNT = """
import json
from promptstudio.evaluations.models import Answer
print(json.dumps([[answer.state, answer.tries, answer.text, answer.half_text] for answer in Answer.objects.order_by("id")]))
"""


def answers(here: Installation) -> list[list[Any]]:
    found: list[list[Any]] = json.loads(here.shell(COUNT))
    return found


@pytest.mark.process
@pytest.mark.timeout(240)
def test_a_killed_worker_loses_nothing(tmp_path: Path) -> None:
    server = start_local_aws(tmp_path / "aws")
    aws = {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    try:
        here = Installation(tmp_path / "home", **aws)
        here.shell(STORY)
        server.arm(operation="ConverseStream", kind="hold_stream", match={"body_contains": "A "}, times=None)
        with here.sweeping(signal.SIGKILL, every=0.1):
            server.wait_held(count=4, seconds=60)
            wait_until(lambda: [state for state, *_ in answers(here)].count("answered") == 1, within=60, what="the one that is not held")
        left = answers(here)
        assert [state for state, *_ in left] == ["waiting"] * 3 + ["answered", "waiting"]
        held = [(text, half) for state, _, text, half in left if state == "waiting"]
        assert all(text == "" and half.startswith("[local") for text, half in held), "they were in the middle"
        server.disarm()
        server.release()
        with here.sweeping(signal.SIGTERM, every=0.1):
            wait_until(lambda: all(state == "answered" for state, *_ in answers(here)), within=90, what="the answers")
        found = answers(here)
        assert [tries for _, tries, _, _ in found] == [2, 2, 2, 1, 2], "what was in flight is asked again, and nothing else"
        assert all(text.startswith("[local model]") and half == "" for _, _, text, half in found)
    finally:
        server.stop()

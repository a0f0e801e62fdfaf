"""Which version made an answer is one question, by its id or by the vendor's id of the request."""

from collections.abc import Iterator
from typing import Any

import pytest

from promptstudio.evaluations.model_runner import Call
from promptstudio.evaluations.models import Answer
from promptstudio.evaluations.questions import Question
from promptstudio.evaluations.services import ask_models
from promptstudio.evaluations.worker import answer_due
from promptstudio.prompts.models import Version
from tests.evaluations.scripted import MODEL, PATH, said, saying

from .cast import Application, Cast


@pytest.fixture
def models(settings: Any) -> Iterator[list[Call]]:
    settings.MODEL_RUNNER = PATH
    with saying(lambda call: said("Private words.", request_id=f"req-{call.rendered.messages[0].text[-2]}")) as heard:
        yield heard


@pytest.fixture
def version(cast: Cast, models: Any) -> Version:
    version = cast.version(cast.prompt(), "Sum up {{customer}}.")
    asked = [Question(bundle=version.bundle, label="1.0.0", version=version, other_model=MODEL, values={"customer": name}) for name in "AB"]
    ask_models(prompt=version.prompt, questions=asked, actor=cast.alice)
    answer_due()
    return version


def test_the_number_of_a_request_leads_to_version_settings_and_costs(app: Application, version: Version) -> None:
    [found] = app.get("/answers?request_id=req-A").json()["items"]
    told = {name: found[name] for name in ("prompt", "version", "digest", "model", "state", "request_id", "cost")}
    assert told == {
        "prompt": "claims/triage",
        "version": version.semver,
        "digest": version.digest,
        "model": MODEL,
        "state": "answered",
        "request_id": "req-A",
        "cost": 0.0045,
    }
    assert app.get(f"/answers/{found['id']}").json() == found
    assert "Private words" not in app.get("/answers").content.decode()
    assert len(app.get("/answers").json()["items"]) == 2


def test_what_is_not_there_is_not_there(app: Application, version: Version) -> None:
    assert app.get("/answers?request_id=req-C").json() == {"items": [], "next": None}
    assert app.get("/answers/00000000-0000-0000-0000-000000000000").status_code == 404


def test_an_applications_key_reads_none(cast: Cast, version: Version) -> None:
    reader = cast.application("read", environment=cast.development)
    for address in ("/answers", f"/answers/{Answer.objects.all()[0].uid}"):
        assert (reader.get(address).status_code, reader.get(address).json()["code"]) == (404, "not_released_here")


def test_what_judges_were_asked_is_no_answer_of_a_prompt(app: Application, version: Version) -> None:
    Answer.objects.filter(request_id="req-B").update(purpose="judge")
    assert [each["request_id"] for each in app.get("/answers").json()["items"]] == ["req-A"]

"""Tests by API: started once, read by those who may, as JSON and as JUnit XML."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from lxml import etree

from promptstudio.api import schemas
from promptstudio.deployments import services as deployments
from promptstudio.evaluations import suite_services
from promptstudio.evaluations.cases import parse_cases
from promptstudio.evaluations.models import Run, Suite
from promptstudio.evaluations.worker import answer_due
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Version
from tests.evaluations.scripted import MODEL

from .cast import Application, Cast, bundle
from .test_contract import shaped

pytestmark = pytest.mark.usefixtures("calls")

RUNS = "/prompts/claims/triage/runs"
CASES = parse_cases(
    {
        "cases": [
            {"uid": name, "name": name, "values": {"customer": value}, "assertions": [{"type": "icontains", "value": "ann"}]}
            for name, value in [("Ann", "Ann"), ("Bob", "Bob")]
        ]
    }
)


@pytest.fixture
def version(cast: Cast) -> Version:
    change = prompts.Change(summary="First.")
    return prompts.save_version(prompt=cast.prompt(), data=bundle(model=MODEL), change=change, actor=cast.alice)


@pytest.fixture
def suite(cast: Cast, version: Version) -> Suite:
    return suite_services.add_suite(prompt=version.prompt, name="Usual", cases=CASES, required=True, actor=cast.alice)


@pytest.fixture
def pipeline(cast: Cast) -> Application:
    return cast.application("read", "test")


def test_a_run_is_started_and_followed_to_its_end(pipeline: Application, suite: Suite) -> None:
    sent = pipeline.post(RUNS, {"suite": "Usual"})
    started = shaped(sent, 201, schemas.RunWithCases)
    assert (started["state"], started["outcome"], started["semver"], started["by"]) == ("running", "waiting", "1.0.0", "Claims desk")
    assert sent.headers["Location"] == f"/api/v1/runs/{started['id']}"
    answer_due()
    ended = shaped(pipeline.get(f"/runs/{started['id']}"), 200, schemas.RunWithCases)
    assert (ended["state"], ended["outcome"]) == ("ended", "failed")
    assert ended["counts"] == {"total": 2, "passed": 1, "failed": 1, "unknown": 0, "waiting": 0}
    assert [(case["name"], case["outcome"]) for case in ended["cases"]] == [("Ann", "passed"), ("Bob", "failed")]
    assert ended["cases"][1]["reasons"]


def test_it_is_read_as_junit(pipeline: Application, suite: Suite) -> None:
    uid = pipeline.post(RUNS, {"suite": "Usual", "repeats": 3}).json()["id"]
    answer_due()
    response = pipeline.get(f"/runs/{uid}/junit")
    assert response.headers["Content-Type"] == "application/xml; charset=utf-8"
    assert etree.fromstring(response.content).get("failures") == "1"


def test_suites_and_runs_are_listed(pipeline: Application, suite: Suite) -> None:
    for _ in range(3):
        pipeline.post(RUNS, {"suite": "Usual"})
    listed = shaped(pipeline.get("/prompts/claims/triage/tests"), 200, schemas.Suites)
    assert [(each["name"], each["required"], each["cases"], each["proves_nothing"]) for each in listed["items"]] == [("Usual", True, 2, [])]
    page = shaped(pipeline.get(f"{RUNS}?limit=2"), 200, schemas.Runs)
    assert len(page["items"]) == 2
    assert len(pipeline.get(page["next"].removeprefix("/api/v1")).json()["items"]) == 1


def test_a_list_of_runs_takes_a_constant_number_of_queries(pipeline: Application, suite: Suite) -> None:
    counts = []
    # The first use of a key is noted.
    pipeline.get(RUNS)
    for _ in range(2):
        pipeline.post(RUNS, {"suite": "Usual"})
        with CaptureQueriesContext(connection) as queries:
            pipeline.get(RUNS)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_same_id_is_the_same_run(pipeline: Application, suite: Suite) -> None:
    body = {"suite": "Usual", "id": str(uuid.uuid4())}
    first, again = pipeline.post(RUNS, body), pipeline.post(RUNS, body)
    assert (first.status_code, again.status_code, Run.objects.count()) == (201, 201, 1)
    assert first.json()["id"] == again.json()["id"] == body["id"]
    other = pipeline.post(RUNS, body | {"repeats": 2})
    assert (other.status_code, other.json()["code"]) == (409, "conflict")


def test_nobody_takes_over_the_run_of_another(cast: Cast, pipeline: Application, suite: Suite) -> None:
    body = {"suite": "Usual", "id": str(uuid.uuid4())}
    pipeline.post(RUNS, body)
    Run.objects.update(asked_by=cast.alice.user)
    assert pipeline.post(RUNS, body).status_code == 409


def test_the_day_has_its_limit(pipeline: Application, suite: Suite, settings: Any) -> None:
    settings.MODEL_CALLS_A_DAY = 3
    assert pipeline.post(RUNS, {"suite": "Usual"}).status_code == 201
    refused = pipeline.post(RUNS, {"suite": "Usual"})
    assert (refused.status_code, "3 times in 24 hours" in refused.json()["detail"]) == (409, True)


def test_a_key_that_writes_spends_nothing(cast: Cast, suite: Suite) -> None:
    refused = cast.application("read", "write", "deploy").post(RUNS, {"suite": "Usual"})
    assert (refused.status_code, refused.json()["detail"]) == (403, "This key lacks the scope “test”.")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"suite": "Usul"}, "suite"),
        ({"suite": "Usual", "version": "1.0.0", "environment": "development"}, "environment"),
        ({"suite": "Usual", "version": "9.0.0"}, "version"),
        ({"suite": "Usual", "version": "x\0"}, "version"),
        ({"suite": "Usual", "environment": "moon"}, "environment"),
        ({"suite": "Usual", "environment": "production"}, "environment"),
        ({"suite": "Usual", "draft": str(uuid.uuid4())}, "draft"),
        ({"suite": "Usual", "draft": "mine"}, "draft"),
        ({"suite": "Usual", "repeats": 10**30}, "repeats"),
        ({"suite": "Usual", "repeats": "often"}, "repeats"),
        ({"suite": "Usual", "model": "no model!"}, "model"),
        ({"suite": "Usual", "models": []}, "models"),
        ({}, "suite"),
    ],
)
def test_bad_input_is_answered_at_its_field(pipeline: Application, suite: Suite, body: dict[str, Any], place: str) -> None:
    response = pipeline.post(RUNS, body)
    assert (response.status_code, set(response.json()["errors"])) == (422, {place})


def test_a_draft_is_run_by_its_id(cast: Cast, pipeline: Application, suite: Suite) -> None:
    draft = prompts.open_draft(prompt=suite.prompt, actor=cast.alice)
    run = pipeline.post(RUNS, {"suite": "Usual", "draft": str(draft.uid)}).json()
    assert (run["draft"], run["semver"]) == (str(draft.uid), None)


def test_through_an_environment_only_what_was_released_there_is_run_and_read(cast: Cast, suite: Suite, version: Version) -> None:
    everything = cast.application("read", "test")
    bound = cast.application("read", "test", environment=cast.development)
    assert bound.post(RUNS, {"suite": "Usual"}).json()["code"] == "not_released_here"
    deployments.deploy(version=version, environment=cast.development, actor=cast.alice)
    run = bound.post(RUNS, {"suite": "Usual"}).json()
    assert (run["semver"], run["environment"]) == ("1.0.0", "development")
    newer = prompts.save_version(
        prompt=version.prompt,
        data=bundle("Newer for {{customer}}.", model=MODEL),
        change=prompts.Change(summary="Newer."),
        actor=cast.alice,
    )
    hidden = everything.post(RUNS, {"suite": "Usual", "version": newer.semver}).json()
    assert bound.get(f"/runs/{hidden['id']}").status_code == 404
    assert bound.get(f"/runs/{hidden['id']}/junit").status_code == 404
    assert [each["id"] for each in bound.get(RUNS).json()["items"]] == [run["id"]]
    assert bound.post(RUNS, {"suite": "Usual", "version": newer.semver}).json()["code"] == "not_released_here"
    draft = prompts.open_draft(prompt=version.prompt, actor=cast.alice)
    assert bound.post(RUNS, {"suite": "Usual", "draft": str(draft.uid)}).status_code == 404
    assert bound.post(RUNS, {"suite": "Usual", "environment": "production"}).json()["code"] == "not_released_here"

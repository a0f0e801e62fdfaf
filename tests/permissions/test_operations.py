"""Every operation of the API, asked with every kind of key, compared with the table of roles and its scopes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from promptstudio.api.urls import _documentation
from promptstudio.lib import clock
from promptstudio.projects.roles import SCOPES
from tests.cast import bundle
from tests.evaluations.scripted import MODEL

from .expecting import INVISIBLE, OK, REFUSED, SIGN_IN
from .stage import FOLDER, Stage, undone


@dataclass(frozen=True)
class Operation:
    """The deed of the table that it needs, and what a key gets that has all scopes for something else: another environment (production,
    where nothing is live), another folder, another project."""

    deed: str
    body: Callable[[Stage], dict[str, Any]] = lambda stage: {}
    environment: str = INVISIBLE
    folder: str = INVISIBLE
    project: str = INVISIBLE
    query: str = ""


def deployment(stage: Stage) -> dict[str, Any]:
    return {"environment": "staging", "version": stage.open.version.semver}


def rollback(stage: Stage) -> dict[str, Any]:
    return {"environment": "development", "reason": "Wrong sums."}


def version(stage: Stage) -> dict[str, Any]:
    return {"bundle": bundle("Newest {{claim}}"), "change": {"summary": "Say it better."}}


def review(stage: Stage) -> dict[str, Any]:
    return {"prompt": stage.open.prompt.name, "version": stage.open.version.semver, "environment": "staging"}


def later(stage: Stage) -> dict[str, Any]:
    return deployment(stage) | {"at": (clock.now() + timedelta(days=2)).isoformat()}


def release(stage: Stage) -> dict[str, Any]:
    version = {"prompt": stage.open.prompt.name, "version": stage.open.version.semver}
    return {"name": "Storm", "environment": "staging", "versions": [version]}


def run(stage: Stage) -> dict[str, Any]:
    return {"suite": stage.open.suite.name, "version": stage.open.version.semver, "model": MODEL}


OPERATIONS = {
    "list_prompts": Operation("read", environment=OK, folder=OK, project=OK),
    "read_prompt": Operation("read"),
    "list_versions": Operation("read"),
    "read_version": Operation("read"),
    "compare_versions": Operation("read"),
    "render_prompt": Operation("read", lambda stage: {"environment": "development", "variables": {"claim": "Water"}}),
    "read_live": Operation("read", query="?environment=development"),
    "list_deployments": Operation("read"),
    "read_deployment": Operation("read"),
    # Of the environment that this key is bound to.
    "read_review": Operation("read", environment=OK),
    "list_requests": Operation("read", folder=OK, project=OK),
    "read_request": Operation("read"),
    "list_answers": Operation("read", folder=OK, project=OK),
    "read_answer": Operation("read"),
    # Binding a key to an environment says what it reads and where it promotes; what it writes reaches nobody by itself.
    "create_prompt": Operation("write", lambda stage: {"title": "Storm", "folder": FOLDER}, environment=OK, folder=REFUSED, project=OK),
    "change_prompt": Operation("write", lambda stage: {"title": "Rain"}, environment=OK),
    "save_version": Operation("write", version, environment=OK),
    "ask_for_review": Operation("write", review, environment=REFUSED),
    "list_suites": Operation("read"),
    "list_runs": Operation("read"),
    "read_run": Operation("read"),
    "read_run_as_junit": Operation("read"),
    "start_run": Operation("test", run),
    "deploy": Operation("deploy", deployment, environment=REFUSED),
    "roll_back": Operation("roll_back", rollback, environment=REFUSED),
    "schedule_deployment": Operation("deploy", later, environment=REFUSED),
    "read_schedule": Operation("read"),
    "cancel_schedule": Operation("deploy"),
    "list_releases": Operation("read", environment=OK, folder=OK, project=OK),
    "make_release": Operation("deploy", release, environment=REFUSED),
    "read_release": Operation("read"),
    "promote_release": Operation("deploy"),
    "roll_back_release": Operation("roll_back", lambda stage: {"reason": "Wrong sums."}),
}
DOCUMENTED = {
    described["operationId"]: (method, path) for path, methods in _documentation()["paths"].items() for method, described in methods.items()
}


def address(name: str, stage: Stage) -> str:
    things = stage.open
    of = {
        "review": things.review,
        "request": things.wish,
        "read_answer": things.answer,
        "schedule": things.schedule,
        "release": things.release,
        "read_run": things.run,
        "read_run_as_junit": things.run,
    }
    uid = next((thing.uid for word, thing in of.items() if name == word or name.endswith(f"_{word}")), things.live.uid)
    sides = {"a": things.first.semver, "b": things.version.semver}
    return str(DOCUMENTED[name][1]).format(name=things.prompt.name, uid=uid, semver=things.version.semver, **sides)


def outcome(response: Any) -> str:
    if response.status_code == 401:
        return SIGN_IN
    if response.status_code == 403:
        return REFUSED if response.json()["detail"] else "403 without a sentence"
    # A prompt that a body names and this key does not see is answered at its field.
    if response.status_code == 404 or (
        response.status_code == 422 and {name.rpartition(".")[2] for name in response.json()["errors"]} == {"prompt"}
    ):
        return INVISIBLE
    return OK if response.status_code in (200, 201, 409, 422) else str(response.status_code)


def wanted(operation: Operation, key: str) -> str:
    if key in ("none", "revoked"):
        return SIGN_IN
    if key in ("environment", "folder", "project"):
        return str(getattr(operation, key))
    return OK if key in ("all", SCOPES[operation.deed]) else REFUSED


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_key_gets_what_the_table_says(name: str, stage: Stage) -> None:
    operation, found = OPERATIONS[name], {}
    for key, secret in stage.secrets.items():
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        with undone():
            ask = getattr(Client(), DOCUMENTED[name][0])
            body = {} if DOCUMENTED[name][0] == "get" else {"data": operation.body(stage), "content_type": "application/json"}
            response = ask(address(name, stage) + operation.query, headers=headers, **body)
        if (got := outcome(response)) != wanted(operation, key):
            found[key] = f"{got}, where the table says: {wanted(operation, key)}"
    assert found == {}


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_session_opens_no_operation(name: str, stage: Stage) -> None:
    method = DOCUMENTED[name][0].upper()
    response = stage.person("site_admin").ask(method, address(name, stage) + operation_query(name), operation_body(name, stage))
    assert outcome(response) == SIGN_IN


def operation_query(name: str) -> str:
    return OPERATIONS[name].query


def operation_body(name: str, stage: Stage) -> Any:
    return OPERATIONS[name].body(stage) if DOCUMENTED[name][0] == "post" else {}


def test_every_operation_has_an_entry() -> None:
    assert set(DOCUMENTED) == set(OPERATIONS), "Say in OPERATIONS which deed of the table the new operation needs."

"""Whatever is sent, the answer is JSON and nothing breaks."""

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptstudio.deployments.subjects import of_version
from promptstudio.evaluations.cases import parse_cases
from promptstudio.evaluations.run_services import start_run
from promptstudio.evaluations.suite_services import add_suite
from tests.evaluations.scripted import MODEL, PATH

from .cast import Application, Cast, bundle

text = st.text(max_size=20) | st.sampled_from(["\x00", "\ud800", "1.0.0", "^1", "development", "triage", "claims/triage", "{{x}}", "{{"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)


def near(valid: Any) -> st.SearchStrategy[Any]:
    """Bodies that are right but for one or two members."""
    if not isinstance(valid, dict):
        return json_values
    changed = st.fixed_dictionaries({}, optional={name: st.just(member) | json_values | near(member) for name, member in valid.items()})
    return st.tuples(changed, st.dictionaries(text, json_values, max_size=1)).map(lambda parts: parts[0] | parts[1])


whole_bundle = {
    **bundle(),
    "tools": [{"name": "look_up", "input_schema": {"type": "object"}}],
    "inference": {"temperature": 0.5, "stop_sequences": ["x"]},
    "output_schema": {"type": "object", "properties": {"a": {"type": "string"}}},
    "model": "amazon.nova-lite-v1:0",
    "syntax": "plain",
}
BODIES: dict[str, Any] = {
    "/prompts": {"title": "x", "name": "y", "folder": "z"},
    "/prompts/triage/versions": {"bundle": whole_bundle, "change": {"summary": "x"}, "impact": "fix", "impact_reason": "x"},
    "/prompts/triage/deployments": {"environment": "development", "version": "1.0.0", "reason": "x", "replaces": None},
    "/prompts/triage/deployments/scheduled": {
        "environment": "development",
        "version": "1.0.0",
        "at": "2099-12-03T07:00:00+01:00",
        "zone": "Europe/Berlin",
        "reason": "x",
        "replaces": None,
    },
    "/prompts/triage/runs": {
        "suite": "Usual",
        "version": "1.0.0",
        "model": MODEL,
        "repeats": 2,
        "most": None,
        "id": "7f3c1d5e-0000-4000-8000-000000000001",
    },
    "/releases": {"name": "x", "environment": "development", "versions": [{"prompt": "triage", "version": "1.0.0"}]},
    "/prompts/triage/rollback": {"environment": "development", "version": "1.0.0", "reason": "x"},
    "/prompts/triage/render": {"environment": "development", "version": "^1", "variables": {"customer": "x"}},
    "/reviews": {"prompt": "triage", "version": "1.0.0", "environment": "production", "note": "x"},
}
LISTS = [
    "/prompts",
    "/prompts/triage/versions",
    "/prompts/triage/deployments",
    "/prompts/triage/live",
    "/prompts/triage/runs",
    "/answers",
    "/releases",
]
PATIENT = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], database=None
)


def is_sound(response: Any) -> None:
    assert response.status_code < 500, response.content
    assert response.headers["Content-Type"] in ("application/json", "application/problem+json")
    json.loads(response.content)


@pytest.fixture
def busy(cast: Cast, settings: Any) -> Application:
    settings.MODEL_RUNNER = PATH
    version = cast.live(cast.prompt("triage"), "Hello {{customer}}.")
    cases = parse_cases({"cases": [{"values": {"customer": "Ann"}}]})
    suite = add_suite(prompt=version.prompt, name="Usual", cases=cases, actor=cast.alice)
    start_run(suite=suite, **of_version(version).asked, model=MODEL, actor=cast.alice)
    return cast.application("read", "write", "deploy", "test")


@pytest.mark.parametrize("address", BODIES)
def test_no_body_breaks_anything(busy: Application, address: str) -> None:
    @PATIENT
    @given(body=json_values | near(BODIES[address]))
    def send(body: Any) -> None:
        headers = {"Authorization": f"Bearer {busy.secret}"}
        is_sound(Client().generic("POST", f"/api/v1{address}", json.dumps(body), "application/json", headers=headers))

    send()


@pytest.mark.parametrize("route", LISTS)
def test_no_question_breaks_anything(busy: Application, route: str) -> None:
    @PATIENT
    @given(query=st.dictionaries(st.sampled_from(["limit", "cursor", "environment", "version", "request_id"]), text))
    def ask(query: dict[str, str]) -> None:
        sendable = {name: value.encode("utf-8", "surrogatepass") for name, value in query.items()}
        is_sound(Client().get(f"/api/v1{route}", sendable, headers={"Authorization": f"Bearer {busy.secret}"}))

    ask()


@PATIENT
@given(rest=text, tail=st.sampled_from(["", "/live?environment=development", "/versions", "/compare/1.0.0...1.0.0"]))
def test_no_address_breaks_anything(busy: Application, rest: str, tail: str) -> None:
    from urllib.parse import quote

    address = f"/api/v1/prompts/{quote(rest.encode('utf-8', 'surrogatepass'))}{tail}"
    response = Client().get(address, headers={"Authorization": f"Bearer {busy.secret}"})
    is_sound(response)

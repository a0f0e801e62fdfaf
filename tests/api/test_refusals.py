"""Every refusal is problem JSON with a sentence, at the field where it was typed."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, OperationalError
from django.test import Client

from promptstudio.deployments import services as deployments
from promptstudio.deployments.models import Deployment, Evaluation
from promptstudio.projects.key_services import revoke_key
from promptstudio.projects.models import ApiKey
from promptstudio.projects.services import folder_at
from promptstudio.prompts import services as prompts
from tests.cast import wished

from .cast import Application, Cast, bundle


def problem(response: Any, status: int, code: str) -> Any:
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"]
    assert body["title"]
    assert body["detail"].endswith((".", "…", "?"))
    return body


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer ps_wrong", "Basic YTpi", "ps_wrong", "Bearer \xff"], ids=repr)
def test_without_a_key_there_is_nothing(cast: Cast, header: str) -> None:
    response = Client().get("/api/v1/prompts", headers={"Authorization": header} if header else {})
    problem(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_signed_in_browser_has_no_key(cast: Cast) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.alice.user)
    problem(browser.get("/api/v1/prompts"), 401, "unauthenticated")
    problem(browser.post("/api/v1/prompts", {"title": "x"}, content_type="application/json"), 401, "unauthenticated")


def test_a_key_needs_no_csrf_token(cast: Cast) -> None:
    strict = Application(cast.key("write")[1], Client(enforce_csrf_checks=True))
    assert strict.post("/prompts", {"title": "x"}).status_code == 201


def test_a_revoked_key_is_refused(cast: Cast, app: Application) -> None:
    revoke_key(key=ApiKey.objects.get(), actor=cast.admin)
    problem(app.get("/prompts"), 401, "unauthenticated")


def test_a_missing_scope_is_named(cast: Cast) -> None:
    cast.live(cast.prompt(), "Hello {{customer}}.")
    reader, writer = cast.application("read"), cast.application("write")
    assert "“write”" in problem(reader.post("/prompts", {}), 403, "not_allowed")["detail"]
    assert "“write”" in problem(reader.patch("/prompts/claims/triage", {"title": "x"}), 403, "not_allowed")["detail"]
    assert "“write”" in problem(reader.post("/reviews", {}), 403, "not_allowed")["detail"]
    assert "“read”" in problem(writer.get("/prompts"), 403, "not_allowed")["detail"]
    sent = {"environment": "development", "version": "1.0.0"}
    assert "“deploy”" in problem(writer.post("/prompts/claims/triage/deployments", sent), 403, "not_allowed")["detail"]
    back = {"environment": "development", "reason": "x"}
    assert "“deploy”" in problem(writer.post("/prompts/claims/triage/rollback", back), 403, "not_allowed")["detail"]


def test_a_bound_key_acts_in_its_environment_only(cast: Cast) -> None:
    cast.version(cast.prompt(), "Hello {{customer}}.", complete=True)
    bound = cast.application("read", "write", "deploy", environment=cast.production)
    sent = {"environment": "development", "version": "1.0.0"}
    problem(bound.post("/prompts/claims/triage/deployments", sent), 403, "not_allowed")
    problem(bound.post("/reviews", {**sent, "prompt": "claims/triage"}), 403, "not_allowed")
    assert Deployment.objects.count() == 0


def test_the_gates_that_refuse_are_listed(cast: Cast, app: Application) -> None:
    cast.version(cast.prompt(), "Hello {{customer}}.")
    sent = {"environment": "production", "version": "1.0.0", "reason": "Now"}
    body = problem(app.post("/prompts/claims/triage/deployments", sent), 409, "blocked")
    assert {gate["gate"]: gate["passed"] for gate in body["gates"]} == {
        "not_recalled": True,
        "previous_environment": False,
        "change_record": False,
        "approvals": False,
        "same_baseline": True,
    }
    assert all(gate["reason"] for gate in body["gates"])
    assert Evaluation.objects.get().passed is False


def test_rolling_back_to_a_recalled_version_lists_the_gate(cast: Cast, app: Application) -> None:
    prompt = cast.prompt()
    bad = cast.live(prompt, "Hello {{customer}}.")
    cast.live(prompt, "Bye {{customer}}.")
    deployments.recall(version=bad, reason="Wrong", actor=cast.bob)
    sent = {"environment": "development", "reason": "Back", "version": "1.0.0"}
    body = problem(app.post("/prompts/claims/triage/rollback", sent), 409, "blocked")
    assert [gate["gate"] for gate in body["gates"] if not gate["passed"]] == ["not_recalled"]


def test_whoever_saw_something_else_is_told_who_was_faster(cast: Cast, app: Application) -> None:
    prompt = cast.prompt()
    cast.live(prompt, "Hello {{customer}}.")
    seen = app.get("/prompts/claims/triage/deployments").json()["items"][0]["id"]
    cast.live(prompt, "Bye {{customer}}.")
    cast.version(prompt, "Pay, {{customer}}.")
    address, sent = "/prompts/claims/triage/deployments", {"environment": "development", "version": prompt.newest.semver}
    for stale in (seen, None):
        body = problem(app.post(address, {**sent, "replaces": stale}), 409, "conflict")
        assert "Alice" in body["detail"]
        assert (body["conflict"]["by"], body["conflict"]["semver"]) == ("Alice", Deployment.objects.first().version.semver)
    present = app.get(address).json()["items"][0]["id"]
    assert app.post(address, {**sent, "replaces": present}).status_code == 201


def test_nothing_was_there_is_a_thing_to_have_seen(cast: Cast, app: Application) -> None:
    cast.version(cast.prompt(), "Hello {{customer}}.")
    sent = {"environment": "development", "version": "1.0.0", "replaces": None}
    assert app.post("/prompts/claims/triage/deployments", sent).status_code == 201


def test_what_replaces_names_must_be_there(cast: Cast, app: Application) -> None:
    cast.version(cast.prompt(), "Hello {{customer}}.")
    sent = {"environment": "development", "version": "1.0.0", "replaces": "0190b2f4-8a51-7c3e-9d27-5e0f6a1b2c3d"}
    assert set(problem(app.post("/prompts/claims/triage/deployments", sent), 422, "invalid")["errors"]) == {"replaces"}


def test_what_is_live_already_is_not_sent_again(cast: Cast, app: Application) -> None:
    cast.live(cast.prompt(), "Hello {{customer}}.")
    sent = {"environment": "development", "version": "1.0.0"}
    assert "already" in problem(app.post("/prompts/claims/triage/deployments", sent), 409, "conflict")["detail"]


def test_faults_of_a_version_stand_at_their_fields(cast: Cast, app: Application) -> None:
    cast.prompt()
    sent = {"bundle": {"messages": [{"role": "user", "text": ""}], "colour": "red", "inference": {"temperature": 3}}}
    body = problem(app.post("/prompts/claims/triage/versions", sent), 422, "invalid")
    assert {"bundle.colour", "bundle.inference.temperature", "change.summary"} <= set(body["errors"])
    empty = {"bundle": {"messages": [{"role": "user", "text": " "}]}, "change": {"summary": "x"}}
    assert set(problem(app.post("/prompts/claims/triage/versions", empty), 422, "invalid")["errors"]) == {"bundle.messages.0.text"}


@pytest.mark.parametrize("data", [None, 1, "text", [], [{}]], ids=repr)
def test_a_bundle_is_an_object(cast: Cast, app: Application, data: Any) -> None:
    cast.prompt()
    body = problem(app.post("/prompts/claims/triage/versions", {"bundle": data, "change": {"summary": "x"}}), 422, "invalid")
    assert set(body["errors"]) == {"bundle"}


def test_a_lowered_impact_needs_a_reason(cast: Cast, app: Application) -> None:
    cast.version(cast.prompt(), "Hello {{customer}}.")
    sent = {"bundle": {**bundle("Bye."), "variables": []}, "change": {"summary": "Bye"}, "impact": "fix"}
    assert set(problem(app.post("/prompts/claims/triage/versions", sent), 422, "invalid")["errors"]) == {"impact_reason"}
    saved = app.post("/prompts/claims/triage/versions", {**sent, "impact_reason": "Nobody sends it"})
    assert (saved.json()["semver"], saved.json()["computed_impact"], saved.json()["impact_reason"]) == (
        "1.0.1",
        "breaking",
        "Nobody sends it",
    )


@pytest.mark.parametrize("body", ["{", '{"title": "x",}', "\xff", '{"title": "x"} more', "[" * 100_000, "1" * 5000], ids=lambda b: b[:20])
def test_what_is_no_json_is_said_so(app: Application, body: str) -> None:
    raw = body.encode("latin-1")
    headers = {"Authorization": f"Bearer {app.secret}"}
    response = Client().generic("POST", "/api/v1/prompts", raw, "application/json", headers=headers)
    problem(response, 400, "malformed")


def test_a_body_that_is_too_large_is_refused(app: Application) -> None:
    problem(app.post("/prompts", {"title": "x" * 9_000_000}), 413, "too_large")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"title"}),
        ({"title": 1}, {"title"}),
        ({"title": ""}, {"title"}),
        ({"title": "a\x00b"}, {"title"}),
        ({"title": "half \ud83d"}, {"title"}),
        ({"title": "x", "name": "Not A Name"}, {"name"}),
        ({"title": "x", "name": "claims/versions"}, {"name"}),
        ({"title": "x", "titel": "y"}, {"titel"}),
        ({"title": "x", "folder": "a//b"}, {"folder"}),
        ([], {"body"}),
        ('"text"', {"body"}),
        ("null", {"body"}),
        ("", {"body"}),
    ],
    ids=str,
)
def test_a_faulty_prompt_is_refused_at_the_field(app: Application, body: Any, fields: set[str]) -> None:
    assert set(problem(app.post("/prompts", body), 422, "invalid")["errors"]) == fields


def test_a_taken_name_is_a_conflict(cast: Cast, app: Application) -> None:
    cast.prompt("triage")
    problem(app.post("/prompts", {"title": "x", "name": "triage"}), 409, "conflict")


def test_a_change_of_nothing_is_refused(cast: Cast, app: Application) -> None:
    cast.prompt("triage")
    problem(app.patch("/prompts/triage", {}), 422, "invalid")


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/nothing", 404, "not_found"),
        ("", 404, "not_found"),
        ("/prompts/Not%20A%20Name", 404, "not_found"),
        ("/prompts/absent", 404, "not_found"),
        ("/prompts/triage/versions/9.9.9", 404, "not_found"),
        ("/prompts/triage/versions/latest", 422, "invalid"),
        ("/prompts/triage/versions/1.0", 422, "invalid"),
        ("/prompts/triage/compare/1.0.0...9.9.9", 404, "not_found"),
        ("/prompts/triage/compare/1.0.0...draft:nonsense", 404, "not_found"),
        ("/prompts/triage/compare/1.0.0", 404, "not_found"),
        ("/prompts/triage/live", 422, "invalid"),
        ("/prompts/triage/live?environment=nowhere", 404, "not_found"),
        ("/prompts/triage/live?environment=%00", 404, "not_found"),
        ("/prompts/triage/live?environment=production", 404, "not_released_here"),
        ("/prompts/absent/live?environment=development", 404, "not_found"),
        ("/prompts/triage/live?environment=development&version=newest", 422, "invalid"),
        ("/prompts/triage/live?environment=development&version=^7", 404, "not_released_here"),
        ("/prompts?limit=0", 422, "invalid"),
        ("/prompts?limit=101", 422, "invalid"),
        ("/prompts?limit=many", 422, "invalid"),
        ("/prompts?cursor=nonsense", 422, "invalid"),
        ("/prompts?cursor=%00%ff", 422, "invalid"),
        ("/deployments/nonsense", 404, "not_found"),
        ("/deployments/0190b2f4-8a51-7c3e-9d27-5e0f6a1b2c3d", 404, "not_found"),
        ("/reviews/0190b2f4-8a51-7c3e-9d27-5e0f6a1b2c3d", 404, "not_found"),
        ("/usage", 404, "not_found"),
    ],
)
def test_what_is_not_there_is_said_so(cast: Cast, app: Application, address: str, status: int, code: str) -> None:
    cast.live(cast.prompt("triage"), "Hello {{customer}}.")
    problem(app.get(address), status, code)


@pytest.mark.parametrize(
    ("query", "field"), [("state=nonsense", "state"), ("state=%00", "state"), ("prompt=elsewhere", "prompt"), ("prompt=%00", "prompt")]
)
def test_a_filter_of_requests_that_is_none_is_told_at_its_name(app: Application, query: str, field: str) -> None:
    assert list(problem(app.get(f"/requests?{query}"), 422, "invalid")["errors"]) == [field]


def test_a_key_of_an_environment_reads_no_requests(cast: Cast) -> None:
    wish = wished(cast.project, by=cast.bob)
    bound = cast.application("read", environment=cast.production)
    for address in ("/requests", f"/requests/{wish.uid}", f"/requests/{uuid4()}"):
        assert "production" in problem(bound.get(address), 404, "not_released_here")["detail"]


def test_a_key_of_a_folder_reads_the_requests_that_lie_there(cast: Cast) -> None:
    inside = wished(folder_at(project=cast.project, path="Property"), by=cast.bob, title="Inside")
    outside = wished(cast.project, by=cast.bob, title="Outside")
    app = Application(cast.key("read", folder="Property")[1])
    assert [item["title"] for item in app.get("/requests").json()["items"]] == ["Inside"]
    assert app.get(f"/requests/{inside.uid}").status_code == 200
    problem(app.get(f"/requests/{outside.uid}"), 404, "not_found")


def test_the_root_of_the_api_is_json_too(client: Client) -> None:
    problem(client.get("/api/"), 404, "not_found")
    problem(client.post("/api/v2/prompts", {}), 404, "not_found")


@pytest.mark.parametrize(("method", "address", "allowed"), [("DELETE", "/prompts", "GET, POST"), ("PUT", "/prompts/a/b", "GET, PATCH")])
def test_a_wrong_method_is_named(app: Application, method: str, address: str, allowed: str) -> None:
    response = Client().generic(method, f"/api/v1{address}", headers={"Authorization": f"Bearer {app.secret}"})
    problem(response, 405, "method_not_allowed")
    assert response.headers["Allow"] == allowed


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(IntegrityError("twice"), 409, "conflict"), (OperationalError("gone"), 503, "unavailable"), (RuntimeError("bug"), 500, "broken")],
    ids=["race", "database", "bug"],
)
def test_what_nobody_expected_is_json_as_well(
    app: Application, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    def fail(**_: Any) -> None:
        raise error

    monkeypatch.setattr(prompts, "create_prompt", fail)
    assert str(error) not in problem(app.post("/prompts", {"title": "x"}), status, code)["detail"]


def test_the_documentation_names_every_answer(client: Client) -> None:
    schema = client.get("/api/v1/openapi.json").json()
    assert len(schema["paths"]) == 27
    assert "/api/v1/prompts/{name}/compare/{a}...{b}" in schema["paths"]
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            assert {"401", "403", "404", "422"} <= set(operation["responses"]), (path, method)
            assert ("409" in operation["responses"]) == (method in ("post", "patch") and not path.endswith("render")), (path, method)
            for status, described in operation["responses"].items():
                if int(status) >= 400:
                    assert list(described["content"]) == ["application/problem+json"]
    assert "410" in schema["paths"]["/api/v1/prompts/{name}/live"]["get"]["responses"]
    references = set(_references(schema))
    assert {reference.rpartition("/")[2] for reference in references} <= set(schema["components"]["schemas"])
    assert "#/components/schemas/Bundle" in references


def _references(value: Any) -> Any:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from [member] if name == "$ref" else _references(member)
    elif isinstance(value, list):
        for member in value:
            yield from _references(member)

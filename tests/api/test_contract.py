"""The shapes that applications rely on, walked once from an empty prompt to a rollback."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from ninja import Schema

from promptstudio.api import schemas
from promptstudio.deployments import services as deployments
from promptstudio.deployments import target_services, upkeep_services
from promptstudio.prompts import request_services as asking
from tests.cast import a_snippet, wished, written

from .cast import Application, Cast, bundle


def shaped(response: Any, status: int, shape: type[Schema]) -> Any:
    """The JSON, after checking that it has exactly the documented fields."""
    assert response.status_code == status, response.content
    body = response.json()
    assert response.headers["Content-Type"] == "application/json"
    assert set(body) == set(shape.model_fields)
    shape.model_validate(body)
    return body


def test_a_prompt_is_made_and_read(app: Application) -> None:
    made = shaped(app.post("/prompts", {"name": "claims/triage", "title": "Triage ✓"}), 201, schemas.PromptOut)
    assert (made["name"], made["title"], made["kind"], made["status"]) == ("claims/triage", "Triage ✓", "text", "empty")
    assert made["environments"]["production"] == {"semver": None, "state": "none", "live": None, "emergency": False}
    assert shaped(app.get("/prompts/claims/triage"), 200, schemas.PromptOut) == made


def test_the_title_and_the_folder_change(app: Application) -> None:
    app.post("/prompts", {"name": "triage", "title": "Old"})
    changed = shaped(app.patch("/prompts/triage", {"title": "New", "folder": "Property/Water"}), 200, schemas.PromptOut)
    assert (changed["title"], changed["folder"]) == ("New", "Property/Water")


def test_a_version_is_saved_with_computed_impact(app: Application) -> None:
    app.post("/prompts", {"name": "triage", "title": "Triage"})
    change = {"summary": "First", "expected_impact": "Fewer calls", "validation_criteria": "We count"}
    first = shaped(app.post("/prompts/triage/versions", {"bundle": bundle(), "change": change}), 201, schemas.VersionOut)
    assert (first["semver"], first["impact"], first["change"]) == ("1.0.0", "feature", change)
    assert first["digest"].startswith("sha256:")
    assert first["bundle"]["inference"] == {"temperature": None, "top_p": None, "max_tokens": None, "stop_sequences": []}
    assert set(first["contributors"]) == {"Claims desk", "Alice"}
    data = bundle("Sum up the claim of {{customer}} and {{policy}}.")
    data["variables"].append({"name": "policy"})
    second = shaped(app.post("/prompts/triage/versions", {"bundle": data, "change": {"summary": "Policy"}}), 201, schemas.VersionOut)
    assert (second["semver"], second["impact"], second["follows"]) == ("2.0.0", "breaking", "1.0.0")
    assert second["impact_reasons"]
    assert shaped(app.get("/prompts/triage/versions/2.0.0"), 200, schemas.VersionOut) == second
    listed = shaped(app.get("/prompts/triage/versions"), 200, schemas.Versions)
    assert [item["semver"] for item in listed["items"]] == ["2.0.0", "1.0.0"]


def test_the_same_bundle_again_is_refused(app: Application, cast: Cast) -> None:
    cast.version(cast.prompt(), "Hello {{customer}}.")
    again = app.post("/prompts/claims/triage/versions", {"bundle": bundle("Hello {{customer}}."), "change": {"summary": "Again"}})
    assert (again.status_code, again.json()["code"]) == (409, "nothing_changed")


def test_a_promoted_version_is_served(app: Application, cast: Cast) -> None:
    version = cast.version(cast.prompt(), "Hello {{customer}}.")
    sent = app.post("/prompts/claims/triage/deployments", {"environment": "development", "version": "1.0.0", "reason": "Try it"})
    deployment = shaped(sent, 201, schemas.DeploymentOut)
    assert (deployment["environment"], deployment["semver"], deployment["state"], deployment["jobs"]) == (
        "development",
        "1.0.0",
        "live",
        [],
    )
    assert deployment["via"] == "api"
    assert shaped(app.get(f"/deployments/{deployment['id']}"), 200, schemas.DeploymentOut) == deployment
    live = shaped(app.get("/prompts/claims/triage/live?environment=development"), 200, schemas.LiveOut)
    assert (live["name"], live["environment"], live["semver"]) == ("claims/triage", "development", "1.0.0")
    assert (live["digest"], live["bundle"]) == (version.digest, version.bundle.as_json())
    prompt = app.get("/prompts/claims/triage").json()
    assert prompt["environments"]["development"] == {"semver": "1.0.0", "state": "live", "live": "1.0.0", "emergency": False}
    listed = shaped(app.get("/prompts/claims/triage/deployments"), 200, schemas.Deployments)
    assert listed["items"] == [deployment]


def test_a_job_tells_what_is_owed(app: Application, cast: Cast) -> None:
    target_services.add_target(environment=cast.development, name="Bedrock", actor=cast.admin)
    cast.version(cast.prompt(), "Hello {{customer}}.")
    sent = app.post("/prompts/claims/triage/deployments", {"environment": "development", "version": "1.0.0"}).json()
    assert sent["state"] == "publishing"
    assert [{name: job[name] for name in ("target", "state", "attempts", "receipt", "error")} for job in sent["jobs"]] == [
        {"target": "Bedrock", "state": "owed", "attempts": 0, "receipt": None, "error": None}
    ]


def test_the_answer_is_not_sent_twice(app: Application, cast: Cast) -> None:
    cast.live(cast.prompt(), "Hello {{customer}}.")
    address = "/prompts/claims/triage/live?environment=development"
    first = app.get(address)
    assert "stale-if-error=" in first.headers["Cache-Control"]
    again = app.get(address, If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert app.get(address, If_None_Match='"other"').status_code == 200
    head = app.head(address)
    assert (head.status_code, head.headers["ETag"], head.content) == (200, first.headers["ETag"], b"")


@pytest.mark.parametrize(("wanted", "found"), [("^1", "1.1.0"), ("1.0.0", "1.0.0"), ("*", "2.0.0")])
def test_a_range_gives_the_newest_that_was_live(app: Application, cast: Cast, wanted: str, found: str) -> None:
    prompt = cast.prompt()
    cast.live(prompt, "Hello {{customer}}.")
    second = cast.live(prompt, "Hello {{customer}}. You must pay 5 euros.")
    assert second.semver == "1.1.0"
    app.post("/prompts/claims/triage/versions", {"bundle": {**bundle("Bye."), "variables": []}, "change": {"summary": "Bye"}})
    app.post("/prompts/claims/triage/deployments", {"environment": "development", "version": "2.0.0"})
    cast.version(prompt, "Never sent to {{customer}}.")
    live = shaped(app.get(f"/prompts/claims/triage/live?environment=development&version={wanted}"), 200, schemas.LiveOut)
    assert live["semver"] == found


def test_a_range_passes_over_recalled_versions(app: Application, cast: Cast) -> None:
    prompt = cast.prompt()
    cast.live(prompt, "Hello {{customer}}.")
    bad = cast.live(prompt, "Hello {{customer}}. Pay 5 euros.")
    cast.live(prompt, "Hello {{customer}}. Pay 6 euros.")
    deployments.recall(version=bad, reason="Wrong amount", actor=cast.bob)
    assert app.get("/prompts/claims/triage/live?environment=development&version=1.1.0").json()["code"] == "not_released_here"
    assert app.get("/prompts/claims/triage/live?environment=development&version=^1").json()["semver"] == "1.2.0"


def test_rendering_fills_in_the_values(app: Application, cast: Cast) -> None:
    cast.live(cast.prompt(), "Hello {{customer}}.")
    sent = {"environment": "development", "variables": {"customer": "{{policy}}"}}
    rendered = shaped(app.post("/prompts/claims/triage/render", sent), 200, schemas.RenderOut)
    assert rendered["messages"] == [{"role": "user", "text": "Hello {{policy}}."}]
    named = app.post("/prompts/claims/triage/render", {"version": "1.0.0", "variables": {"name": "x"}})
    assert named.status_code == 422
    assert set(named.json()["errors"]) == {"variables.customer", "variables.name"}


def test_two_versions_are_compared(app: Application, cast: Cast) -> None:
    prompt = cast.prompt()
    cast.live(prompt, "Hello {{customer}}.")
    cast.version(prompt, "Good evening {{customer}}.")
    newest = prompt.newest
    comparison = shaped(app.get(f"/prompts/claims/triage/compare/env:development...{newest.semver}"), 200, schemas.ComparisonOut)
    assert (comparison["old"]["semver"], comparison["new"]["semver"], comparison["differs"]) == ("1.0.0", newest.semver, True)
    assert "".join(span["text"] for row in comparison["cards"][0]["rows"] for span in row["new"]) == "Good evening {{customer}}."


def test_a_review_is_asked_for(app: Application, cast: Cast) -> None:
    cast.version(cast.prompt(), "Hello {{customer}}.", complete=True)
    asked = app.post("/reviews", {"prompt": "claims/triage", "version": "1.0.0", "environment": "production", "note": "Please"})
    review = shaped(asked, 201, schemas.ReviewOut)
    assert (review["state"], review["asked_by"], review["note"], review["decisions"]) == ("open", "Alice", "Please", [])
    assert shaped(app.get(f"/reviews/{review['id']}"), 200, schemas.ReviewOut) == review
    again = app.post("/reviews", {"prompt": "claims/triage", "version": "1.0.0", "environment": "production"})
    assert again.status_code == 409


def test_rolling_back_needs_a_reason_and_nothing_else(app: Application, cast: Cast) -> None:
    prompt = cast.prompt()
    cast.live(prompt, "Hello {{customer}}.")
    cast.live(prompt, "Bye {{customer}}.")
    assert app.post("/prompts/claims/triage/rollback", {"environment": "development"}).json()["errors"].keys() == {"reason"}
    back = shaped(app.post("/prompts/claims/triage/rollback", {"environment": "development", "reason": "Rude"}), 201, schemas.DeploymentOut)
    assert (back["semver"], back["way"], back["state"]) == ("1.0.0", "rollback", "live")


def test_what_was_taken_out_of_service_is_gone_with_the_reason(app: Application, cast: Cast) -> None:
    prompt = cast.prompt()
    cast.live(prompt, "Hello {{customer}}.")
    deployments.take_out_of_service(prompt=prompt, environment=cast.development, reason="Wrong law", actor=cast.bob)
    for address in ("live?environment=development", "live?environment=development&version=^1"):
        gone = app.get(f"/prompts/claims/triage/{address}")
        assert (gone.status_code, gone.headers["Content-Type"], gone.json()["code"]) == (410, "application/problem+json", "out_of_service")
        assert "Wrong law" in gone.json()["detail"]
    rendered = app.post("/prompts/claims/triage/render", {"environment": "development", "variables": {"customer": "x"}})
    assert rendered.status_code == 410


def test_pages_of_a_list_follow_each_other(app: Application, cast: Cast) -> None:
    for number in range(5):
        cast.prompt(f"prompt-{number}")
    names: list[str] = []
    address: str | None = "/api/v1/prompts?limit=2"
    while address:
        page = app.get(address.removeprefix("/api/v1")).json()
        assert len(page["items"]) <= 2
        names += [item["name"] for item in page["items"]]
        address = page["next"]
    assert names == [f"prompt-{number}" for number in (4, 3, 2, 1, 0)]


def test_what_people_ask_for_is_listed_and_read(app: Application, cast: Cast) -> None:
    answers = [asking.Answer("Dear Ms ✓", name="Burst", given="claim: x", why="It says when."), asking.Answer("No.", good=False)]
    wish = wished(cast.project, by=cast.bob, title="First letter", answers=answers, audience="Customers", due_on=date(2999, 1, 2))
    listed = shaped(app.get("/requests"), 200, schemas.Requests)["items"]
    one = shaped(app.get(f"/requests/{wish.uid}"), 200, schemas.RequestOut)
    assert listed == [one]
    assert (one["state"], one["due_on"], one["asked_by"], one["owner"], one["prompt"]) == ("asked", "2999-01-02", "Bob", None, None)
    assert [(answer["good"], answer["text"]) for answer in one["answers"]] == [(True, "Dear Ms ✓"), (False, "No.")]
    written(wish, by=cast.alice)
    one = shaped(app.get(f"/requests/{wish.uid}"), 200, schemas.RequestOut)
    assert (one["state"], one["owner"], one["prompt"], one["version"]) == ("back_with_asker", "Alice", "first-letter", "1.0.0")
    assert one["sent_back_at"]


def test_requests_are_filtered_and_paged(app: Application, cast: Cast) -> None:
    prompt = cast.prompt()
    over = wished(cast.project, by=cast.bob, title="Over")
    asking.decline(request=over, reason="No.", actor=cast.bob)
    for number in range(3):
        wished(prompt, by=cast.bob, title=f"Change {number}")

    def titles(query: str) -> list[str]:
        return [item["title"] for item in app.get(f"/requests{query}").json()["items"]]

    assert titles("") == ["Change 2", "Change 1", "Change 0", "Over"]
    assert titles("?state=declined") == ["Over"]
    assert titles("?state=open&prompt=claims/triage") == ["Change 2", "Change 1", "Change 0"]
    first = app.get("/requests?state=open&prompt=claims/triage&limit=2").json()
    assert titles(first["next"].removeprefix("/api/v1/requests")) == ["Change 0"]
    upkeep_services.rename_prompt(prompt=prompt, name="claims/sorting", actor=cast.alice)
    assert titles("?state=open&prompt=claims/triage&limit=1") == ["Change 2"]


def test_a_list_of_requests_costs_the_same_however_long(app: Application, cast: Cast) -> None:
    def listed() -> int:
        with CaptureQueriesContext(connection) as captured:
            app.get("/requests")
        return len(captured)

    written(wished(cast.project, by=cast.bob), by=cast.alice)
    listed()
    few = listed()
    for number in range(4):
        written(wished(cast.project, by=cast.bob, title=f"More {number}"), by=cast.alice)
        wished(cast.project, by=cast.bob, title=f"Free {number}")
    assert listed() == few


def test_a_list_costs_the_same_however_long(app: Application, cast: Cast, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        cast.live(cast.prompt(f"prompt-{number}"), f"Hello {{{{customer}}}}, {number}.")
    app.get("/prompts?limit=1")  # the first use of a key is noted
    with django_assert_max_num_queries(14):
        assert len(app.get("/prompts").json()["items"]) == 12


def test_a_posted_version_is_served_with_the_words_of_its_snippets(app: Application, cast: Cast) -> None:
    a_snippet(cast.project, by=cast.alice, text="Dear {{customer}},")
    app.post("/prompts", {"name": "letter", "title": "Letter"})
    saved = app.post("/prompts/letter/versions", {"bundle": bundle("{{> greeting}} hello."), "change": {"summary": "First"}}).json()
    assert saved["bundle"]["messages"][0]["text"] == "Dear {{customer}}, hello."
    refused = app.post("/prompts/letter/versions", {"bundle": bundle("\n{{> nowhere}} {{customer}}"), "change": {"summary": "X"}})
    assert refused.status_code == 422
    assert "Line 2: There is no snippet called nowhere." in refused.json()["detail"]


def test_jinja_is_rendered_and_refused_with_its_line(app: Application, cast: Cast) -> None:
    app.post("/prompts", {"name": "letter", "title": "Letter"})
    data = bundle("{% if customer == 'Ann' %}Dear {{ customer }}{% else %}{{ customer|int }}{% endif %}") | {"syntax": "jinja"}
    assert app.post("/prompts/letter/versions", {"bundle": data, "change": {"summary": "First"}}).status_code == 201
    rendered = app.post("/prompts/letter/render", {"version": "1.0.0", "variables": {"customer": "Ann"}})
    assert rendered.json()["messages"][0]["text"] == "Dear Ann"
    refused = app.post("/prompts/letter/render", {"version": "1.0.0", "variables": {"customer": "{{ customer }}"}})
    assert refused.status_code == 422
    assert "Line 1: This needs a number." in refused.json()["detail"]
    broken = app.post(
        "/prompts/letter/versions", {"bundle": bundle("\n{{ customer.name }}") | {"syntax": "jinja"}, "change": {"summary": "X"}}
    )
    assert broken.status_code == 422
    assert "Line 2: A dot after a name is not possible" in broken.json()["detail"]

"""What was not released to an environment cannot be read with that environment's keys."""

from typing import Any

import pytest

from promptstudio.deployments import services as deployments
from promptstudio.deployments import target_services
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt

from .cast import Application, Cast, bundle

SECRET_WORDS = "Nobody outside may read this, {{customer}}."


@pytest.fixture
def prompt(cast: Cast) -> Prompt:
    """1.0.0 was live and 1.1.0 is live in development; 1.2.0 and a draft are nowhere."""
    prompt = cast.prompt()
    cast.live(prompt, "Hello {{customer}}.")
    cast.live(prompt, "Hello {{customer}}. Pay 5 euros.")
    cast.version(prompt, SECRET_WORDS)
    return prompt


@pytest.fixture
def inside(cast: Cast, prompt: Prompt) -> Application:
    return cast.application("read", environment=cast.development)


@pytest.fixture
def outside(cast: Cast, prompt: Prompt) -> Application:
    """An application of production, where nothing was released."""
    return cast.application("read", environment=cast.production)


def refused(response: Any) -> bool:
    return (response.status_code, response.json()["code"]) == (404, "not_released_here")


@pytest.mark.parametrize(
    "address",
    [
        "/prompts/claims/triage",
        "/prompts/claims/triage/versions",
        "/prompts/claims/triage/versions/1.0.0",
        "/prompts/claims/triage/deployments",
        "/prompts/claims/triage/live?environment=production",
        "/prompts/claims/triage/live?environment=development",
        "/prompts/claims/triage/live?environment=production&version=*",
        "/prompts/claims/triage/live?environment=development&version=1.0.0",
        "/prompts/claims/triage/compare/1.0.0...1.1.0",
        "/prompts/claims/triage/compare/env:development...1.1.0",
    ],
)
def test_nothing_is_read_where_nothing_was_released(outside: Application, address: str) -> None:
    assert refused(outside.get(address))


@pytest.mark.parametrize("body", [{"version": "1.0.0"}, {"environment": "production"}, {"environment": "development"}], ids=str)
def test_nothing_is_rendered_where_nothing_was_released(outside: Application, body: dict[str, Any]) -> None:
    assert refused(outside.post("/prompts/claims/triage/render", {**body, "variables": {"customer": "x"}}))


def test_lists_hold_nothing_that_was_not_released(outside: Application) -> None:
    assert outside.get("/prompts").json() == {"items": [], "next": None}


def test_what_is_there_and_what_is_not_look_the_same(outside: Application) -> None:
    there, nowhere = outside.get("/prompts/claims/triage").json(), outside.get("/prompts/claims/absent").json()
    assert there["detail"].replace("triage", "absent") == nowhere["detail"]
    assert there["code"] == nowhere["code"]


def test_what_is_or_was_live_is_read(inside: Application) -> None:
    listed = inside.get("/prompts/claims/triage/versions").json()["items"]
    assert [item["semver"] for item in listed] == ["1.1.0", "1.0.0"]
    assert inside.get("/prompts/claims/triage/versions/1.0.0").status_code == 200
    assert inside.get("/prompts/claims/triage/live?environment=development").json()["semver"] == "1.1.0"
    assert inside.get("/prompts/claims/triage/compare/1.0.0...env:development").status_code == 200
    rendered = inside.post("/prompts/claims/triage/render", {"version": "1.0.0", "variables": {"customer": "Ann"}})
    assert rendered.json()["messages"][0]["text"] == "Hello Ann."


def test_another_environment_is_not_answered_with_ones_own(inside: Application) -> None:
    assert refused(inside.get("/prompts/claims/triage/live?environment=production"))
    assert refused(inside.get("/prompts/claims/triage/compare/1.0.0...env:production"))
    assert refused(inside.post("/prompts/claims/triage/render", {"environment": "production", "variables": {"customer": "x"}}))


def test_a_version_that_was_never_sent_stays_hidden(inside: Application, prompt: Prompt) -> None:
    newest = prompt.newest.semver
    assert refused(inside.get(f"/prompts/claims/triage/versions/{newest}"))
    assert refused(inside.get(f"/prompts/claims/triage/compare/1.0.0...{newest}"))
    assert refused(inside.post("/prompts/claims/triage/render", {"version": newest, "variables": {"customer": "x"}}))
    seen = inside.get("/prompts/claims/triage").json()
    assert (seen["newest"], list(seen["environments"])) == ("1.1.0", ["development"])
    for address in ("/prompts", "/prompts/claims/triage", "/prompts/claims/triage/versions", "/prompts/claims/triage/deployments"):
        answer = inside.get(address).content.decode()
        assert "Nobody outside" not in answer
        assert f'"{newest}"' not in answer


def test_a_version_on_its_way_is_hidden(cast: Cast, inside: Application, prompt: Prompt) -> None:
    target_services.add_target(environment=cast.development, name="Bedrock", actor=cast.admin)
    deployments.deploy(version=prompt.newest, environment=cast.development, actor=cast.alice)
    assert refused(inside.get(f"/prompts/claims/triage/versions/{prompt.newest.semver}"))
    state = inside.get("/prompts/claims/triage").json()["environments"]["development"]
    assert state == {"semver": "1.1.0", "state": "live", "live": "1.1.0", "emergency": False}


def test_a_recalled_version_is_hidden(cast: Cast, inside: Application, prompt: Prompt) -> None:
    deployments.recall(version=prompt.versions.get(semver="1.0.0"), reason="Wrong", actor=cast.bob)
    assert refused(inside.get("/prompts/claims/triage/versions/1.0.0"))
    assert refused(inside.get("/prompts/claims/triage/live?environment=development&version=1.0.0"))
    assert [item["semver"] for item in inside.get("/prompts/claims/triage/versions").json()["items"]] == ["1.1.0"]


def test_a_draft_is_read_without_an_environment_only(cast: Cast, inside: Application, prompt: Prompt) -> None:
    draft = prompts.open_draft(prompt=prompt, actor=cast.alice)
    draft = prompts.save_draft(draft=draft, content=bundle("Draft for {{customer}}."), revision=draft.revision, actor=cast.alice)
    address = f"/prompts/claims/triage/compare/1.0.0...draft:{draft.uid}"
    assert inside.get(address).status_code == 404
    assert "Draft for" in cast.application("read").get(address).content.decode()


def test_the_review_of_another_environment_is_hidden(cast: Cast, inside: Application, outside: Application, prompt: Prompt) -> None:
    version = cast.version(prompt, "Please pay, {{customer}}.", complete=True)
    sent = {"prompt": prompt.name, "version": version.semver, "environment": "production"}
    review = cast.application().post("/reviews", sent).json()["id"]
    assert inside.get(f"/reviews/{review}").status_code == 404
    assert outside.get(f"/reviews/{review}").status_code == 200


def test_the_deployments_of_another_environment_are_hidden(inside: Application, outside: Application) -> None:
    uid = inside.get("/prompts/claims/triage/deployments").json()["items"][0]["id"]
    assert inside.get(f"/deployments/{uid}").status_code == 200
    assert outside.get(f"/deployments/{uid}").status_code == 404


def test_another_project_is_another_world(cast: Cast, prompt: Prompt) -> None:
    from promptstudio.projects.key_services import create_key, create_service_account
    from promptstudio.projects.services import create_project

    other = create_project(slug="other", name="Other", actor=cast.admin)
    account = create_service_account(project=other, name="Other", responsible=cast.bob.user, actor=cast.admin)
    stranger = Application(create_key(account=account, name="Key", scopes=["read", "write", "deploy"], actor=cast.admin)[1])
    for address in (
        "/prompts/claims/triage",
        "/prompts/claims/triage/versions/1.0.0",
        "/prompts/claims/triage/live?environment=development",
    ):
        assert stranger.get(address).status_code == 404
    assert stranger.get("/prompts").json()["items"] == []
    uid = cast.application().get("/prompts/claims/triage/deployments").json()["items"][0]["id"]
    assert stranger.get(f"/deployments/{uid}").status_code == 404
    assert stranger.post("/prompts/claims/triage/rollback", {"environment": "development", "reason": "x"}).status_code == 404


def test_through_a_key_of_a_folder_the_other_folders_are_not_there(cast: Cast) -> None:
    for name, folder in (("claims/water", "Property/Water"), ("claims/motor", "Motor")):
        cast.live(cast.prompt(name, folder), f"Hello {{{{customer}}}} of {folder}")
    bound = Application(cast.key("read", "write", "deploy", folder="Property")[1])
    assert [item["name"] for item in bound.get("/prompts").json()["items"]] == ["claims/water"]
    assert bound.get("/prompts/claims/water/live?environment=development").status_code == 200
    for address in ("", "/versions", "/versions/1.0.0", "/live?environment=development", "/deployments"):
        assert bound.get(f"/prompts/claims/motor{address}").status_code == 404, address
    assert bound.post("/prompts/claims/motor/render", {"environment": "development", "variables": {"customer": "Ann"}}).status_code == 404
    asked = {"environment": "development", "version": "1.0.0", "reason": "Mine"}
    assert bound.post("/prompts/claims/motor/deployments", asked).status_code == 404
    assert bound.post("/prompts", {"title": "Mine", "folder": "Motor"}).status_code == 403
    assert bound.post("/prompts", {"title": "Ours", "folder": "Property/Storm"}).status_code == 201


@pytest.mark.parametrize("wanted", ["1.0.0", "~1.0"])
def test_a_recall_is_named_to_a_key_that_reads_everything(cast: Cast, inside: Application, prompt: Prompt, wanted: str) -> None:
    everything = cast.application("read")
    deployments.recall(version=prompt.versions.get(semver="1.0.0"), reason="It promises cover.", actor=cast.admin)
    address = f"/prompts/claims/triage/live?environment=development&version={wanted}"
    answer = everything.get(address)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_released_here")
    assert answer.json()["detail"] == "claims/triage 1.0.0 was recalled: “It promises cover.” It is not handed out any more."
    assert "recalled" not in inside.get(address).json()["detail"]
    assert "is or was live" in everything.get("/prompts/claims/triage/live?environment=development&version=3").json()["detail"]

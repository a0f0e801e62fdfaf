"""Applications go on with the name that they know, and are told the new one."""

from typing import Any

import pytest

from promptstudio.deployments import upkeep_services
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import FormerName, Prompt

from .cast import Application, Cast, bundle

OLD, NEW = "claims/triage", "claims/sorting"


@pytest.fixture
def prompt(cast: Cast) -> Prompt:
    prompt = cast.prompt(OLD)
    cast.live(prompt, "Hello {{customer}}.")
    return upkeep_services.rename_prompt(prompt=prompt, name=NEW, actor=cast.alice)


@pytest.fixture
def app(cast: Cast, prompt: Prompt) -> Application:
    return cast.application("read", "write")


def told(response: Any, rest: str = "") -> bool:
    since = int(FormerName.objects.get().since.timestamp())
    link = f'</api/v1/prompts/{NEW}{rest}>; rel="successor-version"'
    return (response.headers.get("Deprecation"), response.headers.get("Link")) == (f"@{since}", link)


@pytest.mark.parametrize("rest", ["", "/versions", "/versions/1.0.0", "/live?environment=development", "/deployments"])
def test_the_old_name_answers_and_says_the_new_one(app: Application, prompt: Prompt, rest: str) -> None:
    old, new = app.get(f"/prompts/{OLD}{rest}"), app.get(f"/prompts/{NEW}{rest}")
    assert (old.status_code, old.json()) == (200, new.json())
    assert told(old, rest.partition("?")[0])
    assert "Deprecation" not in new.headers


def test_a_version_is_saved_under_the_old_name_once(app: Application, prompt: Prompt) -> None:
    body = {"bundle": bundle("Good day {{customer}}."), "change": {"summary": "Politer."}}
    response = app.post(f"/prompts/{OLD}/versions", body)
    assert (response.status_code, prompt.versions.count()) == (201, 2)
    assert told(response, "/versions")


def test_a_review_may_name_the_old_one(app: Application, cast: Cast, prompt: Prompt) -> None:
    cast.version(prompt, "Good day {{customer}}.", complete=True)
    response = app.post("/reviews", {"prompt": OLD, "version": "1.1.0", "environment": "production", "note": ""})
    assert response.status_code == 201, response.content


def test_what_is_not_there_under_either_name_stays_away(app: Application, cast: Cast, prompt: Prompt) -> None:
    response = app.get(f"/prompts/{OLD}/versions/9.9.9")
    assert response.status_code == 404
    assert NEW not in response.content.decode() + str(response.headers)
    elsewhere = cast.application("read", environment=cast.production)
    assert NEW not in elsewhere.get(f"/prompts/{OLD}").content.decode()


def test_a_name_that_was_given_up_is_not_there(app: Application, cast: Cast, prompt: Prompt) -> None:
    upkeep_services.give_up_name(prompt=prompt, name=OLD, actor=cast.alice)
    assert app.get(f"/prompts/{OLD}").status_code == 404
    assert prompts.create_prompt(project=cast.project, title="Other", name=OLD, actor=cast.alice).name == OLD


def test_an_archived_prompt_is_read_and_not_changed(app: Application, cast: Cast) -> None:
    prompt = Prompt.objects.get()
    upkeep_services.archive_prompt(prompt=prompt, actor=cast.alice)
    assert app.get(f"/prompts/{NEW}").json()["status"] == "archived"
    assert app.get("/prompts").json()["items"] == []
    assert app.get(f"/prompts/{NEW}/live?environment=development").status_code == 200
    body = {"bundle": bundle("Good day {{customer}}."), "change": {"summary": "Politer."}}
    assert app.post(f"/prompts/{NEW}/versions", body).status_code == 403

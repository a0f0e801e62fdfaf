"""The Python that “Use it” shows runs as it stands against a running studio and its local AWS."""

import html
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.studio import Studio, start_studio, wait_until

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    started = start_studio(tmp_path_factory.mktemp("code"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def key(studio: Studio) -> str:
    made = studio.manage("create_api_key", "--project", "claims", "--scopes", "read,deploy", "--responsible", "pavel")
    return made.stdout.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def water(studio: Studio, key: str) -> str:
    """The name of a prompt whose 1.1.0 has arrived at Bedrock in production."""

    def arrived() -> Any:
        return [name for name in _names(studio, key) if "water" in name and _live(studio, key, name).get("receipts")]

    return str(wait_until(arrived, within=90, what="a publication of the demo")[0])


def _ask(studio: Studio, key: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {key}"}
    method = "POST" if body is not None else "GET"
    return requests.request(method, f"{studio.url}/api/v1{path}", json=body, headers=headers, timeout=30).json()


def _names(studio: Studio, key: str) -> list[str]:
    return [prompt["name"] for prompt in _ask(studio, key, "/prompts?limit=100")["items"]]


def _live(studio: Studio, key: str, name: str) -> Any:
    return _ask(studio, key, f"/prompts/{name}/live?environment=production")


def _shown(studio: Studio, name: str, environment: str) -> str:
    """The Python on the page, as its button copies it."""
    person = requests.Session()
    choose = person.get(f"{studio.url}/sign-in/", timeout=30).text
    token, uid = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', choose), re.search(r'name="person" value="([^"]+)"', choose)
    assert token
    assert uid
    person.post(f"{studio.url}/sign-in/", data={"csrfmiddlewaretoken": token[1], "person": uid[1]}, timeout=30).raise_for_status()
    page = person.get(f"{studio.url}/p/claims/prompts/{name}/-/use/?environment={environment}", timeout=30).text
    code = re.search(r'<code id="code-(?:bedrock|converse)">(.*?)</code>', page, re.DOTALL)
    assert code, page
    return html.unescape(code[1])


def _run(studio: Studio, key: str, code: str, at: Path) -> str:
    (at / "application.py").write_text(code)
    aws = {"AWS_ENDPOINT_URL": str(studio.aws_url), "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    env = {**os.environ, **aws, "AWS_DEFAULT_REGION": "eu-central-1", "PROMPT_STUDIO_KEY": key}
    done = subprocess.run([sys.executable, "application.py"], cwd=at, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("environment", ["development", "staging", "production"])
def test_it_runs_as_it_stands(studio: Studio, key: str, water: str, environment: str, tmp_path: Path) -> None:
    assert _run(studio, key, _shown(studio, water, environment), tmp_path).strip()


def test_it_runs_after_a_rollback_that_its_place_has_not_confirmed(studio: Studio, key: str, water: str, tmp_path: Path) -> None:
    before = _shown(studio, water, "production")
    fault = {"operation": "UpdatePrompt", "kind": "error", "code": "AccessDeniedException", "times": None}
    requests.post(f"{studio.aws_url}/_local/faults", json=fault, timeout=30).raise_for_status()
    back = _ask(studio, key, f"/prompts/{water}/rollback", {"environment": "production", "reason": "It named a wrong sum."})
    assert back["semver"] == "1.0.0", back
    wait_until(lambda: _ask(studio, key, f"/deployments/{back['id']}")["jobs"][0]["state"] == "failed", what="the refusal")
    assert _live(studio, key, water)["receipts"] == []
    for code in (before, _shown(studio, water, "production")):
        assert _run(studio, key, code, tmp_path).strip()

"""Real prompts with their true histories: taken in once, published two hundred at a time while people work."""

import threading
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.studio import CHECKOUT, Studio, wait_until

from . import desk
from .conftest import SignIn

PUBLIC = CHECKOUT.parent / "shared" / "data" / "public-prompts.jsonl"
MANY = 200

pytestmark = [pytest.mark.large, pytest.mark.timeout(1500)]


@pytest.fixture
def public_prompts() -> Path:
    if not PUBLIC.exists():
        pytest.skip("the public prompts are not beside this checkout")
    return PUBLIC


def test_two_hundred_are_published_while_someone_works(studio: Studio, sign_in: SignIn, public_prompts: Path) -> None:
    lines = len(public_prompts.read_text(encoding="utf-8").strip().split("\n"))
    first = studio.manage("import_prompts", str(public_prompts), "--project", "library").stdout
    assert first.startswith(f"{lines} rows: ")
    again = studio.manage("import_prompts", str(public_prompts), "--project", "library").stdout
    assert " 0 versions made." in again.split("\n")[0]

    machine = desk.application(studio, "read", "deploy", project="library", responsible="jonas")
    prompts = _newest(machine, MANY)
    sender = threading.Thread(target=_send_all, args=(machine, prompts))
    sender.start()
    _work_meanwhile(sign_in("Marta Lindqvist"), sender)
    sender.join()
    arrived = wait_until(lambda: _all_live(machine, prompts), within=600, what=f"{MANY} live prompts")
    assert len({receipt["arn"] for live in arrived for receipt in live["receipts"]}) == MANY
    bedrock = desk.aws(studio, "bedrock-agent")
    for live in arrived[::20]:
        arn = live["receipts"][0]["arn"]
        stored = bedrock.get_prompt(promptIdentifier=arn.rsplit(":", 1)[0], promptVersion=arn.rsplit(":", 1)[1])
        metadata = {pair["key"]: pair["value"] for pair in stored["variants"][0]["metadata"]}
        assert live["digest"].removeprefix("sha256:") in metadata["studio-digest"]


def _newest(machine: desk.Application, count: int) -> list[str]:
    """Names of `count` prompts."""
    names: list[str] = []
    page = "/prompts?limit=100"
    while len(names) < count:
        answer = machine.ask(page).body
        names += [prompt["name"] for prompt in answer["items"]]
        page = answer["next"].removeprefix("/api/v1")
    return names[:count]


def _send_all(machine: desk.Application, names: list[str]) -> None:
    for name in names:
        newest = machine.ask(f"/prompts/{name}/versions?limit=1").body["items"][0]["semver"]
        sent = machine.ask(f"/prompts/{name}/deployments", {"environment": "development", "version": newest, "reason": "all of them"})
        assert sent.status == 201, sent.body


def _work_meanwhile(page: Page, sender: threading.Thread) -> None:
    """Browse, search and compare until everything is sent; every page answers."""
    rounds = 0
    while sender.is_alive() or rounds < 3:
        for path in (
            "/p/library/prompts/",
            "/p/library/prompts/?q=translator",
            "/search?q=story",
            "/p/library/environments/?state=moving",
            "/p/claims/prompts/water-damage-first-assessment/-/compare/1.0.0...2.0.0/",
        ):
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
        rounds += 1


def _all_live(machine: desk.Application, names: list[str]) -> list[dict[str, Any]]:
    """The answers of all, or nothing while one is missing. The last one sent is the first one asked."""
    answers = []
    for name in reversed(names):
        live = machine.live(name, "development")
        if "semver" not in live:
            return []
        answers.append(live)
    return answers

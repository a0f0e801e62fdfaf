"""What people do on the pages, in their words, and what applications ask."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import boto3
from playwright.sync_api import Page, expect

from tests.studio import Studio

_open = build_opener(ProxyHandler({})).open


@dataclass
class Answer:
    status: int
    body: Any


@dataclass
class Application:
    """Something that holds a key."""

    studio: Studio
    key: str

    def ask(self, path: str, body: Any = None, method: str = "") -> Answer:
        request = Request(
            f"{self.studio.url}/api/v1{path}",
            json.dumps(body).encode() if body is not None else None,
            {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
            method=method or ("POST" if body is not None else "GET"),
        )
        try:
            with _open(request, timeout=30) as answer:
                return Answer(answer.status, json.loads(answer.read()))
        except HTTPError as error:
            return Answer(error.code, json.loads(error.read()))

    def live(self, name: str, environment: str = "production") -> Any:
        return self.ask(f"/prompts/{name}/live?environment={environment}").body


def application(studio: Studio, *scopes: str, project: str = "claims", responsible: str = "aylin") -> Application:
    made = studio.manage("create_api_key", "--project", project, "--scopes", ",".join(scopes), "--responsible", responsible)
    return Application(studio, made.stdout.strip().splitlines()[-1])


def aws(studio: Studio, service: str) -> Any:
    return boto3.client(
        service, endpoint_url=studio.aws_url, region_name="eu-central-1", aws_access_key_id="local", aws_secret_access_key="local"
    )


def write_prompt(page: Page, *, title: str, folder: str, text: str) -> str:
    """From the library's button to the open editor; the prompt's address part."""
    page.goto("/p/claims/prompts/")
    page.get_by_role("link", name="New prompt").first.click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Folder").fill(folder)
    page.get_by_role("button", name="Start writing").click()
    page.wait_for_url("**/-/drafts/**")
    write(page, text)
    return page.url.split("/prompts/")[1].split("/-/")[0]


def write(page: Page, text: str) -> None:
    """Into the first message; waits until the server has it."""
    page.locator("section.message:not(.is-system) .cm-content").first.fill(text)
    all_saved(page)


def all_saved(page: Page) -> None:
    expect(page.locator("#saved")).to_contain_text("All words saved", timeout=15_000)


def save_version(page: Page, *, summary: str) -> str:
    """From the editor; the number that it became."""
    page.get_by_role("button", name="Save a version").click()
    page.wait_for_url("**/save/")
    page.get_by_label("What changed, and why").fill(summary)
    page.locator("form button.btn-primary").click()
    page.wait_for_url("**/versions/**")
    return page.url.rstrip("/").rsplit("/", 1)[1]


def promote(page: Page, name: str, environment: str, semver: str) -> None:
    """Press the button, and wait on the progress page until it is live."""
    page.goto(f"/p/claims/prompts/{name}/-/promote/{environment}/{semver}/")
    page.get_by_role("button", name="Promote to").click()
    page.wait_for_url("**/deployments/**")
    expect(page.locator("#progress .lead-sentence")).to_contain_text(f"serves {semver}", timeout=60_000)


def ask_for_review(page: Page, name: str, semver: str) -> str:
    """With a complete change record; the review's address."""
    page.goto(f"/p/claims/prompts/{name}/-/ask/{semver}/production/")
    page.get_by_label("Expected impact").fill("Hail reports are sorted in a minute.")
    page.get_by_label("How we will know").fill("Ten reports of last week, read by hand.")
    page.get_by_role("button", name="Ask for review").click()
    page.wait_for_url("**/reviews/**")
    return page.url


def approve(page: Page, review: str) -> None:
    page.goto(review)
    page.locator("button[value='approve']").last.click()
    page.wait_for_load_state()
    expect(page.get_by_text("Your decision is recorded.")).to_be_visible()

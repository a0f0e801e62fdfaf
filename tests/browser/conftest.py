"""Headless Chromium against a real `manage.py up` with a home and ports of its own. Nothing is patched."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.studio import Studio, start_studio

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in item.nodeid.replace(os.sep, "/"):
            item.add_marker(pytest.mark.browser)
            # In CI a missing browser is a broken run, not a reason to skip.
            if not CHROMIUM and not os.environ.get("CI"):
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine; install it, or name it in CHROMIUM"))


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    running = start_studio(tmp_path_factory.mktemp("studio"))
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One for each file: as long as Playwright runs, its event loop forbids Django's database to every other test of the process."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


SignIn = Callable[..., Page]


@pytest.fixture
def sign_in(studio: Studio, chromium: Browser) -> Iterator[SignIn]:
    """A page of a demo person in a browser of their own. A script error or a refusal by the content policy fails the test."""
    contexts = []
    problems: list[str] = []

    def as_person(name: str, *, width: int = 1440, scripts: bool = True) -> Page:
        context = chromium.new_context(
            base_url=studio.url, viewport={"width": width, "height": 900}, reduced_motion="reduce", java_script_enabled=scripts
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if "Content Security Policy" in message.text else None)
        page.goto("/sign-in/")
        page.get_by_role("button", name=name).click()
        page.wait_for_url("**/")
        return page

    yield as_person
    for context in contexts:
        context.close()
    assert not problems

"""With the company account, in a browser: in, the role arrives, the group goes and so does the role, and out on both sides.

A real `manage.py up` and a certified identity provider, each a process of its own.
"""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.sign_in.certified import CLIENT_ID, CLIENT_SECRET, Certified, free_port, start_provider
from tests.sign_in.conftest import NODE, provider_package  # noqa: F401  (the fixture)
from tests.studio import Studio, start_studio

RENEW = 3  # seconds
pytestmark = pytest.mark.skipif(not NODE and not os.environ.get("CI"), reason="no Node.js and npm: the certified provider cannot run")


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def certified(provider_package: object, port: int) -> Iterator[Certified]:  # noqa: F811
    with start_provider(at=f"http://127.0.0.1:{port}") as running:
        yield running


@pytest.fixture(scope="module")
def company(certified: Certified, port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """The demo's prompts, and people who come from the company."""
    env = {
        "OIDC_ISSUER": certified.issuer,
        "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "OIDC_SCOPES": "openid email profile groups",
        "OIDC_RENEW_SECONDS": str(RENEW),
        "OIDC_UNKNOWN_PERSON_TEXT": "Ask the prompt desk on the third floor.",
    }
    running = start_studio(tmp_path_factory.mktemp("company"), port=port, env=env)
    running.manage("map_groups", "claims-experts", "--project", "claims", "--role", "domain_expert")
    running.manage("map_groups", "--site-admins", "studio-admins")
    yield running
    assert running.stop() == 0


@pytest.fixture
def page(company: Studio, chromium: Browser) -> Iterator[Page]:
    """A refusal by the content policy fails the test: it is how a sign-out hangs."""
    problems: list[str] = []
    context = chromium.new_context(base_url=company.url, viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    opened = context.new_page()
    opened.on("console", lambda message: problems.append(message.text) if "Content Security Policy" in message.text else None)
    yield opened
    context.close()
    assert not problems


@pytest.fixture(autouse=True)
def as_they_were(certified: Certified) -> Iterator[None]:
    yield
    certified.reset()


def at_provider(page: Page, login: str, password: str = "password") -> None:
    page.get_by_label("User").fill(login)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def sign_in(page: Page, login: str, *, wanted: str = "/") -> None:
    page.goto(wanted)
    page.get_by_role("link", name="Sign in with your company account").click()
    at_provider(page, login)


def test_in_with_a_role_and_out_on_both_sides(page: Page, company: Studio) -> None:
    sign_in(page, "eddie", wanted="/p/claims/prompts/")
    page.wait_for_url("**/p/claims/prompts/")
    expect(page.get_by_role("link", name="New prompt").first).to_be_visible()
    page.locator("details.account summary").click()
    expect(page.get_by_text("Eddie Expert").last).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Yes, sign me out").click()
    page.wait_for_url("**/sign-in/")
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.goto("/p/claims/prompts/")
    page.get_by_role("link", name="Sign in with your company account").click()
    expect(page.get_by_role("heading", name="Test provider")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()
    assert company.manage("verify_audit").returncode == 0


def test_a_group_that_went_takes_the_role_while_somebody_works(page: Page, certified: Certified) -> None:
    sign_in(page, "eddie", wanted="/p/claims/prompts/")
    page.wait_for_url("**/p/claims/prompts/")
    certified.says("eddie", groups=["everyone"])
    page.wait_for_timeout(RENEW * 1000 + 200)
    page.get_by_role("link", name="Environments").first.click()
    expect(page.get_by_role("heading", name="Not there, or not shared with you")).to_be_visible()
    page.goto("/")
    expect(page.get_by_text("Ask the prompt desk on the third floor.")).to_be_visible()


def test_a_search_at_the_moment_of_renewal_arrives(page: Page) -> None:
    """The form's answer leads through the provider, which the content policy must let it."""
    sign_in(page, "eddie", wanted="/p/claims/prompts/")
    page.wait_for_url("**/p/claims/prompts/")
    page.wait_for_timeout(RENEW * 1000 + 200)
    page.get_by_label("Jump to a prompt, review or page").fill("water")
    page.get_by_label("Jump to a prompt, review or page").press("Enter")
    page.wait_for_url("**/search?q=water")


def test_a_wrong_password_is_the_providers_affair(page: Page) -> None:
    page.goto("/sign-in/")
    page.get_by_role("link", name="Sign in with your company account").click()
    at_provider(page, "eddie", "wrong")
    expect(page.get_by_role("alert")).to_have_text("Wrong user or password")
    at_provider(page, "eddie")
    page.wait_for_url("**/")


def test_the_administration_has_no_sign_in_of_its_own(page: Page) -> None:
    sign_in(page, "ada", wanted="/admin/projects/groupmapping/")
    page.wait_for_url("**/admin/projects/groupmapping/")
    expect(page.get_by_role("link", name="claims-experts")).to_be_visible()


def test_whoever_may_not_open_the_administration_reads_why(page: Page) -> None:
    sign_in(page, "eddie", wanted="/admin/")
    expect(page.get_by_text("your account may not open the administration")).to_be_visible()


def test_an_answer_of_the_provider_works_once(page: Page) -> None:
    used: list[str] = []
    page.on("request", lambda request: used.append(request.url) if "/oidc/callback/" in request.url else None)
    sign_in(page, "eddie")
    page.wait_for_url("**/")
    again = page.goto(used[0])
    assert again is not None
    assert again.status == 400
    expect(page.get_by_role("heading", name="That sign-in did not work")).to_be_visible()
    expect(page.get_by_text("You are still signed in as Eddie Expert.")).to_be_visible()

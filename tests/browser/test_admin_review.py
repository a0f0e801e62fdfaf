"""Two reviewers decide in the administration, one of them on a phone without scripts, and the version goes live from there."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.studio import Studio, wait_until

from . import desk
from .conftest import SignIn

TITLE = "Hail on parked cars"
TEXT = "Sort this report of hail by its damage.\n\nReport: {{report}}"


def test_two_people_decide_in_the_administration(studio: Studio, sign_in: SignIn) -> None:
    aylin, marta, henrik = sign_in("Aylin Demir"), sign_in("Marta Lindqvist"), sign_in("Henrik Larsen")
    pavel = sign_in("Pavel Novák", width=390, scripts=False)

    semver = _aylin_asks_for_review(aylin)
    _the_panel_opens_on_what_waits_and_follows_the_choice_of_light_or_dark(marta)
    _marta_decides_there_and_is_led_to_the_next(marta, semver)
    _pavel_decides_on_a_phone_without_scripts(pavel)
    _and_promotes_from_there(pavel, semver)
    _the_panel_tells_how_its_publication_went(henrik)
    _the_connection_of_a_target_is_tested(henrik)
    _conditions_say_what_they_mean_while_they_are_chosen(henrik)
    assert "verifies" in studio.manage("verify_audit").stdout


def _aylin_asks_for_review(page: Page) -> str:
    name = desk.write_prompt(page, title=TITLE, folder="Motor", text=TEXT)
    page.get_by_role("button", name=re.compile("Add .report. to the table")).click()
    page.get_by_label("Model", exact=True).fill("amazon.nova-lite-v1:0")
    desk.all_saved(page)
    semver = desk.save_version(page, summary="The first words about hail.")
    for environment in ("development", "staging"):
        desk.promote(page, name, environment, semver)
    desk.ask_for_review(page, name, semver)
    return semver


def _the_panel_opens_on_what_waits_and_follows_the_choice_of_light_or_dark(page: Page) -> None:
    page.locator("details.account > summary").click()
    page.get_by_text("Dark", exact=True).click()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Administration").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Review queue")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(_waiting(page)).to_contain_text("4 of 5 conditions met")
    expect(_waiting(page)).to_contain_text("Home claims")


def _marta_decides_there_and_is_led_to_the_next(page: Page, semver: str) -> None:
    _waiting(page).get_by_role("link", name=re.compile("^Review ")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Let {TITLE} {semver} go to Production?")
    expect(page.locator(".diff").first).to_contain_text("Sort this report of hail")
    page.get_by_role("button", name="Request changes").click()
    expect(page.get_by_role("alert")).to_contain_text("Say what should change")
    page.get_by_label("Say something").fill("Does it know sleet?")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".comment").last).to_contain_text("Does it know sleet?")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Your decision is recorded.")).to_be_visible()
    assert "/admin/reviews/review/" in page.url
    expect(page.locator("#queue-bar").get_by_role("link", name="Open the next review")).to_be_visible()


def _pavel_decides_on_a_phone_without_scripts(page: Page) -> None:
    page.goto("/admin/")
    _waiting(page).get_by_role("link", name=re.compile("^Review ")).click()
    box = page.locator("main").bounding_box()
    assert box
    assert box["width"] <= 390
    page.get_by_role("textbox", name="Comment").fill("Read on the train.")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Your decision is recorded.")).to_be_visible()
    expect(page.get_by_role("heading", name="Every condition is met")).to_be_visible()


def _and_promotes_from_there(page: Page, semver: str) -> None:
    page.get_by_role("link", name=re.compile("^Promote ")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Promote {TITLE} {semver} to Production?")
    page.get_by_label("Why now").fill("Hail season.")
    page.get_by_role("button", name="Promote to Production").click()
    page.wait_for_url("**/deployments/**")


def _the_panel_tells_how_its_publication_went(page: Page) -> None:
    page.goto(f"/admin/deployments/publishjob/?q={TITLE}")
    row = page.locator("#changelist-form tbody tr").filter(has_text="Production")
    wait_until(lambda: page.reload() and "Confirmed" in row.inner_text(), within=60, what="the publication")
    row.get_by_role("link").click()
    expect(page.get_by_text("It was read back and is equal to what was approved.")).to_be_visible()


def _the_connection_of_a_target_is_tested(page: Page) -> None:
    page.goto("/admin/deployments/target/")
    page.get_by_role("link", name="Bedrock, production").click()
    page.get_by_role("button", name="Test the connection").click()
    expect(page.locator(".notices")).to_contain_text("answered, and Prompt Studio may read prompts there.")


def _conditions_say_what_they_mean_while_they_are_chosen(page: Page) -> None:
    page.goto("/admin/projects/environment/")
    row = page.locator("tr").filter(has_text="Home claims").filter(has_text="Production")
    row.get_by_role("link", name="Change the conditions…").click()
    page.get_by_label("Product approvals").fill("2")
    expect(page.locator("#preview .after")).to_contain_text("2 product approvals and 1 technical approval")
    page.get_by_label("A complete change record").uncheck()
    expect(page.locator("#preview .after")).not_to_contain_text("change record")


def _waiting(page: Page) -> Locator:
    return page.locator("ul.tasks > li").filter(has_text=TITLE)

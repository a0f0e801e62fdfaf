"""Writing on a review: what somebody typed there is lost by nothing that they press, and goes when it was sent."""

import re

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from . import desk
from .conftest import SignIn

pytestmark = pytest.mark.timeout(300)

TEXT = "Read {{report}}.\nBe kind.\nNever promise cover."
KEPT = "Object.keys(sessionStorage).filter(key => key.startsWith('studio:text'))"


def reasons(page: Page) -> Locator:
    return page.locator("#why")


def test_what_is_written_on_a_review_is_not_lost(sign_in: SignIn) -> None:
    review = _a_review(sign_in("Jonas"))
    page = sign_in("Marta Lindqvist")
    page.goto(review)
    _reasons_stay_when_something_else_is_sent_or_looked_at(page)
    _leaving_asks_and_coming_back_finds_them(page, review)
    _an_open_line_form_is_not_replaced(page)
    _a_name_is_offered_after_an_at(page)
    _cancelling_forgets(page, review)
    _what_did_not_arrive_is_still_there(page, review)
    _what_was_sent_is_forgotten(page, review)
    _signing_out_forgets(page, review)


def _a_review(page: Page) -> str:
    name = desk.write_prompt(page, title="Trees on roofs", folder="Property/Storm", text=TEXT)
    page.get_by_role("button", name=re.compile("Add .report. to the table")).click()
    page.get_by_label("Model", exact=True).fill("amazon.nova-lite-v1:0")
    desk.all_saved(page)
    return desk.ask_for_review(page, name, desk.save_version(page, summary="First text."))


def _reasons_stay_when_something_else_is_sent_or_looked_at(page: Page) -> None:
    reasons(page).fill("The second line is too short.")
    page.locator("#say").fill("Who asked for it?")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#say")).to_have_value("")
    expect(page.get_by_text("Who asked for it?")).to_be_visible()
    expect(reasons(page)).to_have_value("The second line is too short.")
    page.get_by_role("link", name="One column").click()
    page.wait_for_url("**layout=unified**")
    expect(reasons(page)).to_have_value("The second line is too short.")


def _leaving_asks_and_coming_back_finds_them(page: Page, review: str) -> None:
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.wait_for_timeout(2100)
    reasons(page).press("End")
    page.keyboard.type("!")
    page.once("dialog", leave)
    page.get_by_role("link", name="Home", exact=True).first.click()
    page.wait_for_url("**/")
    assert asked == ["beforeunload"]
    page.goto(review)
    expect(reasons(page)).to_have_value("The second line is too short.!")


def _an_open_line_form_is_not_replaced(page: Page) -> None:
    page.locator(".say-it").nth(0).click(force=True)
    page.locator("#say-text").fill("Which report?")
    page.locator(".say-it").nth(2).click(force=True)
    expect(page.get_by_text("You are still writing at another line.")).to_be_visible()
    expect(page.locator("#say-text")).to_have_value("Which report?")
    expect(page.locator("#say-text")).to_be_focused()


def _a_name_is_offered_after_an_at(page: Page) -> None:
    said = page.locator("#say-text")
    said.fill("Which report, ")
    said.press("End")
    page.keyboard.type("@nova")
    expect(page.get_by_role("option")).to_have_text(["Pavel Novák"])
    page.keyboard.press("Enter")
    expect(said).to_have_value("Which report, @Pavel Novák ")
    expect(page.get_by_role("listbox")).to_have_count(0)


def _cancelling_forgets(page: Page, review: str) -> None:
    page.locator("#say-line").get_by_role("link", name="Cancel").click()
    expect(page.locator("#say-line")).to_have_count(0)
    page.locator(".say-it").nth(0).click(force=True)
    expect(page.locator("#say-text")).to_have_value("")
    expect(reasons(page)).to_have_value("The second line is too short.!")


def _what_did_not_arrive_is_still_there(page: Page, review: str) -> None:
    page.locator("#say-text").fill("Which report?")
    page.get_by_text("Suggest other words").click()
    page.locator("#say-words").fill("Read the {{report}}.")
    page.context.set_offline(True)
    page.get_by_role("button", name="Comment", exact=True).click()
    page.wait_for_url("chrome-error://**")
    page.context.set_offline(False)
    page.goto(review)
    page.locator(".say-it").nth(0).click(force=True)
    expect(page.locator("#say-text")).to_have_value("Which report?")
    expect(page.locator("#say-words")).to_have_value("Read the {{report}}.")


def _what_was_sent_is_forgotten(page: Page, review: str) -> None:
    page.get_by_role("button", name="Comment", exact=True).click()
    page.wait_for_url("**#talk-*")
    expect(page.get_by_text("Suggests these words")).to_be_visible()
    expect(reasons(page)).to_have_value("The second line is too short.!")
    page.get_by_role("button", name="Request changes").click()
    expect(page.get_by_text("Your decision is recorded.")).to_be_visible()
    assert page.evaluate(KEPT) == []
    page.goto(review)
    expect(reasons(page)).to_have_value("")


def _signing_out_forgets(page: Page, review: str) -> None:
    page.locator("#say").fill("Half a sentence")
    assert len(page.evaluate(KEPT)) == 1
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("details.account > summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/**")
    assert page.evaluate(KEPT) == []

"""Two people: one tries a draft while writing and saves it, the other reads what both versions answer, and decides."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.local_aws import LocalAws
from tests.studio import Studio

from . import desk
from .conftest import SignIn

pytestmark = pytest.mark.timeout(300)
LETTER = "/p/claims/prompts/letter-to-the-policyholder/-/"
ARRIVES = 60_000


def test_a_draft_is_tried_before_it_is_saved_and_the_reviewer_sees_the_answers(studio: Studio, sign_in: SignIn) -> None:
    author = sign_in("Aylin Demir")
    author.goto(f"{LETTER}edit/")
    if "/drafts/" not in author.url or not author.locator("#editor-form").count():
        author.get_by_role("button", name=re.compile("draft", re.IGNORECASE)).first.click()
    text = author.locator("section.is-system .cm-content")
    text.press("Control+End")
    author.keyboard.type(" Be kind.")
    # At once: the words are not saved yet.
    author.get_by_role("button", name="Try it").first.click()
    author.wait_for_url("**/tried/**")
    _both_answered(author)
    author.go_back()
    expect(author.locator("section.is-system .cm-content")).to_contain_text("Be kind.")
    text.press("Control+End")
    author.keyboard.type(" And brief.")
    desk.all_saved(author)
    # Back from another page, the button works again.
    author.get_by_role("button", name="Try it").first.click()
    author.wait_for_url("**/tried/**")
    _both_answered(author)


def _both_answered(page: Page) -> None:
    replies = page.locator("article.reply")
    expect(replies).to_have_count(2)
    expect(page.get_by_text("[local model]")).to_have_count(2, timeout=ARRIVES)
    expect(page.get_by_text("No real model")).to_have_count(2)


def test_a_reviewer_asks_for_what_is_missing_and_it_arrives_in_place(studio: Studio, sign_in: SignIn) -> None:
    page = sign_in("Marta Lindqvist")
    page.goto("/p/claims/reviews/")
    page.get_by_role("link", name=re.compile("Water damage")).first.click()
    answers = page.get_by_role("region", name="What the model answers")
    button = answers.get_by_role("button", name="Ask the model")
    button.click()
    expect(button).to_be_hidden(timeout=ARRIVES)
    expect(answers.get_by_text("On its way")).to_have_count(0, timeout=ARRIVES)
    assert answers.get_by_text("[local model]").count() >= 2
    # Whatever was typed meanwhile stays: only this part of the page came anew.
    expect(page.get_by_role("heading", name="Your decision")).to_be_visible()


def test_words_come_while_they_are_written_and_what_is_typed_below_another_answer_stays(studio: Studio, sign_in: SignIn) -> None:
    assert studio.aws_url
    aws = LocalAws(studio.aws_url, studio.process, studio.home)
    page = sign_in("Aylin Demir")
    page.goto(f"{LETTER}try/")
    page.get_by_label("Amazon Nova Lite").check()
    # One of them stands still in the middle until it was seen.
    aws.arm(operation="ConverseStream", kind="hold_stream", times=1)
    page.get_by_role("button", name="Ask the model").click()
    page.wait_for_url("**/tried/**")
    aws.wait_held(seconds=60)
    expect(page.get_by_text("Being written").first).to_be_visible(timeout=ARRIVES)
    expect(page.get_by_text("No real model").first).to_be_visible(timeout=ARRIVES)
    # By its own address: others that come stand before it.
    whole = page.locator("article.reply").filter(has_text="No real model").first.get_attribute("id")
    first = page.locator(f"article[id='{whole}']")
    first.get_by_label("Not good", exact=True).click()
    why = first.get_by_label("What is wrong with it?")
    why.fill("It promises money.")
    aws.release()
    # The header may say that a version is on its way.
    expect(page.locator("#poll form")).to_have_count(0, timeout=ARRIVES)
    expect(why).to_have_value("It promises money.")
    first.get_by_role("link", name="Save as case").click()
    name = first.get_by_label("Name", exact=True)
    name.fill("Typed here")
    first.get_by_role("link", name="Save as case").click()
    # Not said yet: one press says it and keeps the case.
    first.get_by_role("button", name="Make it a case").click()
    expect(first.get_by_text("It is a case of")).to_be_visible()
    expect(name).to_have_value("Typed here")
    first.get_by_role("link", name="From answers").click()
    expect(page.locator("input[value='It promises money.']")).to_be_visible()


def test_without_script_an_answer_is_rated_and_kept(studio: Studio, sign_in: SignIn) -> None:
    page = sign_in("Jonas Weber", scripts=False)
    page.goto(f"{LETTER}tried/")
    page.locator(".trial-list a").first.click()
    first = page.locator("article.reply").first
    first.get_by_label("Good answer").click()
    expect(first.get_by_label("What is good about it?")).to_be_visible()
    first.get_by_role("link", name="Save as case").click()
    page.get_by_role("button", name="Must equal this answer").click()
    page.get_by_role("button", name="Save the case").last.click()
    expect(page.get_by_text("It is a case of")).to_be_visible()

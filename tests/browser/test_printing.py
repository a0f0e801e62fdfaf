"""Claims files are still printed: a review and a comparison on paper, whatever the screen looks like."""

import pytest
from playwright.sync_api import Page, expect

from .conftest import SignIn

REVIEWS = "/p/claims/reviews/"
# Of what was put in: of its letters and of what lies under them, from 0 to 765.
BRIGHTNESS = """() => {
  const style = getComputedStyle(document.querySelector('.diff ins'));
  return [style.color, style.backgroundColor].map(colour => colour.match(/\\d+/g).slice(0, 3).map(Number).reduce((a, b) => a + b));
}"""


def a_review(page: Page) -> str:
    page.goto(REVIEWS)
    page.locator("main a[href^='/p/claims/reviews/']", has_text="Water damage").first.click()
    page.wait_for_url("**/reviews/*-*/")
    return page.url


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_review_on_paper_has_all_of_the_text_and_no_furniture(sign_in: SignIn, theme: str) -> None:
    page = sign_in("Ida Holm")
    address = a_review(page)
    page.emulate_media(media="screen", color_scheme=theme)  # type: ignore[arg-type]
    page.goto(address)
    assert (page.evaluate(BRIGHTNESS)[1] < 300) == (theme == "dark")
    folded = page.locator(".diff .fold .prompt-text").first
    expect(folded).to_be_hidden()
    page.emulate_media(media="print", color_scheme=theme)  # type: ignore[arg-type]
    expect(folded).to_be_visible()
    for furniture in (".sidebar", ".topbar", ".change-nav", "#say", "#why"):
        expect(page.locator(furniture).first).to_be_hidden()
    expect(page.get_by_role("heading", name="conditions")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    ink, ground = page.evaluate(BRIGHTNESS)
    assert ink < 300 < 600 < ground
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_a_comparison_on_paper_leaves_out_what_one_chooses_with(sign_in: SignIn) -> None:
    page = sign_in("Ida Holm")
    page.goto("/p/claims/prompts/water-damage-first-assessment/-/compare/1.1.0...2.0.0/")
    page.emulate_media(media="print")
    expect(page.get_by_role("form", name="Choose what to compare")).to_be_hidden()
    expect(page.locator(".ps-tabs")).to_be_hidden()
    expect(page.locator(".diff ins").first).to_be_visible()

"""Writing a draft in the editor: variables, pasting, undo and a lost connection. One person, one prompt, one page after another."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.studio import Studio

from . import desk
from .conftest import SignIn

pytestmark = pytest.mark.timeout(300)

IGNORED = "<span style='mso-list:Ignore'>·<span>&nbsp;&nbsp;</span></span>"
FROM_WORD = f"""<html><body><!--StartFragment-->
<p class=MsoNormal>Dear&nbsp;[Customer name],<o:p></o:p></p>
<p class=MsoListParagraphCxSpFirst style='mso-list:l0 level1 lfo1'><![if !supportLists]>{IGNORED}<![endif]>the kit\u00adchen</p>
<p class=MsoListParagraphCxSpLast style='mso-list:l0 level1 lfo1'>{IGNORED}the bath\u200broom</p>
<table><tr><td><p>Room</p></td><td><p>Cost</p></td></tr><tr><td><p>Bath</p></td><td><p>300</p></td></tr></table>
<!--EndFragment--></body></html>"""
PASTE = """(element, html) => {
    const data = new DataTransfer();
    data.setData('text/html', html);
    data.setData('text/plain', 'not this');
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def text_of(page: Page) -> Locator:
    return page.locator("section.message:not(.is-system) .cm-content").first


def field(page: Page) -> Locator:
    return page.locator("textarea[name$='-text']").first


def test_somebody_writes_a_draft(studio: Studio, sign_in: SignIn) -> None:
    page = sign_in("Aylin Demir")
    page.goto("/p/claims/snippets/new/")
    page.get_by_label("Name", exact=True).fill("kind-end")
    page.get_by_label("What it is for").fill("How letters end.")
    page.get_by_label("Text", exact=True).fill("Kind regards")
    page.get_by_role("button", name="Make the snippet").click()
    desk.write_prompt(page, title="Letter after a storm", folder="Property", text="Answer {{claim}}. ")
    page.get_by_role("button", name=re.compile("Add .claim. to the table")).click()
    expect(page.locator("details.variable")).to_have_count(1)
    _variables_are_completed(page)
    _a_snippet_is_included(page)
    _one_name_is_changed_everywhere(page)
    _what_comes_out_of_word_is_plain(page)
    _undo_survives_loading_the_page_again(page)
    _the_keyboard_gets_out(page)
    _words_survive_a_lost_connection(page)
    _words_that_never_arrived_are_offered(page)


def test_the_keyboard_keeps_its_place_and_a_new_variable_is_at_hand(sign_in: SignIn) -> None:
    page = sign_in("Aylin Demir")
    desk.write_prompt(page, title="Letter after a hailstorm", folder="Property", text="Dear [Customer name], about [Claim number]. ")
    _mending_stays_beside_the_text(page)
    _a_new_variable_is_offered_at_once(page)
    _a_variable_goes_where_somebody_wrote(page)
    _labels_stand_above_examples_on_a_phone(page)


def _mending_stays_beside_the_text(page: Page) -> None:
    page.get_by_role("button", name="Make it “customer_name”").press("Enter")
    expect(page.get_by_role("button", name="Make it “claim_number”")).to_be_focused()
    page.keyboard.press("Enter")
    expect(field(page)).to_have_value(re.compile("about {{claim_number}}. $"))
    expect(text_of(page)).to_be_focused()
    text_of(page).fill("Dear {{customer_name}}: ")
    page.locator("details.variable > summary").last.click()
    page.get_by_role("button", name="Remove “claim_number” from the table").press("Enter")
    expect(page.locator("details.variable")).to_have_count(1)
    expect(page.get_by_role("heading", name="Variables")).to_be_focused()
    desk.all_saved(page)


def _a_new_variable_is_offered_at_once(page: Page) -> None:
    page.get_by_role("button", name="Add", exact=True).click()
    row = page.locator("details.variable").last
    expect(row.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("decision")
    expect(row.locator("summary .var")).to_have_text("decision")
    page.locator(".insert-variable summary").click()
    expect(page.locator(".insert-variable button")).to_have_text(["customer_name", "decision"])
    page.locator(".insert-variable summary").click()


def _a_variable_goes_where_somebody_wrote(page: Page) -> None:
    page.get_by_text("A conversation").click()
    system = page.locator("section.message.is-system .cm-content")
    system.click()
    page.keyboard.type("Decide on ")
    # On the way to the button, Tab passes through the message.
    text_of(page).focus()
    page.keyboard.press("Tab")
    page.locator(".insert-variable summary").press("Enter")
    page.locator(".insert-variable button").last.press("Enter")
    expect(page.locator("#system")).to_have_value("Decide on {{decision}}")
    expect(field(page)).to_have_value("Dear {{customer_name}}: ")
    desk.all_saved(page)


def _labels_stand_above_examples_on_a_phone(page: Page) -> None:
    page.get_by_role("button", name="Example to learn from").click()
    label = page.locator(".pairs").get_by_text("A good answer, example 1")
    expect(label).to_have_css("width", "1px")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(label).not_to_have_css("width", "1px")
    expect(page.locator(".pairs").get_by_text("What comes in, example 1")).not_to_have_css("width", "1px")


def _variables_are_completed(page: Page) -> None:
    text_of(page).press("Control+End")
    page.keyboard.type("The customer wrote {{cl")
    expect(page.get_by_role("option", name="claim")).to_be_visible()
    # A popup that opened this moment does not take the key yet.
    page.wait_for_timeout(120)
    page.keyboard.press("Enter")
    expect(field(page)).to_have_value("Answer {{claim}}. The customer wrote {{claim}}")
    expect(text_of(page).locator(".var")).to_have_text(["claim", "claim"])
    page.keyboard.type(" and {{room}}")
    expect(text_of(page).locator(".var.unknown")).to_contain_text("room")
    page.keyboard.press("Enter")
    page.keyboard.type("/instr")
    expect(page.get_by_role("option", name="instructions")).to_be_visible()
    page.wait_for_timeout(120)
    page.keyboard.press("Enter")
    page.keyboard.type("Be brief.")
    expect(field(page)).to_have_value(re.compile(r"\{\{room\}\}\n<instructions>\nBe brief.\n</instructions>$"))
    page.get_by_role("button", name="Text of instructions").click()
    expect(text_of(page)).not_to_contain_text("Be brief.")
    page.get_by_role("button", name="Text of instructions").click()
    text_of(page).locator(".var").first.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("Used in Message")
    desk.all_saved(page)


def _a_snippet_is_included(page: Page) -> None:
    text_of(page).press("Control+End")
    page.keyboard.press("Enter")
    page.keyboard.type("/kind")
    expect(page.get_by_role("option", name="kind-end")).to_be_visible()
    page.wait_for_timeout(120)
    page.keyboard.press("Enter")
    expect(field(page)).to_have_value(re.compile(r"\n\{\{> kind-end\}\}$"))
    expect(text_of(page).locator(".snippet")).to_have_text("snippet kind-end")
    expect(page.locator("#preview-body")).to_contain_text("Kind regards")
    desk.all_saved(page)


def _one_name_is_changed_everywhere(page: Page) -> None:
    page.locator("details.variable summary").first.click()
    page.get_by_label("New name, here and in all texts").fill("claim_text")
    page.get_by_label("New name, here and in all texts").press("Enter")
    expect(field(page)).to_have_value(re.compile(r"^Answer \{\{claim_text\}\}\. The customer wrote \{\{claim_text\}\} and"))
    expect(text_of(page).locator(".var").first).to_have_text("claim_text")
    expect(page.locator("details.variable .var").first).to_have_text("claim_text")
    text_of(page).focus()
    page.keyboard.press("Control+z")
    expect(field(page)).to_have_value(re.compile(r"^Answer \{\{claim\}\}"))
    page.keyboard.press("Control+y")
    expect(field(page)).to_have_value(re.compile(r"^Answer \{\{claim_text\}\}"))
    desk.all_saved(page)


def _what_comes_out_of_word_is_plain(page: Page) -> None:
    text_of(page).press("Control+a")
    text_of(page).evaluate(PASTE, FROM_WORD)
    expect(field(page)).to_have_value("Dear [Customer name],\n\n- the kitchen\n- the bathroom\n\nRoom | Cost\nBath | 300")
    page.get_by_role("button", name="Make it “customer_name”").click()
    expect(field(page)).to_have_value(re.compile(r"^Dear \{\{customer_name\}\},"))
    expect(text_of(page).locator(".var")).to_have_text("customer_name")
    desk.all_saved(page)


def _undo_survives_loading_the_page_again(page: Page) -> None:
    text_of(page).press("Control+End")
    page.keyboard.type(" Last words.")
    desk.all_saved(page)
    page.reload()
    expect(field(page)).to_have_value(re.compile("Last words.$"))
    text_of(page).focus()
    page.keyboard.press("Control+z")
    expect(field(page)).to_have_value(re.compile(r"300$"))
    page.keyboard.press("Control+y")
    expect(field(page)).to_have_value(re.compile("Last words.$"))
    desk.all_saved(page)


def _the_keyboard_gets_out(page: Page) -> None:
    text_of(page).press("Control+f")
    search = page.get_by_role("textbox", name="Find", exact=True)
    expect(search).to_be_focused()
    page.keyboard.type("kitchen")
    expect(text_of(page).locator(".cm-searchMatch")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(search).to_have_count(0)
    expect(text_of(page)).to_be_focused()
    before = field(page).input_value()
    page.keyboard.press("Tab")
    expect(text_of(page)).not_to_be_focused()
    assert field(page).input_value() == before


def _words_survive_a_lost_connection(page: Page) -> None:
    page.context.set_offline(True)
    text_of(page).press("Control+End")
    page.keyboard.type(" Written offline.")
    expect(page.locator("#saved")).to_contain_text("No connection", timeout=15_000)
    page.context.set_offline(False)
    desk.all_saved(page)
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('studio:words'))") == []


def _words_that_never_arrived_are_offered(page: Page) -> None:
    draft = page.url
    page.context.set_offline(True)
    text_of(page).press("Control+End")
    page.keyboard.type(" Typed in the train.")
    expect(page.locator("#saved")).to_contain_text("No connection", timeout=15_000)
    page.wait_for_timeout(500)
    again = page.context.new_page()
    page.close(run_before_unload=False)
    again.context.set_offline(False)
    again.goto(draft)
    expect(field(again)).to_have_value(re.compile("Written offline.$"))
    offer = again.get_by_role("region", name="Words that did not reach the server")
    expect(offer).to_be_visible()
    offer.get_by_role("button", name="Put them back").click()
    expect(field(again)).to_have_value(re.compile("Written offline. Typed in the train.$"))
    expect(offer).to_be_hidden()
    again.reload()
    expect(field(again)).to_have_value(re.compile("Typed in the train.$"))
    expect(offer).to_be_hidden()
    _signing_out_takes_everything_along(again)


def _signing_out_takes_everything_along(page: Page) -> None:
    page.context.set_offline(True)
    text_of(page).press("Control+End")
    page.keyboard.type("!")
    expect(page.locator("#saved")).to_contain_text("No connection", timeout=15_000)
    page.context.set_offline(False)
    desk.all_saved(page)
    page.goto("/account/")
    page.get_by_role("button", name="Sign out here").click()
    page.wait_for_url("**/sign-in/**")
    assert (
        page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)].filter(key => /^studio:(words|undo)/.test(key))")
        == []
    )

"""More than a form may hold: the editor says so, loses nothing, and goes on when there is less."""

import pytest
from playwright.sync_api import Page, expect

from tests.studio import Studio

from . import desk
from .conftest import SignIn

pytestmark = pytest.mark.timeout(300)
# More fields than one form may have: a text of nine million letters would keep the browser busy for minutes.
MORE = """form => { for (let n = 0; n < 3100; n++) form.append(Object.assign(document.createElement('input'),
    { type: 'hidden', name: `more-${n}`, className: 'more', value: 'x' })); }"""
LESS = "form => form.querySelectorAll('.more').forEach(field => field.remove())"


def test_the_editor_recovers_when_there_is_less(studio: Studio, sign_in: SignIn) -> None:
    page: Page = sign_in("Aylin Demir")
    desk.write_prompt(page, title="Far too much", folder="Property", text="Short.")
    area, form = page.locator("textarea[name$='-text']").first, page.locator("#editor-form")
    form.evaluate(MORE)
    written = page.locator("section.message:not(.is-system) .cm-content")
    written.fill("Words that must not be lost.")
    expect(page.locator("#saved")).to_contain_text("more than one form may hold", timeout=30_000)
    expect(page.locator("#saved")).to_contain_text("are saved as soon as they fit")
    expect(area).to_have_value("Words that must not be lost.")
    form.evaluate(LESS)
    written.press("End")
    written.press("Space")
    desk.all_saved(page)
    page.reload()
    expect(page.locator("textarea[name$='-text']").first).to_have_value("Words that must not be lost. ")

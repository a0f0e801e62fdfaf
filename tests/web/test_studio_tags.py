import datetime as dt
import re
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils import timezone

from promptstudio.web.templatetags.studio import ago, avatar, icon, lane, prompt_text, state_badge, version_chip

ROOT = Path(__file__).resolve().parents[2]


def test_prompt_text_escapes_what_was_typed_and_marks_unknown_variables():
    html = prompt_text("<b>{{ claim_no }}</b> & {{rooms}} {{ not a name }}", ["claim_no"])
    assert html.startswith('&lt;b&gt;<span class="var">claim_no</span>&lt;/b&gt; &amp; <span class="var var-unknown">rooms')
    assert html.endswith("{{ not a name }}")


def test_prompt_text_without_a_list_knows_every_variable():
    assert "var-unknown" not in prompt_text("{{rooms}}")


@pytest.mark.parametrize(
    ("days", "words"), [(0, "today 08:31"), (1, "yesterday, 08:31"), (-1, "tomorrow, 08:31"), (3, "19 October"), (400, "17 September 2025")]
)
def test_times_are_said_as_people_say_them_in_the_servers_zone(days, words, settings, monkeypatch):
    settings.TIME_ZONE = "Europe/Berlin"
    now = dt.datetime(2026, 10, 22, 10, 0, tzinfo=dt.UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    html = ago(dt.datetime(2026, 10, 22, 6, 31, tzinfo=dt.UTC) - dt.timedelta(days=days))
    assert f">{words}</time>" in html
    assert 'datetime="20' in html


def test_no_time_is_nothing():
    assert ago(None) == ""


@pytest.mark.parametrize(
    ("state", "words"), [("live", ", live and newest"), ("behind", ", live, behind the newest"), ("failed", ", failed")]
)
def test_a_chip_says_its_state_to_screen_readers(state, words):
    assert words in version_chip("1.4.0", state)


def test_a_chip_without_a_version_says_so():
    assert version_chip(None, "live") == '<span class="version none">nothing yet</span>'


def test_an_unknown_state_still_has_its_word():
    assert "Half done" in state_badge("half_done")


def test_names_and_words_are_escaped():
    assert "<x" not in avatar("<x> y") + state_badge("live", "<x>") + version_chip("<x>", "live", "<x>") + icon("<x")


def test_an_avatar_keeps_its_tint_and_survives_an_odd_name():
    assert avatar("Marta Lindqvist") == avatar("Marta Lindqvist")
    assert ">ML<" in avatar("Marta Lindqvist")
    assert ">?<" in avatar("…")


def test_a_lane_beyond_the_three_has_a_hue_of_its_own():
    assert (lane("staging"), lane("canary")) == ("lane-staging", "lane-other")


def test_every_icon_that_is_named_is_in_the_sprite():
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/vendor/icons.svg").read_text()))
    named = {name for page in (ROOT / "templates").rglob("*.html") for name in re.findall(r"""\{% icon ["']([^"']+)""", page.read_text())}
    assert named - sprite == set()


def test_no_template_carries_script_or_style_of_its_own():
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|\shx-on|href=[\"']javascript:|js:", re.IGNORECASE)

    def source(page: Path) -> str:
        # Evidence is a file that has to be readable on its own, and programs for e-mail know no style sheets: both bring style along,
        # and nothing else. Browsers are shown an e-mail as text, or within a frame that runs nothing.
        brought = {"evidence": "<style>", "mail": " style="}.get(page.parent.name, "")
        return page.read_text().replace(brought, " ") if brought else page.read_text()

    pages = (ROOT / "templates").rglob("*.html")
    assert [page.name for page in pages if inline.search(source(page))] == []


def test_dark_by_the_system_has_the_same_values_as_dark_by_choice():
    css = (ROOT / "static/css/tokens.css").read_text()
    chosen, system = (
        re.search(start + r" \{(.*?)\}", css, re.DOTALL)[1].split()
        for start in (r'\n\s*\[data-bs-theme="dark"\]', r":root:not\(\[data-bs-theme\]\)")
    )
    assert chosen == system


def test_the_page_for_a_crash_needs_nothing():
    from django.template.loader import get_template

    assert "Something broke" in get_template("errors/500.html").render()


def test_a_field_ties_its_hint_and_error_to_its_control():
    from django import forms

    class Summary(forms.Form):
        summary = forms.CharField()

    html = Template('{% include "components/_field.html" with field=form.summary hint="One sentence." %}').render(
        Context({"form": Summary({})})
    )
    assert 'aria-describedby="id_summary_helptext id_summary_error"' in html
    assert 'id="id_summary_helptext"' in html
    assert 'id="id_summary_error"' in html

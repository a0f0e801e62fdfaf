"""axe finds nothing on any kind of page, in light and in dark."""

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.admin import site
from playwright.sync_api import Browser, Page

from promptstudio.lib import clock
from promptstudio.running.demo.texts import HAIKU
from tests.npm import NODE, installed
from tests.permissions.pages import PAGES
from tests.studio import Studio, wait_until

from .walking import Walker

HERE = Path(__file__).parent
# Kind of page to who opens it and where; and each of these people's window.
Walked = dict[str, tuple[str, str]]
Tabs = dict[str, Page]
NOBODY, WRITER = "nobody", "Aylin Demir"
PEOPLE = {"Henrik Larsen": ("/", "/admin/", "/audit/", "/changes/", "/search?q=damage"), WRITER: ("/", "/p/claims/prompts/")}
KINDS = sorted(name.removeprefix("GET ") for name in PAGES if name.startswith("GET "))
# Opened by GET and still no page of the demo; why.
FILE, FRAGMENT, ELSEWHERE, PROGRAMS = "a file", "a part of a page", "leads on to another page", "for programs"
NO_PAGES = {
    "prompt_conditions": "a part of a page that is asked for again",
    "prompt_promote_tests": "a part of a page",
    "review_tests": "a part of a page",
    "prompt_comparison_file": "a file",
    "prompt_criterion": "it is asked a day after the walk at the earliest",
    "audit_export": FILE,
    "audit_export_lines": FILE,
    "site_audit_export": FILE,
    "site_audit_export_lines": FILE,
    "prompt_suite_export": FILE,
    "report_export": FILE,
    "report_places": FRAGMENT,
    "prompt_draft_live": FRAGMENT,
    "review_answers": FRAGMENT,
    "prompt_compare_newest": ELSEWHERE,
    "project": ELSEWHERE,
    "snippet_compare_newest": ELSEWHERE,
    "oidc_authentication_init": ELSEWHERE,
    "oidc_authentication_callback": ELSEWHERE,
    "break_glass": "not there in the demo",
    "notification": ELSEWHERE,
    "snippets_known": PROGRAMS,
    "healthz": PROGRAMS,
    "readyz": PROGRAMS,
}
PANELS = sorted(f"{model._meta.app_label}_{model._meta.model_name}" for model in site._registry)
PAGES_OF_A_PANEL = ("changelist", "add", "change", "history")
HAIL = "/p/claims/prompts/hail-damage-note-for-the-callback/-/"
GLASS = "/p/claims/prompts/glass-breakage-quick-settlement/-/"
RUN = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"

pytestmark = [
    pytest.mark.large,
    pytest.mark.skipif(not NODE and not os.environ.get("CI"), reason="no Node.js and npm on this machine: axe cannot be installed"),
]


@pytest.fixture(scope="module")
def axe() -> str:
    return (installed(HERE) / "node_modules" / "axe-core" / "axe.min.js").read_text()


@pytest.fixture(scope="module")
def walked(studio: Studio) -> Walked:
    found: Walked = {}
    for person, starts in PEOPLE.items():
        walker = Walker(studio.url, person)
        made = _what_the_demo_lacks(walker) if person == WRITER else [_an_emergency(walker)]
        for name, address in walker.walk(*starts, *made).found.items():
            found.setdefault(name, (person, address))
    # Its link is a button that saves the draft first.
    person, draft = found["prompt_edit"]
    return found | {"prompt_save": (person, f"{draft}save/"), "sign_in": (NOBODY, "/sign-in/")}


def _what_the_demo_lacks(walker: Walker) -> list[str]:
    """A snippet with two versions, a file that was read, a conversation about a line, answers, an overtaken draft, and what goes later."""
    snippet = {"name": "kind-end", "purpose": "How letters end.", "text": "Kind regards", "place": "project"}
    rows = {"text": "title,text\nLetter,Write to {{customer}}.", "folder": ""}
    said = {"place": "messages.0.text", "first": "1", "last": "1", "text": "Shorter?"}
    prompt = "/p/claims/prompts/storm-damage-triage/-/"
    made = walker.send("/p/claims/snippets/new/", **snippet)
    suite = _required_suite(walker, prompt)
    draft, newer = _overtaken_draft(walker, prompt)
    runs = [_run(walker, suite, semver) for semver in ("1.1.0", newer)]
    return [
        walker.send(f"{prompt}versions/1.0.0/", to=f"{prompt}comment/1.0.0/", **said),
        walker.send(f"{made}edit/", text="Kind regards, and thank you", summary="Warmer.", follows="1.0.0"),
        walker.send("/p/claims/import/", **rows),
        _answer_that_was_rated(walker, prompt),
        draft,
        f"{prompt}tests/development/{newer}/",
        _compared_by_a_judge(walker, *runs),
        *_compared_by_people(walker, *runs),
        walker.send("/p/claims/releases/new/", name="Storm season", environment="development"),
        walker.send(
            f"{HAIL}promote/development/1.0.0/schedule/", day=f"{clock.now() + timedelta(days=9):%Y-%m-%d}", hour="07:00", zone="UTC"
        ),
    ]


def _an_emergency(walker: Walker) -> str:
    return walker.send(f"{GLASS}promote/production/1.1.0/emergency/", reason="The old text promises a callback.")


def _answer_that_was_rated(walker: Walker, prompt: str) -> str:
    trial = walker.send(f"{prompt}versions/1.0.0/", to=f"{prompt}try/", **{"side": "1.0.0", "with": "table"})
    wait_until(lambda: "Save as case" in walker.read(trial), within=90, what="the answer")
    thumb = re.search(r'action="([^"]+/rate/)"', walker.read(trial))
    assert thumb
    walker.send(trial, to=thumb[1], verdict="down", words="Too long.")
    return trial


def _required_suite(walker: Walker, prompt: str) -> str:
    """What is live passes it, and what is written below does not."""
    case = {"case": "1", "c1-name": "Roof", "c1-value-place": "Kiel", "c1-check": "2", "k2-type": "icontains", "k2-value": "urgent"}
    return walker.send(f"{prompt}tests/new/", name="Severe storms", required="on", **case)


def _overtaken_draft(walker: Walker, prompt: str) -> tuple[str, str]:
    """The draft, and the number of the version that overtook it."""
    older, newer = (walker.send(f"{prompt}versions/", to=f"{prompt}drafts/") for _ in range(2))
    words = {"m1-text": "Write to the customer.", "model": HAIKU}
    walker.send(newer, to=f"{newer}words/", kind="text", message="1", revision="1", seen="{}", **words)
    version = walker.send(f"{newer}save/", revision="2", summary="Shorter.")
    return older, _last(version)


def _run(walker: Walker, suite: str, semver: str) -> str:
    run = walker.send(suite, to=f"{suite}run/", side=semver)
    wait_until(lambda: "on its way" not in (walker.page(run) or "on its way"), within=60, what="the answers")
    return run


def _compared_by_a_judge(walker: Walker, old: str, new: str) -> str:
    return walker.send(f"{new}compare/", other=_last(old), criterion="It is kinder.")


def _compared_by_people(walker: Walker, old: str, new: str) -> list[str]:
    """The page of somebody who is asked, and their first pair."""
    person = re.search(rf'name="people" value="([^"]+)"[^>]*> <span>{walker.person}', walker.read(f"{new}people/"))
    assert person
    own = walker.send(f"{new}people/", other=_last(old), people=person[1], writers_too="on", each="0")
    return [own, f"{own}1/"]


def _last(address: str) -> str:
    return address.rstrip("/").rpartition("/")[2]


@pytest.fixture(scope="module")
def tabs(studio: Studio, chromium: Browser) -> Iterator[Tabs]:
    contexts = {
        person: chromium.new_context(base_url=studio.url, viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        for person in (NOBODY, *PEOPLE)
    }
    pages = {person: context.new_page() for person, context in contexts.items()}
    for person in PEOPLE:
        pages[person].goto("/sign-in/")
        pages[person].get_by_role("button", name=person).click()
        pages[person].wait_for_url("**/")
    yield pages
    for context in contexts.values():
        context.close()


@pytest.mark.parametrize("kind", KINDS)
def test_it_finds_nothing(kind: str, walked: Walked, tabs: Tabs, axe: str) -> None:
    assert (kind in walked) is (kind not in NO_PAGES), NO_PAGES.get(kind, "No link of the demo leads here: say why in NO_PAGES.")
    if kind in walked:
        assert problems(walked[kind], tabs, axe) == []


@pytest.mark.parametrize("panel", PANELS)
def test_it_finds_nothing_in_the_administration(panel: str, walked: Walked, tabs: Tabs, axe: str) -> None:
    there = [walked[f"admin:{panel}_{page}"] for page in PAGES_OF_A_PANEL if f"admin:{panel}_{page}" in walked]
    assert there
    assert [problem for place in there for problem in problems(place, tabs, axe)] == []


def problems(place: tuple[str, str], tabs: Tabs, axe: str) -> list[str]:
    person, address = place
    page = tabs[person]
    page.goto(address)
    page.evaluate(axe)
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found += [
            f"{address} ({scheme}) {rule['id']}: {node['html'][:160]} – {node['failureSummary'][:240]}"
            for rule in page.evaluate(RUN)
            for node in rule["nodes"][:3]
        ]
    return found

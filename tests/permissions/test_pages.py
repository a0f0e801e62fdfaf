"""Every page and every form, walked by everybody, compared with the table of roles."""

from typing import Any

import pytest
from django.urls import get_resolver, reverse

from tests.test_architecture import patterns

from .expecting import INVISIBLE, OK, PUBLIC, REFUSED, SIGN_IN, Entry, expected
from .pages import PAGES
from .stage import Stage, Things

OTHER_DOORS = ("admin/", "api/", "static/")
NAMED = {pattern.name: pattern for route, pattern in patterns(get_resolver()) if not route.startswith(OTHER_DOORS)}
# What a shut door answers: nothing was configured.
ABSENT = {"break_glass", "oidc_authentication_init", "oidc_authentication_callback"}


def address(name: str, entry: Entry, stage: Stage, things: Things) -> str:
    converters = NAMED[name].pattern.converters
    usual = {
        "project": stage.claims.slug,
        "name": things.prompt.name,
        "environment": "development",
        "semver": things.version.semver,
        "sides": f"{things.first.semver}...{things.version.semver}",
        **entry.address(stage, things),
    }
    return reverse(name, kwargs={key: usual[key] for key in converters})


def outcome(response: Any) -> str:
    """The class of an answer. A refusal without a sentence is none."""
    where = response.headers.get("Location", "")
    if where.startswith("/sign-in/"):
        return SIGN_IN
    if response.status_code in (409, 422) or 200 <= response.status_code < 400:
        return OK
    if response.status_code == 403:
        context = response.context or {}
        return REFUSED if context.get("sentence") or context.get("refused") else "403 without a sentence"
    return INVISIBLE if response.status_code == 404 else str(response.status_code)


def disagreements(door: str, entry: Entry, stage: Stage, things: Things) -> dict[str, str]:
    method, name = door.split()[:2]
    url = address(name, entry, stage, things)
    found = {}
    for person in stage.people.values():
        wanted = INVISIBLE if name in ABSENT else expected(entry, person, things)
        got = outcome(person.ask(method, url, entry.make(stage, things, person)))
        # Whoever signs out comes to the sign-in as well.
        if got != wanted and not (name == "sign_out" and got == SIGN_IN):
            found[person.name] = f"{got}, where the table says: {wanted}"
    return found


@pytest.mark.parametrize("door", PAGES)
def test_everybody_gets_what_the_table_says(door: str, stage: Stage) -> None:
    assert disagreements(door, PAGES[door], stage, stage.open) == {}


@pytest.mark.parametrize("door", [door for door, entry in PAGES.items() if entry.seen == "prompt"])
def test_a_restricted_prompt_is_there_for_named_people_and_admins_alone(door: str, stage: Stage) -> None:
    assert disagreements(door, PAGES[door], stage, stage.secret) == {}


def test_every_address_has_an_entry() -> None:
    entries = {door.split()[1] for door in PAGES}
    assert set(NAMED) - entries == set(), "Say in tests/permissions/pages.py which deed of the table opens it."
    assert entries - set(NAMED) == set(), "These are no addresses any more."
    assert None not in NAMED, "An address without a name cannot be walked."


def test_no_address_takes_a_method_without_an_entry(stage: Stage) -> None:
    """Tried by whoever may do everything: a form that nobody registered would be accepted from them at least."""
    doors = {tuple(door.split()[:2]) for door in PAGES}
    taken = []
    for name in NAMED:
        entry = next(entry for door, entry in PAGES.items() if door.split()[1] == name)
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - {method for method, other in doors if other == name}:
            response = stage.person("site_admin").ask(method, address(name, entry, stage, stage.open), {})
            led_to_the_page = method == "GET" and response.status_code == 303
            if response.status_code != 405 and not led_to_the_page and entry.deed != PUBLIC:
                taken.append(f"{method} {name}: {response.status_code}")
    assert taken == []

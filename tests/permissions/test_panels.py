"""Everything in the administration, walked by everybody, compared with the table of roles."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.messages import get_messages
from django.urls import get_resolver, reverse

from tests.test_architecture import patterns

from .expecting import INVISIBLE, NOBODY, OK, PUBLIC, REFUSED, SIGN_IN, Entry, expected
from .panels import DOORS, ROWS
from .stage import Person, Stage, Things
from .test_pages import outcome

PATTERNS = {
    pattern.name: pattern
    for route, pattern in patterns(get_resolver())
    # Without a name: what only leads on, to the page of a row or to nothing.
    if route.startswith("admin/") and pattern.name
}


def row_of(name: str, stage: Stage, things: Things) -> Any:
    listed = next((row for panel, row in ROWS.items() if name.rpartition("_")[0] == panel), None)
    return listed(stage, things) if listed else None


def address(name: str, entry: Entry, stage: Stage, things: Things) -> str:
    row = row_of(name, stage, things)
    usual = {"app_label": "prompts", "content_type_id": "1", "object_id": str(row.pk) if row else "1", **entry.address(stage, things)}
    pattern = PATTERNS[name].pattern
    asked = pattern.converters or pattern.regex.groupindex
    query = f"?environment={stage.staging.pk}" if name == "projects_policy_add" else ""
    return reverse(f"admin:{name}", kwargs={key: usual[key] for key in asked}) + query


def told(response: Any, door: str, row: Any) -> str:
    """As for pages, with the administration's own ways: forms that say no at the top, lists without the row, and actions."""
    if response.headers.get("Location", "").startswith("/admin/login/"):
        return "to the door of the administration"
    if door.startswith("ACTION") and response.status_code in (200, 302):
        levels = {message.level_tag for message in get_messages(response.wsgi_request)}
        return REFUSED if "error" in levels else OK if levels else INVISIBLE
    if door.endswith("_changelist") and response.status_code == 200:
        return OK if row in list(response.context_data["cl"].result_list) else INVISIBLE
    if response.status_code == 302 and response.headers["Location"] == "/admin/" and not door.endswith(("app_list", "login", "logout")):
        return INVISIBLE
    if response.status_code == 403 and not (response.context or {}).get("sentence"):
        context = getattr(response, "context_data", None) or {}
        said = context.get("refused") or context.get("conflict")
        form = context.get("adminform")
        return REFUSED if said or (form and form.form.non_field_errors()) else "403 without a sentence"
    return outcome(response)


def got(person: Person, door: str, entry: Entry, stage: Stage, things: Things) -> str:
    method, name, *action = door.split()
    row = row_of(name, stage, things)
    data = entry.make(stage, things, person)
    if action:
        data = {"action": action[0], "_selected_action": [row.pk], "sure": "yes", **data}
    url = address(name, entry, stage, things)
    answer = told(person.ask("POST" if action else method, url, data), door, row)
    if answer == "to the door of the administration":
        answer = outcome(person.ask("GET", "/admin/login/", {"next": url}))
    return answer


def wanted(person: Person, door: str, entry: Entry, things: Things) -> set[str]:
    if person.actor is None:
        return {OK if entry.deed == PUBLIC else SIGN_IN}
    if not person.is_staff and entry.deed != PUBLIC:
        return {REFUSED}
    answer = expected(entry, person, things)
    # A form is refused before anybody looks which row it names, so this tells nothing about the row.
    early = answer == INVISIBLE and door.startswith("POST") and door.endswith("_change")
    return {answer, REFUSED} if early else {answer}


def disagreements(door: str, stage: Stage, things: Things) -> dict[str, str]:
    entry, found = DOORS[door], {}
    for person in stage.people.values():
        right, answer = wanted(person, door, entry, things), got(person, door, entry, stage, things)
        if answer not in right and not (door == "POST logout" and answer == SIGN_IN):
            found[person.name] = f"{answer}, where the table says: {' or '.join(sorted(right))}"
    return found


@pytest.mark.parametrize("door", DOORS)
def test_everybody_gets_what_the_table_says(door: str, stage: Stage) -> None:
    assert disagreements(door, stage, stage.open) == {}


@pytest.mark.parametrize("door", [door for door, entry in DOORS.items() if entry.seen == "prompt"])
def test_a_restricted_prompt_is_there_for_named_people_and_admins_alone(door: str, stage: Stage) -> None:
    assert disagreements(door, stage, stage.secret) == {}


def test_every_address_of_the_administration_has_an_entry() -> None:
    entries = {door.split()[1] for door in DOORS}
    assert set(PATTERNS) - entries == set(), "Say in tests/permissions/panels.py which deed of the table opens it."
    assert entries - set(PATTERNS) == set(), "These are no addresses any more."


def test_every_list_and_action_has_an_entry() -> None:
    for model, panel in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        assert f"POST {name}_add" in DOORS, f"{name} needs a line in tests/permissions/panels.py."
        for action in panel.actions or ():
            assert f"ACTION {name}_changelist {action}" in DOORS, f"The action {action} of {name} needs an entry."


def test_no_button_takes_a_method_without_an_entry(stage: Stage) -> None:
    """Those that are the product's own: tried by whoever may do everything."""
    own = [name for name in PATTERNS if not name.endswith(("_changelist", "_add", "_change", "_history", "_delete"))]
    doors = {tuple(door.split()[:2]) for door in DOORS}
    taken = []
    for name in own:
        entry = next(entry for door, entry in DOORS.items() if door.split()[1] == name)
        if (
            entry.deed in (NOBODY, PUBLIC)
            or PATTERNS[name].callback.__module__.startswith("django.")
            or name in ("index", "login", "app_list")
        ):
            continue
        for method in {"GET", "POST", "PUT"} - {method for method, other in doors if other == name}:
            response = stage.person("site_admin").ask(method, address(name, entry, stage, stage.open), {})
            if response.status_code != 405:
                taken.append(f"{method} {name}: {response.status_code}")
    assert taken == []

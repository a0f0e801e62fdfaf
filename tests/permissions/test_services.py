"""Every public service, called by everybody and with keys, compared with the table of roles: whatever door leads to it."""

from typing import Any

import pytest
from django.db.models import Model

from promptstudio.accounts.actor import Actor
from promptstudio.lib.errors import NotAllowed, StudioError
from promptstudio.projects.roles import SCOPES
from tests.audit.test_every_service import public_services

from .expecting import INVISIBLE, OK, REFUSED, expected
from .releasing import RELEASING
from .services import BESIDES, WITHOUT_A_ROLE, Call
from .stage import Stage, Things, undone
from .writing import WRITING

SERVICES = WRITING | RELEASING


class Fresh:
    """The stage or its things, each row read anew: a call changes the row that it was given, and taking it back in the database does
    not take that back."""

    def __init__(self, of: Any) -> None:
        self._of = of

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._of, name)
        return type(value)._base_manager.get(pk=value.pk) if isinstance(value, Model) else value


def outcome(call: Call, stage: Stage, things: Things, actor: Actor) -> str:
    try:
        with undone():
            call(Fresh(stage), Fresh(things), actor)  # type: ignore[arg-type]
    except NotAllowed as error:
        return REFUSED if error.sentence else "refused without a sentence"
    except StudioError:
        return OK
    return OK


def disagreements(service: str, stage: Stage, things: Things) -> dict[str, str]:
    entry, call = SERVICES[service]
    found = {}
    for person in stage.people.values():
        if person.actor is None:
            continue
        # A service knows no “not there”: who does not see it is refused.
        wanted = expected(entry, person, things)
        wanted = REFUSED if wanted == INVISIBLE else wanted
        if (got := outcome(call, stage, things, person.actor)) != wanted:
            found[person.name] = f"{got}, where the table says: {wanted}"
    for name in ("read", "write", "test", "deploy", "all", "project", "folder"):
        can_do = SCOPES.get(entry.deed) in ({name} if name != "all" else set(SCOPES.values()))
        wanted = entry.instead.get("key", OK) if can_do else REFUSED
        if (got := outcome(call, stage, things, stage.keys[name])) != wanted:
            found[f"key: {name}"] = f"{got}, where the table says: {wanted}"
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_it_serves_whom_the_table_says(service: str, stage: Stage) -> None:
    assert disagreements(service, stage, stage.open) == {}


@pytest.mark.parametrize("service", [name for name, (entry, _) in SERVICES.items() if entry.seen == "prompt"])
def test_it_does_not_serve_whoever_is_not_named(service: str, stage: Stage) -> None:
    assert disagreements(service, stage, stage.secret) == {}


def test_every_service_has_an_entry() -> None:
    entries = {name.split()[0] for name in SERVICES}
    assert public_services() == (entries - BESIDES) | set(WITHOUT_A_ROLE), (
        "Say in writing.py or releasing.py which deed of the table opens it."
    )

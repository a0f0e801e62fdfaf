"""Promise 9, for everything: each public service that changes something leaves an entry with its actor."""

import ast
from importlib import import_module
from inspect import getmembers, isfunction
from pathlib import Path
from typing import Any

import pytest

import promptstudio
from promptstudio.audit.models import Entry
from promptstudio.prompts.models import Prompt
from tests.cast import Cast
from tests.test_architecture import OTHER_SERVICES

from .deeds import DEEDS, Stage

PACKAGE = Path(promptstudio.__file__).parent
# Part of another service, whose entry covers them, or, for a draft's text, kept by its opening, its contributors and its end.
COVERED = {
    "projects.folder_at",
    "projects.put_role",
    "projects.take_role",
    "reviews.close_as_deployed",
    "prompts.save_draft",
    # What a person ticks in a preview that nobody else sees; each row that comes in is a prompt that was created.
    "prompts.change_import",
    "prompts.choose_all",
    # What somebody chose is told nobody before the others have chosen, so the trail has that they finished.
    "evaluations.vote",
}
COVERED |= {"audit.record", "audit.keep_refusal", "audit.forget_who", "audit.forget_words"}
READING = {"audit.words_of", "audit.people_of", "projects.hash_secret", "projects.key_for", "projects.parse_rules", "prompts.bump_of"}
READING |= {
    "prompts.waiting_for",
    "reviews.colleagues",
    "reviews.standing_decisions",
    "projects.slug_of",
    "projects.access_review_due",
    "projects.rows_to_review",
    "projects.keys_to_review",
    "projects.projects_to_sign_for",
    "accounts.other_site_admins",
    "notifications.ways_for",
}


@pytest.fixture
def stage(cast: Cast, prompt: Prompt, settings: Any) -> Stage:
    return Stage(cast, prompt, settings)


def public_services() -> set[str]:
    found = set()
    for path in (*PACKAGE.glob("*/*services.py"), *OTHER_SERVICES):
        module = import_module(f"promptstudio.{path.parent.name}.{path.stem}")
        found |= {
            f"{path.parent.name}.{name}"
            for name, function in getmembers(module, isfunction)
            if function.__module__ == module.__name__ and not name.startswith("_")
        }
    return found


def test_no_service_is_forgotten_below() -> None:
    assert public_services() == set(DEEDS) | COVERED | READING


@pytest.mark.parametrize("service", DEEDS)
def test_it_leaves_an_entry_with_its_actor(service: str, stage: Stage) -> None:
    action, deed = DEEDS[service]
    before = set(Entry.objects.values_list("pk", flat=True))
    deed(stage)
    entries = Entry.objects.filter(action=action).exclude(pk__in=before)
    assert entries, sorted(Entry.objects.exclude(pk__in=before).values_list("action", flat=True))
    assert all(entry.actor_uid and entry.object_label for entry in entries)


def recorded_actions() -> list[str]:
    """Every action that is written in the source, constants in conditions and defaults included."""
    found = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"record", "services.record"}:
                found += [
                    constant.value
                    for keyword in node.keywords
                    if keyword.arg == "action"
                    for constant in ast.walk(keyword.value)
                    if isinstance(constant, ast.Constant) and "." in str(constant.value)
                ]
    return found


def test_actions_are_dotted_and_past() -> None:
    assert len(recorded_actions()) > 20
    past = (
        "ed",
        "made",
        "put",
        "sent",
        "left",
        "taken",
        "handed_over",
        "sent_back",
        "taken_out_of_service",
        "not_allowed",
        "withdrawn",
        "went_live",
        "rolled_back",
        "signed_in",
        "signed_out",
        "first_use",
        "seal_broken",
    )
    wrong = [action for action in recorded_actions() if action.count(".") != 1 or not action.endswith(past)]
    assert wrong == []

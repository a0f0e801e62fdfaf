"""Environments and their conditions."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from promptstudio.accounts.actor import Actor
from promptstudio.projects.models import Environment, Policy
from promptstudio.projects.rules import Rules
from promptstudio.projects.services import add_environment, create_project
from promptstudio.prompts.models import Prompt, Version
from promptstudio.web.admin.conditions import YES_OR_NO
from tests.cast import Cast, a_prompt, a_version, approved, asked, promote

from ..reading import at, queries, text
from .panel import address, client_post, entries, ids, staff


def test_an_environment_is_changed_by_its_service(client: Client, cast: Cast, dora: Actor) -> None:
    path = address(Environment, "change", cast.staging.pk)
    assert client_post(client, dora, path, {"name": "Rehearsal", "grace_days": 5}).status_code == 302
    cast.staging.refresh_from_db()
    assert (cast.staging.name, cast.staging.grace_days, entries("environment.changed")) == ("Rehearsal", 5, 1)
    assert cast.staging.history.first().history_user == dora.user


@pytest.mark.parametrize(
    "typed", [{"name": "", "grace_days": "5"}, {"name": "Kept as typed", "grace_days": "-1"}, {"name": "x" * 70, "grace_days": "0"}]
)
def test_an_environment_that_cannot_be_saved_keeps_what_was_typed(client: Client, cast: Cast, dora: Actor, typed: Any) -> None:
    response = client_post(client, dora, address(Environment, "change", cast.staging.pk), typed)
    assert response.status_code == 422
    assert 'id="form-errors"' in text(response)
    assert all(f'value="{value}"' in text(response) for value in typed.values() if value)
    assert entries("environment.changed") == 0


def test_conditions_are_put_in_force_by_their_service(client: Client, cast: Cast, dora: Actor) -> None:
    typed = {
        "environment": cast.staging.pk,
        "previous_environment": "on",
        "approvals_product": 1,
        "approval_days": 30,
        "deployers": ["technical"],
        "emergency": ["admin"],
        "same_baseline": "on",
    }
    assert client_post(client, dora, address(Policy, "add"), typed).status_code == 302
    policy = cast.staging.policy
    assert (policy.number, policy.created_by, entries("policy.changed")) == (2, dora.user, 1)
    kept = {"approvals": {"product": 1}, "approval_days": 30, "approver_may_deploy": False}
    assert policy.rules == Rules(previous_environment=True, deployers=("technical",), **kept)


def test_conditions_that_are_refused_stand_in_the_form(client: Client, cast: Cast, dora: Actor) -> None:
    rules = cast.staging.policy.rules
    same = {
        "environment": cast.staging.pk,
        "previous_environment": "on",
        "same_baseline": "on",
        "deployers": list(rules.deployers),
        "emergency": ["admin"],
    }
    same |= {"approver_may_deploy": "on"}
    response = client_post(client, dora, address(Policy, "add"), same)
    assert (response.status_code, "These are already the rules of Staging." in text(response)) == (409, True)
    assert f'<option value="{cast.staging.pk}" selected>' in text(response)
    nobody = client_post(client, dora, address(Policy, "add"), {"environment": cast.staging.pk, "approvals_product": "77"})
    assert 'id="form-errors"' in text(nobody)
    assert 'value="77"' in text(nobody)
    assert Policy.objects.filter(environment=cast.staging).count() == 1


def test_a_form_that_nobody_touched_says_what_is_in_force(client: Client, cast: Cast, dora: Actor) -> None:
    """Whatever has no field would be dropped unsaid."""
    at(client, dora)
    shown = client.get(address(Policy, "add"), {"environment": cast.production.pk}).context["adminform"]
    fields = [name for line in shown for field in line for name in [bound.field.name for bound in field]]
    form = shown.form
    sent = {name: form[name].value() for name in fields}
    typed = {name: "on" if value is True else value for name, value in sent.items() if value not in (None, False, "")}
    response = client_post(client, dora, address(Policy, "add"), {**typed, "environment": cast.production.pk})
    assert (response.status_code, "These are already the rules of Production." in text(response)) == (409, True)


def test_conditions_of_another_project_cannot_be_set(client: Client, filled: Cast, dora: Actor) -> None:
    vault = Environment.objects.get(slug="vault")
    response = client_post(client, dora, address(Policy, "add"), {"environment": vault.pk, "deployers": ["admin"], "change_record": "on"})
    assert "Select a valid choice." in text(response)
    assert vault.policy.number == 1


def test_the_form_of_conditions_starts_from_those_in_force(client: Client, cast: Cast, dora: Actor) -> None:
    """An empty form would drop every condition unsaid."""
    at(client, dora)
    assert client.get(address(Policy, "add"))["Location"] == address(Environment, "changelist")
    form = client.get(address(Policy, "add"), {"environment": cast.production.pk}).context["adminform"].form
    shown = {name: form[name].value() for name in form.fields}
    assert shown["environment"] == cast.production.pk
    assert (shown["previous_environment"], shown["change_record"], shown["same_baseline"]) == (True, True, True)
    assert (shown["approvals_product"], shown["approvals_technical"], shown["approvals_admin"]) == (1, 1, 0)
    assert shown["deployers"] == list(cast.production.policy.rules.deployers)


def test_after_changing_conditions_the_page_says_what_holds(client: Client, cast: Cast, dora: Actor) -> None:
    typed = {"environment": cast.staging.pk, "change_record": "on", "deployers": ["technical"]}
    response = at(client, dora).post(address(Policy, "add"), typed, follow=True)
    assert "In force from now on. To enter Staging a version needs a complete change record." in text(response)


PREVIEW = "/admin/projects/policy/preview/"


def conditions(place: Environment, **more: Any) -> dict[str, Any]:
    """The form as it stands when nobody changed anything in it."""
    rules = place.policy.rules
    counted = {f"approvals_{role}": rules.approvals.get(role, 0) for role in ("domain_expert", "product", "technical", "admin")}
    yes = {name: "on" for name in YES_OR_NO if getattr(rules, name)}
    roles = {name: list(getattr(rules, name)) for name in ("deployers", "emergency", "accepters")}
    return {"environment": place.pk, **roles, **counted, **yes} | more


@pytest.fixture
def in_flight(cast: Cast, prompt: Prompt) -> Version:
    """Approved by both for production."""
    version = a_version(prompt, by=cast.alice)
    promote(version, cast.development, cast.staging, by=cast.alice)
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    return version


def test_the_form_says_what_it_would_mean_and_for_which_reviews(client: Client, cast: Cast, dora: Actor, in_flight: Version) -> None:
    page = text(at(client, dora).post(PREVIEW, conditions(cast.production, approvals_product=2, deployers=["admin"])))
    assert "1 product approval and 1 technical approval given against what is live now" in page
    assert "2 product approvals and 1 technical approval given against what is live now" in page
    assert "Promoting to Production is for: project admin." in page
    assert "Nobody could satisfy this today: 2 product approvals and 1 technical approval by different people" in page
    assert "meets <b>5 of 5</b> conditions now and <b>4 of 5</b> then; it would miss Approvals" in page
    assert Policy.objects.filter(environment=cast.production).count() == 1


def test_the_form_starts_with_what_it_means_now(client: Client, cast: Cast, dora: Actor, in_flight: Version) -> None:
    page = text(at(client, dora).get(address(Policy, "add"), {"environment": cast.production.pk}))
    assert "After saving: the same" in page
    assert "nothing changes for it" in page


def test_without_script_a_button_says_the_same_and_saves_nothing(client: Client, cast: Cast, dora: Actor) -> None:
    typed = conditions(cast.production, approvals_product=2, _preview="1")
    answer = client_post(client, dora, address(Policy, "add"), typed)
    assert (answer.status_code, "2 product approvals and 1 technical" in text(answer)) == (200, True)
    assert "Not saved yet" not in text(answer)
    assert 'value="2"' in text(answer)
    assert (cast.production.policy.number, entries("policy.changed")) == (1, 0)


@pytest.mark.parametrize("broken", [{"approvals_product": "77"}, {"deployers": []}, {"environment": ""}, {"approvals_product": "x"}])
def test_a_form_that_cannot_be_read_means_nothing_yet(client: Client, cast: Cast, dora: Actor, broken: Any) -> None:
    answer = at(client, dora).post(PREVIEW, conditions(cast.production) | broken)
    assert (answer.status_code, "Correct the fields" in text(answer)) == (200, True)


def test_conditions_of_another_project_are_not_told(client: Client, filled: Cast, dora: Actor) -> None:
    vault = Environment.objects.get(slug="vault")
    for answer in (client_post(client, dora, PREVIEW, conditions(vault)), client.get(address(Policy, "add"), {"environment": vault.pk})):
        assert "Secret" not in text(answer)


def test_more_reviews_take_no_more_queries_in_the_preview(client: Client, cast: Cast, dora: Actor, in_flight: Version) -> None:
    def asks() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.post(PREVIEW, conditions(cast.production, approvals_product=2))
        return len(captured)

    at(client, dora)
    asks()
    few = asks()
    for number in range(4):
        asked(a_version(a_prompt(cast.claims, by=cast.alice, title=f"L {number}"), by=cast.alice), cast.production, by=cast.alice)
    assert asks() == few


def test_an_environment_says_what_its_new_name_and_days_mean(client: Client, cast: Cast, dora: Actor) -> None:
    path = f"/admin/projects/environment/{cast.staging.pk}/preview/"
    page = text(at(client, dora).post(path, {"name": "Rehearsal", "grace_days": 5}))
    assert "To enter Staging a version needs to be live in Development first." in page
    assert "To enter Rehearsal a version needs to be live in Development first." in page
    assert "For 5 days after a version stopped being live in Rehearsal, its copy outside is kept." in page
    again = client.post(address(Environment, "change", cast.staging.pk), {"name": "Rehearsal", "grace_days": 5, "_preview": "1"})
    assert (again.status_code, "To enter Rehearsal" in text(again)) == (200, True)
    cast.staging.refresh_from_db()
    assert (cast.staging.name, entries("environment.changed")) == ("Staging", 0)
    assert at(client, staff(cast.charlie)).post(path, {"name": "Mine", "grace_days": 1}).status_code == 404


@pytest.mark.parametrize("model", [Environment, Policy], ids=ids)
def test_lists_of_places_ask_for_their_conditions_once(client: Client, cast: Cast, model: Any) -> None:
    at(client, cast.root)
    few = queries(client, address(model, "changelist"))
    for number in range(5):
        project = create_project(slug=f"p-{number}", name=f"Project {number}", actor=cast.root)
        for lane in ("one", "two"):
            add_environment(project=project, slug=lane, name=lane.title(), rules=Rules(previous_environment=True), actor=cast.root)
    assert queries(client, address(model, "changelist")) == few
    assert "To enter Two a version needs to be live in One first." in text(client.get(address(model, "changelist")))

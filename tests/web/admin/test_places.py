"""Environments and their conditions."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.accounts.actor import Actor
from promptstudio.projects.models import Environment, Policy
from promptstudio.projects.rules import Rules
from tests.cast import Cast

from ..reading import at, text
from .panel import address, client_post, entries


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
        "approvals_product": 2,
        "deployers": ["technical"],
        "same_baseline": "on",
    }
    assert client_post(client, dora, address(Policy, "add"), typed).status_code == 302
    policy = cast.staging.policy
    assert (policy.number, policy.created_by, entries("policy.changed")) == (2, dora.user, 1)
    assert policy.rules == Rules(previous_environment=True, approvals={"product": 2}, deployers=("technical",))


def test_conditions_that_are_refused_stand_in_the_form(client: Client, cast: Cast, dora: Actor) -> None:
    rules = cast.staging.policy.rules
    same = {"environment": cast.staging.pk, "previous_environment": "on", "same_baseline": "on", "deployers": list(rules.deployers)}
    response = client_post(client, dora, address(Policy, "add"), same)
    assert (response.status_code, "These are already the rules of Staging." in text(response)) == (409, True)
    assert f'<option value="{cast.staging.pk}" selected>' in text(response)
    nobody = client_post(client, dora, address(Policy, "add"), {"environment": cast.staging.pk, "approvals_product": "77"})
    assert 'id="form-errors"' in text(nobody)
    assert 'value="77"' in text(nobody)
    assert Policy.objects.filter(environment=cast.staging).count() == 1


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

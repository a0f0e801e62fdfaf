"""What happened to one row, and any two moments of its past."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.accounts.actor import Actor
from promptstudio.deployments import target_services
from promptstudio.deployments.models import Target
from promptstudio.projects.models import Environment, Membership, Policy
from promptstudio.projects.role_services import grant_role, revoke_role
from promptstudio.projects.services import change_environment, change_policy
from tests.cast import Cast

from ..reading import at, queries, text
from .panel import address, ids, staff


def renamed(cast: Cast, *names: str) -> Environment:
    for days, name in enumerate(names, 1):
        change_environment(environment=cast.staging, name=name, grace_days=days, actor=cast.dora)
    return cast.staging


@pytest.mark.parametrize("model", [Environment, Target], ids=ids)
def test_the_past_of_another_project_is_not_shown(client: Client, filled: Cast, dora: Actor, model: Any) -> None:
    row = model.objects.filter(name__startswith="Secret").get()
    moment = row.history.first().pk
    response = at(client, dora).get(address(model, "history", row.pk), {"before": moment, "after": moment})
    assert response.status_code == 404
    assert "ecret" not in text(response)


def test_moments_of_another_row_are_not_compared(client: Client, filled: Cast, dora: Actor) -> None:
    theirs = Environment.objects.get(slug="vault").history.first().pk
    mine = filled.staging.history.first().pk
    response = at(client, dora).get(address(Environment, "history", filled.staging.pk), {"before": theirs, "after": mine})
    assert response.status_code == 404


def test_two_moments_stand_beside_each_other(client: Client, cast: Cast, dora: Actor) -> None:
    place = renamed(cast, "Rehearsal", "Dress rehearsal")
    last, _, first = place.history.order_by("-history_id").values_list("history_id", flat=True)
    page = at(client, dora).get(address(Environment, "history", place.pk), {"before": last, "after": first})
    changes = {change.label: (change.before, change.after) for change in page.context["changes"] if change.differs}
    assert changes == {"Name": ("Staging", "Dress rehearsal"), "Grace days": ("0", "2")}
    assert "<del>Staging</del>" in text(page)
    assert "<ins>Dress rehearsal</ins>" in text(page)


def test_without_a_choice_the_newest_change_is_shown(client: Client, cast: Cast, dora: Actor) -> None:
    place = renamed(cast, "Rehearsal", "Dress rehearsal")
    page = at(client, dora).get(address(Environment, "history", place.pk))
    assert {c.label: (c.before, c.after) for c in page.context["changes"] if c.differs}["Name"] == ("Rehearsal", "Dress rehearsal")
    assert [moment.changed for moment in page.context["moments"]] == [["Name", "Grace days"], ["Name", "Grace days"], []]
    assert page.context["moments"][0].who == "Dora"


def test_the_settings_of_a_target_are_compared(client: Client, cast: Cast, dora: Actor) -> None:
    target = target_services.add_target(environment=cast.production, name="Bedrock", settings={"region": "eu-central-1"}, actor=dora)
    target.settings, target.is_active = {"region": "eu-west-1"}, False
    target_services.save_target(target=target, actor=dora)
    page = at(client, dora).get(address(Target, "history", target.pk))
    assert "eu-central-1" in text(page)
    assert "eu-west-1" in text(page)
    assert [change.before for change in page.context["changes"] if change.label == "Publish here"] == ["yes"]


def test_a_role_that_was_taken_away_still_has_its_past(client: Client, cast: Cast, dora: Actor) -> None:
    membership = grant_role(project=cast.claims, user=cast.vera.user, role="product", actor=dora)
    pk = membership.pk
    revoke_role(membership=membership, actor=dora)
    page = at(client, dora).get(address(Membership, "history", pk))
    assert (page.status_code, "This is not there any more." in text(page)) == (200, True)
    assert [moment.word for moment in page.context["moments"]] == ["Taken away", "Made"]
    assert at(client, staff(cast.charlie)).get(address(Membership, "history", pk)).status_code == 404


def test_the_history_of_an_environment_tells_of_its_conditions(client: Client, cast: Cast, dora: Actor) -> None:
    change_policy(environment=cast.staging, data={"change_record": True}, actor=dora)
    page = at(client, dora).get(address(Environment, "history", cast.staging.pk))
    assert "Dora changed the conditions of Staging" in text(page)
    policy = Policy.objects.latest("id")
    assert "Dora changed the conditions of Staging" in text(client.get(address(Policy, "history", policy.pk)))


def test_the_trail_is_told_to_those_who_may_read_it(client: Client, cast: Cast, dora: Actor) -> None:
    renamed(cast, "Rehearsal")
    told = "Dora changed the environment"
    assert told in text(at(client, dora).get(address(Environment, "history", cast.staging.pk)))
    page = text(at(client, staff(cast.vera)).get(address(Environment, "history", cast.staging.pk)))
    assert told not in page
    assert "The trail of this project is for its project admins" in page


def test_a_long_past_takes_no_more_queries(client: Client, cast: Cast, dora: Actor) -> None:
    renamed(cast, "One", "Two")
    path = address(Environment, "history", cast.staging.pk)
    few = queries(at(client, dora), path)
    renamed(cast, *[f"Name {number}" for number in range(12)])
    assert queries(client, path) == few


@pytest.mark.parametrize("choice", [{"before": "x", "after": "1"}, {"before": "999999", "after": "1"}, {"page": "zz"}])
def test_nonsense_in_the_address_is_no_error(client: Client, cast: Cast, dora: Actor, choice: Any) -> None:
    renamed(cast, "Rehearsal")
    assert at(client, dora).get(address(Environment, "history", cast.staging.pk), choice).status_code in (200, 404)
    assert client.get(address(Environment, "history", "zz")).status_code == 404

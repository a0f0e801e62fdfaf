"""The floor of the site: set in the panel by site admins, from the one in force."""

from typing import Any

from django.test import Client

from promptstudio.accounts.actor import Actor
from promptstudio.projects.models import Floor
from promptstudio.projects.services import set_floor
from tests.cast import Cast

from ..reading import at, text
from .panel import address, client_post, entries


def typed(**more: Any) -> dict[str, Any]:
    roles = ["domain_expert", "product", "technical", "admin"]
    return {"environments": "production, release", "approvals_product": 1, "deployers": roles, "same_baseline": "on"} | more


def test_a_site_admin_sets_it_and_projects_follow(client: Client, cast: Cast) -> None:
    assert client_post(client, cast.root, address(Floor, "add"), typed(change_record="on", approval_days=60)).status_code == 302
    floor = Floor.objects.get()
    assert (floor.rules.approvals, floor.rules.change_record, floor.environments) == ({"product": 1}, True, ["production", "release"])
    assert cast.production.policy.rules.approval_days == 60
    assert entries("floor.changed") == 1
    assert "1 product approval" in text(client.get(address(Floor, "changelist")))


def test_the_form_starts_from_the_floor_in_force(client: Client, cast: Cast) -> None:
    set_floor(data={"change_record": True, "approvals": {"technical": 1}}, environments=["release"], actor=cast.root)
    form = at(client, cast.root).get(address(Floor, "add")).context["adminform"].form
    shown = {name: form[name].value() for name in form.fields}
    assert (shown["change_record"], shown["approvals_technical"], shown["environments"]) == (True, 1, "release")


def test_what_is_in_force_already_is_said(client: Client, cast: Cast) -> None:
    client_post(client, cast.root, address(Floor, "add"), typed())
    again = client.post(address(Floor, "add"), typed())
    assert (again.status_code, "This is the floor already." in text(again)) == (409, True)


def test_nobody_else_sees_or_sets_it(client: Client, cast: Cast, dora: Actor) -> None:
    set_floor(data={"change_record": True}, actor=cast.root)
    assert client_post(client, dora, address(Floor, "add"), typed()).status_code == 403
    assert "Floor" not in text(client.get("/admin/"))
    assert Floor.objects.count() == 1

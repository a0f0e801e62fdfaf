"""The past of what is not there any more."""

from django.test import Client

from promptstudio.accounts.actor import Actor
from promptstudio.projects.group_mappings import add_mapping, remove_mapping
from promptstudio.projects.models import GroupMapping
from tests.cast import Cast

from ..reading import at
from .panel import address


def test_a_removed_group_mapping_keeps_its_past_for_site_admins_alone(client: Client, cast: Cast, dora: Actor) -> None:
    mapping = add_mapping(pattern="claims-readers", project=cast.claims, role="viewer", actor=cast.root)
    history = address(GroupMapping, "history", mapping.pk)
    remove_mapping(mapping=mapping, actor=cast.root)
    shown = at(client, cast.root).get(history)
    assert (shown.status_code, "claims-readers" in shown.text) == (200, True)
    assert at(client, dora).get(history).status_code == 404

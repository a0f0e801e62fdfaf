"""The page on which a project begins."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.projects.models import Project
from promptstudio.projects.rules import Rules
from promptstudio.projects.services import set_floor
from tests.cast import Cast

from .reading import HOSTILE, HTMX, at, text, typed_back

URL = "/new-project/"
PEOPLE = {"defines": "Alice", "implements": "bella@claims.example", "validates": "bob", "keeps": "Dora"}


def typed(**more: Any) -> dict[str, Any]:
    return {"name": "Motor claims", "description": "", "template": "four_eyes", "slug": "", **PEOPLE, **more}


def test_it_says_each_way_in_plain_sentences(client: Client, cast: Cast) -> None:
    html = text(at(client, cast.root).get(URL))
    assert "For texts that customers read: product and technical people both agree" in html
    assert "1 product approval and 1 technical approval given against what is live now within the last 30 days" in html
    assert "New project" in text(client.get("/"))


def test_it_says_what_the_floor_makes_of_every_environment(client: Client, cast: Cast) -> None:
    set_floor(data=Rules(change_record=True).model_dump(mode="json"), environments=["staging"], actor=cast.root)
    html = text(at(client, cast.root).get(URL))
    assert html.count("To enter Staging a version needs to be live in Development first and a complete change record.") == 1
    client.post(URL, typed())
    assert Project.objects.get(slug="motor-claims").environments.get(slug="staging").policy.rules.change_record


def test_a_project_is_made_with_its_people(client: Client, cast: Cast) -> None:
    page = at(client, cast.root).post(URL, typed(), follow=True)
    assert page.redirect_chain[-1][0] == "/p/motor-claims/settings/"
    assert "Motor claims is there." in text(page)
    assert Project.objects.get(slug="motor-claims").memberships.count() == 4


def test_looking_names_who_could_approve_and_makes_nothing(client: Client, cast: Cast) -> None:
    at(client, cast.root)
    page = client.post(URL, typed(look="1"))
    assert "Product approval by <b>Bob</b> · Technical approval by <b>Bella</b>" in text(page)
    fragment = client.post(URL, typed(look="1", validates=""), headers=HTMX)
    assert "<html" not in text(fragment)
    assert "Nobody could satisfy this today" in text(fragment)
    assert not Project.objects.filter(slug="motor-claims").exists()


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"name": ""}, 422, "Give the project a name"),
        ({"defines": "Alice\nNobody Atall"}, 422, "“Nobody Atall”: Nobody in your projects is called that."),
        ({"validates": ""}, 422, "Nobody could satisfy this today"),
        ({"keeps": ""}, 422, "Name at least one person who keeps the settings."),
        ({"template": "none"}, 422, "Choose how changes are looked at."),
        ({"slug": "claims"}, 409, "There is a project with the address"),
        ({"slug": "not ok"}, 422, "slug"),
        ({"name": "保険"}, 422, "no Latin letters"),
        ({"name": "x" * 200}, 422, "120"),
    ],
)
def test_what_cannot_be_keeps_what_was_typed(client: Client, cast: Cast, change: dict[str, str], status: int, sentence: str) -> None:
    page = at(client, cast.root).post(URL, typed(**change))
    assert (page.status_code, sentence in text(page)) == (status, True)
    assert typed_back(page, typed(**change)["implements"])
    assert Project.objects.count() == 2


@pytest.mark.parametrize("who", ["dora", "charlie"])
def test_whoever_may_not_reads_why(client: Client, cast: Cast, who: str) -> None:
    page = at(client, getattr(cast, who)).get(URL)
    assert "Only an administrator of this installation makes projects." in text(page)
    assert client.post(URL, typed()).status_code == 403
    assert Project.objects.count() == 2


def test_hostile_words_are_words(client: Client, cast: Cast) -> None:
    page = at(client, cast.root).post(URL, typed(name=HOSTILE, defines=HOSTILE))
    assert page.status_code == 422
    assert b"<script>alert" not in page.content

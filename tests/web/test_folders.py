"""Settings › Folders: who answers for which folder."""

import re
from typing import Any

import pytest
from django.test import Client

from promptstudio.projects.folder_services import name_reviewers
from promptstudio.projects.models import FolderReviewer, Membership, PendingChange
from promptstudio.projects.role_services import grant_role, revoke_role
from promptstudio.projects.services import change_policy, folder_at
from promptstudio.prompts import services as prompts
from tests.cast import Cast, a_person, a_prompt, a_version, asked

from .reading import HOSTILE, at, queries, text

URL = "/p/claims/settings/folders/"
MOTOR = URL + "change/?folder=claims/motor"
RULES = {"approvals": {"technical": 1}, "folder_reviewers": True}


@pytest.fixture(autouse=True)
def _folder(cast: Cast) -> None:
    folder_at(project=cast.claims, path="claims/motor")


def test_it_says_who_answers_and_which_folder_decides(client: Client, cast: Cast) -> None:
    assert "No environment asks them at the moment." in text(at(client, cast.vera).get(URL))
    change_policy(environment=cast.production, data=RULES, actor=cast.dora)
    at(client, cast.dora)
    response = client.post(URL + "change/?folder=claims", {"people": [str(cast.bob.user.uid)], "roles": ["technical"]}, follow=True)
    assert "This is who answers for claims from now on." in text(response)
    html = text(client.get(URL))
    assert "To enter Production, a version needs the approval of somebody who answers for its folder." in html
    assert html.count("<b>everybody with the role technical</b>") == 2
    assert "as claims says" in html


def test_the_conditions_say_it_on_the_overview(client: Client, cast: Cast) -> None:
    change_policy(environment=cast.production, data=RULES | {"suggester_counts_as_author": True}, actor=cast.dora)
    html = text(at(client, cast.vera).get("/p/claims/settings/"))
    assert "1 technical approval and an approval by somebody who answers for its folder, given against what is live now" in html
    assert "approvers who suggested none of its words" in html


def test_whoever_is_no_admin_reads_and_is_told_why_not_more(client: Client, cast: Cast) -> None:
    at(client, cast.bob)
    for page in (URL, MOTOR):
        html = text(client.get(page))
        assert "Your role does not allow you to change the settings of this project." in html
        assert 'type="checkbox"' not in html
    assert client.post(MOTOR, {"people": [str(cast.bob.user.uid)]}).status_code == 403
    assert not FolderReviewer.objects.exists()


def test_a_folder_that_is_not_there_is_not_there(client: Client, cast: Cast) -> None:
    at(client, cast.dora)
    for path in ("claims/mo", HOSTILE, "..", "\x00", "a//b"):
        assert client.get(URL + "change/", {"folder": path}).status_code == 404, path
    at(client, cast.charlie)
    assert client.get(MOTOR).status_code == 404


def test_who_has_a_role_in_one_folder_reads_of_no_other(client: Client, cast: Cast) -> None:
    home = folder_at(project=cast.claims, path="home")
    nora = a_person("Nora", cast.claims, by=cast.root)
    grant_role(project=cast.claims, user=nora.user, role="product", folder=home, actor=cast.dora)
    html = text(at(client, nora).get(URL))
    assert "home" in html
    assert "motor" not in html
    assert client.get(MOTOR).status_code == 404


def test_nothing_is_lost_when_somebody_cannot_be_named(client: Client, cast: Cast) -> None:
    name_reviewers(folder=folder_at(project=cast.claims, path="claims/motor"), people=[cast.bob.user], roles=[], actor=cast.dora)
    revoke_role(membership=Membership.objects.get(user=cast.bob.user), actor=cast.dora)
    at(client, cast.dora)
    assert "(cannot approve there)" in text(client.get(URL))
    response = client.post(MOTOR, {"people": [str(cast.bob.user.uid), str(cast.bella.user.uid)]})
    assert response.status_code == 422
    html = text(response)
    assert "Bob could not approve in claims/motor: give them a role there that reviews, or leave them out." in html
    assert f'value="{cast.bella.user.uid}" id="id_people_' in html
    ticked = re.findall(r'name="people" value="([^"]+)"[^>]* checked', html)
    assert set(ticked) == {str(cast.bob.user.uid), str(cast.bella.user.uid)}


@pytest.mark.parametrize(
    ("data", "status"),
    [({"people": ["nobody"]}, 422), ({"roles": ["auditor"]}, 422), ({"roles": [HOSTILE]}, 422), ({"people": ["\x00"]}, 422), ({}, 409)],
)
def test_bad_input_gets_a_sentence(client: Client, cast: Cast, data: Any, status: int) -> None:
    response = at(client, cast.dora).post(MOTOR, data)
    assert response.status_code == status
    assert not FolderReviewer.objects.exists()


def test_what_is_easier_waits_and_the_page_says_so(client: Client, cast: Cast, settings: Any) -> None:
    change_policy(environment=cast.production, data=RULES, actor=cast.dora)
    name_reviewers(folder=folder_at(project=cast.claims, path="claims/motor"), people=[cast.bob.user], roles=[], actor=cast.dora)
    settings.SECOND_PERSON = True
    response = at(client, cast.dora).post(MOTOR, {"people": [str(cast.bella.user.uid)]}, follow=True)
    assert "Who answers for the folder claims/motor waits for a second person." in text(response)
    assert "waits for a second person" in text(client.get(MOTOR))
    assert PendingChange.objects.open().count() == 1
    html = text(at(client, cast.root).get("/changes/"))
    assert "Somebody who is asked today is not asked any more" in html
    assert "<dt>Now</dt><dd>Bob</dd><dt>Then</dt><dd>Bella</dd>" in html


def test_more_wishes_about_folders_take_no_more_queries(client: Client, cast: Cast, settings: Any) -> None:
    change_policy(environment=cast.production, data=RULES, actor=cast.dora)
    places = [folder_at(project=cast.claims, path=f"claims/{number}") for number in range(4)]
    for place in places:
        name_reviewers(folder=place, people=[cast.bob.user], roles=[], actor=cast.dora)
    settings.SECOND_PERSON = True
    name_reviewers(folder=places[0], people=[cast.bella.user], roles=[], actor=cast.dora)
    at(client, cast.root)
    few = queries(client, "/changes/")
    for place in places[1:]:
        name_reviewers(folder=place, people=[], roles=["product"], actor=cast.dora)
    assert queries(client, "/changes/") == few


def test_the_number_of_queries_does_not_grow(client: Client, cast: Cast) -> None:
    at(client, cast.dora)
    name_reviewers(folder=folder_at(project=cast.claims, path="claims"), people=[cast.bob.user], roles=[], actor=cast.dora)
    few = queries(client, URL)
    for number in range(5):
        folder = folder_at(project=cast.claims, path=f"claims/{number}")
        name_reviewers(folder=folder, people=[cast.bob.user, cast.bella.user], roles=["product"], actor=cast.dora)
    assert queries(client, URL) == few


def test_who_asks_for_review_reads_whose_approval_it_needs(client: Client, cast: Cast) -> None:
    prompt = a_prompt(cast.claims, by=cast.alice)
    prompts.change_prompt(prompt=prompt, folder="claims/motor", actor=cast.alice)
    version = a_version(prompt, by=cast.alice)
    name_reviewers(folder=folder_at(project=cast.claims, path="claims"), people=[cast.bob.user], roles=[], actor=cast.dora)
    ask = f"/p/claims/prompts/{prompt.name}/-/ask/1.0.0/production/"
    assert "that is Bob" not in text(at(client, cast.alice).get(ask))
    change_policy(environment=cast.production, data=RULES, actor=cast.dora)
    assert "For claims, that is Bob." in text(client.get(ask))
    review = asked(version, cast.production, by=cast.alice)
    reason = "It needs the approval of Bob, who answers for claims."
    assert reason in text(client.get(f"/p/claims/reviews/{review.uid}/"))
    assert reason in text(client.get(f"/p/claims/prompts/{prompt.name}/-/promote/production/1.0.0/"))

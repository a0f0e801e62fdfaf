"""Promoting from the administration: the same door as everywhere."""

import pytest
from django.test import Client

from promptstudio.accounts.actor import Actor
from promptstudio.deployments.models import Deployment, Evaluation
from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, a_version, approved, in_staging, promote

from ..reading import at, text, typed_back
from .panel import client_post, entries, promote_url, staff


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    return in_staging(cast, prompt)


def test_promoting_through_the_panel_asks_the_gates(client: Client, cast: Cast, dora: Actor, version: Version) -> None:
    typed = {"environment": cast.production.pk, "reason": "Now <b>please</b>"}
    response = client_post(client, dora, promote_url(version), typed)
    assert response.status_code == 409
    assert "1 more product approval and 1 more technical approval needed." in text(response)
    assert typed_back(response, "Now <b>please</b>")
    assert not Evaluation.objects.latest("id").passed
    assert entries("deployment.blocked") == 1
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    assert "/-/deployments/" in client.post(promote_url(version), typed)["Location"]
    deployment = Deployment.objects.latest("id")
    assert (deployment.version, deployment.via, deployment.by, entries("deployment.made")) == (version, "admin", dora.user, 1)
    again = client.post(promote_url(version), typed)
    assert (again.status_code, "is live in Production already" in text(again)) == (409, True)


def test_promoting_through_the_panel_needs_the_role(client: Client, cast: Cast, version: Version) -> None:
    typed = {"environment": cast.development.pk, "reason": "Mine"}
    response = client_post(client, staff(cast.vera), promote_url(version), typed)
    assert response.status_code == 403
    assert "Your role does not allow you to promote in this project." in text(response)
    assert "Mine" in text(response)
    assert entries("deployment.not_allowed") == 1


def test_promoting_through_the_panel_stays_in_the_project(client: Client, filled: Cast, dora: Actor) -> None:
    theirs = Version.objects.get(prompt__project=filled.elsewhere)
    assert at(client, dora).get(promote_url(theirs)).status_code == 404
    mine = Version.objects.filter(prompt__project=filled.claims).earliest("pk")
    response = client.post(promote_url(mine), {"environment": Environment.objects.get(slug="vault").pk})
    assert "Select a valid choice." in text(response)
    before = Deployment.objects.count()
    assert client.get(promote_url(mine), {"environment": filled.development.pk}).status_code == 200
    assert Deployment.objects.count() == before


def test_it_shows_what_changes_and_the_gates_before_the_button(client: Client, cast: Cast, dora: Actor, version: Version) -> None:
    first = text(at(client, dora).get(promote_url(version)))
    assert "Choose an environment" in first
    assert "Promote to" not in first
    response = client.get(promote_url(version), {"environment": cast.production.pk})
    page = text(response)
    assert {"components/_gates.html", "compare/_text.html", "reviews/_change_record.html"} <= {t.name for t in response.templates}
    assert "It will be the first version there." in page
    assert "1 of 5 conditions is open" in page
    assert "Promote to Production" in page


def test_what_somebody_sent_meanwhile_is_not_overwritten(client: Client, cast: Cast, dora: Actor, version: Version, prompt: Prompt) -> None:
    newer = a_version(prompt, by=cast.alice, text="Newer {{claim}}")
    seen = at(client, dora).get(promote_url(newer), {"environment": cast.development.pk}).context["cell"].replaces
    other = a_version(prompt, by=cast.alice, text="Other {{claim}}")
    promote(other, cast.development, by=cast.alice)
    answer = client.post(promote_url(newer), {"environment": cast.development.pk, "reason": "Mine", "replaces": seen})
    assert (answer.status_code, "Someone was faster" in text(answer), "Mine" in text(answer)) == (409, True, True)
    assert Deployment.objects.latest("id").version == other


def test_a_reason_that_is_too_long_is_told_at_its_field(client: Client, cast: Cast, dora: Actor, version: Version) -> None:
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    response = client_post(client, dora, promote_url(version), {"environment": cast.production.pk, "reason": "x" * 20_001})
    assert response.status_code == 422
    assert "at most 20,000 characters" in text(response)


def test_no_environment_is_no_promotion(client: Client, cast: Cast, dora: Actor, version: Version) -> None:
    answer = client_post(client, dora, promote_url(version), {"environment": "", "reason": "x"})
    assert (answer.status_code, "Choose where it should go." in text(answer)) == (422, True)

"""The index: what waits for whom, how the gates stand, what failed."""

from typing import Any

import pytest
from django.contrib.admin import site
from django.test import Client

from promptstudio.deployments.models import PublishJob
from promptstudio.deployments.publishing import PublishFailed
from promptstudio.prompts.models import Prompt
from promptstudio.web.admin.sections import many_of
from tests.cast import Cast, a_prompt, a_version, approve, asked, promote
from tests.deployments.fake_target import a_target, publish_everything, use_fake_publisher

from ..reading import at, queries, text
from .panel import address, entries, staff

INDEX = "/admin/"


@pytest.fixture
def asked_for(cast: Cast, prompt: Prompt) -> Any:
    version = a_version(prompt, by=cast.alice)
    promote(version, cast.development, cast.staging, by=cast.alice)
    return asked(version, cast.production, by=cast.alice)


@pytest.fixture
def failed(cast: Cast, settings: Any) -> PublishJob:
    fake = use_fake_publisher(settings)
    fake.twists = [refuse] * 20
    a_target(cast.development, by=cast.dora)
    return a_failure(cast, "Broken")


def refuse(*args: Any) -> None:
    raise PublishFailed("The key is wrong.", code="x", permanent=True)


def a_failure(cast: Cast, title: str) -> PublishJob:
    promote(a_version(a_prompt(cast.claims, by=cast.alice, title=title), by=cast.alice), cast.development, by=cast.alice)
    publish_everything()
    return PublishJob.objects.latest("id")


def test_it_opens_on_what_waits_for_me_with_the_gates_at_a_glance(client: Client, cast: Cast, asked_for: Any) -> None:
    page = text(at(client, staff(cast.bob)).get(INDEX))
    assert "1 review waits for you." in page
    assert "Water damage triage</bdi> 1.0.0 wants to go to Production" in page
    assert "4 of 5 conditions met" in page
    assert "1 more product approval and 1 more technical approval needed." in page
    assert f'href="/admin/reviews/review/{asked_for.pk}/change/"' in page
    approve(asked_for, cast.bob)
    assert "No review waits for you." in text(client.get(INDEX))
    assert "4 of 5 conditions met" in text(at(client, staff(cast.bella)).get(INDEX))


def test_whoever_may_not_decide_sees_that_others_are_open(client: Client, cast: Cast, asked_for: Any) -> None:
    page = text(at(client, staff(cast.alice)).get(INDEX))
    assert "No review waits for you." in page
    assert '<a class="push small" href="/admin/reviews/review/?state=open">1 other open review</a>' in page
    assert "other open review" not in text(at(client, staff(cast.charlie)).get(INDEX))


def test_a_failed_publication_is_tried_again_from_there(client: Client, cast: Cast, failed: PublishJob) -> None:
    page = text(at(client, staff(cast.bob)).get(INDEX))
    assert "1 publication failed." in page
    assert "The key is wrong." in page
    retry = f"/admin/deployments/publishjob/{failed.pk}/retry/"
    assert f'action="{retry}"' in page
    assert client.post(retry)["Location"] == address(PublishJob, "change", failed.pk)
    failed.refresh_from_db()
    assert (failed.state, entries("publication.retried")) == ("owed", 1)


def test_whoever_may_not_try_again_is_not_asked_to(client: Client, cast: Cast, failed: PublishJob) -> None:
    """Nor does it wait for them."""
    page = at(client, staff(cast.vera)).get(INDEX)
    assert "/retry/" not in text(page)
    assert page.context["failed"] == []


def test_more_of_everything_takes_no_more_queries(client: Client, cast: Cast, asked_for: Any, failed: PublishJob) -> None:
    at(client, staff(cast.bob))
    approve(asked_for, cast.bella)
    few = queries(client, INDEX)
    for number in range(4):
        version = a_version(a_prompt(cast.claims, by=cast.alice, title=f"Letter {number}"), by=cast.alice)
        approve(asked(version, cast.production, by=cast.alice), cast.bella)
        a_failure(cast, f"Broken {number}")
    page = client.get(INDEX)
    assert (len(page.context["waiting"]), len(page.context["failed"])) == (5, 5)
    assert queries(client, INDEX) == few


def test_every_list_stands_in_a_group_with_a_plain_name(client: Client, cast: Cast) -> None:
    page = at(client, cast.root).get(INDEX)
    groups = {section.label: [item.label for item in section.items] for section in page.context["frame"]["panel"]["sections"]}
    assert list(groups) == ["People and access", "Projects and places", "Releases", "Trail"]
    beside = "Trail of the installation"
    assert sorted(label for labels in groups.values() for label in labels) == sorted([*map(many_of, site._registry), beside])
    assert (groups["People and access"][0], groups["Trail"]) == ("People", ["Audit trail", beside])
    others = at(client, staff(cast.dora)).get(INDEX).context["frame"]["panel"]["sections"]
    assert beside not in [item.label for section in others for item in section.items]


@pytest.mark.parametrize("path", [INDEX, "/admin/accounts/user/", "/admin/accounts/user/add/", "/admin/reviews/review/"])
def test_nothing_of_the_stock_look_is_left(client: Client, cast: Cast, path: str) -> None:
    page = text(at(client, cast.root).get(path))
    for left_over in (
        "Site administration",
        "Recent actions",
        "Welcome,",
        "Django",
        "Log out",
        "View site",
        "/static/admin/",
        "Select user",
    ):
        assert left_over not in page, left_over
    assert '<main class="main" id="main"' in page
    assert 'id="jump"' in page
    assert "<theme-choice" in page


def test_the_list_of_a_package_leads_to_the_index(client: Client, cast: Cast) -> None:
    assert at(client, cast.root).get("/admin/projects/")["Location"] == INDEX


def test_the_pages_keep_their_own_menu(client: Client, cast: Cast) -> None:
    page = text(at(client, cast.root).get("/p/claims/prompts/"))
    assert "Review queue" not in page
    assert 'href="/p/claims/reviews/"' in page

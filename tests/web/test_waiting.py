"""What waits for somebody is looked up once for a page, however often the page says it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from promptstudio.accounts.models import User
from promptstudio.projects.role_services import grant_role
from tests.cast import Cast, a_prompt, a_version, asked, wished

from .reading import at

REVIEWS, REQUESTS = 'ORDER BY "reviews_review"."asked_at" ASC', 'ORDER BY "prompts_request"."asked_at" ASC'


@pytest.fixture
def much(cast: Cast) -> None:
    for title in ("Water", "Storm"):
        asked(a_version(a_prompt(cast.claims, by=cast.alice, title=title), by=cast.alice), cast.production, by=cast.alice)
        wished(cast.claims, by=cast.vera, title=f"Letter about {title}")
    wished(cast.elsewhere, by=cast.charlie, title="Not ours")


def lookups(client: Client, address: str) -> tuple[int, int]:
    """How often the lists of reviews and of requests are looked up."""
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return tuple(sum(query["sql"].count(words) for query in captured) for words in (REVIEWS, REQUESTS))  # type: ignore[return-value]


@pytest.mark.parametrize("address", ["/", "/p/claims/reviews/", "/p/claims/requests/", "/p/claims/prompts/"])
def test_a_page_and_its_frame_look_once(client: Client, cast: Cast, much: None, address: str) -> None:
    assert lookups(at(client, cast.bob), address) == (1, 1)


def test_the_queue_of_the_administration_looks_once(client: Client, cast: Cast, much: None) -> None:
    User.objects.filter(pk=cast.bob.user.pk).update(is_staff=True)
    cast.bob.user.refresh_from_db()
    assert lookups(at(client, cast.bob), "/admin/")[0] == 1


def test_the_frame_counts_the_project_that_it_shows(client: Client, cast: Cast, much: None) -> None:
    """Home lists what waits in every project."""
    grant_role(project=cast.elsewhere, user=cast.alice.user, role="domain_expert", actor=cast.root)
    page = at(client, cast.alice).get("/")
    assert sorted(item.request.title for item in page.context["desk"].requests) == ["Letter about Storm", "Letter about Water", "Not ours"]
    assert [item["count"] for item in page.context["frame"]["nav"] if item["label"] == "Requests"] == [2]

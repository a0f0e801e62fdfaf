"""Somebody looks at who has access, row by row, and signs for it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from promptstudio.lib import clock
from promptstudio.projects.key_services import revoke_key
from promptstudio.projects.models import AccessReview, Membership, PendingChange
from tests.cast import Cast, a_key, a_person, an_application

from .reading import at, text

URL = "/p/claims/settings/people/access/"


def answers(cast: Cast, **other: str) -> dict[str, str]:
    """Keep everybody but those named in `other`."""
    rows = cast.claims.memberships.select_related("user")
    return {str(row.uid): other.get(row.user.username, "keep") for row in rows}


def test_signing_keeps_the_list_and_takes_roles_away(client: Client, cast: Cast) -> None:
    page = at(client, cast.dora).post(URL, answers(cast, vera="take"), follow=True)
    assert "Signed: 5 kept. 1 taken away." in text(page)
    review = AccessReview.objects.get()
    assert (len(review.kept), review.taken[0]["role"], review.signed_by) == (5, "viewer", cast.dora.user)
    assert not Membership.objects.filter(user=cast.vera.user).exists()
    assert "Dora" in text(client.get(URL))


def test_keys_are_looked_at_as_well_and_one_is_revoked(client: Client, cast: Cast) -> None:
    application = an_application(cast.claims, responsible=cast.alice, by=cast.dora)
    kept, gone, over = (a_key(application, "read", environment=cast.production, by=cast.dora)[0] for _ in range(3))
    revoke_key(key=over, actor=cast.dora)
    page = text(at(client, cast.dora).get(URL))
    assert "Alice answers for it" in page
    assert str(over.uid) not in page
    without = client.post(URL, answers(cast))
    assert (without.status_code, "such as the key Nightly" in text(without)) == (422, True)
    assert not AccessReview.objects.exists()
    client.post(URL, answers(cast) | {str(kept.uid): "keep", str(gone.uid): "take"})
    gone.refresh_from_db()
    assert (kept.state, gone.state) == ("in use", "revoked")
    review = AccessReview.objects.get()
    assert [fact["key"] for fact in review.kept if "key" in fact] == [str(kept.uid)]
    assert review.taken == [
        {"key": str(gone.uid), "account": str(application.uid), "scopes": ["read"], "environment": "production", "folder": None}
    ]


def test_every_role_needs_an_answer_and_what_was_chosen_stays(client: Client, cast: Cast) -> None:
    given = answers(cast, vera="take")
    missing = Membership.objects.get(user=cast.alice.user)
    del given[str(missing.uid)]
    page = at(client, cast.dora).post(URL, given)
    assert page.status_code == 422
    assert "There is no answer yet for 1 of 6, such as Alice as Domain expert." in text(page)
    vera = Membership.objects.get(user=cast.vera.user)
    assert f'name="{vera.uid}" value="take" checked' in text(page)
    assert not AccessReview.objects.exists()


def test_a_role_given_meanwhile_has_to_be_looked_at(client: Client, cast: Cast) -> None:
    given = answers(cast)
    a_person("Zoe", cast.claims, "technical", by=cast.root)
    page = at(client, cast.dora).post(URL, given)
    assert (page.status_code, "such as Zoe as Technical" in text(page)) == (422, True)


def test_a_role_that_went_meanwhile_is_said(client: Client, cast: Cast) -> None:
    given = answers(cast)
    cast.claims.memberships.get(user=cast.vera.user).delete()
    page = at(client, cast.dora).post(URL, given)
    assert (page.status_code, "changed since you opened the page" in text(page)) == (409, True)


def test_what_the_provider_gives_is_taken_there(client: Client, cast: Cast) -> None:
    Membership.objects.create(project=cast.claims, user=cast.charlie.user, role="viewer", source="provider")
    page = at(client, cast.dora).post(URL, answers(cast, charlie="take"))
    assert (page.status_code, "Take them out of the group there." in text(page)) == (422, True)


def test_the_last_admin_stays(client: Client, cast: Cast) -> None:
    page = at(client, cast.dora).post(URL, answers(cast, dora="take"))
    assert (page.status_code, "last project admin" in text(page)) == (409, True)
    assert not AccessReview.objects.exists()


def test_another_admin_goes_when_a_second_person_agrees(client: Client, cast: Cast, settings: Any) -> None:
    a_person("Dana", cast.claims, "admin", by=cast.root)
    settings.SECOND_PERSON = True
    at(client, cast.dora).post(URL, answers(cast, dana="take"))
    assert PendingChange.objects.get().kind == "admin_taken"
    assert Membership.objects.filter(user__username="dana").exists()


@pytest.mark.parametrize("who", ["bob", "axel"])
def test_whoever_does_not_keep_the_project_reads_why(client: Client, cast: Cast, who: str) -> None:
    page = at(client, getattr(cast, who)).get(URL)
    assert "Your role does not allow you to change the settings of this project." in text(page)
    assert client.post(URL, answers(cast)).status_code == 403


def test_it_is_due_after_the_days_that_the_site_asks_for(client: Client, cast: Cast, settings: Any) -> None:
    at(client, cast.dora)
    assert "Who has access" not in text(client.get("/"))
    with clock.at(timezone.now() + timedelta(days=91)):
        assert "Who has access to Claims?" in text(client.get("/"))
        assert "it has been due since" in text(client.get("/p/claims/settings/people/"))
        client.post(URL, answers(cast))
        assert "Who has access to Claims?" not in text(client.get("/"))
        settings.ACCESS_REVIEW_DAYS = 0
        assert "due" not in text(client.get(URL)).split("Each role with its answer")[0].split("Signing keeps")[1]

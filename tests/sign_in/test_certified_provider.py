"""With the certified provider, step by step: who somebody is, which roles their groups give, and when those go."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.accounts import actor as actors
from promptstudio.accounts.models import Identity, User
from promptstudio.audit.models import Entry
from promptstudio.projects.group_mappings import add_mapping
from promptstudio.projects.models import Membership
from promptstudio.projects.role_services import grant_role
from tests.cast import Cast
from tests.web.reading import text

from .certified import Certified, Visitor
from .conftest import use

SCOPES = "openid email profile groups"


@pytest.fixture
def visitor(client: Client, with_certified: Certified, settings: Any) -> Visitor:
    settings.OIDC_RP_SCOPES = SCOPES
    return Visitor(client)


@pytest.fixture
def experts(cast: Cast) -> Cast:
    add_mapping(pattern="claims-experts", project=cast.claims, role="domain_expert", actor=cast.root)
    return cast


def roles(login: str) -> list[tuple[str, str, str]]:
    held = Membership.objects.filter(user__identities__subject=f"subject-of-{login}").order_by("role")
    return [(row.project.slug, row.role, row.source) for row in held]


def person(login: str) -> User:
    return User.objects.get(identities__subject=f"subject-of-{login}")


def when_due(client: Client) -> None:
    session = client.session
    session["oidc_id_token_expiration"] = 0
    session.save()


def test_a_person_arrives_with_name_address_and_role(visitor: Visitor, experts: Cast) -> None:
    response = visitor.sign_in("eddie", next="/p/claims/reviews/")
    assert response["Location"] == "/p/claims/reviews/"
    assert visitor.client.get("/p/claims/reviews/").status_code == 200
    arrived = person("eddie")
    assert (arrived.name, arrived.email, arrived.kind) == ("Eddie Expert", "eddie@claims.example", "person")
    assert not arrived.has_usable_password()
    assert roles("eddie") == [("claims", "domain_expert", "provider")]
    assert "person.signed_in" in Entry.objects.filter(actor_uid=arrived.uid).values_list("action", flat=True)


def test_the_same_person_comes_back(visitor: Visitor, experts: Cast, with_certified: Certified) -> None:
    visitor.sign_in("eddie")
    first = person("eddie")
    with_certified.says("eddie", name="Eddie Married", email="married@claims.example")
    Visitor(Client()).sign_in("eddie")
    again = person("eddie")
    assert (again.pk, again.username) == (first.pk, first.username)
    assert (again.name, again.email) == ("Eddie Married", "married@claims.example")
    assert Identity.objects.count() == 1


def test_a_group_that_went_takes_the_role_at_the_next_sign_in(visitor: Visitor, experts: Cast, with_certified: Certified) -> None:
    visitor.sign_in("eddie")
    grant_role(project=experts.claims, user=person("eddie"), role="viewer", actor=experts.dora)
    with_certified.says("eddie", groups=["everyone"])
    Visitor(Client()).sign_in("eddie")
    assert roles("eddie") == [("claims", "viewer", "local")]


def test_a_group_that_went_takes_the_role_at_the_renewal(visitor: Visitor, experts: Cast, with_certified: Certified) -> None:
    visitor.sign_in("eddie")
    with_certified.says("eddie", groups=[])
    when_due(visitor.client)
    response = visitor.renew("/p/claims/reviews/")
    assert response["Location"] == "/p/claims/reviews/"
    assert roles("eddie") == []
    assert visitor.client.get("/p/claims/reviews/").status_code == 404
    assert Entry.objects.filter(action="person.signed_in").count() == 1, "a renewal is no sign-in"


def test_an_unverified_address_takes_over_nothing(visitor: Visitor, cast: Cast) -> None:
    ada = User.objects.create_user("ada", name="Ada", email="ada@claims.example", is_superuser=True)
    visitor.sign_in("mallory")
    arrived = person("mallory")
    assert arrived.pk != ada.pk
    assert (arrived.email, arrived.is_superuser) == ("", False)


def test_a_verified_address_takes_over_nothing_either(visitor: Visitor, cast: Cast) -> None:
    ada = User.objects.create_user("ada", name="Ada", email="ada@claims.example", is_superuser=True)
    visitor.sign_in("ada")
    assert person("ada").pk != ada.pk
    assert not person("ada").is_superuser


def test_whoever_was_archived_stays_out(visitor: Visitor, experts: Cast) -> None:
    visitor.sign_in("eddie")
    User.objects.filter(pk=person("eddie").pk).update(is_active=False)
    assert visitor.client.get("/p/claims/reviews/")["Location"].startswith("/sign-in/"), "out with the next click"
    response = visitor.sign_in("eddie")
    assert response.status_code == 403
    assert "Your account here is closed." in text(response)
    assert Entry.objects.get(action="sign_in.refused").object_uid == person("eddie").uid


def test_signing_out_ends_the_session_at_the_provider(visitor: Visitor, experts: Cast) -> None:
    visitor.sign_in("eddie")
    leaving = visitor.client.post("/sign-out/")["Location"]
    assert "id_token_hint=" in leaving
    assert "_auth_user_id" not in visitor.client.session
    asked = visitor.at_provider.get(leaving, timeout=10)
    assert "Leave the test provider?" in asked.text
    assert Entry.objects.filter(action="person.signed_out", actor_uid=person("eddie").uid).exists()


def test_a_code_works_once(visitor: Visitor, experts: Cast) -> None:
    """Not by our forgetting the state alone: the provider itself refuses it for a second state."""
    from urllib.parse import parse_qs, urlsplit

    callback = visitor.answer_of_provider(visitor.leave_for_provider(), "eddie")
    code = parse_qs(urlsplit(callback).query)["code"][0]
    assert visitor.client.get(callback).status_code == 302
    other = Visitor(Client())
    state = parse_qs(urlsplit(other.leave_for_provider()).query)["state"][0]
    response = other.client.get("/oidc/callback/", {"code": code, "state": state})
    assert response.status_code == 400
    assert "This sign-in was used already" in text(response)
    assert "_auth_user_id" not in other.client.session
    assert visitor.client.get(callback).status_code == 400, "nor does the whole address work again"


def test_it_signs_with_an_elliptic_curve_too(client: Client, certified_with_es256: Certified, settings: Any, db: None) -> None:
    use(settings, certified_with_es256.issuer, OIDC_RP_SIGN_ALGO="ES256", OIDC_RP_SCOPES=SCOPES)
    assert Visitor(client).sign_in("vera").status_code == 302
    assert person("vera").name == "Vera Visitor"


def test_a_site_admin_group_makes_and_unmakes_one(visitor: Visitor, cast: Cast, with_certified: Certified) -> None:
    add_mapping(pattern="studio-admins", site_admin=True, actor=cast.root)
    visitor.sign_in("ada")
    assert person("ada").is_site_admin
    with_certified.says("ada", groups=[])
    Visitor(Client()).sign_in("ada")
    assert not person("ada").is_site_admin


def test_only_the_allowed_groups_enter(visitor: Visitor, experts: Cast, with_certified: Certified, settings: Any) -> None:
    settings.OIDC_ALLOWED_GROUPS = ["everyone"]
    visitor.sign_in("eddie")
    with_certified.says("eddie", groups=["claims-experts"])
    when_due(visitor.client)
    response = visitor.renew("/")
    assert response.status_code == 403
    assert "none of your groups may use Prompt Studio" in text(response)
    assert "_auth_user_id" not in visitor.client.session
    assert Entry.objects.filter(action="sign_in.refused").count() == 1


def test_a_project_is_made_in_time_only_where_that_is_wanted(
    visitor: Visitor, cast: Cast, with_certified: Certified, settings: Any
) -> None:
    add_mapping(pattern="promptstudio-<project>-<role>", actor=actors.system())
    with_certified.says("vera", groups=["promptstudio-motor-claims-domain-expert", "promptstudio-claims-viewer"])
    visitor.sign_in("vera")
    assert roles("vera") == [("claims", "viewer", "provider")]
    settings.OIDC_CREATE_PROJECTS = True
    Visitor(Client()).sign_in("vera")
    assert roles("vera") == [("motor-claims", "domain_expert", "provider"), ("claims", "viewer", "provider")]

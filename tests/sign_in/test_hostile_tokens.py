"""What a provider, or somebody between, could hand us. Each is refused, nobody is signed in, and the trail says why."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client

from promptstudio.accounts.models import Identity, User
from promptstudio.audit.chain import faults
from promptstudio.audit.models import Entry
from promptstudio.web.sign_in.backend import groups_in
from tests.web.reading import text

from .certified import CLIENT_ID
from .hostile import OTHER_HOSTS, Hostile

pytestmark = pytest.mark.django_db


def refused(client: Client, response: Any, because: str, status: int = 400) -> str:
    """The page; nobody is signed in, nobody was made, and the trail has one refusal with its reason and no word from outside."""
    assert response.status_code == status
    assert "_auth_user_id" not in client.session
    assert not User.objects.filter(kind="person").exists()
    entry = Entry.objects.get(action="sign_in.refused")
    assert json.loads(entry.data) == {"because": because}
    assert list(faults()) == []
    return text(response)


def test_an_honest_token_signs_in(client: Client, hostile: Hostile) -> None:
    """So that the refusals below are about what they change."""
    assert hostile.come_back(client)["Location"] == "/"
    assert User.objects.get(kind="person").name == "Some Body"
    assert "_auth_user_id" in client.session


def test_the_code_is_bound_to_this_browser(client: Client, hostile: Hostile) -> None:
    """PKCE: the verifier that is sent fits the challenge that was shown."""
    leaving = client.get("/oidc/authenticate/")["Location"]
    said = parse_qs(urlsplit(leaving).query)
    hostile.nonce = said["nonce"][0]
    client.get("/oidc/callback/", {"code": "a-code", "state": said["state"][0]})
    digest = hashlib.sha256(hostile.received[0]["code_verifier"][0].encode()).digest()
    assert said["code_challenge"] == [base64.urlsafe_b64encode(digest).decode().rstrip("=")]
    assert said["code_challenge_method"] == ["S256"]


@pytest.mark.parametrize(
    ("because", "claims"),
    [
        ("wrong_issuer", {"iss": "https://another.example"}),
        ("wrong_audience", {"aud": "another-program"}),
        ("wrong_audience", {"aud": ["another-program"]}),
        ("wrong_party", {"aud": [CLIENT_ID, "another-program"]}),
        ("wrong_party", {"aud": [CLIENT_ID, "another-program"], "azp": "another-program"}),
        ("wrong_party", {"azp": "another-program"}),
        ("wrong_nonce", {"nonce": "of-another-sign-in"}),
        ("wrong_nonce", {"nonce": None}),
        ("wrong_nonce", {"nonce": ["a", "list"]}),
        ("expired", {"exp": int(time.time()) - 3600}),
        ("not_yet_valid", {"iat": int(time.time()) + 3600}),
        ("claim_missing", {"exp": None}),
        ("claim_missing", {"iat": None}),
        ("claim_missing", {"aud": None}),
        ("claim_missing", {"iss": None}),
        ("claim_missing", {"sub": None}),
        ("wrong_subject", {"sub": ""}),
        ("wrong_subject", {"sub": "s" * 256}),
        ("malformed", {"sub": 7}),
    ],
    # No values: they hold the time, and two test processes must agree on the names.
    ids=lambda value: value if isinstance(value, str) else "+".join(value),
)
def test_a_token_for_something_else_is_refused(client: Client, hostile: Hostile, because: str, claims: dict[str, Any]) -> None:
    hostile.claims = claims
    page = refused(client, hostile.come_back(client), because)
    assert "cannot be trusted, so nobody was signed in" in page


def test_a_token_for_us_and_others_is_taken_when_we_asked_for_it(client: Client, hostile: Hostile) -> None:
    hostile.claims = {"aud": [CLIENT_ID, "another-program"], "azp": CLIENT_ID}
    assert hostile.come_back(client).status_code == 302


def test_a_token_signed_by_somebody_else_is_refused(client: Client, hostile: Hostile) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    hostile.token = lambda claims: hostile.signed(claims, stranger)
    refused(client, hostile.come_back(client), "wrong_signature")


def test_a_token_that_was_changed_is_refused(client: Client, hostile: Hostile) -> None:
    def changed(claims: dict[str, Any]) -> str:
        head, _, signature = hostile.signed(claims).split(".")
        body = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "somebody-else"}).encode()).decode().rstrip("=")
        return f"{head}.{body}.{signature}"

    hostile.token = changed
    refused(client, hostile.come_back(client), "wrong_signature")


def test_a_token_without_a_signature_is_refused(client: Client, hostile: Hostile) -> None:
    hostile.token = lambda claims: jwt.encode(claims, "", algorithm="none")
    refused(client, hostile.come_back(client), "wrong_algorithm")


def test_a_token_signed_with_the_public_key_as_a_password_is_refused(client: Client, hostile: Hostile) -> None:
    """The public key is no secret: whoever takes HMAC for RSA lets everybody sign."""
    public = hostile.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def forged(claims: dict[str, Any], alg: str = "HS256") -> str:
        head, body = (
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in ({"alg": alg, "typ": "JWT", "kid": hostile.kid}, claims)
        )
        signature = base64.urlsafe_b64encode(hmac.digest(public, f"{head}.{body}".encode(), "sha256")).decode().rstrip("=")
        return f"{head}.{body}.{signature}"

    hostile.token = forged
    refused(client, hostile.come_back(client), "wrong_algorithm")


def test_hmac_under_the_name_of_the_right_algorithm_is_refused(client: Client, hostile: Hostile) -> None:
    """And a symmetric key among the provider's keys signs nothing."""
    secret = {"kty": "oct", "k": base64.urlsafe_b64encode(b"s" * 32).decode().rstrip("="), "kid": "first"}
    hostile.answers["/keys"] = (200, {"keys": [secret]})
    refused(client, hostile.come_back(client), "unknown_key")


def test_another_algorithm_than_the_agreed_one_is_refused(client: Client, hostile: Hostile, settings: Any) -> None:
    """Even one that is good: what is accepted is pinned, and not read from the token."""
    curve = ec.generate_private_key(ec.SECP256R1())
    hostile.token = lambda claims: jwt.encode(claims, curve, algorithm="ES256", headers={"kid": "first"})
    refused(client, hostile.come_back(client), "wrong_algorithm")


def test_an_algorithm_that_nobody_accepts_is_refused_whatever_is_set(client: Client, hostile: Hostile, settings: Any) -> None:
    settings.OIDC_RP_SIGN_ALGO = "HS256"
    hostile.token = lambda claims: jwt.encode(claims, settings.OIDC_RP_CLIENT_SECRET, algorithm="HS256", headers={"kid": "first"})
    refused(client, hostile.come_back(client), "wrong_algorithm")


@pytest.mark.parametrize("token", ["", "three.bad.parts", "x" * 5000, "\x00"], ids=["empty", "parts", "long", "nul"])
def test_what_is_no_token_is_refused(client: Client, hostile: Hostile, token: str) -> None:
    hostile.token = lambda claims: token
    refused(client, hostile.come_back(client), "malformed")


@pytest.mark.parametrize("token", [None, 7, {"a": "token"}], ids=str)
def test_an_answer_without_a_token_is_refused(client: Client, hostile: Hostile, token: Any) -> None:
    hostile.answers["/token"] = (200, {"access_token": "access", "id_token": token})
    refused(client, hostile.come_back(client), "no_token")


def test_keys_that_are_none_sign_nothing(client: Client, hostile: Hostile) -> None:
    hostile.answers["/keys"] = (200, {"keys": ["key", {"kty": "RSA"}, {"kty": "RSA", "kid": "first", "n": "!", "e": "!"}]})
    refused(client, hostile.come_back(client), "malformed")


def test_a_new_key_of_the_provider_is_looked_up_once(client: Client, hostile: Hostile) -> None:
    hostile.come_back(client)
    hostile.key, hostile.kid = rsa.generate_private_key(public_exponent=65537, key_size=2048), "second"
    assert hostile.come_back(Client()).status_code == 302
    assert hostile.asked.count("/keys") == 2
    assert hostile.come_back(Client()).status_code == 302
    assert hostile.asked.count("/keys") == 2, "a known key is not looked up again"
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    hostile.token = lambda claims: jwt.encode(claims, stranger, algorithm="RS256", headers={"kid": "third"})
    assert hostile.come_back(Client()).status_code == 400
    assert hostile.asked.count("/keys") == 3, "an unknown one is looked up once and no more"


def test_a_state_from_elsewhere_is_refused(client: Client, hostile: Hostile) -> None:
    hostile.come_back(Client())
    User.objects.filter(kind="person").update(kind="service_account")
    client.get("/oidc/authenticate/")
    page = refused(client, client.get("/oidc/callback/", {"code": "a-code", "state": "of-somebody-else"}), "wrong_state")
    assert "did not begin in this browser" in page


def test_an_answer_works_once_even_when_the_provider_takes_it_twice(client: Client, hostile: Hostile) -> None:
    hostile.come_back(client)
    asked = len(hostile.received)
    assert client.get("/oidc/callback/", hostile.used).status_code == 400
    assert len(hostile.received) == asked, "the provider is not even asked"


def test_a_callback_out_of_the_blue_is_refused_and_signs_nobody_out(client: Client, hostile: Hostile) -> None:
    hostile.come_back(client)
    for asked in ({"code": "a", "state": "b"}, {"error": "login_required"}, {"error": "access_denied", "state": "b"}, {}):
        assert client.get("/oidc/callback/", asked).status_code == 400
    assert "_auth_user_id" in client.session


def test_userinfo_about_somebody_else_is_refused(client: Client, hostile: Hostile) -> None:
    hostile.userinfo = {"sub": "somebody-else", "groups": ["studio-admins"]}
    refused(client, hostile.come_back(client), "another_subject")


def test_the_same_subject_of_another_issuer_is_somebody_else(client: Client, hostile: Hostile) -> None:
    root = User.objects.create_user("root", name="Root", is_superuser=True)
    Identity.objects.create(user=root, issuer="https://another.example", subject="somebody")
    hostile.come_back(client)
    assert client.session["_auth_user_id"] != str(root.pk)
    assert not User.objects.get(pk=client.session["_auth_user_id"]).is_superuser


@pytest.mark.parametrize("verified", [False, None, "false", 1, "yes"], ids=str)
def test_an_unverified_address_is_not_kept(client: Client, hostile: Hostile, verified: Any) -> None:
    hostile.claims = {"email": "ada@claims.example", "email_verified": verified}
    hostile.come_back(client)
    assert User.objects.get(kind="person").email == ""


def test_a_verified_mark_counts_only_beside_its_own_address(client: Client, hostile: Hostile) -> None:
    hostile.claims = {"email": "ada@claims.example"}
    hostile.userinfo = {"email": "mine@claims.example", "email_verified": True}
    hostile.come_back(client)
    assert User.objects.get(kind="person").email == ""


def test_an_address_that_is_no_longer_verified_goes(client: Client, hostile: Hostile) -> None:
    hostile.claims = {"email": "some@claims.example", "email_verified": True}
    hostile.come_back(client)
    assert User.objects.get(kind="person").email == "some@claims.example"
    hostile.claims = {"email": "some@claims.example", "email_verified": False}
    hostile.come_back(Client())
    assert User.objects.get(kind="person").email == ""


@pytest.mark.parametrize(
    "name", ["\x00\x1b[31m Ada\n\u202e ", "n" * 5000, "", 7, {"a": 1}], ids=["control", "long", "empty", "number", "object"]
)
def test_a_hostile_name_is_made_harmless(client: Client, hostile: Hostile, name: Any) -> None:
    hostile.claims = {"name": name}
    assert hostile.come_back(client).status_code == 302
    kept = User.objects.get(kind="person").name
    assert 0 < len(kept) <= 200
    assert kept.isprintable()


def test_nobody_takes_the_user_name_that_somebody_has(client: Client, hostile: Hostile) -> None:
    """User names are typed where roles are given."""
    User.objects.create_user("some-body", name="The real one", kind="service_account")
    hostile.claims = {"preferred_username": "some-body", "name": "Some Body"}
    hostile.come_back(client)
    assert User.objects.get(kind="person").username.startswith("some-body-")


@pytest.mark.parametrize("groups", [7, {"a": "group"}, ["x", 7, None, {"a": 1}], "x", []], ids=str)
def test_strange_groups_give_nothing_and_break_nothing(client: Client, hostile: Hostile, groups: Any) -> None:
    hostile.claims = {"groups": groups}
    assert hostile.come_back(client).status_code == 302


@pytest.mark.parametrize(
    ("claim", "names"),
    [("one", {"one"}), ("[one, two words]", {"one", "two words"}), (["one", "[two]"], {"one", "[two]"})],
    ids=["text", "brackets", "list"],
)
def test_groups_come_as_a_list_or_as_text(claim: Any, names: set[str]) -> None:
    assert groups_in({}, {"groups": claim}) == names
    assert groups_in({"groups": claim}, {}) == names


def test_an_answer_that_names_another_issuer_is_refused(client: Client, hostile: Hostile) -> None:
    leaving = parse_qs(urlsplit(client.get("/oidc/authenticate/")["Location"]).query)
    hostile.nonce = leaving["nonce"][0]
    answer = {"code": "a-code", "state": leaving["state"][0], "iss": "https://another.example"}
    refused(client, client.get("/oidc/callback/", answer), "wrong_issuer")


def test_groups_that_are_only_pointed_to_are_said(client: Client, hostile: Hostile) -> None:
    hostile.claims = {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.example"}}}
    page = refused(client, hostile.come_back(client), "too_many_groups", status=403)
    assert "You are in more groups than your company’s sign-in sends along" in page


@pytest.mark.parametrize("wanted", OTHER_HOSTS)
def test_it_never_leads_to_another_host(client: Client, hostile: Hostile, wanted: str) -> None:
    assert hostile.come_back(client, next=wanted)["Location"] == "/"


def test_it_leads_to_the_page_that_was_asked_for(client: Client, hostile: Hostile) -> None:
    wanted = "/p/claims/reviews/?q=storm&state=closed"
    assert hostile.come_back(client, next=wanted)["Location"] == wanted


def test_words_from_outside_are_not_shown(client: Client, hostile: Hostile) -> None:
    """Anybody can write them into the address of the callback."""
    state = parse_qs(urlsplit(client.get("/oidc/authenticate/")["Location"]).query)["state"][0]
    said = {"error": "<script>alert(1)</script>", "error_description": "Call +1 555 0100 to unlock", "state": state}
    page = refused(client, client.get("/oidc/callback/", said), "provider_refused")
    assert "alert(1)" not in page
    assert "555" not in page


def test_the_session_before_is_not_the_session_after(client: Client, hostile: Hostile) -> None:
    client.get("/oidc/authenticate/")
    before = client.session.session_key
    hostile.come_back(client)
    assert client.session.session_key != before

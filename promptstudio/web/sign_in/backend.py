"""mozilla-django-oidc, made strict: as it comes it takes a token for another audience and hands an account to an unverified e-mail."""

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from promptstudio.accounts.models import User
from promptstudio.accounts.signing_in import Provided, arrive, refuse_sign_in
from promptstudio.lib.errors import NotAllowed
from promptstudio.projects.group_mappings import apply_groups

from . import tokens
from .arrivals import stranger
from .discovery import provider
from .failures import ProviderMisconfigured, SignInFailed, TokenRefused
from .provider import ask, json_of

PATH = f"{__name__}.Backend"


class Backend(OIDCAuthenticationBackend):
    """`authenticate` raises SignInFailed; `id_token` is then the one that signed in."""

    id_token = ""

    def __init__(self) -> None:
        # The library reads its endpoints here, and a backend is made for each request of whoever is signed in: no network then.
        self.OIDC_RP_CLIENT_ID = settings.OIDC_RP_CLIENT_ID
        self.OIDC_RP_CLIENT_SECRET = settings.OIDC_RP_CLIENT_SECRET
        self.OIDC_RP_SIGN_ALGO = settings.OIDC_RP_SIGN_ALGO
        self.UserModel = User

    def get_user(self, user_id: Any) -> User | None:
        """Whoever was archived is out with their next click, and everybody when single sign-on is switched off."""
        if not settings.OIDC_ISSUER:
            return None
        return User.objects.filter(pk=user_id, is_active=True).first()

    def get_token(self, payload: dict[str, Any]) -> dict[str, Any]:
        """The code for tokens. A code that was used before, or is somebody else's, is refused by the provider."""
        found = provider()
        auth = None
        if not found.secret_in_body:
            # RFC 6749 2.3.1: both halves are form-encoded before they become basic authentication.
            auth = (quote(payload["client_id"], safe=""), quote(payload.pop("client_secret"), safe=""))
        answer = ask("POST", found.token_endpoint, data=payload, auth=auth)
        if answer.status_code == 400 and _error(answer) == "invalid_grant":
            raise SignInFailed("code_refused", "This sign-in was used already, or it took too long. Start again.")
        if answer.status_code in (400, 401, 403):
            raise ProviderMisconfigured("client_refused")
        return json_of(answer)

    def verify_token(self, token: Any, **kwargs: Any) -> dict[str, Any]:
        found = provider()
        claims = tokens.verified(
            token,
            key=tokens.key_of(found.jwks_uri, self.OIDC_RP_SIGN_ALGO),
            algorithm=self.OIDC_RP_SIGN_ALGO,
            client_id=self.OIDC_RP_CLIENT_ID,
            issuer=found.issuer,
        )
        tokens.require_nonce(claims, kwargs.get("nonce"))
        return claims

    def get_userinfo(self, access_token: Any, id_token: Any, payload: dict[str, Any]) -> dict[str, Any]:
        """What the provider tells beside the token; nothing where it has no such endpoint."""
        address = provider().userinfo_endpoint
        if not address or not isinstance(access_token, str):
            return {}
        answer = ask("GET", address, headers={"Authorization": f"Bearer {access_token}"})
        if answer.status_code in (401, 403):
            raise TokenRefused("userinfo_refused")
        info = json_of(answer)
        if info.get("sub") != payload["sub"]:
            raise TokenRefused("another_subject")
        return info

    def store_tokens(self, access_token: Any, id_token: str) -> None:
        # Kept by the view once the session is the person's own: signing in may begin a new one.
        self.id_token = id_token

    def get_or_create_user(self, access_token: Any, id_token: Any, payload: dict[str, Any]) -> User:
        info = self.get_userinfo(access_token, id_token, payload)
        groups = groups_in(info, payload)
        actor = stranger(self.request)
        try:
            person = arrive(provided=provided(info, payload), actor=actor)
        except NotAllowed as error:
            raise SignInFailed("archived", error.sentence, status=403, kept=True) from error
        may_enter = not settings.OIDC_ALLOWED_GROUPS or bool(groups & set(settings.OIDC_ALLOWED_GROUPS))
        # Whoever may not enter any more loses what their groups gave as well.
        apply_groups(person=person, groups=groups, create_projects=settings.OIDC_CREATE_PROJECTS and may_enter, actor=actor)
        if not may_enter:
            refuse_sign_in(reason="not_in_an_allowed_group", person=person, actor=actor)
            sentence = (
                "Your company signed you in, but none of your groups may use Prompt Studio. Ask whoever gives access in your company."
            )
            raise SignInFailed("not_in_an_allowed_group", sentence, status=403, kept=True)
        return person


def provided(info: dict[str, Any], payload: dict[str, Any]) -> Provided:
    """The token, which is signed, goes before userinfo. An address counts only beside its own `email_verified`."""
    told = {**info, **payload}
    full = " ".join(str(told.get(part) or "") for part in ("given_name", "family_name")).strip()
    name = told.get("name") or full or told.get("preferred_username") or ""
    source = payload if payload.get("email") else info
    # Cognito's userinfo says "true" in text.
    verified = source.get("email_verified")
    email = source.get("email") if verified is True or verified == "true" else ""
    return Provided(issuer=payload["iss"], subject=payload["sub"], name=_text(name), email=_text(email))


def groups_in(info: dict[str, Any], payload: dict[str, Any]) -> set[str]:
    """The names in OIDC_GROUPS_CLAIM. Raises SignInFailed when the provider only points to a list that is too long."""
    claim = settings.OIDC_GROUPS_CLAIM
    found = payload.get(claim, info.get(claim))
    elsewhere = payload.get("_claim_names") or info.get("_claim_names") or {}
    if found is None and isinstance(elsewhere, dict) and claim in elsewhere:
        raise SignInFailed(
            "too_many_groups",
            "You are in more groups than your company’s sign-in sends along, so your roles are not known. Whoever runs Prompt Studio can"
            " have it send only the groups that are assigned to this application.",
            status=403,
        )
    if isinstance(found, str):
        # Cognito hands on a list that it had by SAML as one text: [first, second].
        found = found[1:-1].split(", ") if found.startswith("[") and found.endswith("]") else [found]
    return {name for name in found if isinstance(name, str)} if isinstance(found, list) else set()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _error(answer: Any) -> object:
    try:
        found = answer.json()
    except ValueError:
        return None
    return found.get("error") if isinstance(found, dict) else None


def authenticated(request: HttpRequest, *, nonce: str | None, code_verifier: str | None) -> tuple[User, str]:
    """The person and the ID token. Raises SignInFailed."""
    backend = Backend()
    person = backend.authenticate(request, nonce=nonce, code_verifier=code_verifier)
    if person is None:
        raise SignInFailed("no_code", "The answer of your company’s sign-in is not complete. Start again.")
    return person, backend.id_token

"""One way to the provider and back: state, nonce and PKCE, kept in the session under the state."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import get_random_string
from mozilla_django_oidc.utils import add_state_and_verifier_and_nonce_to_session, generate_code_challenge

from .discovery import provider

STATES = "oidc_states"


@dataclass(frozen=True)
class Flow:
    """What was noted when the person left. `silent`: a renewal, at which the provider may ask nothing."""

    nonce: str
    code_verifier: str
    next: str
    silent: bool


def begin(request: HttpRequest, *, next_page: str, silent: bool = False) -> str:
    """The provider's address to send the person to. Raises SignInFailed when the provider is away."""
    endpoint = provider().authorization_endpoint
    state, nonce, verifier = get_random_string(32), get_random_string(32), get_random_string(64)
    asked = {
        "response_type": "code",
        "scope": settings.OIDC_RP_SCOPES,
        "client_id": settings.OIDC_RP_CLIENT_ID,
        "redirect_uri": request.build_absolute_uri(reverse("oidc_authentication_callback")),
        "state": state,
        "nonce": nonce,
        "code_challenge": generate_code_challenge(verifier, "S256"),
        "code_challenge_method": "S256",
    }
    if silent:
        asked["prompt"] = "none"
    add_state_and_verifier_and_nonce_to_session(request, state, asked, verifier)
    request.session[STATES][state] |= {"next": next_page, "silent": silent}
    request.session.modified = True
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"


def take(request: HttpRequest, state: str) -> Flow | None:
    """What belongs to `state`, once: it is forgotten, so that an answer cannot be used again."""
    states: dict[str, Any] = request.session.get(STATES) or {}
    noted = states.pop(state, None)
    if noted is None:
        return None
    request.session[STATES] = states
    request.session.save()
    # The provider takes its time, and another tab may change the session meanwhile: read it again when it is next needed.
    request.session = request.session.__class__(request.session.session_key)
    return Flow(nonce=noted["nonce"], code_verifier=noted["code_verifier"], next=noted.get("next", "/"), silent=noted.get("silent", False))

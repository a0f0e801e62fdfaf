"""To the provider and back, and out again."""

import time
from urllib.parse import urlencode, urlsplit

import structlog
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import BACKEND_SESSION_KEY, login, logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from promptstudio.accounts.signing_in import note_sign_in, refuse_sign_in
from promptstudio.accounts.signing_in import sign_out as leave
from promptstudio.lib.secrets import opened, sealed

from ..requests import StudioRequest, public
from .arrivals import safe_next, stranger
from .backend import PATH, authenticated
from .discovery import provider
from .failures import ProviderAway, SignInFailed, TokenRefused
from .flow import Flow, begin, take
from .throttled import count_failure, count_start, turn_away

RENEW_AT = "oidc_id_token_expiration"
ID_TOKEN = "oidc_id_token"  # noqa: S105  (the name of a place in the session)
ORIGINS = "oidc_origins"  # for the content policy, which must not ask anybody
LONGEST_HINT = 4000  # characters; a token with many groups makes an address that servers refuse
# The provider has no session of the person any more, or wants to ask something: no failure, a sign-in.
ASK_AGAIN = {"login_required", "interaction_required", "consent_required", "account_selection_required"}
CANCELLED = "The sign-in was cancelled, or your company does not let you into Prompt Studio."
REFUSED = "Your company’s sign-in refused the request. Whoever runs Prompt Studio finds the reason in the provider’s log."
log = structlog.get_logger(__name__)


@public
@require_GET
def authenticate(request: HttpRequest) -> HttpResponse:
    """`?next=` a page of ours."""
    if not settings.OIDC_ISSUER:
        raise Http404
    next_page = safe_next(request, request.GET.get("next"))
    count_start(request)
    try:
        return HttpResponseRedirect(begin(request, next_page=next_page))
    except SignInFailed as error:
        return failed(request, error, next_page)


@public
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    if not settings.OIDC_ISSUER:
        raise Http404
    flow = take(request, request.GET.get("state", ""))
    if flow is None:
        turn_away(request)
        # Not ours, or ours and used. Whoever is signed in stays so: anybody can make a browser open this address.
        sentence = "This sign-in did not begin in this browser, or it was used already. Start again."
        return failed(request, SignInFailed("wrong_state", sentence), "/")
    try:
        return _finish(request, flow)
    except SignInFailed as error:
        if flow.silent and error.status < 500:
            _end(request, error.because)
        return failed(request, error, flow.next)


@require_POST
def sign_out(request: StudioRequest) -> HttpResponse:
    """Ends the session here and, where the provider offers it, there."""
    by_provider = request.session.get(BACKEND_SESSION_KEY) == PATH
    address = _end_session_address(request) if by_provider else ""
    _end(request, "asked")
    if by_provider and not address:
        messages.warning(request, "You are signed out here. Your company’s sign-in goes on until you sign out there as well.")
    else:
        messages.info(request, "You are signed out.")
    return redirect(address or "sign_in")


def failed(request: HttpRequest, error: SignInFailed, next_page: str) -> HttpResponse:
    """The page that says why, with the way to try again. What we refused is in the trail; an absent provider only in the log."""
    log.warning("sign_in.failed", because=error.because)
    if error.status < 500 and count_failure(request) and not error.kept:
        refuse_sign_in(reason=error.because, actor=stranger(request))
    return render(request, "sign_in/failed.html", {"sentence": error.sentence, "next": next_page}, status=error.status)


def _finish(request: HttpRequest, flow: Flow) -> HttpResponse:
    if request.GET.get("iss", settings.OIDC_ISSUER) != settings.OIDC_ISSUER:
        # RFC 9207: an answer says whose it is, so that one provider cannot pass for another.
        raise TokenRefused("wrong_issuer")
    said = request.GET.get("error")
    if said in ASK_AGAIN and flow.silent:
        _end(request, "provider_session_ended")
        messages.info(request, "Your company’s sign-in has ended. Sign in again to go on.")
        return redirect(f"{reverse('sign_in')}?{urlencode({'next': flow.next})}")
    if said:
        raise _what_it_means(said)
    person, id_token = authenticated(request, nonce=flow.nonce, code_verifier=flow.code_verifier)
    if not flow.silent or request.user != person:
        login(request, person, backend=PATH)
        note_sign_in(person=person, way="single_sign_on", actor=stranger(request))
    request.session[ID_TOKEN] = sealed(id_token)
    request.session[ORIGINS] = provider().origins
    request.session[RENEW_AT] = time.time() + settings.OIDC_RENEW_SECONDS
    return HttpResponseRedirect(flow.next)


def _what_it_means(said: str) -> SignInFailed:
    """The provider's own words are not shown: anybody can write them into this address."""
    if said == "access_denied":
        return SignInFailed("access_denied", CANCELLED, status=403)
    if said in ("temporarily_unavailable", "server_error"):
        return ProviderAway("provider_unavailable")
    return SignInFailed("provider_refused", REFUSED)


def _end(request: HttpRequest, because: str) -> None:
    if request.user.is_authenticated:
        leave(actor=request.actor, reason=because)  # type: ignore[attr-defined]
        # The page that says so is a stranger's.
        del request.actor  # type: ignore[attr-defined]
    logout(request)


def _end_session_address(request: HttpRequest) -> str:
    """Empty when the provider has none or is away: signing out here must work then, too."""
    try:
        endpoint = provider().end_session_endpoint
    except SignInFailed:
        return ""
    if not endpoint:
        return ""
    back = request.build_absolute_uri(reverse("sign_in"))
    # Cognito has a word of its own for where to go afterwards, and refuses to work without it.
    word = "logout_uri" if urlsplit(settings.OIDC_ISSUER).netloc.startswith("cognito-idp.") else "post_logout_redirect_uri"
    said = {word: back, "client_id": settings.OIDC_RP_CLIENT_ID}
    hint = opened(request.session.get(ID_TOKEN, ""))
    if hint and len(hint) <= LONGEST_HINT:
        said["id_token_hint"] = hint
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(said)}"

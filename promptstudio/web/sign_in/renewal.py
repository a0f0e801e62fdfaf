"""Whoever came through the provider is asked for again every OIDC_RENEW_SECONDS, without a word: groups change, people leave."""

import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from ..middleware import Answer, refusal_page
from .arrivals import safe_next
from .backend import PATH
from .failures import SignInFailed
from .flow import begin
from .views import ORIGINS, RENEW_AT, failed

# What is typed is never thrown away for a renewal; but a page left open does not write for ever.
WRITES = 4  # times OIDC_RENEW_SECONDS
OPEN_ANOTHER = (
    "Your company’s sign-in has to be confirmed again before this can be saved. Open any page of Prompt Studio in another tab, then come"
    " back and send this again."
)


class Renewal:
    """Pages are renewed by way of the provider, fragments by reloading their page; what is sent waits for neither."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.headers.get("Content-Type", "").startswith("text/html") and _by_provider(request):
            # A form whose answer leads to the provider (signing out, a search at the moment of renewal) is stopped otherwise.
            response._csp_update = {"form-action": request.session.get(ORIGINS, [])}  # type: ignore[attr-defined]
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if not _by_provider(request) or getattr(view, "public", False) or _leaves(request):
            return None
        late = time.time() - float(request.session.get(RENEW_AT, 0))
        if late < 0:
            return None
        if request.method not in ("GET", "HEAD"):
            return self._write(request) if late > (WRITES - 1) * settings.OIDC_RENEW_SECONDS else None
        if getattr(request, "htmx", False) and getattr(view, "looks_on", False):
            return HttpResponse(status=204)
        if getattr(request, "htmx", False):
            return HttpResponse(status=204, headers={"HX-Redirect": _page_of(request)})
        if request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
            # A script's request cannot be led through the provider; its page will be.
            return None
        try:
            return HttpResponseRedirect(begin(request, next_page=request.get_full_path(), silent=True))
        except SignInFailed as error:
            return failed(request, error, request.get_full_path())

    def _write(self, request: HttpRequest) -> HttpResponse:
        if request.headers.get("X-Editor"):
            # The editor takes a redirect for "signed out": it keeps the words and tries again.
            return HttpResponseRedirect(f"{reverse('sign_in')}?{urlencode({'next': '/'})}")
        return refusal_page(request, OPEN_ANOTHER, 403)


def _by_provider(request: HttpRequest) -> bool:
    # The API knows keys alone and has no session.
    return not request.path.startswith(("/api/", "/static/")) and request.session.get(BACKEND_SESSION_KEY) == PATH


def _leaves(request: HttpRequest) -> bool:
    return request.path == reverse("sign_out")


def _page_of(request: HttpRequest) -> str:
    """Where the fragment's page is, which is renewed as a page."""
    parts = urlsplit(request.headers.get("HX-Current-URL", ""))
    here = parts.netloc == request.get_host()
    return safe_next(request, parts.path + (f"?{parts.query}" if parts.query else "") if here else "/")

"""Who is asking, and what they are told when a service says no."""

import uuid
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import is_valid_path

from promptstudio.accounts.actor import Actor, Via
from promptstudio.audit.services import keep_refusal
from promptstudio.lib.addresses import address_of
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.lib.throttle import TooMany
from promptstudio.projects.models import Project

from .answers import see_other
from .renaming import Renamed, led_on
from .requests import StudioRequest
from .uids import uid_in

Answer = Callable[[HttpRequest], HttpResponse]
OTHER_DOORS = ("/api/", "/admin/", "/static/")
# Never shown back: tokens, secrets, buttons, ticks and what forms carry unseen, not words that somebody typed.
NOT_TYPED = {
    "csrfmiddlewaretoken",
    "revision",
    "replaces",
    "seen",
    "next",
    "back",
    "based_on",
    "follows",
    "page",
    "stood",
    "take",
    "do",
    "step",
}
NOT_TYPED_ENDINGS = ("-seen", "-kept", "-table", "-role")


# What browsers offer and no page of ours asks for.
UNUSED = ("camera", "display-capture", "geolocation", "microphone", "midi", "payment", "publickey-credentials-get", "serial", "usb")


class PermissionsPolicy:
    """Whatever is smuggled into a page cannot use what no page of ours uses."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers["Permissions-Policy"] = ", ".join(f"{feature}=()" for feature in UNUSED)
        return response


class ActorMiddleware:
    """Gives each request its Actor, and sends whoever is not signed in to the sign-in page."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(request_id=request_id)
        # The API knows keys alone, and asking for a session would cost it a query and its caches a Vary.
        signed_in = not request.path.startswith(("/api/", "/static/")) and request.user.is_authenticated
        if signed_in and request.user.is_authenticated:
            via: Via = "admin" if request.path.startswith("/admin/") else "page"
            cast(StudioRequest, request).actor = Actor(user=request.user, via=via, request_id=request_id, address=address_of(request.META))
        response = self.get_response(request)
        if signed_in:
            # Prompts are confidential: no shared cache, and no copy behind the back button after signing out.
            response.headers.setdefault("Cache-Control", "private, no-store")
        response.headers["X-Request-ID"] = request_id
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if request.path.startswith(OTHER_DOORS) or getattr(view, "public", False) or request.user.is_authenticated:
            return None
        back = request.get_full_path() if request.method == "GET" else "/"
        redirect = redirect_to_login(back, settings.LOGIN_URL)
        if getattr(request, "htmx", False) and getattr(view, "looks_on", False):
            return HttpResponse(status=204)
        if getattr(request, "htmx", False):
            # A fragment's place is no place for a sign-in page.
            return HttpResponse(status=204, headers={"HX-Redirect": redirect["Location"]})
        return redirect


class ErrorPages:
    """NotAllowed is 403, Conflict is 409 and Invalid is 422, on one page that keeps what was typed."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or request.path.startswith(OTHER_DOORS):
            return response
        # A refused form is shown at an address that takes forms alone; whoever reloads it wants the page that it stood on.
        page = _page_above(request.path) if request.method in ("GET", "HEAD") else None
        return see_other(page) if page else _wrong_method(request, response)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if request.path.startswith("/api/") or getattr(view, "checks_characters", False):
            return None
        if any("\x00" in text for _, texts in request.POST.lists() for text in texts):
            # PostgreSQL cannot store it, and nobody means it.
            return refusal_page(
                request, "There is an invisible character (NUL) in what was sent. Type the text again, or paste it from another place.", 422
            )
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, PermissionDenied):
            # Django's administration says no without a reason, and would say so on a page of its own.
            error = NotAllowed(str(error) or "Your role does not allow this. An administrator can do it, or give you another role.")
        if isinstance(error, NotAllowed):
            refused(request, error)
        if isinstance(error, TooMany):
            response = refusal_page(request, error.sentence, 429)
            response.headers["Retry-After"] = str(error.seconds)
            return response
        if isinstance(error, Renamed) and (led := led_on(request, error)):
            return led
        for kind, status in ((NotAllowed, 403), (Conflict, 409), (Invalid, 422)):
            if isinstance(error, kind):
                return refusal_page(request, error.sentence, status, title=error.title if isinstance(error, Conflict) else "")
        return None


def _page_above(path: str) -> str | None:
    """The nearest address above `path` that leads somewhere, other than the home page and the front of a project."""
    parts = path.strip("/").split("/")
    for length in range(len(parts) - 1, 2 if parts[0] == "p" else 0, -1):
        above = "/" + "/".join(parts[:length]) + "/"
        if is_valid_path(above):
            return above
    return None


def _wrong_method(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    page = render(request, "errors/405.html", {"back_url": back_url(request)}, status=405)
    page.headers["Allow"] = response.headers["Allow"]
    return in_place_of_page(request, page)


def refused(request: HttpRequest, error: NotAllowed, *, project: Project | None = None) -> None:
    """Keep the refusal in the trail, in the chain of `project`, of `request.about_project` (a pk), or of the one that the address names."""
    actor = cast(StudioRequest, request).actor
    slug = request.resolver_match.kwargs.get("project") if request.resolver_match else None
    named = Q(slug=slug) if slug else Q(pk=getattr(request, "about_project", None))
    project = project or Project.objects.visible_to(actor).filter(named).first()
    keep_refusal(actor=actor, error=error, door=f"{request.method} {request.path}", project_uid=project.uid if project else None)


def refusal_page(request: HttpRequest, sentence: str, status: int, title: str = "") -> HttpResponse:
    """403, 409, 422 or 429 with its sentence and what was typed; in place of the whole page when a fragment asked."""
    context = {"sentence": sentence, "title": title, "typed": typed(request), "back_url": back_url(request)}
    return in_place_of_page(request, render(request, f"errors/{status}.html", context, status=status))


def in_place_of_page(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer to a fragment's request takes the whole page's place."""
    if getattr(request, "htmx", False):
        for name, value in {"HX-Retarget": "#main", "HX-Reselect": "#main", "HX-Reswap": "outerHTML"}.items():
            response.headers[name] = value
    return response


def back_url(request: HttpRequest) -> str:
    """The page on which the form stood."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    here = came_from.netloc == request.get_host()
    return came_from.path + (f"?{came_from.query}" if came_from.query else "") if here else "/"


def typed(request: HttpRequest) -> list[tuple[str, str]]:
    """What a person wrote in the form that was refused, so that nothing is lost."""
    return [
        (name.replace("_", " ").replace("-", " ").capitalize(), text)
        for name, values in request.POST.lists()
        if name not in NOT_TYPED and "password" not in name and not name.endswith(NOT_TYPED_ENDINGS)
        for text in values
        if text.strip() and uid_in(text) is None
    ]

"""The demo's sign-in: choose who you want to be. Single sign-on takes its place outside the demo."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from promptstudio.accounts.models import User

from ..requests import public
from ..uids import uid_or_404

BACKEND = "django.contrib.auth.backends.ModelBackend"


@public
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method == "POST" and settings.DEMO:
        person = get_object_or_404(_people(), uid=uid_or_404(request.POST.get("person", "")))
        login(request, person, backend=BACKEND)
        return redirect(_next(request))
    people = [_card(person) for person in _people()] if settings.DEMO else []
    return render(request, "sign_in/choose.html", {"people": people, "next": request.GET.get("next", "")})


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    messages.info(request, "You are signed out.")
    return redirect("sign_in")


def _people() -> Any:
    return User.objects.filter(kind=User.Kind.PERSON, is_active=True).prefetch_related("memberships__project")


def _card(person: User) -> dict[str, Any]:
    roles = [f"{row.get_role_display()} in {row.project}" for row in person.memberships.all()]
    return {
        "uid": person.uid,
        "name": person.name,
        "roles_words": "; ".join(roles) or ("Site admin" if person.is_superuser else "No project yet"),
        "tasks_sentence": _task({row.role for row in person.memberships.all()}),
    }


def _task(roles: set[str]) -> str:
    tasks = {
        "domain_expert": "Writes prompts and asks for review.",
        "product": "Decides what may go to production.",
        "technical": "Approves, promotes, rolls back.",
        "admin": "Keeps people, environments and conditions.",
        "auditor": "Reads what happened, and why.",
        "viewer": "Reads.",
    }
    return next((sentence for role, sentence in tasks.items() if role in roles), "")


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return wanted if wanted and safe else "/"

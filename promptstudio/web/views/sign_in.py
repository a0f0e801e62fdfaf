"""Where everybody begins: the company account, or in the demo whoever you want to be."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from promptstudio.accounts.models import User
from promptstudio.accounts.signing_in import note_sign_in

from ..requests import public
from ..sign_in.arrivals import safe_next, stranger
from ..uids import uid_or_404

BACKEND = "django.contrib.auth.backends.ModelBackend"


@public
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method == "POST" and settings.DEMO:
        person = get_object_or_404(_people(), uid=uid_or_404(request.POST.get("person", "")))
        login(request, person, backend=BACKEND)
        note_sign_in(person=person, way="demo", actor=stranger(request))
        return redirect(safe_next(request, request.POST.get("next")))
    people = [_card(person) for person in _people()] if settings.DEMO else []
    wanted = request.GET.get("next", "")
    company = _with_next("oidc_authentication_init", wanted) if settings.OIDC_ISSUER else ""
    glass = _with_next("break_glass", wanted) if settings.BREAK_GLASS else ""
    return render(request, "sign_in/choose.html", {"people": people, "next": wanted, "company": company, "break_glass": glass})


def _with_next(name: str, wanted: str) -> str:
    return f"{reverse(name)}?{urlencode({'next': wanted})}" if wanted else reverse(name)


def _people() -> Any:
    # Whoever comes from the company, or by break-glass, is not to be had without a password.
    return User.objects.filter(kind=User.Kind.PERSON, is_active=True, identities=None).prefetch_related("memberships__project")


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

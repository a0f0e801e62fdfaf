"""Your account: where you are signed in, and how to end that."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from promptstudio.accounts.models import SignedIn
from promptstudio.accounts.session_services import end_other_sessions, end_session
from promptstudio.lib import clock
from promptstudio.lib.errors import Invalid
from promptstudio.reviews.models import Substitute
from promptstudio.reviews.substitute_services import colleagues, end_substitute, name_substitute

from ..answers import see_other
from ..forms.prompts import add_errors
from ..forms.substitute import SubstituteForm
from ..requests import StudioRequest
from ..sign_in.views import sign_out


@require_safe
def account(request: StudioRequest) -> HttpResponse:
    return _page(request, SubstituteForm(None, colleagues=colleagues(person=request.actor.user)))


@require_POST
def account_substitute(request: StudioRequest) -> HttpResponse:
    form = SubstituteForm(request.POST, colleagues=colleagues(person=request.actor.user))
    if not form.is_valid():
        return _page(request, form, 422)
    given = form.cleaned_data
    try:
        row = name_substitute(substitute=form.chosen, first_day=given["since"], last_day=given["until"], actor=request.actor)
    except Invalid as error:
        add_errors(form, error.errors)
        return _page(request, form, 422)
    messages.success(request, f"{row.substitute} decides in your place from {row.first_day:%-d %B} to {row.last_day:%-d %B}.")
    return see_other(reverse("account"))


@require_POST
def account_substitute_end(request: StudioRequest, uid: UUID) -> HttpResponse:
    end_substitute(row=get_object_or_404(_substitutes(request), uid=uid), actor=request.actor)
    messages.success(request, "That has ended.")
    return see_other(reverse("account"))


def _page(request: StudioRequest, form: SubstituteForm, status: int = 200) -> HttpResponse:
    sessions = _theirs(request)
    here = [row for row in sessions if row.session_id == request.session.session_key]
    others = [row for row in sessions if row not in here]
    context = {"here": here, "others": others, "person": request.actor.user, "form": form, "named": _substitutes(request)}
    return render(request, "account/page.html", context, status=status)


def _substitutes(request: StudioRequest) -> Any:
    me = request.actor.user
    return Substitute.objects.standing().filter(Q(person=me) | Q(substitute=me)).select_related("person", "substitute")


@require_POST
def account_end(request: StudioRequest, uid: Any) -> HttpResponse:
    row = get_object_or_404(_theirs(request), uid=uid)
    if row.session_id == request.session.session_key:
        return sign_out(request)
    end_session(session=row, actor=request.actor)
    messages.success(request, f"{row.device} is signed out.")
    return see_other(reverse("account"))


@require_POST
def account_end_others(request: StudioRequest) -> HttpResponse:
    ended = end_other_sessions(keep=request.session.session_key or "", actor=request.actor)
    said = "You were signed in nowhere else." if not ended else f"Signed out in {ended} other place{'s' if ended > 1 else ''}."
    messages.success(request, said)
    return see_other(reverse("account"))


def _theirs(request: StudioRequest) -> Any:
    return SignedIn.objects.filter(user=request.actor.user, session__expire_date__gt=clock.now())

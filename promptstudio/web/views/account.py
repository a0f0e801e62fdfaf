"""Your account: where you are signed in, and how to end that."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from promptstudio.accounts.models import SignedIn
from promptstudio.accounts.session_services import end_other_sessions, end_session
from promptstudio.lib import clock

from ..answers import see_other
from ..requests import StudioRequest
from ..sign_in.views import sign_out


@require_safe
def account(request: StudioRequest) -> HttpResponse:
    sessions = _theirs(request)
    here = [row for row in sessions if row.session_id == request.session.session_key]
    others = [row for row in sessions if row not in here]
    return render(request, "account/page.html", {"here": here, "others": others, "person": request.actor.user})


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

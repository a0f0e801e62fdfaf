"""The local administrator for when the provider is away. Off unless BREAK_GLASS is set; see docs/sign-in/break-glass.md."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, login
from django.contrib.auth.backends import BaseBackend
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from promptstudio.accounts.models import Identity, User
from promptstudio.accounts.signing_in import use_break_glass
from promptstudio.lib.errors import NotAllowed

from ..requests import public
from .arrivals import safe_next, stranger
from .throttled import count_failure, turn_away

PATH = f"{__name__}.BreakGlassBackend"


class BreakGlassBackend(BaseBackend):
    """Only keeps a session that began at the page below; without BREAK_GLASS such sessions end."""

    def get_user(self, user_id: Any) -> User | None:
        if not settings.BREAK_GLASS:
            return None
        return User.objects.filter(pk=user_id, is_active=True, identities__issuer=Identity.BREAK_GLASS).first()


class BreakGlassForm(forms.Form):
    name = forms.CharField(
        max_length=60,
        help_text="As it was given to manage.py break_glass.",
        error_messages={"required": "Give the name of the local administrator."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        max_length=200,
        help_text="It works once.",
        error_messages={"required": "Give the password that the command printed."},
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


@public
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def break_glass(request: HttpRequest) -> HttpResponse:
    if not settings.BREAK_GLASS:
        raise Http404
    next_page = safe_next(request, request.POST.get("next") or request.GET.get("next"))
    form = BreakGlassForm(request.POST or None, auto_id="f-%s")
    if request.method != "POST" or not form.is_valid():
        return _page(request, form, next_page, 422 if form.is_bound else 200)
    turn_away(request, form.cleaned_data["name"])
    try:
        person = use_break_glass(name=form.cleaned_data["name"], password=form.cleaned_data["password"], actor=stranger(request))
    except NotAllowed as error:
        count_failure(request, form.cleaned_data["name"])
        form.add_error("password", error.sentence)
        return _page(request, form, next_page, 403)
    login(request, person, backend=PATH)
    return redirect(next_page)


def by_break_glass(request: HttpRequest) -> bool:
    return request.session.get(BACKEND_SESSION_KEY) == PATH


def _page(request: HttpRequest, form: BreakGlassForm, next_page: str, status: int) -> HttpResponse:
    return render(request, "sign_in/break_glass.html", {"form": form, "next": next_page}, status=status)

"""Talking about the lines of a version. The forms stand on the pages of reviews and comparisons, and lead back there."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.prompts.diff import Lines
from promptstudio.prompts.models import Version
from promptstudio.reviews import conversation_services as services
from promptstudio.reviews.models import Review, Suggestion, Thread

from ..line_talk import ShownThread, alone, say_whom_nobody_is
from ..numbers import number_in
from ..prompt_pages import prompt_or_404, render_prompt, version_or_404
from ..requests import StudioRequest, draft_url, thread_url

LARGEST = 10**7


@require_POST
def prompt_comment(request: StudioRequest, project: str, name: str, semver: str) -> HttpResponse:
    """Begin a conversation about lines of a version; what cannot be taken stands in the form again, on a page of its own."""
    prompt = prompt_or_404(request, project, name)
    version = version_or_404(prompt, semver)
    lines = _lines(request)
    try:
        begun = services.begin_thread(
            version=version,
            lines=lines,
            text=request.POST.get("text", ""),
            suggests=_suggested(request, version, lines),
            actor=request.actor,
        )
    except Invalid as error:
        if not lines.are_in(version.bundle):
            lines = Lines(lines.place, lines.first, lines.first)
        if not lines.are_in(version.bundle):
            raise
        context = {
            "version": version,
            "lines": lines,
            "original": lines.text_in(version.bundle),
            "message": lines.message_in(version.bundle),
        }
        context |= {"errors": error.errors, "typed": request.POST, "back": _back(request, "")}
        return render_prompt(request, "talk/begin.html", prompt, tab="compare_newest", status_code=422, **context)
    say_whom_nobody_is(request, begun.remarks.get())
    return _to(request, begun)


@require_safe
def thread(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    return _thread_page(request, _thread_or_404(request, project, uid))


@require_POST
def thread_reply(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    found = _thread_or_404(request, project, uid)
    try:
        with transaction.atomic():
            remark = services.reply(thread=found, text=request.POST.get("text", ""), actor=request.actor)
            if request.POST.get("settle"):
                services.resolve(thread=found, actor=request.actor)
    except Invalid as error:
        return _thread_page(request, found, 422, errors=error.errors, typed=request.POST)
    say_whom_nobody_is(request, remark)
    return _to(request, found)


@require_POST
def thread_resolve(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    return _to(request, services.resolve(thread=_thread_or_404(request, project, uid), actor=request.actor))


@require_POST
def thread_reopen(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    return _to(request, services.reopen(thread=_thread_or_404(request, project, uid), actor=request.actor))


@require_POST
def suggestion_take(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    """To the draft with the words in it; where they fit no more, to the conversation with a sentence."""
    seen = Suggestion.objects.filter(remark__thread__in=Thread.objects.visible_to(request.actor)).select_related("remark__author")
    found = get_object_or_404(seen, remark__thread__version__prompt__project__slug=project, uid=uid)
    try:
        draft = services.take_suggestion(suggestion=found, actor=request.actor)
    except Conflict as error:
        return _thread_page(request, _thread_or_404(request, project, found.remark.thread.uid), 409, conflict=error.sentence)
    messages.success(request, f"What {found.remark.author} suggested stands in this draft now. Read it before you save a version.")
    return redirect(draft_url(draft))


def _thread_page(request: StudioRequest, found: Thread, status: int = 200, **more: Any) -> HttpResponse:
    context = {"talk": alone(request, found), "shown": ShownThread(found), "asked": _asked_about(found), "errors": {}, **more}
    return render_prompt(request, "talk/thread.html", found.version.prompt, tab="compare_newest", status_code=status, **context)


def _asked_about(found: Thread) -> Review | None:
    """The review in which its version is or was decided: the open one, else the last."""
    reviews = Review.objects.filter(version=found.version).select_related("environment")
    return reviews.order_by(F("closed_at").desc(nulls_first=True), "-asked_at").first()


def _thread_or_404(request: StudioRequest, project: str, uid: UUID) -> Thread:
    found = Thread.objects.visible_to(request.actor).with_everything()
    return get_object_or_404(found, version__prompt__project__slug=project, uid=uid)


def _lines(request: StudioRequest) -> Lines:
    first, last = (min(number_in(request.POST.get(name)), LARGEST) for name in ("first", "last"))
    return Lines(request.POST.get("place", "")[:40], first, last or first)


def _suggested(request: StudioRequest, version: Version, lines: Lines) -> str | None:
    """The words of the form where somebody changed them; no tick decides whether they count. Emptied, they ask for one."""
    words, take_out = request.POST.get("words", "").replace("\r\n", "\n"), bool(request.POST.get("take_out"))
    changed = "words" in request.POST and words not in _offered(version, lines)
    if words and changed and take_out:
        raise Invalid({"suggests": "Suggest other words, or take the lines out: one of the two."})
    if not words and changed and not take_out:
        raise Invalid({"suggests": "Write the words that you suggest, or tick that the lines are taken out."})
    return "" if take_out else words if changed else None


def _offered(version: Version, lines: Lines) -> list[str]:
    """What stood in the form: the line at which it was opened, or all lines where it came back."""
    opened = (Lines(lines.place, lines.first, lines.first), lines)
    return [each.text_in(version.bundle) for each in opened if each.are_in(version.bundle)]


def _to(request: StudioRequest, found: Thread) -> HttpResponse:
    """Where the form stood, at the conversation."""
    return redirect(f"{_back(request, thread_url(found))}#talk-{found.uid}")


def _back(request: StudioRequest, otherwise: str) -> str:
    back = request.POST.get("back", "")
    return back if back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None) else otherwise

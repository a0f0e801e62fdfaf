"""Requests: asking for a prompt, who writes it, and hearing from who asked."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from promptstudio.accounts.models import User
from promptstudio.deployments.requests import OPEN_STATES, STATES, overdue, with_state
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.projects.models import Project
from promptstudio.prompts import request_services as services
from promptstudio.prompts.models import Prompt, Request
from promptstudio.prompts.request_permissions import folders_to_ask_in

from ..answers import see_other
from ..forms.asking import BAD, GOOD, AnswerForm, RequestForm, answer_forms
from ..forms.prompts import add_errors
from ..middleware import refused
from ..middleware import typed as typed_back
from ..request_page import page_context
from ..requests import StudioRequest, draft_url, request_url
from ..searching import requests_saying, typed
from ..uids import uid_or_404
from ..waiting import waiting_requests

PER_PAGE = 25
WHOSE = {"": "Everybody's", "write": "Mine to write", "asked": "I asked", "free": "Nobody has taken"}


@require_safe
def requests(request: StudioRequest, project: str) -> HttpResponse:
    """`?state=` one of STATES or `all`, `?whose=` one of WHOSE, `?overdue=1`, `?q=`. Without a state, those that are open."""
    space = _space(request, project)
    state, whose = request.GET.get("state", ""), request.GET.get("whose", "")
    found = with_state(Request.objects.visible_to(request.actor).filter(project=space).with_everything())
    found = _chosen(found, request, state, whose)
    words = typed(request)
    found = requests_saying(found, words.split())
    page = Paginator(found.order_by("-asked_at", "-id"), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "project": space,
        "page_obj": page,
        "waiting": {item.request.pk: item.kind for item in waiting_requests(request, space)},
        "states": STATES,
        "state": state if state in {*STATES, "all"} else "",
        "whose": whose if whose in WHOSE else "",
        "whose_words": WHOSE,
        "only_overdue": bool(request.GET.get("overdue")),
        "words": words,
        "filtered": any(request.GET.get(name) for name in ("state", "whose", "overdue", "q")),
    }
    return render(request, "requests/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def request_new(request: StudioRequest, project: str) -> HttpResponse:
    """A new prompt, or with `?prompt=` a change of one. `more` shows a further answer and keeps what was typed."""
    space = _space(request, project)
    name = request.GET.get("prompt", "").replace("\x00", "")
    seen = Prompt.objects.visible_to(request.actor).active().select_related("project", "folder")
    prompt = get_object_or_404(seen, project=space, name=name) if name else None
    data = request.POST if request.method == "POST" else None
    more = request.POST.get("more", "")
    form = RequestForm(
        None if more else data,
        initial=request.POST.dict() if more else None,
        folders=folders_to_ask_in(request.actor, space),
        about_a_prompt=prompt is not None,
        use_required_attribute=False,
    )
    answers = [each for kind in (GOOD, BAD) for each in answer_forms(data, kind, more=more)]
    if data is None or more:
        return _form_page(request, space, prompt, form, answers)
    if form.is_valid() & all([answer.is_valid() for answer in answers]):
        try:
            asked = services.ask_for_prompt(
                place=prompt or form.chosen_folder(),
                **{field: form.cleaned_data[field] for field in ("title", "wanted", "audience", "given", "due_on")},
                answers=[answer.answer for answer in answers if answer.answer],
                actor=request.actor,
            )
        except Invalid as error:
            wrong = add_errors(form, error.errors)
            return _form_page(request, space, prompt, form, answers, status_code=422, answers_error=wrong.get("answers", ""))
        messages.success(request, "Asked. Whoever may write here finds it on their home page, and you hear when there is something to see.")
        return see_other(request_url(asked))
    return _form_page(request, space, prompt, form, answers, status_code=422)


@require_safe
def request(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    return _page(request, _asked_or_404(request, project, uid))


@require_POST
def request_take(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    asked = _asked_or_404(request, project, uid)
    services.take_request(request=asked, actor=request.actor)
    messages.success(request, "It is yours. Start writing when you have the time.")
    return see_other(request_url(asked))


@require_POST
def request_start(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    """Leads into the editor."""
    draft = services.start_writing(request=_asked_or_404(request, project, uid), actor=request.actor)
    messages.success(request, "The good answers are kept as examples: choose one beside the preview.")
    return see_other(draft_url(draft))


@require_POST
def request_hand_over(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    asked = _asked_or_404(request, project, uid)

    def handed_over() -> None:
        to = User.objects.filter(uid=uid_or_404(request.POST["to"])).first() if request.POST.get("to") else None
        if to is None:
            raise Invalid({"to": "Choose who shall write it."})
        services.hand_over(request=asked, to=to, actor=request.actor)

    return _done(request, asked, handed_over, "Handed over.")


@require_POST
def request_decline(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    asked, reason = _asked_or_404(request, project, uid), request.POST.get("reason", "")
    return _done(request, asked, lambda: services.decline(request=asked, reason=reason, actor=request.actor), "The request is closed.")


@require_POST
def request_send_back(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    asked = _asked_or_404(request, project, uid)
    version = get_object_or_404(asked.prompt.versions, semver=request.POST.get("version", "")) if asked.prompt else None

    def sent() -> None:
        if version is None:
            raise Invalid({"version": "There is no version yet that could be sent back."})
        services.send_back(request=asked, version=version, words=request.POST.get("words", ""), actor=request.actor)

    return _done(request, asked, sent, f"Sent. {asked.asked_by} finds it on their home page.")


@require_POST
def request_confirm(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    asked = _asked_or_404(request, project, uid)
    version = asked.prompt.versions.filter(semver=request.POST.get("version", "")).first() if asked.prompt else None

    def confirmed() -> None:
        if version is None:
            raise Conflict("Nothing was sent back yet, so there is nothing to confirm.")
        services.confirm(request=asked, version=version, words=request.POST.get("words", ""), actor=request.actor)

    return _done(request, asked, confirmed, "Confirmed. Now it goes its way to where it is used.")


@require_POST
def request_reopen(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    asked, words = _asked_or_404(request, project, uid), request.POST.get("words", "")
    return _done(
        request, asked, lambda: services.reopen(request=asked, words=words, actor=request.actor), "Your words are with who writes."
    )


@require_POST
def request_say(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    asked, text = _asked_or_404(request, project, uid), request.POST.get("text", "")
    return _done(request, asked, lambda: services.say(request=asked, text=text, actor=request.actor), "")


def _done(request: StudioRequest, asked: Request, deed: Callable[[], Any], sentence: str) -> HttpResponse:
    """One call; a refusal shows the page as it stands now, with what was typed."""
    try:
        deed()
    except Invalid as error:
        return _page(request, asked, status_code=422, errors=error.errors)
    except Conflict as error:
        return _page(request, asked, status_code=409, conflict=error.sentence)
    except NotAllowed as error:
        refused(request, error, project=asked.project)
        return _page(request, asked, status_code=403, refused=error.sentence)
    if sentence:
        messages.success(request, sentence)
    return see_other(request_url(asked))


def _page(request: StudioRequest, asked: Request, *, status_code: int = 200, **more: Any) -> HttpResponse:
    request.section = "requests"  # type: ignore[attr-defined]
    fresh = with_state(Request.objects.with_everything()).get(pk=asked.pk)
    context = page_context(fresh, request.actor) | {"project": fresh.project, "errors": {}}
    if status_code != 200:
        kept = {"said": "text", "typed_words": "words", "typed_reason": "reason"}
        context |= {"typed": typed_back(request), **{name: request.POST.get(field, "") for name, field in kept.items()}}
    return render(request, "requests/page.html", context | more, status=status_code)


def _form_page(
    request: StudioRequest,
    space: Project,
    prompt: Prompt | None,
    form: RequestForm,
    answers: list[AnswerForm],
    *,
    status_code: int = 200,
    answers_error: str = "",
) -> HttpResponse:
    request.section = "requests"  # type: ignore[attr-defined]
    context = {
        "project": space,
        "prompt": prompt,
        "form": form,
        "good": [answer for answer in answers if answer.good],
        "bad": [answer for answer in answers if not answer.good],
        "wrong_answers": [answer for answer in answers if answer.errors],
        "answers_error": answers_error,
    }
    return render(request, "requests/new.html", context, status=status_code)


def _chosen(found: Any, request: StudioRequest, state: str, whose: str) -> Any:
    me = request.actor.user
    if state in STATES:
        found = found.filter(state=state)
    elif state != "all":
        found = found.filter(state__in=OPEN_STATES)
    if request.GET.get("overdue"):
        found = overdue(found)
    mine = {"write": Q(owner=me), "asked": Q(asked_by=me), "free": Q(owner=None, declined_at=None)}
    return found.filter(mine[whose]) if whose in mine else found


def _space(request: StudioRequest, project: str) -> Project:
    request.section = "requests"  # type: ignore[attr-defined]
    return get_object_or_404(Project.objects.visible_to(request.actor), slug=project)


def _asked_or_404(request: StudioRequest, project: str, uid: UUID) -> Request:
    return get_object_or_404(Request.objects.visible_to(request.actor).with_everything(), project__slug=project, uid=uid)

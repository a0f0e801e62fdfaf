"""What people do with one answer: say what they think of it, and keep it as a case of a suite."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from promptstudio.evaluations import rating_services, suite_services
from promptstudio.evaluations.cases import Case, Cases
from promptstudio.evaluations.models import Answer, Rating, Suite
from promptstudio.evaluations.permissions import can_change_suite
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.prompts.models import Prompt

from ..answer_cards import cards_of, suites_of
from ..answers import see_other
from ..forms import case_form, suite_form
from ..prompt_pages import not_found_unless, prompt_or_404, render_prompt
from ..requests import StudioRequest, checks_characters, prompt_url
from ..uids import uid_in, uid_or_404

NOTHING_CHECKED = "Nothing is checked yet: say there what a good answer has to have."


@checks_characters
@require_POST
def prompt_answer_rate(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """`verdict` is up or down, or empty to take it back; `words` only where they were written. Answers with what stands below it.

    `then=case` keeps the answer as a case too, so that whoever wrote what is wrong presses once.
    """
    prompt, answer = _answer_or_404(request, project, name, uid)
    context: dict[str, Any] = {"typed_words": request.POST.get("words", "")}
    status = 200
    try:
        rating = _rated(request, answer)
        if rating and request.POST.get("then") == "case":
            context["kept"] = _at_once(request, prompt, answer, rating, suites_of(prompt))
    except (Invalid, Conflict) as error:
        context["refused"], status = error.sentence, 422 if isinstance(error, Invalid) else 409
    if not request.htmx and not context.get("refused"):
        if suite := context.get("kept"):
            _tell_kept(request, prompt, suite, checked=False)
        return see_other(f"{_back(request, answer)}#answer-{answer.uid}")
    context |= cards_of(prompt, [answer], request.actor, back=_back(request, answer))
    context |= {"answer": answer, "heading": answer.title, "said": NOTHING_CHECKED}
    if request.htmx:
        return render(request, "answers/_verdict.html", context | {"prompt": prompt}, status=status)
    return render_prompt(request, "answers/refused.html", prompt, tab="tests", status_code=status, **context)


def _rated(request: StudioRequest, answer: Answer) -> Rating | None:
    if verdict := request.POST.get("verdict", ""):
        return rating_services.rate(answer=answer, verdict=verdict, words=request.POST.get("words"), actor=request.actor)
    rating_services.take_back_rating(answer=answer, actor=request.actor)
    return None


@checks_characters
@require_http_methods(["GET", "HEAD", "POST"])
def prompt_answer_case(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """The form that keeps an answer as a case. `?rating=` is whose words name it; with `at_once` in POST it is kept as it would open."""
    prompt, answer = _answer_or_404(request, project, name, uid)
    suites = suites_of(prompt)
    if request.method != "POST":
        return _case_page(request, prompt, answer, suites, case_form.offered(answer, suites, _rating(request, answer, request.GET)))
    if "at_once" in request.POST:
        return _kept_at_once(request, prompt, answer, suites)
    fields = case_form.typed(request.POST, answer)
    if step := request.POST.get("step", ""):
        case_form.take(fields, step, answer)
        return _case_page(request, prompt, answer, suites, fields)
    try:
        suite = _keep(request, prompt, fields, case_form.case_from(fields, answer))
    except Invalid as error:
        case_form.show(fields, error)
        return _case_page(request, prompt, answer, suites, fields, status=422)
    except Conflict as error:
        return _case_page(request, prompt, answer, suites, fields, conflict=error.sentence, status=409)
    return _kept(request, prompt, answer, suite, checked=bool(fields.case.checks))


def _kept_at_once(request: StudioRequest, prompt: Prompt, answer: Answer, suites: list[Suite]) -> HttpResponse:
    """The same without looking at it first; what is refused opens the form."""
    rating = _rating(request, answer, request.POST)
    try:
        suite = _at_once(request, prompt, answer, rating, suites)
    except (Invalid, Conflict) as error:
        fields = case_form.offered(answer, suites, rating)
        return _case_page(request, prompt, answer, suites, fields, conflict=error.sentence, status=409)
    return _kept(request, prompt, answer, suite, checked=False)


def _at_once(request: StudioRequest, prompt: Prompt, answer: Answer, rating: Rating | None, suites: list[Suite]) -> Suite:
    fields = case_form.offered(answer, suites, rating)
    fields.suite = request.POST.get("suite") or fields.suite
    # The same press twice makes the same case, so it is there once.
    uid = str(rating.uid if rating else answer.uid)
    return _keep(request, prompt, fields, case_form.case_of(answer, rating, uid=uid))


def _keep(request: StudioRequest, prompt: Prompt, fields: case_form.CaseFields, case: Case) -> Suite:
    """The suite that has the case now, behind whatever others saved meanwhile. Sent twice, it is there once."""
    if fields.suite == case_form.NEW:
        return suite_services.add_suite(prompt=prompt, name=fields.suite_name, cases=Cases(cases=(case,)), actor=request.actor)
    uid = uid_in(fields.suite)
    suite = prompt.suites.in_use().select_related("prompt__project").filter(uid=uid).first() if uid else None
    can_change_suite(request.actor, prompt).require()
    if suite is None:
        raise Invalid({"suite": "This suite is not there any more. Choose another one."})
    newest = suite.newest
    if newest.case(case.uid):
        return suite
    suite_services.save_suite(suite=suite, cases=_with(newest.content, case), follows=newest.number, actor=request.actor)
    return suite


def _with(cases: Cases, case: Case) -> Cases:
    if len(cases.cases) >= suite_form.MOST_ROWS:
        raise Invalid({"suite": f"This suite is full: it has {len(cases.cases)} cases. Choose another one."})
    # Not a copy, which would keep the digest of before.
    kept = {name: getattr(cases, name) for name in Cases.model_fields}
    return Cases(**kept | {"cases": (*cases.cases, case)})


def _kept(request: StudioRequest, prompt: Prompt, answer: Answer, suite: Suite, *, checked: bool) -> HttpResponse:
    if request.htmx:
        context = {"prompt": prompt, "kept": suite, "answer": answer, "said": "" if checked else NOTHING_CHECKED}
        return render(request, "answers/_kept.html", context)
    _tell_kept(request, prompt, suite, checked=checked)
    return see_other(f"{_back(request, answer)}#answer-{answer.uid}")


def _tell_kept(request: StudioRequest, prompt: Prompt, suite: Suite, *, checked: bool) -> None:
    there = prompt_url(prompt, "suite" if checked else "suite_edit", suite.uid)
    link = format_html('<a class="textlink" href="{}">{}</a>', there, suite.name)
    messages.success(request, format_html("It is a case of {} now. {}", link, "" if checked else NOTHING_CHECKED))


def _case_page(
    request: StudioRequest,
    prompt: Prompt,
    answer: Answer,
    suites: list[Suite],
    fields: case_form.CaseFields,
    *,
    conflict: str = "",
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "answer": answer,
        "suites": suites,
        "fields": fields,
        "new": case_form.NEW,
        "conflict": conflict,
        "may_keep": can_change_suite(request.actor, prompt),
        "back": _back(request, answer),
    }
    if request.htmx:
        return render(request, "answers/_case.html", context | {"prompt": prompt}, status=status)
    return render_prompt(request, "answers/case.html", prompt, tab="tests", status_code=status, **context)


def _answer_or_404(request: StudioRequest, project: str, name: str, uid: UUID) -> tuple[Prompt, Answer]:
    prompt = prompt_or_404(request, project, name)
    found = Answer.objects.of_prompts().filter(prompt=prompt).with_everything().select_related("wording", "prompt__project")
    return prompt, get_object_or_404(found, uid=uid)


def _rating(request: StudioRequest, answer: Answer, given: Any) -> Rating | None:
    wanted = given.get("rating", "")
    if not wanted:
        return None
    found: Rating | None = answer.ratings.filter(uid=uid_or_404(wanted)).first()
    not_found_unless(found)
    return found


def _back(request: StudioRequest, answer: Answer) -> str:
    """Where the card stood, else the round of its answer."""
    back = (request.POST if request.method == "POST" else request.GET).get("back", "")
    if back.startswith("/") and "\x00" not in back and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return back
    return prompt_url(answer.prompt, "tried", answer.round)

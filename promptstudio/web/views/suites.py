"""Tests: suites of cases, their runs, and how each case came out."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from promptstudio.evaluations import run_services, services, suite_services
from promptstudio.evaluations.cases import Cases
from promptstudio.evaluations.models import Comparison, Contest, Result, Run, Suite, SuiteVersion
from promptstudio.evaluations.owners import owners_in
from promptstudio.evaluations.permissions import can_change_suite, can_run_tests
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.projects.rules import listed
from promptstudio.prompts.catalogue import Catalogue
from promptstudio.prompts.models import ModelEntry, Prompt

from .. import sides as sides_of
from ..answer_cards import cards_of
from ..answers import see_other
from ..forms import run_form, suite_form
from ..forms.suite_pages import part_called, parts_of
from ..judging import judged_otherwise, shown
from ..model_names import models_offered
from ..progress import progress_of
from ..prompt_pages import not_found_unless, prompt_or_404, render_prompt
from ..requests import StudioRequest, checks_characters, prompt_url
from ..testing import first_turn_of, lines_of, matrix_of, overview_of, suite_or_404, variables_of

PER_PAGE = 50
# As a reader looks for them; by their names, what passed would come before what failed.
READ = (Result.Outcome.FAILED, Result.Outcome.UNKNOWN, Result.Outcome.WAITING, Result.Outcome.PASSED)
FAILURES_FIRST = Case(*(When(outcome=outcome, then=place) for place, outcome in enumerate(READ)))
MOST_CONTESTS = 10


@require_safe
def prompt_tests(request: StudioRequest, project: str, name: str) -> HttpResponse:
    prompt = prompt_or_404(request, project, name)
    context: dict[str, Any] = {"rows": overview_of(prompt), "archived": prompt.suites.exclude(archived_at=None).order_by("name")}
    return render_prompt(request, "tests/list.html", prompt, tab="tests", may_change=can_change_suite(request.actor, prompt), **context)


@checks_characters
@require_http_methods(["GET", "HEAD", "POST"])
def prompt_suite_new(request: StudioRequest, project: str, name: str) -> HttpResponse:
    prompt = prompt_or_404(request, project, name)
    variables = variables_of(prompt)
    fields = suite_form.fields_from(request.POST, Cases()) if request.method == "POST" else suite_form.SuiteFields()
    errors: dict[str, str] = {}
    if request.method == "POST" and _wants_saving(request, prompt, fields):
        try:
            cases = suite_form.cases_from(fields, Cases())
            suite = suite_services.add_suite(
                prompt=prompt,
                name=request.POST.get("name", ""),
                required="required" in request.POST,
                cases=cases,
                actor=request.actor,
            )
            messages.success(request, f"The suite {suite} is there. Run it on a version or a draft.")
            return see_other(prompt_url(prompt, "suite", suite.uid))
        except Invalid as error:
            errors = _shown(fields, error)
        except Conflict as error:
            errors = {"name": error.sentence}
    return _edit_page(request, prompt, fields, variables, errors, suite=None)


@require_safe
def prompt_suite(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """Its cases, and how they came out in the latest runs; the form to run it."""
    prompt, suite = suite_or_404(request, project, name, uid)
    return _suite_page(request, prompt, suite)


def _suite_page(request: StudioRequest, prompt: Prompt, suite: Suite, *, errors: dict[str, str] | None = None, status: int = 200) -> Any:
    newest, may_change = suite.newest, can_change_suite(request.actor, prompt)
    matrix = matrix_of(suite, newest)
    cases: dict[str, Any] = {
        "suite": suite,
        "newest": newest,
        "matrix": matrix,
        "judged_otherwise": judged_otherwise(matrix.runs, prompt.project),
        "owners": owners_in(prompt, newest.cases),
        "edit_url": prompt_url(prompt, "suite_edit", suite.uid) if may_change and not suite.archived_at else "",
    }
    if request.htmx and request.method == "GET":
        # While a run goes on; what is typed in the form beside stays, and nobody estimates it again.
        return render(request, "tests/_cases.html", cases | {"prompt": prompt})
    published = run_form.published_choices(prompt)
    choices = [*sides_of.choices(prompt), *([("Called where it is published", published)] if published else [])]
    return render_prompt(
        request,
        "tests/suite.html",
        prompt,
        tab="tests",
        status_code=status,
        **cases,
        errors=errors or {},
        **_run_form(request, prompt, newest, ModelEntry.objects.catalogue(), choices),
        may_change=may_change,
        may_try=can_run_tests(request.actor, prompt),
    )


@checks_characters
@require_http_methods(["GET", "HEAD", "POST"])
def prompt_suite_edit(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """Some of its cases: `?part=` by number, or `?case=` by the uid of one. `go` is the number of the part that comes next."""
    prompt, suite = suite_or_404(request, project, name, uid)
    newest = suite.newest
    parts = parts_of(newest.cases)
    part = part_called(parts, request.GET.get("part"), request.GET.get("case"), newest.cases)
    is_sent = request.method == "POST"
    # What the form began with: somebody may have saved since.
    seen = (suite.versions.filter(number=_number(request.POST.get("follows"))).first() or newest) if is_sent else newest
    fields = suite_form.fields_from(request.POST, seen.content) if is_sent else suite_form.fields_of(newest.content, part.start, part.end)
    more: dict[str, Any] = {"suite": suite, "newest": seen, "parts": parts, "part": part}
    errors: dict[str, str] = {}
    if is_sent and _wants_saving(request, prompt, fields):
        try:
            return _saved(request, suite, fields, seen)
        except Invalid as error:
            errors = _shown(fields, error)
        except suite_services.Overlapping as error:
            more |= {"conflict": error.sentence, "newest": suite.newest}
            fields = suite_form.fields_merged(fields, error.cases)
        except Conflict as error:
            more |= {"conflict": error.sentence, "newest": suite.newest}
    return _edit_page(request, prompt, fields, variables_of(prompt), errors, **more)


def _saved(request: StudioRequest, suite: Suite, fields: suite_form.SuiteFields, seen: SuiteVersion) -> HttpResponse:
    cases, follows, go = suite_form.cases_from(fields, seen.content), _number(request.POST.get("follows")), request.POST.get("go", "")
    if not (go and cases.digest == seen.digest):
        saved = suite_services.save_suite(suite=suite, cases=cases, follows=follows, merge=True, actor=request.actor)
        also = f", with what {_since(suite, follows, saved)} changed meanwhile" if saved.number > follows + 1 else ""
        messages.success(request, f"The cases are saved{also}. Results so far belong to the cases as they were.")
    if not go:
        return see_other(prompt_url(suite.prompt, "suite", suite.uid))
    return see_other(prompt_url(suite.prompt, "suite_edit", suite.uid) + f"?part={_number(go)}")


def _since(suite: Suite, follows: int, saved: SuiteVersion) -> str:
    """Who else saved in between."""
    between = suite.versions.filter(number__gt=follows, number__lt=saved.number).select_related("created_by").order_by("number")
    return listed(list(dict.fromkeys(version.created_by.name for version in between)))


@require_POST
def prompt_suite_change(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    prompt, suite = suite_or_404(request, project, name, uid)
    try:
        suite_services.change_suite(
            suite=suite, name=request.POST.get("name", suite.name), required="required" in request.POST, actor=request.actor
        )
    except (Invalid, Conflict) as error:
        status = 422 if isinstance(error, Invalid) else 409
        return _suite_page(request, prompt, suite, errors={"change": error.sentence}, status=status)  # type: ignore[no-any-return]
    return see_other(prompt_url(prompt, "suite", suite.uid))


@require_POST
def prompt_suite_archive(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    prompt, suite = suite_or_404(request, project, name, uid)
    refused = _put(request, prompt, suite, suite_services.archive_suite, f"The suite {suite} is archived. Its results stay.")
    return refused or see_other(prompt_url(prompt, "tests"))


@require_POST
def prompt_suite_restore(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    prompt, suite = suite_or_404(request, project, name, uid)
    refused = _put(request, prompt, suite, suite_services.restore_suite, f"The suite {suite} is there again, with its results.")
    return refused or see_other(prompt_url(prompt, "suite", suite.uid))


def _put(request: StudioRequest, prompt: Prompt, suite: Suite, service: Callable[..., None], done: str) -> HttpResponse | None:
    """Into the archive or out of it. The page of the suite where that is refused."""
    try:
        service(suite=suite, actor=request.actor)
    except Conflict as error:
        return _suite_page(request, prompt, suite, errors={"change": error.sentence}, status=409)  # type: ignore[no-any-return]
    messages.success(request, done)
    return None


@checks_characters
@require_POST
def prompt_suite_run(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """Start what was chosen; with `estimate`, say only what it would take."""
    prompt, suite = suite_or_404(request, project, name, uid)
    if "estimate" in request.POST:
        return _estimated(request, prompt, suite)
    try:
        order = run_form.order_of(prompt, run_form.typed_in(request.POST), request.actor)
        runs = run_services.start_runs(suite=suite, wanted=order.wanted, repeats=order.repeats, most=order.most, actor=request.actor)
    except (Invalid, Conflict) as error:
        errors, status = (error.errors, 422) if isinstance(error, Invalid) else ({"run": error.sentence}, 409)
        return _suite_page(request, prompt, suite, errors=errors, status=status)  # type: ignore[no-any-return]
    if len(runs) == 1:
        return see_other(prompt_url(prompt, "run", runs[0].uid))
    messages.success(request, f"{len(runs)} runs are on their way. Each fills in by itself.")
    return see_other(prompt_url(prompt, "suite", suite.uid))


def _estimated(request: StudioRequest, prompt: Prompt, suite: Suite) -> HttpResponse:
    if request.htmx:
        return render(request, "tests/_run_costs.html", _run_form(request, prompt, suite.newest, ModelEntry.objects.catalogue()))
    return _suite_page(request, prompt, suite)  # type: ignore[no-any-return]


def _run_form(
    request: StudioRequest, prompt: Prompt, newest: SuiteVersion, known: Catalogue, choices: list[Any] | None = None
) -> dict[str, Any]:
    """What the form shows, with what it would take. Where nothing was chosen yet, the first side of the list is."""
    typed, lines, refused = run_form.typed_in(request.POST), list[run_form.Line](), dict[str, str]()
    sides = typed.sides or [address for _, group in choices or [] for address, _ in group][:1]
    try:
        lines = run_form.lines_of(run_form.order_of(prompt, replace(typed, sides=sides), request.actor), newest, known)
    except Invalid as error:
        refused = error.errors
    except Conflict as error:
        refused = {"side": error.sentence}
    return {
        "choices": choices,
        "order": typed,
        "lines": lines,
        "total": run_form.total_of(lines),
        "models": models_offered(known),
        # Whoever runs it is told at the fields.
        "refused": refused if "estimate" in request.POST else {},
    }


@require_safe
def prompt_run(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """How each case came out, failures first. `?show=` failed, unknown or passed."""
    prompt = prompt_or_404(request, project, name)
    run: Any = get_object_or_404(
        Run.objects.filter(prompt=prompt).with_everything().select_related("wording").with_progress(),
        uid=uid,
    )
    show = request.GET.get("show", "")
    found = run.results.select_related("answer__wording", "answer__asked_by").prefetch_related("judgements__answer__wording")
    found = found.filter(outcome=show) if show in Result.Outcome.values else found
    page = Paginator(found.order_by(FAILURES_FIRST, "id"), PER_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "run": run,
        "progress": progress_of(run),
        "judge": shown(run.judge, prompt.project, request.actor) if run.judge else None,
        "lines": lines_of(run, page.object_list),
        "page_obj": page,
        "show": show,
        "may_try": can_run_tests(request.actor, prompt),
        # While some wait the page is drawn again and again, and would take along what is being typed.
        **cards_of(prompt, [] if run.waiting else [r.answer for r in page.object_list], request.actor, back=request.get_full_path()),
    }
    if request.htmx:
        return render(request, "tests/_run.html", context | {"prompt": prompt})
    context |= {"contests": Contest.objects.of_run(run).with_everything()[:MOST_CONTESTS]}
    context |= {"comparisons": Comparison.objects.of_run(run).with_everything()[:MOST_CONTESTS]}
    return render_prompt(request, "tests/run.html", prompt, tab="tests", **context)


@require_POST
def prompt_run_stop(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    prompt = prompt_or_404(request, project, name)
    not_found_unless(Run.objects.filter(prompt=prompt, uid=uid).exists())
    services.stop_asking(prompt=prompt, round_uid=uid, actor=request.actor)
    return see_other(prompt_url(prompt, "run", uid))


def _wants_saving(request: StudioRequest, prompt: Prompt, fields: suite_form.SuiteFields) -> bool:
    """Whether to save: a button that changes the form only is not."""
    step = request.POST.get("step", "")
    if step:
        suite_form.take(fields, step, first_turn_of(prompt))
    return not step


def _shown(fields: suite_form.SuiteFields, error: Invalid) -> dict[str, str]:
    suite_form.show(fields, error)
    return error.errors


def _edit_page(
    request: StudioRequest,
    prompt: Prompt,
    fields: suite_form.SuiteFields,
    variables: list[str],
    errors: dict[str, str],
    **more: Any,
) -> HttpResponse:
    status = 409 if more.get("conflict") else 422 if errors or fields.refused else 200
    return render_prompt(
        request,
        "tests/edit.html",
        prompt,
        tab="tests",
        status_code=status,
        fields=fields,
        variables=variables,
        errors=errors,
        owners=owners_in(prompt, more["newest"].cases if more.get("newest") else ()),
        typed_name=request.POST.get("name", ""),
        typed_required="required" in request.POST,
        may_change=can_change_suite(request.actor, prompt),
        **more,
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0

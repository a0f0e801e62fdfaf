"""Cases of a suite out of a file, and into one."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_safe

from promptstudio.evaluations import suite_services
from promptstudio.evaluations.files.writing import WRITERS
from promptstudio.evaluations.models import Suite
from promptstudio.evaluations.owners import owners_in
from promptstudio.evaluations.permissions import can_change_suite
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.prompts.models import Prompt

from ..answers import see_other
from ..case_files import ENDINGS, CaseImport, began, look, take
from ..files import attached
from ..prompt_pages import not_found_unless, prompt_or_404, render_prompt
from ..requests import StudioRequest, checks_characters, prompt_url
from ..testing import suite_or_404, variables_of


@checks_characters
@require_http_methods(["GET", "HEAD", "POST"])
def prompt_cases_import(request: StudioRequest, project: str, name: str) -> HttpResponse:
    """A file or a paste; then what would come in, where it can be corrected; then it is saved. `?suite=` is where it goes."""
    prompt = prompt_or_404(request, project, name)
    page = began(prompt, request.POST.get("into") or request.GET.get("suite", ""))
    if request.method != "POST":
        return _page(request, prompt, page)
    can_change_suite(request.actor, prompt).require()
    take(page, request.POST, request.FILES.get("file"))
    owners = owners_in(prompt, page.into.newest.cases if page.into.newest else ())
    look(page, variables_of(prompt), owners)
    if request.POST.get("step") != "save" or page.reading is None:
        return _page(request, prompt, page)
    return _save(request, prompt, page)


@require_safe
def prompt_suite_export(request: StudioRequest, project: str, name: str, uid: UUID, kind: str) -> HttpResponse:
    not_found_unless(kind in WRITERS)
    prompt, suite = suite_or_404(request, project, name, uid)
    write, content_type = WRITERS[kind]
    called = f"{prompt.name}-{slugify(suite.name) or 'cases'}.{kind}"
    return attached(HttpResponse(write(suite.newest.content), content_type=content_type), called)


def _save(request: StudioRequest, prompt: Prompt, page: CaseImport) -> HttpResponse:
    assert page.reading is not None
    if page.reading.problems and ("leave_out" not in request.POST or not page.reading.cases):
        page.told["leave_out"] = "Correct what is wrong first, or leave it out." if page.reading.cases else "None of them can come in yet."
        return _page(request, prompt, page)
    try:
        suite = _saved(request, prompt, page)
    except Invalid as error:
        page.told |= error.errors if set(error.errors) <= {"name", "into"} else {"into": error.sentence}
        return _page(request, prompt, page)
    except Conflict as error:
        page.told["name" if page.into.suite is None else "into"] = error.sentence
        return _page(request, prompt, page, status=409)
    count = len(page.reading.cases)
    messages.success(request, f"{count} case{' is' if count == 1 else 's are'} saved in {suite}.")
    return see_other(prompt_url(prompt, "suite", suite.uid))


def _saved(request: StudioRequest, prompt: Prompt, page: CaseImport) -> Suite:
    given = request.POST
    if page.into.suite is None:
        return suite_services.add_suite(
            prompt=prompt, name=given.get("name", ""), required="required" in given, cases=page.cases, actor=request.actor
        )
    follows = given.get(f"follows-{page.into.suite.uid}", "")
    number = int(follows) if follows.isascii() and follows.isdigit() and len(follows) < 10 else 0
    suite_services.save_suite(suite=page.into.suite, cases=page.cases, follows=number, actor=request.actor)
    return page.into.suite


def _page(request: StudioRequest, prompt: Prompt, page: CaseImport, *, status: int = 0) -> HttpResponse:
    return render_prompt(
        request,
        "tests/import.html",
        prompt,
        tab="tests",
        status_code=status or (422 if page.told else 200),
        page=page,
        endings=ENDINGS,
        variables=variables_of(prompt),
        owners=owners_in(prompt, page.shown),
        typed_name=request.POST.get("name", ""),
        typed_required="required" in request.POST,
        leave_out="leave_out" in request.POST,
        may_change=can_change_suite(request.actor, prompt),
    )

"""Answers of two runs against each other: a judge says which is better, case by case."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from promptstudio.evaluations import contest_services, services
from promptstudio.evaluations.contests import pairs_of, tally_of
from promptstudio.evaluations.models import Bench, Contest, Run
from promptstudio.evaluations.permissions import can_run
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.prompts.models import Prompt

from ..answers import see_other
from ..judging import shown
from ..prompt_pages import not_found_unless, prompt_or_404, render_prompt
from ..requests import StudioRequest, checks_characters, prompt_url
from ..uids import uid_or_404

MOST_OFFERED, PER_PAGE = 30, 50
SHOWN = {
    "first": ("first",),
    "second": ("second",),
    "neither": ("neither", "same"),
    "unknown": ("unknown",),
}


@checks_characters
@require_http_methods(["GET", "HEAD", "POST"])
def prompt_contest_new(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """Choose the run to compare with, and say what makes an answer better."""
    prompt = prompt_or_404(request, project, name)
    run = get_object_or_404(Run.objects.filter(prompt=prompt).with_everything(), uid=uid)
    if request.method != "POST":
        return _form_page(request, prompt, run)
    other = Run.objects.filter(prompt=prompt, uid=uid_or_404(request.POST.get("other", ""))).first() if request.POST.get("other") else None
    try:
        can_run(request.actor, prompt).require()
        if other is None:
            raise Invalid({"other": "Choose a run to compare with."})
        contest = contest_services.compare_pairwise(
            first=run, second=other, criterion=request.POST.get("criterion", ""), actor=request.actor
        )
    except Invalid as error:
        return _form_page(request, prompt, run, error.errors, status=422)
    except Conflict as error:
        return _form_page(request, prompt, run, {"other": error.sentence}, status=409)
    return see_other(prompt_url(prompt, "contest", contest.uid))


@require_safe
def prompt_contest(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """Wins, ties and losses, and what the judge said each way round. `?show=` first, second, neither or unknown."""
    prompt = prompt_or_404(request, project, name)
    contest = get_object_or_404(Contest.objects.filter(prompt=prompt).with_everything(), uid=uid)
    pairs, show = pairs_of(contest), request.GET.get("show", "")
    names = {case.uid: case.name for case in contest.first.suite_version.cases}
    page = Paginator([pair for pair in pairs if show not in SHOWN or pair.came in SHOWN[show]], PER_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "contest": contest,
        "tally": tally_of(pairs),
        "lines": [(names.get(pair.case) or "no name", pair) for pair in page.object_list],
        "page_obj": page,
        "wavered": sum(pair.wavered for pair in pairs),
        "show": show,
        "judge": shown(contest.judge, prompt.project, request.actor),
        "may_try": can_run(request.actor, prompt),
    }
    if request.htmx:
        return render(request, "contests/_contest.html", context | {"prompt": prompt})
    return render_prompt(request, "contests/contest.html", prompt, tab="tests", **context)


@require_POST
def prompt_contest_stop(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    prompt = prompt_or_404(request, project, name)
    not_found_unless(Contest.objects.filter(prompt=prompt, uid=uid).exists())
    services.stop_asking(prompt=prompt, round_uid=uid, actor=request.actor)
    return see_other(prompt_url(prompt, "contest", uid))


def _form_page(request: StudioRequest, prompt: Prompt, run: Run, errors: dict[str, str] | None = None, status: int = 200) -> HttpResponse:
    others = Run.objects.filter(suite_version=run.suite_version_id).exclude(pk=run.pk).with_everything().order_by("-id")
    return render_prompt(
        request,
        "contests/new.html",
        prompt,
        tab="tests",
        status_code=status,
        run=run,
        others=others[:MOST_OFFERED],
        chosen=request.POST.get("other", ""),
        criterion=request.POST.get("criterion", contest_services.USUAL_CRITERION),
        most=contest_services.LONGEST_CRITERION,
        calls=2 * run.results.filter(answer__state="answered").count(),
        bench=Bench.PAIR.label,
        errors=errors or {},
        may_try=can_run(request.actor, prompt),
    )

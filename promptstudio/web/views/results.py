"""Results of a suite: how its cases came out on versions and models, beside each other."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from promptstudio.evaluations.permissions import can_run_tests
from promptstudio.prompts.models import ModelEntry

from ..over_versions import over_versions
from ..prompt_pages import render_prompt
from ..requests import StudioRequest
from ..results import results_of
from ..testing import suite_or_404


@require_safe
def prompt_results(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """`?version=` and `?model=` (both more than once) choose columns; `?show=`, `?q=`, `?tag=`, `?never=` choose cases.

    `?open=` is the case whose answers are looked at, of the runs `?old=` and `?new=`, the `?repeat=`th of each.
    """
    prompt, suite = suite_or_404(request, project, name, uid)
    results = results_of(suite, request.GET, ModelEntry.objects.catalogue())
    context: dict[str, Any] = {"suite": suite, "results": results, "page_obj": results.page}
    if request.htmx:
        return render(request, "results/_matrix.html", {"prompt": prompt, **context})
    return render_prompt(request, "results/page.html", prompt, tab="tests", may_try=can_run_tests(request.actor, prompt), **context)


@require_safe
def prompt_suite_history(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """`?model=` asks how versions did on one model instead of each on its own."""
    prompt, suite = suite_or_404(request, project, name, uid)
    model = request.GET.get("model", "")
    over = over_versions(suite, model, ModelEntry.objects.catalogue())
    return render_prompt(request, "results/history.html", prompt, tab="tests", suite=suite, over=over, model=model)

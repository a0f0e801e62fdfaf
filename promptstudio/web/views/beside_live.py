"""A version's tests beside those of what is live: what got worse, and letting it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST, require_safe

from promptstudio.deployments import gates
from promptstudio.deployments.acceptance_services import accept_case, take_acceptance_back
from promptstudio.deployments.permissions import can_accept
from promptstudio.evaluations.models import Suite
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Prompt, Version

from ..answers import see_other
from ..beside_live import beside_live
from ..prompt_pages import prompt_and_place_or_404, render_prompt, version_or_404
from ..requests import StudioRequest, checks_characters, prompt_url
from ..uids import uid_or_404


@require_safe
def prompt_beside_live(request: StudioRequest, project: str, name: str, environment: str, semver: str) -> HttpResponse:
    prompt, place = prompt_and_place_or_404(request, project, name, environment)
    return _page(request, prompt, place, version_or_404(prompt, semver))


@checks_characters
@require_POST
def prompt_case_accept(request: StudioRequest, project: str, name: str, environment: str, semver: str) -> HttpResponse:
    """Accept a case that got worse, or (`back`) take that back."""
    prompt, place = prompt_and_place_or_404(request, project, name, environment)
    version = version_or_404(prompt, semver)
    suite = get_object_or_404(Suite.objects.filter(prompt=prompt), uid=uid_or_404(request.POST.get("suite", "")))
    case = request.POST.get("case", "")
    try:
        if "back" in request.POST:
            take_acceptance_back(version=version, environment=place, suite=suite, case=case, actor=request.actor)
            messages.success(request, "Taken back: this case holds the version back again.")
        else:
            reason = request.POST.get("reason", "")
            accept_case(version=version, environment=place, suite=suite, case=case, reason=reason, actor=request.actor)
            messages.success(request, "Accepted. It stands on the version, with your name and your reason.")
    except Invalid as error:
        return _page(request, prompt, place, version, errors=error.errors | {"case": case}, status=422)
    except Conflict as conflict:
        return _page(request, prompt, place, version, errors={"conflict": conflict.sentence}, status=409)
    return see_other(prompt_url(prompt, "beside_live", place.slug, version.semver))


def _page(
    request: StudioRequest, prompt: Prompt, place: Environment, version: Version, *, errors: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    candidate = gates.candidate_for(version, place)
    context: dict[str, Any] = {
        "version": version,
        "environment": place,
        "live": candidate.live,
        "suites": beside_live(candidate) if candidate.live and candidate.live.pk != version.pk else [],
        "may_accept": can_accept(request.actor, candidate),
        "errors": errors or {},
        "reason": request.POST.get("reason", ""),
    }
    return render_prompt(request, "tests/beside_live.html", prompt, tab="tests", status_code=status, **context)

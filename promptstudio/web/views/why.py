"""Why is this live? One page for a prompt and an environment, and one file for an auditor."""

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from promptstudio.audit.keys import can_sign
from promptstudio.deployments.evidence import why_live
from promptstudio.deployments.history import spell_at
from promptstudio.deployments.models import Placement
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.lib.moments import parse_moment
from promptstudio.projects.permissions import can

from ..evidence import evidence_zip
from ..files import attached
from ..prompt_pages import prompt_and_place_or_404, render_prompt
from ..requests import StudioRequest

NO_KEY = "Nothing can be signed here yet: whoever runs Prompt Studio has to set AUDIT_KEY_FILE."


@require_safe
def prompt_why(request: StudioRequest, project: str, name: str, environment: str) -> HttpResponse:
    """`?at=` asks about a moment of the past, in the server's time zone unless it names one."""
    prompt, place = prompt_and_place_or_404(request, project, name, environment)
    typed = request.GET.get("at", "").strip()[:60]
    error, at = "", clock.now()
    try:
        at = _moment(typed)
    except Invalid as invalid:
        error = invalid.sentence
    placement = Placement.objects.filter(prompt=prompt, environment=place).first()
    spell = spell_at(placement, at) if placement and not error else None
    may_export = can(request.actor, "audit", prompt.project)
    context = {
        "environment": place,
        "places": list(prompt.project.environments.all()),
        "facts": why_live(placement, spell) if placement and spell else None,
        "at": typed,
        "moment": at,
        "error": error,
        "spell": spell,
        "is_live": bool(spell and placement and placement.live_id == spell.went_live.deployment_id and not spell.gone),
        "may_export": may_export if not may_export or can_sign() else NO_KEY,
        "can_export": bool(may_export) and can_sign(),
    }
    return render_prompt(request, "why/page.html", prompt, tab="", status_code=422 if error else 200, **context)


@require_POST
def prompt_why_export(request: StudioRequest, project: str, name: str, environment: str) -> HttpResponse:
    """A POST, because taking evidence out is noted in the trail."""
    prompt, place = prompt_and_place_or_404(request, project, name, environment)
    can(request.actor, "audit", prompt.project).require()
    placement = get_object_or_404(Placement.objects.select_related("prompt__project", "environment"), prompt=prompt, environment=place)
    spell = spell_at(placement, _moment(request.POST.get("at", "").strip()[:60]))
    if spell is None:
        raise Conflict(f"Nothing was live in {place} then, so there is nothing to explain.")
    response = HttpResponse(evidence_zip(placement, spell, request.actor), content_type="application/zip")
    file = f"why-{prompt.name.replace('/', '-')}-{spell.went_live.version.semver}-{place.slug}.zip"
    return attached(response, file)


def _moment(typed: str) -> datetime:
    return parse_moment(typed, zone=timezone.get_current_timezone()) if typed else clock.now()

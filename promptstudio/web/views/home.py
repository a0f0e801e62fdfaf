from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from promptstudio.projects.models import Project
from promptstudio.prompts.permissions import can_create_somewhere

from .. import desk
from ..requests import StudioRequest
from ..succeeding import retiring_for
from ..waiting import waiting_requests, waiting_reviews


@require_safe
def home(request: StudioRequest) -> HttpResponse:
    """What waits for the reader and what shipped lately; whoever has no project yet reads whom to ask."""
    request.section = "home"  # type: ignore[attr-defined]
    projects = list(Project.objects.visible_to(request.actor))
    glass = desk.break_glass_lately() if request.actor.user.is_site_admin else []
    if not projects:
        context = {"greeting": greeting(), "admins": desk.whom_to_ask(), "may_make_one": request.actor.user.is_site_admin}
        context |= {"break_glass": glass, "unknown_person_text": settings.OIDC_UNKNOWN_PERSON_TEXT}
        return render(request, "home/no_project.html", context)
    found = desk.desk_of(request.actor, reviews=waiting_reviews(request), requests=waiting_requests(request))
    days = [{"word": desk.day_in_words(day), "date": day, "shipped": shipped} for day, shipped in found.days]
    project = next((p for p in projects if p.slug == request.session.get("project")), projects[0])
    context = {
        "greeting": greeting(),
        "desk": found,
        "days": days,
        "project": project,
        "several": len(projects) > 1,
        "break_glass": glass,
        "retiring": retiring_for(request.actor, project),
        "may_write": can_create_somewhere(request.actor, project),
    }
    return render(request, "home/page.html", context)


def greeting() -> str:
    hour = timezone.localtime().hour
    return "Good morning" if 4 <= hour < 12 else "Good afternoon" if 12 <= hour < 18 else "Good evening"

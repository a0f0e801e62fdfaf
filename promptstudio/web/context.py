"""The frame around every page: who you are, which project, where you can go."""

from collections.abc import Callable, Sized
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from promptstudio.notifications.inbox import unread_count
from promptstudio.projects.models import Membership, Project, Role
from promptstudio.projects.permissions import can_create_project

from .admin.sections import sections
from .sign_in.break_glass import by_break_glass
from .waiting import waiting_requests, waiting_reviews

NAVIGATION = (
    ("home", "Home", "home", "home"),
    ("prompts", "Prompts", "file-text", "library"),
    ("requests", "Requests", "message", "requests"),
    ("reviews", "Reviews", "git-pull-request", "reviews"),
    ("environments", "Environments", "stack-2", "environments"),
    ("audit", "Audit", "shield-check", "audit"),
    ("settings", "Settings", "settings", "settings"),
)

# What stands in a section for the reader to act on.
WAITING: dict[str, Callable[[HttpRequest, Project], Sized]] = {"reviews": waiting_reviews, "requests": waiting_requests}


def frame(request: HttpRequest) -> dict[str, Any]:
    """Made when a page asks for it: a fragment, such as what a page asks for every other second, has no frame."""
    return {"frame": SimpleLazyObject(lambda: _frame(request))}


def _frame(request: HttpRequest) -> dict[str, Any]:
    actor = getattr(request, "actor", None)
    if actor is None:
        return {"person": None, "project": None, "projects": [], "nav": []}
    projects = list(Project.objects.visible_to(actor))
    project = _present(request, projects)
    match = request.resolver_match
    in_panel = bool(match and match.app_name == "admin" and actor.user.is_staff)
    roles = Membership.objects.filter(user=actor.user, project=project).values_list("role", flat=True) if project else []
    return {
        "person": {"name": actor.user.name, "roles_words": ", ".join(Role(role).label for role in roles)},
        "project": project,
        "projects": [{"slug": p.slug, "name": p.name, "url": reverse("library", args=[p.slug])} for p in projects],
        "nav": [] if in_panel else list(_navigation(request, project)),
        "panel": {"sections": sections(request), "waiting": len(waiting_reviews(request))} if in_panel else None,
        "may_make_projects": bool(can_create_project(actor)),
        "break_glass": by_break_glass(request),
        "unread": unread_count(actor),
        "outbox": settings.OUTBOX,
        "admin_url": reverse("admin:index") if actor.user.is_staff else None,
    }


def _present(request: HttpRequest, projects: list[Project]) -> Project | None:
    """The project in the address, else the one looked at last, else the first."""
    match = request.resolver_match
    wanted = (match.kwargs.get("project") if match else None) or request.session.get("project")
    project = next((p for p in projects if p.slug == wanted), projects[0] if projects else None)
    if project and request.session.get("project") != project.slug:
        request.session["project"] = project.slug
    return project


def _navigation(request: HttpRequest, project: Project | None) -> Any:
    section = getattr(request, "section", request.resolver_match.url_name if request.resolver_match else "")
    for key, label, icon, name in NAVIGATION:
        if project is None and name != "home":
            continue
        item = {
            "label": label,
            "url": reverse(name) if name == "home" else reverse(name, args=[project.slug]),  # type: ignore[union-attr]
            "icon": icon,
            "current": section in (key, name),
        }
        if name in WAITING and project:
            item |= {"count": len(WAITING[name](request, project)), "count_label": "waiting for you"}
        yield item

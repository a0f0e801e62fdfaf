import re
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from promptstudio.projects.models import Project

from ..desk import project_admins, whom_to_ask
from ..middleware import back_url, in_place_of_page, typed
from ..requests import public

TOO_LARGE = (
    f"This is more than one form may hold, which is {settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024**2} MB of text "
    f"and {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:,} fields, so nothing of it was saved. Make it shorter and send it again."
)


@public
def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return render(request, "errors/404.html", asking(request), status=404)


def asking(request: HttpRequest) -> dict[str, Any]:
    """Whom to ask for access: a project's admins where the reader knows the project, else those of the installation.

    Says the same whether the thing is there or not.
    """
    actor = getattr(request, "actor", None)
    if actor is None:
        return {}
    slug = (re.match(r"/p/([-\w]+)/", request.path) or [""] * 2)[1]
    project = Project.objects.visible_to(actor).filter(slug=slug).first()
    people = project_admins(project) if project else []
    people = [person for person in people or whom_to_ask() if person != actor.user]
    addresses = ",".join(quote(person.email) for person in people if person.email)
    body = f"I would like to see this page:\n{request.build_absolute_uri(request.path)}\n\n{actor.user.name}"
    subject = f"Access to {project.name} in Prompt Studio" if project else "Access in Prompt Studio"
    return {
        "ask": people,
        "ask_url": f"mailto:{addresses}?{urlencode({'subject': subject, 'body': body}, quote_via=quote)}" if addresses else "",
    }


@public
def unreadable(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """What Django refuses before any view sees it. Nothing of the form can be shown back: reading it is what failed."""
    if isinstance(exception, (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)):
        response = render(request, "errors/413.html", {"sentence": TOO_LARGE, "back_url": back_url(request)}, status=413)
        return in_place_of_page(request, response)
    # Without the frame: it may be the host or the cookie that cannot be trusted.
    return HttpResponse(render_to_string("errors/400.html"), status=400)


@public
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "errors/csrf.html", {"typed": typed(request), "back_url": back_url(request)}, status=403)


@public
def broken(request: HttpRequest) -> HttpResponse:
    # Without the frame: its queries may be what broke.
    return HttpResponse(render_to_string("errors/500.html"), status=500)

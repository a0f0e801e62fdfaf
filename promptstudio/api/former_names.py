"""A prompt goes on answering to the names that it had before, until they are given up."""

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from promptstudio.accounts.actor import Actor
from promptstudio.prompts.models import FormerName
from promptstudio.prompts.names import renamed_headers

from .keys import project_of

View = Callable[..., HttpResponse]
PROMPTS = "/api/v1/prompts/"


def answering_to_former_names(view: View) -> View:
    """What is not there is looked for under its present name. The view asks anew who may see it, and nothing was done the first time."""

    @functools.wraps(view)
    def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        former = _former(request, kwargs.get("name")) if response.status_code == 404 else None
        if former is None:
            return response
        again = view(request, *args, **kwargs | {"name": former.prompt.name})
        if again.status_code == 404:
            # Whoever does not see it does not learn its name from this either.
            return response
        address = PROMPTS + former.prompt.name + request.path.removeprefix(PROMPTS + former.name)
        for name, value in renamed_headers(address, former.since).items():
            again.headers[name] = value
        return again

    return answering


def present_name(actor: Actor, name: str) -> str:
    """What the prompt that is or was called `name` is called now."""
    former = FormerName.objects.filter(project=project_of(actor), name=name).select_related("prompt").first()
    return former.prompt.name if former else name


def _former(request: HttpRequest, name: str | None) -> FormerName | None:
    actor = getattr(request, "auth", None)
    if name is None or not isinstance(actor, Actor):
        return None
    return FormerName.objects.filter(project=project_of(actor), name=name).select_related("prompt").first()

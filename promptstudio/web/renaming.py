"""Addresses with a name that a prompt had before lead to the same page under its present one."""

from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.urls import reverse

from promptstudio.lib.errors import Conflict
from promptstudio.prompts.models import Prompt


class Renamed(Conflict):
    """Whoever sends a form under the old name is told; whoever reads is led there."""

    code = "renamed"

    def __init__(self, prompt: Prompt) -> None:
        super().__init__(f"This prompt is called {prompt.name} now. Open it again and repeat what you did.")
        self.prompt = prompt


def led_on(request: HttpRequest, error: Renamed) -> HttpResponsePermanentRedirect | None:
    match = request.resolver_match
    if request.method not in ("GET", "HEAD") or match is None:
        return None
    address = reverse(match.view_name, kwargs=match.kwargs | {"name": error.prompt.name})
    query = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(f"{address}?{query}" if query else address)

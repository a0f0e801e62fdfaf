"""Every address under /api/, including those that are not there."""

import functools
from collections.abc import Callable
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.urls import URLPattern, path, re_path, register_converter
from django.views.decorators.csrf import csrf_exempt

from . import problems
from .former_names import answering_to_former_names
from .routes import PromptName, StudioAPI, documentation, router

register_converter(PromptName, "prompt_name")

from . import answers, deployments, live, prompts, releases, requests, reviews, runs, schedules, versions  # noqa: E402, F401  (their routes need the converter)

api = StudioAPI(
    title="Prompt Studio",
    version="1",
    description="Prompts as their environments serve them, and the way there. Send `Authorization: Bearer KEY`.",
    openapi_url=None,
)
api.add_router("", router)
problems.register(api)


@csrf_exempt
def openapi(request: HttpRequest) -> HttpResponse:
    if request.method not in ("GET", "HEAD"):
        return problems.wrong_method("GET")
    return JsonResponse(_documentation())


@cache
def _documentation() -> dict[str, Any]:
    return documentation(api)


def _answering_head(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """HEAD is GET without the body, which the server leaves out; a method that is not there is a problem like any other."""

    @functools.wraps(view)
    def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        asked = request.method
        request.method = "GET" if asked == "HEAD" else asked
        response = view(request, *args, **kwargs)
        request.method = asked
        if isinstance(response, HttpResponseNotAllowed):
            return problems.wrong_method(", ".join(sorted(response.headers["Allow"].split(", "))))
        return response

    return answering


def _routes() -> list[URLPattern]:
    patterns, _, _ = api.urls
    found = []
    for pattern in patterns:
        # The root of the library answers in HTML; here it is an address like any other that is not there.
        if isinstance(pattern, URLPattern) and pattern.name != "api-root":
            pattern.callback = _answering_head(answering_to_former_names(pattern.callback))
            found.append(pattern)
    return found


not_there = csrf_exempt(problems.no_such_address)
urlpatterns = [
    path("v1/openapi.json", openapi, name="openapi"),
    *[path("v1/" + str(pattern.pattern), pattern.callback) for pattern in _routes()],
    # Line breaks as well, which the path converter does not take.
    re_path(r"[\s\S]*", not_there),
]

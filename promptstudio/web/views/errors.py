from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from ..middleware import back_url, typed
from ..requests import public


@public
def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


@public
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "errors/csrf.html", {"typed": typed(request), "back_url": back_url(request)}, status=403)


@public
def broken(request: HttpRequest) -> HttpResponse:
    # Without the frame: its queries may be what broke.
    return HttpResponse(render_to_string("errors/500.html"), status=500)

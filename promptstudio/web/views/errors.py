from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from ..middleware import back_url, in_place_of_page, typed
from ..requests import public

TOO_LARGE = (
    f"This is more than one form may hold, which is {settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024**2} MB of text "
    f"and {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:,} fields, so nothing of it was saved. Make it shorter and send it again."
)


@public
def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


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

"""The e-mails of the demo, which are shown instead of sent. Nowhere else is there such a page."""

import re
from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from promptstudio.notifications.models import OutboxMessage

from ..requests import StudioRequest

PER_PAGE = 30
# Mail programs know no style sheets, and our pages allow no styles in the markup. Words of people hold no such quotation marks any more.
STYLES = re.compile(r' style="[^"]*"')


@require_safe
def outbox(request: StudioRequest) -> HttpResponse:
    _only_in_the_demo()
    page = Paginator(OutboxMessage.objects.defer("text", "html"), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "notifications/outbox.html", {"page_obj": page})


@require_safe
def outbox_message(request: StudioRequest, uid: UUID) -> HttpResponse:
    _only_in_the_demo()
    message = get_object_or_404(OutboxMessage, uid=uid)
    return render(request, "notifications/outbox_message.html", {"message": message, "html": STYLES.sub("", message.html)})


def _only_in_the_demo() -> None:
    if not settings.OUTBOX:
        raise Http404

from uuid import UUID

from django.http import Http404


def uid_in(text: str) -> UUID | None:
    """The uid that `text` is, if it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def uid_or_404(text: str) -> UUID:
    if uid := uid_in(text):
        return uid
    raise Http404

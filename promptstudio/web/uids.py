from uuid import UUID

from django.http import Http404


def uid_or_404(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None

"""Lists, newest first, in pages that do not shift while something is added."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Schema
from pydantic import Field

from promptstudio.lib.errors import Invalid

LARGEST = 100
USUAL = 50


class Page(Schema):
    limit: int = Field(USUAL, ge=1, le=LARGEST, description="How many at most.")
    cursor: str = Field("", description="As `next` gave it.")


def page_of(
    request: HttpRequest,
    rows: QuerySet[Any],
    page: Page,
    shapes: Callable[[list[Any]], list[dict[str, Any]]],
    *,
    kept: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """`{"items", "next"}`, in the order in which rows were made, newest first. `kept` is what else `next` has to ask for."""
    if page.cursor:
        rows = rows.filter(pk__lt=_decoded(page.cursor))
    found = list(rows.order_by("-pk")[: page.limit + 1])
    shown = found[: page.limit]
    more = len(found) > page.limit
    query = urlencode({**(kept or {}), "limit": page.limit, "cursor": _encoded(shown[-1].pk)}) if more else ""
    return {"items": shapes(shown), "next": f"{request.path}?{query}" if more else None}


def _encoded(pk: int) -> str:
    return base64.urlsafe_b64encode(f"before:{pk}".encode()).decode().rstrip("=")


def _decoded(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode()
    except (ValueError, binascii.Error):
        text = ""
    match = re.fullmatch(r"before:(\d{1,18})", text, re.ASCII)
    if match is None:
        raise Invalid({"cursor": "This is no cursor of ours. Follow `next` as it was given, or leave it out to start at the newest."})
    return int(match[1])

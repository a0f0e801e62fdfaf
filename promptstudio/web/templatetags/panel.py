"""Lists of the administration in the look of the product's own tables."""

from typing import Any

from django import template
from django.contrib.admin.templatetags import admin_list
from django.contrib.admin.views.main import ChangeList
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
MARK = "action-checkbox"


@register.inclusion_tag("admin/_rows.html")
def panel_rows(cl: ChangeList) -> dict[str, Any]:
    """The rows of a list; each cell knows its column's name, which a phone shows above it."""
    headers: list[dict[str, Any]] = list(admin_list.result_headers(cl))
    shown = [
        {
            "text": header["text"][:1].upper() + header["text"][1:],
            "url": header.get("url_toggle") if header.get("sortable") and header.get("sort_priority") else header.get("url_primary"),
            "sort": ("ascending" if header["ascending"] else "descending") if header.get("sort_priority") else "",
            "is_mark": MARK in header.get("class_attrib", ""),
        }
        for header in headers
    ]
    names = ["" if header["is_mark"] else header["text"] for header in shown]
    rows = [[_named(cell, name) for cell, name in zip(row, names, strict=True)] for row in admin_list.results(cl)]
    return {"headers": shown, "rows": rows, "caption": f"{cl.result_count} rows"}


def _named(cell: SafeString, name: str) -> SafeString:
    """Django makes `<td class=…>` and `<th class=…>`; the attribute goes before the class."""
    tag, _, rest = cell.partition(" ")
    return format_html('{} data-label="{}" {}', mark_safe(tag), name, mark_safe(rest))  # noqa: S308  made by Django, escaped

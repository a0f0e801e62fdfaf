"""What happened to one row: the trail in sentences, and any two moments of its past beside each other."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from promptstudio.audit.models import Entry
from promptstudio.projects.models import Project
from promptstudio.projects.permissions import can

from ..sentences import Line, sentences
from .sections import many_of

MOMENTS_PER_PAGE = 50
LINES = 100
WORDS = {"+": "Made", "~": "Changed", "-": "Taken away"}
# Never chosen by anybody, so no change to tell.
SILENT = {"id", "uid", "created_at", "history_id", "history_date", "history_change_reason", "history_type", "history_user"}


@dataclass(frozen=True)
class Moment:
    """A row as it was from `at` on. `changed` are the labels of what differs from the moment before."""

    pk: int
    at: datetime
    who: str
    word: str
    changed: list[str]
    values: dict[str, str]


@dataclass(frozen=True)
class Change:
    label: str
    before: str
    after: str

    @property
    def differs(self) -> bool:
        return self.before != self.after


def history_page(panel: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """`?before=` and `?after=` are moments to compare; without them the newest stands beside the one before it."""
    records = _records(panel.model, object_id)
    obj = _row_or_404(panel, request, object_id, records)
    page = Paginator(records, MOMENTS_PER_PAGE).get_page(request.GET.get("page")) if records is not None else None
    moments = list(_moments(panel.model, page, records)) if page is not None and records is not None else []
    before, after = _chosen(request, panel.model, records, moments)
    context = {
        **panel.admin_site.each_context(request),
        "title": f"History of {obj}",
        "object": obj,
        "opts": panel.opts,
        "many": many_of(panel.model),
        "is_gone": obj.pk is None or not panel.get_queryset(request).filter(pk=obj.pk).exists(),
        "lines": _lines(panel, request, obj),
        "moments": moments,
        "page_obj": page,
        "before": before,
        "after": after,
        "changes": [Change(label, before.values[label], after.values[label]) for label in after.values] if before and after else [],
    }
    return TemplateResponse(request, "admin/object_history.html", context)


def _records(model: Any, object_id: str) -> Any:
    if not hasattr(model, "history") or not object_id.isdecimal():
        return None
    names = [field.name for field in model.history.model._meta.fields if field.is_relation]
    return model.history.filter(id=object_id).select_related(*names).order_by("-history_date", "-history_id")


def _row_or_404(panel: Any, request: HttpRequest, object_id: str, records: Any) -> Any:
    """The row, or what it was when it was taken away, for whoever belongs to its project."""
    found = panel.get_object(request, object_id)
    # A row that is there and that they do not see stays unseen, its past as well.
    if found is None and records is not None and not panel.model._default_manager.filter(pk=object_id).exists():
        last = records.first()
        if last and panel.may_see_gone(request, last.instance):
            return last.instance
    if found is None:
        raise Http404
    return found


def _moments(model: Any, page: Page[Any], records: Any) -> Iterator[Moment]:
    shown = list(page)
    # The oldest one of the page is told against the one before it.
    older = records[page.end_index() : page.end_index() + 1]
    values = [_values(record) for record in [*shown, *older]]
    for index, record in enumerate(shown):
        now, earlier = values[index], values[index + 1] if index + 1 < len(values) else None
        yield _moment(record, now, [label for label in now if earlier and now[label] != earlier[label]])


def _moment(record: Any, values: dict[str, str], changed: list[str]) -> Moment:
    who = str(record.history_user) if record.history_user else "Prompt Studio"
    return Moment(record.history_id, record.history_date, who, WORDS[record.history_type], changed, values)


def _values(record: Any) -> dict[str, str]:
    fields = [field for field in record.tracked_fields if field.name not in SILENT]
    return {str(field.verbose_name).capitalize(): _in_words(field, record) for field in fields}


def _in_words(field: "models.Field[Any, Any]", record: Any) -> str:
    value = getattr(record, field.name)
    if value in (None, ""):
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) if isinstance(value, (dict, list)) else str(value)


def _chosen(request: HttpRequest, model: Any, records: Any, moments: list[Moment]) -> tuple[Moment | None, Moment | None]:
    """Whichever was chosen first, the earlier one is `before`."""
    asked = [request.GET.get(name, "") for name in ("before", "after")]
    if records is None or not all(pk.isdecimal() for pk in asked):
        return (moments[1], moments[0]) if len(moments) > 1 else (None, None)
    found = {record.history_id: _moment(record, _values(record), []) for record in records.filter(history_id__in=asked)}
    chosen = [found[int(pk)] for pk in asked if int(pk) in found]
    if len(chosen) < 2:
        raise Http404
    earlier, later = sorted(chosen, key=lambda moment: (moment.at, moment.pk))
    return earlier, later


def _lines(panel: Any, request: HttpRequest, obj: Any) -> list[Line] | None:
    """What the trail says of this row; None for whoever may not read the trail."""
    actor = request.actor  # type: ignore[attr-defined]
    project = Project.objects.filter(pk=panel.project_of(obj)).first() if panel.project_path else None
    allowed = actor.user.is_site_admin or (project and can(actor, "audit", project))
    if not allowed:
        return None
    return sentences(Entry.objects.filter(object_uid__in=panel.trail_uids(obj)).order_by("-created_at", "-id")[:LINES])

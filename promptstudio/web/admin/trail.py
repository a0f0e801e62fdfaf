"""The trail, to read."""

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html

from promptstudio.audit.models import Entry
from promptstudio.projects.models import ProjectGroupPermission, granted

from ..sentences import Line, sentences
from .scoped import ReadOnlyAdmin, actor_of, when


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    one, many, icon = "entry", "audit trail", "shield-check"
    hint = "Who did what, through which door. Entries are written once and chained."
    project_path = ""
    list_display = ("sentence", "action", "via", "sequence", when("created_at", "When"))
    list_filter = ("action", "via")
    search_fields = ("object_label", "action")
    date_hierarchy = "created_at"
    fields = ("sentence", "action", "created_at", "via", "object_label", "details", "chain", "sequence", "hash", "previous_hash")
    readonly_fields = ("sentence", "details")

    def get_queryset(self, request: HttpRequest) -> Any:
        actor = actor_of(request)
        found = Entry.objects.all()
        if actor.user.is_site_admin:
            return found
        # A role in a folder alone, whichever it is, reads no trail: that belongs to the whole project.
        readable = self.projects(request).filter(pk__in=granted(ProjectGroupPermission, actor.user, "audit"))
        return found.of_projects(readable.values_list("uid", flat=True))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        for entry, line in zip(changelist.result_list, sentences(changelist.result_list), strict=True):
            entry.line = line
        return changelist

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        entry = super().get_object(request, object_id, from_field)
        if entry is not None:
            entry.line = sentences([entry])[0]
        return entry

    @admin.display(description="What happened")
    def sentence(self, entry: Any) -> str:
        line: Line = entry.line
        return format_html('<span class="words">{}</span>', line.html)

    @admin.display(description="Details")
    def details(self, entry: Entry) -> str:
        return format_html("<pre>{}</pre>", json.dumps(json.loads(entry.data or "{}"), ensure_ascii=False, indent=1))

"""Snippets: to read, with their versions, and which prompts hold them. They are written on the pages of a project."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from promptstudio.projects.models import Project
from promptstudio.prompts.models import Inclusion, Snippet, SnippetVersion

from ..requests import prompt_url
from ..templatetags.studio import ago, version_chip
from .scoped import ReadOnlyAdmin, actor_of, when

SHELF = "The organisation's shelf"
VERSIONS_SHOWN = 50
USES_SHOWN = 100


class PlaceFilter(admin.SimpleListFilter):
    title = "where it stands"
    parameter_name = "place"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        projects = Project.objects.visible_to(actor_of(request)).filter(snippets__isnull=False).distinct().order_by("name")
        return [("shelf", SHELF), *((project.slug, project.name) for project in projects)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.value():
            return queryset
        return queryset.filter(project=None) if self.value() == "shelf" else queryset.filter(project__slug=self.value())


class ArchiveFilter(admin.SimpleListFilter):
    title = "archive"
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("no", "In use"), ("yes", "Archived")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(archived_at__isnull=self.value() == "no") if self.value() in ("yes", "no") else queryset


@admin.register(Snippet)
class SnippetAdmin(ReadOnlyAdmin):
    one, many, icon, section = "snippet", "snippets", "braces", "releases"
    hint = "Words that prompts share, in your projects and on the organisation's shelf, and who holds them."
    empty = "Whoever writes in a project makes one under Prompts, Snippets."
    list_display = ("name", "place", "newest_number", "owner", "used_by", "behind", "state", when("created_at", "Made"))
    list_filter = (PlaceFilter, ArchiveFilter)
    search_fields = ("name", "purpose", "owner__name")
    ordering = ("name", "pk")
    list_select_related = ("project", "owner")
    fields = ("name", "purpose", "place", "owner", "state", "words", "versions", "holders", "created_at", "page")
    readonly_fields = ("place", "state", "words", "versions", "holders", "page")

    def get_queryset(self, request: HttpRequest) -> Any:
        """As the pages have it: those of projects that this person sees, and the shelf, which everyone sees."""
        newest = SnippetVersion.objects.filter(snippet=OuterRef("pk")).newest_first().values("semver")[:1]
        seen = Snippet.objects.visible_to(actor_of(request)).order_by(*self.ordering)
        return seen.select_related("project", "owner", "archived_by").annotate(newest_semver=Subquery(newest))

    def project_of(self, obj: Any) -> Any:
        return obj.project_id

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        rows = list(changelist.result_list)
        counts = Inclusion.objects.filter(snippet_version__snippet__in=rows).of_prompts_seen_by(actor_of(request)).counted()
        for row in rows:
            row.uses = counts.get(row.pk, (0, 0))
        changelist.result_list = rows
        return changelist

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found.reader = actor_of(request)
        return found

    @admin.display(description="Where it stands", ordering="project__name")
    def place(self, snippet: Snippet) -> str:
        return str(snippet.project or SHELF)

    @admin.display(description="Newest")
    def newest_number(self, snippet: Any) -> str:
        return version_chip(snippet.newest_semver)

    @admin.display(description="Used by")
    def used_by(self, snippet: Any) -> str:
        used, _ = snippet.uses
        return f"{used:,} {'prompt' if used == 1 else 'prompts'}"

    @admin.display(description="Behind")
    def behind(self, snippet: Any) -> str:
        return f"{snippet.uses[1]:,}" if snippet.uses[1] else "none"

    @admin.display(description="State", ordering="archived_at")
    def state(self, snippet: Snippet) -> str:
        if snippet.archived_at is None:
            return "in use"
        told = 'archived {} by {}: <span class="words" dir="auto">{}</span>'
        return format_html(told, ago(snippet.archived_at), snippet.archived_by, snippet.archive_reason)

    @admin.display(description="Newest words")
    def words(self, snippet: Snippet) -> str:
        return format_html('<pre class="prompt-text as-typed" dir="auto">{}</pre>', snippet.newest.text)

    @admin.display(description="Versions")
    def versions(self, snippet: Any) -> str:
        rows = list(snippet.versions.newest_first().select_related("created_by").defer("text")[: VERSIONS_SHOWN + 1])
        follows = [*(row.semver for row in rows[1:]), ""]
        shown = [self._version(snippet, row, before) for row, before in zip(rows, follows, strict=True)][:VERSIONS_SHOWN]
        line = '<li>{} <span dir="auto">{}</span> <span class="muted">{}, {}</span> {}</li>'
        return format_html('<ul class="plain stack-sm">{}</ul>', format_html_join("", line, shown))

    @admin.display(description="Used by")
    def holders(self, snippet: Any) -> str:
        seen = Inclusion.objects.filter(snippet_version__snippet=snippet).of_prompts_seen_by(snippet.reader).in_newest()
        total = seen.count()
        if not total:
            return "No prompt that you see."
        rows = seen.select_related("version__prompt__project", "snippet_version").order_by("version__prompt__title", "pk")[:USES_SHOWN]
        held = [(row.version.prompt, row.snippet_version.semver) for row in rows]
        line = '<li><a class="textlink" dir="auto" href="{}">{}</a> <span class="muted">in {}, holds {}</span></li>'
        prompts = format_html_join("", line, ((prompt_url(prompt), prompt.title, prompt.project, semver) for prompt, semver in held))
        more = format_html("<li>and {} more</li>", f"{total - USES_SHOWN:,}") if total > USES_SHOWN else ""
        return format_html('<ul class="plain stack-sm">{}{}</ul>', prompts, more)

    @admin.display(description="Page")
    def page(self, snippet: Any) -> str:
        address = self._address(snippet, "snippet")
        return format_html('<a href="{}">Open the snippet</a>', address) if address else "—"

    def _version(self, snippet: Any, version: SnippetVersion, before: str) -> tuple[Any, ...]:
        address = self._address(snippet, "snippet_compare", f"{before}...{version.semver}") if before else ""
        link = '<a class="textlink" href="{}">What changed<span class="visually-hidden"> in {}</span></a>'
        compared = format_html(link, address, version.semver) if address else ""
        return version_chip(version.semver), version.summary or "The first words.", version.created_by, ago(version.created_at), compared

    def _address(self, snippet: Any, page: str, *more: str) -> str:
        """What stands on the shelf is read in any project that this person sees."""
        if not hasattr(snippet, "read_in"):
            snippet.read_in = snippet.project or Project.objects.visible_to(snippet.reader).order_by("name").first()
        return reverse(page, args=[snippet.read_in.slug, snippet.uid, *more]) if snippet.read_in else ""

"""Projects, and their environments."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_POST

from promptstudio.projects import services as projects
from promptstudio.projects.conditions import in_words, with_conditions
from promptstudio.projects.models import Environment, Project
from promptstudio.projects.rules import ROLE_WORDS, Rules

from .preview import Preview, of_environment
from .scoped import ReadOnlyAdmin, ScopedAdmin, ServiceForm, lane_tag, when


@admin.register(Project)
class ProjectAdmin(ReadOnlyAdmin):
    one, many, icon = "project", "projects", "folder"
    hint = "Each team's space."
    project_path = ""
    list_display = ("name", "slug", "environments", "people", when("created_at", "Since"))
    search_fields = ("name", "slug")
    fields = ("name", "slug", "description", "environments", "people", "created_at")
    readonly_fields = fields
    change_form_template = "admin/project.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return self.projects(request).prefetch_related("environments", "memberships")

    def project_of(self, obj: Any) -> Any:
        return obj.pk

    @admin.display(description="Environments")
    def environments(self, project: Project) -> str:
        places = sorted(project.environments.all(), key=lambda place: place.position)
        return ", ".join(place.name for place in places) or "none yet"

    @admin.display(description="People")
    def people(self, project: Project) -> int:
        return len({membership.user_id for membership in project.memberships.all()})


class EnvironmentForm(ServiceForm):
    class Meta:
        model = Environment
        fields = ("name", "grace_days")

    def save_by(self) -> Environment:  # type: ignore[override]
        given = self.cleaned_data
        environment = Environment.objects.select_related("project").get(pk=self.instance.pk)
        return projects.change_environment(environment=environment, name=given["name"], grace_days=given["grace_days"], actor=self.actor)


@admin.register(Environment)
class EnvironmentAdmin(ScopedAdmin):
    form = EnvironmentForm
    one, many, icon = "environment", "environments", "stack-2"
    hint = "The lanes of each project, and what a version needs to enter each."
    list_display = ("shown", "project", "conditions", "deployers", "change_conditions", "grace_days")
    list_filter = ("project",)
    search_fields = ("name", "project__name")
    ordering = ("project__name", "position")
    list_select_related = ("project",)
    readonly_fields = ("project", "conditions", "deployers", "targets", "change_conditions")
    change_form_template = "admin/environment_form.html"

    def get_urls(self) -> list[Any]:
        preview = path("<int:pk>/preview/", self.admin_site.admin_view(require_POST(self.preview)), name="environment_preview")
        return [preview, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> Any:
        return with_conditions(super().get_queryset(request)).prefetch_related("targets")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        told = ("project", "conditions", "deployers", "targets")
        return ((None, {"fields": ("name", "grace_days")}), ("In force", {"fields": told}))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def trail_uids(self, obj: Any) -> list[Any]:
        return [obj.uid, *obj.policies.values_list("uid", flat=True), *obj.targets.values_list("uid", flat=True)]

    @admin.display(description="Environment", ordering="name")
    def shown(self, environment: Environment) -> str:
        return lane_tag(environment)

    @admin.display(description="Change")
    def change_conditions(self, environment: Environment) -> str:
        return format_html('<a href="{}?environment={}">Change the conditions…</a>', reverse("admin:projects_policy_add"), environment.pk)

    @admin.display(description="Conditions")
    def conditions(self, environment: Environment) -> str:
        return format_html('<span class="words">{}</span>', in_words(environment))

    @admin.display(description="Who may promote")
    def deployers(self, environment: Any) -> str:
        return ", ".join(ROLE_WORDS[role] for role in Rules.model_validate(environment.rules_data).deployers) or "nobody but a site admin"

    @admin.display(description="Publishes to")
    def targets(self, environment: Environment) -> str:
        rows = [
            (reverse("admin:deployments_target_change", args=[target.pk]), target.name, "" if target.is_active else " (switched off)")
            for target in environment.targets.all()  # type: ignore[attr-defined]
        ]
        return format_html_join(", ", '<a href="{}">{}</a>{}', rows) or "No place outside. Applications ask Prompt Studio."

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the form says so far, in words."""
        obj = get_object_or_404(self.get_queryset(request), pk=pk)
        form = self.get_form(request, obj)({**request.POST.dict(), "_preview": "1"}, instance=obj)
        return render(request, "admin/_preview.html", {"preview": self._preview(form, pk, request)})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        obj = context["original"]
        context |= {"preview": self._preview(context["adminform"].form, obj.pk, request), "lead": str(obj.project)}
        return super().render_change_form(request, context, *args, **kwargs)

    def _preview(self, form: Any, pk: int, request: HttpRequest) -> Preview | None:
        # Validation writes what was typed into the form's own row, so the words of before come from a fresh one.
        present = self.get_queryset(request).get(pk=pk)
        if not form.is_bound:
            return of_environment(present, present.name, present.grace_days)
        if form.errors:
            return None
        return of_environment(present, form.cleaned_data["name"], form.cleaned_data["grace_days"])

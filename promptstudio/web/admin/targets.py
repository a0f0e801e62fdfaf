"""Places outside to which environments publish, with a test of the connection."""

import json
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from promptstudio.audit.models import Entry
from promptstudio.deployments import target_services
from promptstudio.deployments.models import Target
from promptstudio.deployments.permissions import can_administer_targets
from promptstudio.projects.models import PendingChange

from ..answers import see_other
from ..templatetags.studio import ago
from .scoped import ScopedAdmin, ServiceForm, actor_of, yes_no


class TargetForm(ServiceForm):
    kind = forms.ChoiceField(choices=[])

    class Meta:
        model = Target
        fields = ("environment", "name", "kind", "settings", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            self.fields["kind"].choices = [(kind, kind.capitalize()) for kind in settings.PUBLISHERS]  # type: ignore[attr-defined]
        if "environment" in self.fields:
            self.fields["environment"].label_from_instance = lambda place: f"{place.project}: {place}"  # type: ignore[attr-defined]

    def clean_settings(self) -> dict[str, Any]:
        given = self.cleaned_data["settings"] or {}
        if not isinstance(given, dict):
            raise forms.ValidationError('Write the settings as {"name": "value"}.')
        return given

    def save_by(self) -> Target | PendingChange:  # type: ignore[override]
        given = self.cleaned_data
        if self.instance.pk is None:
            return target_services.add_target(**given, actor=self.actor)
        target = Target.objects.select_related("environment__project").get(pk=self.instance.pk)
        target.name, target.settings, target.is_active = given["name"], given["settings"], given["is_active"]
        return target_services.save_target(target=target, actor=self.actor)


@admin.register(Target)
class TargetAdmin(ScopedAdmin):
    form = TargetForm
    one, many, icon, section = "target", "targets", "external-link", "places"
    hint = "Places outside that an environment publishes to, each with a test of its connection."
    project_path = "environment__project"
    list_display = ("name", "place", "project", "kind", "region", yes_no("is_active", "Publishes"))
    list_filter = ("kind", "is_active", "environment__project")
    search_fields = ("name",)
    list_select_related = ("environment__project",)
    change_form_template = "admin/target.html"

    def get_urls(self) -> list[Any]:
        check = path("<int:pk>/check/", self.admin_site.admin_view(require_POST(self.check_connection)), name="target_check")
        return [check, *super().get_urls()]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("environment", "kind") if obj else ()

    @admin.display(description="Environment")
    def place(self, target: Target) -> str:
        return target.environment.name

    @admin.display(description="Project")
    def project(self, target: Target) -> str:
        return str(target.environment.project)

    @admin.display(description="Region")
    def region(self, target: Target) -> str:
        return str((target.settings or {}).get("region") or "the installation's own")

    def check_connection(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks the place itself, for at most a few seconds, and says what it answered."""
        target = get_object_or_404(self.get_queryset(request).select_related("environment__project"), pk=pk)
        self.about(request, target)
        checked = target_services.check_target(target=target, actor=actor_of(request))
        tell = messages.success if checked.answered else messages.error
        tell(request, checked.sentence)
        return see_other(reverse("admin:deployments_target_change", args=[pk]))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        if target := context.get("original"):
            context |= {
                "lead": f"{target.environment.project}: {target.environment}",
                "may_check": can_administer_targets(actor_of(request), target.environment),
                "last_check": _last_check(target),
            }
        return super().render_change_form(request, context, *args, **kwargs)


def _last_check(target: Target) -> str:
    entry = Entry.objects.filter(object_uid=target.uid, action="target.checked").order_by("-id").first()
    if entry is None:
        return ""
    return format_html("Last tested {}: {}", ago(entry.created_at), json.loads(entry.data).get("sentence", ""))

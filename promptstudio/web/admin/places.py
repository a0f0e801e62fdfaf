"""Projects, environments, their conditions, and the places outside."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from simple_history.admin import SimpleHistoryAdmin

from promptstudio.deployments import services as deployments
from promptstudio.deployments.models import Target
from promptstudio.lib.errors import Conflict
from promptstudio.projects import services as projects
from promptstudio.projects.models import Environment, PendingChange, Policy, Project, Role

from .scoped import ReadOnlyAdmin, ScopedAdmin, ServiceForm


@admin.register(Project)
class ProjectAdmin(ReadOnlyAdmin):
    project_path = ""
    list_display = ("name", "slug", "created_at")
    search_fields = ("name", "slug")

    def get_queryset(self, request: HttpRequest) -> Any:
        return self.projects(request)


class EnvironmentForm(ServiceForm):
    class Meta:
        model = Environment
        fields = ("name", "grace_days")

    def save_by(self) -> Environment:  # type: ignore[override]
        given = self.cleaned_data
        environment = Environment.objects.select_related("project").get(pk=self.instance.pk)
        return projects.change_environment(environment=environment, name=given["name"], grace_days=given["grace_days"], actor=self.actor)


@admin.register(Environment)
class EnvironmentAdmin(ScopedAdmin, SimpleHistoryAdmin):
    form = EnvironmentForm
    list_display = ("name", "project", "position", "conditions", "change_conditions", "grace_days")
    list_filter = ("project",)
    search_fields = ("name",)
    readonly_fields = ("conditions", "change_conditions")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="Change")
    def change_conditions(self, environment: Environment) -> str:
        return format_html('<a href="{}?environment={}">Change the conditions…</a>', reverse("admin:projects_policy_add"), environment.pk)

    @admin.display(description="Conditions")
    def conditions(self, environment: Environment) -> str:
        previous = environment.previous
        return environment.policy.rules.in_words(environment.name, previous.name if previous else None)


class PolicyForm(ServiceForm):
    """The gates of one environment; saving puts a new policy in force."""

    previous_environment = forms.BooleanField(required=False, help_text="The version has been live in the environment before.")
    change_record = forms.BooleanField(required=False, help_text="Expected impact and how we will know are written.")
    same_baseline = forms.BooleanField(required=False, initial=True, help_text="Approvals count only against what is live now.")
    deployers = forms.MultipleChoiceField(choices=Role.choices, widget=forms.CheckboxSelectMultiple, help_text="Who may promote.")

    class Meta:
        model = Policy
        fields = ("environment",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["deployers"].initial = ["domain_expert", "product", "technical", "admin"]
        if "environment" in self.fields:
            # Environments of two projects may have one name.
            self.fields["environment"].label_from_instance = lambda place: f"{place.project}: {place}"  # type: ignore[attr-defined]

    def save_by(self) -> Policy | PendingChange:  # type: ignore[override]
        given = self.cleaned_data
        approvals = {role: given[f"approvals_{role}"] for role in Role.values if given.get(f"approvals_{role}")}
        data = {name: given[name] for name in ("previous_environment", "change_record", "same_baseline")}
        return projects.change_policy(
            environment=given["environment"], data={**data, "approvals": approvals, "deployers": given["deployers"]}, actor=self.actor
        )


for _role, _label in Role.choices:
    PolicyForm.base_fields[f"approvals_{_role}"] = forms.IntegerField(
        label=f"Approvals: {_label.lower()}", required=False, min_value=0, max_value=9, initial=0, help_text="How many different people."
    )
    PolicyForm.declared_fields[f"approvals_{_role}"] = PolicyForm.base_fields[f"approvals_{_role}"]


@admin.register(Policy)
class PolicyAdmin(ScopedAdmin):
    form = PolicyForm
    project_path = "environment__project"
    list_display = ("environment", "number", "in_words", "created_by", "created_at")
    list_filter = ("environment__project",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # A policy never changes: a new one takes its place.
        return False

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Starts from the conditions in force: an empty form would drop them all unsaid."""
        if request.method == "GET" and not request.GET.get("environment", "").isdecimal():
            messages.info(request, "Choose the environment whose conditions you want to change.")
            return redirect("admin:projects_environment_changelist")
        return super().add_view(request, form_url, extra_context)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        environment = Environment.objects.filter(pk=request.GET["environment"], project__in=self.administered(request)).first()
        if environment is None:
            return {}
        rules = environment.policy.rules
        approvals = {f"approvals_{role}": count for role, count in rules.approvals.items()}
        return {"environment": environment.pk, **rules.model_dump(include={"previous_environment", "change_record", "same_baseline"})} | {
            "deployers": list(rules.deployers),
            **approvals,
        }

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        """Says what holds now, so that whoever dropped a condition by mistake sees it."""
        if isinstance(obj, PendingChange):
            return super().response_add(request, obj, post_url_continue)
        messages.success(request, f"In force from now on. {self.in_words(obj)}")
        return redirect("admin:projects_policy_change", obj.pk)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj:
            return ((None, {"fields": ("environment", "number", "in_words", "data", "created_by", "created_at")}),)
        approvals = tuple(f"approvals_{role}" for role in ("domain_expert", "product", "technical", "admin"))
        return (
            (None, {"fields": ("environment",)}),
            ("Conditions", {"fields": ("previous_environment", "change_record", *approvals, "same_baseline")}),
            ("Who", {"fields": ("deployers",)}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("in_words",) if obj else ()

    @admin.display(description="In words")
    def in_words(self, policy: Policy) -> str:
        previous = policy.environment.previous
        return policy.rules.in_words(policy.environment.name, previous.name if previous else None)


class TargetForm(ServiceForm):
    kind = forms.ChoiceField(choices=[])

    class Meta:
        model = Target
        fields = ("environment", "name", "kind", "settings", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            self.fields["kind"].choices = [(kind, kind.capitalize()) for kind in settings.PUBLISHERS]  # type: ignore[attr-defined]

    def clean_settings(self) -> dict[str, Any]:
        given = self.cleaned_data["settings"] or {}
        if not isinstance(given, dict):
            raise forms.ValidationError('Write the settings as {"name": "value"}.')
        return given

    def save_by(self) -> Target | PendingChange:  # type: ignore[override]
        given = self.cleaned_data
        if self.instance.pk is None:
            target = deployments.add_target(
                environment=given["environment"], name=given["name"], kind=given["kind"], settings=given["settings"], actor=self.actor
            )
            if given["is_active"]:
                return target
            target.is_active = False
            return deployments.save_target(target=target, actor=self.actor)
        target = Target.objects.select_related("environment__project").get(pk=self.instance.pk)
        if target.environment.targets.exclude(pk=target.pk).filter(name=given["name"]).exists():
            raise Conflict(f"{target.environment} already publishes to a place named {given['name']}.")
        target.name, target.settings, target.is_active = given["name"], given["settings"], given["is_active"]
        return deployments.save_target(target=target, actor=self.actor)


@admin.register(Target)
class TargetAdmin(ScopedAdmin, SimpleHistoryAdmin):
    form = TargetForm
    project_path = "environment__project"
    list_display = ("name", "environment", "kind", "is_active")
    list_filter = ("kind", "is_active", "environment__project")
    search_fields = ("name",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("environment", "kind") if obj else ()

"""What the site asks of every project at least. A project may ask for more, and never for less."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html

from promptstudio.projects import services as projects
from promptstudio.projects.models import Floor, PendingChange
from promptstudio.projects.permissions import can_administer_site
from promptstudio.projects.roles import REVIEWERS

from .conditions import CALENDAR, CALENDAR_HINT, NEEDS, TESTS, TESTS_IN_WORDS, ConditionsForm, initial_of
from .scoped import ScopedAdmin, actor_of, when


class FloorForm(ConditionsForm):
    environments = forms.CharField(
        label="Environments",
        required=False,
        initial="production",
        max_length=400,
        help_text="It holds for the last environment of each project, and for those with these addresses, with commas between them.",
    )

    class Meta:
        model = Floor
        fields = ()

    def save_by(self) -> Floor | PendingChange:  # type: ignore[override]
        names = [name.strip() for name in self.cleaned_data["environments"].split(",") if name.strip()]
        return projects.set_floor(data=self.rules_data(), environments=names, actor=self.actor)


@admin.register(Floor)
class FloorAdmin(ScopedAdmin):
    form = FloorForm
    one, many, icon, section = "floor", "floor", "shield-check", "places"
    hint = "What every project has to ask for at least before something enters production. A change is a new row."
    empty = "Each project asks for what it wants. A floor is asked of all of them; they may ask for more, never for less."
    project_path = ""
    list_display = ("number", "in_words", "created_by", when("created_at", "Since"))
    list_select_related = ("created_by",)

    def get_queryset(self, request: HttpRequest) -> Any:
        found = super().get_queryset(request)
        return found if can_administer_site(actor_of(request)) else found.none()

    def has_module_permission(self, request: HttpRequest) -> bool:
        actor = getattr(request, "actor", None)
        return bool(actor and super().has_module_permission(request) and can_administer_site(actor))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(can_administer_site(actor_of(request)))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # A floor never changes: a new one takes its place.
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"add_label": "Change the floor"})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Starts from the floor in force: an empty form would drop it unsaid."""
        present = Floor.objects.first()
        if present is None:
            return {}
        return {**initial_of(present.rules), "environments": ", ".join(present.environments)}

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj:
            return ((None, {"fields": ("number", "in_words", "environments", "created_by", "created_at")}),)
        approvals = tuple(f"approvals_{role}" for role in REVIEWERS)
        return (
            ("Where", {"fields": ("environments",)}),
            (
                "What a version needs at least",
                {"fields": NEEDS},
            ),
            ("Tests", {"fields": TESTS, "description": TESTS_IN_WORDS}),
            (
                "Approvals",
                {"fields": (*approvals, "folder_reviewers", "suggester_counts_as_author", "same_baseline", "approval_days")},
            ),
            ("When promotion is allowed at most", {"fields": CALENDAR, "description": CALENDAR_HINT}),
            ("Nobody else may promote", {"fields": ("deployers", "approver_may_deploy", "emergency")}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("in_words",) if obj else ()

    @admin.display(description="In words")
    def in_words(self, floor: Floor) -> str:
        sentence = floor.rules.in_words("production", "the environment before")
        return format_html('<span class="words">{}</span>', sentence)

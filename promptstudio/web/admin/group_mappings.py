"""What the groups of the identity provider give here. For site admins alone."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import escape

from promptstudio.projects import group_mappings
from promptstudio.projects.models import GroupMapping, PendingChange
from promptstudio.projects.permissions import can_map_groups

from .scoped import ScopedAdmin, ServiceForm, actor_of

# The administration shows help as markup.
PATTERN_HELP = escape(
    "Its name exactly as the identity provider sends it. <project> and <role> stand for any project’s address and any role:"
    " promptstudio-<project>-<role> makes everybody in promptstudio-claims-domain-expert a domain expert in the project claims."
)


class GroupMappingForm(ServiceForm):
    class Meta:
        model = GroupMapping
        fields = ("pattern", "project", "role", "site_admin")
        help_texts = {"pattern": PATTERN_HELP}

    def save_by(self) -> GroupMapping | PendingChange:  # type: ignore[override]
        given = {name: self.cleaned_data[name] for name in ("pattern", "project", "role", "site_admin")}
        present = GroupMapping.objects.filter(pk=self.instance.pk).first()
        if present:
            return group_mappings.change_mapping(mapping=present, **given, actor=self.actor)
        return group_mappings.add_mapping(**given, actor=self.actor)


@admin.register(GroupMapping)
class GroupMappingAdmin(ScopedAdmin):
    form = GroupMappingForm
    one, many, icon, section = "group mapping", "group mappings", "users", "people"
    hint = "What the groups of the identity provider give here."
    empty = "Until there is one, roles are given by hand, person by person."
    project_path = ""
    list_display = ("pattern", "gives", "created_at")
    list_filter = ("site_admin", "role", "project")
    search_fields = ("pattern",)
    list_select_related = ("project",)
    actions = ("remove",)

    def get_queryset(self, request: HttpRequest) -> Any:
        found = super().get_queryset(request)
        return found if self._may(request) else found.none()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return super().has_module_permission(request) and self._may(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request)

    def may_see_gone(self, request: HttpRequest, obj: Any) -> bool:
        return self._may(request)

    @admin.display(description="Gives")
    def gives(self, mapping: GroupMapping) -> str:
        if mapping.site_admin:
            return "Site admin"
        if not mapping.role and not mapping.project:
            return "The role and project that the group names"
        return (
            f"{mapping.get_role_display() or 'The role that the group names,'} in {mapping.project or 'the project that the group names'}"
        )

    @admin.action(description="Remove these mappings")
    def remove(self, request: HttpRequest, queryset: Any) -> None:
        def remove(mapping: GroupMapping) -> str:
            group_mappings.remove_mapping(mapping=mapping, actor=actor_of(request))
            return f"{mapping.pattern} gives nothing any more. Who had it keeps it until their next sign-in or renewal."

        self.each(request, queryset, remove)

    def _may(self, request: HttpRequest) -> bool:
        actor = getattr(request, "actor", None)
        return bool(actor and can_map_groups(actor))

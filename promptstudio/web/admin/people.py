from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from promptstudio.accounts import services as accounts
from promptstudio.accounts.models import User
from promptstudio.projects import services as projects
from promptstudio.projects.models import ApiKey, Membership, PendingChange, ServiceAccount

from .scoped import ReadOnlyAdmin, ScopedAdmin, ServiceForm, actor_of

# Roles are memberships; Django's own groups would be a second truth beside them.
admin.site.unregister(Group)


class PersonForm(ServiceForm):
    is_superuser = forms.BooleanField(label="Site admin", required=False, help_text="May do everything in every project.")

    class Meta:
        model = User
        fields = ("username", "name", "email", "is_active", "is_staff", "is_superuser")

    def save_by(self) -> User:  # type: ignore[override]
        given = self.cleaned_data
        person = User.objects.filter(pk=self.instance.pk).first() or accounts.add_person(
            username=given["username"], name=given["name"], email=given["email"], actor=self.actor
        )
        return accounts.change_person(
            person=person,
            name=given["name"],
            email=given["email"],
            is_active=given["is_active"],
            is_staff=given["is_staff"],
            is_site_admin=given["is_superuser"],
            actor=self.actor,
        )


@admin.register(User)
class PersonAdmin(ScopedAdmin):
    form = PersonForm
    project_path = ""
    list_display = ("name", "username", "email", "kind", "is_active", "is_staff", "is_superuser")
    list_filter = ("kind", "is_active", "is_staff")
    search_fields = ("name", "username", "email")
    actions = ("anonymise",)

    @admin.action(description="Make these people anonymous…")
    def anonymise(self, request: HttpRequest, queryset: Any) -> Any:
        sentence = (
            "Name, user name and e-mail address are replaced by a pseudonym, in the audit trail as well, and these people sign in no more. "
            "What they did stays, under the pseudonym. There is no way back. Files that were exported before still hold their names."
        )
        if page := self.confirm(request, queryset, title="Make people anonymous", sentence=sentence):
            return page

        def forget(person: User) -> str:
            return f"They are {accounts.anonymise_person(person=person, actor=actor_of(request))} from now on."

        return self.each(request, queryset, forget)

    def get_queryset(self, request: HttpRequest) -> Any:
        found = super().get_queryset(request)
        actor = actor_of(request)
        return found if actor.user.is_site_admin else found.filter(memberships__project__in=self.projects(request)).distinct()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("username",) if obj else ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).user.is_site_admin

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return actor_of(request).user.is_site_admin and (obj is None or obj.kind == User.Kind.PERSON)


class MembershipForm(ServiceForm):
    class Meta:
        model = Membership
        fields = ("project", "user", "role")

    def save_by(self) -> Membership | PendingChange:  # type: ignore[override]
        given = self.cleaned_data
        return projects.grant_role(project=given["project"], user=given["user"], role=given["role"], actor=self.actor)


@admin.register(Membership)
class MembershipAdmin(ScopedAdmin):
    form = MembershipForm
    list_display = ("user", "role", "project", "source", "granted_by", "created_at")
    list_filter = ("role", "project")
    search_fields = ("user__name", "user__username")
    list_select_related = ("user", "project", "granted_by")
    actions = ("take_away",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # A role is granted or taken away, never rewritten into another one.
        return False if obj else super().has_change_permission(request)

    @admin.action(description="Take these roles away")
    def take_away(self, request: HttpRequest, queryset: Any) -> None:
        def take(membership: Membership) -> str:
            waits = projects.revoke_role(membership=membership, actor=actor_of(request))
            gone = f"{membership.user} no longer has the role {membership.get_role_display()} in {membership.project}."
            return waits.sentence if waits else gone

        self.each(request, queryset.select_related("project", "user"), take)


@admin.register(ServiceAccount)
class ServiceAccountAdmin(ReadOnlyAdmin):
    list_display = ("name", "project", "responsible", "created_at")
    search_fields = ("name",)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    project_path = "account__project"
    list_display = ("name", "prefix", "account", "scopes", "environment", "state", "expires_at", "last_used_at")
    search_fields = ("name", "prefix")
    list_select_related = ("account", "environment")
    exclude = ("secret_hash",)
    actions = ("revoke",)

    @admin.action(description="Revoke these keys")
    def revoke(self, request: HttpRequest, queryset: Any) -> None:
        def revoke(key: ApiKey) -> str:
            projects.revoke_key(key=key, actor=actor_of(request))
            return f"{key.name} is revoked."

        self.each(request, queryset.select_related("account__project"), revoke)

"""People, their roles, and the applications that act through keys."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse, reverse_lazy
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_POST, require_safe

from promptstudio.accounts import services as accounts
from promptstudio.accounts.models import User
from promptstudio.accounts.session_services import end_sessions_of
from promptstudio.projects import key_services, role_services
from promptstudio.projects.models import ApiKey, Folder, Membership, PendingChange, Role, ServiceAccount
from promptstudio.projects.people import known_to

from ..answers import see_other
from ..forms.settings import person_typed
from ..templatetags.studio import state_badge
from .scoped import ReadOnlyAdmin, ScopedAdmin, ServiceForm, actor_of, when, yes_no

MOST_SUGGESTED = 20
# Roles are memberships; Django's own groups would be a second truth beside them.
admin.site.unregister(Group)


class PersonForm(ServiceForm):
    is_superuser = forms.BooleanField(label="Site admin", required=False, help_text="May do everything in every project.")

    class Meta:
        model = User
        fields = ("username", "name", "email", "is_active", "is_staff", "is_superuser")
        labels = {"username": "User name", "email": "E-mail", "is_active": "May sign in", "is_staff": "May open the administration"}

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
    one, many, icon = "person", "people", "users"
    hint = "Who may sign in, and what they answer for."
    project_path = ""
    list_display = (
        "name",
        "username",
        "email",
        "kind",
        "roles_counted",
        yes_no("is_active", "May sign in"),
        yes_no("is_superuser", "Site admin"),
        when("last_login", "Last sign-in"),
    )
    list_filter = ("kind", "is_active", "is_staff")
    search_fields = ("name", "username", "email")
    actions = ("end_sessions", "anonymise")

    @admin.action(description="Sign these people out everywhere")
    def end_sessions(self, request: HttpRequest, queryset: Any) -> None:
        def end(person: User) -> str:
            ended = end_sessions_of(person=person, actor=actor_of(request))
            if not ended:
                return f"{person} is signed in nowhere."
            return f"{person} is signed out in {ended} place{'s' if ended > 1 else ''}. They may sign in again."

        self.each(request, queryset, end)

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
        actor = actor_of(request)
        mine = self.projects(request)
        found = super().get_queryset(request).annotate(counted=Count("memberships", filter=Q(memberships__project__in=mine), distinct=True))
        if actor.user.is_site_admin:
            return found
        members = Membership.objects.filter(project__in=mine).values("user")
        accounts = ServiceAccount.objects.filter(project__in=mine).values("user")
        return found.filter(Q(pk__in=members) | Q(pk__in=accounts))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        who = ("Who", {"fields": ("username", "name", "email")})
        may = ("In this installation", {"fields": ("is_active", "is_staff", "is_superuser")})
        if obj is None:
            return (who, may)
        return (who, may, ("In projects", {"fields": ("roles", "answers_for", "last_sign_in", "created")}))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("username", "roles", "answers_for", "last_sign_in", "created") if obj else ()

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        person = super().get_object(request, object_id, from_field)
        if person is not None:
            visible = self.projects(request)
            person.shown_roles = list(person.memberships.filter(project__in=visible).select_related("project", "granted_by"))
            person.shown_accounts = list(person.answers_for.filter(project__in=visible).select_related("project"))
        return person

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).user.is_site_admin

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return actor_of(request).user.is_site_admin and (obj is None or obj.kind == User.Kind.PERSON)

    @admin.display(description="Roles")
    def roles_counted(self, person: Any) -> int:
        return int(person.counted)

    @admin.display(description="Roles")
    def roles(self, person: Any) -> str:
        rows = [(row.project, row.get_role_display(), _source(row)) for row in person.shown_roles]
        return _listed("{}: <b>{}</b> <span class='muted small'>{}</span>", rows) or "No role in a project that you can see."

    @admin.display(description="Answers for")
    def answers_for(self, person: Any) -> str:
        rows = [(account.name, account.project) for account in person.shown_accounts]
        return _listed("{} in {}", rows) or "No application."

    @admin.display(description="Last sign-in")
    def last_sign_in(self, person: User) -> Any:
        return when("last_login", "")(person) if person.last_login else "Never"

    @admin.display(description="Here since")
    def created(self, person: User) -> Any:
        return when("created_at", "")(person)


def _source(row: Membership) -> str:
    if row.source == Membership.Source.PROVIDER:
        return "from the identity provider"
    if row.granted_by_id == row.user_id:
        return "given to themselves: does not count for approvals"
    return f"by {row.granted_by}" if row.granted_by else ""


def _listed(template: str, rows: list[Any]) -> str:
    items = format_html_join("", f"<li>{template}</li>", rows)
    return format_html('<ul class="plain">{}</ul>', items) if rows else ""


class MembershipForm(ServiceForm):
    person = forms.CharField(
        max_length=254,
        help_text="Name or user name of somebody in your projects, or anybody's exact e-mail address.",
        error_messages={"required": "Say who."},
        widget=forms.TextInput(
            attrs={
                "list": "people-known",
                "autocomplete": "off",
                "hx-get": reverse_lazy("admin:membership_people"),
                "hx-trigger": "input changed delay:250ms",
                "hx-target": "#people-known",
            }
        ),
    )

    class Meta:
        model = Membership
        fields = ("project", "folder", "role")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "role" in self.fields:
            self.fields["role"].choices = [("", "Choose…"), *Role.choices]  # type: ignore[attr-defined]
            folder = cast("forms.ModelChoiceField[Folder]", self.fields["folder"])
            folder.queryset = folder.queryset.exclude(path="").select_related("project").order_by("project__name", "path")  # type: ignore[union-attr]
            folder.label_from_instance = _folder_words  # type: ignore[assignment]
            folder.empty_label = "The whole project"
            folder.help_text = "A role in a folder holds there and in the folders below it."

    def clean_person(self) -> User:
        return person_typed(self.cleaned_data["person"], self.actor)

    def save_by(self) -> Membership | PendingChange:  # type: ignore[override]
        given = self.cleaned_data
        return role_services.grant_role(
            project=given["project"], user=given["person"], role=given["role"], folder=given["folder"], actor=self.actor
        )


def _folder_words(folder: Folder) -> str:
    return f"{folder.project}: {folder.path.replace('/', ' / ')}"


@admin.register(Membership)
class MembershipAdmin(ScopedAdmin):
    form = MembershipForm
    one, many, icon, section = "role", "roles", "user", "people"
    hint = "Who has which role in which project. A role is given or taken away, never rewritten."
    add_form_template = "admin/role_form.html"
    list_display = ("user", "role", "project", "folder", "source", "granted_by", when("created_at", "Since"))
    list_filter = ("role", "project", "source")
    search_fields = ("user__name", "user__username")
    list_select_related = ("user", "project", "folder", "granted_by")
    actions = ("take_away",)

    def get_urls(self) -> list[Any]:
        return [
            path("people/", self.admin_site.admin_view(require_safe(self.people)), name="membership_people"),
            *super().get_urls(),
        ]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        there = ("user", "role", "project", "folder", "source", "granted_by", "created_at")
        return there if obj else ("person", "project", "folder", "role")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # A role is granted or taken away, never rewritten into another one.
        return False if obj else super().has_change_permission(request)

    def people(self, request: HttpRequest) -> HttpResponse:
        """Suggestions while somebody types, from the people whom they know."""
        words = " ".join(request.GET.get("person", "").split())[:100]
        known = known_to(actor_of(request)).filter(Q(name__icontains=words) | Q(email__icontains=words) | Q(username__icontains=words))
        return render(request, "admin/_people.html", {"known": known.order_by("name")[:MOST_SUGGESTED] if words else []})

    @admin.action(description="Take these roles away")
    def take_away(self, request: HttpRequest, queryset: Any) -> None:
        def take(membership: Membership) -> str:
            waits = role_services.revoke_role(membership=membership, actor=actor_of(request))
            gone = f"{membership.user} no longer has the role {membership.get_role_display()} in {membership.place}."
            return waits.sentence if waits else gone

        self.each(request, queryset.select_related("project", "folder", "user"), take)


@admin.register(ServiceAccount)
class ServiceAccountAdmin(ReadOnlyAdmin):
    one, many, icon, section = "application", "applications", "stack-2", "people"
    hint = "What acts through keys, and the person who answers for it. They are made in the settings of a project."
    list_display = ("name", "project", "responsible", when("created_at", "Since"))
    list_filter = ("project",)
    search_fields = ("name",)
    list_select_related = ("project", "responsible")
    fields = ("name", "project", "responsible", "created_at")


class KeyState(admin.SimpleListFilter):
    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("usable", "In use"), ("over", "Revoked or expired")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        usable = ApiKey.objects.usable().values("pk")
        if self.value() == "usable":
            return queryset.filter(pk__in=usable)
        return queryset.exclude(pk__in=usable) if self.value() else queryset


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    one, many, icon, section = "key", "keys", "key", "people"
    hint = "What applications sign in with. A key is made in the settings of its project and shown once; here it is revoked."
    project_path = "account__project"
    list_display = ("name", "account", "may", "bound_to", "state_shown", when("expires_at", "Ends"), when("last_used_at", "Last used"))
    list_filter = (KeyState, "account__project", "environment")
    search_fields = ("name", "prefix", "account__name")
    list_select_related = ("account__project", "environment")
    fields = ("name", "begins_with", "account", "project", "may", "bound_to", "state_shown", "created_by", "created_at", "ends", "used")
    readonly_fields = fields
    change_form_template = "admin/key.html"
    actions = ("revoke",)

    def get_urls(self) -> list[Any]:
        revoke = path("<int:pk>/revoke/", self.admin_site.admin_view(require_POST(self.revoke_one)), name="key_revoke")
        return [revoke, *super().get_urls()]

    @admin.display(description="Begins with")
    def begins_with(self, key: ApiKey) -> str:
        return f"{key.prefix}…"

    @admin.display(description="Project")
    def project(self, key: ApiKey) -> str:
        return str(key.account.project)

    @admin.display(description="It may")
    def may(self, key: ApiKey) -> str:
        return ", ".join(ApiKey.Scope(scope).label.lower() for scope in key.scopes)

    @admin.display(description="Environment")
    def bound_to(self, key: ApiKey) -> str:
        return str(key.environment) if key.environment else "every one: not for applications"

    @admin.display(description="State")
    def state_shown(self, key: ApiKey) -> str:
        if key.state == "in use":
            return state_badge("live", "In use")
        return state_badge("blocked", "Revoked") if key.state == "revoked" else state_badge("superseded", "Expired")

    @admin.display(description="Ends")
    def ends(self, key: ApiKey) -> Any:
        return when("expires_at", "")(key) if key.expires_at else "When it is revoked"

    @admin.display(description="Last used")
    def used(self, key: ApiKey) -> Any:
        return when("last_used_at", "")(key) if key.last_used_at else "Never"

    @admin.action(description="Revoke these keys")
    def revoke(self, request: HttpRequest, queryset: Any) -> None:
        def revoke(key: ApiKey) -> str:
            key_services.revoke_key(key=key, actor=actor_of(request))
            return f"{key.name} is revoked."

        self.each(request, queryset.select_related("account__project"), revoke)

    def revoke_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        key = cast(ApiKey, get_object_or_404(self.get_queryset(request).select_related("account__project"), pk=pk))
        self.about(request, key)
        key_services.revoke_key(key=key, actor=actor_of(request))
        messages.success(request, f"{key.name} is revoked. Applications that use it get no answers any more.")
        return see_other(reverse("admin:projects_apikey_change", args=[pk]))

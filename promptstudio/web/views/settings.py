"""A project's environments with their conditions, its people, and the keys of its applications."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from promptstudio.deployments.models import Target
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.projects import key_services, role_services, services
from promptstudio.projects.access_services import access_review_due
from promptstudio.projects.models import ApiKey, Environment, PendingChange, Policy, Project, Role, ServiceAccount
from promptstudio.projects.permissions import can, can_give_somewhere, folders_to_give
from promptstudio.projects.roles import table

from ..forms.prompts import add_errors
from ..forms.settings import AccountForm, KeyForm, RoleForm, RotateForm, people_known
from ..requests import StudioRequest

TABS = (
    ("settings", "Overview"),
    ("settings_people", "People"),
    ("settings_folders", "Folders"),
    ("settings_keys", "Keys"),
    ("settings_judges", "Judges"),
)


@require_safe
def overview(request: StudioRequest, project: str) -> HttpResponse:
    space = _project(request, project)
    places = _places(space)
    policies = {
        policy.environment_id: policy
        for policy in Policy.objects.filter(environment__in=places).select_related("created_by").order_by("number")
    }
    targets: dict[int, list[Target]] = {place.pk: [] for place in places}
    for target in Target.objects.filter(environment__in=places):
        targets[target.environment_id].append(target)
    previous = [None, *[place.name for place in places]]
    lanes = [
        {
            "place": place,
            "policy": policies[place.pk],
            "words": policies[place.pk].rules.in_words(place.name, before),
            "deployers": [Role(role).label for role in policies[place.pk].rules.deployers],
            "emergency": [Role(role).label for role in policies[place.pk].rules.emergency],
            "targets": targets[place.pk],
        }
        for place, before in zip(places, previous, strict=False)
    ]
    return _page(request, space, "settings", "settings/overview.html", lanes=lanes)


@require_safe
def people(request: StudioRequest, project: str) -> HttpResponse:
    space = _project(request, project)
    return _people_page(request, space, RoleForm(actor=request.actor, places=_folders_offered(request, space)))


@require_POST
def grant(request: StudioRequest, project: str) -> HttpResponse:
    space = _project(request, project)
    can_give_somewhere(request.actor, space).require()
    form = RoleForm(request.POST, actor=request.actor, places=_folders_offered(request, space))
    if not form.is_valid():
        return _people_page(request, space, form, status=422)
    person, role, path = form.cleaned_data["person"], form.cleaned_data["role"], form.cleaned_data["folder"]
    folder = services.folder_at(project=space, path=path) if path else None
    try:
        given = role_services.grant_role(project=space, user=person, role=role, folder=folder, actor=request.actor)
    except Invalid as error:
        add_errors(form, error.errors)
        return _people_page(request, space, form, status=422)
    except Conflict as error:
        form.add_error("role", error.sentence)
        return _people_page(request, space, form, status=409)
    if isinstance(given, PendingChange):
        messages.info(request, given.sentence)
        return redirect(_address("settings_people", space))
    where = f" in {path}" if path else ""
    messages.success(request, f"{person} has the role {Role(role).label}{where} now.")
    return redirect(_address("settings_people", space))


@require_POST
def revoke(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    space = _project(request, project)
    membership = get_object_or_404(space.memberships.select_related("user", "project", "folder__project"), uid=uid)
    if waits := role_services.revoke_role(membership=membership, actor=request.actor):
        messages.info(request, waits.sentence)
        return redirect(_address("settings_people", space))
    messages.info(request, f"{membership.user} does not have the role {membership.get_role_display()} any more.")
    # Whoever took their own last role away does not see the project any more.
    here = Project.objects.visible_to(request.actor).filter(pk=space.pk).exists()
    return redirect(_address("settings_people", space) if here else reverse("home"))


@require_safe
def keys(request: StudioRequest, project: str) -> HttpResponse:
    return _keys_page(request, _project(request, project))


@require_POST
def account(request: StudioRequest, project: str) -> HttpResponse:
    space = _project(request, project)
    can(request.actor, "administer", space).require()
    form = AccountForm(request.POST, project=space)
    if not form.is_valid():
        return _keys_page(request, space, account_form=form, status=422)
    name = form.cleaned_data["account_name"]
    try:
        key_services.create_service_account(project=space, name=name, responsible=form.cleaned_data["responsible"], actor=request.actor)
    except Conflict as error:
        form.add_error("account_name", error.sentence)
        return _keys_page(request, space, account_form=form, status=409)
    messages.success(request, f"{name} can have keys now.")
    return redirect(_address("settings_keys", space))


@require_POST
def key(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    """Make a key. This answer is the only page that ever shows its secret, so it is no redirect."""
    space = _project(request, project)
    can(request.actor, "administer", space).require()
    owner = get_object_or_404(space.service_accounts.select_related("project", "user", "responsible"), uid=uid)
    form = KeyForm(request.POST, places=_places(space), folders=_folders_offered(request, space), auto_id=_auto_id(owner))
    if not form.is_valid():
        return _keys_page(request, space, key_form=form, owner=owner, status=422)
    try:
        made, secret = key_services.create_key(
            account=owner,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            environment=form.place,
            folder=services.folder_at(project=space, path=form.cleaned_data["folder"]),
            expires_at=form.expires_at,
            actor=request.actor,
        )
    except Invalid as error:
        for name, sentence in error.errors.items():
            form.add_error({"expires_at": "expires_on"}.get(name, name), sentence)
        return _keys_page(request, space, key_form=form, owner=owner, status=422)
    return _page(request, space, "settings_keys", "settings/key_made.html", status=201, key=made, owner=owner, secret=secret)


@require_POST
def key_rotate(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    """A new key in place of an old one. As with a new key, this answer is the only page that shows its secret."""
    space = _project(request, project)
    can(request.actor, "administer", space).require()
    old = get_object_or_404(ApiKey.objects.select_related("account__project"), account__project=space, uid=uid)
    form = RotateForm(request.POST)
    if not form.is_valid():
        raise Invalid({"overlap": "Choose how long the old key goes on working."})
    made, secret = key_services.rotate_key(key=old, overlap=form.overlap, actor=request.actor)
    old.refresh_from_db()
    return _page(
        request, space, "settings_keys", "settings/key_made.html", status=201, key=made, owner=made.account, secret=secret, old=old
    )


@require_POST
def key_revoke(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    space = _project(request, project)
    can(request.actor, "administer", space).require()
    found = get_object_or_404(ApiKey.objects.select_related("account__project"), account__project=space, uid=uid)
    key_services.revoke_key(key=found, actor=request.actor)
    messages.info(request, f"The key “{found.name}” is revoked. Applications that use it get no answers any more.")
    return redirect(_address("settings_keys", space))


def _people_page(request: StudioRequest, space: Project, form: RoleForm, status: int = 200) -> HttpResponse:
    memberships = space.memberships.select_related("user", "granted_by", "folder").order_by("user__name", "user_id", "folder__path", "role")
    keeps_all = bool(can(request.actor, "administer", space))
    kept = set(folders_to_give(request.actor, space).values_list("pk", flat=True))
    members: dict[int, dict[str, Any]] = {}
    for membership in memberships:
        membership.may_take = keeps_all or membership.folder_id in kept  # type: ignore[attr-defined]
        members.setdefault(membership.user_id, {"user": membership.user, "roles": []})["roles"].append(membership)
    context = {
        "members": list(members.values()),
        "form": form,
        "roles": Role.labels,
        "table": table(),
        "known": people_known(request.actor),
        "may_give": can_give_somewhere(request.actor, space),
        "access_due": access_review_due(space),
    }
    return _page(request, space, "settings_people", "settings/people.html", status=status, **context)


def _folders_offered(request: StudioRequest, space: Project) -> list[str]:
    """Paths in which this person may give roles; "" stands for the whole project."""
    if can(request.actor, "administer", space):
        paths = {path for folder in space.folders.all() for path in folder.lineage}
        return ["", *sorted(paths)]
    return sorted(folders_to_give(request.actor, space).values_list("path", flat=True))


def _keys_page(
    request: StudioRequest,
    space: Project,
    *,
    account_form: AccountForm | None = None,
    key_form: KeyForm | None = None,
    owner: ServiceAccount | None = None,
    status: int = 200,
) -> HttpResponse:
    places, folders = _places(space), _folders_offered(request, space)
    accounts = space.service_accounts.select_related("responsible").prefetch_related(
        "keys__environment", "keys__folder", "keys__created_by"
    )
    listed = [
        {
            "account": each,
            "keys": [{"key": key, "rotate": RotateForm(auto_id=f"rotate-{key.uid.hex[:8]}-%s")} for key in each.keys.all()],
            "form": key_form if key_form and owner == each else KeyForm(places=places, folders=folders, auto_id=_auto_id(each)),
            "open": bool(key_form and owner == each),
        }
        for each in accounts
    ]
    return _page(
        request,
        space,
        "settings_keys",
        "settings/keys.html",
        status=status,
        accounts=listed,
        account_form=account_form or AccountForm(project=space),
    )


def _page(request: StudioRequest, space: Project, tab: str, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    tabs = [{"label": label, "url": _address(name, space), "current": name == tab} for name, label in TABS]
    may = can(request.actor, "administer", space)
    waiting = PendingChange.objects.open().filter(project=space).count() if may else 0
    frame = {"project": space, "tabs": tabs, "may_administer": may, "changes_waiting": waiting}
    return render(request, template, frame | context, status=status)


def _project(request: StudioRequest, slug: str) -> Project:
    request.section = "settings"  # type: ignore[attr-defined]
    return get_object_or_404(Project.objects.visible_to(request.actor), slug=slug)


def _places(space: Project) -> list[Environment]:
    return list(space.environments.order_by("position"))


def _address(name: str, space: Project) -> str:
    return reverse(name, args=[space.slug])


def _auto_id(owner: ServiceAccount) -> str:
    # The page has a form for each application, and ids must differ.
    return f"key-{owner.uid.hex[:8]}-%s"

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
from promptstudio.projects import services
from promptstudio.projects.models import ApiKey, Environment, Policy, Project, Role, ServiceAccount
from promptstudio.projects.permissions import DEEDS, ROLES, can

from ..forms.settings import AccountForm, KeyForm, RoleForm, people_known
from ..requests import StudioRequest

TABS = (("settings", "Overview"), ("settings_people", "People"), ("settings_keys", "Keys"))
# the deeds of `projects.permissions`, as a table's first column says them
MAY = {
    "read": "Read prompts, versions and reviews",
    "write": "Write prompts, ask for reviews",
    "review": "Review; the conditions say whose approval counts where",
    "deploy": "Promote; the conditions say who where",
    "roll_back": "Roll back",
    "recall": "Recall a version",
    "audit": "Read the audit trail",
    "administer": "Change these settings",
}


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
            "targets": targets[place.pk],
        }
        for place, before in zip(places, previous, strict=False)
    ]
    return _page(request, space, "settings", "settings/overview.html", lanes=lanes)


@require_safe
def people(request: StudioRequest, project: str) -> HttpResponse:
    return _people_page(request, _project(request, project), RoleForm(actor=request.actor))


@require_POST
def grant(request: StudioRequest, project: str) -> HttpResponse:
    space = _project(request, project)
    can(request.actor, "administer", space).require()
    form = RoleForm(request.POST, actor=request.actor)
    if not form.is_valid():
        return _people_page(request, space, form, status=422)
    person, role = form.cleaned_data["person"], form.cleaned_data["role"]
    try:
        services.grant_role(project=space, user=person, role=role, actor=request.actor)
    except Conflict as error:
        form.add_error("role", error.sentence)
        return _people_page(request, space, form, status=409)
    messages.success(request, f"{person} has the role {Role(role).label} now.")
    return redirect(_address("settings_people", space))


@require_POST
def revoke(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    space = _project(request, project)
    can(request.actor, "administer", space).require()
    membership = get_object_or_404(space.memberships.select_related("user", "project"), uid=uid)
    services.revoke_role(membership=membership, actor=request.actor)
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
        services.create_service_account(project=space, name=name, responsible=form.cleaned_data["responsible"], actor=request.actor)
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
    form = KeyForm(request.POST, places=_places(space), auto_id=_auto_id(owner))
    if not form.is_valid():
        return _keys_page(request, space, key_form=form, owner=owner, status=422)
    try:
        made, secret = services.create_key(
            account=owner,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            environment=form.place,
            expires_at=form.expires_at,
            actor=request.actor,
        )
    except Invalid as error:
        for name, sentence in error.errors.items():
            form.add_error({"expires_at": "expires_on"}.get(name, name), sentence)
        return _keys_page(request, space, key_form=form, owner=owner, status=422)
    return _page(request, space, "settings_keys", "settings/key_made.html", status=201, key=made, owner=owner, secret=secret)


@require_POST
def key_revoke(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    space = _project(request, project)
    can(request.actor, "administer", space).require()
    found = get_object_or_404(ApiKey.objects.select_related("account__project"), account__project=space, uid=uid)
    services.revoke_key(key=found, actor=request.actor)
    messages.info(request, f"The key “{found.name}” is revoked. Applications that use it get no answers any more.")
    return redirect(_address("settings_keys", space))


def _people_page(request: StudioRequest, space: Project, form: RoleForm, status: int = 200) -> HttpResponse:
    memberships = space.memberships.select_related("user", "granted_by").order_by("user__name", "user_id", "role")
    members: dict[int, dict[str, Any]] = {}
    for membership in memberships:
        members.setdefault(membership.user_id, {"user": membership.user, "roles": []})["roles"].append(membership)
    table = [(MAY[deed], [role in ROLES[deed] for role in Role.values]) for deed in DEEDS]
    context = {"members": list(members.values()), "form": form, "roles": Role.labels, "table": table, "known": people_known(request.actor)}
    return _page(request, space, "settings_people", "settings/people.html", status=status, **context)


def _keys_page(
    request: StudioRequest,
    space: Project,
    *,
    account_form: AccountForm | None = None,
    key_form: KeyForm | None = None,
    owner: ServiceAccount | None = None,
    status: int = 200,
) -> HttpResponse:
    places = _places(space)
    accounts = space.service_accounts.select_related("responsible").prefetch_related("keys__environment", "keys__created_by")
    listed = [
        {
            "account": each,
            "keys": each.keys.all(),
            "form": key_form if key_form and owner == each else KeyForm(places=places, auto_id=_auto_id(each)),
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
    frame = {"project": space, "tabs": tabs, "may_administer": can(request.actor, "administer", space)}
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

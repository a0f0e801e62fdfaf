"""Who answers for the folders of a project: whose approval is asked for what lies in them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from promptstudio.accounts.models import User
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.projects.answering import Answering, named_in, nearest
from promptstudio.projects.conditions import with_conditions
from promptstudio.projects.folder_services import name_reviewers
from promptstudio.projects.models import Folder, Membership, PendingChange, Project
from promptstudio.projects.permissions import can
from promptstudio.projects.roles import ROLES
from promptstudio.projects.rules import ROLE_WORDS, Rules
from promptstudio.projects.services import folder_at

from ..forms.folders import ReviewersForm
from ..forms.prompts import add_errors
from ..requests import StudioRequest
from .settings import _address, _page, _project


@require_safe
def folders(request: StudioRequest, project: str) -> HttpResponse:
    """Each folder that this person reads, with those whom it names, or the folder that decides for it."""
    space = _project(request, project)
    named, members = named_in([space.pk]), _members(space)
    rows = [_row(folder, named, members) for folder in _readable(request, space)]
    return _page(request, space, "settings_folders", "settings/folders.html", rows=rows, asking=_asking(space))


@require_http_methods(["GET", "HEAD", "POST"])
def folder(request: StudioRequest, project: str) -> HttpResponse:
    """Say who answers for the folder at `?folder=`."""
    space = _project(request, project)
    place = _folder_or_404(request, space)
    present = named_in([space.pk]).get((space.pk, place.path)) or Answering(place)
    members = _members(space)
    offered = _offered(place, present, members)
    if request.method != "POST":
        initial = {"people": [str(person.uid) for person in present.people], "roles": list(present.roles)}
        return _form_page(request, space, place, ReviewersForm(initial=initial, offered=offered))
    can(request.actor, "administer", space).require()
    form = ReviewersForm(request.POST, offered=offered)
    if not form.is_valid():
        return _form_page(request, space, place, form, status=422)
    try:
        waits = _named(request, place, form)
    except Invalid as error:
        add_errors(form, error.errors)
        return _form_page(request, space, place, form, status=422)
    except Conflict as error:
        form.add_error(None, error.sentence)
        return _form_page(request, space, place, form, status=409)
    if waits:
        messages.info(request, waits.sentence)
    else:
        messages.success(request, f"This is who answers for {present.place} from now on.")
    return redirect(_address("settings_folders", space))


@transaction.atomic
def _named(request: StudioRequest, place: Folder, form: ReviewersForm) -> PendingChange | None:
    # A level in between becomes a folder of its own when somebody answers for it, and not when that is refused.
    kept = folder_at(project=place.project, path=place.path)
    return name_reviewers(folder=kept, people=form.chosen, roles=form.cleaned_data["roles"], actor=request.actor)


def _form_page(request: StudioRequest, space: Project, place: Folder, form: ReviewersForm, status: int = 200) -> HttpResponse:
    named = {key: row for key, row in named_in([space.pk]).items() if key != (space.pk, place.path)}
    waits = PendingChange.objects.open().filter(project=space, subject=f"folder_reviewers:{place.uid}").first()
    context = {"place": place, "answering": Answering(place), "above": nearest(place, named), "form": form, "waits": waits}
    return _page(request, space, "settings_folders", "settings/folder.html", status=status, **context)


def _row(folder: Folder, named: Mapping[tuple[int, str], Answering], members: Sequence[Membership]) -> dict[str, Any]:
    found = nearest(folder, named)
    here = [row for row in members if row.holds_at(folder)]
    able = found.who_may_approve(here) if found else {}
    people = [{"person": person, "able": person.pk in able} for person in found.people] if found else []
    return {
        "folder": folder,
        "depth": folder.path.count("/") + 1 if folder.path else 0,
        "from": found.place if found and found.folder.path != folder.path else "",
        "people": people,
        "roles": [ROLE_WORDS[role] for role in found.roles] if found else [],
        "closed": bool(found and not able),
    }


def _members(space: Project) -> list[Membership]:
    return list(space.memberships.filter(user__is_active=True).given_by_others().select_related("user", "folder"))


def _offered(place: Folder, present: Answering, members: Sequence[Membership]) -> list[User]:
    able = {row.user for row in members if row.role in ROLES["review"] and row.holds_at(place) and row.user.kind == User.Kind.PERSON}
    return sorted(able | set(present.people), key=lambda person: (person.name, person.pk))


def _readable(request: StudioRequest, space: Project) -> list[Folder]:
    """By path, with the levels in between that hold no prompt themselves."""
    every = list(space.folders.order_by("path"))
    if not can(request.actor, "read", space):
        mine = set(space.folders.granted(request.actor.user, "read").values_list("pk", flat=True))
        return [folder for folder in every if folder.pk in mine]
    known = {folder.path: folder for folder in every}
    paths = {"", *known, *(path for folder in every for path in folder.lineage)}
    return [known.get(path) or Folder(project=space, path=path) for path in sorted(paths)]


def _folder_or_404(request: StudioRequest, space: Project) -> Folder:
    path = request.GET.get("folder", "").strip("/")
    found = next((folder for folder in _readable(request, space) if folder.path == path), None)
    if found is None:
        raise Http404
    return found


def _asking(space: Project) -> list[str]:
    """Names of the environments whose conditions ask them."""
    places = with_conditions(space.environments.order_by("position"))
    return [place.name for place in places if Rules.model_validate(place.rules_data).folder_reviewers]

"""Naming who answers for a folder."""

from collections.abc import Sequence

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.lib.locking import locked

from . import controls
from .answering import Answering, Named, either, is_asked, named_in, nearest, nobody_left
from .models import Folder, FolderReviewer, Membership, PendingChange, Project
from .permissions import can
from .roles import REVIEWERS, ROLES


@transaction.atomic
def name_reviewers(*, folder: Folder, people: Sequence[User], roles: Sequence[str], actor: Actor) -> PendingChange | None:
    """From now on exactly `people` and everybody with one of `roles` answer for `folder`; without any, the folder above decides.

    What makes approval easier waits for a second person where the site asks for it: then the wish is returned. Raises Invalid for somebody
    who could not approve there, Conflict where nothing changes.
    """
    folder = _locked(folder)
    can(actor, "administer", folder.project).require()
    wanted = Named(folder, list(dict.fromkeys(people)), list(dict.fromkeys(roles))).answering
    present = _named_here(folder)
    if set(wanted.people) == set(present.people) and set(wanted.roles) == set(present.roles) == set(roles):
        raise Conflict("Nothing changed: they answer for it already." if wanted.people or wanted.roles else "Nobody is named there.")
    _could_approve(wanted, roles)
    easier = _easier(folder, present, wanted)
    if easier and is_asked(folder.project) and controls.needs_second_person(actor, folder.project):
        return controls.ask(
            kind="folder_reviewers",
            subject=f"folder_reviewers:{folder.uid}",
            label=f"Who answers for the folder {wanted.place}",
            reasons=easier,
            project=folder.project,
            actor=actor,
            data={"folder": str(folder.uid), "before": _told(present), "after": _told(wanted)},
        )
    _name(folder, present, wanted, actor, by=actor.user)
    return None


def _easier(folder: Folder, present: Answering, wanted: Answering) -> list[str]:
    """In which ways somebody else than today could let a version through; names of people stay out, because reasons are kept."""
    named = named_in([folder.project_id])
    today = nearest(folder, named)
    if today is None:
        return []
    found = []
    if set(present.people) - set(wanted.people) or set(present.roles) - set(wanted.roles):
        found.append("somebody who is asked today is not asked any more")
    if not wanted.people and not wanted.roles:
        above = nearest(folder, {place: row for place, row in named.items() if place != (folder.project_id, folder.path)})
        found.append(f"the folder {above.place} decides who is asked" if above else "nobody is asked any more")
    elif set(wanted.people) - set(today.people) or set(wanted.roles) - set(today.roles):
        found.append("one approval is enough, and somebody may give it who is not asked today")
    return found


def _could_approve(wanted: Answering, roles: Sequence[str]) -> None:
    """Raises Invalid where somebody of them could not, or nobody could."""
    if unknown := sorted(set(roles) - set(REVIEWERS)):
        raise Invalid({"roles": f"{', '.join(unknown)} is no role that may approve. Those are {', '.join(REVIEWERS)}."})
    rows = Membership.objects.at(wanted.folder).filter(user__is_active=True, user__kind=User.Kind.PERSON)
    members = list(rows.given_by_others().select_related("user"))
    reviewing = {row.user_id for row in members if row.role in ROLES["review"]}
    if unable := [person.name for person in wanted.people if person.pk not in reviewing]:
        who = f"{', '.join(unable)} could not approve in {wanted.place}"
        raise Invalid({"people": f"{who}: give them a role there that reviews, or leave them out."})
    held = {row.role for row in members}
    if empty := [role for role in wanted.roles if role not in held]:
        raise Invalid({"roles": f"Nobody has the role {either(empty)} in {wanted.place}. Give it to somebody first."})
    if (wanted.people or wanted.roles) and (missing := nobody_left(wanted, members)):
        raise Invalid({"people": missing})


def _name(folder: Folder, present: Answering, wanted: Answering, actor: Actor, *, by: User) -> None:
    folder.reviewers.exclude(person__in=wanted.people).exclude(role__in=wanted.roles).delete()
    for person in set(wanted.people) - set(present.people):
        FolderReviewer.objects.create(folder=folder, person=person, named_by=by, named_at=clock.now())
    for role in set(wanted.roles) - set(present.roles):
        FolderReviewer.objects.create(folder=folder, role=role, named_by=by, named_at=clock.now())
    record(
        actor=actor,
        action="folder.reviewers_named",
        subject=folder,
        label=wanted.place,
        project_uid=folder.project.uid,
        before=_told(present),
        after=_told(wanted),
        named=sorted(str(person.uid) for person in set(wanted.people) - set(present.people)),
    )


def _confirmed(change: PendingChange, actor: Actor) -> None:
    folder = _locked(Folder.objects.get(uid=change.data["folder"]))
    present = _named_here(folder)
    if _told(present) != change.data["before"]:
        raise Conflict(f"Who answers for {present.place} changed since. Decline this, and ask again from those who are named now.")
    after = change.data["after"]
    wanted = Named(folder, list(User.objects.filter(uid__in=after["people"])), after["roles"]).answering
    # They may have lost their role since.
    _could_approve(wanted, wanted.roles)
    _name(folder, present, wanted, actor, by=change.asked_by)


def _named_here(folder: Folder) -> Answering:
    return named_in([folder.project_id]).get((folder.project_id, folder.path)) or Answering(folder)


def _told(answering: Answering) -> dict[str, list[str]]:
    return {"people": sorted(str(person.uid) for person in answering.people), "roles": list(answering.roles)}


def _locked(folder: Folder) -> Folder:
    # What an inner folder makes easier depends on the outer ones: one change at a time in a project.
    Project.objects.select_for_update(no_key=True).get(pk=folder.project_id)
    return locked(Folder.objects.all(), "project", pk=folder.pk)


controls.register("folder_reviewers", carry_out=_confirmed)

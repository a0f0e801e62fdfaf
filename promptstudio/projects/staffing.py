"""Could anybody at all satisfy these conditions today? Everything but `staff_of` is pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from promptstudio.accounts.models import User

from .models import Membership, Project
from .roles import ROLES
from .rules import Rules


@dataclass(frozen=True)
class Staff:
    """A person; `roles` are those that others gave them."""

    name: str
    roles: frozenset[str]

    @property
    def writes(self) -> bool:
        return bool(self.roles & ROLES["write"])


def staff_of(project: Project) -> list[Staff]:
    """Everyone with a role in the project or in a folder of it, with the roles that others gave them."""
    held: dict[User, set[str]] = {}
    for row in Membership.objects.filter(project=project, user__is_active=True).given_by_others().select_related("user"):
        held.setdefault(row.user, set()).add(row.role)
    return [Staff(user.name, frozenset(roles)) for user, roles in held.items()]


def what_is_missing(rules: Rules, staff: Iterable[Staff]) -> str:
    """A sentence when nobody could get a version through, else nothing.

    Somebody writes it and cannot approve it; each approval is given by another person; somebody promotes it.
    """
    everyone = list(staff)
    slots = [role for role, count in rules.approvals.items() for _ in range(count)]
    authors: list[Staff | None] = [person for person in everyone if person.writes] or [None]
    best = max(len(_seated(slots, [p for p in everyone if p is not author])) for author in authors)
    if best < len(slots):
        return (
            f"Nobody could satisfy this today: {rules.approvals_in_words()} by different people, none of whom wrote the version, "
            f"and the roles in this project allow {best}. Give more people these roles first."
        )
    if not any(_somebody_promotes(rules, slots, everyone, author) for author in authors):
        return "Nobody could promote a version today: everyone who may has to approve it. Let more people promote, or approvers too."
    return ""


def who_could_approve(rules: Rules, staff: Iterable[Staff]) -> dict[str, list[str]]:
    """Role to the names of those who could give its approval today."""
    everyone = list(staff)
    return {role: sorted(person.name for person in everyone if role in person.roles) for role in rules.approvals}


def _somebody_promotes(rules: Rules, slots: Sequence[str], everyone: list[Staff], author: Staff | None) -> bool:
    others = [person for person in everyone if person is not author]
    if len(_seated(slots, others)) < len(slots):
        return False
    deployers = [person for person in everyone if person.roles & set(rules.deployers)]
    if rules.approver_may_deploy or not slots:
        return bool(deployers)
    return any(len(_seated(slots, [p for p in others if p is not deployer])) == len(slots) for deployer in deployers)


def _seated(slots: Sequence[str], people: Sequence[Staff]) -> dict[int, Staff]:
    """As many slots as possible, each with another person who has its role (augmenting paths)."""
    seats: dict[int, Staff] = {}

    def seat(person: Staff, tried: set[int]) -> bool:
        for index, role in enumerate(slots):
            if role in person.roles and index not in tried:
                tried.add(index)
                if index not in seats or seat(seats[index], tried):
                    seats[index] = person
                    return True
        return False

    for person in people:
        seat(person, set())
    return seats

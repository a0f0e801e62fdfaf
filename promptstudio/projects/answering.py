"""Who answers for a folder. The nearest folder that names anybody decides; of those whom it names, one is enough."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from promptstudio.accounts.models import User

from .models import Environment, Folder, FolderReviewer, Membership, Project
from .roles import REVIEWERS, ROLES
from .rules import ROLE_WORDS, Rules


@dataclass(frozen=True)
class Answering:
    """`folder` names `people` and everybody with one of `roles`; there may be an inner folder for which it was asked."""

    folder: Folder
    people: tuple[User, ...] = ()
    roles: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        return self.folder.path or "the top of the library"

    @property
    def in_words(self) -> str:
        """“Daniel, Mira or anybody with the role product”."""
        return either([*(person.name for person in self.people), *role_words(self.roles)])

    def names(self, user: int, roles: Iterable[str]) -> bool:
        """Whether somebody with these roles there is one of them."""
        return user in {person.pk for person in self.people} or bool(set(self.roles) & set(roles))

    def who_may_approve(self, members: Iterable[Membership]) -> dict[int, User]:
        """Of those who hold `members`, roles at the prompt that others gave them, who answer for it and may approve."""
        able: dict[int, User] = {}
        for row in members:
            if row.role in ROLES["review"] and self.names(row.user_id, [row.role]):
                able[row.user_id] = row.user
        return able


@dataclass
class Named:
    """Rows of one folder, or those that somebody would like."""

    folder: Folder
    people: list[User] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)

    @property
    def answering(self) -> Answering:
        people = sorted(self.people, key=lambda person: (person.name, person.pk))
        return Answering(self.folder, tuple(people), tuple(role for role in REVIEWERS if role in self.roles))


def named_in(projects: Iterable[int]) -> dict[tuple[int, str], Answering]:
    """Project and path to whom each folder names. One query."""
    found: dict[tuple[int, str], Named] = {}
    rows = FolderReviewer.objects.filter(folder__project__in=set(projects)).select_related("folder", "person")
    for row in rows:
        named = found.setdefault((row.folder.project_id, row.folder.path), Named(row.folder))
        if row.person:
            named.people.append(row.person)
        else:
            named.roles.append(row.role)
    return {place: named.answering for place, named in found.items()}


def nearest(folder: Folder, named: Mapping[tuple[int, str], Answering]) -> Answering | None:
    """Whom the folder names, or the nearest one above it that names anybody."""
    for path in [*reversed(folder.lineage), ""]:
        if found := named.get((folder.project_id, path)):
            return found
    return None


def who_answers(folder: Folder) -> Answering | None:
    return nearest(folder, named_in([folder.project_id]))


def asked_in_words(folder: Folder, rules: Rules) -> str:
    """Whom the conditions mean by “somebody who answers for its folder”; nothing where they mean nobody."""
    found = who_answers(folder) if rules.folder_reviewers else None
    return f"For {found.place}, that is {found.in_words}." if found else ""


def no_longer_asked(old: Folder, new: Folder) -> Answering | None:
    """Who answers for what lies in `old`, where what moves to `new` could go on without them and the conditions ask for them."""
    named = named_in([old.project_id])
    today, then = nearest(old, named), nearest(new, named)
    if today is None or not is_asked(old.project):
        return None
    return None if then and _within(then, new, today, old) else today


def _within(then: Answering, new: Folder, today: Answering, old: Folder) -> bool:
    """Whether nobody could approve in `new` who is not asked in `old`: the same role may be other people's there."""
    if not (set(then.people) <= set(today.people) and set(then.roles) <= set(today.roles)):
        return False
    asked = _holders(today, old) | {person.pk for person in today.people}
    return _holders(then, new) <= asked


def _holders(answering: Answering, folder: Folder) -> set[int]:
    """Who has one of its roles in `folder`."""
    rows = Membership.objects.at(folder).given_by_others().filter(role__in=answering.roles)
    return set(rows.values_list("user_id", flat=True))


def is_asked(project: Project) -> bool:
    """Whether the conditions of an environment ask them."""
    return bool(where_asked(project))


def where_asked(project: Project) -> list[Environment]:
    """The environments whose conditions ask them."""
    return [place for place in project.environments.all() if place.policy.rules.folder_reviewers]


def nobody_left(answering: Answering, members: Iterable[Membership], deployers: Iterable[str] | None = None) -> str:
    """A sentence when nobody could give this approval today, else nothing.

    Somebody else than who gives it has to write, and to promote where `deployers` may not have approved.
    """
    members = list(members)
    able = answering.who_may_approve(members)
    if not able:
        return f"{answering.in_words} cannot approve in {answering.place}: they need a role there that reviews, given by somebody else."
    writers = {row.user_id for row in members if row.role in ROLES["write"]}
    others = {row.user_id for row in members if row.role in deployers} if deployers is not None else None
    if any(writers - {pk} and (others is None or others - {pk}) for pk in able):
        return ""
    alone = either([user.name for user in able.values()])
    return f"Nobody but {alone} could write or promote in {answering.place}, and none of them approves what they did themselves."


def what_is_missing_in_folders(project: Project, rules: Rules) -> str:
    """A sentence about the first folder whose people could not approve today, where `rules` ask them."""
    if not rules.folder_reviewers:
        return ""
    rows = list(Membership.objects.filter(project=project, user__is_active=True).given_by_others().select_related("user", "folder"))
    deployers = None if rules.approver_may_deploy else rules.deployers
    for answering in named_in([project.pk]).values():
        if missing := nobody_left(answering, [row for row in rows if row.holds_at(answering.folder)], deployers):
            return missing + " Name somebody else under Settings › Folders first."
    return ""


def role_words(roles: Iterable[str]) -> list[str]:
    return [f"anybody with the role {ROLE_WORDS.get(role, role)}" for role in roles]


def either(names: Iterable[str]) -> str:
    """“Daniel, Mira or Bob”."""
    known = list(names)
    return known[0] if len(known) == 1 else ", ".join(known[:-1]) + " or " + known[-1]

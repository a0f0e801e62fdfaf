"""From the names of groups to roles. Pure: what a company's groups mean is data, and nothing is looked up here."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .rules import ROLE_WORDS

PROJECT, ROLE = "<project>", "<role>"
_SLUG = r"(?P<project>[a-z0-9]+(?:[-_][a-z0-9]+)*)"
# `domain-expert` reads better in a directory than `domain_expert`; both are understood.
_ROLES = "|".join(re.escape(spelling) for role in ROLE_WORDS for spelling in (role, role.replace("_", "-")))
_PLACE = re.compile(r"<[^<>]*>")


@dataclass(frozen=True)
class Meaning:
    """What one pattern stands for: `project` is a slug, or empty where the group's name says it; so is `role`."""

    pattern: str
    project: str = ""
    role: str = ""
    site_admin: bool = False


@dataclass(frozen=True)
class Given:
    """What all groups of a person give together. `roles` holds (project slug, role)."""

    roles: frozenset[tuple[str, str]] = frozenset()
    site_admin: bool = False


def given_by(groups: Iterable[str], meanings: Iterable[Meaning]) -> Given:
    compiled = [(meaning, _compiled(meaning.pattern)) for meaning in meanings]
    roles, site_admin = set(), False
    for group in groups:
        for meaning, pattern in compiled:
            if not (found := pattern.fullmatch(group)):
                continue
            named = found.groupdict()
            site_admin = site_admin or meaning.site_admin
            if not meaning.site_admin:
                roles.add((meaning.project or named["project"], meaning.role or named["role"].replace("-", "_")))
    return Given(frozenset(roles), site_admin)


def faults_of(meaning: Meaning) -> dict[str, str]:
    """Field to sentence; empty when the pattern says exactly one project and one role, or site admin."""
    pattern, places = meaning.pattern, _PLACE.findall(meaning.pattern)
    if not pattern.strip() or pattern != pattern.strip():
        return {"pattern": "Give the name of a group as the identity provider sends it, without spaces around it."}
    if unknown := [place for place in places if place not in (PROJECT, ROLE)]:
        return {"pattern": f"{unknown[0]} is not understood. A pattern may hold {PROJECT} and {ROLE}."}
    if len(set(places)) != len(places):
        return {"pattern": "Each placeholder may stand in it once."}
    if not _PLACE.sub("", pattern).strip("-_./: "):
        return {"pattern": "Put something fixed around the placeholders, or groups of other programs would match."}
    if meaning.site_admin:
        wrong = places or meaning.project or meaning.role
        return {"site_admin": "A site admin has no project and no role: leave both empty, and use no placeholder."} if wrong else {}
    return _halves(meaning, places)


def _halves(meaning: Meaning, places: list[str]) -> dict[str, str]:
    faults = {}
    for field, place, said in (("project", PROJECT, meaning.project), ("role", ROLE, meaning.role)):
        if place in places and said:
            faults[field] = f"The pattern has {place}, so leave this empty."
        if place not in places and not said:
            faults[field] = f"Choose one, or write {place} into the pattern."
    return faults


def _compiled(pattern: str) -> re.Pattern[str]:
    source = re.escape(pattern).replace(re.escape(PROJECT), _SLUG).replace(re.escape(ROLE), f"(?P<role>{_ROLES})")
    return re.compile(source)

"""Which role may do what. One table; every `can_` question about roles is answered from it."""

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib.permission import Allowed, Denied

from .models import Membership, Project
from .rules import ROLE_WORDS

EVERYONE = frozenset(ROLE_WORDS)
ROLES: dict[str, frozenset[str]] = {
    "read": EVERYONE,
    "write": frozenset({"domain_expert", "product", "technical", "admin"}),
    "review": frozenset({"domain_expert", "product", "technical", "admin"}),
    "deploy": frozenset({"domain_expert", "product", "technical", "admin"}),
    "roll_back": frozenset({"product", "technical", "admin"}),
    "recall": frozenset({"product", "technical", "admin"}),
    "audit": frozenset({"auditor", "product", "technical", "admin"}),
    "administer": frozenset({"admin"}),
}
SCOPES = {"read": "read", "write": "write", "deploy": "deploy", "roll_back": "deploy", "recall": "deploy"}
DEEDS = {
    "read": "read this project",
    "write": "write prompts in this project",
    "review": "review in this project",
    "deploy": "promote in this project",
    "roll_back": "roll back in this project",
    "recall": "recall versions in this project",
    "audit": "read the audit trail of this project",
    "administer": "change the settings of this project",
}


def roles_of(user: User, project: Project | int) -> set[str]:
    return set(Membership.objects.filter(user=user, project=project).values_list("role", flat=True))


def can(actor: Actor, verb: str, project: Project) -> Allowed | Denied:
    """The general answer for a project: role for people, scope for keys."""
    if actor.user.kind == User.Kind.SYSTEM:
        return Allowed()
    if actor.key:
        return _key_can(actor, verb, project)
    if actor.user.is_site_admin or roles_of(actor.user, project) & ROLES[verb]:
        return Allowed()
    wanted = " or ".join(word for role, word in ROLE_WORDS.items() if role in ROLES[verb])
    return Denied(f"Your role does not allow you to {DEEDS[verb]}. Ask a project admin for the role {wanted}.")


def can_create_project(actor: Actor) -> Allowed | Denied:
    if actor.user.kind == User.Kind.SYSTEM or (actor.user.is_site_admin and not actor.key):
        return Allowed()
    return Denied("Only an administrator of this installation makes projects.")


def can_map_groups(actor: Actor) -> Allowed | Denied:
    if actor.user.kind == User.Kind.SYSTEM or (actor.user.is_site_admin and not actor.key):
        return Allowed()
    return Denied("Only a site admin says what the groups of your company give here.")


def _key_can(actor: Actor, verb: str, project: Project) -> Allowed | Denied:
    assert actor.key
    if actor.key.project_id != project.pk:
        return Denied("This key belongs to another project.")
    scope = SCOPES.get(verb)
    if scope is None:
        return Denied("A key cannot do this. A person has to.")
    if not actor.key.has_scope(scope):
        return Denied(f"This key lacks the scope “{scope}”.")
    return Allowed()

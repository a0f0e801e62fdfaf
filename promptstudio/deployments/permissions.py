from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib.permission import Allowed, Denied
from promptstudio.projects.models import ApiKey, Environment
from promptstudio.projects.permissions import can, roles_at
from promptstudio.projects.rules import ROLE_WORDS, either
from promptstudio.prompts.models import Prompt, Version
from promptstudio.prompts.permissions import can_here

from .candidate import Candidate
from .models import PublishJob


def can_deploy(actor: Actor, environment: Environment, prompt: Prompt) -> Allowed | Denied:
    if prompt.archived_at:
        return Denied("This prompt is archived. Restore it before you promote it.")
    return _may_deploy(actor, environment, prompt)


def _may_deploy(actor: Actor, environment: Environment, prompt: Prompt) -> Allowed | Denied:
    general = _through_key(actor, environment, "deploy", prompt)
    if not general or actor.key or actor.user.kind == User.Kind.SYSTEM or actor.user.is_site_admin:
        return general
    deployers = environment.policy.rules.deployers
    if roles_at(actor.user, prompt.folder) & set(deployers):
        return general
    return Denied(f"Promoting to {environment} is for {_listed(deployers)}. Ask one of them.")


def can_roll_back(actor: Actor, environment: Environment, prompt: Prompt) -> Allowed | Denied:
    return _through_key(actor, environment, "roll_back", prompt)


def can_recall(actor: Actor, version: Version) -> Allowed | Denied:
    return can_here(actor, "recall", version.prompt)


def can_take_out_of_service(actor: Actor, environment: Environment, prompt: Prompt) -> Allowed | Denied:
    return can_roll_back(actor, environment, prompt)


def can_settle(actor: Actor, job: PublishJob) -> Allowed | Denied:
    """Try a failed publication again, or leave its place out."""
    placement = job.deployment.placement
    return _may_deploy(actor, placement.environment, placement.prompt)


def can_accept(actor: Actor, candidate: Candidate) -> Allowed | Denied:
    """Whoever holds one of the roles that the conditions name, given by somebody else, and did not write the version."""
    if actor.key:
        return Denied("A key accepts nothing. A person has to.")
    if actor.user.pk in candidate.authors:
        return Denied("You worked on this version, so somebody else has to accept what got worse.")
    if not role_of(actor, candidate):
        roles = either([ROLE_WORDS.get(role, role) for role in candidate.rules.accepters]) if candidate.rules.accepters else "nobody"
        return Denied(f"The conditions of {candidate.environment} let {roles} accept what got worse. Ask one of them.")
    return can_here(actor, "read", candidate.version.prompt)


def role_of(actor: Actor, candidate: Candidate) -> str:
    """The role in which they accept: the first that the conditions name. Empty where they hold none."""
    held = {row.role for row in candidate.members if row.user_id == actor.user.pk}
    return next((role for role in candidate.rules.accepters if role in held), "")


def can_administer_targets(actor: Actor, environment: Environment) -> Allowed | Denied:
    return can(actor, "administer", environment.project)


def _through_key(actor: Actor, environment: Environment, verb: str, prompt: Prompt) -> Allowed | Denied:
    """The general answer, but a key that is bound to an environment acts there and nowhere else."""
    if isinstance(actor.key, ApiKey) and actor.key.environment_id not in (None, environment.pk):
        return Denied(f"This key is bound to {actor.key.environment}. It cannot act on {environment}.")
    return can_here(actor, verb, prompt)


def _listed(roles: tuple[str, ...]) -> str:
    return " or ".join(ROLE_WORDS[role] for role in roles)

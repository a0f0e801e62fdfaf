from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib.permission import Allowed, Denied
from promptstudio.projects.models import ApiKey, Environment
from promptstudio.projects.permissions import can, roles_of
from promptstudio.projects.rules import ROLE_WORDS
from promptstudio.prompts.models import Version

from .models import PublishJob


def can_deploy(actor: Actor, environment: Environment) -> Allowed | Denied:
    general = _through_key(actor, environment, "deploy")
    if not general or actor.key or actor.user.kind == User.Kind.SYSTEM or actor.user.is_site_admin:
        return general
    deployers = environment.policy.rules.deployers
    if roles_of(actor.user, environment.project) & set(deployers):
        return general
    return Denied(f"Promoting to {environment} is for {_listed(deployers)}. Ask one of them.")


def can_roll_back(actor: Actor, environment: Environment) -> Allowed | Denied:
    return _through_key(actor, environment, "roll_back")


def can_recall(actor: Actor, version: Version) -> Allowed | Denied:
    return can(actor, "recall", version.prompt.project)


def can_take_out_of_service(actor: Actor, environment: Environment) -> Allowed | Denied:
    return can_roll_back(actor, environment)


def can_settle(actor: Actor, job: PublishJob) -> Allowed | Denied:
    """Try a failed publication again, or leave its place out."""
    return can_deploy(actor, job.deployment.placement.environment)


def can_administer_targets(actor: Actor, environment: Environment) -> Allowed | Denied:
    return can(actor, "administer", environment.project)


def _through_key(actor: Actor, environment: Environment, verb: str) -> Allowed | Denied:
    """The general answer, but a key that is bound to an environment acts there and nowhere else."""
    if isinstance(actor.key, ApiKey) and actor.key.environment_id not in (None, environment.pk):
        return Denied(f"This key is bound to {actor.key.environment}. It cannot act on {environment}.")
    return can(actor, verb, environment.project)


def _listed(roles: tuple[str, ...]) -> str:
    return " or ".join(ROLE_WORDS[role] for role in roles)

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib.permission import Allowed, Denied
from promptstudio.projects.models import ApiKey, Environment
from promptstudio.projects.permissions import can, roles_at
from promptstudio.projects.rules import ROLE_WORDS
from promptstudio.prompts.models import Prompt, Version
from promptstudio.prompts.permissions import can_here

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


def can_administer_targets(actor: Actor, environment: Environment) -> Allowed | Denied:
    return can(actor, "administer", environment.project)


def _through_key(actor: Actor, environment: Environment, verb: str, prompt: Prompt) -> Allowed | Denied:
    """The general answer, but a key that is bound to an environment acts there and nowhere else."""
    if isinstance(actor.key, ApiKey) and actor.key.environment_id not in (None, environment.pk):
        return Denied(f"This key is bound to {actor.key.environment}. It cannot act on {environment}.")
    return can_here(actor, verb, prompt)


def _listed(roles: tuple[str, ...]) -> str:
    return " or ".join(ROLE_WORDS[role] for role in roles)

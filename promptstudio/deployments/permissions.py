from collections.abc import Callable

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib.permission import Allowed, Denied
from promptstudio.projects.models import ApiKey, Environment
from promptstudio.projects.permissions import can, roles_at
from promptstudio.projects.rules import ROLE_WORDS, either
from promptstudio.prompts.models import Prompt, Version
from promptstudio.prompts.people import people_of
from promptstudio.prompts.permissions import can_here

from .candidate import Candidate
from .models import AfterReview, CriterionWatch, PublishJob, Release, Schedule


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


def can_promote_in_an_emergency(actor: Actor, environment: Environment, prompt: Prompt) -> Allowed | Denied:
    if prompt.archived_at:
        return Denied("This prompt is archived. Restore it before you promote it.")
    if actor.key or actor.user.kind != User.Kind.PERSON:
        return Denied("A key cannot promote past the conditions. A person has to.")
    general = can_here(actor, "emergency", prompt)
    if not general or actor.user.is_site_admin:
        return general
    able = environment.policy.rules.emergency
    if roles_at(actor.user, prompt.folder) & set(able):
        return general
    whom = f"is for {_listed(able)}. Ask one of them" if able else "is for site admins alone. Ask one of them"
    return Denied(f"Promoting to {environment} past the conditions {whom}, or meet the conditions.")


def can_conclude(actor: Actor, after_review: AfterReview) -> Allowed | Denied:
    """Another admin than whoever promoted."""
    if actor.user.pk == after_review.deployment.by_id:
        return Denied("You promoted this yourself. Another project admin has to look at it.")
    return can_here(actor, "administer", after_review.deployment.placement.prompt) and can(
        actor, "administer", after_review.deployment.placement.prompt.project
    )


def can_move_schedule(actor: Actor, schedule: Schedule) -> Allowed | Denied:
    """It is promoted as whoever asked for it, so nobody else says when."""
    if actor.user.pk != schedule.by_id:
        return Denied(f"{schedule.by} scheduled it, and nobody else changes the time. You can cancel it and schedule it yourself.")
    return can_deploy(actor, schedule.placement.environment, schedule.placement.prompt)


def can_cancel_schedule(actor: Actor, schedule: Schedule) -> Allowed | Denied:
    """Whoever asked for it, and whoever could promote there."""
    prompt = schedule.placement.prompt
    if actor.user.pk == schedule.by_id and not actor.key:
        return can_here(actor, "read", prompt)
    return _may_deploy(actor, schedule.placement.environment, prompt)


def can_make_release(actor: Actor, environment: Environment) -> Allowed | Denied:
    """Whoever may promote in the project or in a folder of it; what goes into it is asked for each prompt."""
    if isinstance(actor.key, ApiKey) and actor.key.environment_id not in (None, environment.pk):
        return Denied(f"This key is bound to {actor.key.environment}. It cannot act on {environment}.")
    general = can(actor, "deploy", environment.project)
    if general or actor.key:
        return general
    return Allowed() if environment.project.folders.granted(actor.user, "deploy").exists() else general


def can_promote_release(actor: Actor, release: Release) -> Allowed | Denied:
    """Whoever sees every prompt of it and may promote each."""
    return _each_of(actor, release, can_deploy) and can_make_release(actor, release.environment)


def can_roll_back_release(actor: Actor, release: Release) -> Allowed | Denied:
    return _each_of(actor, release, can_roll_back)


def can_withdraw_release(actor: Actor, release: Release) -> Allowed | Denied:
    """Whoever made it, or could promote all of it."""
    if actor.user.pk == release.made_by_id and not actor.key:
        return Allowed()
    return can_promote_release(actor, release)


def _each_of(actor: Actor, release: Release, may: Callable[[Actor, Environment, Prompt], Allowed | Denied]) -> Allowed | Denied:
    prompts = Prompt.objects.filter(pk__in=release.items.values("prompt")).select_related("project", "folder")
    seen = list(prompts.filter(pk__in=Prompt.objects.visible_to(actor)))
    if hidden := prompts.count() - len(seen):
        are = "One prompt of it is" if hidden == 1 else f"{hidden} prompts of it are"
        return Denied(f"{are} hidden from you. Somebody who sees all of them has to do this.")
    # What is seen differs by its folder and by the archive alone, so fifty prompts in a folder are one question.
    alike = {(prompt.folder_id, prompt.archived_at is None): prompt for prompt in seen}
    answers = (may(actor, release.environment, prompt) for prompt in alike.values())
    return next((answer for answer in answers if not answer), Allowed())


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


def can_answer_criterion(actor: Actor, watch: CriterionWatch) -> Allowed | Denied:
    """Whoever was named; where they are gone, the owner of the prompt and whoever administers its place."""
    person, prompt = watch.criterion.person, watch.criterion.version.prompt
    if actor.key or actor.user.kind != User.Kind.PERSON:
        return Denied("A key cannot say this. A person has to.")
    seen = can_here(actor, "read", prompt)
    if not seen or (person and person.pk == actor.user.pk):
        return seen
    if person is None:
        return Denied("Nobody is asked this: tests measure it.")
    if not (person.is_active and _sees(person, prompt)) and (prompt.owner_id == actor.user.pk or can_here(actor, "administer", prompt)):
        return Allowed()
    return Denied(f"{person} is asked this, and answers it.")


def people_to_ask(prompt: Prompt) -> list[User]:
    """Who sees it, and so may be asked how a change of it came out; by name."""
    owner = [prompt.owner] if prompt.owner.is_active and _sees(prompt.owner, prompt) else []
    return sorted({*people_of(prompt), *owner}, key=lambda person: (person.name, person.pk))


def _sees(person: User, prompt: Prompt) -> bool:
    return Prompt.objects.visible_to(Actor(user=person)).filter(pk=prompt.pk).exists()


def can_administer_targets(actor: Actor, environment: Environment) -> Allowed | Denied:
    return can(actor, "administer", environment.project)


def _through_key(actor: Actor, environment: Environment, verb: str, prompt: Prompt) -> Allowed | Denied:
    """The general answer, but a key that is bound to an environment acts there and nowhere else."""
    if isinstance(actor.key, ApiKey) and actor.key.environment_id not in (None, environment.pk):
        return Denied(f"This key is bound to {actor.key.environment}. It cannot act on {environment}.")
    return can_here(actor, verb, prompt)


def _listed(roles: tuple[str, ...]) -> str:
    return " or ".join(ROLE_WORDS[role] for role in roles)

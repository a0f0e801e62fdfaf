"""What every way into an environment shares: its lock, who was faster, asking the gates, and writing deployments, which is done here alone.

Lock order, everywhere: placement, then job, then remote resource, then the head of the audit chain. Of several placements, that of the
older prompt first.
"""

from typing import Any, Final

from promptstudio.accounts.actor import Actor
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed, StudioError
from promptstudio.lib.locking import locked
from promptstudio.lib.wake import wake_on_commit
from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Prompt, Version
from promptstudio.reviews import services as reviews
from promptstudio.reviews.models import Review

from . import gates, live, seal
from .anchoring import anchor_production
from .models import Deployment, Evaluation, Placement, PublishJob, RemoteResource, Schedule, Seal

PUBLISH = "deployments.publish_due"
WAY_BACK = gates.Outcome("way_back", "The way back", True, "Rolling back asks for permission and a reason, and for nothing else.")


class _Any:
    """Stands for "the caller did not say what it saw"."""


ANY: Final = _Any()
Seen = Deployment | None | _Any


class Blocked(StudioError):
    """The gates refused. `evaluation` is kept and says which and why."""

    code = "blocked"

    def __init__(self, evaluation: Evaluation) -> None:
        reasons = " ".join(outcome["reason"] for outcome in evaluation.answers if not outcome["passed"])
        super().__init__(f"{evaluation.version.semver} may not enter {evaluation.environment} yet. {reasons}")
        self.evaluation = evaluation


def lock_placement(prompt: Prompt, environment: Environment) -> Placement:
    Placement.objects.get_or_create(prompt=prompt, environment=environment)
    related = ("live__version", "prompt__project", "environment__project")
    return locked(Placement.objects.all(), *related, prompt=prompt, environment=environment)


def is_still_in_the_library(prompt: Prompt) -> None:
    """Under the placement's lock, which archiving takes as well."""
    if Prompt.objects.filter(pk=prompt.pk, archived_at__isnull=False).exists():
        raise Conflict(f"{prompt} was archived a moment ago. Restore it before you promote it.")


def same_project(version: Version, environment: Environment) -> None:
    if version.prompt.project_id != environment.project_id:
        raise Invalid({"environment": "That environment belongs to another project."})


def permitted(answer: Any, subject: Version | Prompt | Review, environment: Environment, what: str, actor: Actor) -> None:
    if not answer:
        record(
            actor=actor,
            action=f"{what}.not_allowed",
            subject=subject,
            project_uid=environment.project.uid,
            environment=environment.slug,
            reason=str(answer),
        )
        raise NotAllowed(str(answer), kept=True)


def nobody_was_faster(placement: Placement, newest: Deployment | None, version: Version, replaces: Seen) -> None:
    is_newest(newest, replaces)
    if newest is None or placement.out_of_service_at:
        return
    if placement.live_version == version:
        back = "" if placement.live_id == newest.pk else f" To take back what was sent since, roll back to {version.semver}."
        raise Conflict(f"{version.semver} is live in {placement.environment} already.{back}")
    if newest.version_id != version.pk:
        return
    if newest.jobs.filter(state=PublishJob.State.FAILED).exists():
        raise Conflict(f"{version.semver} was sent to {placement.environment} already and did not arrive. Try that publication again.")
    raise Conflict(
        f"{version.semver} is on its way to {placement.environment} already: {newest.by} sent it at {newest.created_at:%H:%M} UTC."
    )


def is_newest(newest: Deployment | None, replaces: Seen) -> None:
    if isinstance(replaces, _Any) or replaces == newest:
        return
    if newest is None:
        raise Conflict("What you saw there is not there any more. Look again.")
    raise Conflict(
        f"Someone was faster: {newest.by} sent {newest.version.semver} at {newest.created_at:%H:%M} UTC. "
        "Look at what is there now, then decide.",
        by=newest.by.name,
        semver=newest.version.semver,
        at=newest.created_at.isoformat(),
        deployment=str(newest.uid),
    )


def evaluated(candidate: gates.Candidate, outcomes: list[gates.Outcome], way: str, actor: Actor) -> Evaluation:
    return Evaluation.objects.create(
        version=candidate.version,
        environment=candidate.environment,
        policy=candidate.policy,
        way=way,
        passed=all(outcome.passed for outcome in outcomes),
        outcomes=[outcome.as_kept() for outcome in outcomes],
        by=actor.user,
        created_at=clock.now(),
    )


def sent(placement: Placement, evaluation: Evaluation, newest: Deployment | None, reason: str, actor: Actor) -> Deployment:
    """Owed to every target; served at once on the way back, and where there is no target."""
    deployment = Deployment.objects.create(
        placement=placement,
        sequence=newest.sequence + 1 if newest else 1,
        version=evaluation.version,
        evaluation=evaluation,
        way=evaluation.way,
        reason=reason,
        replaces=placement.live,
        by=actor.user,
        via=actor.via,
        created_at=clock.now(),
    )
    overtaken = PublishJob.objects.filter(deployment__placement=placement, state__in=[PublishJob.State.OWED, PublishJob.State.FAILED])
    overtaken.update(state=PublishJob.State.SUPERSEDED, settled_at=clock.now())
    for target in placement.environment.targets.filter(is_active=True):
        resource, _ = RemoteResource.objects.get_or_create(target=target, placement=placement)
        PublishJob.objects.create(
            deployment=deployment, target=target, resource=resource, next_attempt_at=clock.now(), created_at=clock.now()
        )
    Seal.objects.create(deployment=deployment, value=seal.seal_of(deployment))
    _overtake_schedules(deployment)
    reviews.close_as_deployed(version=deployment.version, environment=placement.environment)
    if deployment.way == "rollback" or not deployment.jobs.exists():
        live.move(placement=placement, deployment=deployment)
    wake_on_commit(PUBLISH)
    return deployment


def _overtake_schedules(deployment: Deployment) -> None:
    """What waits for a later moment there was asked for when something else was there. What is due is what sends this one."""
    waiting = Schedule.objects.waiting().filter(placement=deployment.placement, at__gt=clock.now())
    waiting.update(
        state=Schedule.State.REFUSED, because=Schedule.Because.OVERTAKEN, overtaken_by=deployment, settled_at=deployment.created_at
    )


def schedule_recorded(schedule: Schedule, action: str, actor: Actor, **more: Any) -> None:
    record(
        actor=actor,
        action=action,
        subject=schedule,
        project_uid=schedule.placement.prompt.project.uid,
        prompt=schedule.placement.prompt.uid,
        environment=schedule.placement.environment.slug,
        semver=schedule.version.semver,
        at=schedule.at.isoformat(),
        zone=schedule.zone,
        **more,
    )


def recorded_out_of_service(placement: Placement, reason: str, actor: Actor, **more: Any) -> None:
    record(
        actor=actor,
        action="prompt.taken_out_of_service",
        subject=placement.prompt,
        project_uid=placement.environment.project.uid,
        environment=placement.environment.slug,
        words={"reason": reason},
        **more,
    )


def sent_recorded(deployment: Deployment, action: str, actor: Actor, **more: Any) -> None:
    """What was sent, and what it overtook."""
    recorded(deployment, action, actor, **more)
    for schedule in Schedule.objects.with_everything().filter(overtaken_by=deployment, settled_at=deployment.created_at):
        schedule_recorded(schedule, "schedule.refused", actor, because=schedule.because, gates=[])


def recorded(deployment: Deployment, action: str, actor: Actor, **more: Any) -> None:
    replaced = deployment.replaces
    record(
        actor=actor,
        action=action,
        subject=deployment,
        project_uid=deployment.placement.prompt.project.uid,
        semver=deployment.version.semver,
        prompt=deployment.placement.prompt.uid,
        environment=deployment.placement.environment.slug,
        replaces=replaced.version.semver if replaced else None,
        words={"reason": deployment.reason},
        evaluation=deployment.evaluation.uid,
        **more,
    )
    anchor_production(deployment)

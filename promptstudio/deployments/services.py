"""The one door to an environment, the way back, and what follows from both. `door` has what the other ways in share with it."""

from typing import Any

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.lib.lengths import check_lengths
from promptstudio.lib.locking import locked
from promptstudio.lib.wake import wake_on_commit
from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Prompt, Version
from promptstudio.reviews import services as reviews
from promptstudio.reviews.models import Decision, Review
from promptstudio.reviews.permissions import can_decide, deciding_roles

from . import gates, live, seal
from .door import ANY as ANY
from .door import (
    PUBLISH,
    WAY_BACK,
    evaluated,
    is_newest,
    is_still_in_the_library,
    nobody_was_faster,
    permitted,
    recorded,
    recorded_out_of_service,
    same_project,
    sent,
    sent_recorded,
)
from .door import Blocked as Blocked
from .door import Seen as Seen
from .door import lock_placement as lock_placement
from .models import Deployment, Placement, PublishJob, Recall
from .permissions import can_deploy, can_recall, can_roll_back, can_settle, can_take_out_of_service

CANCELLED = "cancelled"


def deploy(*, version: Version, environment: Environment, actor: Actor, reason: str = "", replaces: Seen = ANY) -> Deployment:
    """Send `version` to `environment` and owe it to every target.

    `replaces` is the newest deployment that the caller saw there. Raises NotAllowed, Conflict if someone was faster, and
    Blocked with the evaluation that refused; both refusals are kept in the trail.
    """
    same_project(version, environment)
    permitted(can_deploy(actor, environment, version.prompt), version, environment, "deployment", actor)
    check_lengths(reason=reason)
    with transaction.atomic():
        placement = lock_placement(version.prompt, environment)
        is_still_in_the_library(version.prompt)
        newest = placement.newest
        nobody_was_faster(placement, newest, version, replaces)
        candidate = gates.Candidate(version, environment, environment.policy, placement.live_version, actor.answerable)
        evaluation = evaluated(candidate, gates.evaluate(candidate), "promotion", actor)
        if evaluation.passed:
            deployment = sent(placement, evaluation, newest, reason, actor)
            sent_recorded(deployment, "deployment.made", actor)
            return deployment
        record(
            actor=actor,
            action="deployment.blocked",
            subject=version,
            project_uid=environment.project.uid,
            environment=environment.slug,
            evaluation=evaluation.uid,
            gates=[outcome["gate"] for outcome in evaluation.blocked],
        )
    raise Blocked(evaluation)


def roll_back(
    *, prompt: Prompt, environment: Environment, actor: Actor, reason: str, version: Version | None = None, replaces: Seen = ANY
) -> Deployment:
    """Go back to `version`, or to what was live before. Asks for permission and a reason, never for approvals.

    The API serves it at once; each target follows as it confirms. Raises NotAllowed, Invalid, Conflict, Blocked (recalled).
    """
    permitted(can_roll_back(actor, environment, prompt), version or prompt, environment, "rollback", actor)
    if not reason.strip():
        raise Invalid({"reason": "Say why. Everyone who looks at this prompt later will read it."})
    check_lengths(reason=reason)
    with transaction.atomic():
        placement = lock_placement(prompt, environment)
        newest = placement.newest
        if placement.live is None or newest is None:
            raise Conflict(f"Nothing is live in {environment}, so there is nothing to roll back.")
        is_newest(newest, replaces)
        back_to = _way_back(placement, newest, version)
        candidate = gates.Candidate(back_to, environment, environment.policy, placement.live_version)
        outcomes = [*gates.evaluate(candidate, (gates.NotRecalled(),)), WAY_BACK]
        evaluation = evaluated(candidate, outcomes, "rollback", actor)
        if evaluation.passed:
            deployment = sent(placement, evaluation, newest, reason.strip(), actor)
            sent_recorded(deployment, "deployment.rolled_back", actor)
            return deployment
        record(
            actor=actor,
            action="rollback.blocked",
            subject=back_to,
            project_uid=environment.project.uid,
            environment=environment.slug,
            evaluation=evaluation.uid,
        )
    raise Blocked(evaluation)


def recall(*, version: Version, reason: str, actor: Actor) -> Recall:
    """Block every further deployment of `version` until a new review lets it. What serves it now goes on: roll back for that."""
    can_recall(actor, version).require()
    if not reason.strip():
        raise Invalid({"reason": "Say what is wrong with it. Whoever wants to use it will read this."})
    check_lengths(reason=reason)
    with transaction.atomic():
        Prompt.objects.select_for_update().get(pk=version.prompt_id)
        _is_not_recalled_yet(version)
        made = Recall.objects.create(version=version, reason=reason.strip(), by=actor.user, created_at=clock.now())
        _stop_publications(version, reason.strip())
        live.recalled(version)
        record(
            actor=actor,
            action="version.recalled",
            subject=version,
            project_uid=version.prompt.project.uid,
            words={"reason": reason.strip()},
        )
    return made


def _is_not_recalled_yet(version: Version) -> None:
    """Raises Conflict for a version that is recalled already and that no new review lets in anywhere."""
    last = version.recalls.order_by("-id").select_related("by").first()
    places = version.prompt.project.environments.select_related("project")
    if last and not any(gates.NotRecalled().check(gates.candidate_for(version, place)).passed for place in places):
        raise Conflict(f"{last.by} recalled {version.semver} already, on {last.created_at:%-d %B at %H:%M} UTC: “{last.reason}”")


def _stop_publications(version: Version, reason: str) -> None:
    """What is on its way does not go live any more. A worker that is writing at this moment finds its job settled."""
    # Without a name: this row outlives the person.
    sentence = f"{version.semver} was recalled: “{reason}”"
    for placement in Placement.objects.select_for_update().filter(deployments__version=version).order_by("pk"):
        PublishJob.objects.filter(deployment__placement=placement, deployment__version=version, state=PublishJob.State.OWED).exclude(
            deployment=placement.live
        ).update(state=PublishJob.State.FAILED, error_code="recalled", error=sentence, settled_at=clock.now())


def take_out_of_service(*, prompt: Prompt, environment: Environment, reason: str, actor: Actor) -> Placement:
    """Stop serving a prompt in one environment: readers get 410 with the reason until something is promoted there again."""
    can_take_out_of_service(actor, environment, prompt).require()
    if not reason.strip():
        raise Invalid({"reason": "Say why. Applications get this sentence as their answer."})
    check_lengths(reason=reason)
    with transaction.atomic():
        placement = lock_placement(prompt, environment)
        if placement.out_of_service_at:
            raise Conflict(f"{prompt} was taken out of service in {environment} already.")
        if placement.live is None:
            raise Conflict(f"Nothing is live in {environment}, so there is nothing to take out of service.")
        live.take_out_of_service(placement=placement, reason=reason.strip())
        recorded_out_of_service(placement, reason.strip(), actor)
    return placement


def decide(*, review: Review, verdict: str, comment: str = "", seen: Version | None, role: str = "", actor: Actor) -> Decision:
    """Record a decision that was made looking at `seen` as the live version, in `role` where this person decides in it.

    Raises NotAllowed, which is kept in the trail, and Conflict when another version went live meanwhile.
    """
    permitted(can_decide(actor, review), review, review.environment, "review", actor)
    with transaction.atomic():
        placement = lock_placement(review.version.prompt, review.environment)
        now = placement.live_version
        if now != seen:
            raise Conflict(
                f"{now.semver if now else 'Nothing'} is live in {review.environment} now, "
                f"not {seen.semver if seen else 'nothing'} as when you "
                "looked. Look at the new difference and decide again."
            )
        role = role if role in deciding_roles(actor.user, review) else _role_that_helps(review, actor)
        return reviews.decide(review=review, verdict=verdict, comment=comment, baseline=now, role=role, actor=actor)


def _role_that_helps(review: Review, actor: Actor) -> str:
    """Of the roles in which this person may decide, the first whose approvals are still missing."""
    roles = deciding_roles(actor.user, review)
    others = [d.role for d in gates.candidate_for(review.version, review.environment).approvals if d.person_id != actor.user.pk]
    wanted = review.environment.policy.rules.approvals
    return next((role for role in roles if others.count(role) < wanted.get(role, 0)), roles[0] if roles else "")


def retry(*, job: PublishJob, actor: Actor) -> PublishJob:
    """Try a failed publication again now."""
    can_settle(actor, job).require()
    with transaction.atomic():
        job = _locked_job(job)
        if job.state != PublishJob.State.FAILED:
            raise Conflict(f"This publication is not failed any more: {job.get_state_display().lower()}.")
        if job.deployment != job.deployment.placement.newest:
            raise Conflict("A newer version was sent there since. This one is not needed any more.")
        _is_not_recalled(job)
        job.state, job.next_attempt_at, job.settled_at = PublishJob.State.OWED, clock.now(), None
        job.save()
        _job_recorded(job, "publication.retried", actor)
        wake_on_commit(PUBLISH)
    return job


def exclude(*, job: PublishJob, reason: str, actor: Actor) -> PublishJob:
    """Go on without this target: it keeps what it has, and no longer holds the deployment back."""
    can_settle(actor, job).require()
    if not reason.strip():
        raise Invalid({"reason": "Say why this place may be left out."})
    check_lengths(reason=reason)
    with transaction.atomic():
        job = _locked_job(job)
        if job.state not in (PublishJob.State.FAILED, PublishJob.State.OWED):
            raise Conflict(f"This publication is settled: {job.get_state_display().lower()}.")
        if broken := seal.problem_of(job.deployment):
            raise Conflict(f"{job.deployment.version.semver} cannot go live this way. {broken}")
        _is_not_recalled(job)
        job.state, job.excluded_by, job.excluded_reason, job.settled_at = (
            PublishJob.State.EXCLUDED,
            actor.user,
            reason.strip(),
            clock.now(),
        )
        job.save()
        went_live = live.move_if_settled(job.deployment)
        _job_recorded(job, "publication.excluded", actor, words={"reason": reason.strip()})
        if went_live:
            recorded(job.deployment, "deployment.went_live", actor)
    return job


def cancel(*, job: PublishJob, reason: str, actor: Actor) -> PublishJob:
    """Stop trying: an owed publication becomes a failed one, which holds its deployment back until it is retried or left out.

    A worker that is writing at this moment is told at its next write, and what it made is found again by a later try.
    """
    can_settle(actor, job).require()
    if not reason.strip():
        raise Invalid({"reason": "Say why it should not be tried any more."})
    check_lengths(reason=reason)
    with transaction.atomic():
        job = _locked_job(job)
        if job.state != PublishJob.State.OWED:
            raise Conflict(f"This publication is not on its way any more: {job.get_state_display().lower()}.")
        job.state, job.settled_at = PublishJob.State.FAILED, clock.now()
        job.error_code, job.error = CANCELLED, "It was stopped by hand. The activity of the prompt says by whom, and why."
        job.save()
        _job_recorded(job, "publication.cancelled", actor, words={"reason": reason.strip()})
    return job


def _way_back(placement: Placement, newest: Deployment, version: Version | None) -> Version:
    """The version to go back to. Raises Conflict with what a person can do instead."""
    assert placement.live
    if version is None:
        earlier = live.version_before(placement)
        if earlier is None:
            raise Conflict(
                f"Nothing was live in {placement.environment} before {placement.live.version.semver}. There is no way back from it."
            )
        return earlier
    if version == placement.live.version and newest == placement.live:
        raise Conflict(f"{version.semver} is live in {placement.environment} already.")
    if not placement.live_history.filter(version=version).exists():
        raise Conflict(f"{version.semver} was never live in {placement.environment}, so it is no way back. Promote it instead.")
    return version


def _job_recorded(job: PublishJob, action: str, actor: Actor, **data: Any) -> None:
    record(
        actor=actor,
        action=action,
        subject=job,
        project_uid=job.deployment.placement.prompt.project.uid,
        deployment=job.deployment.uid,
        target=job.target.name,
        semver=job.deployment.version.semver,
        **data,
    )


def _is_not_recalled(job: PublishJob) -> None:
    recall = gates.NotRecalled().check(gates.candidate_for(job.deployment.version, job.deployment.placement.environment))
    if not recall.passed:
        raise Conflict(recall.reason)


def _locked_job(job: PublishJob) -> PublishJob:
    lock_placement(job.deployment.placement.prompt, job.deployment.placement.environment)
    placement = "deployment__placement"
    related = (f"{placement}__environment__project", f"{placement}__prompt__project", "deployment__version", "target")
    return locked(PublishJob.objects.all(), *related, pk=job.pk)

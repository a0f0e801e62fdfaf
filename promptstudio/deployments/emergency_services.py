"""Promoting past the conditions, and what somebody else says about it afterwards. See ADR 30."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.lib.lengths import check_lengths
from promptstudio.lib.locking import locked
from promptstudio.lib.working_days import working_days_later
from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Version

from . import door, gates
from .door import ANY, Blocked, Seen
from .models import AfterReview, Conclusion, Deployment
from .permissions import can_conclude, can_promote_in_an_emergency

WORKING_DAYS = 2
REMINDED_FROM = 7  # o'clock


def promote_in_an_emergency(*, version: Version, environment: Environment, reason: str, actor: Actor, replaces: Seen = ANY) -> Deployment:
    """Send `version` to `environment` at once, although conditions hold it back.

    What they answered is kept as evidence, every project admin is told, and another one looks at it afterwards. Raises NotAllowed,
    Invalid, Conflict where nothing holds it back or somebody was faster, and Blocked for a recalled version; refusals are kept.
    """
    door.same_project(version, environment)
    door.permitted(can_promote_in_an_emergency(actor, environment, version.prompt), version, environment, "emergency", actor)
    if not reason.strip():
        raise Invalid({"reason": "Say what is on fire. Every project admin reads it at once, and whoever looks at this prompt later."})
    check_lengths(reason=reason)
    with transaction.atomic():
        placement = door.lock_placement(version.prompt, environment)
        door.is_still_in_the_library(version.prompt)
        newest = placement.newest
        door.nobody_was_faster(placement, newest, version, replaces)
        candidate = gates.Candidate(version, environment, environment.policy, placement.live_version, actor.user)
        evaluation = door.evaluated(candidate, gates.evaluate(candidate), "emergency", actor)
        if evaluation.passed:
            raise Conflict(f"Every condition of {environment} is met. Promote {version.semver} the usual way.")
        overridden = [outcome["gate"] for outcome in evaluation.blocked]
        if gates.NotRecalled.name not in overridden:
            deployment = door.sent(placement, evaluation, newest, reason.strip(), actor)
            _open_after_review(deployment)
            door.sent_recorded(deployment, "deployment.forced", actor, gates=overridden)
            return deployment
        record(
            actor=actor,
            action="emergency.blocked",
            subject=version,
            project_uid=environment.project.uid,
            environment=environment.slug,
            evaluation=evaluation.uid,
        )
    raise Blocked(evaluation)


def conclude(*, after_review: AfterReview, verdict: str, words: str, actor: Actor) -> Conclusion:
    """Close an after-review with what follows from it. Raises NotAllowed for whoever promoted, Invalid, Conflict when it is closed."""
    can_conclude(actor, after_review).require()
    _check_conclusion(verdict, words)
    with transaction.atomic():
        row = locked(AfterReview.objects.all(), "conclusion__by", "deployment__placement__prompt__project", pk=after_review.pk)
        if not row.is_open:
            last = row.conclusion
            raise Conflict(f"{last.by} closed it already, on {last.at:%-d %B at %H:%M} UTC.", by=last.by.name, at=last.at.isoformat())
        made = Conclusion.objects.create(after_review=row, verdict=verdict, words=words.strip(), by=actor.user, at=clock.now())
        deployment = row.deployment
        record(
            actor=actor,
            action="emergency.concluded",
            subject=row,
            project_uid=deployment.placement.prompt.project.uid,
            environment=deployment.placement.environment.slug,
            deployment=deployment.uid,
            verdict=verdict,
            words={"reason": words.strip()},
        )
    return made


def remind_of_after_reviews(*, actor: Actor) -> int:
    """Once a day from seven in the morning, for each that is open. Who is told follows from the trail. Returns how many."""
    if actor.user.kind != User.Kind.SYSTEM:
        raise NotAllowed("Only the clock reminds of after-reviews.")
    now = timezone.localtime(clock.now())
    if now.hour < REMINDED_FROM:
        return 0
    waiting = [row.pk for row in AfterReview.objects.open() if _last_told(row) < now.date()]
    return sum(_remind(pk, now.date(), actor) for pk in waiting)


def _open_after_review(deployment: Deployment) -> None:
    now = clock.now()
    AfterReview.objects.create(deployment=deployment, opened_at=now, due_at=working_days_later(now, WORKING_DAYS))


def _check_conclusion(verdict: str, words: str) -> None:
    errors = {}
    if verdict not in Conclusion.Verdict.values:
        errors["verdict"] = "Say whether it was justified."
    if not words.strip():
        errors["words"] = "Say what follows: what is mended, reviewed late, or done otherwise next time."
    if errors:
        raise Invalid(errors)
    check_lengths(words=words)


def _last_told(row: AfterReview) -> date:
    return row.reminded_on or timezone.localtime(row.opened_at).date()


@transaction.atomic
def _remind(pk: int, day: date, actor: Actor) -> bool:
    """Whether it was this clock that reminded: another one may have been faster."""
    row = locked(AfterReview.objects.all(), "conclusion", "deployment__placement__prompt__project", pk=pk)
    if not row.is_open or _last_told(row) >= day:
        return False
    row.reminded_on = day
    row.save(update_fields=["reminded_on"])
    deployment = row.deployment
    record(
        actor=actor,
        action="emergency.reminded",
        subject=row,
        project_uid=deployment.placement.prompt.project.uid,
        environment=deployment.placement.environment.slug,
        deployment=deployment.uid,
    )
    return True

"""Paying publish jobs. Each step is its own short transaction; no call leaves inside one."""

import random
import time
import uuid
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from promptstudio.accounts import actor as actors
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.locking import locked
from promptstudio.prompts.names import remote_name

from . import live, retention, seal
from .anchoring import anchor_production
from .models import Attempt, AttemptEnd, Placement, PublishJob, RateBudget, Receipt, RemoteResource
from .publishing import Order, Overtaken, Published, PublishFailed, publisher_for

log = structlog.get_logger(__name__)
FIRST_RETRY_SECONDS = 2
LONGEST_RETRY_SECONDS = 300
SEAL_BROKEN = "seal_broken"


def lease_seconds() -> float:
    """Longer than one call can take, connecting and answering, with a margin for the work between two calls."""
    return settings.PUBLISH_CONNECT_TIMEOUT + settings.PUBLISH_READ_TIMEOUT + 5


def publish_due() -> int:
    """Pay jobs until none is due. Returns how many were tried."""
    tried = 0
    while (claim := claim_next()) is not None:
        pay(claim)
        tried += 1
    return tried


@dataclass(frozen=True)
class Claim:
    job: PublishJob
    attempt: Attempt
    token: uuid.UUID


def claim_next() -> Claim | None:
    """Take the next due job whose remote resource nobody holds, and note the attempt before anything leaves."""
    with transaction.atomic():
        now = clock.now()
        free = Q(resource__lease_until=None) | Q(resource__lease_until__lt=now)
        job = (
            PublishJob.objects.select_for_update(skip_locked=True, of=("self", "resource"))
            .filter(free, state=PublishJob.State.OWED, next_attempt_at__lte=now)
            .select_related(
                "resource",
                "target",
                "deployment__version__prompt__project",
                "deployment__placement__environment",
                "deployment__placement__prompt",
            )
            .order_by("next_attempt_at", "id")
            .first()
        )
        if job is None:
            return None
        token = uuid.uuid4()
        RemoteResource.objects.filter(pk=job.resource_id).update(lease_token=token, lease_until=now + timedelta(seconds=lease_seconds()))
        job.attempts_made += 1
        job.save(update_fields=["attempts_made"])
        attempt = Attempt.objects.create(job=job, number=job.attempts_made, started_at=now)
    return Claim(job, attempt, token)


def pay(claim: Claim) -> None:
    """Publish and settle one claimed job. Whatever goes wrong ends in an attempt's end, or in a lease that runs out."""
    try:
        _sealed(claim)
        order = _order(claim)
        published = publisher_for(claim.job.target.kind).publish(order, ClerkDesk(claim))
        if published.digest != order.digest or published.rendition_expected != published.rendition_seen:
            raise AssertionError("A publisher confirmed what it did not read back.")
    except Overtaken:
        _settle_overtaken(claim)
    except PublishFailed as failure:
        _settle_failed(claim, failure)
    except Exception as error:
        log.exception("publish.broken", job=str(claim.job.uid))
        sentence = f"Something unexpected happened ({type(error).__name__}). It is tried again."
        _settle_failed(claim, PublishFailed(sentence, code="unexpected", permanent=False))
    else:
        _settle_published(claim, published)


def _sealed(claim: Claim) -> None:
    """Raises PublishFailed for a deployment that did not come through the door."""
    if broken := seal.problem_of(claim.job.deployment):
        sentence = (
            f"This was stopped, and nothing was published. {broken} Every site admin is told. Look into the database before you go on."
        )
        raise PublishFailed(sentence, code=SEAL_BROKEN, permanent=True)


class ClerkDesk:
    """The Desk of one claimed job."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim

    def may_write(self) -> None:
        job = self.claim.job
        until = clock.now() + timedelta(seconds=lease_seconds())
        with transaction.atomic():
            held = RemoteResource.objects.filter(pk=job.resource_id, lease_token=self.claim.token).update(lease_until=until)
            owed = PublishJob.objects.filter(pk=job.pk, state=PublishJob.State.OWED).exists()
        if not (held and owed):
            raise Overtaken

    def remember(self, remote_id: str) -> None:
        held = RemoteResource.objects.filter(pk=self.claim.job.resource_id, lease_token=self.claim.token)
        if not held.update(remote_id=remote_id):
            raise Overtaken

    def wait_for_budget(self, name: str, *, per_second: float) -> None:
        self._sleep(reserve(name, per_second))

    def _sleep(self, seconds: float) -> None:
        # A long queue must not eat the lease: it is renewed in every slice of the wait.
        waiting = deque([5.0] * int(seconds // 5) + [seconds % 5])
        while waiting:
            time.sleep(waiting.popleft())
            if waiting:
                self.may_write()


def reserve(name: str, per_second: float) -> float:
    """Book the next slot of a shared rate; the answer is how many seconds from now it is."""
    with transaction.atomic():
        now = clock.now()
        RateBudget.objects.get_or_create(name=name, defaults={"next_at": now})
        budget = RateBudget.objects.select_for_update().get(name=name)
        slot = max(budget.next_at, now)
        budget.next_at = slot + timedelta(seconds=1 / per_second)
        budget.save()
    return (slot - now).total_seconds()


def _order(claim: Claim) -> Order:
    job = claim.job
    deployment, resource = job.deployment, RemoteResource.objects.get(pk=job.resource_id)
    version, prompt = deployment.version, deployment.placement.prompt
    return Order(
        job_uid=job.uid,
        resource_uid=resource.uid,
        remote_id=resource.remote_id,
        remote_name=remote_name(prompt.name, deployment.placement.uid),
        project=version.prompt.project.slug,
        environment=deployment.placement.environment.slug,
        prompt=prompt.name,
        title=prompt.title,
        version_uid=version.uid,
        semver=version.semver,
        digest=version.digest,
        bundle=version.bundle,
        settings=job.target.settings,
        known=retention.known_versions(resource),
        attempt=claim.attempt.number,
        tried_before=Attempt.objects.filter(job__resource=resource).exclude(pk=claim.attempt.pk).exists(),
    )


def _settle_published(claim: Claim, published: Published) -> None:
    with transaction.atomic():
        job = _locked(claim)
        if job is None:
            _end(claim, "superseded")
            return
        if job.state == PublishJob.State.FAILED:
            # Stopped while it was written. It may be tried again, and its one receipt is for what that try finds there.
            _end(claim, "superseded")
            _release(claim)
            return
        version = job.deployment.version
        Receipt.objects.create(
            job=job,
            resource_id=job.resource_id,
            version=version,
            remote_id=published.remote_id,
            remote_version=published.remote_version,
            address=published.address,
            digest=published.digest,
            rendition_expected=published.rendition_expected,
            rendition_seen=published.rendition_seen,
            adopted=published.adopted,
            created_at=clock.now(),
        )
        overtaken = job.state != PublishJob.State.OWED
        if not overtaken:
            job.state, job.error, job.error_code, job.settled_at = PublishJob.State.CONFIRMED, "", "", clock.now()
            job.save()
        _end(claim, "superseded" if overtaken else "confirmed")
        _release(claim)
        went_live = live.move_if_settled(job.deployment)
        _recorded(job, "publication.confirmed", address=published.address, adopted=published.adopted)
        if went_live:
            _recorded(job, "deployment.went_live")
            anchor_production(job.deployment)


def _settle_failed(claim: Claim, failure: PublishFailed) -> None:
    with transaction.atomic():
        job = _locked(claim)
        if job is None:
            _end(claim, "superseded")
            return
        _end(claim, "permanent" if failure.permanent else "transient", failure)
        _release(claim)
        if job.state != PublishJob.State.OWED:
            return
        job.error_code, job.error = failure.code, failure.sentence
        if failure.permanent:
            job.state, job.settled_at = PublishJob.State.FAILED, clock.now()
        else:
            job.next_attempt_at = clock.now() + timedelta(seconds=_delay(job.attempts_made))
        job.save()
        if failure.permanent:
            _recorded(job, "publication.failed", code=failure.code, error=failure.sentence)
        if failure.code == SEAL_BROKEN:
            _recorded(job, "deployment.seal_broken", error=failure.sentence)


def _settle_overtaken(claim: Claim) -> None:
    with transaction.atomic():
        _end(claim, "superseded")
        _release(claim)


def _delay(attempts: int) -> float:
    """Seconds until the next try: 2, 4, 8 … 300, each up to a quarter longer, so that many do not come back at once."""
    return min(FIRST_RETRY_SECONDS * 2 ** min(attempts - 1, 10), LONGEST_RETRY_SECONDS) * random.uniform(1, 1.25)  # noqa: S311


def _locked(claim: Claim) -> PublishJob | None:
    """The job, locked after its placement, if the lease is still this worker's."""
    Placement.objects.select_for_update().get(pk=claim.job.deployment.placement_id)
    placement = "deployment__placement"
    related = ("deployment__version", f"{placement}__prompt__project", f"{placement}__environment", "target")
    job = locked(PublishJob.objects.all(), *related, pk=claim.job.pk)
    held = RemoteResource.objects.select_for_update().filter(pk=job.resource_id, lease_token=claim.token).exists()
    return job if held else None


def _end(claim: Claim, outcome: str, failure: PublishFailed | None = None) -> None:
    AttemptEnd.objects.create(
        attempt=claim.attempt,
        outcome=outcome,
        code=failure.code if failure else "",
        sentence=failure.sentence if failure else "",
        ended_at=clock.now(),
    )


def _release(claim: Claim) -> None:
    RemoteResource.objects.filter(pk=claim.job.resource_id, lease_token=claim.token).update(lease_token=None, lease_until=None)


def _recorded(job: PublishJob, action: str, **data: Any) -> None:
    deployment = job.deployment
    record(
        actor=actors.system(),
        action=action,
        subject=deployment,
        project_uid=deployment.placement.prompt.project.uid,
        semver=deployment.version.semver,
        prompt=deployment.placement.prompt.uid,
        environment=deployment.placement.environment.slug,
        target=job.target.name,
        **data,
    )

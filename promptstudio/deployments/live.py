"""What an environment serves: moving it, ending it, and the exact bytes that readers get.

Called within the transaction of a service that holds the placement's lock.
"""

import hashlib
import json
from typing import Any

from django.db.models import F

from promptstudio.lib import clock
from promptstudio.lib.locking import locked
from promptstudio.prompts.models import Version

from .models import Deployment, Generation, Placement, PublishJob, Receipt, Snapshot, WentLive


def move(*, placement: Placement, deployment: Deployment) -> None:
    """Serve `deployment` from now on. It only ever moves to a newer one."""
    if placement.live and placement.live.sequence >= deployment.sequence:
        return
    placement.live = deployment
    # What was on its way when a prompt was taken out of service does not bring it back.
    if placement.out_of_service_at and deployment.created_at >= placement.out_of_service_at:
        placement.out_of_service_at, placement.out_of_service_reason = None, ""
    placement.save()
    WentLive.objects.create(deployment=deployment, placement=placement, version=deployment.version, at=clock.now())
    write_snapshot(placement)


def move_if_settled(deployment: Deployment) -> bool:
    """Serve `deployment` when every place confirmed it or was left out, and nothing newer was sent."""
    placement = locked(Placement.objects.all(), "live", "prompt", "environment", pk=deployment.placement_id)
    if placement.live_id == deployment.pk:
        # A rollback is served before its places confirm; the receipt of each still joins the answer.
        write_snapshot(placement)
        return False
    open_jobs = deployment.jobs.exclude(state__in=[PublishJob.State.CONFIRMED, PublishJob.State.EXCLUDED])
    overtaken = placement.deployments.filter(sequence__gt=deployment.sequence).exists()
    if open_jobs.exists() or overtaken:
        return False
    move(placement=placement, deployment=deployment)
    return True


def take_out_of_service(*, placement: Placement, reason: str) -> None:
    placement.out_of_service_at, placement.out_of_service_reason = clock.now(), reason
    placement.save()
    write_snapshot(placement)


def recalled(version: Version) -> None:
    """A recall changes what version ranges answer, so readers must forget what they remember."""
    _raise_generation()


def names_changed() -> None:
    """A name leads somewhere else now, or nowhere."""
    _raise_generation()


def version_before(placement: Placement) -> Version | None:
    """What to go back to: live before the present one, passing over versions that were rolled back or recalled since."""
    assert placement.live
    spells = list(placement.live_history.select_related("version", "deployment").order_by("-id"))
    left: set[int] = set()
    promoted: set[int] = set()
    for index, spell in enumerate(spells):
        earlier = spells[index + 1] if index + 1 < len(spells) else None
        if spell.deployment.way == "rollback" and earlier and earlier.version_id not in promoted:
            left.add(earlier.version_id)
        if spell.deployment.way != "rollback":
            promoted.add(spell.version_id)
    for spell in spells[1:]:
        if spell.version_id not in left | {placement.live.version_id} and not spell.version.recalls.exists():
            return spell.version
    return None


def write_snapshot(placement: Placement) -> None:
    """Freeze the answer of the live endpoint, and tell readers that something changed."""
    if placement.live is None:
        return
    status, answer = (410, _gone(placement)) if placement.out_of_service_at else (200, answer_for(placement))
    body = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    Snapshot.objects.update_or_create(
        placement=placement,
        defaults={
            "project_id": placement.prompt.project_id,
            "environment_slug": placement.environment.slug,
            "prompt_name": placement.prompt.name,
            "status": status,
            "body": body,
            "etag": f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"',
        },
    )
    _raise_generation()


def answer_for(placement: Placement) -> dict[str, Any]:
    assert placement.live
    version = placement.live.version
    return {
        "name": placement.prompt.name,
        "environment": placement.environment.slug,
        "semver": version.semver,
        "digest": version.digest,
        "bundle": version.bundle.as_json(),
        "deployed_at": placement.live.created_at.isoformat(),
        "receipts": [receipt_json(receipt) for receipt in receipts_of(placement.live)],
    }


def receipts_of(deployment: Deployment) -> list[Receipt]:
    """Where outside its version can be reached: the newest receipt of each place.

    Also one that an earlier deployment of the version got: after a rollback the address is there before the place confirms anew.
    """
    found = Receipt.objects.filter(resource__placement=deployment.placement_id, version=deployment.version_id)
    # A resource that was made anew at its place knows nothing of what the old one held.
    found = found.filter(remote_id=F("resource__remote_id")).select_related("job__target").order_by("id")
    newest = {receipt.resource_id: receipt for receipt in found}
    return [newest[resource] for resource in sorted(newest)]


def receipt_json(receipt: Receipt) -> dict[str, str]:
    return {
        "target": receipt.job.target.name,
        "arn": receipt.address,
        "remote_version": receipt.remote_version,
        "digest": receipt.digest,
        "rendition": receipt.rendition_seen,
    }


def _gone(placement: Placement) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": "Out of service",
        "status": 410,
        "code": "out_of_service",
        "detail": f"{placement.prompt.name} was taken out of service in {placement.environment.slug}: {placement.out_of_service_reason}",
    }


def _raise_generation() -> None:
    Generation.objects.get_or_create(pk=1)
    Generation.objects.filter(pk=1).update(number=F("number") + 1)

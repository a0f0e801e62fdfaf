"""Which remote versions must stay. A target holds few; Studio keeps them all itself."""

from datetime import timedelta

from promptstudio.lib import clock
from promptstudio.projects.services import LONGEST_GRACE_DAYS

from .models import Placement, RemoteResource, WentLive
from .publishing import Known

LAST_LIVE = 3


def known_versions(resource: RemoteResource) -> list[Known]:
    """Every remote version with a receipt, newest receipt of each, with the reason why it stays."""
    placement = Placement.objects.select_related("live", "environment").get(pk=resource.placement_id)
    reasons = _reasons(placement)
    # A resource that was made anew counts from 1 again: receipts of the old one speak of other versions.
    receipts = resource.receipts.filter(remote_id=resource.remote_id).select_related("version").order_by("id")
    return [
        Known(
            remote_version=receipt.remote_version,
            version_uid=receipt.version.uid,
            semver=receipt.version.semver,
            digest=receipt.digest,
            stays_because=reasons.get(receipt.version_id, ""),
        )
        for receipt in {receipt.remote_version: receipt for receipt in receipts}.values()
    ]


def _reasons(placement: Placement) -> dict[int, str]:
    """Version to why it stays: live, on its way, among the last three live ones, or within the environment's grace."""
    spells = list(WentLive.objects.filter(placement=placement).order_by("-id"))
    reasons: dict[int, str] = {}
    grace = timedelta(days=min(placement.environment.grace_days, LONGEST_GRACE_DAYS))
    ended_at = None
    for spell in spells:
        if ended_at is not None and clock.now() - ended_at < grace:
            reasons.setdefault(spell.version_id, f"it stopped being live on {ended_at:%-d %B}, less than {grace.days} days ago")
        ended_at = spell.at
    last = list(dict.fromkeys(spell.version_id for spell in spells))[:LAST_LIVE]
    reasons |= {version: "it is one of the last three that were live" for version in last}
    newest = placement.newest
    if newest:
        reasons[newest.version_id] = "it is on its way"
    if placement.live:
        reasons[placement.live.version_id] = "it is live"
    return reasons

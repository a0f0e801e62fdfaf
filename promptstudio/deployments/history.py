"""What an environment served at any moment of the past."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from promptstudio.audit.models import Entry
from promptstudio.audit.services import words_of

from .models import Placement, WentLive


@dataclass(frozen=True)
class Spell:
    """From `live_from` until `live_until` (None: until today). While `gone`, readers got 410 and were told `reason`."""

    went_live: WentLive
    live_from: datetime
    live_until: datetime | None
    gone: bool = False
    reason: str = ""


def spell_at(placement: Placement, at: datetime) -> Spell | None:
    """What was served at `at`, which is None before the first deployment that went live."""
    found = placement.live_history.select_related("deployment__version", "deployment__by", "version")
    present = found.filter(at__lte=at).order_by("-id").first()
    if present is None:
        return None
    next_one = placement.live_history.filter(pk__gt=present.pk).order_by("id").first()
    ended_at = next_one.at if next_one else None
    # As in `live.move`: what was sent before the prompt was taken out of service does not bring it back.
    gone = _taken_out(placement, present.deployment.created_at, ended_at)
    if gone is None:
        return Spell(present, present.at, ended_at)
    if at < gone.created_at:
        return Spell(present, present.at, gone.created_at)
    reason = words_of([gone]).get(gone.uid, {}).get("reason", "")
    return Spell(present, max(present.at, gone.created_at), ended_at, gone=True, reason=reason)


def _taken_out(placement: Placement, since: datetime, until: datetime | None) -> Any:
    """The entry that ended a spell before another version did. The placement itself remembers the present one only."""
    slug = placement.environment.slug
    entries = Entry.objects.filter(
        action="prompt.taken_out_of_service",
        object_uid=placement.prompt.uid,
        data__contains=f'"environment":"{slug}"',
        created_at__gte=since,
    )
    if until:
        entries = entries.filter(created_at__lt=until)
    return entries.order_by("sequence").first()

"""Asking the places outside what they hold today, and holding it against what was confirmed when it was published.

A row for each question comes first; a worker asks, outside any transaction.
"""

import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from promptstudio.accounts import actor as actors
from promptstudio.accounts.actor import Actor
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict
from promptstudio.lib.wake import wake_on_commit
from promptstudio.projects.models import Environment, Project
from promptstudio.projects.permissions import can
from promptstudio.prompts.models import Version

from .models import PlaceCheck, Placement, Receipt, RemoteResource, Target
from .publishing import Overtaken, PublishFailed, Question, publisher_for
from .worker import lease_seconds, reserve

log = structlog.get_logger(__name__)
CHECK = "places.check_due"
MOST = 500


@dataclass(frozen=True)
class Holding:
    """What one place is known to hold of one prompt. `check` is the last question about it; `behind` says that it holds another version
    than the one that is live."""

    placement: Placement
    target: Target
    live: Version
    receipt: Receipt | None
    check: PlaceCheck | None

    @property
    def behind(self) -> bool:
        return self.receipt is None or self.receipt.version_id != self.live.pk

    @property
    def state(self) -> str:
        """agrees, differs, unknown (nobody asked), owed (being asked) or unasked (it could not be asked)."""
        if self.check and self.check.outcome == PlaceCheck.Outcome.OWED:
            return "owed"
        if self.behind:
            return "differs"
        return str(self.check.outcome) if self.check else "unknown"

    @property
    def asked_at(self) -> datetime | None:
        return self.check.answered_at if self.check else None


def holdings(environment: Environment) -> list[Holding]:
    """A row for each live prompt and active target, in a constant number of queries."""
    resources = list(
        RemoteResource.objects.filter(placement__environment=environment, target__is_active=True, placement__live__isnull=False)
        .select_related("target", "placement__prompt__project", "placement__live__version")
        .order_by("placement__prompt__title", "target__name")[:MOST]
    )
    newest = {r.resource_id: r for r in Receipt.objects.filter(resource__in=resources).select_related("version").order_by("id")}
    checks = {c.receipt_id: c for c in PlaceCheck.objects.filter(receipt__in=newest.values()).order_by("id")}
    return [
        Holding(
            placement=resource.placement,
            target=resource.target,
            live=resource.placement.live.version,
            receipt=newest.get(resource.pk),
            check=checks.get(newest[resource.pk].pk) if resource.pk in newest else None,
        )
        for resource in resources
        if resource.placement.live
    ]


@transaction.atomic
def names_by_kind(project: Project) -> dict[str, list[str]]:
    """Kind of target to the environments that have one, in their order: where `project` publishes today."""
    targets = Target.objects.filter(environment__project=project, is_active=True).order_by("environment__position", "pk")
    found: dict[str, list[str]] = {}
    for kind, name in targets.values_list("kind", "environment__name"):
        if name not in found.setdefault(kind, []):
            found[kind].append(name)
    return found


def ask_places(*, environment: Environment, actor: Actor) -> int:
    """Owe a question to each place that holds something live here. Returns how many. Raises Conflict while the last ones are unanswered."""
    can(actor, "audit", environment.project).require()
    Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)
    if PlaceCheck.objects.filter(receipt__resource__placement__environment=environment, outcome=PlaceCheck.Outcome.OWED).exists():
        raise Conflict("The places are being asked already. Their answers appear here by themselves.")
    receipts = [holding.receipt for holding in holdings(environment) if holding.receipt and not holding.behind]
    now = clock.now()
    PlaceCheck.objects.bulk_create(PlaceCheck(receipt=receipt, asked_by=actor.user, asked_at=now) for receipt in receipts)
    record(
        actor=actor,
        action="places.asked",
        subject=environment,
        project_uid=environment.project.uid,
        environment=environment.slug,
        places=len(receipts),
    )
    wake_on_commit(CHECK)
    return len(receipts)


def check_due() -> int:
    """Ask what is due. Returns how many questions were answered, one way or the other."""
    answered = 0
    while (check := _claimed()) is not None:
        _settle(check, *_asked(check))
        answered += 1
    return answered


def _claimed() -> PlaceCheck | None:
    with transaction.atomic():
        now = clock.now()
        free = Q(held_until=None) | Q(held_until__lt=now)
        owed = PlaceCheck.objects.select_for_update(skip_locked=True, of=("self",)).filter(free, outcome=PlaceCheck.Outcome.OWED)
        related = ("receipt__resource__target", "receipt__version", "receipt__resource__placement__environment__project")
        check = owed.select_related(*related, "receipt__resource__placement__prompt").order_by("id").first()
        if check:
            PlaceCheck.objects.filter(pk=check.pk).update(held_until=now + timedelta(seconds=3 * lease_seconds()))
    return check


def _asked(check: PlaceCheck) -> tuple[str, str]:
    """Outcome and sentence."""
    receipt, target = check.receipt, check.receipt.resource.target
    question = Question(
        uid=uuid.uuid4(),
        settings=target.settings,
        remote_id=receipt.remote_id,
        remote_version=receipt.remote_version,
        digest=receipt.digest,
        rendition=receipt.rendition_seen,
    )
    if target.kind not in settings.PUBLISHERS:
        return PlaceCheck.Outcome.UNASKED, "Places of this kind cannot be asked."
    try:
        standing = publisher_for(target.kind).inspect(question, _ReadingDesk())
    except PublishFailed as failure:
        return PlaceCheck.Outcome.UNASKED, failure.sentence
    except Exception as error:
        log.exception("places.broken", target=target.name)
        return PlaceCheck.Outcome.UNASKED, f"Something unexpected happened ({type(error).__name__})."
    return (PlaceCheck.Outcome.AGREES if standing.agrees else PlaceCheck.Outcome.DIFFERS), standing.sentence


def _settle(check: PlaceCheck, outcome: str, sentence: str) -> None:
    with transaction.atomic():
        owed = PlaceCheck.objects.filter(pk=check.pk, outcome=PlaceCheck.Outcome.OWED)
        if not owed.update(outcome=outcome, sentence=sentence, answered_at=clock.now(), held_until=None):
            return
        if outcome != PlaceCheck.Outcome.DIFFERS:
            return
        placement = check.receipt.resource.placement
        record(
            actor=actors.system(),
            action="publication.drift_noticed",
            subject=placement.prompt,
            project_uid=placement.environment.project.uid,
            environment=placement.environment.slug,
            target=check.receipt.resource.target.name,
            semver=check.receipt.version.semver,
            error=sentence,
        )


class _ReadingDesk:
    """For publishers that only look: they share the rate with publications, and write nothing."""

    def may_write(self) -> None:
        raise Overtaken

    def remember(self, remote_id: str) -> None:
        raise Overtaken

    def wait_for_budget(self, name: str, *, per_second: float) -> None:
        time.sleep(reserve(name, per_second))

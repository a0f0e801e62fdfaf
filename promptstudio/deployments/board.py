"""Where every prompt stands: one cell per prompt and environment, in a constant number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import F, OuterRef, Subquery

from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Prompt, Version

from .models import Deployment, Placement, PublishJob, Recall, Receipt, Schedule, WentLive

UNSETTLED = (PublishJob.State.OWED, PublishJob.State.FAILED)


@dataclass(frozen=True)
class Outside:
    """A place that has not confirmed what it is owed. `serves` is the version that it serves meanwhile, if any."""

    place: str
    failed: bool
    sent: str
    serves: str

    @property
    def sentence(self) -> str:
        if self.serves and self.serves != self.sent:
            return f"{self.place} still serves {self.serves}"
        return f"{self.place} {'did not confirm' if self.failed else 'has not confirmed'} {self.sent}{'' if self.failed else ' yet'}"


@dataclass(frozen=True)
class Cell:
    """`state` is live, behind (an older version than the newest is live), publishing, failed, gone (out of service) or none.

    `left` says that the newest version of the prompt was live here, and that somebody went back from it; `recalled` that what is live
    was recalled since it was sent; `earlier` that another version was live before. `outside` are the places that do not have what is
    live yet: a rollback is served before they confirm. `scheduled` is what waits for its moment here.
    """

    environment: Environment
    state: str
    semver: str
    live: Version | None
    live_since: datetime | None
    newest: Deployment | None
    placement: Placement | None
    left: bool
    recalled: bool = False
    earlier: bool = False
    outside: tuple[Outside, ...] = ()
    scheduled: Schedule | None = None

    @property
    def emergency(self) -> bool:
        """Whether what is live came past the conditions."""
        return bool(self.placement and self.placement.live and self.placement.live.way == "emergency")

    @property
    def unsettled(self) -> str:
        """Failed or publishing, where a place outside does not have what is live here; else nothing."""
        return ("failed" if any(place.failed for place in self.outside) else "publishing") if self.outside else ""

    @property
    def look(self) -> str:
        """The state as a chip shows it: what is unsettled outside does not look healthy."""
        return self.unsettled or self.state

    @property
    def outside_in_words(self) -> str:
        return "; ".join(place.sentence for place in self.outside)

    @property
    def replaces(self) -> str:
        """What a form must send back, so that nobody overwrites what they have not seen."""
        return str(self.newest.uid) if self.newest else ""


@dataclass(frozen=True)
class Row:
    prompt: Prompt
    newest: Version | None
    cells: list[Cell]

    def cell(self, environment: Environment) -> Cell:
        return next(cell for cell in self.cells if cell.environment.pk == environment.pk)


def rows(prompts: Iterable[Prompt], environments: Sequence[Environment]) -> list[Row]:
    prompts = list(prompts)
    newest = newest_versions(prompts)
    placements = {
        (p.prompt_id, p.environment_id): p
        for p in Placement.objects.filter(prompt__in=prompts, environment__in=environments).select_related("live__version")
    }
    deployments = _newest_deployments(placements.values())
    since = dict(WentLive.objects.filter(deployment__in=[p.live_id for p in placements.values()]).values_list("deployment_id", "at"))
    left = _left(deployments.values(), newest.values())
    recalls = _recalls(placements.values())
    earlier = _with_earlier(placements.values())
    outside = outside_of(placement.live_id for placement in placements.values() if not placement.out_of_service_at)

    waiting = Schedule.objects.waiting().filter(placement__in=[placement.pk for placement in placements.values()])
    scheduled = {row.placement_id: row for row in waiting.select_related("version", "by")}

    def cell(prompt: Prompt, environment: Environment) -> Cell:
        placement = placements.get((prompt.pk, environment.pk))
        found = _cell(environment, placement, deployments.get(placement.pk) if placement else None, newest.get(prompt.pk), since, left)
        if placement is None:
            return found
        found = replace(found, scheduled=scheduled.get(placement.pk))
        if placement.live is None:
            return found
        recalled = recalls.get(placement.live.version_id, placement.live.created_at) > placement.live.created_at
        # What was sent since says by its own state how it goes.
        settling = outside.get(placement.live_id, ()) if found.newest and found.newest.pk == placement.live_id else ()
        return replace(found, recalled=recalled, earlier=placement.pk in earlier, outside=tuple(settling))

    return [Row(prompt, newest.get(prompt.pk), [cell(prompt, environment) for environment in environments]) for prompt in prompts]


def row(prompt: Prompt) -> Row:
    return rows([prompt], list(prompt.project.environments.all()))[0]


def newest_versions(prompts: Iterable[Prompt]) -> dict[int, Version]:
    """Prompt id to newest version."""
    newest = Version.objects.filter(prompt=OuterRef("pk")).newest_first().values("pk")[:1]
    ids = Prompt.objects.filter(pk__in=[prompt.pk for prompt in prompts]).values_list(Subquery(newest), flat=True)
    return {version.prompt_id: version for version in Version.objects.filter(pk__in=[pk for pk in ids if pk])}


def outside_of(deployments: Iterable[int | None]) -> dict[int | None, list[Outside]]:
    """Deployment to the places that have not confirmed it, in two queries at most."""
    jobs = list(
        PublishJob.objects.filter(deployment__in=[pk for pk in deployments if pk], state__in=UNSETTLED)
        .select_related("target", "deployment__version")
        .order_by("target__name")
    )
    if not jobs:
        return {}
    receipts = Receipt.objects.filter(resource__in=[job.resource_id for job in jobs]).order_by("id")
    serves = dict(receipts.values_list("resource_id", "version__semver"))
    found: dict[int | None, list[Outside]] = defaultdict(list)
    for job in jobs:
        failed = job.state == PublishJob.State.FAILED
        found[job.deployment_id].append(Outside(job.target.name, failed, job.deployment.version.semver, serves.get(job.resource_id, "")))
    return found


def _newest_deployments(placements: Iterable[Placement]) -> dict[int, Deployment]:
    last = Deployment.objects.filter(placement=OuterRef("pk")).order_by("-sequence").values("pk")[:1]
    ids = Placement.objects.filter(pk__in=[placement.pk for placement in placements]).values_list(Subquery(last), flat=True)
    found = Deployment.objects.with_state().filter(pk__in=[pk for pk in ids if pk]).select_related("version", "by", "placement")
    return {deployment.placement_id: deployment for deployment in found}


def _left(deployments: Iterable[Deployment], newest: Iterable[Version]) -> set[int]:
    """Placements whose last deployment is a rollback, and which served the prompt's newest version before."""
    back = [deployment.placement_id for deployment in deployments if deployment.way == "rollback"]
    if not back:
        return set()
    return set(WentLive.objects.filter(placement__in=back, version__in=list(newest)).values_list("placement_id", flat=True))


def _with_earlier(placements: Iterable[Placement]) -> set[int]:
    """Placements in which another version than the live one was live before, so that there is a way back."""
    spells = WentLive.objects.filter(placement__in=[placement.pk for placement in placements])
    return set(spells.exclude(version=F("placement__live__version")).order_by().values_list("placement_id", flat=True))


def _recalls(placements: Iterable[Placement]) -> dict[int, datetime]:
    """Version to when it was recalled last, of those that are live."""
    live = [placement.live.version_id for placement in placements if placement.live]
    return dict(Recall.objects.filter(version__in=live).order_by("id").values_list("version_id", "created_at"))


def _cell(
    environment: Environment,
    placement: Placement | None,
    newest: Deployment | None,
    version: Version | None,
    since: dict[int, datetime],
    left: set[int],
) -> Cell:
    live = placement.live_version if placement else None
    moment = since.get(placement.live_id) if placement and placement.live_id else None
    if placement and placement.out_of_service_at:
        state, semver = "gone", live.semver if live else ""
    elif newest and newest.state in ("publishing", "failed"):
        state, semver = newest.state, newest.version.semver
    elif live:
        state, semver = "live" if version and live.pk == version.pk else "behind", live.semver
    else:
        state, semver = "none", ""
    went_back = bool(placement and placement.pk in left and not (live and version and live.pk == version.pk))
    return Cell(environment, state, semver, live, moment, newest, placement, went_back)

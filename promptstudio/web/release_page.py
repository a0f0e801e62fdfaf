"""What the page of a release shows. A constant number of queries, however many prompts go together."""

from dataclasses import dataclass
from typing import Any, cast

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from promptstudio.accounts.actor import Actor
from promptstudio.deployments import board
from promptstudio.deployments.glance import at_a_glance
from promptstudio.deployments.models import Placement, Release, ReleaseItem
from promptstudio.prompts.models import Prompt, Version
from promptstudio.prompts.models.prompts import granted_at

MOST_OFFERED = 10


@dataclass(frozen=True)
class Row:
    """One prompt of a release, as the reader sees it: where it goes, what holds it back, and how far it is."""

    item: ReleaseItem
    cell: board.Cell
    gates: list[dict[str, Any]]
    why: str = ""
    state: str = ""

    @property
    def open_gates(self) -> int:
        return sum(not gate["passed"] for gate in self.gates)

    @property
    def is_here(self) -> bool:
        """Live already: there is nothing to promote."""
        return self.cell.live is not None and self.cell.live.pk == self.item.version_id

    @property
    def is_in_the_way(self) -> bool:
        return bool(self.open_gates or self.why or self.is_here)

    @property
    def seen(self) -> str:
        """What the form sends back of what it showed: the version, and the newest that was sent there."""
        return f"{self.item.version.uid}:{self.cell.replaces}"


def rows_of(release: Release, actor: Actor, reasons: dict[int, str] | None = None) -> list[Row]:
    """Those that the reader sees, what is in the way on top."""
    items = list(release.items.visible_to(actor).with_everything())  # type: ignore[attr-defined]
    rows = board.rows([item.prompt for item in items], [release.environment])
    # An item asks as a review does: which version wants to go where.
    answers = at_a_glance(cast(Any, items)) if release.is_open else {}
    found = [
        Row(
            item,
            row.cells[0],
            sorted((outcome.as_json() for outcome in answers.get(item.pk, [])), key=lambda gate: bool(gate["passed"])),
            (reasons or {}).get(item.pk, ""),
            _state(item, row.cells[0]),
        )
        for item, row in zip(items, rows, strict=True)
    ]
    return sorted(found, key=lambda row: (not row.is_in_the_way, row.item.prompt.title.casefold(), row.item.pk))


def _state(item: ReleaseItem, cell: board.Cell) -> str:
    """How far what was sent is, as a badge knows it; nothing before."""
    sent = item.way_back or item.deployment
    if sent is None:
        return ""
    if cell.newest and cell.newest.pk != sent.pk:
        return "superseded"
    return cell.unsettled or {"behind": "live", "gone": "superseded"}.get(cell.state, cell.state)


def offered(release: Release, actor: Actor, words: str) -> list[Version]:
    """Newest versions that could join: those that the reader searches for, else those that are not live there yet."""
    prompts = _to_join(release, actor, words)
    newest = board.newest_versions(prompts)
    return [newest[prompt.pk] for prompt in prompts if prompt.pk in newest]


def _to_join(release: Release, actor: Actor, words: str) -> list[Prompt]:
    found: QuerySet[Prompt] = Prompt.objects.visible_to(actor).active().filter(project=release.project)
    if not actor.user.is_site_admin:
        found = found.filter(granted_at(actor, "deploy"))
    found = found.exclude(pk__in=release.items.values("prompt")).filter(Exists(Version.objects.filter(prompt=OuterRef("pk"))))
    if words:
        found = found.search(words)  # type: ignore[attr-defined]
    else:
        newest = Subquery(Version.objects.filter(prompt=OuterRef("prompt")).newest_first().values("pk")[:1])
        # One placement that is both: a filter over all of them could take two for it.
        here = Placement.objects.filter(prompt=OuterRef("pk"), environment=release.environment, live__version=newest)
        found = found.exclude(Exists(here))
    return list(found.select_related("project", "folder").order_by("title", "pk")[:MOST_OFFERED])

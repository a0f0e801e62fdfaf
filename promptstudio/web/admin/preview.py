"""What a form would mean, in the same words as everywhere, before it is saved: now, afterwards, and what is on its way."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from promptstudio.accounts.actor import Actor
from promptstudio.deployments.dry_run import DryRun, Held, dry_run
from promptstudio.deployments.gates import Outcome
from promptstudio.deployments.glance import at_a_glance
from promptstudio.deployments.models import Deployment, PublishJob
from promptstudio.projects.answering import what_is_missing_in_folders
from promptstudio.projects.conditions import in_words
from promptstudio.projects.models import Project
from promptstudio.projects.rules import Rules
from promptstudio.projects.staffing import staff_of, what_is_missing
from promptstudio.projects.windows import moment_in_words, zone_of
from promptstudio.reviews.models import Review


@dataclass(frozen=True)
class Affected:
    """An open review, with how many conditions it meets `now` and would meet `then`; `opens` are titles of those that it would miss."""

    review: Review
    now: str
    then: str
    opens: list[str]
    is_touched: bool


@dataclass(frozen=True)
class Preview:
    """`warnings` say what nobody could meet today. `on_the_way` counts what was sent already."""

    before: list[str]
    after: list[str]
    affected: list[Affected] = field(default_factory=list)
    on_the_way: int = 0
    warnings: list[str] = field(default_factory=list)
    asks_reviews: bool = False
    live: "Live | None" = None

    @property
    def changes(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class Live:
    """What the new conditions would say of what is live now: in sentences, and of the first that would be held back, why."""

    sentences: list[str]
    held: list[Held]
    more: int


MOST_HELD_SHOWN = 50


def of_conditions(environment: Any, rules: Rules, actor: Actor) -> Preview:
    """`environment` comes from `with_conditions`. A constant number of queries, however many reviews are open and versions live."""
    present = Rules.model_validate(environment.rules_data)
    return Preview(
        before=[in_words(environment), present.deployers_in_words(environment.name), present.emergency_in_words(environment.name)],
        after=[in_words(environment, rules), rules.deployers_in_words(environment.name), rules.emergency_in_words(environment.name)],
        affected=_affected(environment, rules, actor),
        on_the_way=_on_the_way(environment),
        warnings=[missing for missing in _missing(environment.project, rules) if missing],
        asks_reviews=True,
        live=_live(environment, rules, actor),
    )


def _live(environment: Any, rules: Rules, actor: Actor) -> Live:
    found = dry_run(environment=environment, rules=rules, actor=actor)
    held = found.held[:MOST_HELD_SHOWN]
    return Live(list(_told(environment, rules, found)), held, len(found.held) - len(held))


def _told(environment: Any, rules: Rules, found: DryRun) -> Iterator[str]:
    if not found.live:
        yield f"Nothing is live in {environment} yet."
    elif not found.held:
        yield "It would be let in." if found.looked_at == 1 else f"Each of {found.looked_at:,} would be let in."
    else:
        yield f"{found.passing:,} of {found.looked_at:,} would be let in; {len(found.held):,} would be held back."
    if found.by_gate:
        yield f"Held back by: {', '.join(f'{title} ({count:,})' for title, count in found.by_gate)}."
    if found.looked_at < found.live:
        yield f"Only the {found.looked_at:,} that went live last were looked at, of {found.live:,}."
    if found.shut_until:
        yield f"At this moment nothing could enter at all, before {moment_in_words(found.shut_until, zone_of(rules))}."


def _missing(project: Project, rules: Rules) -> list[str]:
    return [what_is_missing(rules, staff_of(project)), what_is_missing_in_folders(project, rules)]


def of_environment(environment: Any, name: str, grace_days: int) -> Preview:
    rules = Rules.model_validate(environment.rules_data)
    before = [in_words(environment), _grace(environment.name, environment.grace_days)]
    return Preview(before=before, after=[rules.in_words(name, environment.previous_name), _grace(name, grace_days)])


def _grace(name: str, days: int) -> str:
    if not days:
        return f"When a version stops being live in {name}, its copy outside may be removed at once to make room."
    return f"For {days} day{'s' if days > 1 else ''} after a version stopped being live in {name}, its copy outside is kept."


def _affected(environment: Any, rules: Rules, actor: Actor) -> list[Affected]:
    reviews = list(Review.objects.visible_to(actor).open().filter(environment=environment).with_everything().order_by("asked_at"))
    now, then = at_a_glance(reviews), at_a_glance(reviews, instead={environment.pk: rules})
    return [
        Affected(r, _met(now[r.pk]), _met(then[r.pk]), _newly_open(now[r.pk], then[r.pk]), is_touched=now[r.pk] != then[r.pk])
        for r in reviews
    ]


def _met(gates: list[Outcome]) -> str:
    return f"{sum(gate.passed for gate in gates)} of {len(gates)}"


def _newly_open(now: list[Outcome], then: list[Outcome]) -> list[str]:
    open_now = {gate.gate for gate in now if not gate.passed}
    return [gate.title for gate in then if not gate.passed and gate.gate not in open_now]


def _on_the_way(environment: Any) -> int:
    owed = PublishJob.objects.filter(state=PublishJob.State.OWED, deployment__placement__environment=environment)
    return Deployment.objects.filter(pk__in=owed.values("deployment")).count()

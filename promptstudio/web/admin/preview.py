"""What a form would mean, in the same words as everywhere, before it is saved: now, afterwards, and what is on its way."""

from dataclasses import dataclass, field
from typing import Any

from promptstudio.deployments.gates import Outcome
from promptstudio.deployments.glance import at_a_glance
from promptstudio.deployments.models import Deployment, PublishJob
from promptstudio.projects.answering import what_is_missing_in_folders
from promptstudio.projects.conditions import in_words
from promptstudio.projects.models import Project
from promptstudio.projects.rules import Rules
from promptstudio.projects.staffing import staff_of, what_is_missing
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

    @property
    def changes(self) -> bool:
        return self.before != self.after


def of_conditions(environment: Any, rules: Rules) -> Preview:
    """`environment` comes from `with_conditions`. A constant number of queries, however many reviews are open."""
    present = Rules.model_validate(environment.rules_data)
    return Preview(
        before=[in_words(environment), present.deployers_in_words(environment.name)],
        after=[in_words(environment, rules), rules.deployers_in_words(environment.name)],
        affected=_affected(environment, rules),
        on_the_way=_on_the_way(environment),
        warnings=[missing for missing in _missing(environment.project, rules) if missing],
        asks_reviews=True,
    )


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


def _affected(environment: Any, rules: Rules) -> list[Affected]:
    reviews = list(Review.objects.open().filter(environment=environment).with_everything().order_by("asked_at"))
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

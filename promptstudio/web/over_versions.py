"""A suite over the versions of its prompt: four charts, the same as a table, and the newest step in words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from promptstudio.evaluations.columns import columns_of, not_asked_in
from promptstudio.evaluations.models import Suite
from promptstudio.evaluations.scores import Score, scores_over_versions
from promptstudio.prompts.catalogue import Catalogue

from .charts import Chart, Value, chart
from .judging import judged_otherwise
from .results import Choice, Place, live_versions
from .trying import in_words


@dataclass(frozen=True)
class Line:
    """A row of the table. `cost` and `slow` are in words, empty where nothing is known; the rest as in the head of a column of results."""

    score: Score
    places: list[Place]
    cost: str
    slow: str
    not_asked: int = 0
    judged_otherwise: bool = False

    @property
    def semver(self) -> str:
        return str(self.score.version.semver)


@dataclass(frozen=True)
class OverVersions:
    """`lines` are newest first. `mixed`: not all of them ran the same cases."""

    charts: list[Chart]
    lines: list[Line]
    summary: str
    models: list[Choice]
    mixed: bool


def over_versions(suite: Suite, model: str, known: Catalogue) -> OverVersions:
    """On `model`, or on each version's own. Five queries."""
    columns = [column for column in columns_of(suite) if column.run.version]
    models = list(dict.fromkeys(column.model for column in columns))
    chosen = model if model in models else ""
    scores = scores_over_versions(columns, chosen)
    live = live_versions(suite.prompt)
    drawn = [score.column for score in scores]
    left, former = not_asked_in(drawn), judged_otherwise([column.run for column in drawn], suite.prompt.project)
    lines = [
        Line(
            score,
            live.get(score.version.pk, []),
            _money(score.cost),
            _seconds(score.slow_ms),
            left.get(score.column.run.pk, 0),
            score.column.run.pk in former,
        )
        for score in scores
    ]
    return OverVersions(
        charts=_charts(lines),
        lines=lines[::-1],
        summary=summary(lines),
        models=[Choice(each, known.label_of(each), each == chosen) for each in models],
        mixed=len({line.score.column.run.suite_version_id for line in lines}) > 1,
    )


def summary(lines: Sequence[Line]) -> str:
    """“1.4.0 passes 11 of 12 cases; 1.3.2 passed 12 of 12. An answer costs …”"""
    if not lines:
        return ""
    new, old = lines[-1], lines[-2] if len(lines) > 1 else None
    first = f"{new.semver} passes {new.score.passed} of {new.score.total} cases"
    told = [f"{first}; {old.semver} passed {old.score.passed} of {old.score.total}." if old else f"{first}."]
    if new.cost:
        told.append(f"An answer costs {new.cost} on average{f', before {old.cost}' if old and old.cost else ''}.")
    if new.slow:
        told.append(f"95 of 100 answers take at most {new.slow}{f', before {old.slow}' if old and old.slow else ''}.")
    return " ".join(told)


def _charts(lines: Sequence[Line]) -> list[Chart]:
    def values(amount: Callable[[Score], float | Decimal | None], words: Callable[[Line], str]) -> list[Value]:
        amounts = [amount(line.score) for line in lines]
        return [
            Value(line.semver, None if each is None else float(each), words(line), line.places)
            for line, each in zip(lines, amounts, strict=True)
        ]

    return [
        chart("Cases passed", values(lambda score: score.share, lambda line: f"{line.score.passed} of {line.score.total}"), most=1),
        chart("Mean score", values(lambda score: score.mean, lambda line: f"{line.score.mean or 0:.2f}"), most=1),
        chart("An answer costs", values(lambda score: score.cost, lambda line: line.cost)),
        chart("95 of 100 answers take at most", values(lambda score: score.slow_ms, lambda line: line.slow)),
    ]


def _money(cost: Decimal | None) -> str:
    return "" if cost is None else in_words(Decimal(cost))


def _seconds(milliseconds: int | None) -> str:
    return "" if milliseconds is None else f"{milliseconds / 1000:.1f} s"

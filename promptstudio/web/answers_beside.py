"""What two sides of a prompt answer to each named example: what is known already, and what would have to be asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from promptstudio.accounts.actor import Actor
from promptstudio.evaluations.answers import newest_answers
from promptstudio.evaluations.models import Answer, FilledWith
from promptstudio.evaluations.questions import Question, table_values, values_for
from promptstudio.lib.errors import Invalid
from promptstudio.prompts.models import ModelEntry, NamedExample, Version
from promptstudio.prompts.renames import Renames, carried, renames_of

from .examples_beside import MOST_EXAMPLES
from .sides import Side
from .trying import estimate


@dataclass(frozen=True)
class Column:
    """One side's answer to one example. `problem` says why it cannot be asked."""

    label: str
    answer: Answer | None = None
    problem: str = ""


@dataclass(frozen=True)
class Row:
    """`title` is the name of the example."""

    title: str
    columns: list[Column]


@dataclass(frozen=True)
class Answers:
    """`missing` are the questions that nobody has an answer to; `costs` is what asking them takes, in words."""

    rows: list[Row]
    missing: list[Question]
    waiting: int
    costs: str
    more: int = 0

    @property
    def settled(self) -> list[Answer]:
        """Those that nothing is going to take the place of: none while some are on their way, because the page is drawn again then."""
        there = [column.answer for row in self.rows for column in row.columns if column.answer]
        return [] if self.waiting else there


def side_of(version: Version, label: str) -> Side:
    return Side(version.semver, label, version.bundle, version)


def answers_of_examples(sides: Sequence[Side], examples: Sequence[NamedExample], actor: Actor) -> Answers:
    """For the first ten examples; where there are none, for those in the tables of variables. A constant number of queries."""
    shown: list[NamedExample | None] = [*examples[:MOST_EXAMPLES]] or [None]
    renames = renames_of(examples[0].prompt) if examples else {}
    asked = [(example, [_question(side, example, renames) for side in sides if side.bundle]) for example in shown]
    questions = [question for _, row in asked for question in row]
    found = newest_answers(questions, actor) if questions else {}
    rows = [
        Row(
            example.name if example else FilledWith.TABLE.label,
            [Column(question.label, found.get(question.asked), _problem(question)) for question in row],
        )
        for example, row in asked
        if row
    ]
    known = {digest for digest, answer in found.items() if answer.state != Answer.State.FAILED}
    missing = [question for question in questions if question.asked not in known and not _problem(question)]
    costs = estimate(missing, ModelEntry.objects.catalogue()) if missing else ""
    return Answers(rows, missing, sum(answer.is_waiting for answer in found.values()), costs, max(0, len(examples) - MOST_EXAMPLES))


def of_review(old: Version | None, new: Version, labels: Iterable[str], actor: Actor) -> Answers:
    """What is live beside what is asked for; where nothing is live, the one alone."""
    sides = [side_of(version, label) for version, label in zip((old, new), labels, strict=True) if version]
    return answers_of_examples(sides, list(new.prompt.examples.filter(archived_at=None)), actor)


def _question(side: Side, example: NamedExample | None, renames: Renames) -> Question:
    bundle = side.bundle
    assert bundle is not None
    values = values_for(bundle, carried(example.values, renames)) if example else table_values(bundle)
    whose: dict[str, Any] = {"label": side.label, "version": side.version, "draft": side.draft}
    return Question(bundle=bundle, values=values, example=example, from_table=example is None, **whose)


def _problem(question: Question) -> str:
    try:
        question.rendered()
    except Invalid as error:
        return error.sentence.removeprefix(f"{question.label}: ")
    return ""

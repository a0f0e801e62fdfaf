"""What two sides of a prompt answer to each named example: what is known already, and what would have to be asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from promptstudio.accounts.actor import Actor
from promptstudio.evaluations.answers import newest_answers
from promptstudio.evaluations.models import Answer
from promptstudio.evaluations.questions import Question, values_for
from promptstudio.lib.errors import Invalid
from promptstudio.prompts.models import ModelEntry, NamedExample, Version

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
    example: NamedExample
    columns: list[Column]


@dataclass(frozen=True)
class Answers:
    """`missing` are the questions that nobody has an answer to; `costs` is what asking them takes, in words."""

    rows: list[Row]
    missing: list[Question]
    waiting: int
    costs: str
    more: int = 0


def side_of(version: Version, label: str) -> Side:
    return Side(version.semver, label, version.bundle, version)


def answers_of_examples(sides: Sequence[Side], examples: Sequence[NamedExample], actor: Actor) -> Answers:
    """For the first ten examples. A constant number of queries."""
    shown = examples[:MOST_EXAMPLES]
    asked = {(side.address, example.pk): _question(side, example) for example in shown for side in sides if side.bundle}
    found = newest_answers(asked.values(), actor) if asked else {}
    problems = {key: problem for key, question in asked.items() if (problem := _problem(question))}
    rows = [
        Row(
            example,
            [
                Column(side.label, found.get(asked[key].asked), problems.get(key, ""))
                for side in sides
                if (key := (side.address, example.pk)) in asked
            ],
        )
        for example in shown
    ]
    known = {digest for digest, answer in found.items() if answer.state != Answer.State.FAILED}
    missing = [question for key, question in asked.items() if key not in problems and question.asked not in known]
    costs = estimate(missing, ModelEntry.objects.catalogue()) if missing else ""
    return Answers(rows, missing, sum(answer.is_waiting for answer in found.values()), costs, len(examples) - len(shown))


def of_review(old: Version | None, new: Version, labels: Iterable[str], actor: Actor) -> Answers:
    """What is live beside what is asked for; where nothing is live, the one alone."""
    sides = [side_of(version, label) for version, label in zip((old, new), labels, strict=True) if version]
    return answers_of_examples(sides, list(new.prompt.examples.filter(archived_at=None)), actor)


def _question(side: Side, example: NamedExample) -> Question:
    assert side.bundle is not None
    values = values_for(side.bundle, example.values)
    return Question(bundle=side.bundle, label=side.label, version=side.version, draft=side.draft, example=example, values=values)


def _problem(question: Question) -> str:
    try:
        question.rendered()
    except Invalid as error:
        return error.sentence.removeprefix(f"{question.label}: ")
    return ""

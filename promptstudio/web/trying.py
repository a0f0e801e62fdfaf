"""What can be tried, and what is asked for what was chosen in the form."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.http import QueryDict

from promptstudio.accounts.actor import Actor
from promptstudio.deployments import board
from promptstudio.evaluations.models import Answer, FilledWith
from promptstudio.evaluations.questions import Question, table_values, values_for
from promptstudio.evaluations.trial_settings import NAMES, Number, really_other, settings_in, with_settings
from promptstudio.lib.errors import Invalid
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.catalogue import Catalogue
from promptstudio.prompts.models import NamedExample, Prompt
from promptstudio.prompts.renames import carried, renames_of
from promptstudio.prompts.values import as_text

from . import sides as sides_of
from .uids import uid_or_404

TABLE, OWN = FilledWith.TABLE.value, FilledWith.OWN.value
MOST_MODELS = MOST_BESIDE = 4


@dataclass(frozen=True)
class Filling:
    """One way to fill the prompt in."""

    address: str
    label: str
    example: NamedExample | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Trial:
    """`beside` are other sides, `models` others that the first side is asked of as well."""

    side: sides_of.Side
    beside: list[sides_of.Side]
    models: list[str]
    fillings: list[Filling]
    typed: dict[str, str]
    settings: dict[str, str] = field(default_factory=dict)

    @cached_property
    def changed(self) -> dict[str, Number]:
        """The settings that are others for this trial. Raises Invalid for what no setting can be."""
        assert self.side.bundle
        return really_other(self.side.bundle, settings_in(self.settings))

    @cached_property
    def tried(self) -> Bundle:
        """What is asked of the side itself, with the settings of this trial. Raises Invalid for what no setting can be."""
        assert self.side.bundle
        return with_settings(self.side.bundle, self.changed)

    def questions(self) -> Iterator[Question]:
        """In reading order: for each filling the side itself, then what stands beside it."""
        for filling in self.fillings:
            yield self._question(self.side, self.tried, filling)
            for other in self.beside:
                assert other.bundle
                yield self._question(other, other.bundle, filling)
            for model in self.models:
                yield self._question(self.side, self.tried, filling, model)

    def askable(self) -> tuple[list[Question], list[str]]:
        """The questions, without those that only stand beside and cannot be filled in; and why not, in sentences.

        Raises Invalid for what the side itself lacks.
        """
        if len(self.beside) > MOST_BESIDE:
            raise Invalid({"beside": f"At most {MOST_BESIDE} stand beside it. Untick some."})
        if len(self.models) > MOST_MODELS:
            raise Invalid({"model": f"At most {MOST_MODELS} other models are asked at once. Untick some."})
        asked, left_out = [], []
        for question in self.questions():
            try:
                question.rendered()
            except Invalid as error:
                if question.bundle is self.tried:
                    raise Invalid(_without_label(error, self.side.label)) from None
                left_out.append(error.sentence)
            else:
                asked.append(question)
        return asked, list(dict.fromkeys(left_out))

    def _question(self, side: sides_of.Side, bundle: Bundle, filling: Filling, model: str = "") -> Question:
        return Question(
            bundle=bundle,
            label=side.label,
            other_model=model if model != bundle.model else "",
            version=side.version,
            draft=side.draft,
            example=filling.example,
            from_table=filling.address == TABLE,
            changed=self.changed if bundle is self.tried else {},
            values=table_values(bundle) | dict(filling.values) if filling.address in (TABLE, OWN) else values_for(bundle, filling.values),
        )


def trial_of(prompt: Prompt, given: QueryDict, actor: Actor) -> Trial:
    """What was chosen. Raises Http404 for what is not there, Invalid for a draft that is too unfinished."""
    side = sides_of.side(prompt, given.get("side", ""), actor)
    if any(address.startswith("prompt:") for address in [given.get("side", ""), *given.getlist("beside")]):
        raise Invalid({"side": "Another prompt is tried on its own page."})
    if side.bundle is None:
        raise Invalid({"side": f"There is {side.label}, so nothing can be tried."})
    ticked = list(dict.fromkeys(given.getlist("beside")))[: MOST_BESIDE + 1]
    beside = [other for address in ticked if address and (other := sides_of.side(prompt, address, actor)).bundle]
    typed = {name[6:]: text for name, text in given.items() if name.startswith("value-") and isinstance(text, str) and text}
    models = [model for model in dict.fromkeys(given.getlist("model")) if model]
    return Trial(side, beside, models, list(_chosen(prompt, _with(given, typed), typed)), typed, settings_typed(given))


def settings_typed(given: QueryDict) -> dict[str, str]:
    """By the name of the setting, whatever stands in its field."""
    return {name: given.get(f"set-{name}", "") for name in NAMES}


def _with(given: QueryDict, typed: Mapping[str, str]) -> list[str]:
    """What was ticked; whoever typed values means them, ticked or not."""
    ticked = given.getlist("with")
    return [*ticked, OWN] if typed and OWN not in ticked else ticked


def usual(prompt: Prompt, side: str) -> list[str]:
    """What one wants to see beside `side` first: what is live furthest on, else the version before."""
    row = board.row(prompt)
    for cell in reversed(row.cells):
        if cell.live and cell.live.semver != side:
            return [f"env:{cell.environment.slug}"]
    newest = row.newest
    return [newest.semver] if newest and newest.semver != side else []


def fillings_for(prompt: Prompt) -> list[Filling]:
    """Everything that can fill it in: the table's own examples, and the named ones."""
    named = prompt.examples.filter(archived_at=None)
    return [Filling(TABLE, FilledWith.TABLE.label), *(Filling(str(e.uid), e.name, e) for e in named)]


def estimate(questions: Iterable[Question], known: Catalogue) -> str:
    """“3 calls, at most 1.2 US cents” – or, where a price is not known, the calls alone."""
    asked = list(questions)
    calls = f"{len(asked)} call{'' if len(asked) == 1 else 's'}"
    prices = [question.most_it_costs(known) for question in asked]
    if not prices or None in prices:
        return calls
    return f"{calls}, at most {in_words(sum((price for price in prices if price is not None), Decimal()))}"


def in_words(dollars: Decimal) -> str:
    cents = dollars * 100
    if not cents:
        return "0 US cents"
    if cents < 10:
        return f"{cents.normalize():.2g} US cents" if cents >= Decimal("0.01") else "a hundredth of a US cent"
    return f"{dollars:.2f} US dollars"


def looked_at_again_in(age: timedelta) -> int:
    """Milliseconds until the page looks again at a round that is this old: often while words come, and seldom when nothing does."""
    seconds = age.total_seconds()
    return 400 if seconds < 20 else 1000 if seconds < 60 else 3000


def again(answers: Iterable[Answer]) -> dict[str, Any]:
    """What to choose in the form so that the same is asked: names of fields to values."""
    rows = list(answers)
    sides = list(dict.fromkeys((_address(answer), answer.wording_id) for answer in rows))
    own: dict[str, Any] = {name: value for answer in reversed(rows) if answer.filled_with == OWN for name, value in answer.values.items()}
    return {
        "side": sides[0][0],
        "beside": [address for address, _ in sides[1:]],
        "model": list(dict.fromkeys(answer.model for answer in rows if answer.model != answer.wording.bundle.model)),
        "with": list(dict.fromkeys(str(answer.example.uid) if answer.example else answer.filled_with for answer in rows)),
        **{f"value-{name}": as_text(value) for name, value in own.items()},
        **{f"set-{name}": str(value) for name, value in rows[0].changed.items()},
    }


def _address(answer: Answer) -> str:
    return f"draft:{answer.draft.uid}" if answer.draft else answer.version.semver if answer.version else ""


def _chosen(prompt: Prompt, addresses: list[str], typed: Mapping[str, str]) -> Iterator[Filling]:
    named, renames = {str(example.uid): example for example in prompt.examples.filter(archived_at=None)}, renames_of(prompt)
    for address in dict.fromkeys(addresses):
        if address == TABLE:
            yield Filling(TABLE, FilledWith.TABLE.label)
        elif address == OWN:
            yield Filling(OWN, FilledWith.OWN.label, None, typed)
        elif example := named.get(str(uid_or_404(address))):
            yield Filling(address, example.name, example, carried(example.values, renames))


def _without_label(error: Invalid, label: str) -> dict[str, str]:
    return {place: sentence.removeprefix(f"{label}: ") for place, sentence in error.errors.items()}

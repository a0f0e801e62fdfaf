"""What is asked of a model: a bundle, the values in it, and where both came from. No database is read here."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings

from promptstudio.lib.errors import Invalid
from promptstudio.prompts.bundle import Bundle, Message
from promptstudio.prompts.canonical import canonical_json, digest_of
from promptstudio.prompts.catalogue import MODEL_ID, Catalogue, cost_per_call
from promptstudio.prompts.models import Draft, NamedExample, Version
from promptstudio.prompts.templating import Rendered, render, values_to_send

from .cases import Turn
from .models import Answer

LONGEST_MODEL = 2048
# Behind the prefix of a route: how endpoints of many makers call their models.
ROUTED_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}")


def is_model(model: str) -> bool:
    """Whether `model` names one. A prompt at Bedrock can be called like a model; it would answer with words that nobody here looked at."""
    for prefix in settings.MODEL_ROUTES:
        if model.startswith(prefix):
            return ROUTED_NAME.fullmatch(model.removeprefix(prefix)) is not None
    return len(model) <= LONGEST_MODEL and ":prompt/" not in model and MODEL_ID.fullmatch(model) is not None


@dataclass(frozen=True, kw_only=True)
class Question:
    """`label` says in words whose bundle it is. Values that the bundle does not ask for are left out.

    `other_model` is asked in place of the bundle's own. `address` is where the bundle is published, where it is called there. `turns`
    follow the filled-in messages. `changed` are settings in `bundle` that are others than in what it stands for.
    """

    bundle: Bundle
    label: str
    other_model: str = ""
    address: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    turns: tuple[Turn, ...] = ()
    version: Version | None = None
    draft: Draft | None = None
    example: NamedExample | None = None
    # The values are those that stand in the table of variables.
    from_table: bool = False
    changed: Mapping[str, float | int] = field(default_factory=dict)

    @property
    def model(self) -> str:
        return self.other_model or self.bundle.model

    @property
    def known_values(self) -> dict[str, Any]:
        names = {variable.name for variable in self.bundle.variables}
        return {name: value for name, value in self.values.items() if name in names and value not in (None, "")}

    @property
    def asked(self) -> str:
        """The digest of wording, model, values and turns. Equal questions have equal digests, whoever asks."""
        what = {"bundle": self.bundle.digest, "model": self.model, "values": self.known_values}
        what |= {"address": self.address} if self.address else {}
        return digest_of(canonical_json(what | ({"turns": as_rows(self.turns)} if self.turns else {})))

    def rendered(self) -> Rendered:
        """Raises Invalid for values that are missing or not what they should be, and for a bundle that no model can be asked with."""
        if not self.model:
            raise Invalid({"model": f"{self.label} has no model. Choose one first."})
        try:
            return _followed(render(self.bundle, self.known_values), self.turns)
        except Invalid as error:
            raise Invalid({place: f"{self.label}: {sentence}" for place, sentence in error.errors.items()}) from None

    @property
    def follows(self) -> tuple[Message, ...]:
        return _messages(self.turns)

    def variables(self) -> dict[str, str]:
        """What is sent along with its address. Raises Invalid like `rendered`."""
        return values_to_send(self.bundle, self.known_values)

    def most_it_costs(self, known: Catalogue) -> Decimal | None:
        """In US dollars, by estimate; None for a model that is not on the list. Raises Invalid like `rendered`."""
        return cost_per_call(self.bundle.model_copy(update={"model": self.model}), self.rendered(), known)


def as_rows(turns: Iterable[Turn]) -> list[dict[str, str]]:
    """As they are kept with an answer."""
    return [turn.model_dump() for turn in turns]


def turns_in(rows: Iterable[Mapping[str, str]]) -> tuple[Turn, ...]:
    return tuple(Turn(role=row["role"], text=row["text"]) for row in rows)  # type: ignore[arg-type]


def _followed(rendered: Rendered, turns: Sequence[Turn]) -> Rendered:
    """The conversation goes on where the prompt ends. Raises Invalid where nobody would take turns."""
    if not turns:
        return rendered
    if sentence := _out_of_turn(rendered.messages, turns):
        raise Invalid({"turns": sentence})
    return Rendered(system=rendered.system, messages=(*rendered.messages, *_messages(turns)))


def _messages(turns: Iterable[Turn]) -> tuple[Message, ...]:
    return tuple(Message(role=turn.role, text=turn.text) for turn in turns)


def _out_of_turn(before: Sequence[Message], turns: Sequence[Turn]) -> str | None:
    last = before[-1].role if before else "assistant"
    for number, turn in enumerate(turns, 1):
        if turn.role == last:
            return _twice(number, turn.role, bool(before))
        last = turn.role
    return None if last == "user" else "The conversation ends with the assistant. The last turn has to be the user's, which is answered."


def _twice(number: int, role: str, messages: bool) -> str:
    if number > 1:
        return f"Turns {number - 1} and {number} are both the {role}'s. They have to take turns."
    if role == "assistant":
        end = "its last message is the assistant's" if messages else "it has only system text"
        return f"The conversation begins with the assistant, and the prompt does not end with the user: {end}. Begin with the user."
    return "The conversation begins with the user, and the prompt ends with a message of the user. Begin with the assistant."


def question_of(answer: Answer) -> Question:
    """What this answer answers."""
    return Question(
        bundle=answer.wording.bundle,
        label=answer.label,
        other_model=answer.model,
        address=answer.address,
        values=answer.values,
        turns=turns_in(answer.turns),
    )


def values_for(bundle: Bundle, example: Mapping[str, Any]) -> dict[str, Any]:
    """What fills `bundle` for a named example: its values, and the table's own example for what is required and not among them."""
    missing = (variable for variable in bundle.variables if variable.required and example.get(variable.name) in (None, ""))
    return {variable.name: variable.example for variable in missing if variable.example is not None} | dict(example)


def table_values(bundle: Bundle) -> dict[str, Any]:
    """The examples (else the defaults) that stand beside the variables themselves."""
    filled = {variable.name: variable.default if variable.example is None else variable.example for variable in bundle.variables}
    return {name: value for name, value in filled.items() if value is not None}

"""What is asked of a model: a bundle, the values in it, and where both came from. No database is read here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings

from promptstudio.lib.errors import Invalid
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.canonical import canonical_json, digest_of
from promptstudio.prompts.catalogue import MODEL_ID, Catalogue, cost_per_call
from promptstudio.prompts.models import Draft, NamedExample, Version
from promptstudio.prompts.templating import Rendered, render, values_to_send

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

    `other_model` is asked in place of the bundle's own. `address` is where the bundle is published, where it is called there.
    """

    bundle: Bundle
    label: str
    other_model: str = ""
    address: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    version: Version | None = None
    draft: Draft | None = None
    example: NamedExample | None = None
    # The values are those that stand in the table of variables.
    from_table: bool = False

    @property
    def model(self) -> str:
        return self.other_model or self.bundle.model

    @property
    def known_values(self) -> dict[str, Any]:
        names = {variable.name for variable in self.bundle.variables}
        return {name: value for name, value in self.values.items() if name in names and value not in (None, "")}

    @property
    def asked(self) -> str:
        """The digest of wording, model and values. Equal questions have equal digests, whoever asks."""
        what = {"bundle": self.bundle.digest, "model": self.model, "values": self.known_values}
        return digest_of(canonical_json(what | ({"address": self.address} if self.address else {})))

    def rendered(self) -> Rendered:
        """Raises Invalid for values that are missing or not what they should be, and for a bundle that no model can be asked with."""
        if not self.model:
            raise Invalid({"model": f"{self.label} has no model. Choose one first."})
        try:
            return render(self.bundle, self.known_values)
        except Invalid as error:
            raise Invalid({place: f"{self.label}: {sentence}" for place, sentence in error.errors.items()}) from None

    def variables(self) -> dict[str, str]:
        """What is sent along with its address. Raises Invalid like `rendered`."""
        return values_to_send(self.bundle, self.known_values)

    def most_it_costs(self, known: Catalogue) -> Decimal | None:
        """In US dollars, by estimate; None for a model that is not on the list. Raises Invalid like `rendered`."""
        return cost_per_call(self.bundle.model_copy(update={"model": self.model}), self.rendered(), known)


def values_for(bundle: Bundle, example: Mapping[str, Any]) -> dict[str, Any]:
    """What fills `bundle` for a named example: its values, and the table's own example for what is required and not among them."""
    missing = (variable for variable in bundle.variables if variable.required and example.get(variable.name) in (None, ""))
    return {variable.name: variable.example for variable in missing if variable.example is not None} | dict(example)


def table_values(bundle: Bundle) -> dict[str, Any]:
    """The examples (else the defaults) that stand beside the variables themselves."""
    filled = {variable.name: variable.default if variable.example is None else variable.example for variable in bundle.variables}
    return {name: value for name, value in filled.items() if value is not None}

"""What running a suite takes, before anything is asked. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from promptstudio.lib.errors import Invalid
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.catalogue import Catalogue, input_tokens

from .cases import Case
from .questions import Question, values_for


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """For one model: `input_tokens` and the most `output_tokens` by estimate, and the `most` that it costs in US dollars.

    `unfit` cases cannot be filled in, and are not asked. None stands for what nobody knows: a model that is not on the list.
    """

    model: str
    calls: int
    unfit: int
    input_tokens: int
    output_tokens: int | None
    most: Decimal | None


def estimate_run(cases: Iterable[Case], *, bundle: Bundle, model: str, repeats: int, known: Catalogue) -> Estimate:
    """`model` is who is asked in place of the bundle's own, where one is."""
    calls, unfit, tokens, costs = 0, 0, 0, list[Decimal | None]()
    for case in cases:
        question = Question(bundle=bundle, label="", other_model=model, values=values_for(bundle, case.values), turns=case.turns)
        try:
            tokens += input_tokens(bundle, question.rendered())
            costs.append(question.most_it_costs(known))
            calls += 1
        except Invalid:
            unfit += 1
    longest = longest_answer(bundle, model or bundle.model, known)
    return Estimate(
        model=model or bundle.model,
        calls=calls * repeats,
        unfit=unfit,
        input_tokens=tokens * repeats,
        output_tokens=None if longest is None else longest * calls * repeats,
        most=None if None in costs else sum((cost for cost in costs if cost is not None), Decimal()) * repeats,
    )


def longest_answer(bundle: Bundle, model: str, known: Catalogue) -> int | None:
    """In tokens. What the prompt allows, where the model's own limit is not known; None where neither is."""
    allowed, entry = bundle.inference.max_tokens, known.find(model)
    return min(allowed or entry.max_output, entry.max_output) if entry else allowed

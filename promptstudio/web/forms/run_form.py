"""The form that runs a suite: on which sides, of which models, how often each case, and for how much at most.

`side` and `model` may be there several times, empty ones count for nothing; the model `own` is each side's own. Without any, that one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.http import QueryDict

from promptstudio.accounts.actor import Actor
from promptstudio.deployments.published import label_of, published_of, wanted_of
from promptstudio.evaluations.estimates import Estimate, estimate_run
from promptstudio.evaluations.judging_costs import Judging, judging_for
from promptstudio.evaluations.models import SuiteVersion
from promptstudio.evaluations.run_services import MOST_REPEATS, MOST_RUNS_AT_ONCE, Wanted
from promptstudio.lib.errors import Invalid
from promptstudio.prompts.catalogue import Catalogue
from promptstudio.prompts.models import Prompt

from ..numbers import number_in
from ..sides import side
from ..uids import uid_or_404

OWN, PUBLISHED = "own", "published:"
FIELDS = {"side", "model", "repeats", "most"}


@dataclass(frozen=True)
class Typed:
    """As it stands in the form, right or wrong."""

    sides: list[str]
    models: list[str]
    repeats: str
    most: str

    @property
    def has_own(self) -> bool:
        return OWN in self.models or not self.models

    @property
    def others(self) -> list[str]:
        return [model for model in self.models if model != OWN]


@dataclass(frozen=True)
class RunOrder:
    wanted: list[Wanted]
    repeats: int
    most: Decimal | None


@dataclass(frozen=True)
class Line:
    """One run of the order, and what it takes."""

    label: str
    model: str
    estimate: Estimate
    judging: Judging
    # Why nobody judges, where the cases need somebody.
    problem: str = ""

    @property
    def most(self) -> Decimal | None:
        """In US dollars, the judge's and all; None where a price is not known."""
        parts = (self.estimate.most, self.judging.most)
        return None if None in parts else sum((part for part in parts if part is not None), Decimal())


def typed_in(given: QueryDict) -> Typed:
    if not FIELDS & given.keys():
        return Typed([], [OWN], "1", f"{settings.RUN_CEILING:.2f}" if settings.RUN_CEILING else "")
    return Typed(_named(given, "side"), _named(given, "model"), given.get("repeats", "1").strip(), given.get("most", "").strip())


def order_of(prompt: Prompt, typed: Typed, actor: Actor) -> RunOrder:
    """Raises Http404 for a side that is not there, Invalid with the names of the fields."""
    models = ["" if model == OWN else model for model in typed.models] or [""]
    if (count := len(typed.sides) * len(models)) > MOST_RUNS_AT_ONCE:
        # Before each is looked at: what they take is told at every change of the form.
        raise Invalid({"side": f"These are {count} runs. At most {MOST_RUNS_AT_ONCE} start at once: choose fewer versions or models."})
    wanted = list(_wanted(prompt, typed.sides, models, actor))
    repeats = number_in(typed.repeats)
    if not 1 <= repeats <= MOST_REPEATS:
        raise Invalid({"repeats": f"Write how often each case is asked: a number between 1 and {MOST_REPEATS}."})
    return RunOrder(wanted, repeats, _amount(typed.most))


def published_choices(prompt: Prompt) -> list[tuple[str, str]]:
    """Sides that are called where they are published, as (address, label)."""
    return [(f"{PUBLISHED}{receipt.uid}", label_of(receipt)) for receipt in published_of(prompt)]


def lines_of(order: RunOrder, suite: SuiteVersion, known: Catalogue) -> list[Line]:
    return [_line(each, order.repeats, suite, known) for each in order.wanted]


def total_of(lines: Sequence[Line]) -> dict[str, Any]:
    """`calls`, and the `most` that all of it costs; None where a price is not known."""
    estimates = [line.estimate for line in lines]
    prices = [line.most for line in lines]
    return {
        "calls": sum(estimate.calls for estimate in estimates),
        "judged": sum(line.judging.verdicts for line in lines),
        "most": None if None in prices else sum((price for price in prices if price is not None), Decimal()),
    }


def _named(given: QueryDict, name: str) -> list[str]:
    return [text for text in dict.fromkeys(given.getlist(name)) if text]


def _wanted(prompt: Prompt, addresses: Iterable[str], models: Iterable[str], actor: Actor) -> Iterator[Wanted]:
    """Each side on each model, once: what is live somewhere may be chosen by its number as well, and a model that is its own."""
    seen = set()
    for address in addresses:
        one = _one(prompt, address, actor)
        for model in models:
            asked = "" if model == one.bundle.model else model
            which = (one.version and one.version.pk, one.draft and one.draft.pk, one.address, asked)
            if which not in seen:
                seen.add(which)
                yield replace(one, model=asked)


def _one(prompt: Prompt, address: str, actor: Actor) -> Wanted:
    if address.startswith("prompt:"):
        raise Invalid({"side": "Another prompt is tested on its own page."})
    if address.startswith(PUBLISHED):
        return wanted_of(prompt, uid_or_404(address.removeprefix(PUBLISHED)))
    found = side(prompt, address, actor)
    if found.bundle is None:
        raise Invalid({"side": f"There is {found.label}, so nothing can be tested."})
    return Wanted(bundle=found.bundle, label=found.label, version=found.version, draft=found.draft)


def _amount(typed: str) -> Decimal | None:
    """In US dollars; people write a comma as well as a point."""
    if not typed:
        return None
    try:
        return Decimal(typed.replace(",", ".")) if len(typed) <= 20 else Decimal("NaN")
    except InvalidOperation:
        # Whoever starts the run says what an amount is.
        return Decimal("NaN")


def _line(wanted: Wanted, repeats: int, suite: SuiteVersion, known: Catalogue) -> Line:
    estimate = estimate_run(suite.cases, bundle=wanted.bundle, model=wanted.model, repeats=repeats, known=known)
    # The judge reads what the model that is asked writes.
    asked = wanted.bundle.model_copy(update={"model": estimate.model})
    judging, problem = judging_for(suite.suite.prompt.project, suite.cases, asked, repeats, known)
    model, label = known.find(estimate.model), f"Draft of {wanted.draft.created_by}" if wanted.draft else wanted.label
    return Line(label, model.label if model else estimate.model, estimate, judging, problem)

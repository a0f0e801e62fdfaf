"""What the checks of a suite cost when they ask others, before anybody is asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from promptstudio.lib.errors import Invalid
from promptstudio.projects.models import Project
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.canonical import canonical_json
from promptstudio.prompts.catalogue import MILLION, Catalogue, estimate_tokens, input_tokens, with_embeddings
from promptstudio.prompts.templating import Rendered

from .assertions import places_of
from .cases import Case
from .embedder import embedding_model
from .estimates import longest_answer
from .judge_texts import TASKS
from .judges import Chosen, chosen_for
from .judging import is_compared, questions_in, questions_of
from .models import Bench
from .questions import Question, values_for


@dataclass(frozen=True)
class Judging:
    """`most` is in US dollars, by estimate; None where a price is not known."""

    verdicts: int
    comparisons: int
    most: Decimal | None


def judging_for(project: Project, cases: Iterable[Case], bundle: Bundle, repeats: int, known: Catalogue) -> tuple[Judging, str]:
    """What they cost with the judge that the project has now, and why nobody judges where the cases need somebody."""
    listed, judge, problem = list(cases), None, ""
    if questions_in(listed)[0]:
        try:
            judge = chosen_for(project, Bench.ONE, known)
        except Invalid as error:
            problem = error.sentence
    once = judging_costs(listed, bundle, judge, embedding_model(), known)
    most = None if once.most is None else once.most * repeats
    return Judging(once.verdicts * repeats, once.comparisons * repeats, most), problem


def judging_costs(cases: Iterable[Case], bundle: Bundle, judge: Chosen | None, embedding_model: str, known: Catalogue) -> Judging:
    """For every case asked once of `bundle`. Nothing is asked, and no case has to fit."""
    listed = list(cases)
    verdicts, comparisons = questions_in(listed)
    prices = [_price_of(case, bundle, judge, embedding_model, known) for case in listed]
    most = None if None in prices else sum((price for price in prices if price is not None), Decimal())
    return Judging(verdicts, comparisons, most)


def _price_of(case: Case, bundle: Bundle, judge: Chosen | None, embedding_model: str, known: Catalogue) -> Decimal | None:
    total, answer = Decimal(), longest_answer(bundle, bundle.model, known)
    for _, assertion in places_of(case.assertions):
        asks = questions_of(assertion)
        if not asks or (is_compared(assertion) and not embedding_model):
            continue
        text = estimate_tokens(canonical_json(assertion.value))
        if is_compared(assertion):
            model = with_embeddings(known).find(embedding_model)
            price = None if model is None or answer is None else (answer + text) * model.input_price / MILLION
        else:
            price = _of_a_verdict(_asked_tokens(case, bundle) + text, answer, judge, known)
        if price is None:
            return None
        total += price if is_compared(assertion) else asks * price
    return total


def _asked_tokens(case: Case, bundle: Bundle) -> int:
    try:
        rendered = Question(bundle=bundle, label="", values=values_for(bundle, case.values), turns=case.turns).rendered()
    except Invalid:
        return 0
    return sum(estimate_tokens(message.text) for message in rendered.messages)


def _of_a_verdict(given: int, answer: int | None, judge: Chosen | None, known: Catalogue) -> Decimal | None:
    """The judge reads its own words, what it is `given`, and an answer of full length."""
    model = known.find(judge.model) if judge else None
    said = longest_answer(judge.bundle, judge.model, known) if judge else None
    if judge is None or model is None or answer is None or said is None:
        return None
    own = input_tokens(judge.bundle, Rendered(judge.bundle.system, judge.bundle.messages)) + max(map(estimate_tokens, TASKS.values()))
    return ((own + given + answer) * model.input_price + said * model.output_price) / MILLION

"""What comparing meanings costs, before and after: by the name of the model that is set."""

from decimal import Decimal
from typing import Any

import pytest

from promptstudio.evaluations import run_services, suite_services
from promptstudio.evaluations.cases import parse_cases
from promptstudio.evaluations.judging_costs import judging_for
from promptstudio.evaluations.models import Answer, Run, Suite
from promptstudio.evaluations.worker import answer_due
from promptstudio.lib.errors import Invalid
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import ModelEntry, Prompt, Version
from tests.cast import Cast, bundle

from .scripted import MODEL, said, saying
from .scripted_numbers import PATH as NUMBERS

TITAN, LOCAL, ELSEWHERE = "amazon.titan-embed-text-v2:0", "local:/srv/models/small", "openai:numbers-small"


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    short = bundle(model=MODEL, inference={"max_tokens": 1000})
    return prompts.save_version(prompt=prompt, data=short, change=prompts.Change(summary="Short."), actor=cast.alice)


@pytest.fixture
def suite(cast: Cast, version: Version) -> Suite:
    case = {"uid": "1", "values": {"claim": "The pipe burst."}, "assertions": [{"type": "similar", "value": "A pipe"}]}
    return suite_services.add_suite(prompt=version.prompt, name="Near", cases=parse_cases({"cases": [case]}), actor=cast.alice)


@pytest.fixture(autouse=True)
def embedder(settings: Any) -> None:
    settings.EMBEDDER = NUMBERS


def estimated(suite: Suite, version: Version) -> Decimal | None:
    judging, _ = judging_for(version.prompt.project, suite.newest.cases, version.bundle, 1, ModelEntry.objects.catalogue())
    return judging.most


def start(suite: Suite, version: Version, cast: Cast) -> Run:
    return run_services.start_run(
        suite=suite, bundle=version.bundle, label="1.0.0", version=version, most=Decimal("0.10"), actor=cast.alice
    )


def priced(model_id: str, dollars: str) -> None:
    ModelEntry.objects.create(
        model_id=model_id, label="Numbers, small", input_price=Decimal(dollars), output_price=0, context=8192, max_output=1
    )


def costs_of_numbers() -> set[Decimal | None]:
    return set(Answer.objects.filter(purpose="numbers").values_list("cost", flat=True))


def test_a_local_model_costs_nothing_and_no_ceiling_minds_it(cast: Cast, suite: Suite, version: Version, settings: Any) -> None:
    settings.EMBEDDING_MODEL = LOCAL
    assert estimated(suite, version) == 0
    run = start(suite, version, cast)
    with saying(lambda call: said("A pipe")):
        answer_due()
    assert run.results.get().outcome == "passed"
    assert costs_of_numbers() == {Decimal(0)}


def test_a_model_elsewhere_has_the_price_that_site_admins_keep(cast: Cast, suite: Suite, version: Version, settings: Any) -> None:
    settings.EMBEDDING_MODEL = ELSEWHERE
    assert estimated(suite, version) is None
    with pytest.raises(Invalid, match="The prices of openai:numbers-small are not known"):
        start(suite, version, cast)
    priced(ELSEWHERE, "0.02")
    assert estimated(suite, version) == Decimal("0.02") * (1000 + 2) / 1_000_000
    start(suite, version, cast)
    with saying(lambda call: said("A pipe")):
        answer_due()
    assert costs_of_numbers() == {Decimal("0.02") * 2 / 1_000_000}


def test_what_site_admins_say_counts_before_what_studio_knows(cast: Cast, suite: Suite, version: Version, settings: Any) -> None:
    settings.EMBEDDING_MODEL = TITAN
    assert estimated(suite, version) == Decimal("0.02") * (1000 + 2) / 1_000_000
    priced(TITAN, "0.03")
    assert estimated(suite, version) == Decimal("0.03") * (1000 + 2) / 1_000_000

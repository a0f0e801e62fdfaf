"""A run stops at its ceiling, whatever its answers turn out to cost."""

from decimal import Decimal
from typing import Any

import pytest

from promptstudio.evaluations import leases, run_services, suite_services, worker
from promptstudio.evaluations.cases import parse_cases
from promptstudio.evaluations.estimates import estimate_run
from promptstudio.evaluations.model_runner import RunFailed
from promptstudio.evaluations.models import Answer, Run, Suite
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.prompts import services as prompts
from promptstudio.prompts.catalogue import BUILT_IN
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, bundle

from .scripted import MODEL, said, saying

# Claude Sonnet 4.5: $3 a million tokens in, $15 out; at most 1,000 out are 1.5 US cents, what goes in is next to nothing.
LONGEST = 1000
SPENT = Decimal("0.0045")


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    short = bundle(model=MODEL, inference={"max_tokens": LONGEST})
    return prompts.save_version(prompt=prompt, data=short, change=prompts.Change(summary="Short."), actor=cast.alice)


@pytest.fixture
def suite(cast: Cast, version: Version) -> Suite:
    rows = [{"uid": str(n), "values": {"claim": f"Claim {n}"}, "assertions": [{"type": "icontains", "value": "claim"}]} for n in range(10)]
    return suite_services.add_suite(prompt=version.prompt, name="Usual", cases=parse_cases({"cases": rows}), actor=cast.alice)


def start(suite: Suite, version: Version, by: Any, **more: Any) -> Run:
    return run_services.start_run(suite=suite, bundle=version.bundle, label="1.0.0", version=version, **more, actor=by)


def test_it_stops_before_it_could_cost_more(cast: Cast, suite: Suite, version: Version) -> None:
    run = start(suite, version, cast.alice, most=Decimal("0.03"))
    with saying(lambda call: said(call.rendered.messages[-1].text)) as heard:
        worker.answer_due()
        # Four cost 1.8 cents; a fifth could end above three.
        assert len(heard) == 4
    counted = Run.objects.with_progress().get(pk=run.pk)
    assert (counted.passed, counted.unknown, counted.waiting, counted.not_asked) == (4, 6, 0, 6)
    assert counted.spent == 4 * SPENT
    left = Answer.objects.filter(round=run.uid, state="failed")
    assert {answer.error for answer in left} == {"The ceiling of 0.03 US dollars was reached, so it was not asked."}


def test_without_a_ceiling_it_goes_on(cast: Cast, suite: Suite, version: Version) -> None:
    run = start(suite, version, cast.alice)
    worker.answer_due()
    assert run.results.filter(outcome="passed").count() == 10


def test_what_is_under_way_counts_with_the_most_it_may_cost(cast: Cast, suite: Suite, version: Version) -> None:
    start(suite, version, cast.alice, most=Decimal("0.035"))
    one, two = leases.claim_next(), leases.claim_next()
    assert one
    assert two
    assert leases.claim_next() is None, "a third could cost too much, but nothing is decided yet"
    assert Answer.objects.waiting().count() == 10
    worker._settle(one, said())
    assert leases.claim_next(), "it was cheaper than it might have been"


def test_another_round_is_not_held_up_by_one_that_waits(cast: Cast, suite: Suite, version: Version) -> None:
    start(suite, version, cast.alice, most=Decimal("0.02"))
    free = start(suite, version, cast.bob)
    assert leases.claim_next()
    later = leases.claim_next()
    assert later
    assert later.answer.round == free.uid


def test_an_answer_that_nobody_knows_the_costs_of_counts_with_the_most(cast: Cast, suite: Suite, version: Version) -> None:
    run = start(suite, version, cast.alice, most=Decimal("0.04"))
    with saying(lambda call: said(input_tokens=None, output_tokens=None)) as heard:
        worker.answer_due()
        assert len(heard) == 2
    assert set(run.results.filter(answer__state="answered").values_list("answer__cost", flat=True)) == {None}


def test_an_answer_that_never_came_may_have_been_paid(cast: Cast, suite: Suite, version: Version) -> None:
    def lost(call: object) -> Any:
        raise RunFailed("The model did not answer within 120 seconds.", code="no_answer", permanent=True)

    start(suite, version, cast.alice, most=Decimal("0.04"))
    with saying(lost) as heard:
        worker.answer_due()
        assert len(heard) == 2


@pytest.mark.parametrize("most", ["0", "-1", "NaN", "100001"])
def test_a_ceiling_is_an_amount(cast: Cast, suite: Suite, version: Version, most: str) -> None:
    with pytest.raises(Invalid, match="an amount of US dollars"):
        start(suite, version, cast.alice, most=Decimal(most))


def test_a_ceiling_that_lets_nothing_through_is_told_before(cast: Cast, suite: Suite, version: Version) -> None:
    with pytest.raises(Invalid, match=r"One answer alone may cost 0\.02 US dollars"):
        start(suite, version, cast.alice, most=Decimal("0.01"))
    assert not Answer.objects.exists()


def test_nothing_can_stop_a_model_without_prices_so_nothing_pretends_to(cast: Cast, suite: Suite, version: Version) -> None:
    with pytest.raises(Invalid, match=r"The prices of new\.model-v1 are not known"):
        start(suite, version, cast.alice, model="new.model-v1", most=Decimal(5))
    start(suite, version, cast.alice, model="new.model-v1")


def test_the_estimate_says_calls_tokens_and_dollars(suite: Suite, version: Version) -> None:
    told = estimate_run(suite.newest.cases, bundle=version.bundle, model="", repeats=3, known=BUILT_IN)
    assert (told.calls, told.unfit, told.output_tokens) == (30, 0, 30 * LONGEST)
    assert told.most == (told.input_tokens * Decimal(3) + 30 * LONGEST * Decimal(15)) / 1_000_000
    unknown = estimate_run(suite.newest.cases, bundle=version.bundle, model="new.model-v1", repeats=1, known=BUILT_IN)
    assert (unknown.output_tokens, unknown.most) == (10 * LONGEST, None)


def test_several_runs_start_together_or_not_at_all(cast: Cast, suite: Suite, version: Version, settings: Any) -> None:
    wanted = [
        run_services.Wanted(bundle=version.bundle, label="1.0.0", version=version, model=model) for model in ("", "amazon.nova-pro-v1:0")
    ]
    runs = run_services.start_runs(suite=suite, wanted=wanted, repeats=2, most=Decimal(1), actor=cast.alice)
    assert [(run.model, run.repeats, run.most) for run in runs] == [("", 2, 1), ("amazon.nova-pro-v1:0", 2, 1)]
    settings.MODEL_CALLS_A_DAY = 55
    with pytest.raises(Conflict, match="55 times in 24 hours"):
        run_services.start_runs(suite=suite, wanted=wanted, actor=cast.alice)
    assert Run.objects.count() == 2
    with pytest.raises(Invalid, match="At most 12 start at once"):
        run_services.start_runs(suite=suite, wanted=wanted * 7, actor=cast.alice)


def test_what_needs_no_server_costs_nothing_and_fits_under_any_ceiling(cast: Cast, suite: Suite, version: Version, settings: Any) -> None:
    settings.MODEL_ROUTES = {"local:": "promptstudio.integrations.local.runner.LocalRunner"}
    settings.MODEL_RUNNER = "promptstudio.integrations.routing.RoutingRunner"
    run = start(suite, version, cast.alice, model="local:model", most=Decimal("0.01"))
    worker.answer_due()
    counted = Run.objects.with_progress().get(pk=run.pk)
    assert (counted.spent, counted.waiting, counted.not_asked) == (0, 0, 0)
    assert Answer.objects.filter(round=run.uid, emulated=True).count() == 10

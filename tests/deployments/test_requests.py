"""How far a request is follows from its links; whom it waits for; and the condition that its asker confirms."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from promptstudio.deployments import candidate, gates
from promptstudio.deployments import services as deployments
from promptstudio.deployments.glance import at_a_glance
from promptstudio.deployments.models import Evaluation
from promptstudio.deployments.requests import overdue, requests_for, with_state
from promptstudio.deployments.services import Blocked
from promptstudio.lib import clock
from promptstudio.projects.services import change_policy
from promptstudio.prompts import request_services as asking
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Request, Version
from promptstudio.reviews.models import Review
from promptstudio.reviews.services import withdraw
from tests.cast import STRICT, Cast, a_version, approved, asked, in_production, promote, wished, written


def state(request: Request) -> str:
    return with_state(Request.objects.filter(pk=request.pk)).get().state


def waiting(cast: Cast, name: str) -> list[str]:
    return [item.kind for item in requests_for(getattr(cast, name))]


def test_the_state_follows_what_happens(cast: Cast) -> None:
    request = wished(cast.claims, by=cast.vera)
    assert state(request) == "asked"
    draft = asking.start_writing(request=request, actor=cast.alice)
    assert state(request) == "being_written"
    prompts.discard_draft(draft=draft, actor=cast.alice)
    assert state(request) == "asked"
    version = written(request, by=cast.alice, back=False)
    assert state(request) == "being_written"
    asking.send_back(request=request, version=version, actor=cast.alice)
    assert state(request) == "back_with_asker"
    asking.confirm(request=request, version=version, actor=cast.vera)
    assert state(request) == "confirmed"
    review = asked(version, cast.production, by=cast.alice)
    assert state(request) == "in_review"
    withdraw(review=review, actor=cast.alice)
    in_production(cast, version)
    assert state(request) == "live"


def test_a_no_leads_back_to_the_writing(cast: Cast) -> None:
    request = wished(cast.claims, by=cast.vera)
    in_production(cast, written(request, by=cast.alice))
    assert state(request) == "live"
    asking.reopen(request=request, words="Name the handler.", actor=cast.vera)
    assert state(request) == "being_written"
    asking.decline(request=request, reason="Enough.", actor=cast.vera)
    assert state(request) == "declined"


def test_a_later_version_carries_it_and_a_rollback_takes_it_back(cast: Cast, prompt: Prompt) -> None:
    first = a_version(prompt, by=cast.alice)
    in_production(cast, first)
    request = wished(prompt, by=cast.vera)
    asking.confirm(request=request, version=written(request, by=cast.alice), actor=cast.vera)
    assert state(request) == "confirmed"
    later = a_version(prompt, by=cast.alice, text="Later: {{claim}}")
    in_production(cast, later)
    assert state(request) == "live"
    deployments.roll_back(prompt=prompt, environment=cast.production, reason="No.", actor=cast.bob)
    assert state(request) == "confirmed"


def test_it_waits_for_whoever_has_to_act(cast: Cast) -> None:
    request = wished(cast.claims, by=cast.vera)
    assert [waiting(cast, name) for name in ("alice", "bob", "vera", "axel", "charlie")] == [["take"], ["take"], [], [], []]
    asking.take_request(request=request, actor=cast.alice)
    assert [waiting(cast, name) for name in ("alice", "bob")] == [["start"], []]
    version = written(request, by=cast.alice, back=False)
    assert waiting(cast, "alice") == ["send"]
    asking.send_back(request=request, version=version, actor=cast.alice)
    assert [waiting(cast, name) for name in ("alice", "vera")] == [[], ["look"]]
    with clock.at(clock.now() + timedelta(minutes=1)):
        asking.reopen(request=request, words="Shorter.", actor=cast.vera)
    assert [waiting(cast, name) for name in ("alice", "vera")] == [["again"], []]


def test_what_is_not_written_in_time_is_overdue_for_who_writes(cast: Cast) -> None:
    request = wished(cast.claims, by=cast.vera, due_on=timezone.localdate() + timedelta(days=2))
    asking.start_writing(request=request, actor=cast.alice)
    assert waiting(cast, "alice") == [], "an open draft stands among the drafts"
    with clock.at(clock.now() + timedelta(days=3)):
        assert waiting(cast, "alice") == ["overdue"]
        assert list(overdue(with_state(Request.objects.all()))) == [request]


def test_for_an_asker_who_is_gone_it_waits_for_the_admins(cast: Cast) -> None:
    written(wished(cast.claims, by=cast.vera), by=cast.alice)
    assert waiting(cast, "dora") == []
    cast.vera.user.is_active = False
    cast.vera.user.save()
    assert [waiting(cast, name) for name in ("dora", "bob")] == [["look"], []]


def test_the_number_of_queries_does_not_grow(cast: Cast) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            requests_for(cast.alice)
        return len(captured)

    wished(cast.claims, by=cast.vera)
    few = queries()
    for number in range(4):
        asking.take_request(request=wished(cast.claims, by=cast.vera, title=f"Letter {number}"), actor=cast.alice)
    assert queries() == few


@pytest.fixture
def strict(cast: Cast) -> None:
    """Staging asks whoever asked, and nobody else."""
    change_policy(environment=cast.staging, data={"asker_confirms": True}, actor=cast.dora)


def reason(cast: Cast, version: Version) -> str:
    outcomes = gates.evaluate(gates.candidate_for(version, cast.staging))
    [outcome] = [outcome for outcome in outcomes if outcome.gate == "asker_confirms"]
    return f"{'passed' if outcome.passed else 'blocked'}: {outcome.reason}"


def test_it_blocks_until_the_asker_confirmed(cast: Cast, strict: None) -> None:
    request = wished(cast.claims, by=cast.vera)
    version = written(request, by=cast.alice)
    with pytest.raises(Blocked, match="Vera asked for it and did not confirm yet"):
        promote(version, cast.staging, by=cast.alice)
    kept = Evaluation.objects.latest("id")
    assert "Vera" not in str(kept.outcomes), "evaluations outlive people"
    assert "Vera asked for it" in str(kept.answers)
    asking.confirm(request=request, version=version, actor=cast.vera)
    assert promote(version, cast.staging, by=cast.alice).version == version


def test_without_a_request_it_passes_and_says_so(cast: Cast, prompt: Prompt, strict: None) -> None:
    assert reason(cast, a_version(prompt, by=cast.alice)) == "passed: Nobody asked for it in a request."


def test_a_later_version_brings_along_what_was_not_confirmed(cast: Cast, prompt: Prompt, strict: None) -> None:
    promote(a_version(prompt, by=cast.alice), cast.staging, by=cast.alice)
    request = wished(prompt, by=cast.vera)
    answer = written(request, by=cast.alice)
    later = a_version(prompt, by=cast.alice, text="Later: {{claim}}")
    assert reason(cast, later).startswith("blocked")
    asking.confirm(request=request, version=answer, actor=cast.vera)
    assert reason(cast, later).startswith("passed: It is what Vera asked for")


def test_a_version_that_the_asker_did_not_want_stays_out(cast: Cast, strict: None) -> None:
    request = wished(cast.claims, by=cast.vera)
    first = written(request, by=cast.alice)
    asking.reopen(request=request, words="Shorter.", actor=cast.vera)
    second = written(request, by=cast.alice, text="Short: {{claim}}")
    asking.confirm(request=request, version=second, actor=cast.vera)
    assert reason(cast, first).startswith("blocked")
    assert reason(cast, second).startswith("passed")


def test_what_is_live_already_asks_nobody_again(cast: Cast, prompt: Prompt) -> None:
    promote(written(wished(prompt, by=cast.vera), by=cast.alice), cast.development, cast.staging, by=cast.alice)
    change_policy(environment=cast.staging, data={"asker_confirms": True}, actor=cast.dora)
    assert reason(cast, a_version(prompt, by=cast.alice, text="Later: {{claim}}")).startswith("passed: Nobody asked")


def test_a_declined_request_holds_nothing_back(cast: Cast, strict: None) -> None:
    request = wished(cast.claims, by=cast.vera)
    version = written(request, by=cast.alice)
    asking.decline(request=request, reason="Not any more.", actor=cast.vera)
    assert reason(cast, version).startswith("passed")


def test_an_error_blocks(cast: Cast, strict: None, monkeypatch: pytest.MonkeyPatch) -> None:
    version = written(wished(cast.claims, by=cast.vera), by=cast.alice)
    monkeypatch.setattr(candidate, "links_of", lambda prompts: 1 / 0)
    assert reason(cast, version).startswith("blocked: This could not be checked")


def test_the_way_back_asks_nobody(cast: Cast, prompt: Prompt) -> None:
    request = wished(prompt, by=cast.vera)
    first = written(request, by=cast.alice)
    promote(first, cast.development, cast.staging, by=cast.alice)
    promote(a_version(prompt, by=cast.alice, text="Second: {{claim}}"), cast.development, cast.staging, by=cast.alice)
    change_policy(environment=cast.staging, data={"asker_confirms": True}, actor=cast.dora)
    back = deployments.roll_back(prompt=prompt, environment=cast.staging, reason="Wrong.", actor=cast.bob)
    assert back.version == first


def test_at_a_glance_it_answers_the_same(cast: Cast, prompt: Prompt) -> None:
    change_policy(environment=cast.production, data=STRICT.model_dump(mode="json") | {"asker_confirms": True}, actor=cast.dora)
    answers = [written(wished(prompt, by=cast.vera), by=cast.alice, text=f"{word} {{{{claim}}}}") for word in ("One", "Two")]
    other = wished(cast.claims, by=cast.axel)
    answers.append(written(other, by=cast.alice))
    asking.confirm(request=other, version=answers[-1], actor=cast.axel)
    for version in answers:
        approved(version, cast.production, asked_by=cast.alice, by=[cast.bob])
    reviews = list(Review.objects.open().with_everything())
    glance = at_a_glance(reviews)
    for review in reviews:
        assert glance[review.pk] == gates.evaluate(gates.candidate_for(review.version, review.environment)), review
    assert {outcome.passed for answer in glance.values() for outcome in answer if outcome.gate == "asker_confirms"} == {True, False}


def test_the_queries_at_a_glance_do_not_grow(cast: Cast, prompt: Prompt) -> None:
    def queries() -> int:
        reviews = list(Review.objects.open().with_everything())
        with CaptureQueriesContext(connection) as captured:
            at_a_glance(reviews)
        return len(captured)

    asked(written(wished(prompt, by=cast.vera), by=cast.alice), cast.production, by=cast.alice)
    few = queries()
    for number in range(3):
        asked(written(wished(cast.claims, by=cast.vera, title=f"Letter {number}"), by=cast.alice), cast.production, by=cast.alice)
    assert queries() == few

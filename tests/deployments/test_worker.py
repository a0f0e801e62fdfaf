"""Promise 6, without a network: jobs are claimed under a lease, tried again, and never go backwards."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from promptstudio.deployments import services as deployments
from promptstudio.deployments import worker
from promptstudio.deployments.models import Attempt, AttemptEnd, PublishJob, RateBudget, Receipt, RemoteResource
from promptstudio.deployments.publishing import Overtaken, PublishFailed
from promptstudio.lib import clock
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, a_version, live_version, promote
from tests.deployments.fake_target import FakeTarget, Forgetful, a_target, answer, use_fake_publisher


@pytest.fixture
def target(settings: Any) -> FakeTarget:
    return use_fake_publisher(settings)


@pytest.fixture
def version(cast: Cast, prompt: Prompt, target: FakeTarget) -> Version:
    """On its way to the one target of development."""
    a_target(cast.development, by=cast.dora)
    made = a_version(prompt, by=cast.alice)
    promote(made, cast.development, by=cast.alice)
    return made


def claimed() -> worker.Claim:
    claim = worker.claim_next()
    assert claim is not None
    return claim


def later(seconds: float) -> Any:
    return clock.at(timezone.now() + timedelta(seconds=seconds))


def outcomes() -> list[str]:
    return list(AttemptEnd.objects.order_by("id").values_list("outcome", flat=True))


def job() -> PublishJob:
    return PublishJob.objects.order_by("-id")[0]


def fail(code: str, *, permanent: bool) -> Any:
    def twist(*args: Any) -> None:
        raise PublishFailed("It said no.", code=code, permanent=permanent)

    return twist


def test_the_job_is_written_with_the_deployment(version: Version) -> None:
    assert (job().state, job().deployment.version) == ("owed", version)


def test_it_is_told_everything_it_needs(version: Version, target: FakeTarget) -> None:
    assert worker.publish_due() == 1
    [order] = target.orders
    assert (order.project, order.environment, order.prompt, order.semver) == ("claims", "development", "water-damage-triage", "1.0.0")
    assert (order.bundle, order.digest, order.remote_id, order.attempt, order.tried_before) == (
        version.bundle,
        version.digest,
        "",
        1,
        False,
    )


def test_the_attempt_is_noted_before_anything_leaves(version: Version, target: FakeTarget) -> None:
    seen: list[int] = []
    target.twists = [lambda *args: seen.append(Attempt.objects.count())]
    worker.publish_due()
    assert seen == [1]


def test_a_claimed_job_is_not_claimed_again(version: Version) -> None:
    claimed()
    assert worker.claim_next() is None


def test_a_lease_outlasts_one_call(settings: Any, version: Version) -> None:
    settings.PUBLISH_CONNECT_TIMEOUT, settings.PUBLISH_READ_TIMEOUT = 5.0, 20.0
    claimed()
    with later(26):
        assert worker.claim_next() is None


def test_when_the_lease_ran_out_another_worker_takes_over(version: Version) -> None:
    dead = claimed()
    with later(worker.lease_seconds() + 1):
        claim = claimed()
    assert (claim.job, claim.attempt.number) == (dead.job, 2)


def test_an_attempt_that_was_cut_off_has_no_end(version: Version) -> None:
    claimed()
    with later(worker.lease_seconds() + 1):
        worker.publish_due()
    assert (Attempt.objects.count(), outcomes()) == (2, ["confirmed"])


def test_a_retried_job_says_that_it_was_tried_before(version: Version, target: FakeTarget) -> None:
    claimed()
    with later(worker.lease_seconds() + 1):
        worker.publish_due()
    assert target.orders[0].tried_before


def test_asking_the_desk_renews_the_lease(version: Version) -> None:
    claim = claimed()
    with later(worker.lease_seconds() - 1):
        worker.ClerkDesk(claim).may_write()
    with later(worker.lease_seconds() + 1):
        assert worker.claim_next() is None


def test_whoever_lost_the_lease_may_write_no_more(version: Version) -> None:
    dead = claimed()
    with later(worker.lease_seconds() + 1):
        claimed()
        with pytest.raises(Overtaken):
            worker.ClerkDesk(dead).may_write()


def test_an_overtaken_job_may_write_no_more(cast: Cast, prompt: Prompt, version: Version) -> None:
    claim = claimed()
    promote(a_version(prompt, by=cast.alice, text="Newer {{claim}}"), cast.development, by=cast.alice)
    with pytest.raises(Overtaken):
        worker.ClerkDesk(claim).may_write()


def test_a_job_overtaken_while_it_is_paid_writes_nothing(cast: Cast, prompt: Prompt, version: Version, target: FakeTarget) -> None:
    newer = a_version(prompt, by=cast.alice, text="Newer {{claim}}")
    target.twists = [lambda *args: promote(newer, cast.development, by=cast.alice)]
    worker.publish_due()
    assert (target.written, outcomes()) == ([newer.semver], ["superseded", "confirmed"])
    assert live_version(prompt, cast.development) == newer


def test_a_late_success_never_goes_backwards(cast: Cast, prompt: Prompt, version: Version) -> None:
    late = claimed()
    order = worker._order(late)
    newer = a_version(prompt, by=cast.alice, text="Newer {{claim}}")
    promote(newer, cast.development, by=cast.alice)
    worker._settle_published(late, answer(order))
    worker.publish_due()
    assert live_version(prompt, cast.development) == newer
    assert late.job.deployment.jobs.get().state == "superseded"
    assert Receipt.objects.filter(version=version).exists()


def test_who_lost_the_lease_settles_nothing(version: Version) -> None:
    late = claimed()
    order = worker._order(late)
    with later(worker.lease_seconds() + 1):
        other = claimed()
        worker._settle_published(late, answer(order))
        assert (job().state, outcomes(), Receipt.objects.exists()) == ("owed", ["superseded"], False)
        worker.pay(other)
    assert (job().state, Receipt.objects.count()) == ("confirmed", 1)


def test_a_failure_of_who_lost_the_lease_changes_nothing(version: Version) -> None:
    late = claimed()
    with later(worker.lease_seconds() + 1):
        claimed()
        worker._settle_failed(late, PublishFailed("No.", code="AccessDenied", permanent=True))
    assert job().state == "owed"


def test_a_transient_failure_is_tried_again_within_ten_seconds(version: Version, target: FakeTarget) -> None:
    target.twists = [fail("Throttled", permanent=False)]
    worker.publish_due()
    assert (job().state, job().error_code, outcomes()) == ("owed", "Throttled", ["transient"])
    with later(10):
        worker.publish_due()
    assert job().state == "confirmed"


def test_transient_failures_never_fail_a_job_and_wait_longer_each_time(version: Version, target: FakeTarget) -> None:
    target.twists = [fail("Throttled", permanent=False)] * 12
    waits = []
    moment = timezone.now()
    for _ in range(12):
        with clock.at(moment):
            assert worker.publish_due() == 1
        waits.append((job().next_attempt_at - moment).total_seconds())
        moment = job().next_attempt_at
    assert job().state == "owed"
    assert waits[0] < waits[3] < waits[6]
    assert max(waits) <= 1.25 * worker.LONGEST_RETRY_SECONDS


def test_a_permanent_failure_waits_for_a_person(version: Version, target: FakeTarget) -> None:
    target.twists = [fail("AccessDenied", permanent=True)]
    worker.publish_due()
    with later(10_000):
        assert worker.publish_due() == 0
    assert (job().state, job().error, outcomes()) == ("failed", "It said no.", ["permanent"])


def test_after_a_retry_it_is_paid(cast: Cast, version: Version, target: FakeTarget) -> None:
    target.twists = [fail("AccessDenied", permanent=True)]
    worker.publish_due()
    deployments.retry(job=job(), actor=cast.alice)
    worker.publish_due()
    assert (job().state, job().error, job().attempts.count()) == ("confirmed", "", 2)


def test_what_was_left_out_meanwhile_is_not_written(cast: Cast, version: Version, target: FakeTarget) -> None:
    target.twists = [lambda *args: deployments.exclude(job=job(), reason="Closed.", actor=cast.alice)]
    worker.publish_due()
    assert (target.written, job().state) == ([], "excluded")


def test_an_unexpected_error_is_tried_again(version: Version, target: FakeTarget) -> None:
    target.twists = [lambda *args: 1 / 0]
    worker.publish_due()
    assert (job().state, job().error_code) == ("owed", "unexpected")
    assert "ZeroDivisionError" in job().error


def test_a_failing_job_does_not_hold_up_the_next(cast: Cast, prompt: Prompt, version: Version, target: FakeTarget) -> None:
    a_target(cast.development, by=cast.dora, name="Bedrock, Dublin")
    promote(a_version(prompt, by=cast.alice, text="Newer {{claim}}"), cast.development, by=cast.alice)
    target.twists = [lambda *args: 1 / 0]
    assert worker.publish_due() == 2
    assert [job.state for job in PublishJob.objects.order_by("id")] == ["superseded", "owed", "confirmed"]


def test_the_remote_id_is_kept_although_the_reply_was_lost(version: Version, target: FakeTarget) -> None:
    def lost(order: Any, desk: Any) -> None:
        desk.remember("R7")
        raise PublishFailed("No answer.", code="timeout", permanent=False)

    target.twists = [lost]
    worker.publish_due()
    assert RemoteResource.objects.get().remote_id == "R7"


def test_what_was_not_read_back_is_never_confirmed(version: Version, settings: Any, target: FakeTarget) -> None:
    use_fake_publisher(settings, Forgetful)
    worker.publish_due()
    assert (job().state, Receipt.objects.exists(), outcomes()) == ("owed", False, ["transient"])


def test_workers_share_one_budget(db: None) -> None:
    moment = timezone.now()
    with clock.at(moment):
        waits = [worker.reserve("eu-central-1 create", 2) for _ in range(4)]
    assert waits == pytest.approx([0, 0.5, 1, 1.5])
    with clock.at(moment + timedelta(seconds=60)):
        assert worker.reserve("eu-central-1 create", 2) == 0
    assert RateBudget.objects.count() == 1


def test_a_long_wait_for_the_budget_renews_the_lease(version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(worker.time, "sleep", slept.append)
    claim = claimed()
    RateBudget.objects.create(name="slow", next_at=timezone.now() + timedelta(seconds=60))
    with later(20):
        worker.ClerkDesk(claim).wait_for_budget("slow", per_second=2)
    with later(worker.lease_seconds() + 10):
        assert worker.claim_next() is None
    assert sum(slept) == pytest.approx(40, abs=2)
    assert max(slept) <= 5

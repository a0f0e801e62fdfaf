"""Stopping a publication, and testing a target."""

from typing import Any

import pytest
from django.db import connection

from promptstudio.audit.models import Entry
from promptstudio.audit.services import words_of
from promptstudio.deployments import services as deployments
from promptstudio.deployments import target_services, worker
from promptstudio.deployments.models import Deployment, PublishJob, Receipt
from promptstudio.deployments.publishing import Checked, PublishFailed
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.prompts.models import Prompt
from tests.at_once import at_once
from tests.cast import Cast, a_version, live_version, placement_of, promote

from .fake_target import FakePublisher, FakeTarget, a_target, publish_everything, refuse, use_fake_publisher


@pytest.fixture
def places(cast: Cast, settings: Any) -> FakeTarget:
    fake = use_fake_publisher(settings)
    a_target(cast.development, by=cast.dora)
    return fake


@pytest.fixture
def job(cast: Cast, prompt: Prompt, places: FakeTarget) -> PublishJob:
    promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    return PublishJob.objects.get()


def stop(job: PublishJob, cast: Cast) -> PublishJob:
    return deployments.cancel(job=job, reason="The account moves tonight.", actor=cast.bob)


def test_a_stopped_publication_is_not_tried_any_more(cast: Cast, prompt: Prompt, job: PublishJob, places: FakeTarget) -> None:
    stop(job, cast)
    assert (publish_everything(), places.written) == (0, [])
    assert live_version(prompt, cast.development) is None
    assert Deployment.objects.with_state().get().state == "failed"
    job.refresh_from_db()
    # Neither a name nor free text: this column is not erased with them.
    assert job.error == "It was stopped by hand. The activity of the prompt says by whom, and why."
    entry = Entry.objects.get(action="publication.cancelled")
    assert words_of([entry])[entry.uid] == {"reason": "The account moves tonight."}


def test_it_can_be_tried_again_later(cast: Cast, prompt: Prompt, job: PublishJob, places: FakeTarget) -> None:
    stop(job, cast)
    deployments.retry(job=job, actor=cast.alice)
    assert publish_everything() == 1
    assert (places.written, live_version(prompt, cast.development)) == (["1.0.0"], job.deployment.version)


def test_it_can_be_left_out_instead(cast: Cast, prompt: Prompt, job: PublishJob) -> None:
    deployments.exclude(job=stop(job, cast), reason="It moves.", actor=cast.alice)
    assert live_version(prompt, cast.development) == job.deployment.version


def test_a_newer_version_overtakes_it(cast: Cast, prompt: Prompt, job: PublishJob) -> None:
    stop(job, cast)
    promote(a_version(prompt, by=cast.alice, text="Next {{claim}}"), cast.development, by=cast.alice)
    assert PublishJob.objects.get(pk=job.pk).state == "superseded"


def test_stopping_while_a_worker_writes_keeps_it_from_going_live(
    cast: Cast, prompt: Prompt, job: PublishJob, places: FakeTarget, settings: Any
) -> None:
    places.twists = [lambda order, desk: stop(job, cast)]
    publish_everything()
    assert (places.written, Receipt.objects.count(), live_version(prompt, cast.development)) == ([], 0, None)


class Late(FakePublisher):
    """Wrote it all before somebody stopped it, and hears of it only afterwards."""

    def publish(self, order: Any, desk: Any) -> Any:
        published = super().publish(order, desk)
        if after_writing:
            after_writing.pop()()
        return published


after_writing: list[Any] = []


def test_what_was_written_before_it_was_stopped_is_found_by_a_later_try(cast: Cast, prompt: Prompt, settings: Any) -> None:
    fake = use_fake_publisher(settings, Late)
    a_target(cast.development, by=cast.dora)
    promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    job = PublishJob.objects.get()
    after_writing.append(lambda: stop(job, cast))
    publish_everything()
    assert (fake.written, Receipt.objects.count(), live_version(prompt, cast.development)) == (["1.0.0"], 0, None)
    deployments.retry(job=job, actor=cast.alice)
    publish_everything()
    assert Receipt.objects.get().job == job
    assert placement_of(prompt, cast.development).live == job.deployment


@pytest.mark.parametrize("state", ["confirmed", "failed"])
def test_only_what_is_on_its_way_can_be_stopped(cast: Cast, job: PublishJob, places: FakeTarget, state: str) -> None:
    if state == "failed":
        places.twists = [refuse]
    publish_everything()
    assert PublishJob.objects.get().state == state
    with pytest.raises(Conflict, match=f"not on its way any more: {state}"):
        stop(job, cast)


def test_it_needs_a_reason_and_the_role(cast: Cast, job: PublishJob) -> None:
    with pytest.raises(Invalid) as refused:
        deployments.cancel(job=job, reason="  ", actor=cast.bob)
    assert list(refused.value.errors) == ["reason"]
    with pytest.raises(Invalid):
        deployments.cancel(job=job, reason="x" * 20_001, actor=cast.bob)
    with pytest.raises(NotAllowed):
        deployments.cancel(job=job, reason="Mine.", actor=cast.vera)
    assert PublishJob.objects.get().state == "owed"


@pytest.mark.django_db(transaction=True)
def test_a_worker_and_a_person_at_once_end_in_one_of_both(cast: Cast, prompt: Prompt, job: PublishJob, places: FakeTarget) -> None:
    """Whoever takes the placement's lock first decides; it is never live and stopped."""
    stopped, _ = at_once(lambda: stop(job, cast), worker.publish_due)
    assert isinstance(stopped, PublishJob | Conflict)
    live = live_version(prompt, cast.development)
    was_stopped = isinstance(stopped, PublishJob)
    assert (PublishJob.objects.get().state, live) == (("failed", None) if was_stopped else ("confirmed", job.deployment.version))


class Watchful(FakePublisher):
    """Refuses to be asked while a lock is held."""

    def check(self, settings: dict[str, Any]) -> str:
        assert not connection.in_atomic_block, "asked within a transaction"
        return super().check(settings)


@pytest.mark.django_db(transaction=True)
def test_a_target_is_asked_outside_any_transaction(cast: Cast, settings: Any) -> None:
    fake = use_fake_publisher(settings, Watchful)
    target = a_target(cast.production, by=cast.dora)
    assert target_services.check_target(target=target, actor=cast.dora) == Checked(True, "The fake target answered.")
    assert fake.checked == [target.settings]


def test_what_a_target_refused_is_told_and_kept(cast: Cast, settings: Any) -> None:
    fake = use_fake_publisher(settings)
    fake.refusal = PublishFailed("The key is wrong.", code="x", permanent=True)
    target = a_target(cast.production, by=cast.dora)
    checked = target_services.check_target(target=target, actor=cast.dora)
    assert (checked.answered, checked.sentence) == (False, "The key is wrong.")
    entry = Entry.objects.get(action="target.checked")
    assert (entry.object_uid, '"answered":false' in entry.data, "The key is wrong." in entry.data) == (target.uid, True, True)


def test_testing_a_target_needs_the_role(cast: Cast, settings: Any) -> None:
    fake = use_fake_publisher(settings)
    target = a_target(cast.production, by=cast.dora)
    with pytest.raises(NotAllowed):
        target_services.check_target(target=target, actor=cast.bob)
    assert fake.checked == []


def test_a_target_whose_publisher_is_gone_says_so(cast: Cast, settings: Any) -> None:
    use_fake_publisher(settings)
    target = a_target(cast.production, by=cast.dora)
    settings.PUBLISHERS = {}
    with pytest.raises(Conflict, match="Nothing here can publish"):
        target_services.check_target(target=target, actor=cast.dora)

"""Promise 2, against somebody who can write to the database: what did not come through the door is not published, and admins are told."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from promptstudio.audit.models import Entry
from promptstudio.deployments import seal
from promptstudio.deployments import services as deployments
from promptstudio.deployments.models import Deployment, PublishJob, Seal
from promptstudio.lib.errors import Conflict
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, a_prompt, a_version, hire, live_version, promote
from tests.deployments.fake_target import FakeTarget, a_target, publish_everything, use_fake_publisher
from tests.tampering import changed, copied
from tests.triggers import triggers_down
from tests.web.reading import at, text


@pytest.fixture
def target(settings: Any) -> FakeTarget:
    return use_fake_publisher(settings)


@pytest.fixture
def honest(cast: Cast, prompt: Prompt, target: FakeTarget) -> Deployment:
    """On its way to development, through the door."""
    a_target(cast.development, by=cast.dora)
    return promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)


@pytest.fixture
def tampering(honest: Deployment) -> Iterator[None]:
    with triggers_down(connection):
        yield


def by_hand(honest: Deployment, version: Version, *, with_seal: bool = False) -> Deployment:
    """A deployment of `version` with everything that the door would have written, inserted in SQL."""
    evaluation = copied(honest.evaluation, version_id=version.pk)
    made = copied(honest, sequence=honest.sequence + 1, version_id=version.pk, evaluation_id=evaluation.pk)
    copied(honest.jobs.get(), deployment_id=made.pk, state="owed", attempts_made=0)
    if with_seal:
        Seal.objects.create(deployment=made, value=honest.seal.value)
    return made


def job_of(deployment: Deployment) -> PublishJob:
    return PublishJob.objects.get(deployment=deployment)


def test_what_came_through_the_door_is_published(honest: Deployment, target: FakeTarget) -> None:
    publish_everything()
    assert job_of(honest).state == "confirmed"
    assert seal.problem_of(honest) == ""


@pytest.mark.parametrize("with_seal", [False, True], ids=["without a seal", "with the seal of another one"])
def test_a_row_written_by_hand_publishes_nothing(
    cast: Cast, prompt: Prompt, honest: Deployment, target: FakeTarget, with_seal: bool
) -> None:
    publish_everything()
    made = by_hand(honest, a_version(prompt, by=cast.alice, text="Pay everything: {{claim}}"), with_seal=with_seal)
    publish_everything()
    job = job_of(made)
    assert (job.state, job.error_code) == ("failed", "seal_broken")
    assert "This was stopped, and nothing was published." in job.error
    assert target.written == ["1.0.0"]
    assert live_version(prompt, cast.development) == honest.version


@pytest.mark.parametrize(
    "change",
    [
        lambda d, other: changed(d, version=other.pk),
        lambda d, other: changed(d, by=other.created_by_id + 1),
        lambda d, other: changed(d, way="rollback"),
        lambda d, other: changed(d, sequence=9),
        lambda d, other: changed(d, uid=uuid4()),
        lambda d, other: changed(d, via="cli"),
        lambda d, other: changed(d.version, digest=other.digest),
        lambda d, other: changed(d.version, canonical=other.canonical),
        lambda d, other: changed(d.seal, value=d.seal.value[:-1] + ("0" if d.seal.value[-1] != "0" else "1")),
        lambda d, other: changed(d.seal, value="v1:nonsense"),
    ],
    ids=["version", "by", "way", "sequence", "uid", "via", "digest", "words", "seal", "no seal at all"],
)
def test_a_changed_fact_publishes_nothing(
    cast: Cast, prompt: Prompt, honest: Deployment, target: FakeTarget, tampering: None, change: Any
) -> None:
    change(honest, a_version(prompt, by=cast.alice, text="Pay everything: {{claim}}"))
    publish_everything()
    assert (job_of(honest).state, job_of(honest).error_code) == ("failed", "seal_broken")
    assert target.written == []


def test_a_place_added_by_hand_is_not_written_to(cast: Cast, honest: Deployment, target: FakeTarget) -> None:
    elsewhere = a_target(cast.development, by=cast.dora, name="Somewhere else")
    resource = copied(honest.jobs.get().resource, target_id=elsewhere.pk)
    copied(honest.jobs.get(), target_id=elsewhere.pk, resource_id=resource.pk)
    publish_everything()
    assert target.written == []
    assert set(PublishJob.objects.values_list("error_code", flat=True)) == {"seal_broken"}


def test_admins_are_told_on_their_home_page_and_in_the_trail(client: Client, cast: Cast, prompt: Prompt, honest: Deployment) -> None:
    by_hand(honest, a_version(prompt, by=cast.alice, text="Pay everything: {{claim}}"))
    publish_everything()
    html = text(at(client, cast.root).get("/"))
    assert "was stopped before it reached Bedrock, Frankfurt" in html
    assert "It carries no seal" in html
    entry = Entry.objects.get(action="deployment.seal_broken")
    assert entry.project_uid == cast.claims.uid
    assert "it did not come through the door of Prompt Studio" in text(client.get("/p/claims/audit/"))
    assert "It carries no seal" in text(client.get("/admin/deployments/publishjob/"))


def test_a_person_cannot_wave_it_through(cast: Cast, prompt: Prompt, honest: Deployment) -> None:
    publish_everything()
    made = by_hand(honest, a_version(prompt, by=cast.alice, text="Pay everything: {{claim}}"))
    publish_everything()
    with pytest.raises(Conflict, match="It carries no seal"):
        deployments.exclude(job=job_of(made), reason="Never mind.", actor=cast.alice)
    deployments.retry(job=job_of(made), actor=cast.alice)
    publish_everything()
    assert job_of(made).error_code == "seal_broken"
    assert live_version(prompt, cast.development) == honest.version


def test_the_next_honest_promotion_overtakes_it(cast: Cast, prompt: Prompt, honest: Deployment, target: FakeTarget) -> None:
    by_hand(honest, a_version(prompt, by=cast.alice, text="Pay everything: {{claim}}"))
    publish_everything()
    good = a_version(prompt, by=cast.alice, text="Sort it: {{claim}}")
    promote(good, cast.development, by=cast.alice)
    publish_everything()
    assert live_version(prompt, cast.development) == good


def test_a_key_that_was_replaced_is_still_believed(settings: Any, honest: Deployment) -> None:
    settings.SEAL_KEYS = ["the new key " * 4, seal.keys()[0].decode()]
    publish_everything()
    assert job_of(honest).state == "confirmed"
    assert seal.seal_of(honest) != honest.seal.value


def test_a_key_that_is_not_known_publishes_nothing_and_says_why(settings: Any, honest: Deployment) -> None:
    settings.SEAL_KEYS = ["another key " * 4]
    publish_everything()
    assert "add the former one behind it" in job_of(honest).error


def test_a_new_secret_key_with_the_old_one_as_fallback_changes_nothing(settings: Any, honest: Deployment) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new secret key of this installation, long enough"
    publish_everything()
    assert job_of(honest).state == "confirmed"


@pytest.mark.django_db(transaction=True)
def test_what_was_there_before_is_sealed_by_the_migration(settings: Any) -> None:
    cast = hire()
    use_fake_publisher(settings)
    a_target(cast.development, by=cast.dora)
    made = promote(a_version(a_prompt(cast.claims, by=cast.alice), by=cast.alice), cast.development, by=cast.alice)
    call_command("migrate", "deployments", "0001", verbosity=0)
    call_command("migrate", verbosity=0)
    kept = Deployment.objects.get(pk=made.pk)
    assert seal.problem_of(kept) == ""
    publish_everything()
    assert job_of(kept).state == "confirmed"

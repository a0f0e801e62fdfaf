"""Publications in the administration: try again, stop trying, leave a place out."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.accounts.actor import Actor
from promptstudio.audit.models import Entry
from promptstudio.deployments.models import PublishJob
from promptstudio.deployments.publishing import PublishFailed
from promptstudio.prompts.models import Prompt
from tests.cast import Cast, a_prompt, a_version, live_version, promote
from tests.deployments.fake_target import FakeTarget, a_target, publish_everything, use_fake_publisher

from ..reading import HOSTILE, at, queries, text
from .panel import address, entries, staff


@pytest.fixture
def places(cast: Cast, settings: Any) -> FakeTarget:
    fake = use_fake_publisher(settings)
    a_target(cast.development, by=cast.dora)
    return fake


@pytest.fixture
def owed(cast: Cast, prompt: Prompt, places: FakeTarget) -> PublishJob:
    promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    return PublishJob.objects.get()


@pytest.fixture
def failed(owed: PublishJob, places: FakeTarget) -> PublishJob:
    places.twists = [refuse]
    publish_everything()
    return PublishJob.objects.get()


def refuse(*args: Any) -> None:
    raise PublishFailed("The key is wrong.", code="x", permanent=True)


@pytest.fixture
def bob(cast: Cast) -> Actor:
    return staff(cast.bob)


def page_of(job: PublishJob) -> str:
    return address(PublishJob, "change", job.pk)


def deed(job: PublishJob, name: str) -> str:
    return f"/admin/deployments/publishjob/{job.pk}/{name}/"


def state_of(job: PublishJob) -> str:
    return str(PublishJob.objects.get(pk=job.pk).state)


def test_a_failed_one_tells_every_try_and_is_tried_again(client: Client, bob: Actor, failed: PublishJob) -> None:
    page = text(at(client, bob).get(page_of(failed)))
    assert "Nothing more is tried by itself." in page
    assert "<b>Failed.</b> The key is wrong." in page
    assert client.post(deed(failed, "retry")).status_code == 303
    assert (state_of(failed), entries("publication.retried")) == ("owed", 1)


def test_one_on_its_way_is_stopped_with_a_reason(client: Client, cast: Cast, bob: Actor, owed: PublishJob) -> None:
    assert "Stop trying…" in text(at(client, bob).get(page_of(owed)))
    page = client.post(deed(owed, "cancel"), {"reason": "The account <b>moves</b>"}, follow=True)
    assert (state_of(owed), entries("publication.cancelled")) == ("failed", 1)
    assert "It was stopped by hand." in text(page)
    assert "Stopped" in text(client.get(address(PublishJob, "changelist")))


def test_a_place_is_left_out_with_a_reason(client: Client, cast: Cast, bob: Actor, failed: PublishJob) -> None:
    assert at(client, bob).post(deed(failed, "exclude"), {"reason": "It is closed."}).status_code == 303
    assert (state_of(failed), live_version(failed.deployment.version.prompt, cast.development)) == ("excluded", failed.deployment.version)


@pytest.mark.parametrize(
    ("name", "sentence"), [("cancel", "Say why it should not be tried any more."), ("exclude", "Say why this place may be")]
)
def test_without_a_reason_it_is_refused_at_the_field(client: Client, bob: Actor, owed: PublishJob, name: str, sentence: str) -> None:
    answer = at(client, bob).post(deed(owed, name), {"reason": "  "})
    assert (answer.status_code, sentence in text(answer), state_of(owed)) == (422, True, "owed")


def test_what_is_settled_meanwhile_is_a_conflict_that_keeps_the_words(client: Client, bob: Actor, owed: PublishJob) -> None:
    publish_everything()
    answer = at(client, bob).post(deed(owed, "cancel"), {"reason": "Too late"})
    assert (answer.status_code, "not on its way any more: confirmed" in text(answer)) == (409, True)
    assert client.post(deed(owed, "retry")).status_code == 409
    assert state_of(owed) == "confirmed"


def test_whoever_may_not_reads_why(client: Client, cast: Cast, owed: PublishJob) -> None:
    at(client, staff(cast.vera))
    assert "Your role does not allow you to promote in this project." in text(client.get(page_of(owed)))
    for name in ("retry", "cancel", "exclude"):
        assert client.post(deed(owed, name), {"reason": "Mine"}).status_code == 403, name
    assert state_of(owed) == "owed"
    assert {entry.project_uid for entry in Entry.objects.filter(action="access.refused")} == {cast.claims.uid}


def test_those_of_other_projects_are_not_there(client: Client, cast: Cast, owed: PublishJob) -> None:
    at(client, staff(cast.charlie))
    for name in ("retry", "cancel", "exclude"):
        assert client.post(deed(owed, name), {"reason": "x"}).status_code == 404, name
    assert client.post(page_of(owed), {}).status_code == 403
    assert client.get(page_of(owed)).status_code == 404


def test_several_are_tried_again_at_once_and_each_refusal_is_told(client: Client, cast: Cast, bob: Actor, failed: PublishJob) -> None:
    promote(a_version(a_prompt(cast.claims, by=cast.alice, title="Storm"), by=cast.alice), cast.development, by=cast.alice)
    publish_everything()
    both = list(PublishJob.objects.values_list("pk", flat=True))
    posted = {"action": "try_again", "index": "0", "_selected_action": both}
    page = text(at(client, bob).post(address(PublishJob, "changelist"), posted, follow=True))
    assert "is on its way to Bedrock, Frankfurt again." in page
    assert "This publication is not failed any more: confirmed." in page


def test_hostile_words_of_a_target_are_shown_as_words(client: Client, bob: Actor, owed: PublishJob, places: FakeTarget) -> None:
    def hostile(*args: Any) -> None:
        raise PublishFailed(HOSTILE, code="x", permanent=True)

    places.twists = [hostile]
    publish_everything()
    at(client, bob)
    for path in ("/admin/", page_of(owed), address(PublishJob, "changelist")):
        assert b"<script>alert" not in client.get(path).content, path


def test_many_publications_take_no_more_queries(client: Client, cast: Cast, bob: Actor, owed: PublishJob) -> None:
    at(client, bob)
    few = queries(client, address(PublishJob, "changelist"))
    for number in range(4):
        promote(a_version(a_prompt(cast.claims, by=cast.alice, title=f"L {number}"), by=cast.alice), cast.development, by=cast.alice)
    assert queries(client, address(PublishJob, "changelist")) == few

"""The demo is a story: told once, in order, and with something to do for everyone."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.chain import faults
from promptstudio.audit.models import Entry
from promptstudio.deployments import gates
from promptstudio.deployments.models import Deployment, PublishJob
from promptstudio.deployments.requests import requests_for, with_state
from promptstudio.deployments.waiting import reviews_for
from promptstudio.evaluations.models import Result, Run, Suite
from promptstudio.evaluations.proving import cannot_fail
from promptstudio.evaluations.worker import answer_due
from promptstudio.projects.models import Project
from promptstudio.prompts.models import Draft, Prompt, Request
from promptstudio.reviews.models import Decision, Review
from promptstudio.running.demo.people import PEOPLE
from promptstudio.running.demo.story import Story
from tests.deployments.fake_target import FakePublisher, FakeTarget, publish_everything, use_fake_publisher
from tests.evaluations.scripted import PATH, saying
from tests.remembering import remembered

pytestmark = pytest.mark.django_db


class LocalAws(ThreadingHTTPServer):
    """Keeps the faults that it is told to have."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.faults: list[tuple[str, dict[str, Any]]] = []


class Answer(BaseHTTPRequestHandler):
    server: LocalAws

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.faults.append((self.path, json.loads(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def aws(settings: Any) -> Iterator[LocalAws]:
    server = LocalAws()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.AWS_ENDPOINT_URL = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def target(settings: Any) -> FakeTarget:
    """What the demo publishes to, as a target in memory."""
    fake = use_fake_publisher(settings)
    settings.PUBLISHERS = {"bedrock": f"{FakePublisher.__module__}.{FakePublisher.__qualname__}"}
    return fake


@pytest.fixture
def demo(settings: Any, target: FakeTarget) -> str:
    settings.AWS_ENDPOINT_URL = ""
    return told()


def seed(*arguments: str, errors: StringIO | None = None) -> str:
    out = StringIO()
    call_command("seed_demo", *arguments, stdout=out, stderr=errors or StringIO())
    return out.getvalue()


told = remembered(seed)


def person(name: str) -> Actor:
    return Actor(user=User.objects.get(username=name))


def test_few_publications_wait_for_the_worker(demo: str) -> None:
    owed = PublishJob.objects.filter(state="owed").count()
    assert 1 <= owed <= 12
    assert demo == f"The demo is told. {owed} publications wait for the worker.\n"
    assert set(PublishJob.objects.values_list("state", flat=True)) <= {"owed", "superseded"}


def test_the_trail_verifies_and_is_in_the_order_of_time(demo: str) -> None:
    assert list(faults()) == []
    for chain in Entry.objects.values_list("chain", flat=True).distinct():
        moments = list(Entry.objects.filter(chain=chain).order_by("sequence").values_list("created_at", flat=True))
        assert moments == sorted(moments)
    assert Entry.objects.latest("created_at").created_at <= timezone.now()


def test_what_happened_was_allowed(demo: str) -> None:
    """Nobody approved their own words, and nothing went anywhere past its gates."""
    for decision in Decision.objects.select_related("review__version"):
        assert not decision.review.version.was_written_by(decision.person)
    assert all(deployment.evaluation.passed for deployment in Deployment.objects.select_related("evaluation"))
    assert not Entry.objects.filter(action__endswith="not_allowed").exists()


def test_people_have_roles_that_others_gave_them(demo: str) -> None:
    assert User.objects.filter(kind="person").count() == len(PEOPLE)
    for user in User.objects.filter(kind="person"):
        assert not user.memberships.filter(granted_by=user).exists()
        assert not user.has_usable_password()


def test_everyone_has_something_to_do(demo: str, client: Client) -> None:
    waiting = {name: reviews_for(person(name)) for name in ("marta", "ida", "pavel", "teresa")}
    assert all(waiting.values()), waiting
    assert Draft.objects.open().filter(created_by__username="aylin").exists()
    assert Review.objects.open().filter(asked_by__username="jonas").exists()
    for user in User.objects.filter(kind="person"):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        assert client.get("/").status_code == 200
    for name, page in (("sofia", "audit/"), ("nils", "prompts/"), ("henrik", "settings/")):
        client.force_login(person(name).user, backend="django.contrib.auth.backends.ModelBackend")
        assert client.get(f"/p/claims/{page}").status_code == 200
    client.force_login(person("greta").user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/p/claims/prompts/").status_code == 404


def test_one_wish_is_back_with_its_asker_and_nobody_has_taken_the_other(demo: str) -> None:
    assert dict(with_state(Request.objects.all()).values_list("asked_by__username", "state")) == {
        "nils": "back_with_asker",
        "marta": "asked",
    }
    assert [item.kind for item in requests_for(person("nils"))] == ["look"]
    assert [item.kind for item in requests_for(person("pavel"))] == ["take"]


def test_a_review_is_open_with_its_conversation(demo: str) -> None:
    review = Review.objects.open().get(version__prompt__title__startswith="Water damage")
    assert review.comments.count() == 2
    assert review.version.impact == "breaking"
    missing = [outcome.gate for outcome in gates.evaluate(gates.candidate_for(review.version, review.environment)) if not outcome.passed]
    assert missing == ["approvals"]


def test_an_approval_is_stale_when_the_owed_ones_are_there(demo: str) -> None:
    publish_everything()
    assert set(PublishJob.objects.values_list("state", flat=True)) <= {"confirmed", "superseded"}
    [burst] = [item for item in reviews_for(person("marta")) if item.confirm]
    assert burst.review.version.prompt.title == "Burst pipe callback"
    decision = Decision.objects.get(review=burst.review, person__username="marta")
    assert decision.baseline
    assert decision.baseline.semver != burst.live_semver


def test_prompts_stand_at_every_stage(demo: str) -> None:
    publish_everything()
    live = {
        prompt.title: {p.environment.slug: p.live_version.semver for p in prompt.placements.all() if p.live_version}
        for prompt in Prompt.objects.all()
    }
    assert set(live["Glass breakage quick settlement"]) == {"development"}
    assert any(set(places) == {"development", "staging", "production"} for places in live.values())
    assert Deployment.objects.filter(way="rollback").count() == 1


def test_one_publication_is_armed_to_fail(aws: LocalAws, target: FakeTarget) -> None:
    seed()
    [(path, fault)] = aws.faults
    assert path == "/_local/faults"
    assert (fault["operation"], fault["kind"], fault["code"]) == ("CreatePrompt", "error", "AccessDeniedException")
    publish_everything()
    armed = [order for order in target.orders if fault["match"]["name_contains"] in order.remote_name]
    assert [(order.environment, order.prompt) for order in armed] == [("production", armed[0].prompt)]
    assert "storm" in armed[0].prompt


def test_a_local_aws_that_is_away_is_told_and_the_demo_goes_on(settings: Any, target: FakeTarget) -> None:
    settings.AWS_ENDPOINT_URL = "http://127.0.0.1:9"
    errors = StringIO()
    assert "The demo is told." in seed(errors=errors)
    assert "could not be prepared" in errors.getvalue()


def test_a_second_time_is_refused(demo: str) -> None:
    before = Entry.objects.count()
    with pytest.raises(CommandError, match="There are projects already"):
        seed()
    assert seed("--if-empty") == ""
    assert (Project.objects.count(), Entry.objects.count()) == (2, before)


def test_a_story_that_breaks_off_leaves_nothing(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(self: Story) -> None:
        raise RuntimeError("in the middle")

    monkeypatch.setattr(Story, "_fraud", stop)
    with pytest.raises(RuntimeError):
        seed()
    assert (Project.objects.count(), User.objects.filter(kind="person").count(), Entry.objects.count()) == (0, 0, 0)


def test_what_waits_for_review_is_tested_beside_what_is_live(demo: str, settings: Any) -> None:
    settings.MODEL_RUNNER = PATH
    suite = Suite.objects.get()
    assert [run.label for run in Run.objects.order_by("id")] == ["1.1.0", "2.0.0"]
    assert not cannot_fail(suite.newest.content)
    with saying():
        answer_due()
    assert not Result.objects.filter(outcome__in=["waiting", "unknown"]).exists()

"""A receiver outside hears what gates and tests said: each news once, signed, and nothing that it may not know."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from promptstudio.deployments import services as deployments
from promptstudio.evaluations import run_services, suite_services
from promptstudio.evaluations.cases import parse_cases
from promptstudio.evaluations.worker import answer_due
from promptstudio.integrations.trail.webhook import SIGNATURE, TIMESTAMP, signature_of
from promptstudio.lib import clock
from promptstudio.notifications.hooks import LOOKED_BACK, send_due, tell_receivers
from promptstudio.notifications.models import HookMessage
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, approve, asked, bundle, in_staging
from tests.evaluations.scripted import MODEL, PATH, saying
from tests.receiver import Receiver, receiving


@pytest.fixture(autouse=True)
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.MODEL_RUNNER = PATH
    with receiving() as receiver, saying():
        webhook = ("promptstudio.integrations.trail.webhook.Webhook", {"url": receiver.url, "secret": "s3cret"})
        settings.GATE_HOOKS = {"webhook": webhook}
        yield receiver


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    return in_staging(cast, prompt)


def heard(receiver: Receiver) -> list[dict[str, Any]]:
    tell_receivers()
    return receiver.batches


def test_gates_that_turn_are_told_once(cast: Cast, version: Version, receiver: Receiver) -> None:
    review = asked(version, cast.production, by=cast.alice)
    assert heard(receiver) == [], "held back is what everybody begins with"
    approve(review, cast.bob, cast.bella)
    (said,) = heard(receiver)
    assert (said["type"], said["prompt"], said["version"], said["environment"]) == (
        "gates.passed",
        version.prompt.name,
        "1.0.0",
        "production",
    )
    assert said["review"] == str(review.uid)
    assert all(set(gate) == {"gate", "title", "passed"} for gate in said["gates"])
    assert len(heard(receiver)) == 1
    deployments.decide(review=review, verdict="request_changes", comment="No.", seen=None, actor=cast.bob)
    assert [each["type"] for each in heard(receiver)] == ["gates.passed", "gates.blocked"]


def test_a_promotion_that_was_held_back_is_told_without_names(cast: Cast, version: Version, receiver: Receiver) -> None:
    with pytest.raises(deployments.Blocked):
        deployments.deploy(version=version, environment=cast.production, actor=cast.alice)
    (said,) = heard(receiver)
    assert (said["type"], said["environment"]) == ("promotion.blocked", "production")
    assert "Bob" not in json.dumps(said)


@pytest.mark.parametrize(("answer", "kind"), [("pipe", "run.passed"), ("tree", "run.failed")])
def test_a_run_of_required_tests_is_told_when_it_ends(cast: Cast, prompt: Prompt, receiver: Receiver, answer: str, kind: str) -> None:
    change = prompts.Change(summary="First.")
    version = prompts.save_version(prompt=prompt, data=bundle(model=MODEL), change=change, actor=cast.alice)
    cases = parse_cases({"cases": [{"values": {"claim": "A pipe."}, "assertions": [{"type": "icontains", "value": answer}]}]})
    for name, required in (("Usual", True), ("Rare", False)):
        suite = suite_services.add_suite(prompt=prompt, name=name, cases=cases, required=required, actor=cast.alice)
        run_services.start_run(suite=suite, bundle=version.bundle, label=version.semver, version=version, actor=cast.alice)
    assert heard(receiver) == []
    answer_due()
    (said,) = heard(receiver)
    assert (said["type"], said["suite"], said["counts"]["total"]) == (kind, "Usual", 1)
    assert len(heard(receiver)) == 1


def test_each_request_is_signed_and_has_an_id(cast: Cast, version: Version, receiver: Receiver) -> None:
    approve(asked(version, cast.production, by=cast.alice), cast.bob, cast.bella)
    tell_receivers()
    ((headers, body),) = receiver.got
    assert headers[SIGNATURE] == signature_of("s3cret", headers[TIMESTAMP], body)
    assert headers["X-Studio-Delivery"] == json.loads(body)["id"] == str(HookMessage.objects.get().uid)


def test_a_receiver_that_is_away_hears_it_later(cast: Cast, version: Version, receiver: Receiver) -> None:
    approve(asked(version, cast.production, by=cast.alice), cast.bob, cast.bella)
    receiver.mode = 500
    tell_receivers()
    message = HookMessage.objects.get()
    assert (message.sent_at, message.tries, message.error) == (None, 1, "127.0.0.1 answered 500.")
    receiver.mode = "ok"
    assert send_due() == 0, "not before its time"
    HookMessage.objects.update(due_at=clock.now())
    assert send_due() == 1
    message.refresh_from_db()
    assert (message.sent_at is not None, message.error) == (True, "")


def test_after_two_days_nobody_tries_any_more(cast: Cast, version: Version, receiver: Receiver) -> None:
    approve(asked(version, cast.production, by=cast.alice), cast.bob, cast.bella)
    receiver.mode = 302
    tell_receivers()
    HookMessage.objects.update(due_at=clock.now(), created_at=clock.now() - timedelta(days=3))
    send_due()
    assert HookMessage.objects.get().ended_at is not None
    assert receiver.got == []


def test_restricted_prompts_are_told_to_nobody(cast: Cast, version: Version, receiver: Receiver, settings: Any) -> None:
    approve(asked(version, cast.production, by=cast.alice), cast.bob, cast.bella)
    prompts.restrict_prompt(prompt=version.prompt, people=[cast.bob.user, cast.bella.user], actor=cast.alice)
    assert heard(receiver) == []
    assert not HookMessage.objects.exists()
    settings.GATE_HOOKS_RESTRICTED = True
    assert len(heard(receiver)) == 1


def test_what_was_restricted_meanwhile_is_not_sent(cast: Cast, version: Version, receiver: Receiver) -> None:
    approve(asked(version, cast.production, by=cast.alice), cast.bob, cast.bella)
    receiver.mode = 500
    tell_receivers()
    prompts.restrict_prompt(prompt=version.prompt, people=[cast.bob.user], actor=cast.alice)
    receiver.mode = "ok"
    HookMessage.objects.update(due_at=clock.now())
    send_due()
    assert (receiver.got, HookMessage.objects.get().error) == ([], "Not sent: the prompt was restricted meanwhile.")


def test_without_a_receiver_nothing_is_written(cast: Cast, version: Version, settings: Any) -> None:
    settings.GATE_HOOKS = {}
    approve(asked(version, cast.production, by=cast.alice), cast.bob, cast.bella)
    tell_receivers()
    assert not HookMessage.objects.exists()


def test_old_news_is_no_news(cast: Cast, version: Version, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(deployments.Blocked):
        deployments.deploy(version=version, environment=cast.production, actor=cast.alice)
    later = clock.now() + LOOKED_BACK + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert heard(receiver) == []

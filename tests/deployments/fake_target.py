"""A target in memory. Tests tell it how to answer next; its publisher asks the desk as a real one has to."""

import hashlib
from collections.abc import Callable
from typing import Any

from promptstudio.accounts.actor import Actor
from promptstudio.deployments import target_services, worker
from promptstudio.deployments.models import Target
from promptstudio.deployments.publishing import Desk, Order, Published, PublishFailed, Question, Standing, publisher_for
from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, a_version, in_production

KIND = "fake"
Twist = Callable[[Order, Desk], Any]


class FakeTarget:
    """`twists` are taken one by one, each before the write of one publication: to raise, or to let something happen meanwhile."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.written: list[str] = []
        self.twists: list[Twist] = []
        # how to answer whoever asks what stands here
        self.standing: Standing | Exception = Standing(True)
        self.questions: list[Question] = []
        self.checked: list[dict[str, Any]] = []
        self.refusal: PublishFailed | None = None

    def write(self, order: Order, desk: Desk) -> None:
        self.orders.append(order)
        if self.twists:
            self.twists.pop(0)(order, desk)
        desk.may_write()
        desk.remember("R1")
        self.written.append(order.semver)


target = FakeTarget()


def refuse(order: Order, desk: Desk) -> None:
    """A twist: this place does not let the Studio write."""
    raise PublishFailed("It said no.", code="AccessDenied", permanent=True)


class FakePublisher:
    def check_settings(self, settings: dict[str, Any]) -> dict[str, str]:
        return {}

    def publish(self, order: Order, desk: Desk) -> Published:
        target.write(order, desk)
        return answer(order, remote_version=str(len(target.written)))

    def inspect(self, question: Question, desk: Desk) -> Standing:
        target.questions.append(question)
        if isinstance(target.standing, Exception):
            raise target.standing
        return target.standing

    def check(self, settings: dict[str, Any]) -> str:
        target.checked.append(settings)
        if target.refusal:
            raise target.refusal
        return "The fake target answered."


def answer(order: Order, *, remote_version: str = "1") -> Published:
    rendition = hashlib.sha256(order.bundle.canonical.encode()).hexdigest()
    return Published("R1", remote_version, f"arn:fake:{remote_version}", order.digest, rendition, rendition)


class Forgetful(FakePublisher):
    """Confirms something else than what it was to publish."""

    def publish(self, order: Order, desk: Desk) -> Published:
        published = super().publish(order, desk)
        return Published(published.remote_id, published.remote_version, published.address, "sha256:other", "expected", "seen")


def use_fake_publisher(settings: Any, publisher: type = FakePublisher) -> FakeTarget:
    """Start with an empty target. `settings` is the fixture, which puts the real publishers back."""
    settings.PUBLISHERS = {KIND: f"{publisher.__module__}.{publisher.__qualname__}"}
    publisher_for.cache_clear()
    target.__init__()  # type: ignore[misc]
    return target


def a_target(environment: Environment, *, by: Actor, name: str = "Bedrock, Frankfurt") -> Target:
    return target_services.add_target(environment=environment, name=name, kind=KIND, actor=by)


def publish_everything() -> int:
    return worker.publish_due()


def confirmed_in_production(cast: Cast, prompt: Prompt) -> Version:
    """Alice's version, approved, and confirmed by the one place of production."""
    a_target(cast.production, by=cast.dora)
    version = a_version(prompt, by=cast.alice)
    in_production(cast, version)
    publish_everything()
    return version

"""Orders as the worker would write them, and a desk that notes what it is asked."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from promptstudio.deployments.publishing import Known, Order, Overtaken, Published
from promptstudio.prompts.bundle import Bundle, parse
from promptstudio.prompts.names import remote_name

MODEL = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"


def text_bundle(text: str = "Summarise {{claim}}.", *variables: str, **others: Any) -> Bundle:
    declared = [{"name": name} for name in variables or ("claim",)]
    return parse({"model": MODEL, "messages": [{"text": text}], "variables": declared, **others})


def chat_bundle(**others: Any) -> Bundle:
    return parse(
        {
            "kind": "chat",
            "model": MODEL,
            "system": "You answer for the claims department.",
            "messages": [{"role": "user", "text": "{{claim}}"}],
            "variables": [{"name": "claim"}],
            **others,
        }
    )


def order_for(bundle: Bundle, **others: Any) -> Order:
    """A first publication of 1.0.0 of claims/triage, unless `others` say otherwise."""
    resource = others.pop("resource_uid", None) or uuid4()
    return Order(
        **{  # type: ignore[arg-type]
            "job_uid": uuid4(),
            "resource_uid": resource,
            "remote_id": "",
            "remote_name": remote_name("claims/triage", resource),
            "project": "claims",
            "environment": "production",
            "prompt": "claims/triage",
            "title": "Triage of a claim",
            "version_uid": uuid4(),
            "semver": "1.0.0",
            "digest": bundle.digest,
            "bundle": bundle,
            "settings": {"region": "us-east-1"},
            "known": (),
            "attempt": 1,
            "tried_before": False,
            **others,
        }
    )


def known_as(published: Published, *, version_uid: UUID, semver: str = "1.0.0", stays_because: str = "") -> Known:
    return Known(published.remote_version, version_uid, semver, published.digest, stays_because)


@dataclass
class NotingDesk:
    """`writes_left` is how often it lets its publication write; None is always."""

    writes_left: int | None = None
    remembered: list[str] = field(default_factory=list)
    waited_for: list[tuple[str, float]] = field(default_factory=list)

    def may_write(self) -> None:
        if self.writes_left == 0:
            raise Overtaken
        if self.writes_left is not None:
            self.writes_left -= 1

    def remember(self, remote_id: str) -> None:
        self.remembered.append(remote_id)

    def wait_for_budget(self, name: str, *, per_second: float) -> None:
        self.waited_for.append((name, per_second))

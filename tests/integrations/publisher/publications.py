"""Publishing as the worker does, and reading what stands at Bedrock afterwards with a client of our own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from promptstudio.deployments.publishing import Order, Published, PublishFailed
from promptstudio.integrations.bedrock.publisher import BedrockPublisher
from tests.integrations.orders import NotingDesk, text_bundle
from tests.integrations.prompt_bodies import Bedrock
from tests.local_aws import LocalAws

PUBLISHER = BedrockPublisher()


def publish(order: Order, desk: NotingDesk | None = None) -> Published:
    return PUBLISHER.publish(order, desk or NotingDesk())


def again(order: Order, published: Published | None = None, **others: Any) -> Order:
    """The next order of the same placement, for the same version unless `others` say otherwise."""
    remote = {"remote_id": published.remote_id} if published else {}
    return replace(order, job_uid=uuid4(), attempt=order.attempt + 1, tried_before=True, **{**remote, **others})


def next_version(order: Order, published: Published | None, text: str, semver: str, **others: Any) -> Order:
    bundle = text_bundle(text)
    return again(order, published, bundle=bundle, digest=bundle.digest, version_uid=uuid4(), semver=semver, **others)


def versions(bedrock: Bedrock, prompt: str) -> list[str]:
    pages = bedrock.prompts.get_paginator("list_prompts").paginate(promptIdentifier=prompt)
    return [summary["version"] for page in pages for summary in page["promptSummaries"] if summary["version"] != "DRAFT"]


def text_of(bedrock: Bedrock, published: Published) -> str:
    found = bedrock.prompts.get_prompt(promptIdentifier=published.remote_id, promptVersion=published.remote_version)
    return found["variants"][0]["templateConfiguration"]["text"]["text"]


def metadata(bedrock: Bedrock, prompt: str, version: str) -> dict[str, str]:
    found = bedrock.prompts.get_prompt(promptIdentifier=prompt, promptVersion=version)
    return {entry["key"]: entry["value"] for entry in found["variants"][0]["metadata"]}


def calls(server: LocalAws, bedrock: Bedrock) -> list[str]:
    return [call["operation"] for call in server.journal() if call["account"] == bedrock.account]


def failure(order: Order, desk: NotingDesk | None = None) -> PublishFailed:
    with pytest.raises(PublishFailed) as caught:
        publish(order, desk)
    return caught.value


@contextmanager
def meanwhile(server: LocalAws, act: Callable[[], Any]) -> Iterator[None]:
    """Do `act` as soon as a request is held, then let that request go on."""

    def interfere() -> None:
        server.wait_held()
        act()
        server.release()

    other = threading.Thread(target=interfere)
    other.start()
    yield
    other.join(30)
    assert not other.is_alive()

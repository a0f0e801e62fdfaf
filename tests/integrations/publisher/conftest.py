from collections.abc import Iterator
from typing import Any

import pytest

from promptstudio.integrations.bedrock import publisher as module
from promptstudio.integrations.bedrock.publisher import BedrockPublisher
from tests.integrations.prompt_bodies import Bedrock
from tests.local_aws import LocalAws, start_local_aws

from . import publications


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    server = start_local_aws(tmp_path_factory.mktemp("aws"))
    yield server
    server.stop()


@pytest.fixture
def server(running: LocalAws) -> Iterator[LocalAws]:
    yield running
    running.disarm()
    running.release()


@pytest.fixture
def bedrock(server: LocalAws, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Bedrock:
    """An account of this test's own, which the ordinary AWS environment leads to."""
    account = Bedrock(server)
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", account.account)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    settings.PUBLISH_CONNECT_TIMEOUT, settings.PUBLISH_READ_TIMEOUT = 2, 2
    return account


@pytest.fixture(autouse=True)
def no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 1.0)


@pytest.fixture(autouse=True)
def publisher(monkeypatch: pytest.MonkeyPatch) -> None:
    """One for each test, because each has its own account."""
    monkeypatch.setattr(publications, "PUBLISHER", BedrockPublisher())

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.local_aws import LocalAws, start_local_aws

from .chat_endpoint import KEY, Endpoint, serving
from .prompt_bodies import Bedrock, new_account


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """One for all files: each test works in an account of its own."""
    server = start_local_aws(tmp_path_factory.mktemp("aws"))
    yield server
    server.stop()


@pytest.fixture
def server(running: LocalAws) -> Iterator[LocalAws]:
    """What a test breaks in it is mended when it ends."""
    yield running
    running.disarm()
    running.release()


@pytest.fixture
def account(server: LocalAws, monkeypatch: pytest.MonkeyPatch) -> str:
    """One of this test's own, which the ordinary AWS environment leads to."""
    number = new_account()
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", number)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    return number


@pytest.fixture
def bedrock(server: LocalAws) -> Bedrock:
    return Bedrock(server)


@pytest.fixture
def endpoint(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """One of OpenAI's kind, which the settings name."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with serving() as found:
        settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY, settings.MODEL_READ_TIMEOUT = found.url, KEY, 10
        yield found

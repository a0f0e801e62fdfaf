from typing import Any

import pytest

from promptstudio.integrations.bedrock import publisher as module
from promptstudio.integrations.bedrock.publisher import BedrockPublisher
from tests.integrations.prompt_bodies import Bedrock
from tests.local_aws import LocalAws

from . import publications


@pytest.fixture
def bedrock(server: LocalAws, account: str, settings: Any) -> Bedrock:
    """In the account that the environment leads to."""
    settings.PUBLISH_CONNECT_TIMEOUT, settings.PUBLISH_READ_TIMEOUT = 2, 2
    return Bedrock(server, account)


@pytest.fixture(autouse=True)
def no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 1.0)


@pytest.fixture(autouse=True)
def publisher(monkeypatch: pytest.MonkeyPatch) -> None:
    """One for each test, because each has its own account."""
    monkeypatch.setattr(publications, "PUBLISHER", BedrockPublisher())

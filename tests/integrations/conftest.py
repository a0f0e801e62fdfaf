from collections.abc import Iterator

import pytest

from tests.local_aws import LocalAws, start_local_aws

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

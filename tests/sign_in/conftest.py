"""A certified identity provider as a process of its own, and a hostile one that signs whatever a test wants."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from promptstudio.web.sign_in.kept import forget
from tests.npm import NODE, installed

from .certified import CLIENT_ID, CLIENT_SECRET, Certified, start_provider
from .hostile import Hostile

HERE = Path(__file__).parent
NEEDS_NODE = {"certified", "certified_with_es256"}


def pytest_collection_modifyitems(items: list[Any]) -> None:
    if os.environ.get("CI"):
        # There, a missing provider is a broken run, not a reason to skip.
        return
    for item in items:
        if "tests/sign_in" not in item.nodeid.replace(os.sep, "/"):
            continue
        wanted = set(getattr(item, "fixturenames", ()))
        if wanted & NEEDS_NODE and not NODE:
            item.add_marker(pytest.mark.skip(reason="no Node.js and npm on this machine: the certified provider cannot run"))


@pytest.fixture(scope="session")
def provider_package() -> Path:
    return installed(HERE)


@pytest.fixture(scope="session")
def certified(provider_package: Path) -> Iterator[Certified]:
    """Knows Django's test client as http://testserver."""
    with start_provider(at="http://testserver") as running:
        yield running


@pytest.fixture(scope="session")
def certified_with_es256(provider_package: Path) -> Iterator[Certified]:
    """Signs with an elliptic curve, and takes the secret in the header alone."""
    with start_provider(at="http://testserver", SIGN_ALG="ES256", AUTH_METHOD="client_secret_basic") as running:
        yield running


@pytest.fixture
def hostile(settings: Any) -> Iterator[Hostile]:
    with Hostile() as running:
        use(settings, running.issuer)
        yield running


@pytest.fixture
def with_certified(certified: Certified, settings: Any) -> Iterator[Certified]:
    use(settings, certified.issuer)
    yield certified
    certified.reset()


def use(settings: Any, issuer: str, **more: Any) -> None:
    forget()
    given = {"OIDC_ISSUER": issuer, "OIDC_RP_CLIENT_ID": CLIENT_ID, "OIDC_RP_CLIENT_SECRET": CLIENT_SECRET, **more}
    for name, value in given.items():
        setattr(settings, name, value)

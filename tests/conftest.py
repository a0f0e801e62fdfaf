"""Every test has a home, a database and a broker of its own, and no network but loopback.

The environment is prepared before Django's settings are read, so this file comes first and sets Django up itself.
"""

# ruff: noqa: E402

import atexit
import gc
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from tests.migrated import FOLDER as MIGRATED_HERE
from tests.migrated import migrated_into

HOME = Path(tempfile.mkdtemp(prefix="studio-tests-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
for name in [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL")]:
    del os.environ[name]
os.environ |= {"STUDIO_HOME": str(HOME), "STATIC_ROOT": str(HOME / "static"), "DJANGO_SETTINGS_MODULE": "promptstudio.settings"}
# One person makes the cast; the tests of the second person switch it on.
os.environ["SECOND_PERSON"] = "0"
if "DATABASE_URL" in os.environ:
    os.environ.setdefault("SECRET_KEY", "only for tests, which keep no session")

# Made by whichever process is first to need it, for all of a run.
if MIGRATED_HERE not in os.environ:
    os.environ[MIGRATED_HERE] = tempfile.mkdtemp(prefix="studio-migrated-")
    atexit.register(shutil.rmtree, os.environ[MIGRATED_HERE], ignore_errors=True)

import django

django.setup()

import pytest
from celery import current_app
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.cache import cache
from django.db import connection, connections
from django.test import TransactionTestCase

from promptstudio.evaluations.model_runner import Call
from promptstudio.lib import throttle
from tests.cast import Cast, a_prompt, hire
from tests.evaluations.scripted import PATH, saying
from tests.remembering import remembered
from tests.triggers import triggers_down

hired = remembered(hire)
current_app.conf.broker_url = "memory://"
settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
settings.AUDIT_KEY_FILE, settings.AUDIT_KEY_IS_MADE = str(HOME / "audit_key.pem"), True
PBKDF2PasswordHasher.iterations = 1000  # a guess is meant to take a third of a second
settings.WHITENOISE_AUTOREFRESH = True  # else each client looks through all static files first
_connect, _connect_ex, _flush = socket.socket.connect, socket.socket.connect_ex, TransactionTestCase._fixture_teardown


def pytest_collection_finish() -> None:
    """Looking for garbage takes an eighth of the time of tests: what is there stays, and what they leave can wait."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


class NetworkRefused(AssertionError):
    """A test tried to reach something that is not on this machine."""


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", lambda self, address: _connect(self, _on_loopback(self, address)))
    patch.setattr(socket.socket, "connect_ex", lambda self, address: _connect_ex(self, _on_loopback(self, address)))
    yield
    patch.undo()


def _on_loopback(sock: socket.socket, address: Any) -> Any:
    if sock.family == socket.AF_UNIX or address[0] == "localhost" or _is_loopback(address[0]):
        return address
    raise NetworkRefused(f"Tests may not connect to {address[0]}.")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def flushing_past_the_triggers() -> Iterator[None]:
    """Transactional tests end by emptying all tables, which the triggers of append-only ones refuse."""

    def teardown(self: TransactionTestCase) -> None:
        with triggers_down(connection):
            _flush(self)

    patch = pytest.MonkeyPatch()
    patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    # A file: threads of an in-memory database share one cache, whose locks know no waiting.
    if connection.vendor == "sqlite":
        file = HOME / "test.sqlite3"
        migrated_into(file)
        connections["default"].settings_dict["TEST"]["NAME"] = str(file)


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    return connection.vendor == "sqlite"


@pytest.fixture(autouse=True)
def nothing_counted_yet() -> None:
    """What one test fails at on purpose slows no other test down."""
    cache.clear()
    throttle._here.clear()


@pytest.fixture
def calls(settings: Any) -> Iterator[list[Call]]:
    """Models answer by the script; what they were called with."""
    settings.MODEL_RUNNER = PATH
    with saying() as heard:
        yield heard


@pytest.fixture
def cast(db: None) -> Cast:
    return hired()


@pytest.fixture
def prompt(cast: Cast) -> Any:
    """Alice's prompt in the project “claims”, without a version yet."""
    return a_prompt(cast.claims, by=cast.alice)

"""`manage.py check --deploy` on a server that is set up, and on one where something is missing: the real command."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.studio import CHECKOUT

WHOLE = {
    "SECRET_KEY": "x8Kq2-Zr7vN4tB9wL3mH6jD1sF5gP0cYuEaTiOoRbVnXkWqM7dJh",
    "DATABASE_URL": "postgresql://studio@127.0.0.1/studio",
    "REDIS_URL": "redis://127.0.0.1/0",
    "ALLOWED_HOSTS": "studio.example",
    "HTTPS": "1",
    "OIDC_ISSUER": "https://id.studio.example",
    "OIDC_CLIENT_ID": "studio",
    "OIDC_CLIENT_SECRET": "secret",
    "AUDIT_KEY_FILE": "/var/lib/audit/key.pem",
    "AUDIT_ANCHOR_FILE": "/var/lib/audit/anchors.jsonl",
}


def checked(home: Path, **environment: str) -> tuple[int, str]:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    around = {"PATH": os.environ["PATH"], "STUDIO_HOME": str(home), **{name: value for name, value in environment.items() if value}}
    done = subprocess.run(command, cwd=CHECKOUT, env=around, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_a_server_that_is_set_up_is_clean(tmp_path: Path) -> None:
    assert checked(tmp_path, **WHOLE) == (0, "System check identified no issues (0 silenced).\n")


def test_everything_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    status, said = checked(tmp_path, DEMO="1")
    assert status == 1
    assert set(re.findall(r"studio\.W\d+", said)) == {f"studio.W00{number}" for number in range(1, 7)}
    for name in ("DEMO", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS", "HTTPS", "AUDIT_KEY_FILE"):
        assert name in said


@pytest.mark.parametrize(
    ("without", "sentence"),
    [
        ("SECRET_KEY", "Set SECRET_KEY: with DATABASE_URL several machines share sessions, so they must share the key."),
        ("OIDC_CLIENT_SECRET", "OIDC_ISSUER is set, so OIDC_CLIENT_SECRET must be as well."),
        ("AUDIT_KEY_FILE", "there is no key to sign them with"),
    ],
)
def test_without_it_the_check_fails_with_a_sentence(tmp_path: Path, without: str, sentence: str) -> None:
    status, said = checked(tmp_path, **WHOLE | {without: ""})
    assert status != 0
    assert sentence in said


def test_a_provider_asked_in_the_open_is_refused(tmp_path: Path) -> None:
    status, said = checked(tmp_path, **WHOLE, OIDC_DISCOVERY_URL="http://id.inside/.well-known/openid-configuration")
    assert status == 1
    assert "OIDC_DISCOVERY_URL must begin with https" in said


@pytest.mark.parametrize("name", ["RUN_CEILING", "CRITERION_MOST_COST"])
def test_an_amount_that_is_none_is_a_sentence(tmp_path: Path, name: str) -> None:
    status, said = checked(tmp_path, **WHOLE, **{name: "abc"})
    assert status != 0
    assert f"{name} is 'abc'. Write an amount such as 2.50." in said

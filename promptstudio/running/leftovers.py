"""Clear away what a supervisor that was killed could not."""

import contextlib
import json
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

from promptstudio.running.broker import SOCKET_DIRECTORY_PREFIX
from promptstudio.running.home import process_start

PATIENCE = 5.0  # seconds, for Redis to write its log to disk


def end_leftovers(home: Path) -> None:
    """End the children of an earlier `up` that still run, so that no two of them ever work on one home. Call it with the home held."""
    try:
        noted = json.loads((home / "run.json").read_text())
    except (OSError, ValueError):
        return
    started = noted.get("children_started", {})
    left = {name: pid for name, pid in noted.get("children", {}).items() if started.get(name) and process_start(pid) == started[name]}
    for name, pid in left.items():
        _signal_group(pid, signal.SIGTERM if name == "redis" else signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while any(process_start(pid) == started[name] for name, pid in left.items()) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in (pid for name, pid in left.items() if process_start(pid) == started[name]):
        _signal_group(pid, signal.SIGKILL)
    _remove_socket_directory(noted)


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _remove_socket_directory(noted: dict[str, Any]) -> None:
    directory = Path(noted.get("socket_directory") or "/")
    if directory.name.startswith(SOCKET_DIRECTORY_PREFIX):
        shutil.rmtree(directory, ignore_errors=True)

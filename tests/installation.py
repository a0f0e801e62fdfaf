"""A studio without servers: a SQLite database of its own, what `manage.py` does in it, and processes to kill."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.migrated import NAME, migrated_into
from tests.studio import CHECKOUT


class Installation:
    """`run` is how any other process is started in it; `environ` is what it is told besides."""

    def __init__(self, home: Path, **environ: str) -> None:
        home.mkdir(mode=0o700, exist_ok=True)
        migrated_into(home / NAME)
        ours = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        env = ours | {"STUDIO_HOME": str(home), "DEMO": "", "SECOND_PERSON": "0"} | environ
        self.run: Any = {"cwd": CHECKOUT, "env": env}

    def shell(self, code: str, *, ends: int = 0) -> str:
        """What `code` prints. Raises AssertionError where it ends with another code than `ends`."""
        command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, **self.run)
        assert done.returncode == ends, done.stderr
        return done.stdout

    @contextmanager
    def sweeping(self, stopped_by: signal.Signals, *, every: float = 0.05) -> Iterator[None]:
        """Beside what is done within, a process does whatever is due, until it is sent this signal."""
        process = subprocess.Popen([sys.executable, "manage.py", "sweep", "--every", str(every)], **self.run)
        try:
            yield
        finally:
            process.send_signal(stopped_by)
            process.wait()

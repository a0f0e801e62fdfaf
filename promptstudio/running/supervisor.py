"""Keep a handful of programs running: start, watch, restart, stop in order. Knows nothing of Prompt Studio or Django."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

PR_SET_PDEATHSIG = 1  # prctl(2)
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

STEADY_AFTER = 30.0  # seconds; a program that lived so long starts with a clean slate
LONGEST_PAUSE = 10.0  # seconds between two starts of a program that keeps failing
GRACE = 5.0  # seconds a program gets to stop by itself
LARGEST_LOG = 5_000_000  # bytes, above which a log is set aside at the next start
TELL_AFTER = 3  # failures in a row before the log's end is shown


@dataclass(frozen=True, kw_only=True)
class Program:
    """`when_orphaned` is what the kernel sends if the supervisor vanishes: gentle only where a second process hangs on the first."""

    name: str
    argv: Sequence[str]
    when_orphaned: signal.Signals = signal.SIGKILL
    stops_last: bool = False


class Child:
    def __init__(self, program: Program, process: subprocess.Popen[bytes]) -> None:
        self.program = program
        self.process = process
        self.started_at = time.monotonic()
        self.failures = 0
        self.due_at: float | None = None

    @property
    def pid(self) -> int:
        return self.process.pid

    def signal_group(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS says the second of a group that is only a zombie
            return


class Supervisor:
    """Runs programs in sessions of their own, so that the terminal's Ctrl-C reaches the supervisor alone.

    `say` takes a line for the person at the terminal, `changed` is called whenever a pid changes. Logs go to `logs`/<name>.log.
    """

    def __init__(self, *, env: Mapping[str, str], cwd: Path, logs: Path, say: Callable[[str], None], changed: Callable[[], None]) -> None:
        self.env, self.cwd, self.logs, self.say, self.changed = dict(env), cwd, logs, say, changed
        self.children: dict[str, Child] = {}
        self.stopping = False
        self.hurried = False
        self.logs.mkdir(mode=0o700, exist_ok=True)

    def obey_signals(self) -> None:
        """The first SIGINT, SIGTERM or SIGHUP stops everything in order, the second at once."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)

    def start(self, program: Program) -> None:
        self.children[program.name] = Child(program, self._launch(program))
        self.changed()

    def run_to_end(self, program: Program) -> int:
        """The exit code; negative when it was ended because everything stops."""
        child = Child(program, self._launch(program))
        while child.process.poll() is None:
            if self.stopping:
                child.signal_group(signal.SIGKILL if self.hurried else signal.SIGTERM)
            self.pause()
        return child.process.returncode

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> bool:
        """Whether `ready` came true while everything was kept running; False as well when asked to stop."""
        deadline = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < deadline:
            if ready():
                return True
            self.pause()
        return False

    def pause(self) -> None:
        """A tenth of a second's sleep, then whatever ended is started again."""
        time.sleep(0.1)
        if not self.stopping:
            for child in list(self.children.values()):
                self._mend(child)

    def failing(self) -> str | None:
        """The name of a program that ended `TELL_AFTER` times in a row."""
        return next((name for name, child in self.children.items() if child.failures >= TELL_AFTER), None)

    def pids(self) -> dict[str, int]:
        return {name: child.pid for name, child in self.children.items() if child.due_at is None}

    def stop(self) -> None:
        """Stop all of them; what the others rely on stops last."""
        self.stopping = True
        for last in (False, True):
            self._stop_together([child for child in self.children.values() if child.program.stops_last is last])

    def tail(self, name: str, *, lines: int = 15) -> str:
        with self._log(name).open(errors="replace") as log:
            return "".join(f"    {line.rstrip()}\n" for line in deque(log, maxlen=lines))

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.hurried = self.stopping
        self.stopping = True

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def _launch(self, program: Program) -> subprocess.Popen[bytes]:
        log = self._log(program.name)
        if log.exists() and log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            return subprocess.Popen(
                list(program.argv),
                env=self.env,
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=dies_with(os.getpid(), program.when_orphaned),
            )

    def _mend(self, child: Child) -> None:
        if child.due_at is None and child.process.poll() is not None:
            self._note_failure(child)
        if child.due_at is not None and time.monotonic() >= child.due_at:
            child.process, child.started_at, child.due_at = self._launch(child.program), time.monotonic(), None
            self.changed()

    def _note_failure(self, child: Child) -> None:
        # A killed server leaves its workers behind, and they hold its port.
        child.signal_group(signal.SIGKILL)
        lived = time.monotonic() - child.started_at
        child.failures = 1 if lived > STEADY_AFTER else child.failures + 1
        child.due_at = time.monotonic() + (0 if child.failures == 1 else min(0.25 * 2**child.failures, LONGEST_PAUSE))
        self.say(f"{child.program.name} ended ({_how(child.process.returncode)}); starting it again.")
        if child.failures == TELL_AFTER:
            self.say(f"{child.program.name} keeps ending. The end of {self._log(child.program.name)}:\n{self.tail(child.program.name)}")

    def _stop_together(self, children: Sequence[Child]) -> None:
        for child in children:
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + GRACE
        while any(child.process.poll() is None for child in children) and time.monotonic() < deadline and not self.hurried:
            time.sleep(0.02)
        for child in children:
            child.signal_group(signal.SIGKILL)
            child.process.wait()


def _how(returncode: int) -> str:
    return f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"


def dies_with(supervisor: int, number: signal.Signals) -> Callable[[], None]:
    """For `Popen(preexec_fn=…)`: the kernel sends `number` to the child when its supervisor vanishes (Linux; elsewhere nothing)."""

    def prepare() -> None:
        if LIBC is None:
            return
        LIBC.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != supervisor:  # it vanished before the kernel was told
            os._exit(1)

    return prepare

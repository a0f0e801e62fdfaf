import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptstudio.running import supervisor as supervising
from promptstudio.running.home import process_start
from promptstudio.running.supervisor import Program, Supervisor

pytestmark = pytest.mark.process

FOREVER = "import time; time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
WITH_A_CHILD = f"import subprocess, sys, time; print(subprocess.Popen([sys.executable, '-c', {FOREVER!r}]).pid, flush=True); {FOREVER}"
FAILING = "import sys; sys.exit('no such luck')"


class Said(list[str]):
    def __call__(self, line: str) -> None:
        self.append(line)

    def text(self) -> str:
        return "\n".join(self)


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def supervisor(tmp_path: Path, said: Said) -> Iterator[Supervisor]:
    made = Supervisor(env=os.environ, cwd=tmp_path, logs=tmp_path / "logs", say=said, changed=lambda: None)
    yield made
    made.hurried = True
    made.stop()


def program(name: str, script: str, *, stops_last: bool = False) -> Program:
    return Program(name=name, argv=[sys.executable, "-c", script], stops_last=stops_last)


def alive(pid: int) -> bool:
    return bool(process_start(pid))


def log_of(supervisor: Supervisor, name: str) -> str:
    return (supervisor.logs / f"{name}.log").read_text()


def test_a_killed_program_is_started_again(supervisor: Supervisor, said: Said) -> None:
    supervisor.start(program("web", FOREVER))
    first = supervisor.pids()["web"]
    os.kill(first, signal.SIGKILL)
    assert supervisor.wait_until(lambda: supervisor.pids().get("web", first) != first, seconds=5)
    assert said == ["web ended (signal 9); starting it again."]


def test_what_a_killed_program_left_behind_is_ended(supervisor: Supervisor) -> None:
    supervisor.start(program("web", WITH_A_CHILD))
    assert supervisor.wait_until(lambda: log_of(supervisor, "web").strip(), seconds=5)
    orphan = int(log_of(supervisor, "web"))
    os.kill(supervisor.pids()["web"], signal.SIGKILL)
    assert supervisor.wait_until(lambda: not alive(orphan), seconds=5)


def test_a_program_that_keeps_failing_is_tried_ever_more_slowly_and_its_log_shown(supervisor: Supervisor, said: Said) -> None:
    supervisor.start(program("web", FAILING))
    began = time.monotonic()
    assert supervisor.wait_until(lambda: supervisor.failing() == "web", seconds=10)
    assert time.monotonic() - began > 0.25 * 2**2, "it paused before the third start"
    assert "no such luck" in said.text()
    assert supervisor.pids() == {}


def test_programs_stop_before_what_they_rely_on(supervisor: Supervisor, tmp_path: Path) -> None:
    tells = """
import signal, sys, time
def end(*_):
    open('order', 'a').write('{} ')
    sys.exit()
signal.signal(signal.SIGTERM, end)
print('up', flush=True)
time.sleep(600)
"""
    supervisor.start(program("redis", tells.format("redis"), stops_last=True))
    supervisor.start(program("worker", tells.format("worker")))
    assert supervisor.wait_until(lambda: all("up" in log_of(supervisor, name) for name in ("redis", "worker")), seconds=5)
    supervisor.stop()
    assert (tmp_path / "order").read_text().split() == ["worker", "redis"]


def test_a_program_that_will_not_stop_is_ended(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervising, "GRACE", 0.3)
    supervisor.start(program("web", STUBBORN))
    assert supervisor.wait_until(lambda: "up" in log_of(supervisor, "web"), seconds=5)
    pid = supervisor.pids()["web"]
    supervisor.stop()
    assert not alive(pid)


def test_a_log_that_grew_is_set_aside_at_the_next_start(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervising, "LARGEST_LOG", 3)
    assert supervisor.run_to_end(program("seed", "print('first')")) == 0
    assert supervisor.run_to_end(program("seed", "print('second')")) == 0
    assert log_of(supervisor, "seed") == "second\n"
    assert (supervisor.logs / "seed.log.1").read_text() == "first\n"


def test_asking_to_stop_ends_what_is_waited_for(supervisor: Supervisor) -> None:
    supervisor.stopping = True
    assert supervisor.run_to_end(program("migrate", FOREVER)) == -signal.SIGTERM
    assert supervisor.wait_until(lambda: True, seconds=5) is False


def test_the_programs_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    script = f"""
import os
from pathlib import Path
from promptstudio.running.supervisor import Program, Supervisor
here = Path({str(tmp_path)!r})
it = Supervisor(env=os.environ, cwd=here, logs=here / "logs", say=print, changed=lambda: None)
it.start(Program(name="web", argv=[{sys.executable!r}, "-c", {STUBBORN!r}]))
(here / "pid").write_text(str(it.pids()["web"]))
while True: it.pause()
"""
    parent = subprocess.Popen([sys.executable, "-c", script])
    deadline = time.monotonic() + 10
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    child = int((tmp_path / "pid").read_text())
    assert alive(child)
    parent.kill()
    parent.wait()
    while alive(child):
        assert time.monotonic() < deadline, "the child outlived its supervisor"
        time.sleep(0.05)

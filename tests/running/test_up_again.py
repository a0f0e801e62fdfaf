"""A studio that is stopped or killed goes on where it was when it is started again. All in one home: its first start is the long one."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptstudio.running.home import process_start
from tests.studio import Studio, parts, start_studio, wait_until

pytestmark = pytest.mark.process


class Home:
    """Whoever needs a running studio gets the one that the test before left, and may leave another."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="again-"))
        self.last: Studio | None = None

    def running(self) -> Studio:
        return self.last if self.last and self.last.process.poll() is None else self.started()

    def started(self, *options: str) -> Studio:
        self.last = start_studio(self.path, options=options, from_nothing=True)
        return self.last


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    made = Home()
    yield made
    if made.last:
        made.last.stop()
    shutil.rmtree(made.path)


def processes_of(studio: Studio) -> dict[int, str]:
    """Every process whose environment names this home, with when it started: children, their children, and whatever they left."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != studio.pid:
            try:
                environ = (entry / "environ").read_bytes()
            except OSError:
                continue
            if f"STUDIO_HOME={studio.home}".encode() in environ.split(b"\0"):
                found[int(entry.name)] = process_start(int(entry.name))
    return found


def test_ctrl_c_stops_everything_cleanly_and_the_next_start_continues(home: Home) -> None:
    first = home.running()
    secret, migrated = (home.path / "secret_key").read_text(), first.manage("showmigrations", "--plan").stdout
    started = processes_of(first)
    assert len(started) >= len(parts())
    assert first.stop(by=signal.SIGINT) == 0
    assert processes_of(first) == {}
    assert not (home.path / "run.json").exists()

    home.started()
    assert (home.path / "secret_key").read_text() == secret
    assert "[ ]" not in migrated
    assert "No migrations to apply." in (home.path / "logs" / "migrate.log").read_text()


def test_everything_goes_with_a_killed_supervisor_and_the_next_start_continues(home: Home) -> None:
    first = home.running()
    assert processes_of(first)
    first.process.kill()
    first.process.wait()
    wait_until(lambda: not processes_of(first), within=15, what="the end of every child")
    second = home.started()
    assert set(second.running()["children"]) == set(parts())


def test_a_child_that_outlived_its_supervisor_is_ended_by_the_next_start(home: Home) -> None:
    first = home.running()
    # A stopped process cannot act on the gentle signal that it gets when its supervisor vanishes.
    web = first.child("web")
    assert web is not None
    os.kill(web, signal.SIGSTOP)
    first.process.kill()
    first.process.wait()
    assert process_start(web)
    home.started()
    assert process_start(web) == ""


def test_the_request_of_a_server_to_stop_is_obeyed_as_well(home: Home) -> None:
    studio = home.running()
    assert studio.stop(by=signal.SIGTERM) == 0
    assert processes_of(studio) == {}


def test_it_works_without_redis(home: Home) -> None:
    if "DATABASE_URL" in os.environ and "REDIS_URL" in os.environ:
        pytest.skip("this run has a Redis from outside")
    if home.last:
        home.last.stop()
    studio = home.started("--no-redis")
    assert set(studio.running()["children"]) == {"local-aws", "web", "worker"}
    assert "Without Redis" in studio.output()
    assert studio.stop() == 0

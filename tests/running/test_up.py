import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptstudio.running.home import process_start
from tests.studio import Studio, start_studio, wait_until

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    home = Path(tempfile.mkdtemp(prefix="up-"))
    started = start_studio(home)
    yield started
    started.stop()
    shutil.rmtree(home)


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


def children() -> list[str]:
    outside = {"redis"} if "DATABASE_URL" in os.environ and "REDIS_URL" in os.environ else set()
    return [name for name in ("redis", "local-aws", "web", "worker", "publisher", "runner", "beat") if name not in outside]


def test_it_says_where_it_is_and_who_can_sign_in(studio: Studio) -> None:
    wait_until(lambda: "Ctrl-C stops everything." in studio.output(), what="the introduction")
    assert f"{studio.url}/" in studio.output()
    assert "no password is asked" in studio.output()


def test_it_runs_every_part(studio: Studio) -> None:
    assert set(studio.running()["children"]) == set(children())


def test_a_second_one_on_the_same_home_is_refused_with_a_sentence(studio: Studio) -> None:
    refused = studio.manage("up", check=False)
    assert refused.returncode == 1
    assert f"already runs at {studio.url}/" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert studio.answers()


def test_a_port_in_use_is_refused_with_a_sentence(studio: Studio, tmp_path: Path) -> None:
    elsewhere = Studio(**{**vars(studio), "env": studio.env | {"STUDIO_HOME": str(tmp_path), "PORT": studio.url.rpartition(":")[2]}})
    refused = elsewhere.manage("up", check=False)
    assert refused.returncode == 1
    assert "Set PORT to another one" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_demo_is_refused_where_others_can_reach_it(studio: Studio, tmp_path: Path) -> None:
    elsewhere = Studio(**{**vars(studio), "env": studio.env | {"STUDIO_HOME": str(tmp_path), "DEMO": "1"}})
    refused = elsewhere.manage("up", "--host", "0.0.0.0", check=False)
    assert refused.returncode == 1
    assert "DEMO lets anyone sign in without a password" in refused.stderr


@pytest.mark.parametrize("name", children())
def test_a_killed_part_heals(studio: Studio, name: str) -> None:
    killed = studio.kill(name)
    wait_until(lambda: studio.child(name) not in (None, killed), what=f"{name}'s new start")
    wait_until(lambda: process_start(killed) == "" and studio.answers(), what="an answer")
    settled = wait_until(lambda: studio.child(name), what=f"{name}'s return")
    assert process_start(settled)


def test_ctrl_c_stops_everything_cleanly_and_the_next_start_continues(tmp_path: Path) -> None:
    first = start_studio(tmp_path)
    secret, migrated = (tmp_path / "secret_key").read_text(), first.manage("showmigrations", "--plan").stdout
    started = processes_of(first)
    assert len(started) >= len(children())
    assert first.stop(by=signal.SIGINT) == 0
    assert processes_of(first) == {}
    assert not (tmp_path / "run.json").exists()

    second = start_studio(tmp_path)
    try:
        assert (tmp_path / "secret_key").read_text() == secret
        assert "[ ]" not in migrated
        assert "No migrations to apply." in (tmp_path / "logs" / "migrate.log").read_text()
    finally:
        assert second.stop(by=signal.SIGTERM) == 0


def test_everything_goes_with_a_killed_supervisor_and_the_next_start_continues(tmp_path: Path) -> None:
    first = start_studio(tmp_path)
    assert processes_of(first)
    first.process.kill()
    first.process.wait()
    wait_until(lambda: not processes_of(first), within=15, what="the end of every child")
    second = start_studio(tmp_path)
    assert second.stop() == 0
    assert processes_of(second) == {}


def test_a_child_that_outlived_its_supervisor_is_ended_by_the_next_start(tmp_path: Path) -> None:
    first = start_studio(tmp_path)
    # A stopped process cannot act on the gentle signal that it gets when its supervisor vanishes.
    web = first.child("web")
    assert web is not None
    os.kill(web, signal.SIGSTOP)
    first.process.kill()
    first.process.wait()
    assert process_start(web)
    second = start_studio(tmp_path)
    try:
        assert process_start(web) == ""
    finally:
        assert second.stop() == 0


def test_it_works_without_redis(tmp_path: Path) -> None:
    if "DATABASE_URL" in os.environ and "REDIS_URL" in os.environ:
        pytest.skip("this run has a Redis from outside")
    studio = start_studio(tmp_path, options=("--no-redis",))
    try:
        assert set(studio.running()["children"]) == {"local-aws", "web", "worker"}
        assert "Without Redis" in studio.output()
    finally:
        assert studio.stop() == 0

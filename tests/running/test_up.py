"""What a studio that runs says, refuses and heals. How it stops and starts again is in `test_up_again.py`, beside this one."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptstudio.running.home import process_start
from tests.studio import Studio, parts, start_studio, wait_until

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    home = Path(tempfile.mkdtemp(prefix="up-"))
    started = start_studio(home)
    yield started
    started.stop()
    shutil.rmtree(home)


def test_it_says_where_it_is_and_who_can_sign_in(studio: Studio) -> None:
    wait_until(lambda: "Ctrl-C stops everything." in studio.output(), what="the introduction")
    assert f"{studio.url}/" in studio.output()
    assert "no password is asked" in studio.output()


def test_it_runs_every_part(studio: Studio) -> None:
    assert set(studio.running()["children"]) == set(parts())


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


@pytest.mark.parametrize("name", parts())
def test_a_killed_part_heals(studio: Studio, name: str) -> None:
    killed = studio.kill(name)
    wait_until(lambda: studio.child(name) not in (None, killed), what=f"{name}'s new start")
    wait_until(lambda: process_start(killed) == "" and studio.answers(), what="an answer")
    settled = wait_until(lambda: studio.child(name), what=f"{name}'s return")
    assert process_start(settled)

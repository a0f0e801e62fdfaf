import ast
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from promptstudio.running import home as homes


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "data" / "studio"))
    return homes.studio_home()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_home_is_readable_by_its_owner_alone(home: Path) -> None:
    assert mode(home) == 0o700


def test_a_home_lies_beside_manage_py_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STUDIO_HOME", raising=False)
    monkeypatch.setattr(Path, "mkdir", lambda *_, **__: None)
    assert homes.studio_home() == (homes.CHECKOUT / ".studio").resolve()
    assert (homes.CHECKOUT / "manage.py").exists()


def test_the_secret_is_private_and_stays(home: Path) -> None:
    first = homes.secret_key(home)
    assert len(first) >= 50
    assert homes.secret_key(home) == first
    assert mode(home / "secret_key") == 0o600


def test_processes_that_start_together_get_one_secret(home: Path) -> None:
    script = "from promptstudio.running.home import *; print(secret_key(studio_home()))"
    started = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(6)]
    assert len({process.communicate()[0] for process in started}) == 1


def test_settings_can_import_it_because_it_needs_the_standard_library_alone() -> None:
    nodes = list(ast.walk(ast.parse(Path(homes.__file__).read_text())))
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    assert "json" in imported
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


def test_what_runs_is_noted_privately(home: Path) -> None:
    homes.note_running(home, {"url": "http://127.0.0.1:8000"})
    assert mode(home / "run.json") == 0o600
    noted = homes.running(home)
    assert noted is not None
    assert (noted["pid"], noted["url"]) == (os.getpid(), "http://127.0.0.1:8000")
    assert [path.name for path in home.iterdir()] == ["run.json"], "nothing half-written stays behind"


def test_a_note_of_a_process_that_ended_is_not_believed(home: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    ended.wait()
    (home / "run.json").write_text(json.dumps({"pid": ended.pid, "started": "long ago"}))
    assert homes.running(home) is None


def test_a_pid_that_was_used_again_is_not_believed(home: Path) -> None:
    homes.note_running(home, {})
    noted = json.loads((home / "run.json").read_text())
    (home / "run.json").write_text(json.dumps(noted | {"started": noted["started"] + "0"}))
    assert homes.running(home) is None


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"pid": "x", "started": "y"}', '{"pid": 1, "started": ""}', '{"pid": null, "started": "y"}']
)
def test_a_broken_note_counts_as_nothing_running(home: Path, content: str) -> None:
    (home / "run.json").write_text(content)
    assert homes.running(home) is None


def test_no_note_means_nothing_running(home: Path) -> None:
    assert homes.running(home) is None


def test_a_home_is_held_once(home: Path) -> None:
    with homes.held(home), pytest.raises(homes.AlreadyRunning), homes.held(home):
        pass
    with homes.held(home):
        pass

import os
import signal
import stat
from pathlib import Path

import pytest
import redis

from promptstudio.running import broker
from promptstudio.running.supervisor import Supervisor

pytestmark = pytest.mark.process


def test_a_killed_redis_comes_back_at_the_same_socket_with_what_it_held(tmp_path: Path) -> None:
    server = broker.private_redis(tmp_path)
    assert server is not None
    assert stat.S_IMODE(server.socket.parent.stat().st_mode) == 0o700
    supervisor = Supervisor(env=os.environ, cwd=tmp_path, logs=tmp_path / "logs", say=print, changed=lambda: None)
    try:
        supervisor.start(server.program())
        assert supervisor.wait_until(server.answers, seconds=10)
        with redis.Redis.from_url(server.cache_url) as client:
            client.set("owed", "one publication")
        first = supervisor.pids()["redis"]
        os.kill(first, signal.SIGKILL)
        assert supervisor.wait_until(lambda: supervisor.pids().get("redis", first) != first and server.answers(), seconds=10)
        with redis.Redis.from_url(server.cache_url) as client:
            assert client.get("owed") == b"one publication"
    finally:
        supervisor.stop()
        server.clear_away()
    assert not server.socket.parent.exists()


def test_the_socket_path_fits_where_the_temporary_directory_is_deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    server = broker.private_redis(tmp_path)
    assert server is not None
    server.clear_away()
    assert len(str(server.socket)) <= 107


def test_where_there_is_no_redis_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "redis_server", lambda: None)
    assert broker.private_redis(tmp_path) is None

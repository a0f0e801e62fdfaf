"""One running studio: private services, then the database, then the programs that people and work arrive at."""

import http.client
import os
import socket
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from promptstudio.running import plan
from promptstudio.running.broker import private_redis
from promptstudio.running.home import CHECKOUT, forget_running, note_running, process_start
from promptstudio.running.leftovers import end_leftovers
from promptstudio.running.plan import Address, CannotStart
from promptstudio.running.supervisor import Program, Supervisor

SLOW = 60.0  # seconds without an answer after which the person is told where to look


class Studio:
    """Everything of one `manage.py up`. `say` takes a line for the person; `tell` is called once when the web server answers."""

    def __init__(
        self, *, home: Path, address: Address, demo: bool, redis: bool, say: Callable[[str], None], tell: Callable[[], None]
    ) -> None:
        self.home, self.address, self.demo, self.say, self.tell = home, address, demo, say, tell
        environ = os.environ
        end_leftovers(home)
        self.aws_port = self._local_aws_port()
        self.redis = private_redis(home) if redis and not environ.get("REDIS_URL") else None
        self.broker_url = environ.get("REDIS_URL") or (self.redis.broker_url if self.redis else None)
        self.cache_url = environ.get("REDIS_URL") or (self.redis.cache_url if self.redis else None)
        self.aws_url = f"http://127.0.0.1:{self.aws_port}" if self.aws_port else None
        env = plan.environment(environ, home=home, address=address, demo=demo, redis_urls=self._redis_urls(), local_aws_url=self.aws_url)
        self.supervisor = Supervisor(env=env, cwd=CHECKOUT, logs=home / "logs", say=say, changed=self._note)

    def run(self) -> None:
        """Until somebody asks to stop. Raises CannotStart, with everything stopped, when it never came up."""
        self.supervisor.obey_signals()
        began = time.monotonic()
        try:
            self._note()
            self._start_services()
            self._prepare_database()
            self._start_programs(began)
            while not self.supervisor.stopping:
                self.supervisor.pause()
        finally:
            if self.supervisor.stopping:
                self.say("Stopping.")
            self.supervisor.stop()
            forget_running(self.home)
            if self.redis:
                self.redis.clear_away()

    def _start_services(self) -> None:
        if self.redis:
            self.supervisor.start(self.redis.program())
            self._wait_for("redis", self.redis.answers)
        elif not self.broker_url:
            self.say("Without Redis: the worker looks for due work every second. Nothing is lost, things take a moment longer.")
        if self.aws_port:
            self.supervisor.start(plan.local_aws(port=self.aws_port, home=self.home))

    def _prepare_database(self) -> None:
        self._run_to_end(plan.migrate(), what="Preparing the database")
        if self.aws_port:
            self._wait_for("local-aws", lambda: _listens("127.0.0.1", self.aws_port))
        if self.demo:
            self._run_to_end(plan.seed_demo(), what="Writing the demo")

    def _start_programs(self, began: float) -> None:
        if self.supervisor.stopping:
            return
        for program in plan.services(address=self.address, home=self.home, broker=bool(self.broker_url)):
            self.supervisor.start(program)
        self._wait_for("web", self._answers)
        if not self.supervisor.stopping:
            self.say(f"Prompt Studio is ready after {time.monotonic() - began:.0f} s: {self.address.url}/")
            self.tell()

    def _run_to_end(self, program: Program, *, what: str) -> None:
        if self.supervisor.stopping:
            return
        if self.supervisor.run_to_end(program) and not self.supervisor.stopping:
            raise CannotStart(f"{what} failed:\n{self.supervisor.tail(program.name, lines=25)}")

    def _wait_for(self, name: str, ready: Callable[[], bool]) -> None:
        while not self.supervisor.stopping:
            if self.supervisor.wait_until(lambda: ready() or bool(self.supervisor.failing()), seconds=SLOW):
                break
            if not self.supervisor.stopping:
                self.say(f"Still waiting for {name}; see {self.home / 'logs' / name}.log.")
        failing = self.supervisor.failing()
        if failing and not self.supervisor.stopping:
            raise CannotStart(f"{failing} cannot start; the end of its log stands above.")

    def _answers(self) -> bool:
        host = "127.0.0.1" if self.address.host in ("0.0.0.0", "::") else self.address.host  # noqa: S104
        connection = http.client.HTTPConnection(host, self.address.port, timeout=5)
        try:
            connection.request("GET", "/healthz", headers={"Host": f"127.0.0.1:{self.address.port}"})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _redis_urls(self) -> dict[str, str]:
        return {"BROKER_URL": self.redis.broker_url, "CACHE_URL": self.redis.cache_url} if self.redis else {}

    def _local_aws_port(self) -> int:
        """0 when this run publishes somewhere else."""
        if plan.publishes_elsewhere(os.environ):
            return 0
        if find_spec("moto") is None:
            self.say("The local AWS is not installed (extra `local`); publishing uses the AWS of the environment.")
            return 0
        port = plan.chosen_port(os.environ.get("LOCAL_AWS_PORT"), default=plan.LOCAL_AWS_PORT, variable="LOCAL_AWS_PORT")
        remedy = "It is the local AWS's. Set LOCAL_AWS_PORT to another port (0 for any free one), or AWS_ENDPOINT_URL to publish elsewhere."
        return plan.free_port("127.0.0.1", port, remedy=remedy)

    def _note(self) -> None:
        pids = self.supervisor.pids()
        note_running(
            self.home,
            {
                "url": self.address.url,
                "port": self.address.port,
                "broker_url": self.broker_url,
                "cache_url": self.cache_url,
                "aws_endpoint_url": self.aws_url,
                "demo": self.demo,
                "children": pids,
                "children_started": {name: process_start(pid) for name, pid in pids.items()},
                "socket_directory": str(self.redis.socket.parent) if self.redis else None,
            },
        )


def _listens(host: str, port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex((host, port)) == 0

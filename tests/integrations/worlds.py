"""Worlds for publications to survive in: a database, an AWS account and worker processes of their own, around one local AWS."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from promptstudio.running.supervisor import dies_with
from tests.integrations.prompt_bodies import Bedrock
from tests.local_aws import LocalAws, clean_environment
from tests.migrated import migrated_into
from tests.studio import CHECKOUT, wait_until

TEXTS = ["Summarise {{claim}}.", "Judge {{claim}}.", "Refuse {{claim}} kindly."]
# The lease of a killed worker runs out after the sum of both and five seconds.
TIMEOUTS = {"PUBLISH_CONNECT_TIMEOUT": "1", "PUBLISH_READ_TIMEOUT": "3"}
PATIENCE = 90.0
ON_POSTGRES = bool(os.environ.get("DATABASE_URL"))


class Clerk:
    """One process that founds the worlds and deploys in them, because starting Django takes seconds."""

    def __init__(self, home: Path) -> None:
        self.home, self.prefix = home, f"publish_{secrets.token_hex(4)}"
        self._lock, self._databases = threading.Lock(), [f"{self.prefix}_base"]
        base = self._database("base")
        if ON_POSTGRES:
            _administer(f"CREATE DATABASE {base}")
        command = [sys.executable, "-m", "tests.integrations.clerk"]
        self._process = subprocess.Popen(
            command, cwd=CHECKOUT, env=environment(home, base), stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=_with_us()
        )
        if ON_POSTGRES:
            self.ask(do="migrate", database=base)
        else:
            migrated_into(Path(base))

    def found(self, name: str) -> str:
        """The database of a new world with the prompt `name` in the versions 1.0.0, 1.1.0 and 1.2.0, nothing of it deployed."""
        with self._lock:
            database = self._copied(name)
        self.ask(do="found", database=database, prompt=name, texts=TEXTS)
        return database

    def ask(self, **request: str | list[str]) -> None:
        with self._lock:
            assert self._process.stdin
            assert self._process.stdout
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            answer = json.loads(self._process.stdout.readline())
        assert not answer, answer["error"]

    def stop(self) -> None:
        self._process.communicate(timeout=20)
        if ON_POSTGRES:
            for database in self._databases:
                _administer(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def _copied(self, name: str) -> str:
        base, copy = self._database("base"), self._database(name)
        if ON_POSTGRES:
            self._databases.append(copy)
            _administer(f"CREATE DATABASE {copy} TEMPLATE {base}")
        else:
            shutil.copy(base, copy)
        return copy

    def _database(self, name: str) -> str:
        if ON_POSTGRES:
            # PostgreSQL's longest name.
            return f"{self.prefix}_{name.replace('-', '_')}"[:63]
        home = self.home / name
        home.mkdir(mode=0o700, exist_ok=True)
        return str(home / "studio.sqlite3")


@dataclass
class World:
    """`name` is its prompt's as well, so that a fault can be about this world alone."""

    name: str
    server: LocalAws
    clerk: Clerk
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bedrock = Bedrock(self.server)
        self.database = self.clerk.found(self.name)

    @cached_property
    def env(self) -> dict[str, str]:
        aws = {"AWS_ENDPOINT_URL": self.server.url, "AWS_ACCESS_KEY_ID": self.bedrock.account, "AWS_SECRET_ACCESS_KEY": "local"}
        return environment(self.clerk.home / self.name, self.database) | aws | {"AWS_DEFAULT_REGION": "us-east-1"} | TIMEOUTS

    def deploy(self, semver: str) -> None:
        self.clerk.ask(do="deploy", database=self.database, semver=semver)

    def worker(self) -> subprocess.Popen[bytes]:
        return self.start("manage.py", "sweep", "--every", "0.2")

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
        home = self.clerk.home / self.name
        home.mkdir(mode=0o700, exist_ok=True)
        with (home / "workers.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=CHECKOUT,
                env=self.env | env,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_with_us(),
            )
        self.started.append(worker)
        return worker

    def arm(self, operation: str, kind: str, **fault: Any) -> int:
        return self.server.arm(operation=operation, kind=kind, match={"name_contains": self.name}, **fault)

    def until_held(self, fault: int) -> None:
        wait_until(lambda: self.holds(fault), within=PATIENCE, what="the held request")

    def holds(self, fault: int) -> bool:
        return any(held["fault"] == fault for held in self.server.held())

    def until_live(self, semver: str) -> None:
        wait_until(lambda: self.live() == semver, within=PATIENCE, what=f"{semver} going live")

    def live(self) -> str | None:
        rows = self.rows(
            "select v.semver from deployments_placement p join deployments_deployment d on d.id = p.live_id"
            " join prompts_version v on v.id = d.version_id"
        )
        return rows[0][0] if rows else None

    def went_live(self) -> list[str]:
        return [
            semver
            for (semver,) in self.rows(
                "select v.semver from deployments_wentlive w join prompts_version v on v.id = w.version_id order by w.id"
            )
        ]

    def served(self) -> dict[str, Any]:
        ((body,),) = self.rows("select body from deployments_snapshot")
        return json.loads(body)

    def jobs(self) -> dict[str, str]:
        return dict(
            self.rows(
                "select v.semver, j.state from deployments_publishjob j join deployments_deployment d on d.id = j.deployment_id"
                " join prompts_version v on v.id = d.version_id order by j.id"
            )
        )

    def digests(self) -> dict[str, str]:
        return dict(self.rows("select semver, digest from prompts_version"))

    def rows(self, query: str) -> list[tuple]:
        with self._connected() as connection:
            return connection.execute(query).fetchall()

    @contextlib.contextmanager
    def nothing_can_be_committed(self) -> Iterator[None]:
        with self._connected() as connection:
            if ON_POSTGRES:
                connection.execute("LOCK TABLE deployments_receipt IN EXCLUSIVE MODE")
            else:
                connection.execute("BEGIN IMMEDIATE")
            yield
            connection.rollback()

    def remote(self) -> dict[str, list[str]]:
        """For each digest at Bedrock the ARNs that hold it, read with a client of the test's own."""
        found: dict[str, list[str]] = {}
        for prompt in self._summaries():
            for version in self._summaries(promptIdentifier=prompt["id"]):
                if version["version"] != "DRAFT":
                    content = self.bedrock.prompts.get_prompt(promptIdentifier=version["arn"])["variants"][0]
                    digest = {entry["key"]: entry["value"] for entry in content["metadata"]}["studio-digest"]
                    assert content["templateConfiguration"]["text"]["text"] == TEXTS[list(self.digests().values()).index(digest)]
                    found.setdefault(digest, []).append(version["arn"])
        return found

    def prompts(self) -> int:
        return len(self._summaries())

    def calls(self, operation: str) -> list[dict]:
        return [call for call in self.server.journal() if call["account"] == self.bedrock.account and call["operation"] == operation]

    def log(self) -> str:
        return (self.clerk.home / self.name / "workers.log").read_text(errors="replace")[-4000:]

    def end(self) -> None:
        for worker in self.started:
            kill(worker)

    def _summaries(self, **about: str) -> list[dict]:
        pages = self.bedrock.prompts.get_paginator("list_prompts").paginate(**about)
        return [summary for page in pages for summary in page["promptSummaries"]]

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Any]:
        if ON_POSTGRES:
            with psycopg.connect(_address(self.database)) as connection:
                yield connection
        else:
            with contextlib.closing(sqlite3.connect(self.database, timeout=30)) as connection:
                yield connection


def kill(worker: subprocess.Popen[bytes]) -> None:
    """kill -9 for its whole process group, as a machine that goes down would do."""
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(20)


def environment(home: Path, database: str) -> dict[str, str]:
    kept = {name: value for name, value in clean_environment().items() if name not in ("DATABASE_URL", "REDIS_URL", "BROKER_URL")}
    if ON_POSTGRES:
        kept["DATABASE_URL"] = _address(database)
    # One secret for whoever deploys and whoever publishes: without it, no worker believes the seal of a deployment.
    return kept | {"STUDIO_HOME": str(home), "SECRET_KEY": "only for tests"}


def _address(database: str) -> str:
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()


def _administer(statement: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(statement)


def _with_us() -> Any:
    return dies_with(os.getpid(), signal.SIGKILL)

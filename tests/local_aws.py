"""Starts, drives and kills a real local AWS process, for whatever test needs an AWS that it can break."""

import json
import os
import select
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

REPOSITORY = Path(__file__).resolve().parent.parent
REGION = "us-east-1"
ACCOUNT = "123456789012"
START_SECONDS = 60


@dataclass
class LocalAws:
    url: str
    process: subprocess.Popen[bytes]
    state_dir: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def stop(self) -> float:
        """SIGTERM; the seconds it took to stop."""
        began = time.monotonic()
        self.process.terminate()
        self._reap()
        return time.monotonic() - began

    def kill(self) -> None:
        self.process.kill()
        self._reap()

    def client(
        self, service: str, *, access_key: str = "AKIALOCAL", region: str = REGION, attempts: int = 1, read_timeout: float = 30
    ) -> Any:
        """A boto3 client of this server, which does not retry unless `attempts` says so. Twelve digits as access key are the account."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=region,
            aws_access_key_id=access_key,
            aws_secret_access_key="local",
            # No look at the environment for proxies: pytest changes it while threads of a test make clients.
            config=Config(
                retries={"mode": "standard", "total_max_attempts": attempts}, connect_timeout=5, read_timeout=read_timeout, proxies={}
            ),
        )

    def arm(self, **fault: Any) -> int:
        """Arms a fault (operation, kind, times, code, message, status, seconds, match) and returns its id."""
        return self.ask("POST", "faults", fault)["fault"]["id"]

    def faults(self) -> list[dict]:
        return self.ask("GET", "faults")["faults"]

    def disarm(self) -> None:
        self.ask("DELETE", "faults")

    def held(self) -> list[dict]:
        return self.ask("GET", "held")["held"]

    def wait_held(self, *, count: int = 1, seconds: float = 20) -> list[dict]:
        """What is held, once that is `count` requests."""
        until = time.monotonic() + seconds
        while len(held := self.held()) != count:
            assert time.monotonic() < until, f"{count} requests should be held, but these are: {held}"
            time.sleep(0.02)
        return held

    def release(self, fault_id: int | None = None) -> int:
        return self.ask("POST", "release", {"fault": fault_id})["released"]

    def journal(self, since: int = 0) -> list[dict]:
        return self.ask("GET", f"journal?since={since}")["calls"]

    def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        """An answer of the admin endpoints. Raises urllib's HTTPError for a refusal."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.url}/_local/{path}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.load(response)

    def _reap(self) -> None:
        self.process.wait(timeout=20)
        if self.process.stdout:
            self.process.stdout.close()


def start_local_aws(state_dir: Path, port: int | None = None, rate_limits: bool = False) -> LocalAws:
    """A running local AWS on `port` or on a free one. Its state outlives it in `state_dir`."""
    command = [sys.executable, "-m", "promptstudio.integrations.bedrock.local_aws", "--port", str(port or 0), "--state-dir", str(state_dir)]
    process = subprocess.Popen(command + ["--rate-limits"] * rate_limits, cwd=REPOSITORY, env=clean_environment(), stdout=subprocess.PIPE)
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    sentence = process.stdout.readline().decode() if ready else ""
    if "http://" not in sentence:
        process.kill()
        raise AssertionError(f"The local AWS did not start within {START_SECONDS} s: {sentence!r}")
    return LocalAws(url="http://" + sentence.partition("http://")[2].strip(), process=process, state_dir=state_dir)


def clean_environment() -> dict[str, str]:
    """Ours without anything that points at an AWS."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}

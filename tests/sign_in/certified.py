"""The certified provider as a process, and a person who signs in there without a browser."""

import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests
from django.test import Client

from promptstudio.running.supervisor import dies_with
from tests.studio import wait_until

CLIENT_ID = "prompt-studio"
CLIENT_SECRET = "only for tests: a + b / c = d, at least thirty-two characters"
SCRIPT = Path(__file__).with_name("provider.mjs")


@dataclass
class Certified:
    issuer: str
    process: subprocess.Popen[str]

    def says(self, login: str, **claims: Any) -> None:
        """From now on the provider says this of the person."""
        requests.post(f"{self.issuer}/control/people/{login}", data=json.dumps(claims), timeout=10).raise_for_status()

    def reset(self) -> None:
        for login, claims in STARTED_WITH.items():
            self.says(login, **claims)


STARTED_WITH: dict[str, dict[str, Any]] = {
    "ada": {"groups": ["studio-admins", "everyone"], "name": "Ada Admin", "email": "ada@claims.example", "email_verified": True},
    "eddie": {"groups": ["claims-experts", "everyone"], "name": "Eddie Expert", "email": "eddie@claims.example", "email_verified": True},
    "vera": {"groups": [], "name": "Vera Visitor", "email": "vera@claims.example", "email_verified": True},
    "mallory": {"groups": [], "name": "Mallory", "email": "ada@claims.example", "email_verified": False},
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def start_provider(*, at: str, **env: str) -> Iterator[Certified]:
    """`at`: the address of the Prompt Studio that it knows."""
    port = free_port()
    addresses = {"REDIRECT_URIS": f"{at}/oidc/callback/", "POST_LOGOUT_URIS": f"{at}/sign-in/"}
    process = subprocess.Popen(
        ["node", str(SCRIPT)],
        env=os.environ | {"PORT": str(port)} | addresses | env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=dies_with(os.getpid(), signal.SIGTERM),
    )
    issuer = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _answers(issuer), within=60, what="an answer of the provider")
        yield Certified(issuer, process)
    finally:
        process.terminate()
        process.wait(10)


def _answers(issuer: str) -> bool:
    try:
        return requests.get(f"{issuer}/.well-known/openid-configuration", timeout=5).ok
    except requests.RequestException:
        return False


class Visitor:
    """A browser's part without a browser: cookies at the provider and at Prompt Studio, and each step in between."""

    def __init__(self, client: Client) -> None:
        self.client, self.at_provider = client, requests.Session()

    def leave_for_provider(self, **asked: str) -> str:
        response = self.client.get("/oidc/authenticate/", asked)
        assert response.status_code == 302, response.content.decode()
        return str(response["Location"])

    def answer_of_provider(self, address: str, login: str) -> str:
        """The callback's path with its query, once the provider knows who it is."""
        response = self.at_provider.get(address, allow_redirects=False, timeout=10)
        while True:
            if response.is_redirect:
                target = urljoin(response.url, response.headers["Location"])
                if target.startswith("http://testserver"):
                    return target.removeprefix("http://testserver")
                response = self.at_provider.get(target, allow_redirects=False, timeout=10)
            else:
                assert re.search("Test provider", response.text), response.text
                form = {"login": login, "password": "password"}
                response = self.at_provider.post(response.url, data=form, allow_redirects=False, timeout=10)

    def sign_in(self, login: str, **asked: str) -> Any:
        return self.client.get(self.answer_of_provider(self.leave_for_provider(**asked), login))

    def renew(self, page: str, login: str = "") -> Any:
        """A click on a page whose time has come, through the provider without a word, to where it leads."""
        leaving = self.client.get(page)
        assert leaving.status_code == 302, leaving.status_code
        assert "prompt=none" in leaving["Location"]
        return self.client.get(self.answer_of_provider(leaving["Location"], login))

"""A provider that signs whatever a test wants, and misbehaves on request."""

import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from .certified import CLIENT_ID

Answer = tuple[int, Any]
# Addresses that nobody is led to after signing in.
OTHER_HOSTS = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "http:evil.example",
    "\t//evil.example",
)


class Hostile:
    """`claims` go into the next ID token over honest ones; `token` replaces it; `answers` replace whole endpoints by path."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.kid, self.headers = "first", {}
        self.claims: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.document: dict[str, Any] = {}
        self.token: Callable[[dict[str, Any]], str] = self.signed
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.received: list[dict[str, list[str]]] = []
        self.nonce = ""
        self.used: dict[str, str] = {}

    def __enter__(self) -> "Hostile":
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def signed(self, claims: dict[str, Any], key: Any = None) -> str:
        return jwt.encode(claims, key or self.key, algorithm="RS256", headers={"kid": self.kid, **self.headers})

    @property
    def honest(self) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "somebody",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "name": "Some Body",
        }

    @property
    def public_keys(self) -> list[dict[str, Any]]:
        return [{**jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True), "kid": self.kid, "use": "sig", "alg": "RS256"}]

    def come_back(self, client: Client, **asked: str) -> Any:
        """Leave for the provider, and come back with a code for the next token."""
        leaving = client.get("/oidc/authenticate/", asked)
        said = parse_qs(urlsplit(leaving["Location"]).query)
        self.nonce = said["nonce"][0]
        self.used = {"code": "a-code", "state": said["state"][0]}
        return client.get("/oidc/callback/", self.used)

    def answer(self, path: str) -> Answer:
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]
        if path == "/.well-known/openid-configuration":
            named = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "jwks_uri": "/keys", "userinfo_endpoint": "/me"}
            document = {"issuer": self.issuer, "token_endpoint_auth_methods_supported": ["client_secret_post"]}
            return 200, document | {name: self.issuer + path for name, path in named.items()} | self.document
        if path == "/keys":
            return 200, {"keys": self.public_keys}
        if path == "/token":
            claims = {name: value for name, value in (self.honest | self.claims).items() if value is not None}
            return 200, {"access_token": "access", "token_type": "Bearer", "id_token": self.token(claims)}
        if path == "/me":
            return 200, {"sub": (self.honest | self.claims)["sub"], **self.userinfo}
        return 404, {}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hostile = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = hostile.answer(urlsplit(self.path).path)
                sent = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                hostile.received.append(parse_qs(self.rfile.read(length).decode()))
                self.do_GET()

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

"""Who calls what: one request, read."""

import re
import socket
from dataclasses import dataclass, field

DEFAULT_ACCOUNT = "123456789012"
DEFAULT_REGION = "us-east-1"
CREDENTIAL = re.compile(r"Credential=(?P<key>[^/,\s]+)/[0-9]{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")


@dataclass(frozen=True)
class Scope:
    """An account and a region: prompts of another are invisible."""

    account: str
    region: str


@dataclass(frozen=True)
class Credential:
    access_key: str
    region: str
    service: str


@dataclass
class Call:
    operation: str
    scope: Scope
    request_id: str
    body: bytes
    params: dict = field(default_factory=dict)
    connection: socket.socket | None = None


def read_credential(authorization: str) -> Credential | None:
    """The SigV4 credential scope of an Authorization header; a bearer token has none and means Bedrock."""
    if authorization.startswith("Bearer "):
        return Credential(access_key="", region=DEFAULT_REGION, service="bedrock")
    found = CREDENTIAL.search(authorization)
    return Credential(access_key=found["key"], region=found["region"], service=found["service"]) if found else None

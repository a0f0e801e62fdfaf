"""What AWS answers when it refuses."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

JSON = "application/json"


@dataclass(frozen=True)
class Reply:
    """`pieces` are sent instead of the body, one after the other, with `pause` seconds between them."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    pieces: Iterable[bytes] = ()
    pause: float = 0

    def json(self) -> dict:
        """The body as an object, or empty where it is not one."""
        if self.content_type.split(";")[0] not in (JSON, "application/x-amz-json-1.1") or not self.body:
            return {}
        found = json.loads(self.body)
        return found if isinstance(found, dict) else {}


class AwsError(Exception):
    """A modelled AWS error: its code, its sentence and, for ValidationException, the members it complains about as (name, message)."""

    def __init__(self, code: str, message: str, *, fields: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = tuple(fields)


class ClientGone(Exception):
    """The caller closed its connection while we held its request: there is nobody to answer."""


def invalid(message: str, *, field_name: str = "") -> AwsError:
    return AwsError("ValidationException", message, fields=[(field_name, message)] if field_name else [])


def missing(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message)


@dataclass
class Problems:
    """Constraint violations, gathered so that one answer names them all."""

    found: list[tuple[str, str]] = field(default_factory=list)

    def add(self, path: str, message: str) -> None:
        self.found.append((path, message))

    def raise_if_any(self) -> None:
        if not self.found:
            return
        plural = "error" if len(self.found) == 1 else "errors"
        listed = "; ".join(f"Value at '{path}' failed to satisfy constraint: {message}" for path, message in self.found)
        raise AwsError("ValidationException", f"{len(self.found)} validation {plural} detected: {listed}", fields=self.found)


def json_reply(status: int, payload: object, **headers: str) -> Reply:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Reply(status=status, body=json.dumps(payload).encode(), headers=named)

"""Faults armed by operation, and the requests that are being held because of one."""

import json
import socket
import threading
from dataclasses import dataclass, field

from .calls import Call
from .errors import ClientGone
from .service_model import STREAMED, operations, status_of, stream_errors
from .store import Store, now

# The last two happen in the middle of a stream: it breaks (with the error that `code` names, or without a word), or waits.
KINDS = ("error", "delay", "lost_reply", "hold_before", "hold_reply", "broken_stream", "hold_stream")
IN_A_STREAM = KINDS[-2:]
MATCHES = ("name_contains", "prompt_id", "body_contains")
SETTINGS = ("code", "message", "status", "seconds", "match")
POLL_SECONDS = 0.05


class NotArmable(ValueError):
    """The fault as described could not happen; the sentence says why."""


@dataclass(frozen=True)
class Fault:
    id: int
    operation: str
    kind: str
    remaining: int | None
    taken: int
    settings: dict

    def status_for(self, operation: str) -> int:
        named = status_of(operation=operation, code=self.settings.get("code", ""))
        return int(self.settings.get("status") or named or 400)

    @property
    def sentence(self) -> str:
        return self.settings.get("message") or f"{self.settings.get('code', self.kind)} armed in the local AWS."

    def as_json(self) -> dict:
        return {
            "id": self.id,
            "operation": self.operation,
            "kind": self.kind,
            "remaining": self.remaining,
            "taken": self.taken,
            **self.settings,
        }

    def applies(self, call: Call, *, name: str, prompt_id: str) -> bool:
        match = self.settings.get("match", {})
        return (
            match.get("name_contains", "") in name
            and match.get("prompt_id", prompt_id) == prompt_id
            and match.get("body_contains", "") in call.body.decode(errors="replace")
        )


class Faults:
    """Kept in the store, so that a fault armed stays armed over a restart."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def arm(self, wanted: dict) -> Fault:
        """`wanted` as the admin endpoint takes it; `times` is 1 unless given, null for until disarmed. Raises NotArmable."""
        _check(wanted)
        settings = {name: wanted[name] for name in SETTINGS if wanted.get(name) is not None}
        with self._store.transaction() as db:
            row = db.execute(
                "insert into faults (operation, kind, remaining, settings) values (?, ?, ?, ?) returning *",
                [wanted["operation"], wanted["kind"], wanted.get("times", 1), json.dumps(settings)],
            ).fetchone()
        return _read(row)

    def all(self) -> list[Fault]:
        with self._store.transaction() as db:
            return [_read(row) for row in db.execute("select * from faults order by id")]

    def disarm(self, *, fault_id: int | None = None) -> int:
        with self._store.transaction() as db:
            return db.execute("delete from faults where ? is null or id = ?", [fault_id, fault_id]).rowcount

    def take(self, call: Call, *, name: str, prompt_id: str) -> Fault | None:
        """The oldest armed fault that is about this call, used up by one."""
        with self._store.transaction() as db:
            rows = db.execute(
                "select * from faults where operation in (?, '*') and (remaining is null or remaining > 0) order by id", [call.operation]
            ).fetchall()
            for fault in map(_read, rows):
                if fault.applies(call, name=name, prompt_id=prompt_id):
                    db.execute("update faults set remaining = remaining - 1, taken = taken + 1 where id = ?", [fault.id])
                    return fault
        return None


def _read(row: object) -> Fault:
    found = dict(row)  # type: ignore[call-overload]
    return Fault(found["id"], found["operation"], found["kind"], found["remaining"], found["taken"], json.loads(found["settings"]))


def _check(wanted: dict) -> None:
    unknown = set(wanted) - {"operation", "kind", "times", *SETTINGS}
    if unknown:
        raise NotArmable(f"Unknown members: {', '.join(sorted(unknown))}.")
    operation, kind, code = wanted.get("operation"), wanted.get("kind"), wanted.get("code")
    if not isinstance(operation, str) or not operation:
        raise NotArmable("Name the operation, for example CreatePromptVersion, or * for every one.")
    if kind not in KINDS:
        raise NotArmable(f"The kind must be one of: {', '.join(KINDS)}.")
    times = wanted.get("times", 1)
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
        raise NotArmable("times must be a whole number from 1, or null for until disarmed.")
    if kind == "error" and not isinstance(code, str):
        raise NotArmable("An error needs its code, for example AccessDeniedException.")
    if (
        kind == "error"
        and not wanted.get("status")
        and operation in operations()
        and status_of(operation=operation, code=str(code)) is None
    ):
        raise NotArmable(f"{operation} has no error {code} in its service model; give a status to arm it anyway.")
    if kind in IN_A_STREAM and (operation != STREAMED or code not in (None, *stream_errors())):
        raise NotArmable(f"Only {STREAMED} has a middle, and the errors in it are: {', '.join(stream_errors())}.")
    if kind == "delay" and (not isinstance(wanted.get("seconds"), int | float) or wanted["seconds"] < 0):
        raise NotArmable("A delay needs its seconds.")
    match = wanted.get("match") or {}
    if not isinstance(match, dict) or set(match) - set(MATCHES) or not all(isinstance(value, str) for value in match.values()):
        raise NotArmable(f"match takes strings for: {', '.join(MATCHES)}.")


@dataclass
class HeldRequest:
    id: int
    fault: int
    operation: str
    request_id: str
    stage: str
    since: str
    prompt_id: str
    freed: threading.Event = field(default_factory=threading.Event)

    def as_json(self) -> dict:
        return {name: value for name, value in vars(self).items() if name != "freed"}


class Holding:
    """Requests that wait in their own thread until released or until their client goes away."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[int, HeldRequest] = {}
        self._last = 0

    def hold(self, call: Call, *, fault: Fault, stage: str, prompt_id: str) -> None:
        """`stage` is `before` or `reply`. Raises ClientGone if the caller hangs up first."""
        request = self._add(call, fault, stage, prompt_id)
        try:
            while not request.freed.wait(POLL_SECONDS):
                if client_gone(call.connection):
                    raise ClientGone
        finally:
            with self._lock:
                self._held.pop(request.id)

    def all(self) -> list[dict]:
        with self._lock:
            return [request.as_json() for request in self._held.values()]

    def release(self, *, fault_id: int | None) -> int:
        """Frees what one fault holds, or everything; says how many requests that were."""
        with self._lock:
            freed = [request for request in self._held.values() if fault_id in (None, request.fault) and not request.freed.is_set()]
            for request in freed:
                request.freed.set()
        return len(freed)

    def _add(self, call: Call, fault: Fault, stage: str, prompt_id: str) -> HeldRequest:
        with self._lock:
            self._last += 1
            request = HeldRequest(self._last, fault.id, call.operation, call.request_id, stage, now(), prompt_id)
            self._held[request.id] = request
        return request


def client_gone(connection: socket.socket | None) -> bool:
    if connection is None:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True

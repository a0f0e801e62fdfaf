"""The WSGI application: who calls, which operation, is a fault armed for it, what is the answer."""

import json
import re
import socket
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from . import constraints, converse, invoke
from .admin import PREFIX, Admin
from .calls import DEFAULT_ACCOUNT, DEFAULT_REGION, Call, Credential, Scope, read_credential
from .errors import AwsError, ClientGone, Reply, json_reply
from .faults import Fault, Faults, Holding
from .moto_services import MotoServices, error_reply, operation_of
from .prompt_rules import PROMPT_ARN
from .prompts import Prompts
from .rate_limits import RateLimits
from .service_model import Route, find_route, read_params, status_of
from .store import Store, now

LOOPBACK_NAMES = re.compile(r"(?:(?:.+\.)?localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?", re.IGNORECASE)
IDENTIFIERS = ("promptIdentifier", "modelId", "resourceArn")


class LocalAws:
    def __init__(self, *, store: Store, rate_limits: bool) -> None:
        self._store = store
        self._prompts = Prompts(store)
        self._faults = Faults(store)
        self._holding = Holding()
        self._moto = MotoServices(store)
        self._limits = RateLimits(enabled=rate_limits)
        self._admin = Admin(store=store, faults=self._faults, holding=self._holding)

    def __call__(self, environ: dict, start_response: Callable[..., Any]) -> Iterable[bytes]:
        request_id = str(uuid.uuid4())
        try:
            reply = self._answer(environ, request_id)
        except ClientGone:
            _drop(environ["werkzeug.socket"])
            raise ConnectionAbortedError from None
        sent = {name.lower() for name, _ in reply.headers}
        headers = [*reply.headers]
        if not reply.pieces:
            headers.append(("Content-Length", str(len(reply.body))))
        if reply.content_type:
            headers.append(("Content-Type", reply.content_type))
        if "x-amzn-requestid" not in sent:
            headers.append(("x-amzn-RequestId", request_id))
        # Whoever shows an answer can say that no real service gave it.
        headers.append(("x-local-aws", "1"))
        start_response(_status_line(reply.status), headers)
        return _sent(reply.pieces, environ["werkzeug.socket"]) if reply.pieces else [reply.body]

    def _answer(self, environ: dict, request_id: str) -> Reply:
        # A page in the developer's browser must not reach this server, neither directly nor through a rebound name.
        if "HTTP_ORIGIN" in environ or not LOOPBACK_NAMES.fullmatch(environ.get("HTTP_HOST", "")):
            return json_reply(403, {"message": "The local AWS answers programs on this machine, not web pages."})
        raw_path, _, query = environ["REQUEST_URI"].partition("?")
        body = _read_body(environ)
        if raw_path.startswith(PREFIX):
            return self._admin.answer(method=environ["REQUEST_METHOD"], path=raw_path, query=query, body=body)
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        credential = read_credential(authorization)
        found = find_route(method=environ["REQUEST_METHOD"], raw_path=raw_path)
        call = Call(
            operation=found[0].operation.name if found else operation_of(environ, body),
            scope=self._scope(credential),
            request_id=request_id,
            body=body,
            connection=environ.get("werkzeug.socket"),
        )
        if found and (not credential or credential.service == "bedrock"):
            return self._bedrock(call, route=found[0], labels=found[1], query=query, authorization=authorization)
        return self._other(call, environ)

    def _scope(self, credential: Credential | None) -> Scope:
        if credential is None:
            return Scope(account=DEFAULT_ACCOUNT, region=DEFAULT_REGION)
        key = credential.access_key
        account = key if re.fullmatch(r"[0-9]{12}", key) else self._store.account_of(key)
        return Scope(account=account or DEFAULT_ACCOUNT, region=credential.region)

    def _bedrock(self, call: Call, *, route: Route, labels: dict[str, str], query: str, authorization: str) -> Reply:
        if not authorization:
            return self._refusal(call, AwsError("MissingAuthenticationTokenException", "The request is not signed."))
        try:
            call.params = read_params(route=route, labels=labels, query=query, body=call.body)
        except AwsError as error:
            return self._refusal(call, error)
        return self._handle(
            call,
            lambda: self._act(call, route),
            lambda fault: _error(call, fault.settings["code"], fault.sentence, fault.status_for(call.operation)),
        )

    def _act(self, call: Call, route: Route) -> Reply:
        self._limits.spend(call)
        constraints.check(shape=route.input_shape, value=call.params)
        if call.operation == "Converse":
            return converse.converse(call.params, call.scope, prompts=self._prompts)
        if call.operation == "ConverseStream":
            return converse.converse_stream(call.params, call.scope, prompts=self._prompts)
        if call.operation == "InvokeModel":
            return invoke.invoke(call.params)
        answer = self._prompts.operations[call.operation](call.params, call.scope)
        return json_reply(int(route.operation.http["responseCode"]), answer)

    def _other(self, call: Call, environ: dict) -> Reply:
        return self._handle(
            call,
            lambda: self._moto.answer(environ, account=call.scope.account, region=call.scope.region, body=call.body),
            lambda fault: error_reply(
                environ,
                code=fault.settings["code"],
                message=fault.sentence,
                status=fault.status_for(call.operation),
                request_id=call.request_id,
            ),
        )

    def _handle(self, call: Call, act: Callable[[], Reply], fail: Callable[[Fault], Reply]) -> Reply:
        """One call with whatever fault is armed for it. Raises ClientGone where there is nobody to answer or the answer is to be lost."""
        prompt_id, name = self._subject(call)
        fault = self._faults.take(call, name=name, prompt_id=prompt_id)
        kind = fault.kind if fault else ""
        if fault and kind == "delay":
            time.sleep(fault.settings["seconds"])
        if fault and kind == "hold_before":
            self._hold_before(call, fault, prompt_id)
        reply = fail(fault) if fault and kind == "error" else self._done(call, act)
        self._record(call, reply=reply, fault=fault)
        if fault and kind == "hold_reply":
            self._holding.hold(call, fault=fault, stage="reply", prompt_id=prompt_id or reply.json().get("id", ""))
        if kind == "lost_reply":
            raise ClientGone
        return replace(reply, pieces=self._in_pieces(call, reply, fault, prompt_id)) if reply.pieces else reply

    def _in_pieces(self, call: Call, reply: Reply, fault: Fault | None, prompt_id: str) -> Iterator[bytes]:
        """What a fault does in the middle of a stream is done halfway. Raises ClientGone where the rest is to be lost."""
        frames = [*reply.pieces]
        for number, frame in enumerate(frames):
            if fault and number == len(frames) // 2 and fault.kind == "hold_stream":
                self._holding.hold(call, fault=fault, stage="stream", prompt_id=prompt_id)
            if fault and number == len(frames) // 2 and fault.kind == "broken_stream":
                if "code" not in fault.settings:
                    raise ClientGone
                yield converse.exception_frame(fault.settings["code"], fault.sentence)
                return
            time.sleep(reply.pause if number else 0)
            yield frame

    def _hold_before(self, call: Call, fault: Fault, prompt_id: str) -> None:
        try:
            self._holding.hold(call, fault=fault, stage="before", prompt_id=prompt_id)
        except ClientGone:
            self._record(call, reply=None, fault=fault)
            raise

    def _done(self, call: Call, act: Callable[[], Reply]) -> Reply:
        try:
            return act()
        except AwsError as error:
            return _error(call, error.code, error.message, _status(call, error), fields=error.fields)

    def _refusal(self, call: Call, error: AwsError) -> Reply:
        reply = _error(call, error.code, error.message, _status(call, error), fields=error.fields)
        self._record(call, reply=reply, fault=None)
        return reply

    def _subject(self, call: Call) -> tuple[str, str]:
        """The id and the name of the prompt that a call is about, as far as it says."""
        identifier = next((str(call.params[name]) for name in IDENTIFIERS if name in call.params), "")
        arn = PROMPT_ARN.fullmatch(identifier)
        prompt_id = arn["id"] if arn else identifier
        return prompt_id, str(call.params.get("name") or self._prompts.name_of(identifier=identifier))

    def _record(self, call: Call, *, reply: Reply | None, fault: Fault | None) -> None:
        answer = reply.json() if reply else {}
        prompt_id, _ = self._subject(call)
        self._store.write_journal(
            {
                "operation": call.operation,
                "prompt_id": prompt_id or answer.get("id", ""),
                "version": answer.get("version") or _version_in(call.params),
                "status": reply.status if reply else None,
                "request_id": call.request_id,
                "time": now(),
                "account": call.scope.account,
                "region": call.scope.region,
                "body": call.params or call.body.decode(errors="replace"),
                "fault": fault.id if fault else None,
            }
        )


def _version_in(params: dict) -> str:
    arn = next((found for name in IDENTIFIERS if (found := PROMPT_ARN.fullmatch(str(params.get(name, ""))))), None)
    return str(params.get("promptVersion") or (arn["version"] if arn else None) or "")


def _status(call: Call, error: AwsError) -> int:
    return status_of(operation=call.operation, code=error.code) or (403 if error.code.startswith("MissingAuth") else 400)


def _error(call: Call, code: str, message: str, status: int, *, fields: Iterable[tuple[str, str]] = ()) -> Reply:
    payload: dict[str, object] = {"message": message}
    if fields:
        payload["fieldList"] = [{"name": name, "message": text} for name, text in fields]
    return Reply(status=status, body=json.dumps(payload).encode(), headers=(("x-amzn-errortype", code),))


def _read_body(environ: dict) -> bytes:
    if environ.get("wsgi.input_terminated"):
        return environ["wsgi.input"].read()
    return environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))


def _sent(pieces: Iterable[bytes], connection: socket.socket) -> Iterator[bytes]:
    try:
        yield from pieces
    except ClientGone:
        _drop(connection)
        raise ConnectionAbortedError from None


def _drop(connection: socket.socket) -> None:
    # Closing the socket is all the client gets to see; the server's own clean-up comes too late to look like a lost reply.
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Status"

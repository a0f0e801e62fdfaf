"""Every other AWS service, by moto. Its memory starts empty, except for SSM parameters, whose calls are kept and made again."""

import io
import json
import os
import re
import threading
import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from werkzeug.test import run_wsgi_app

from .errors import Reply
from .store import Store

SSM_KEPT = ("PutParameter", "LabelParameterVersion", "UnlabelParameterVersion", "AddTagsToResource", "RemoveTagsFromResource")
SSM_FORGOTTEN = ("DeleteParameter", "DeleteParameters")
AWS_JSON = "application/x-amz-json-1.1"
ASSUMED = re.compile(r"<AccessKeyId>(?P<key>\w+)</AccessKeyId>.*?arn:aws[a-z-]*:sts::(?P<account>[0-9]{12}):assumed-role/", re.DOTALL)
# Hop-by-hop or recomputed by the server that answers.
DROPPED_HEADERS = {"content-length", "content-type", "connection", "transfer-encoding", "date", "server"}


class MotoServices:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._app: Any = None

    def answer(self, environ: dict, *, account: str, region: str, body: bytes) -> Reply:
        """moto's answer. What it does not know is 501 with a sentence."""
        app = self._loaded()
        environ = {**environ, "HTTP_X_MOTO_ACCOUNT_ID": account}
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        operation = target.removeprefix("AmazonSSM.")
        if target.startswith("AmazonSSM.") and operation in (*SSM_KEPT, *SSM_FORGOTTEN):
            # The order in which calls were made must be the order in which they are kept.
            with self._lock:
                reply = _run(app, environ, body)
                if reply.status < 300:
                    self._keep(account, region, operation, json.loads(body), target)
                return reply
        reply = _run(app, environ, body)
        if b"AssumeRole" in body and reply.status < 300:
            self._keep_assumed(reply.body)
        return reply

    def _loaded(self) -> Any:
        with self._lock:
            if self._app is None:
                self._app = self._load()
        return self._app

    def _load(self) -> Any:
        # Late, because moto takes a second to import and Bedrock alone does not need it. It must never look for real credentials.
        os.environ.setdefault("AWS_ACCESS_KEY_ID", "local")
        os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "local")
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        app = DomainDispatcherApplication(create_backend_app)
        with self._store.transaction() as db:
            calls = db.execute("select * from parameter_calls order by id").fetchall()
        for call in calls:
            _run(app, _ssm_environ(call["account"], call["region"], call["target"], call["body"]), call["body"].encode())
        return app

    def _keep(self, account: str, region: str, operation: str, body: dict, target: str) -> None:
        with self._store.transaction() as db:
            if operation in SSM_FORGOTTEN:
                names = body.get("Names") or [body.get("Name")]
                db.executemany(
                    "delete from parameter_calls where account = ? and region = ? and name = ?", [(account, region, name) for name in names]
                )
            elif body.get("ResourceType", "Parameter") == "Parameter":
                name = body.get("Name") or body.get("ResourceId", "")
                db.execute(
                    "insert into parameter_calls (account, region, name, target, body) values (?, ?, ?, ?, ?)",
                    [account, region, name, target, json.dumps(body)],
                )

    def _keep_assumed(self, body: bytes) -> None:
        found = ASSUMED.search(body.decode(errors="replace"))
        if found:
            self._store.remember_access_key(access_key=found["key"], account=found["account"])


def operation_of(environ: dict, body: bytes) -> str:
    """The operation's name where the protocol says it: X-Amz-Target or the form's Action; otherwise method and path."""
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return target.rpartition(".")[2]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        action = parse_qs(body.decode(errors="replace")).get("Action")
        if action:
            return action[0]
    return f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"


def error_reply(environ: dict, *, code: str, message: str, status: int, request_id: str) -> Reply:
    """An error in the protocol that the request speaks: XML for form services, JSON for the others."""
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        shown = f"<Type>Sender</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        xml = f"<ErrorResponse><Error>{shown}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
        return Reply(status=status, body=xml.encode(), content_type="text/xml")
    body = json.dumps({"__type": code, "message": message}).encode()
    return Reply(status=status, body=body, content_type=AWS_JSON, headers=(("x-amzn-errortype", code),))


def _run(app: Any, environ: dict, body: bytes) -> Reply:
    environ = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)), "wsgi.input_terminated": True}
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    try:
        chunks, status, headers = run_wsgi_app(app, environ, buffered=True)
    except Exception as error:
        # moto raises whatever it did not expect, NotImplementedError for the most part.
        return error_reply(
            environ, code="NotImplemented", message=f"The local AWS cannot do this: {error!r}", status=501, request_id=str(uuid.uuid4())
        )
    kept = tuple((name, value) for name, value in headers if name.lower() not in DROPPED_HEADERS)
    return Reply(status=int(status.split()[0]), body=b"".join(_bytes(chunks)), content_type=headers.get("Content-Type", ""), headers=kept)


def _bytes(chunks: Iterable[Any]) -> Iterable[bytes]:
    return (chunk.encode() if isinstance(chunk, str) else chunk for chunk in chunks)


def _ssm_environ(account: str, region: str, target: str, body: str) -> dict:
    from werkzeug.test import EnvironBuilder

    credential = f"AWS4-HMAC-SHA256 Credential=local/20260101/{region}/ssm/aws4_request, SignedHeaders=host, Signature=0"
    headers = [("Authorization", credential), ("X-Amz-Target", target), ("X-Moto-Account-Id", account)]
    return EnvironBuilder(method="POST", path="/", data=body, content_type=AWS_JSON, headers=headers).get_environ()

"""A receiver of webhooks on loopback that can be told to fail, to hang and to come back."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """`mode` is ok, hang, or a status to answer with. `got` are the requests that were taken, `seen` all that came."""

    url: str = ""
    mode: str | int = "ok"
    seen: list[dict[str, str]] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    hanging: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def batches(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    @property
    def sequences(self) -> list[tuple[str, int]]:
        return [(entry["chain"], entry["sequence"]) for batch in self.batches for entry in batch["entries"]]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = dict(self.headers.items())
            receiver.seen.append(headers)
            if receiver.mode == "hang":
                receiver.hanging.set()
                receiver.released.wait(60)
                return
            status = 204 if receiver.mode == "ok" else int(receiver.mode)
            if status == 204:
                receiver.got.append((headers, body))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", receiver.url)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Tests print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}/trail?from=studio"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()

"""An endpoint that speaks OpenAI's chat completions and embeddings. The types of OpenAI's own package judge what it gets and answers."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from openai.types import CreateEmbeddingResponse, EmbeddingCreateParams
from openai.types.chat import ChatCompletion
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from pydantic import TypeAdapter, ValidationError, with_config

KEY = "sk-test-1234"
NUMBERS = [0.6, 0.8, 0.0]


@dataclass
class Endpoint:
    """`reply` is the next answer: its status, body and headers; None for the usual one. `asked` is what came.

    It `waits` before it begins, and takes `seconds` for the answer itself.
    """

    url: str
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    reply: tuple[int, Any, dict[str, str]] | None = None
    waits: float = 0
    seconds: float = 0
    hangs_up: bool = False


def completion(content: Any = "Water damage.", *, finish: str = "stop", usage: bool = True, **message: Any) -> dict[str, Any]:
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "small",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "logprobs": None,
                "message": {"role": "assistant", "content": content, "refusal": None, **message},
            }
        ],
        **({"usage": {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}} if usage else {}),
    }
    ChatCompletion.model_validate(body, strict=True)
    return body


def embedding(numbers: Any = NUMBERS, *, usage: bool = True) -> dict[str, Any]:
    body = {"object": "list", "model": "small", "data": [{"object": "embedding", "index": 0, "embedding": numbers}]}
    CreateEmbeddingResponse.model_validate({**body, "usage": {"prompt_tokens": 3, "total_tokens": 3}}, strict=True)
    return {**body, "usage": {"prompt_tokens": 3, "total_tokens": 3}} if usage else body


def _judged_by(params: type) -> TypeAdapter[Any]:
    return TypeAdapter(with_config({"extra": "forbid"})(params))


USUAL = {
    "/v1/chat/completions": (_judged_by(CompletionCreateParamsNonStreaming), completion()),
    "/v1/embeddings": (_judged_by(EmbeddingCreateParams), embedding()),
}


@contextmanager
def serving() -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            endpoint.asked.append(body)
            endpoint.headers.append({name.lower(): value for name, value in self.headers.items()})
            if endpoint.hangs_up:
                self.close_connection = True
                return
            self._answer(*(endpoint.reply or self._usual(body)))

        def _usual(self, body: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
            if self.headers["Authorization"] != f"Bearer {KEY}":
                return (
                    401,
                    {"error": {"message": f"Incorrect API key provided: {self.headers['Authorization']}", "code": "invalid_api_key"}},
                    {},
                )
            if self.path not in USUAL:
                return 404, {"error": {"message": "Not Found"}}, {}
            request, reply = USUAL[self.path]
            try:
                request.validate_python(body, strict=True)
            except ValidationError as error:
                return 400, {"error": {"message": str(error), "type": "invalid_request_error"}}, {}
            return 200, reply, {"x-request-id": "req-1"}

        def _answer(self, status: int, body: Any, headers: dict[str, str]) -> None:
            time.sleep(endpoint.waits)
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json", "Content-Length": str(len(content))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            for byte in content if endpoint.seconds else [content]:
                self.wfile.write(bytes([byte]) if isinstance(byte, int) else byte)
                time.sleep(endpoint.seconds / len(content))

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint = Endpoint(f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

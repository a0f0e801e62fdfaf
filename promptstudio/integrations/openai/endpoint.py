"""Asking an endpoint that speaks OpenAI's HTTP API, whatever it is asked. Address and key come from the environment alone."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import requests
from django.conf import settings
from urllib3.exceptions import HTTPError, ReadTimeoutError

from promptstudio.evaluations.model_runner import RunFailed

from .errors import NotSetUp, failure_of, refusal_of

CONNECT_SECONDS = 5
LONGEST_REPLY = 20 * 1024 * 1024
PIECE = 64 * 1024
REQUEST_IDS = ("x-request-id", "x-litellm-call-id")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """`said` is what came back, of whatever form. `latency_ms` is ours, because such endpoints tell none."""

    said: Any
    latency_ms: int
    request_id: str


class Endpoint:
    def __init__(self) -> None:
        # Sessions keep connections, and are not made to be shared between threads.
        self._here = threading.local()

    def ask(self, path: str, body: Mapping[str, Any], *, uid: UUID, model: str) -> Reply:
        """Post `body` to `path` once, for at most `settings.MODEL_READ_TIMEOUT` seconds. Raises RunFailed."""
        began = time.monotonic()
        try:
            content, headers = self._posted(path, body, uid=uid, model=model, until=began + settings.MODEL_READ_TIMEOUT)
        except (requests.RequestException, NotSetUp) as error:
            raise failure_of(error) from error
        return Reply(
            said=_parsed(content),
            latency_ms=round((time.monotonic() - began) * 1000),
            request_id=next((headers[name] for name in REQUEST_IDS if headers.get(name)), ""),
        )

    def _posted(self, path: str, body: Mapping[str, Any], *, uid: UUID, model: str, until: float) -> tuple[bytes, Mapping[str, str]]:
        answer = self._session.post(
            base_url() + path,
            json=body,
            headers={"X-Client-Request-Id": str(uid), "User-Agent": "prompt-studio"},
            auth=_authorize,
            timeout=(CONNECT_SECONDS, settings.MODEL_READ_TIMEOUT),
            # The key would go to somebody else.
            allow_redirects=False,
            stream=True,
        )
        with answer:
            content = _read(answer, until=until)
            if answer.status_code != 200:
                raise refusal_of(answer.status_code, content, answer.headers, model=model)
        return content, answer.headers

    @property
    def _session(self) -> requests.Session:
        if not hasattr(self._here, "session"):
            self._here.session = requests.Session()
        return self._here.session  # type: ignore[no-any-return]


def base_url() -> str:
    """Raises NotSetUp."""
    url: str = settings.OPENAI_BASE_URL
    if not url:
        raise NotSetUp("OPENAI_BASE_URL is not set.")
    return url.rstrip("/")


def tokens_in(count: Any) -> int | None:
    """None for what nobody counted."""
    return count if isinstance(count, int) and 0 <= count < 2**31 else None


def _authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
    # As `auth`, so that no .netrc of the machine puts something else there.
    if settings.OPENAI_API_KEY:
        request.headers["Authorization"] = f"Bearer {settings.OPENAI_API_KEY}"
    return request


def _read(answer: requests.Response, *, until: float) -> bytes:
    """The whole reply. A time-out of requests is one between two pieces, so a reply that trickles is watched here."""
    content = bytearray()
    try:
        while piece := answer.raw.read1(PIECE, decode_content=True):
            content += piece
            if time.monotonic() > until:
                raise requests.ReadTimeout
            if len(content) > LONGEST_REPLY:
                raise RunFailed("The answer is longer than anything that can be kept.", code="too_long", permanent=True)
    except ReadTimeoutError as error:
        raise requests.ReadTimeout from error
    except HTTPError as error:
        raise requests.exceptions.ChunkedEncodingError from error
    return bytes(content)


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise RunFailed("What came back is no answer of a model.", code="no_reply", permanent=True) from None

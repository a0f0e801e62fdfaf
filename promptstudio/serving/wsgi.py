"""The hot read path: who is asking, what is live, bytes out. Stands in front of Django and answers one question only.

Everything that is out of the ordinary goes on to Django, whose answer is the truth: status, body and headers here are
what the API said before, so that there is no second opinion on any of them.
"""

import re
import uuid
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import structlog
from django.db import Error

from promptstudio.lib import clock
from promptstudio.projects.key_services import hash_secret

from . import database
from .memory import MOST_DOORS, Answer, Headers, Memory

log = structlog.get_logger(__name__)

Environ = dict[str, Any]
Door = tuple[str, str, str]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

ADDRESS = re.compile(r"/api/v1/prompts/([a-z0-9]+(?:[-/][a-z0-9]+)*)/live")
QUESTION = re.compile(r"environment=([A-Za-z0-9_-]{1,40})")
SECRET = re.compile(r"[A-Za-z0-9_-]{1,200}")
ONE_TAG = re.compile(r'"[^"]*"')
# A key's last use is noted by Django, at most once a minute.
NOTED_WITHIN = timedelta(minutes=1)
# Headers that belong to one answer, not to the way in.
OWN = frozenset(("etag", "content-length", "x-request-id", "deprecation", "link"))
LINES = {200: "200 OK", 304: "304 Not Modified", 410: "410 Gone"}
UNUSUAL = ("HTTP_COOKIE", "HTTP_RANGE", "HTTP_IF_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE")


class Serving:
    def __init__(self, django: Application) -> None:
        self.django = django
        self.memory = Memory(generation=-1)
        self.headers: dict[tuple[Door, int], Headers] = {}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        question = _question(environ)
        answer = self._answer(*question) if question else None
        if answer is None:
            return self.django(environ, start_response)
        status = 304 if answer.status == 200 and environ.get("HTTP_IF_NONE_MATCH") == answer.etag else answer.status
        door = _door(environ)
        headers = self.headers.get((door, status))
        if headers is None:
            return self.django(environ, self._learning(door, status, start_response))
        return _said(environ, start_response, status, headers, answer)

    def _answer(self, secret: str, environment: str, prompt: str) -> Answer | None:
        try:
            who = database.asking(hash_secret(secret), clock.now(), NOTED_WITHIN)
            if who is None or not who.may_read or who.environment not in (None, environment):
                return None
            return self._remembered(who.generation, (who.project, environment, prompt))
        except Error:
            log.warning("serving.database", exc_info=True)
            database.forget_connection()
            return None

    def _remembered(self, generation: int, place: tuple[int, str, str]) -> Answer | None:
        memory = self.memory
        if memory.generation != generation:
            memory = self.memory = Memory(generation)
        answer = memory.answers.get(place)
        if answer is None:
            # Read after the generation, so it is never older than what it is filed under.
            answer = database.served(*place)
            if answer:
                memory.keep(place, answer)
        return answer

    def _learning(self, door: Door, status: int, start_response: StartResponse) -> StartResponse:
        def start(line: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            if line.startswith(str(status)) and len(self.headers) < MOST_DOORS:
                self.headers[(door, status)] = tuple((name, value) for name, value in headers if name.lower() not in OWN)
            return start_response(line, headers, *rest)

        return start


def _question(environ: Environ) -> tuple[str, str, str] | None:
    """The key's secret, the environment and the prompt that a plain request names; None for any other request."""
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return None
    address = ADDRESS.fullmatch(environ.get("PATH_INFO", ""))
    question = QUESTION.fullmatch(environ.get("QUERY_STRING", "")) if address else None
    kind, _, secret = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if not address or not question or kind != "Bearer" or not SECRET.fullmatch(secret):
        return None
    if any(name in environ for name in UNUSUAL) or not ONE_TAG.fullmatch(environ.get("HTTP_IF_NONE_MATCH", '""')):
        return None
    return secret, question[1], address[1]


def _door(environ: Environ) -> Door:
    """The way in: Django checks hosts and may ask for HTTPS, so what it said holds for one door only."""
    return environ.get("HTTP_HOST", ""), environ.get("wsgi.url_scheme", ""), environ.get("HTTP_X_FORWARDED_PROTO", "")


def _said(environ: Environ, start_response: StartResponse, status: int, headers: Headers, answer: Answer) -> list[bytes]:
    body = b"" if status == 304 else answer.body
    own = [("Content-Length", str(len(body))), ("X-Request-ID", uuid.uuid4().hex)]
    if status != 410:
        own.append(("ETag", answer.etag))
    own += answer.renamed
    start_response(LINES[status], [*headers, *own])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

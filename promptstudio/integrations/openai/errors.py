"""What such an endpoint answers when no model does, in words for whoever tries a prompt. The key never stands in them."""

import json
from collections.abc import Mapping

import requests
from django.conf import settings

from promptstudio.evaluations.model_runner import RunFailed, Throttled, seconds_of

LONGEST_QUOTE = 600
# Asking less often would not help.
NO_MONEY = frozenset({"insufficient_quota", "billing_hard_limit_reached", "budget_exceeded"})


class NotSetUp(Exception):
    """Something is missing in the environment."""


def failure_of(error: requests.RequestException | NotSetUp) -> RunFailed:
    """The failure of a call that got no whole answer."""
    if isinstance(error, NotSetUp):
        return _permanent("not_set_up", f"Calling models is not set up: {error} Whoever runs Prompt Studio can mend it.")
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.ProxyError, requests.exceptions.SSLError)):
        return _transient("unreachable", "The endpoint of the model could not be reached.")
    if isinstance(error, requests.Timeout):
        # It works on, and is paid; asking again would only be paid again.
        return _permanent("no_answer", f"The model did not answer within {settings.MODEL_READ_TIMEOUT:g} seconds.")
    if isinstance(error, requests.exceptions.ChunkedEncodingError) or "closed connection without response" in str(error):
        return _transient("no_answer", "The answer of the model was lost on its way.")
    if isinstance(error, requests.ConnectionError):
        return _transient("unreachable", "The endpoint of the model could not be reached.")
    return _permanent("not_set_up", "The endpoint of the model cannot be called as it is set up. Whoever runs Prompt Studio can mend it.")


def refusal_of(status: int, content: bytes, headers: Mapping[str, str], *, model: str) -> RunFailed:
    """The failure that an answer other than 200 is."""
    code, message = _told(content)
    called = code or str(status)
    if status == 401:
        return _permanent(called, "The endpoint does not accept Prompt Studio's key. Whoever runs Prompt Studio can renew it.")
    if status == 403:
        return _permanent(called, f"The endpoint does not let Prompt Studio use {model}. Whoever runs it can grant it.")
    if status == 404:
        return _permanent(called, f"There is no model {model} at this endpoint. Choose another one.")
    if code in NO_MONEY or status == 402:
        return _permanent(called, f"The account at the endpoint may not spend more: {message or called}")
    if status == 429:
        return Throttled(f"The endpoint wants {model} to be asked less often.", code=called[:80], retry_after=_retry_after(headers))
    if status in (408, 409, 425) or status >= 500:
        return _transient(called, f"The model is busy or was not ready ({status}).")
    if 300 <= status < 400:
        return _permanent(called, "The endpoint of the model leads somewhere else. Whoever runs Prompt Studio can mend its address.")
    return _permanent(called, f"The model does not take this prompt as it is: {message or called}")


def _told(content: bytes) -> tuple[str, str]:
    """Code and message, where they can be found: OpenAI's `error`, or a text."""
    try:
        error = json.loads(content)["error"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "", ""
    if not isinstance(error, dict):
        return "", _quoted(str(error))
    return str(error.get("code") or error.get("type") or "")[:80], _quoted(str(error.get("message") or ""))


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    if settings.OPENAI_API_KEY:
        line = line.replace(settings.OPENAI_API_KEY, "…")
    return line if len(line) <= LONGEST_QUOTE else line[: LONGEST_QUOTE - 1] + "…"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds. Some say milliseconds in a header of their own, which is the more exact one."""
    milliseconds = seconds_of(headers.get("retry-after-ms", ""))
    return milliseconds / 1000 if milliseconds is not None else seconds_of(headers.get("retry-after", ""))


def _permanent(code: str, sentence: str) -> RunFailed:
    return RunFailed(sentence, code=code[:80], permanent=True)


def _transient(code: str, sentence: str) -> RunFailed:
    return RunFailed(sentence, code=code[:80], permanent=False)

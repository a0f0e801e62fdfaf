"""What goes wrong, as RFC 9457 problem JSON: one translation for every route."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from promptstudio.accounts.actor import Actor
from promptstudio.audit.services import keep_refusal
from promptstudio.deployments.release_services import Refused
from promptstudio.deployments.services import Blocked
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed, StudioError
from promptstudio.lib.read_only import TAKES_NO_WRITES
from promptstudio.lib.throttle import TooMany
from promptstudio.projects.models import ApiKey

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"


class NotFound(StudioError):
    code = "not_found"


class NotReleasedHere(NotFound):
    """Not there for this reader: whether it exists elsewhere is not said."""

    code = "not_released_here"


class OutOfService(StudioError):
    code = "out_of_service"


def problem(status: int, code: str, detail: str, **more: Any) -> HttpResponse:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": detail, **more}
    # ASCII, because what was sent may hold characters that have no UTF-8.
    response = HttpResponse(json.dumps(body), status=status, content_type=MEDIA_TYPE)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def no_such_address(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    return problem(404, "not_found", "There is no such address in this API. /api/v1/openapi.json lists all of them.")


def wrong_method(allowed: str) -> HttpResponse:
    response = problem(405, "method_not_allowed", f"This address takes {allowed} only.")
    response.headers["Allow"] = allowed
    return response


def register(api: NinjaAPI) -> None:
    """Every exception that can leave a route becomes a problem."""
    for kind, handler in HANDLERS.items():
        api.add_exception_handler(kind, handler)


def _invalid(request: HttpRequest, error: Invalid) -> HttpResponse:
    return problem(422, error.code, error.sentence, errors=error.errors)


def _not_allowed(request: HttpRequest, error: NotAllowed) -> HttpResponse:
    actor = getattr(request, "auth", None)
    if isinstance(actor, Actor):
        project = actor.key.account.project if isinstance(actor.key, ApiKey) else None
        keep_refusal(actor=actor, error=error, door=f"{request.method} {request.path}", project_uid=project.uid if project else None)
    return problem(403, error.code, error.sentence)


def _conflict(request: HttpRequest, error: Conflict) -> HttpResponse:
    return problem(409, error.code, error.sentence, **({"conflict": error.details} if error.details else {}))


def _blocked(request: HttpRequest, error: Blocked) -> HttpResponse:
    return problem(409, error.code, error.sentence, gates=gates_json(error.evaluation.answers))


def _release_refused(request: HttpRequest, error: Refused) -> HttpResponse:
    held_back = [{"name": item.prompt.name, "semver": item.version.semver, "detail": why} for item, why in error.reasons]
    return problem(409, error.code, error.sentence, held_back=held_back)


def gates_json(outcomes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: outcome[name] for name in ("gate", "title", "passed", "reason")} for outcome in outcomes]


def _too_many(request: HttpRequest, error: TooMany) -> HttpResponse:
    response = problem(429, error.code, error.sentence)
    response.headers["Retry-After"] = str(error.seconds)
    return response


def _not_found(request: HttpRequest, error: NotFound) -> HttpResponse:
    return problem(404, error.code, error.sentence)


def _gone(request: HttpRequest, error: OutOfService) -> HttpResponse:
    return problem(410, error.code, error.sentence)


def _nothing_there(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(404, "not_found", "There is nothing here.")


def _unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    response = problem(401, "unauthenticated", "Send a key that is in use: Authorization: Bearer ps_…")
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    if error.status_code == 400:
        return problem(400, "malformed", "The body is not JSON. Check its quotes, commas and brackets, and that it is UTF-8.")
    return problem(error.status_code, "refused", str(error))


def _malformed(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:
    return problem(400, "malformed", "The request could not be read.")


def _too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem(413, "too_large", "The body is too large. A prompt's texts have at most 200,000 characters each.")


def _ill_formed(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors: dict[str, str] = {}
    for each in error.errors:
        errors.setdefault(_place(each["loc"]), _sentence(each))
    return problem(422, "invalid", " ".join(f"{place}: {sentence}" for place, sentence in errors.items()), errors=errors)


def _place(location: tuple[int | str, ...]) -> str:
    # ninja puts the source first, and for a body also the name of our parameter.
    source, *rest = location
    return ".".join(map(str, rest[1:] if source == "body" else rest)) or str(source)


def _sentence(error: Mapping[str, Any]) -> str:
    context = error.get("ctx") or {}
    match error["type"]:
        case "missing":
            return "This is needed."
        case "extra_forbidden":
            return "This field is not known. Check its spelling."
        case "string_type":
            return "This must be text."
        case "string_unicode":
            return "There is half a character in this text, probably of a cut-off emoji. Remove it."
        case "dict_type" | "model_type" | "model_attributes_type":
            return "This must be an object with named fields."
        case "int_parsing" | "int_type" | "int_parsing_size":
            return "This must be a whole number."
        case "less_than_equal":
            return f"This can be at most {context['le']}."
        case "greater_than_equal":
            return f"This must be at least {context['ge']}."
        case "uuid_parsing" | "uuid_type":
            return "This must be an id as the API gave it, such as 0190b2f4-8a51-7c3e-9d27-5e0f6a1b2c3d."
        case "value_error":
            return str(context.get("error", error["msg"])).removeprefix("Value error, ")
    return f"{error['msg']}."


def _same_moment(request: HttpRequest, error: IntegrityError) -> HttpResponse:
    log.warning("api.integrity", error=str(error))
    return problem(409, "conflict", "Someone changed the same thing at the same moment. Read it again, then repeat.")


def _database_away(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("api.database")
    response = problem(503, "unavailable", "The database does not answer at the moment. Try again in a few seconds.")
    response.headers["Retry-After"] = "5"
    return response


def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("api.broken", path=request.path)
    return problem(500, "broken", "Something is broken on our side. It was logged; nothing of your request was kept.")


HANDLERS: dict[type[Exception], Any] = {
    Exception: _broken,
    **dict.fromkeys(TAKES_NO_WRITES, _database_away),
    IntegrityError: _same_moment,
    SuspiciousOperation: _malformed,
    RequestDataTooBig: _too_large,
    Http404: _nothing_there,
    HttpError: _unreadable,
    AuthenticationError: _unauthenticated,
    ValidationError: _ill_formed,
    NotFound: _not_found,
    OutOfService: _gone,
    NotAllowed: _not_allowed,
    Invalid: _invalid,
    Conflict: _conflict,
    Blocked: _blocked,
    Refused: _release_refused,
    TooMany: _too_many,
}

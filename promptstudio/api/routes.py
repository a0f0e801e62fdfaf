"""Which addresses there are, and what each may answer."""

from typing import Any

from ninja import NinjaAPI, Router
from ninja.operation import Operation

from promptstudio.prompts.names import RESERVED, SEGMENT

from . import problems
from .schemas import Problem


class PromptName:
    """Segments joined by /; a reserved word after the first segment is the address of something that belongs to the prompt."""

    regex = rf"{SEGMENT.pattern}(?:/(?!(?:{'|'.join(sorted(RESERVED))})(?:/|\Z)){SEGMENT.pattern})*"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class StudioAPI(NinjaAPI):
    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__


def answers(shape: Any, *, status: int = 200, besides: tuple[int, ...] = ()) -> dict[int, Any]:
    """The documented answers of a route: its shape, and problems."""
    refusals = {400, 401, 403, 404, 405, 422, *besides}
    return {status: shape, **({304: None} if 304 in besides else {}), **{refusal: Problem for refusal in sorted(refusals - {304})}}


def documentation(api: NinjaAPI) -> dict[str, Any]:
    schema: dict[str, Any] = dict(api.get_openapi_schema(path_prefix="api/v1/"))
    for path in schema["paths"].values():
        for operation in path.values():
            for status, described in operation["responses"].items():
                if status >= 400:
                    described["content"] = {problems.MEDIA_TYPE: described["content"]["application/json"]}
    schema["components"]["schemas"]["NewVersion"]["properties"]["bundle"] = {"$ref": "#/components/schemas/Bundle"}
    return schema


router = Router()

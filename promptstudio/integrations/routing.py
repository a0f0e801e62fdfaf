"""Which runner a model is asked through: by how its name begins. What no route knows is Bedrock's."""

from collections.abc import Generator, Mapping
from dataclasses import replace
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from promptstudio.evaluations.model_runner import Call, ModelRunner, Said, StreamingRunner

BEDROCK = "promptstudio.integrations.bedrock.runner.ConverseRunner"


class RoutingRunner:
    """`settings.MODEL_ROUTES` maps a prefix to the dotted path of a runner, which gets the name without it."""

    def run(self, call: Call) -> Said:
        model, asked = _routed(call)
        return model.run(asked)

    def stream(self, call: Call) -> Generator[str | Said]:
        """Whole at once from a runner that cannot tell piece by piece."""
        model, asked = _routed(call)
        if isinstance(model, StreamingRunner):
            yield from model.stream(asked)
        else:
            yield model.run(asked)


def _routed(call: Call) -> tuple[ModelRunner, Call]:
    routes: Mapping[str, str] = settings.MODEL_ROUTES
    prefix = next((prefix for prefix in routes if call.model.startswith(prefix)), "")
    if call.address or not prefix:
        return _made(BEDROCK), call
    return _made(routes[prefix]), replace(call, model=call.model.removeprefix(prefix))


@cache
def _made(path: str) -> ModelRunner:
    return import_string(path)()  # type: ignore[no-any-return]

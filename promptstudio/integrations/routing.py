"""Through what a model is asked: by how its name begins. What no route knows is Bedrock's."""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from promptstudio.evaluations.embedder import Embedded, Embedder
from promptstudio.evaluations.model_runner import Call, ModelRunner, Said, StreamingRunner

BEDROCK = "promptstudio.integrations.bedrock.runner.ConverseRunner"
BEDROCK_EMBEDDER = "promptstudio.integrations.bedrock.embedder.BedrockEmbedder"
# Nobody but the installation names an embedding model, so none of these has to be allowed first.
EMBEDDERS = {
    "openai:": "promptstudio.integrations.openai.embedder.OpenAIEmbedder",
    "local:": "promptstudio.integrations.local.embedder.LocalEmbedder",
}


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


class RoutingEmbedder:
    """Like RoutingRunner, for models that turn texts into numbers."""

    def embed(self, *, uid: UUID, model: str, text: str) -> Embedded:
        prefix = _prefix_of(model, EMBEDDERS)
        embedder: Embedder = _made(EMBEDDERS.get(prefix, BEDROCK_EMBEDDER))
        return embedder.embed(uid=uid, model=model.removeprefix(prefix), text=text)


def _routed(call: Call) -> tuple[ModelRunner, Call]:
    routes: Mapping[str, str] = settings.MODEL_ROUTES
    prefix = _prefix_of(call.model, routes)
    if call.address or not prefix:
        return _made(BEDROCK), call
    return _made(routes[prefix]), replace(call, model=call.model.removeprefix(prefix))


def _prefix_of(model: str, routes: Iterable[str]) -> str:
    return next((prefix for prefix in routes if model.startswith(prefix)), "")


@cache
def _made(path: str) -> Any:
    return import_string(path)()

"""Turning a text into numbers at Bedrock: InvokeModel with Amazon's Titan Text Embeddings V2 or with Cohere's Embed.

InvokeModel takes any bytes, so the bodies follow the models' own pages:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html and …/model-parameters-embed.html
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from promptstudio.evaluations.embedder import NO_EMBEDDING, Embedded
from promptstudio.evaluations.model_runner import RunFailed
from promptstudio.prompts.catalogue import plain_id

from .run_errors import run_failure_of
from .runner import EMULATED, RuntimeConnections

TOKENS = "x-amzn-bedrock-input-token-count"
LATENCY = "x-amzn-bedrock-invocation-latency"


@dataclass(frozen=True)
class _Maker:
    asks: Callable[[str], dict[str, Any]]
    numbers: Callable[[dict[str, Any]], list[Any]]


# By the beginning of the model's id. `normalize` makes every length 1, so that a product is an angle.
_MAKERS = {
    "amazon.titan-embed-text-v2": _Maker(
        lambda text: {"inputText": text, "dimensions": 1024, "normalize": True}, lambda reply: reply["embedding"]
    ),
    "cohere.embed-": _Maker(
        # Two texts that are compared are of the same kind, whatever stands for it.
        lambda text: {"texts": [text], "input_type": "clustering", "embedding_types": ["float"]},
        lambda reply: reply["embeddings"]["float"][0],
    ),
}


class BedrockEmbedder:
    def __init__(self) -> None:
        self._connections = RuntimeConnections()

    def embed(self, *, uid: UUID, model: str, text: str) -> Embedded:
        maker = _maker_of(model)
        try:
            client = self._connections.opened(settings.MODEL_PLACE, job_uid=uid)
            body = json.dumps(maker.asks(text))
            reply = client.invoke_model(modelId=model, body=body, contentType="application/json", accept="application/json")
            said = reply["body"].read()
        except (ClientError, BotoCoreError, ValueError, TypeError) as error:
            raise run_failure_of(error, model=model) from error
        return _embedded(maker, said, reply["ResponseMetadata"])


def _maker_of(model: str) -> _Maker:
    for start, maker in _MAKERS.items():
        if plain_id(model).startswith(start):
            return maker
    raise RunFailed(
        f"{model} does not turn texts into numbers as far as Prompt Studio knows. Whoever runs it can name Titan Text Embeddings V2 or "
        f"Cohere Embed.",
        code="no_model",
        permanent=True,
    )


def _embedded(maker: _Maker, said: bytes, metadata: dict[str, Any]) -> Embedded:
    headers = metadata.get("HTTPHeaders", {})
    try:
        reply = json.loads(said)
        numbers = tuple(float(number) for number in maker.numbers(reply))
        tokens = reply.get("inputTextTokenCount") or headers.get(TOKENS) or 0
        return Embedded(
            numbers=numbers,
            input_tokens=int(tokens),
            latency_ms=int(headers.get(LATENCY, 0)),
            request_id=metadata.get("RequestId", ""),
            emulated=EMULATED in headers,
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        raise RunFailed(NO_EMBEDDING, code="no_embedding", permanent=True) from None

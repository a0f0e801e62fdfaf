"""Turning a text into numbers at any endpoint that speaks OpenAI's embeddings: OpenAI itself, LiteLLM, Ollama, vLLM and others.

Shapes are those of https://platform.openai.com/docs/api-reference/embeddings.
"""

from uuid import UUID

from promptstudio.evaluations.embedder import NO_EMBEDDING, Embedded
from promptstudio.evaluations.model_runner import RunFailed

from .endpoint import Endpoint, Reply, tokens_in


class OpenAIEmbedder:
    def __init__(self) -> None:
        self._endpoint = Endpoint()

    def embed(self, *, uid: UUID, model: str, text: str) -> Embedded:
        # The format is the usual one and said all the same: LiteLLM makes a null of what is left out, which endpoints behind it refuse.
        body = {"model": model, "input": text, "encoding_format": "float"}
        return _embedded(self._endpoint.ask("/embeddings", body, uid=uid, model=model))


def _embedded(reply: Reply) -> Embedded:
    try:
        [found] = reply.said["data"]
        return Embedded(
            numbers=tuple(float(number) for number in found["embedding"]),
            input_tokens=tokens_in((reply.said.get("usage") or {}).get("prompt_tokens")),
            latency_ms=reply.latency_ms,
            request_id=reply.request_id,
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        raise RunFailed(NO_EMBEDDING, code="no_embedding", permanent=True) from None

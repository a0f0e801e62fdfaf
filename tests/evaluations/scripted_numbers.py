"""An embedder as somebody else would write one, named in the settings by its path: a vector of three words, counted."""

from uuid import UUID

from promptstudio.evaluations.embedder import Embedded
from promptstudio.evaluations.model_runner import RunFailed

PATH = f"{__name__}.WordCounter"
WORDS = ("pipe", "tree", "roof")
texts: list[str] = []


class WordCounter:
    def embed(self, *, uid: UUID, model: str, text: str) -> Embedded:
        texts.append(text)
        if "no numbers" in text:
            raise RunFailed("The model is not there.", code="gone", permanent=True)
        numbers = tuple(float(text.lower().count(word)) for word in WORDS)
        return Embedded(numbers=numbers, input_tokens=len(text.split()), latency_ms=5, request_id="e-1")

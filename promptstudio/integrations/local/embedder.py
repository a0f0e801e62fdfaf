"""Turning a text into numbers in the worker's own process, by a model of sentence-transformers. Nothing is fetched, and nothing costs.

The package is no part of Prompt Studio: it brings PyTorch along. Whoever wants it installs it where models are called.
"""

import os
import time
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

import structlog

from promptstudio.evaluations.embedder import Embedded
from promptstudio.evaluations.model_runner import RunFailed

log = structlog.get_logger(__name__)
# What makes a folder a model of sentence-transformers.
MODULES = "modules.json"
# A model is loaded once, and its tokenizer refuses to be used by two threads ("Already borrowed"). One text takes milliseconds.
_one_at_a_time = Lock()


class LocalEmbedder:
    def embed(self, *, uid: UUID, model: str, text: str) -> Embedded:
        """`model` is a folder, or an installed package that holds one. The first text waits until the model is loaded."""
        with _one_at_a_time:
            loaded = _loaded(model)
            began = time.monotonic()
            tokens = _tokens_within(loaded, text)
            numbers = loaded.encode(text, normalize_embeddings=True, show_progress_bar=False)
        return Embedded(
            numbers=tuple(float(number) for number in numbers),
            input_tokens=tokens,
            latency_ms=round((time.monotonic() - began) * 1000),
            request_id=f"local-{uid}",
        )


@cache
def _loaded(name: str) -> Any:
    """Raises RunFailed, and tries again the next time."""
    # Read when the package is imported: it would otherwise look whether there is a newer model.
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        log.warning("embedder.not_installed", exc_info=True)
        raise _not_set_up("The package sentence-transformers is not installed where models are called.") from error
    folder = _folder(name)
    if folder is None:
        raise _not_set_up(f"There is no model of sentence-transformers in “{name}”.", code="no_model")
    try:
        return SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    # Whatever a folder that is not whole makes it raise.
    except Exception as error:
        log.warning("embedder.not_loaded", folder=str(folder), exc_info=True)
        raise _not_set_up(f"The model in “{name}” cannot be loaded ({type(error).__name__}).", code="no_model") from error


def _folder(name: str) -> Path | None:
    if (Path(name) / MODULES).is_file():
        return Path(name)
    # Packages that carry a model are looked through, and not imported.
    spec = find_spec(name) if name.isidentifier() else None
    places = spec.submodule_search_locations if spec else None
    return next((found.parent for place in places or () for found in sorted(Path(place).rglob(MODULES))), None)


def _tokens_within(model: Any, text: str) -> int:
    """How many there are. Raises RunFailed for more than the model reads, because it leaves the rest out without a word."""
    tokenizer, most = model.tokenizer, model.max_seq_length
    # That of a model without a network is another one, and such a model reads everything.
    tokens = len(tokenizer(text, verbose=False)["input_ids"] if callable(tokenizer) else tokenizer.encode(text).ids)
    if most is not None and tokens > most:
        raise RunFailed(
            f"The text has {tokens} tokens, and the model reads {most:g}. Whoever runs Prompt Studio can name one that reads more.",
            code="too_long",
            permanent=True,
        )
    return tokens


def _not_set_up(sentence: str, code: str = "not_set_up") -> RunFailed:
    return RunFailed(f"{sentence} Whoever runs Prompt Studio can mend it.", code=code, permanent=True)

"""The embedder in the worker's own process.

Around sentence-transformers, against a package of that name that these tests write: it counts how often a model is loaded and, like the
tokenizers of the real one, does not bear two threads. With the real one, where it is installed: it brings PyTorch along, so the lock files
leave it out.
"""

import math
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from promptstudio.evaluations.embedder import Embedded, in_numbers
from promptstudio.evaluations.model_runner import RunFailed
from promptstudio.integrations.local import embedder
from promptstudio.integrations.local.embedder import LocalEmbedder

PACKAGE = """
import os
import time
from pathlib import Path
from threading import Lock

offline = os.environ.get("HF_HUB_OFFLINE")
loaded = []


class Tokenizer:
    def __call__(self, text, *, verbose):
        return {"input_ids": text.split()}


class SentenceTransformer:
    max_seq_length = 4

    def __init__(self, folder, *, device, local_files_only):
        time.sleep(0.05)
        if (Path(folder) / "broken").exists():
            raise OSError("no weights")
        loaded.append((folder, device, local_files_only))
        self.tokenizer, self.borrowed = Tokenizer(), Lock()

    def encode(self, text, *, normalize_embeddings, show_progress_bar):
        if not self.borrowed.acquire(blocking=False):
            raise RuntimeError("Already borrowed")
        time.sleep(0.01)
        self.borrowed.release()
        return [0.6, 0.8]
"""


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    embedder._loaded.cache_clear()
    yield
    embedder._loaded.cache_clear()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    place = tmp_path / "packages"
    place.mkdir()
    (place / "sentence_transformers.py").write_text(PACKAGE)
    monkeypatch.delitem(sys.modules, "sentence_transformers", raising=False)
    monkeypatch.syspath_prepend(place)
    yield place
    sys.modules.pop("sentence_transformers", None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "model"
    place.mkdir()
    (place / "modules.json").write_text("[]")
    return place


def embed(model: Path | str, text: str = "The pipe burst.") -> Embedded:
    return LocalEmbedder().embed(uid=uuid.uuid4(), model=str(model), text=text)


def imported() -> Any:
    return sys.modules["sentence_transformers"]


def test_a_text_becomes_numbers_that_say_what_they_took(package: Path, folder: Path) -> None:
    found = embed(folder)
    assert (found.numbers, found.input_tokens, found.emulated) == ((0.6, 0.8), 3, False)
    assert found.request_id.startswith("local-")


def test_a_model_is_found_by_the_beginning_of_its_name_and_nothing_is_fetched(package: Path, folder: Path) -> None:
    assert in_numbers(uuid.uuid4(), f"local:{folder}", "The pipe burst.").text == "[0.6, 0.8]"
    assert imported().loaded == [(str(folder), "cpu", True)]
    assert imported().offline == "1"


def test_a_package_may_carry_the_model_and_is_not_imported(package: Path) -> None:
    carried = package / "some_model" / "files"
    carried.mkdir(parents=True)
    (carried / "modules.json").write_text("[]")
    (package / "some_model" / "__init__.py").write_text("raise SystemExit")
    embed("some_model")
    assert imported().loaded == [(str(carried), "cpu", True)]


def test_many_threads_share_one_model(package: Path, folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: embed(folder), range(16)))
    assert {each.numbers for each in found} == {(0.6, 0.8)}
    assert len(imported().loaded) == 1


def test_more_than_the_model_reads_is_refused_and_not_cut(package: Path, folder: Path) -> None:
    with pytest.raises(RunFailed, match="has 5 tokens, and the model reads 4") as failure:
        embed(folder, "one two three four five")
    assert (failure.value.code, failure.value.permanent) == ("too_long", True)


@pytest.mark.parametrize("name", ["/nowhere/at/all", "no_such_package", "no-package", "json", ""])
def test_a_model_that_is_not_there_is_told(package: Path, name: str) -> None:
    with pytest.raises(RunFailed, match="There is no model of sentence-transformers in") as failure:
        embed(name)
    assert (failure.value.code, failure.value.permanent) == ("no_model", True)


def test_a_model_that_is_not_whole_is_told_and_tried_again(package: Path, folder: Path) -> None:
    (folder / "broken").touch()
    with pytest.raises(RunFailed, match=r"cannot be loaded \(OSError\)") as failure:
        embed(folder)
    assert failure.value.permanent
    (folder / "broken").unlink()
    assert embed(folder).numbers == (0.6, 0.8)


def test_without_the_package_it_is_not_set_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(RunFailed, match="sentence-transformers is not installed") as failure:
        embed(folder)
    assert (failure.value.code, failure.value.permanent) == ("not_set_up", True)


@pytest.mark.skipif(not find_spec("sentence_transformers"), reason="sentence-transformers, an extra with PyTorch, is not installed")
def test_the_real_package_does_the_same_with_a_small_real_model(tmp_path: Path) -> None:
    """Each word has an angle of its own; a text lies between those of its words."""
    import numpy
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    words = Tokenizer(WordLevel({"pipe": 0, "burst": 1, "?": 2}, unk_token="?"))
    words.pre_tokenizer = Whitespace()
    weights = numpy.array([[2.0, 0.0], [0.0, 2.0], [0.0, 0.0]], dtype="float32")
    SentenceTransformer(modules=[StaticEmbedding(words, embedding_weights=weights)], device="cpu").save(str(tmp_path))
    found = embed(tmp_path, "pipe burst")
    assert found.numbers == pytest.approx((math.sqrt(0.5), math.sqrt(0.5)))
    assert found.input_tokens == 2
    assert embed(tmp_path, "pipe").numbers == pytest.approx((1, 0))

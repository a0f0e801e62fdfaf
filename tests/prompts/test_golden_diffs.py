"""True histories of prompts, compared exactly as somebody looked at once and found right.

The pairs are from the public-domain (CC0) collection awesome-chatgpt-prompts. Where `made` is true, the older side stands there and
the newer one was edited by hand, because its history holds nothing of the kind (right-to-left, Chinese, emoji, moved paragraphs).
"""

import time
from typing import Any

import pytest

from promptstudio.prompts.diff import compare, patch, rows

from .golden_diffs import hunks, pairs
from .strategies import text_bundle

PAIRS = pairs()


def ids(pair: dict[str, Any]) -> str:
    return str(pair["name"])


@pytest.mark.parametrize("pair", PAIRS, ids=ids)
def test_a_pair_differs_as_it_was_found_right(pair: dict[str, Any]) -> None:
    assert hunks(pair["old"], pair["new"], ignore_white_space=pair.get("ignore_white_space", False)) == pair["hunks"]


@pytest.mark.parametrize("pair", PAIRS, ids=ids)
def test_both_texts_can_be_read_from_the_rows(pair: dict[str, Any]) -> None:
    of = rows(pair["old"], pair["new"])
    assert patch(of) == pair["new"]
    assert "".join(span.text for row in of for span in row.old) == pair["old"]


def test_there_are_enough_of_them_and_of_every_kind() -> None:
    assert sum(not pair["made"] for pair in PAIRS) >= 40
    kinds = {pair["name"].split(":")[0] for pair in PAIRS if pair["made"]}
    assert kinds == {"Arabic", "Chinese", "Russian", "Emoji", "English", "White space"}


@pytest.mark.parametrize("script", ["Arabic", "Chinese", "English", "Emoji"])
def test_140_kilobytes_a_side_are_compared_at_once(script: str) -> None:
    piece = next(pair["old"] for pair in PAIRS if pair["name"].startswith(f"{script}:"))
    lines = [f"{number} {line}" for number in range(140_000 // len(piece.encode()) + 1) for line in piece.split("\n")]
    old = "\n".join(lines)
    new = "\n".join([*lines[7:], *(line[::-1] for line in lines[:7])]).replace("7 ", "8 ")
    assert len(old.encode()) > 140_000
    started = time.perf_counter()
    compare(text_bundle(old), text_bundle(new))
    assert time.perf_counter() - started < 10

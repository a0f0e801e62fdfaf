"""promptfoo itself reads what Studio writes: vectors/exported has the files and what it made of them (vectors/README.md)."""

import json
from typing import Any

import pytest

from promptstudio.evaluations.files.reading import read_cases, words_of
from promptstudio.evaluations.files.templates import plain
from promptstudio.evaluations.files.writing import BEGINNING

from .exported import FOLDER, KINDS, SUITE, files

READ = json.loads((FOLDER / "read.json").read_text())
CASES = SUITE.cases


@pytest.mark.parametrize("kind", KINDS)
def test_the_files_that_promptfoo_read_are_what_is_written(kind: str) -> None:
    assert files()[kind] == (FOLDER / f"cases.{kind}").read_bytes()
    assert read_cases(words_of(files()[kind], f"x.{kind}"), ["claim"]).suite.digest == SUITE.digest


@pytest.mark.parametrize("kind", ["jsonl", "yaml"])
def test_promptfoo_finds_every_test_as_it_is(kind: str) -> None:
    for test, case in zip(READ[kind], CASES, strict=True):
        assert (test["description"], test["vars"], test.get("threshold")) == (case.name, case.values, case.threshold)
        assert test["assert"] == [plain(check.as_json()) for check in case.assertions]
        assert test["metadata"]["prompt_studio"]["uid"] == case.uid


def test_promptfoo_finds_in_a_table_what_cells_can_say() -> None:
    first, second = READ["csv"]
    assert (first["description"], first["threshold"], first["options"]) == ("'=Burst pipe", 0.5, {"prefix": "Please: "})
    assert first["vars"] == {"claim": 'The pipe, "burst".\nTwice.', "age": "3", "when": "2026-01-01", "code": "1e3", "flag": "yes"}
    assert first["metadata"]["prompt_studio.tags"] == ["storm", "a,b"]
    assert _checks(first) == [
        ("icontains", "pipe", None),
        ("levenshtein", "Yes.", 5),
        ("not-contains-any", ["a, b", 'c"d'], None),
        ("is-json", '{"type":"object"}', None),
    ]
    assert [kind for kind, _, _ in _checks(second)] == ["latency", "starts-with", "javascript", "equals"]
    assert _checks(second)[0][2] == 4000


def test_a_table_begins_so_that_excel_reads_its_letters() -> None:
    assert files()["csv"].decode().startswith(BEGINNING)


def _checks(test: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return [(check["type"], check.get("value"), check.get("threshold")) for check in test["assert"]]

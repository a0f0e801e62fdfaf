import json
from typing import Any

from promptstudio.prompts.reading.files import read_file
from promptstudio.prompts.reading.found import Found


def read(*rows: Any) -> list[Found]:
    return read_file("\n".join(json.dumps(row) for row in rows).encode(), "a.jsonl").prompts


def test_a_row_with_a_history_comes_with_its_newest_text() -> None:
    versions = [{"text": "Old", "date": "2024-05-31T09:00:00Z"}, {"text": "New", "date": "2024-06-01T09:00:00Z"}]
    (found,) = read({"title": "A", "versions": versions})
    assert (found.texts, [step["text"] for step in found.history]) == (["New"], ["Old", "New"])


def test_it_has_the_key_of_the_command(db: None) -> None:
    from promptstudio.prompts.importing import Row, read_row

    line = {"title": "A", "versions": [{"text": "Old", "date": "2024-05-31T09:00:00Z"}]}
    row = read_row(json.dumps(line), 1)
    assert isinstance(row, Row)
    assert read(line)[0].key == row.key


def test_a_whole_prompt_is_taken_as_it_is() -> None:
    bundle = {
        "kind": "chat",
        "system": "Be kind",
        "messages": [{"role": "user", "text": "Sort {{claim}}"}],
        "variables": [{"name": "claim"}],
    }
    first, second = read({"title": "A", "bundle": bundle}, {"title": "B", **bundle, "id": 7})
    assert first.bundle == second.bundle
    assert (first.bundle or {}).get("system") == "Be kind"
    assert second.notes == ["Not taken: id."]


def test_a_list_is_read_as_well() -> None:
    assert [found.title for found in read([{"title": "A", "text": "x"}, {"title": "B", "prompt": "y"}])] == ["A", "B"]


def test_each_bad_row_says_what_is_wrong_and_the_others_stay() -> None:
    text = '{"title": "A", "text": "x"}\nno json\n{"title": "B", "versions": []}\n{"title": "C", "messages": [{"role": "tool"}]}\n7\n'
    found = read_file(text.encode(), "a.jsonl").prompts
    assert [bool(row.problem) for row in found] == [False, True, True, True, True]

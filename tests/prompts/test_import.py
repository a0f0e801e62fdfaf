"""Taking in a file: each row becomes a prompt with its history, the same row a second time nothing."""

import codecs
import json
from io import BytesIO, StringIO, TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from promptstudio.accounts import actor as actors
from promptstudio.audit.models import Entry
from promptstudio.prompts.importing import Row, read_row
from promptstudio.prompts.imports import Taken, import_row
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, a_version

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "public-prompts.jsonl"


def data(title: str, *texts: str) -> dict[str, Any]:
    return {"title": title, "versions": [{"text": text, "date": f"2024-01-{day:02}T08:00:00Z"} for day, text in enumerate(texts, start=1)]}


def taken(cast: Cast, title: str, *texts: str) -> Taken:
    row = read_row(json.dumps(data(title, *texts)), 1)
    assert isinstance(row, Row)
    return import_row(project=cast.claims, row=row, actor=actors.system(via="import"))


def texts_of(prompt: Prompt) -> list[str]:
    return [version.bundle.messages[0].text for version in prompt.versions.order_by("id")]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "prompts.jsonl"


def load(file: Path, *lines: Any, project: str = "claims") -> str:
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return run(file, project)


def run(file: Path, project: str = "claims") -> str:
    out = StringIO()
    call_command("import_prompts", str(file), project=project, stdout=out)
    return out.getvalue()


def test_a_row_becomes_a_prompt_with_its_history(cast: Cast) -> None:
    assert taken(cast, "Poet", "Write about ${Topic:rain}.", "Write shortly about ${Topic:rain}.") == Taken("created", 2)
    prompt = Prompt.objects.get()
    assert (prompt.title, prompt.origin, prompt.project) == ("Poet", "import", cast.claims)
    assert texts_of(prompt) == ["Write about {{topic}}.", "Write shortly about {{topic}}."]
    first = prompt.versions.order_by("id")[0]
    assert (first.semver, first.origin, str(first.authored_at)[:10]) == ("1.0.0", "import", "2024-01-01")
    assert set(Entry.objects.filter(action="version.saved").values_list("via", flat=True)) == {"import"}


def test_the_same_row_again_changes_nothing(cast: Cast) -> None:
    taken(cast, "Poet", "One", "Two")
    before = Entry.objects.count()
    assert taken(cast, "Poet", "One", "Two") == Taken("unchanged")
    assert taken(cast, "Poet", "One") == Taken("unchanged")
    assert (Version.objects.count(), Entry.objects.count()) == (2, before)


def test_a_longer_history_is_continued(cast: Cast) -> None:
    taken(cast, "Poet", "One")
    assert taken(cast, "Poet", "One", "Two", "Three") == Taken("appended", 2)
    assert texts_of(Prompt.objects.get()) == ["One", "Two", "Three"]


def test_another_history_is_not_mixed_in(cast: Cast) -> None:
    taken(cast, "Poet", "One", "Two")
    found = taken(cast, "Poet", "One", "Other", "Three")
    assert (found.outcome, found.versions) == ("diverged", 0)
    assert "another one than in the file" in found.notes[0]
    assert texts_of(Prompt.objects.get()) == ["One", "Two"]


def test_what_was_written_here_since_is_not_covered(cast: Cast) -> None:
    taken(cast, "Poet", "One {{claim}}")
    mine = a_version(Prompt.objects.get(), by=cast.alice)
    found = taken(cast, "Poet", "One {{claim}}", "Two")
    assert (found.outcome, f"Version {mine.semver} was written here since" in found.notes[0]) == ("diverged", True)
    assert Prompt.objects.get().newest == mine


def test_a_text_that_repeats_the_one_before_is_no_version(cast: Cast) -> None:
    found = taken(cast, "Poet", "One", "One", "Two", "One")
    assert (found.outcome, found.versions) == ("created", 3)
    assert found.notes == ["Text 2 says the same as the one before and became no version."]


def test_a_text_that_cannot_be_taken_is_named_and_the_others_are_taken(cast: Cast) -> None:
    found = taken(cast, "Poet", "One", "x" * 3_000_000, "Two")
    assert (found.outcome, found.versions) == ("created", 2)
    assert found.notes[0].startswith("Text 2 was not taken: ")


def test_a_row_without_any_text_that_can_be_taken_makes_no_prompt(cast: Cast) -> None:
    found = taken(cast, "Poet", "x" * 3_000_000)
    assert (found.outcome, found.versions, len(found.notes)) == ("refused", 0, 1)
    assert not Prompt.objects.exists()


def test_the_same_row_in_another_project_is_another_prompt(cast: Cast) -> None:
    taken(cast, "Poet", "One")
    row = read_row(json.dumps(data("Poet", "One")), 1)
    assert isinstance(row, Row)
    assert import_row(project=cast.elsewhere, row=row, actor=actors.system(via="import")).outcome == "created"


def test_the_command_says_what_became_of_every_row(cast: Cast, file: Path) -> None:
    lines = (data("Poet", "One", "Two"), "", data("Cook", "Soup", "Soup"), "{broken", {"title": ""}, data("Poet", "One"))
    report = load(file, *lines)
    assert report.startswith("5 rows: 2 new, 2 not taken, 1 not taken: repeated. 3 versions made.")
    assert "line 3, Cook: new. Text 2 says the same as the one before and became no version." in report
    assert "line 4, (no title): not taken. This line is not JSON." in report
    assert "line 6, Poet: not taken: repeated. It has the title and the first text of line 1." in report
    assert Version.objects.count() == 3


def test_the_command_a_second_time_changes_nothing(cast: Cast, file: Path) -> None:
    load(file, data("Poet", "One"), data("Cook", "Soup"))
    before = Entry.objects.count()
    assert run(file).startswith("2 rows: 2 here already. 0 versions made.")
    assert Entry.objects.count() == before


def test_two_rows_of_one_title_are_two_prompts(cast: Cast, file: Path) -> None:
    assert "2 new" in load(file, data("Poet", "One"), data("Poet", "Other"))
    assert len(set(Prompt.objects.values_list("name", flat=True))) == 2


def test_a_title_with_line_breaks_and_markup_is_kept(cast: Cast, file: Path) -> None:
    title = "<script>alert(1)</script>\u202e\n" + "Long title\n" * 40
    report = load(file, data(title, "One", "One"))
    assert Prompt.objects.get().title.strip() == title.strip()
    assert "\n" not in report.split("line 1, ")[1].split(": new")[0]


def test_a_line_separator_inside_a_text_ends_no_line(cast: Cast, file: Path) -> None:
    file.write_text(json.dumps(data("Poet", "One\u2028still one\u0085and on"), ensure_ascii=False), encoding="utf-8")
    assert run(file).startswith("1 rows: 1 new")


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_an_empty_file_is_no_error(cast: Cast, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert run(file) == "0 rows: nothing to take. 0 versions made.\n"


def test_a_byte_order_mark_is_no_part_of_the_first_row(cast: Cast, file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(data("Poet", "One")).encode())
    assert run(file).startswith("1 rows: 1 new")


def test_a_file_that_cannot_be_read_is_named(cast: Cast, file: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run(file)


def test_a_project_that_is_not_there_is_named_with_those_that_are(cast: Cast, file: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no project “moon”\. There are: claims, elsewhere\."):
        load(file, data("Poet", "One"), project="moon")


@pytest.mark.skipif(not REAL.exists(), reason="the public prompts are not on this machine")
def test_the_beginning_of_the_real_file(cast: Cast, file: Path) -> None:
    with REAL.open(encoding="utf-8") as lines:
        first = [line.rstrip("\n") for line in islice(lines, 60)]
    report = load(file, *first)
    assert report.startswith("60 rows: ")
    assert Prompt.objects.count() >= 55
    assert Version.objects.count() >= Prompt.objects.count()
    made = Version.objects.count()
    again = run(file)
    assert "0 versions made." in again
    assert " new" not in again.splitlines()[0]
    assert Version.objects.count() == made


def test_a_line_that_is_not_utf8_is_named_and_the_others_are_taken(cast: Cast, file: Path) -> None:
    good = [json.dumps(data(title, "Write.")).encode() for title in ("First", "Last")]
    file.write_bytes(b"\n".join([codecs.BOM_UTF8 + good[0], b"", b'{"title": "M\xfcller"}', good[1]]))
    report = run(file)
    assert "3 rows: 2 new, 1 not taken." in report
    assert "line 3, (no title): not taken. This line is not UTF-8: its byte 13 belongs to another encoding." in report
    assert set(Prompt.objects.values_list("title", flat=True)) == {"First", "Last"}


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_the_summary_is_printed_whatever_a_title_holds(cast: Cast, file: Path, encoding: str) -> None:
    file.write_text('{"title": "Half \\ud83d Wörter", "versions": [{"text": "Write.", "date": "2024-01-01T08:00:00Z"}]}', encoding="utf-8")
    terminal = TextIOWrapper(BytesIO(), encoding=encoding)
    call_command("import_prompts", str(file), project="claims", stdout=terminal)
    terminal.flush()
    printed = terminal.buffer.getvalue().decode(encoding)
    assert "1 rows: 1 not taken." in printed
    assert "Half \\ud83d W" in printed

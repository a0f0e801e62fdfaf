"""Rows and words: what stays, what goes, what comes, for any text; and never at unbounded cost."""

import itertools
import json
import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptstudio.prompts.diff import Row, patch, rows, words
from promptstudio.prompts.diff.sequence import Budget, common
from promptstudio.prompts.diff.text import changes
from promptstudio.prompts.diff.tokens import lines, tokens

from .strategies import braced, characters

white_space = ["\r\n", "\r", "\n", " ", "\t", "\u2028"]
signs = ["e\u0301", "\u200d", "👩\u200d👩\u200d👧", "🇩🇪", "報告", "مرحبا"]
pieces = st.sampled_from([*white_space, *signs, "a", "B", "total", "3.5", "{{name}}", "{{ name }}", "."])
texts = st.lists(pieces, max_size=30).map("".join) | st.text(characters, max_size=80) | braced
PUBLIC_PROMPTS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "public-prompts.jsonl"


def old_text(found: list[Row]) -> str:
    return "".join(span.text for row in found for span in row.old)


def kept(found: list[Row], side: str) -> str:
    return "".join(span.text for row in found for span in getattr(row, side) if span.kind == "same")


def marked(found: list[Row], side: str) -> list[list[str]]:
    return [[span.text.strip("\r\n") for span in getattr(row, side) if span.kind != "same"] for row in found if row.kind != "same"]


def check(old: str, new: str, *, ignore_white_space: bool = False) -> list[Row]:
    found = rows(old, new, ignore_white_space=ignore_white_space)
    assert old_text(found) == old
    assert patch(found) == new
    assert [row.old_no for row in found if row.old_no] == list(range(1, len(lines(old)) + 1))
    assert [row.new_no for row in found if row.new_no] == list(range(1, len(lines(new)) + 1))
    return found


@given(texts, texts, st.booleans())
def test_the_difference_applied_to_the_old_text_gives_the_new_one(old: str, new: str, ignore_white_space: bool) -> None:
    check(old, new, ignore_white_space=ignore_white_space)


@given(texts, texts)
def test_what_stays_is_the_same_on_both_sides(old: str, new: str) -> None:
    found = rows(old, new)
    assert kept(found, "old") == kept(found, "new")
    assert all(row.kind == "same" for row in found) == (old == new)


@given(texts, texts)
def test_what_differs_in_white_space_only_is_no_change_when_that_is_ignored(old: str, new: str) -> None:
    squeezed = [" ".join(line.text.split()) for line in lines(old)] == [" ".join(line.text.split()) for line in lines(new)]
    assert all(row.kind == "same" for row in rows(old, new, ignore_white_space=True)) == squeezed


@given(texts, texts)
def test_words_hold_both_texts(old: str, new: str) -> None:
    found = words(old, new)
    assert "".join(span.text for span in found if span.kind != "added") == old
    assert "".join(span.text for span in found if span.kind != "removed") == new


@given(st.lists(st.integers(0, 4), max_size=40), st.lists(st.integers(0, 4), max_size=40))
def test_small_sequences_keep_as_much_as_possible(old: list[int], new: list[int]) -> None:
    longest = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i, j in itertools.product(range(len(old)), range(len(new))):
        longest[i + 1][j + 1] = longest[i][j] + 1 if old[i] == new[j] else max(longest[i][j + 1], longest[i + 1][j])
    found = common(old, new, budget=Budget())
    assert sum(length for _, _, length in found) == longest[-1][-1]
    assert all(old[i : i + length] == new[j : j + length] for i, j, length in found)


def test_without_budget_nothing_is_searched() -> None:
    assert common("abcabcd", "acbbcad", budget=Budget(steps=0)) == [(0, 0, 1), (6, 6, 1)]
    assert len(common("abcabcd", "acbbcad", budget=Budget())) > 2


@given(st.text(st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="{}"), max_size=40))
def test_no_token_splits_a_grapheme(text: str) -> None:
    grapheme = pytest.importorskip("regex").compile(r"\X")
    found = tokens(text)
    assert "".join(found) == text
    starts = {match.start() for match in grapheme.finditer(text)}
    assert set(itertools.accumulate(map(len, found[:-1]))) <= starts


@pytest.mark.parametrize(
    ("old", "new", "removed", "added"),
    [
        pytest.param("Keep it short.", "Keep it under 150 words.", "short", "under 150 words", id="words"),
        pytest.param("请总结这份报告", "请翻译这份报告", "总结", "翻译", id="Chinese, by character"),
        pytest.param("مرحبا بالعالم اليوم", "مرحبا بالناس اليوم", "بالعالم", "بالناس", id="right to left"),
        pytest.param("a 👩‍👩‍👧 here", "a 👩‍👩‍👦 here", "👩‍👩‍👧", "👩‍👩‍👦", id="emoji family"),
        pytest.param("in 🇩🇪🇫🇷 now", "in 🇩🇪🇮🇹 now", "🇫🇷", "🇮🇹", id="flags"),
        pytest.param("a cafe\u0301 there", "a cafe there", "cafe\u0301", "cafe", id="combining mark"),
        pytest.param("Dear {{first_name}}, hello", "Dear {{last_name}}, hello", "{{first_name}}", "{{last_name}}", id="placeholder"),
        pytest.param("from {{ a b", "from {{ c b", "a", "c", id="open braces"),
        pytest.param("is {{ name }} here", "is {{ nom }} here", "{{ name }}", "{{ nom }}", id="placeholder with blanks"),
        pytest.param("say a name}} now", "say {{ name}} now", "a name}}", "{{ name}}", id="words that became a placeholder"),
        pytest.param("ขอดูรูป", "ขอส่งรูป", "ดู", "ส่ง", id="Thai, by character"),
        pytest.param("pays 2,800.50 now", "pays 2,900.50 now", "2,800.50", "2,900.50", id="number"),
        pytest.param("we don't pay it", "we won't pay it", "don't", "won't", id="apostrophe"),
    ],
)
def test_it_marks(old: str, new: str, removed: str, added: str) -> None:
    found = check(old, new)
    assert marked(found, "old") == [[removed]]
    assert marked(found, "new") == [[added]]


def test_it_marks_a_single_character_of_a_long_key() -> None:
    key = "QUJD" * 30
    assert marked(check(f"key {key}", f"key {key[:60]}x{key[61:]}"), "new") == [["x"]]


def test_two_words_left_in_a_rewritten_sentence_are_not_kept() -> None:
    found = check("Summarise everything the customer told us a week ago.", "Translate whatever a visitor wrote here, the tone untouched.")
    assert len(marked(found, "new")[0]) == 1


def test_lines_are_paired_with_the_line_they_became() -> None:
    old = "One\nEstimate the damage from the report.\nList what is missing.\nEnd"
    new = "One\nNever promise cover.\nEstimate the damage from the photos.\nList what is missing.\nEnd"
    assert [(row.kind, row.old_no, row.new_no) for row in check(old, new)] == [
        ("same", 1, 1),
        ("added", None, 2),
        ("changed", 2, 3),
        ("same", 3, 4),
        ("same", 4, 5),
    ]


def test_appending_a_line_leaves_the_last_one_alone() -> None:
    assert [row.kind for row in check("a\r\nb", "a\r\nb\r\nc")] == ["same", "same", "added"]
    assert [row.kind for row in check("a", "a\n")] == ["same", "added"]


def test_other_line_ends_are_a_change_unless_white_space_is_ignored() -> None:
    assert [row.kind for row in check("a\nb\n", "a\r\nb\r\n")] == ["changed", "changed", "same"]
    assert {row.kind for row in check("a\nb\n", "a\r\nb\r\n", ignore_white_space=True)} == {"same"}


def test_nothing_has_no_lines() -> None:
    assert rows("", "") == []
    assert [row.kind for row in check("", "a\n")] == ["added", "added"]


def test_rows_of_one_kind_that_follow_each_other_are_one_change() -> None:
    found = check("a\nkeep the answer short\nz", "a\nkeep the answer brief\nnew one\nnew two\nz")
    assert [row.kind for row in found] == ["same", "changed", "added", "added", "same"]
    assert changes(found) == [False, True, True, False, False]


def _prose(seed: int, count: int) -> list[str]:
    chance = random.Random(seed)
    vocabulary = ["".join(chance.choices("abcdefghij", k=chance.randint(2, 9))) for _ in range(3000)]
    return chance.choices(vocabulary, k=count)


def _lines_of(of: list[str]) -> str:
    return "\n".join(" ".join(of[at : at + 6]) for at in range(0, len(of), 6))


def _edited(of: list[str]) -> list[str]:
    return [f"{word}-changed" if at in (300, 9000, 15000) else word for at, word in enumerate(of)]


@pytest.mark.parametrize("joined", [" ".join, _lines_of], ids=["one line", "many lines"])
def test_a_few_changes_in_100_kb_are_found_quickly_and_exactly(joined) -> None:
    prose = _prose(1, 18_000)
    old, new = joined(prose), joined(_edited(prose))
    assert len(old) > 100_000
    started = time.perf_counter()
    found = check(old, new)
    assert time.perf_counter() - started < 2
    assert sum(len(spans) for spans in marked(found, "new")) == 3


LARGE = {
    "words in one line": (" ".join(_prose(1, 23_000)), " ".join(_prose(2, 23_000))),
    "lines": (_lines_of(_prose(1, 23_000)), _lines_of(_prose(2, 23_000))),
    "short lines": ("\n".join(_prose(1, 23_000)), "\n".join(_prose(2, 23_000))),
    "two words again and again": ("to be " * 23_000, "be or " * 23_000),
    "two lines again and again": ("to\nbe\n" * 14_000, "be\n\nto\n" * 14_000),
    "no space at all": ("a1b" * 46_000, "ba1" * 46_000),
    "Chinese": ("报告请总结" * 28_000, "请翻译报告" * 28_000),
    "line ends": ("a line of it\n" * 10_000, "a line of it\r\n" * 10_000),
    "many marks": ("e\u0301" * 70_000, "e\u0300" * 70_000),
    "open braces": ("{{" * 70_000, "{{a" * 46_000),
}


@pytest.mark.parametrize("case", LARGE)
def test_140_kb_that_have_little_in_common_stay_bounded(case: str) -> None:
    old, new = LARGE[case]
    budget = Budget()
    started = time.perf_counter()
    found = rows(old, new, budget=budget)
    assert time.perf_counter() - started < 20
    assert budget.steps > -100_000
    assert (old_text(found), patch(found)) == (old, new)


@pytest.mark.skipif(not PUBLIC_PROMPTS.exists(), reason="the public prompts are not beside this checkout")
def test_true_edit_histories() -> None:
    pairs = 0
    for line in PUBLIC_PROMPTS.read_text(encoding="utf-8").strip().split("\n"):
        versions = [version["text"] for version in json.loads(line)["versions"]]
        for old, new in itertools.pairwise(versions):
            found = check(old, new)
            assert kept(found, "old") == kept(found, "new")
            pairs += 1
    assert pairs > 100

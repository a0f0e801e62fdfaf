"""Lines found again in a later text, by what they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptstudio.prompts.bundle import Bundle, parse
from promptstudio.prompts.diff import Found, Lines, follow, replaced

from .strategies import bundles, text_bundle

HERE = "messages.0.text"


def one(old: Bundle | str, new: Bundle | str, first: int, last: int = 0, place: str = HERE) -> Found | None:
    old, new = (text_bundle(each) if isinstance(each, str) else each for each in (old, new))
    lines = Lines(place, first, last or first)
    return follow(old, new, [lines])[lines]


def at(first: int, last: int = 0, place: str = HERE) -> Found:
    return Found(Lines(place, first, last or first))


def test_a_line_is_found_where_it_stands_now() -> None:
    assert one("a cat\nb dog\nc cow", "new one\na cat\nb dog\nc cow", 2) == at(3)


def test_several_lines_stay_together() -> None:
    assert one("a cat\nb dog\nc cow", "new one\na cat\nb dog\nc cow", 1, 2) == at(2, 3)
    assert one("a cat\nb dog", "a cat\nbetween them\nb dog", 1, 2) == Found(Lines(HERE, 1, 3), reworded=True)


def test_a_line_that_moved_is_found_by_its_words() -> None:
    assert one("Be brief.\nBe kind.\nNever promise cover.", "Never promise cover.\nBe brief.\nBe kind.", 3) == at(1)


def test_it_is_found_in_another_message() -> None:
    old = parse({"kind": "text", "messages": [{"role": "user", "text": "Be brief.\n{{claim}}"}], "variables": [{"name": "claim"}]})
    new = parse(
        {"kind": "text", "system": "Be brief.", "messages": [{"role": "user", "text": "{{claim}}"}], "variables": [{"name": "claim"}]}
    )
    assert one(old, new, 1) == at(1, place="system")


def test_other_words_in_its_place_are_told_apart_from_the_same() -> None:
    assert one("Answer in at most 150 words.", "Answer in at most 90 words.", 1) == Found(Lines(HERE, 1, 1), reworded=True)


def test_what_is_gone_is_gone() -> None:
    assert one("Be brief.\nNever promise cover.\nBe kind.", "Be brief.\nBe kind.", 2) is None
    assert one("Be brief.", "Wholly else", 1) is None


def test_of_two_equal_lines_the_one_with_the_same_neighbours_counts() -> None:
    assert one("one\n---\ntwo\n---\nthree", "zero\n---\none\n---\ntwo\n---\nthree", 4) == at(6)


def test_lines_that_moved_with_their_neighbour_are_told_apart_by_it() -> None:
    assert one("alpha\n---\nbeta\n---\ngamma", "beta\n---\ngamma\nalpha\n---", 2) == at(5)


@given(bundles, bundles)
def test_it_never_names_lines_that_are_not_there(old: Bundle, new: Bundle) -> None:
    wanted = [Lines(place, 1, 1) for place, text in old.texts if text]
    for found in follow(old, new, wanted).values():
        assert found is None or found.lines.are_in(new)


@given(bundles)
def test_every_line_of_a_bundle_is_found_in_itself(bundle: Bundle) -> None:
    wanted = [Lines(place, 1, 1) for place, text in bundle.texts if text]
    assert follow(bundle, bundle, wanted) == {lines: Found(lines) for lines in wanted}


@pytest.mark.parametrize(
    ("first", "last", "words", "after"),
    [
        (2, 2, "B", "a\r\nB\nc"),
        (3, 3, "C", "a\r\nb\nC"),
        (1, 2, "x\ny", "x\ny\nc"),
        (2, 2, "", "a\r\nc"),
        (3, 3, "", "a\r\nb"),
        (1, 3, "", ""),
    ],
)
def test_lines_are_replaced_and_the_rest_stays(first: int, last: int, words: str, after: str) -> None:
    assert replaced("a\r\nb\nc", Lines(HERE, first, last), words) == after


@given(st.lists(st.text(alphabet="ab \n", max_size=6), min_size=1, max_size=5))
def test_a_line_replaced_by_itself_changes_nothing(parts: list[str]) -> None:
    text = "\n".join(parts) + "."
    lines = Lines(HERE, 1, 1)
    assert replaced(text, lines, lines.text_in(text_bundle(text))) == text or not lines.text_in(text_bundle(text))

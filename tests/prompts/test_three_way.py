"""Joining what two people made of one text."""

from hypothesis import given
from hypothesis import strategies as st

from promptstudio.prompts.diff.three_way import Clashing, Joined, three_way

BASE = "You sort claims.\nBe short.\nNever promise cover.\n"
texts = st.lists(st.sampled_from(["a", "b", "c", "d", "", "e\r"]), max_size=8).map("\n".join)


def text_of(pieces: list[Joined | Clashing]) -> str:
    return "".join(piece.text if isinstance(piece, Joined) else f"<{piece.mine}|{piece.theirs}>" for piece in pieces)


def test_what_each_changed_in_lines_of_their_own_is_joined() -> None:
    mine = BASE.replace("Be short.", "Be brief.")
    theirs = BASE.replace("Never", "Do not ever")
    assert text_of(three_way(BASE, mine, theirs)) == "You sort claims.\nBe brief.\nDo not ever promise cover.\n"


def test_lines_that_one_added_and_the_other_took_out_elsewhere() -> None:
    mine, theirs = "First.\n" + BASE, BASE.replace("Be short.\n", "")
    assert text_of(three_way(BASE, mine, theirs)) == "First.\nYou sort claims.\nNever promise cover.\n"


def test_a_line_that_both_changed_clashes_and_nothing_else_does() -> None:
    mine, theirs = BASE.replace("short", "brief"), BASE.replace("short", "kind")
    joined = text_of(three_way(BASE, mine, theirs))
    assert joined == "You sort claims.\n<Be brief.\n|Be kind.\n>Never promise cover.\n"


def test_the_same_change_on_both_sides_is_no_clash() -> None:
    mine = BASE.replace("short", "brief")
    assert text_of(three_way(BASE, mine, mine)) == mine


def test_neighbouring_lines_of_two_people_are_no_clash_whatever_their_number() -> None:
    base = "".join(f"{n}\n" for n in range(1, 7))
    mine = base.replace("6\n", "six\n7\n")
    theirs = base.replace("4\n5\n", "four\nfive\n")
    assert text_of(three_way(base, mine, theirs)) == "1\n2\n3\nfour\nfive\nsix\n7\n"
    assert text_of(three_way(base, theirs, mine)) == "1\n2\n3\nfour\nfive\nsix\n7\n"


def test_a_line_added_beside_one_that_the_other_reworded_is_no_clash() -> None:
    assert (
        text_of(three_way(BASE, BASE + "Ask first.\n", BASE.replace("cover", "money"))) == BASE.replace("cover", "money") + "Ask first.\n"
    )
    assert text_of(three_way(BASE, "First.\n" + BASE, BASE.replace("sort", "weigh"))) == "First.\n" + BASE.replace("sort", "weigh")


def test_a_line_put_in_beside_a_reworded_one_clashes_where_nobody_knows_which_is_which() -> None:
    assert text_of(three_way("a\n", "a\nb\n", "c\nd\n")) == "<a\nb\n|c\nd\n>"


def test_a_line_that_one_moved_into_a_clash_is_part_of_it() -> None:
    joined = text_of(three_way("a\nb\n-\nz\n", "a\nb\nx\ny\nz\n", "a\n-\nb\nz\n"))
    assert joined == "a\n<b\nx\ny\n|-\nb\n>z\n"


@given(texts, texts)
def test_what_only_one_changed_is_taken_whole(base: str, changed: str) -> None:
    assert text_of(three_way(base, changed, base)) == changed
    assert text_of(three_way(base, base, changed)) == changed
    assert text_of(three_way(base, changed, changed)) == changed


@given(texts, texts, texts)
def test_each_side_stands_whole_in_the_pieces(base: str, mine: str, theirs: str) -> None:
    pieces = three_way(base, mine, theirs)
    if any(isinstance(piece, Clashing) for piece in pieces):
        return
    swapped = three_way(base, theirs, mine)
    assert text_of(pieces) == text_of(swapped), "who is asked makes no difference"


@given(texts, texts, texts)
def test_a_clash_has_two_different_texts_and_both_differ_from_before(base: str, mine: str, theirs: str) -> None:
    for piece in three_way(base, mine, theirs):
        if isinstance(piece, Clashing):
            assert piece.mine != piece.theirs
            assert piece.base not in (piece.mine, piece.theirs)


@given(texts, texts, texts)
def test_whichever_side_is_chosen_every_line_of_it_stands(base: str, mine: str, theirs: str) -> None:
    """Lines that one side alone added or kept stand in the joint text, or in the clash where they are asked for."""
    pieces = three_way(base, mine, theirs)
    shown = "".join(piece.text if isinstance(piece, Joined) else piece.mine + piece.theirs for piece in pieces)
    for side in (mine, theirs):
        added = set(side.split("\n")) - set(base.split("\n"))
        assert all(line in shown for line in added)

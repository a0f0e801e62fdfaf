"""Names are readable in addresses, free of collisions, and legal at every target."""

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptstudio.lib.errors import Invalid
from promptstudio.prompts.names import RESERVED, check_name, name_from_title, remote_name

BEDROCK = re.compile(r"([0-9a-zA-Z][_-]?){1,100}")
segments = st.lists(st.text("abz09", min_size=1, max_size=12), min_size=1, max_size=4).map("-".join)
names = st.lists(segments, min_size=1, max_size=3).map("/".join)


def nothing_taken(name):
    return False


@pytest.mark.parametrize("name", ["a", "first-letter", "claims/motor/first-letter", "versions", "2024", "a" * 200])
def test_these_are_names(name):
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "A",
        "a b",
        "a--b",
        "-a",
        "a-",
        "a_b",
        "/a",
        "a/",
        "a//b",
        "ü",
        "a\n",
        "a.b",
        "a" * 201,
        *(f"a/{word}" for word in sorted(RESERVED)),
    ],
)
def test_these_are_not_and_the_field_says_why(name):
    with pytest.raises(Invalid) as refused:
        check_name(name)
    assert list(refused.value.errors) == ["name"]


def test_a_reserved_word_is_refused_deep_inside_and_named():
    with pytest.raises(Invalid, match="“live”"):
        check_name("claims/live/letter")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("First letter (motor)", "first-letter-motor"),
        ("Größe & Maß", "grosse-mass"),
        ("Résumé: Æsop's Łódź", "resume-aesop-s-lodz"),
        ("İSTANBUL ılık", "istanbul-ilik"),
        ("AI 写作 / helper\nline two", "ai-helper-line-two"),
        ("Versions", "versions-prompt"),
        ("ﬁne ①", "fine-1"),
    ],
)
def test_titles_become_readable_names(title, name):
    assert name_from_title(title, nothing_taken) == name


@pytest.mark.parametrize("title", ["写作助手", "مساعد", "2024", "!!!", "", "😀"])
def test_a_title_without_a_latin_letter_gets_a_stable_name(title):
    name = name_from_title(title, nothing_taken)
    assert re.fullmatch("prompt-[0-9a-f]{8}", name)
    assert name == name_from_title(title, nothing_taken)


def test_titles_without_latin_letters_differ():
    assert name_from_title("写作", nothing_taken) != name_from_title("助手", nothing_taken)


def test_repeated_titles_are_numbered_and_stay_short():
    taken = set()
    for _ in range(12):
        taken.add(name_from_title("long title " * 60, taken.__contains__))
    assert len(taken) == 12
    assert all(len(name) <= 80 for name in taken)
    assert {name.rpartition("-")[2] for name in taken} >= {str(number) for number in range(2, 13)}


@given(st.text(), st.sets(st.sampled_from(["a", "a-2", "b"])))
def test_every_title_gets_a_free_and_legal_name(title, taken):
    name = name_from_title(title, taken.__contains__)
    assert check_name(name) not in taken
    assert len(name) <= 80
    check_name(f"folder/{name}")


@given(names, st.uuids())
def test_remote_names_are_legal_in_bedrock_and_tell_placements_apart(name, uid):
    remote = remote_name(name, uid)
    assert BEDROCK.fullmatch(remote)
    assert len(remote) <= 89
    assert remote.endswith("-" + uid.hex[-8:])
    assert remote_name(name, str(uid)) == remote


def test_uids_made_in_the_same_moment_give_different_remote_names():
    one, other = uuid.UUID("019352f0-0000-7000-8000-000000000001"), uuid.UUID("019352f0-0000-7000-8000-0000000000f2")
    assert remote_name("a/b", one) != remote_name("a/b", other)
    assert remote_name("a/b", one).startswith("a-b-")

"""Whatever two people do to a prompt's messages, no words are lost, and none go into another message."""

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from promptstudio.web.forms.catching_up import CaughtUp, catch_up
from promptstudio.web.forms.merging import Choice

Content = dict[str, Any]
EDITS = ("reword", "add_line", "remove_line", "add", "remove", "move", "role", "system")


def lines_of(content: Content) -> set[str]:
    texts = [content["system"], *(message["text"] for message in content["messages"])]
    return {line for text in texts for line in text.split("\n") if line.startswith("w")}


class Writing:
    """Every line that is written is one of its own, so that it can be found again; some are blank or a rule, as in real prompts."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw, self.count = draw, 0

    def line(self) -> str:
        self.count += 1
        return self.draw(st.sampled_from(["", "---", *[f"w{self.count}"] * 4]))

    def text(self) -> str:
        return "\n".join(self.line() for _ in range(self.draw(st.integers(0, 4))))

    def message(self) -> Content:
        return {"role": self.draw(st.sampled_from(["user", "assistant"])), "text": self.text()}

    def prompt(self) -> Content:
        return {"kind": "chat", "system": self.text(), "messages": [self.message() for _ in range(self.draw(st.integers(0, 4)))]}

    def at(self, rows: list[Any]) -> int:
        return self.draw(st.integers(0, len(rows) - 1))

    def changed(self, content: Content) -> Content:
        found = copy.deepcopy(content)
        for edit in self.draw(st.lists(st.sampled_from(EDITS), min_size=1, max_size=3)):
            self.edit(edit, found)
        return found

    def edit(self, edit: str, content: Content) -> None:
        rows = content["messages"]
        if edit == "system":
            content["system"] = self.reworded("reword", content["system"])
        elif edit == "add":
            rows.insert(self.draw(st.integers(0, len(rows))), self.message())
        elif rows and edit == "remove":
            del rows[self.at(rows)]
        elif rows and edit == "move":
            rows.insert(self.at(rows), rows.pop(self.at(rows)))
        elif rows and edit == "role":
            rows[self.at(rows)]["role"] = self.draw(st.sampled_from(["user", "assistant"]))
        elif rows:
            row = rows[self.at(rows)]
            row["text"] = self.reworded(edit, row["text"])

    def reworded(self, edit: str, text: str) -> str:
        lines = text.split("\n")
        at = self.at(lines)
        lines[at : at + (edit != "add_line")] = [] if edit == "remove_line" else [self.line()]
        return "\n".join(lines)


@st.composite
def three_sides(draw: st.DrawFn) -> tuple[Content, Content, Content]:
    writing = Writing(draw)
    base = writing.prompt()
    return base, writing.changed(base), writing.changed(base)


def with_all(which: str, caught: CaughtUp, *sides: Content) -> CaughtUp:
    base, mine, theirs = sides
    return catch_up(base=base, mine=mine, theirs=theirs, decided={clash.place: Choice(which) for clash in caught.clashes})


@settings(max_examples=300)
@given(three_sides())
def test_no_words_are_lost(sides: tuple[Content, Content, Content]) -> None:
    base, mine, theirs = sides
    caught = catch_up(base=base, mine=mine, theirs=theirs, decided={})
    asked = {line for clash in caught.clashes for line in f"{clash.mine}\n{clash.theirs}".split("\n")}
    before, ours, others = lines_of(base), lines_of(mine), lines_of(theirs)
    wanted = (ours - before) | (others - before) | (before & ours & others)
    assert wanted <= lines_of(caught.content) | asked
    assert lines_of(caught.content) <= ours | others, "and none is made up or glued to another"
    for which, side, other in (("mine", ours, others), ("theirs", others, ours)):
        chosen = with_all(which, caught, *sides)
        assert [clash.place for clash in chosen.clashes] == [clash.place for clash in caught.clashes]
        kept = (side - before) | (before & ours & others) | ((other - before) - asked)
        assert kept <= lines_of(chosen.content)


@settings(max_examples=100)
@given(three_sides())
def test_what_one_alone_changed_is_the_result(sides: tuple[Content, Content, Content]) -> None:
    base, mine, theirs = sides
    for one, other, result in ((base, theirs, theirs), (mine, base, mine), (mine, mine, mine)):
        caught = catch_up(base=base, mine=one, theirs=other, decided={})
        assert caught.clashes == []
        assert (caught.content["system"], caught.content["messages"]) == (result["system"], result["messages"])


@settings(max_examples=100)
@given(three_sides())
def test_no_message_gets_words_of_two(sides: tuple[Content, Content, Content]) -> None:
    """Lines that stood in one message before stand in one after, unless somebody put them elsewhere."""
    base, mine, theirs = sides
    caught = catch_up(base=base, mine=mine, theirs=theirs, decided={})
    texts = [set(message["text"].split("\n")) for side in (mine, theirs) for message in side["messages"]]
    for message in caught.content["messages"]:
        words = {line for line in message["text"].split("\n") if line.startswith("w")}
        homes = [text & words for text in texts if text & words]
        assert any(words <= one | other for one in homes for other in homes) or not words

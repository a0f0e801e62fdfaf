"""A version was saved after a draft began: what of it goes in by itself, and what both changed. Three-way, by place and by line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from promptstudio.prompts.diff.sequence import Budget
from promptstudio.prompts.diff.three_way import Clashing, merged, three_way
from promptstudio.prompts.soundness import listed, mapping, text_of

from .merging import Choice, Clash, is_text, joined, label_of, places, shape_of, words_of

Content = dict[str, Any]
# Begins and ends a message in the sequence of all lines; no line of a text has it.
MARK = "\0"
END = f"{MARK}/"
EXTRA = "extra_model_fields"


@dataclass(frozen=True)
class CaughtUp:
    """`content` is the draft with what it takes in. `taken` names the places that do, `clashes` what has to be chosen before."""

    content: Content
    taken: list[str]
    clashes: list[Clash]


def catch_up(*, base: Content, mine: Content, theirs: Content, decided: Mapping[str, Choice]) -> CaughtUp:
    """`base` is what the draft began with, `mine` the draft, `theirs` the version since. An undecided clash keeps mine."""
    by_message = shape_of(base) == shape_of(mine) == shape_of(theirs)
    before, ours, others = (places(side, by_message=by_message) for side in (base, mine, theirs))
    merge = _Merge(theirs, decided)
    chosen = {place: merge.place(place, before.get(place), ours.get(place), others.get(place)) for place in dict.fromkeys([*ours, *others])}
    content = joined(theirs, chosen)
    # They have no field in the editor, so nobody can be asked about them.
    if mine.get(EXTRA) != base.get(EXTRA):
        content[EXTRA] = mine.get(EXTRA)
    return CaughtUp(content, merge.taken, merge.clashes)


class _Merge:
    def __init__(self, theirs: Content, decided: Mapping[str, Choice]) -> None:
        self._theirs, self._decided = theirs, decided
        self.taken: list[str] = []
        self.clashes: list[Clash] = []

    def place(self, place: str, base: Any, mine: Any, theirs: Any) -> Any:
        if mine == theirs or theirs == base:
            return mine
        if mine == base:
            self.taken.append(label_of(place, self._theirs))
            return theirs
        if is_text(place) and mine and theirs:
            return self._text(place, text_of(base), mine, theirs)
        if place == "messages" and (messages := self._messages(listed(base), listed(mine), listed(theirs))) is not None:
            return messages
        return self._clash(place, label_of(place, self._theirs), mine, theirs, as_text=is_text(place))

    def _text(self, place: str, base: str, mine: str, theirs: str) -> str:
        done: list[str] = []
        label = label_of(place, self._theirs)
        for piece in three_way(base, mine, theirs):
            if isinstance(piece, Clashing):
                line = "".join(done).count("\n") + 1
                where = f"{label}, line {line}"
                done.append(self._lines(f"{place}#{len(self.clashes)}", where, piece.mine, piece.theirs))
            else:
                self._note(label, taken=piece.whose == "theirs")
                done.append(piece.text)
        return "".join(done)

    def _messages(self, base: list[Any], mine: list[Any], theirs: list[Any]) -> list[Any] | None:
        """Messages that were added, moved or removed, joined line by line; None where a whole message is what both changed."""
        sides = [list(_lines(messages)) for messages in (base, mine, theirs)]
        stretches = merged(*sides, budget=Budget())
        if any(stretch.whose is None and any(line.startswith(MARK) for line in stretch.mine + stretch.theirs) for stretch in stretches):
            return None
        done: list[str] = []
        for stretch in stretches:
            if stretch.whose is None:
                number = done.count(END) + 1
                place, where = f"messages#{len(self.clashes)}", f"Message {number}"
                done.append(self._lines(place, where, "".join(stretch.mine), "".join(stretch.theirs)))
            else:
                self._note("The messages", taken=stretch.whose == "theirs")
                done += stretch.chosen
        return list(_messages_in(done))

    def _lines(self, place: str, label: str, mine: str, theirs: str) -> str:
        """Whole lines, whatever was chosen: what follows begins in a line of its own."""
        chosen: str = self._clash(place, label, mine, theirs, as_text=True)
        ends = mine.endswith("\n") or theirs.endswith("\n")
        return f"{chosen}\n" if ends and chosen and not chosen.endswith("\n") else chosen

    def _clash(self, place: str, label: str, mine: Any, theirs: Any, *, as_text: bool) -> Any:
        choice = self._decided.get(place, Choice(""))
        self.clashes.append(Clash(place, label, words_of(mine), words_of(theirs), as_text, choice.which, choice.text))
        return choice.of(mine, theirs) if choice.which else mine

    def _note(self, label: str, *, taken: bool) -> None:
        if taken and label not in self.taken:
            self.taken.append(label)


def _lines(messages: list[Any]) -> Iterator[str]:
    for message in map(mapping, messages):
        yield f"{MARK}{text_of(message.get('role'))}"
        # Each with its end, the last as well, so that a line put after it does not change it.
        yield from (f"{line}\n" for line in text_of(message.get("text")).split("\n"))
        yield END


def _messages_in(lines: list[str]) -> Iterator[Content]:
    role, text = "", ""
    for line in lines:
        if line == END:
            yield {"role": role, "text": text.removesuffix("\n")}
        elif line.startswith(MARK):
            role, text = line.removeprefix(MARK), ""
        else:
            text += line

"""A version was saved after a draft began: what of it goes in by itself, and what both changed. Three-way, by place and by line."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from promptstudio.prompts.diff.joint_order import Message, Slot, joint_order
from promptstudio.prompts.diff.three_way import Clashing, three_way
from promptstudio.prompts.soundness import listed, mapping, text_of

from .merging import ROLE_WORDS, Choice, Clash, clash_of, is_text, joined, label_of, places

Content = dict[str, Any]
Places = dict[str, Any]
EXTRA = "extra_model_fields"


@dataclass(frozen=True)
class CaughtUp:
    """`content` is the draft with what it takes in. `taken` names the places that do, `clashes` what has to be chosen before."""

    content: Content
    taken: list[str]
    clashes: list[Clash]


def catch_up(*, base: Content, mine: Content, theirs: Content, decided: Mapping[str, Choice]) -> CaughtUp:
    """`base` is what the draft began with, `mine` the draft, `theirs` the version since. An undecided clash keeps mine."""
    before, ours, others = (_places(side) for side in (base, mine, theirs))
    merge = _Merge(theirs, decided)
    order = _order(before, ours, others)
    chosen = {place: merge.place(place, before.get(place), ours.get(place), others.get(place)) for place in order}
    for kind in ("variables", "tools"):
        rows = [[place for place in side if place in ours and place.startswith(f"{kind}.")] for side in (order, ours)]
        merge.note(f"The order of the {kind}", taken=rows[0] != rows[1])
    extra = {EXTRA: chosen[EXTRA]} if EXTRA in chosen else {}
    return CaughtUp(joined(theirs, chosen) | extra, merge.taken, merge.clashes)


def _places(content: Content) -> Places:
    """Settings that a model has of its own stand at the end: they have no field in the editor."""
    extra = {EXTRA: content[EXTRA]} if content.get(EXTRA) else {}
    return places(content, by_message=False) | extra


def _order(before: Places, ours: Places, others: Places) -> list[str]:
    """All places. Variables and tools stand in their order, where I left them in the one from before."""
    rest = [place for place in dict.fromkeys([*ours, *others]) if not place.startswith(("variables.", "tools."))]
    middle = rest.index("messages") + 1
    rows = [place for kind in ("variables.", "tools.") for place in _rows(kind, before, ours, others)]
    return [*rest[:middle], *rows, *rest[middle:]]


def _rows(kind: str, *sides: Places) -> list[str]:
    before, ours, others = ([place for place in side if place.startswith(kind)] for side in sides)
    moved = [place for place in ours if place in before] != [place for place in before if place in ours]
    return list(dict.fromkeys([*ours, *others] if moved else [*others, *ours]))


class _Merge:
    def __init__(self, theirs: Content, decided: Mapping[str, Choice]) -> None:
        self._theirs, self._decided = theirs, decided
        self.taken: list[str] = []
        self.clashes: list[Clash] = []

    def place(self, place: str, base: Any, mine: Any, theirs: Any) -> Any:
        if mine == theirs or theirs == base:
            return mine
        label = label_of(place, self._theirs)
        if place == "messages" and (messages := self._messages(*(_in_order(listed(side)) for side in (base, mine, theirs)))) is not None:
            return messages
        if mine == base:
            self.taken.append(label)
            return theirs
        if is_text(place) and mine and theirs:
            return self._text(place, label, text_of(base), mine, theirs)
        return self._clash(place, label, mine, theirs, as_text=is_text(place))

    def _text(self, place: str, label: str, base: str, mine: str, theirs: str) -> str:
        done: list[str] = []
        # Each line with its end, the last as well, so that a line put after it does not change it.
        for piece in three_way(f"{base}\n", f"{mine}\n", f"{theirs}\n"):
            if isinstance(piece, Clashing):
                line = "".join(done).count("\n") + 1
                where = f"{label}, line {line}"
                done.append(self._lines(f"{place}#{len(self.clashes)}", where, piece.mine, piece.theirs))
            else:
                self.note(label, taken=piece.whose == "theirs")
                done.append(piece.text)
        return "".join(done).removesuffix("\n")

    def _messages(self, base: list[Message], mine: list[Message], theirs: list[Message]) -> list[Content] | None:
        """Each message joined with what it is on the other side; None where the messages as a whole are what both changed."""
        slots = joint_order(base, mine, theirs)
        if slots is None or any(_role(slot) is None for slot in slots):
            return None
        self.note("The messages", taken=[(_role(slot), slot.mine.text) for slot in slots] != [(each.role, each.text) for each in mine])
        return [{"role": _role(slot), "text": self._message(number, slot)} for number, slot in enumerate(slots)]

    def _message(self, number: int, slot: Slot) -> str:
        before, mine, theirs = (slot.before or slot.mine).text, slot.mine.text, slot.theirs.text
        place, label = f"messages.{number}.text", f"Message {number + 1} ({ROLE_WORDS.get(_role(slot) or '', 'User')})"
        if mine == theirs or theirs == before:
            return mine
        if mine == before:
            self.note(label, taken=True)
            return theirs
        return self._text(place, label, before, mine, theirs)

    def _lines(self, place: str, label: str, mine: str, theirs: str) -> str:
        """Whole lines, whatever was chosen: what follows begins in a line of its own."""
        chosen: str = self._clash(place, label, mine, theirs, as_text=True)
        return f"{chosen}\n" if chosen and not chosen.endswith("\n") else chosen

    def _clash(self, place: str, label: str, mine: Any, theirs: Any, *, as_text: bool) -> Any:
        choice = self._decided.get(place, Choice(""))
        self.clashes.append(clash_of(place, label, mine, theirs, choice, as_text=as_text))
        return choice.of(mine, theirs) if choice.which else mine

    def note(self, label: str, *, taken: bool) -> None:
        if taken and label not in self.taken:
            self.taken.append(label)


def _in_order(messages: list[Any]) -> list[Message]:
    return [Message(text_of(message.get("role")), text_of(message.get("text"))) for message in map(mapping, messages)]


def _role(slot: Slot) -> str | None:
    """None where each gave it another one."""
    before, mine, theirs = (slot.before or slot.mine).role, slot.mine.role, slot.theirs.role
    if mine in (theirs, before):
        return theirs
    return mine if theirs == before else None

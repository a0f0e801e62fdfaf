"""Two bundles, compared."""

from dataclasses import dataclass
from functools import cached_property

from ..bundle import Bundle
from . import fields
from .cards import CardDiff, cards
from .sentence import sentence
from .sequence import Budget
from .structure import FieldChange


@dataclass(frozen=True)
class Comparison:
    """What leads from one bundle to another: cards of text, and rows of tables for everything else."""

    cards: list[CardDiff]
    variables: list[FieldChange]
    settings: list[FieldChange]
    tools: list[FieldChange]
    schema: list[FieldChange]
    same_settings: int
    is_first: bool
    is_one_text: bool
    differs: bool

    @property
    def changes(self) -> int:
        """Changes in the text, as the page numbers them: rows of one kind that follow each other are one."""
        return sum(card.changes for card in self.cards)

    @property
    def fields(self) -> list[FieldChange]:
        return [*self.variables, *self.settings, *self.tools, *self.schema]

    @property
    def is_empty(self) -> bool:
        """Nothing to show. `differs` is True all the same where only white space differs and that was to be ignored."""
        return not self.changes and not self.fields

    @cached_property
    def sentence(self) -> str:
        return sentence(self)


def compare(old: Bundle | None, new: Bundle, *, ignore_white_space: bool = False) -> Comparison:
    """The difference between two bundles; None as `old`: everything is new. Bounded in time whatever the texts are."""
    before = old or Bundle()
    return Comparison(
        cards=cards(before, new, ignore_white_space=ignore_white_space, budget=Budget()),
        variables=fields.variables(before, new),
        # A first version has its kind, and changes none.
        settings=fields.settings(old or Bundle(kind=new.kind), new),
        tools=fields.tools(before, new),
        schema=fields.schema(before, new),
        same_settings=fields.same_count(before, new),
        is_first=old is None,
        is_one_text=not (new.system or before.system) and max(len(new.messages), len(before.messages)) < 2,
        differs=before.digest != new.digest,
    )

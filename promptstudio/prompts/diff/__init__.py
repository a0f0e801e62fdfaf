"""What changed between two bundles: aligned messages, lines and words, tables of everything else, and a sentence."""

from .cards import Block, CardDiff
from .comparison import Comparison, compare
from .following import Found, Lines, follow, replaced
from .structure import FieldChange
from .text import Row, Span, patch, rows, words

__all__ = [
    "Block",
    "CardDiff",
    "Comparison",
    "FieldChange",
    "Found",
    "Lines",
    "Row",
    "Span",
    "compare",
    "follow",
    "patch",
    "replaced",
    "rows",
    "words",
]

"""Assertions about a model's answer, in promptfoo's vocabulary and with its outcomes. Pure: no database, no network, no code of others."""

from .checking import check
from .grading import Case, Grade, cannot_fail, grade
from .model import Assertion, Given, Outcome, parse
from .problems import problem_of, problems_of
from .words import WORDS, Word, is_run, label_of

__all__ = [
    "WORDS",
    "Assertion",
    "Case",
    "Given",
    "Grade",
    "Outcome",
    "Word",
    "cannot_fail",
    "check",
    "grade",
    "is_run",
    "label_of",
    "parse",
    "problem_of",
    "problems_of",
]

"""Assertions about a model's answer, in promptfoo's vocabulary and with its outcomes. Pure: no database, no network, no code of others."""

from .checking import check
from .grading import Grade, grade
from .model import Assertion, Given, Outcome, parse
from .problems import always_holds, problem_of, problems_of
from .words import WORDS, Word, is_run, label_of

__all__ = [
    "WORDS",
    "Assertion",
    "Given",
    "Grade",
    "Outcome",
    "Word",
    "always_holds",
    "check",
    "grade",
    "is_run",
    "label_of",
    "parse",
    "problem_of",
    "problems_of",
]

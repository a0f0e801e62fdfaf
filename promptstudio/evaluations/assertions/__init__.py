"""Assertions about a model's answer, in promptfoo's vocabulary and with its outcomes. Pure: no database, no network, no code of others."""

from .checking import check
from .grading import Grade, grade, places_of
from .judging import Heard, Verdict, Wanted, outcome_of, wanted, wanted_of
from .model import Assertion, Given, Outcome, parse
from .problems import always_holds, problem_of, problems_of
from .words import WORDS, Word, base_of, is_asked, is_run, label_of

__all__ = [
    "WORDS",
    "Assertion",
    "Given",
    "Grade",
    "Heard",
    "Outcome",
    "Verdict",
    "Wanted",
    "Word",
    "always_holds",
    "base_of",
    "check",
    "grade",
    "is_asked",
    "is_run",
    "label_of",
    "outcome_of",
    "parse",
    "places_of",
    "problem_of",
    "problems_of",
    "wanted",
    "wanted_of",
]

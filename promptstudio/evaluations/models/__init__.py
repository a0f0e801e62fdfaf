"""Django models of evaluations. (What calls AI models is in `model_runner.py`.)"""

from .acceptances import AcceptedCase
from .answers import Answer, AnswerQuerySet, FilledWith, Wording
from .comparisons import Ballot, Comparison, ComparisonQuerySet, Pair, Rater, RaterQuerySet
from .contests import Bout, Contest, ContestQuerySet
from .judges import Bench, Judge, JudgeChoice
from .paces import ModelPace
from .ratings import Rating, RatingQuerySet
from .runs import Judgement, Result, Run, RunQuerySet
from .suites import Suite, SuiteQuerySet, SuiteVersion

__all__ = [
    "AcceptedCase",
    "Answer",
    "AnswerQuerySet",
    "Ballot",
    "Bench",
    "Bout",
    "Comparison",
    "ComparisonQuerySet",
    "Contest",
    "ContestQuerySet",
    "FilledWith",
    "Judge",
    "JudgeChoice",
    "Judgement",
    "ModelPace",
    "Pair",
    "Rater",
    "RaterQuerySet",
    "Rating",
    "RatingQuerySet",
    "Result",
    "Run",
    "RunQuerySet",
    "Suite",
    "SuiteQuerySet",
    "SuiteVersion",
    "Wording",
]

"""Django models of reviews."""

from .conversation import Mention, Remark, Suggestion, Taken, Thread
from .reviews import Comment, Decision, Review, ReviewQuerySet
from .substitutes import Substitute

__all__ = ["Comment", "Decision", "Mention", "Remark", "Review", "ReviewQuerySet", "Substitute", "Suggestion", "Taken", "Thread"]

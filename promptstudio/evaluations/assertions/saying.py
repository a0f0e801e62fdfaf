"""What every check hands back, and what all of them refuse alike."""

from dataclasses import dataclass

# What is looked at at once; beyond it a check says that it cannot tell.
MAX_TEXT = 200_000
# Seconds that one check may take.
MOST_SECONDS = 1.0
TOO_LONG = "This is too long to compare."


class CannotSay(Exception):
    """A check that has no answer. It counts as not passed, and `sentence` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Fact:
    """What was found, whether it was wished for or not. `scores` are those of the wish and of its opposite; without them it is 1 or 0."""

    holds: bool
    sentence: str
    scores: tuple[float, float] | None = None

    def passed(self, negated: bool) -> bool:
        return self.holds != negated

    def score(self, negated: bool) -> float:
        if self.scores:
            return self.scores[negated]
        return 1.0 if self.passed(negated) else 0.0


def shown(text: str, most: int = 120) -> str:
    """A text within a sentence."""
    return f"“{text if len(text) <= most else text[: most - 1] + '…'}”"

"""What a comparison by people says, in the words of its page."""

from promptstudio.evaluations.agreement import RELIABLE, TENTATIVE, Agreement, Preference
from promptstudio.evaluations.comparisons import Outcome

FEW = 6


def in_words(outcome: Outcome) -> str:
    """Who was preferred, and whether that could be chance."""
    found = outcome.preference
    if not found.total:
        return "People saw no difference that most of them agree on."
    more, word = (found.others, "old") if found.others > found.ones else (found.ones, "new")
    pairs = f"{found.total} pair{'' if found.total == 1 else 's'} where they saw a difference"
    if found.ones == found.others:
        return f"People preferred the new answers as often as the old ones: in {found.ones} of {pairs} each."
    return f"People preferred the {word} answers in {more} of {pairs}. {_chance(found)}"


def agreement_in_words(found: Agreement | None) -> str:
    if found is None:
        return "No two people looked at the same pair, so nothing is known of how far they agree."
    equal = f"Two people who looked at the same pair said the same in {found.share:.0%} of {found.compared} comparisons."
    if found.alpha is None:
        return f"{equal} All of them say one thing, so no number tells agreement from chance."
    return f"{equal} {_reliance(found.alpha)}"


def place_in_words(found: Preference) -> str:
    """Whether where an answer stood decided."""
    if not found.total:
        return "Nobody preferred either answer, so nothing is known of what the place does."
    said = f"The answer that stood first was preferred {found.ones} of {found.total} times."
    if found.could_be_chance:
        return f"{said} That is what chance does: the place did not visibly decide."
    return f"{said} That is hardly chance: the place had a part in it. Ask again, or ask others."


def _chance(found: Preference) -> str:
    if not found.could_be_chance:
        return "This can hardly be chance."
    if found.total < FEW:
        return "So few pairs cannot tell it from chance."
    return "This could be chance."


def _reliance(alpha: float) -> str:
    if alpha >= RELIABLE:
        return "They agree well enough to rely on it."
    if alpha >= TENTATIVE:
        return "They agree well enough for a first idea, not for more."
    return "They agree too little to conclude much: read what they say about the pairs on which they differ."

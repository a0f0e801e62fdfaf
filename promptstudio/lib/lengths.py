"""How much may be written where. Services ask here, so that pages, API and administration agree."""

from .errors import Invalid

LONGEST_TITLE = 600
LONGEST_WORDS = 20_000


def too_long(text: str, at_most: int = LONGEST_WORDS) -> str:
    """A sentence, or nothing for a text that fits."""
    return f"This is too long: at most {at_most:,} characters, and it has {len(text):,}." if len(text) > at_most else ""


def check_lengths(**texts: str) -> None:
    """Raises Invalid with a sentence for each of `texts` that has more than LONGEST_WORDS characters."""
    errors = {name: sentence for name, text in texts.items() if (sentence := too_long(text.strip()))}
    if errors:
        raise Invalid(errors)

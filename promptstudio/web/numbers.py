LONGEST = 9  # digits; more is no line and no revision, and no database takes it


def number_in(text: str | None) -> int:
    """The number that was sent in a form; 0 for what is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= LONGEST else 0

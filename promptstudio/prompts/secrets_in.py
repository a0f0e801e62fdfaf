"""What looks like a secret, or like something about one person, in a text: a hint and no more, since examples look the same."""

import re
from collections.abc import Callable, Iterator
from itertools import islice

# Each ends after a bounded look, so that a hostile text costs no more than its length.
KEY = re.compile(
    r"\bA(?:KIA|SIA)[0-9A-Z]{16}\b|\bsk-[A-Za-z0-9_-]{20,80}|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[abpr]-[0-9A-Za-z-]{10,80}"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----|\b(?i:password|passwort)[ \t]{0,3}[:=][ \t]{0,3}[^\s{]{6,80}"
    r"|\bAIza[0-9A-Za-z_-]{35}\b|\bglpat-[0-9A-Za-z_-]{20}\b|\beyJ[0-9A-Za-z_-]{10,200}\.eyJ[0-9A-Za-z_-]{10,200}\."
)
IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[0-9A-Z]{4}){2,7}(?: ?[0-9A-Z]{1,3})?\b", re.ASCII)
CARD = re.compile(r"(?<![\d.,-])(?<!\d )[2-6]\d{3}(?:[ -]?\d){9,15}(?![\d.,-]?\d)", re.ASCII)
EMAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9_+-](?:[\w.+-]{0,63})@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}\b", re.ASCII)
PHONE = re.compile(r"(?<![\w+])\+[1-9](?:[ ()./-]{0,2}\d){7,14}(?!\d)", re.ASCII)

# Reserved for examples (RFC 2606): nobody lives there.
NOBODY = re.compile(r"@(?:[\w-]+\.)*(?:example(?:\.[a-z]+)?|test|invalid|localhost)$", re.IGNORECASE)


def _adds_up(iban: str) -> bool:
    """ISO 13616: moved to the end, letters as numbers, the whole is 1 modulo 97."""
    plain = iban.replace(" ", "")
    return 15 <= len(plain) <= 34 and int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


def _luhn(card: str) -> bool:
    digits = [int(sign) for sign in card if sign.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) < 2:
        return False
    doubled = (sum(divmod(2 * digit, 10)) if place % 2 else digit for place, digit in enumerate(reversed(digits)))
    return sum(doubled) % 10 == 0


KINDS: tuple[tuple[re.Pattern[str], Callable[[str], bool], str], ...] = (
    (KEY, bool, "This looks like a password or key. Everybody who can read the prompt would see it."),
    (IBAN, _adds_up, "This looks like a true account number (IBAN). Send it as a variable, or write an invented one."),
    (CARD, _luhn, "This looks like a true card number. Send it as a variable, or write an invented one."),
    (
        EMAIL,
        lambda found: not NOBODY.search(found),
        "This looks like somebody's e-mail address. Shall every reader of the prompt have it?",
    ),
    (PHONE, bool, "This looks like somebody's phone number. Shall every reader of the prompt have it?"),
)


def likely_secrets(text: str, *, at_most: int) -> Iterator[tuple[int, str]]:
    """(where it begins, sentence), of each kind `at_most`, in the order of kinds."""
    for pattern, holds, sentence in KINDS:
        found = (match.start() for match in pattern.finditer(text) if holds(match[0]))
        yield from ((start, sentence) for start in islice(found, at_most))

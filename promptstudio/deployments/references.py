"""Settings of a target say where a secret is, never what it is. Pure."""

import re
from typing import Any

NAMES = re.compile(r"secret|token|passw|credential|private_?key|access_?key|api_?key|session_?key", re.IGNORECASE)
# Keys of AWS, keys of programs, and anything in PEM, whatever the setting is called.
VALUES = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN|\bsk-[A-Za-z0-9_-]{16}|\bghp_[A-Za-z0-9]{20}|\beyJ[\w-]+\.[\w-]+\.")
SENTENCE = (
    "No secrets here: whoever reads the settings would read them as well. Let the server's own role or environment (AWS_…) hold them, "
    "or name a role in role_arn."
)


def secrets_in(settings: dict[str, Any], path: str = "") -> dict[str, str]:
    """Path of each setting that looks like a secret, with a sentence that never repeats its value."""
    found: dict[str, str] = {}
    for name, value in settings.items():
        here = f"{path}{name}"
        if NAMES.search(str(name)) and value not in ("", None):
            found[here] = SENTENCE
        elif isinstance(value, dict):
            found |= secrets_in(value, f"{here}.")
        elif VALUES.search(str(value)):
            found[here] = SENTENCE
    return found

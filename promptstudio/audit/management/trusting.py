"""Which keys a check believes."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management.base import CommandError

from promptstudio.audit.keys import public_keys, public_pem
from promptstudio.lib.errors import Conflict


def trusted_keys(path: Path | None) -> dict[str, Ed25519PublicKey]:
    """Those in the file, else this installation's own, by fingerprint."""
    try:
        return public_keys(path.read_text() if path else public_pem())
    except (OSError, ValueError) as error:
        raise CommandError(str(error)) from None
    except Conflict as error:
        raise CommandError(f"{error.sentence} Name the key to believe with --public-key.") from None

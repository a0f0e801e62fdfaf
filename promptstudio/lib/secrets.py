"""Encrypting what is stored and should not be read in a copy of the database. The first key encrypts, all decrypt."""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def sealed(text: str) -> str:
    return _keys().encrypt(text.encode()).decode()


def opened(token: str) -> str:
    """What `sealed` was given; empty when no present key fits, so that whoever asks goes on without it."""
    try:
        return _keys().decrypt(token.encode()).decode()
    except (InvalidToken, UnicodeError):
        return ""


def rotated(token: str) -> str:
    """The same, under the first key; empty when no present key fits."""
    try:
        return _keys().rotate(token.encode()).decode()
    except (InvalidToken, UnicodeError):
        return ""


def _keys() -> MultiFernet:
    return _from(tuple(settings.ENCRYPTION_KEYS or [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]))


@lru_cache(maxsize=4)
def _from(texts: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(text))) for text in texts])


def _derived(text: str) -> bytes:
    # Any long text will do for a key, and SECRET_KEY itself is never one.
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"promptstudio stored secrets").derive(text.encode())

"""The key that signs what leaves the installation: heads of chains and evidence. It lies in a file, never in the database.

Ed25519, so that whoever checks needs the public half only and cannot sign.
"""

import base64
import contextlib
import hashlib
import os
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from promptstudio.lib.errors import Conflict


@dataclass(frozen=True)
class Signature:
    """`key` is the fingerprint of the public half; `value` is base64."""

    key: str
    value: str


def sign(message: bytes) -> Signature:
    """Raises Conflict, with what to do, when there is no key to sign with."""
    key = _private_key()
    public = key.public_key()
    return Signature(fingerprint_of(public), base64.b64encode(key.sign(message)).decode())


def verifies(message: bytes, value: str, public: Ed25519PublicKey) -> bool:
    try:
        public.verify(base64.b64decode(value, validate=True), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def can_sign() -> bool:
    """Whether a key is there or may be made."""
    try:
        _private_key()
    except Conflict:
        return False
    return True


def public_pem() -> str:
    """Raises Conflict when there is no key."""
    public = _private_key().public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def public_keys(pem: str) -> dict[str, Ed25519PublicKey]:
    """Fingerprint to key, for a text with one or several of them, one after the other. Raises ValueError for what is none."""
    end = "-----END PUBLIC KEY-----"
    blocks = [block + end for block in pem.split(end)[:-1]]
    loaded = [serialization.load_pem_public_key(block.strip().encode()) for block in blocks]
    if not loaded or not all(isinstance(key, Ed25519PublicKey) for key in loaded):
        raise ValueError("There is no Ed25519 public key in it.")
    return {fingerprint_of(key): key for key in loaded if isinstance(key, Ed25519PublicKey)}


def fingerprint_of(public: Ed25519PublicKey) -> str:
    """The first 16 hex digits of the SHA-256 of the raw key."""
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def make_key_file(path: Path) -> None:
    """Make a key that only its owner reads. One that stands there already stays."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # mkstemp makes its files 0600; a hard link appears whole or not at all, and of two processes the first one wins.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as fresh:
            fresh.write(pem)
            fresh.flush()
            os.fsync(fresh.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)


def _private_key() -> Ed25519PrivateKey:
    if not settings.AUDIT_KEY_FILE:
        raise Conflict("Nothing can be signed here: whoever runs Prompt Studio has not set AUDIT_KEY_FILE.")
    path = Path(settings.AUDIT_KEY_FILE)
    try:
        if settings.AUDIT_KEY_IS_MADE and not path.exists():
            make_key_file(path)
        return _loaded(str(path), path.stat().st_mtime_ns)
    except (OSError, ValueError, TypeError):
        raise Conflict(
            "Nothing can be signed here: the file that AUDIT_KEY_FILE names cannot be read as an Ed25519 key. "
            "Tell whoever runs Prompt Studio."
        ) from None


@lru_cache(maxsize=4)
def _loaded(path: str, changed: int) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(Path(path).read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(path)
    return key

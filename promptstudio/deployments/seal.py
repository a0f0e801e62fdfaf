"""The door's seal: an HMAC over what a deployment is, made by the service with a key that is not in the database.

Whoever can write to the database can write a deployment, and cannot write its seal. The worker publishes sealed ones only.
"""

import hashlib
import hmac
import json
from datetime import UTC
from typing import Any

from django.conf import settings

from promptstudio.prompts.canonical import digest_of

FORM = "v1"
PURPOSE = b"prompt-studio deployment seal v1"


def keys() -> list[bytes]:
    """The first one seals, all of them are believed: those of SEAL_KEY, else one derived from SECRET_KEY and from each that it replaced."""
    given = [key.encode() for key in settings.SEAL_KEYS]
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return given or [hmac.new(str(secret).encode(), PURPOSE, hashlib.sha256).hexdigest().encode() for secret in secrets]


def seal_of(deployment: Any, key: bytes | None = None) -> str:
    """`v1:<fingerprint of the key>:<hex>`. Of a row with its jobs, as models or as a migration knows them."""
    key = key or keys()[0]
    return f"{FORM}:{fingerprint_of(key)}:{hmac.new(key, _facts(deployment), hashlib.sha256).hexdigest()}"


def problem_of(deployment: Any) -> str:
    """Why the worker must not publish `deployment`, as a sentence; empty when it came through the door and is as it was then."""
    seal = getattr(deployment, "seal", None)
    if seal is None:
        return "It carries no seal: it was written into the database past Prompt Studio."
    known = {fingerprint_of(key): key for key in keys()}
    key = known.get(seal.value.split(":")[1] if seal.value.count(":") == 2 else "")
    if key is None:
        return "Its seal was made with a key that is not known here. When SEAL_KEY was changed on purpose, add the former one behind it."
    if not hmac.compare_digest(seal.value, seal_of(deployment, key)):
        return "Its seal does not fit it: what it sends, where to, or who sent it was changed in the database."
    if digest_of(deployment.version.canonical) != deployment.version.digest:
        return "The words of the version are not those that were approved: they were changed in the database."
    return ""


def fingerprint_of(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:12]


def _facts(deployment: Any) -> bytes:
    placement, version = deployment.placement, deployment.version
    facts = {
        "deployment": str(deployment.uid),
        "placement": str(placement.uid),
        "prompt": str(placement.prompt.uid),
        "environment": str(placement.environment.uid),
        "sequence": deployment.sequence,
        "version": str(version.uid),
        "digest": version.digest,
        "evaluation": str(deployment.evaluation.uid),
        "way": deployment.way,
        "by": str(deployment.by.uid),
        "via": deployment.via,
        "at": deployment.created_at.astimezone(UTC).isoformat(),
        # No place may be added to it later.
        "targets": sorted(str(uid) for uid in deployment.jobs.values_list("target__uid", flat=True)),
    }
    return json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()

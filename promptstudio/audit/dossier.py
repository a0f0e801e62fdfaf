"""A signed zip: files, a manifest of their hashes, and a signature over the manifest. Checked without the installation that made it."""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from promptstudio.lib import clock

from .chain import hash_of_json
from .keys import public_pem, sign, verifies

MANIFEST, SIGNATURE, KEY, ENTRIES = "manifest.json", "manifest.sig", "public_key.pem", "entries.jsonl"
BESIDES = {MANIFEST, SIGNATURE, KEY}
# More than any evidence has; a file that unpacks to gigabytes is none of ours.
MOST_BYTES = 256 * 1024 * 1024


def pack(files: Mapping[str, bytes], about: Mapping[str, Any]) -> bytes:
    """Raises Conflict when there is no key to sign with."""
    pem = public_pem()
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    manifest = json.dumps(
        {"about": dict(about), "made_at": clock.now(), "sha256": hashes}, default=_iso, ensure_ascii=False, indent=1
    ).encode()
    signature = sign(manifest)
    signed = {"algorithm": "Ed25519", "key": signature.key, "signature": signature.value}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in [*files.items(), (MANIFEST, manifest), (SIGNATURE, json.dumps(signed).encode()), (KEY, pem.encode())]:
            archive.writestr(name, content)
    return packed.getvalue()


def problems(packed: bytes, trusted: Mapping[str, Ed25519PublicKey]) -> list[str]:
    """What is wrong with a zip, in sentences; nothing when it is as it was signed. `trusted` are keys by fingerprint."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            if sum(info.file_size for info in archive.infolist()) > MOST_BYTES:
                return ["It is too large to be evidence from Prompt Studio."]
            names = archive.namelist()
            files = {name: archive.read(name) for name in names}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, zlib.error):
        return ["It is no zip file, or a damaged one."]
    if missing := sorted(BESIDES - set(files)):
        return [f"{', '.join(missing)} is missing, so nothing is proved."]
    if len(names) != len(files):
        return ["It holds two files of one name."]
    return _signature_problems(files, trusted) or [*_file_problems(files), *_entry_problems(files.get(ENTRIES, b""))]


def _signature_problems(files: Mapping[str, bytes], known: Mapping[str, Ed25519PublicKey]) -> list[str]:
    try:
        signed = json.loads(files[SIGNATURE])
        key, value = str(signed["key"]), str(signed["signature"])
    except (ValueError, KeyError, TypeError):
        return ["The signature cannot be read."]
    if key not in known:
        return [f"It was signed with the key {key}, which is not one of those to believe ({', '.join(known)})."]
    if not verifies(files[MANIFEST], value, known[key]):
        return ["The signature does not fit the manifest: somebody changed it."]
    return []


def _file_problems(files: Mapping[str, bytes]) -> list[str]:
    hashes = json.loads(files[MANIFEST])["sha256"]
    found = [f"{name} is missing." for name in sorted(set(hashes) - set(files))]
    found += [f"{name} was put in." for name in sorted(set(files) - set(hashes) - BESIDES)]
    both = sorted(set(hashes) & set(files))
    return found + [f"{name} was changed." for name in both if hashlib.sha256(files[name]).hexdigest() != hashes[name]]


def _entry_problems(lines: bytes) -> list[str]:
    found: list[str] = []
    last: dict[str, Any] | None = None
    for line in lines.decode(errors="replace").splitlines():
        try:
            entry = json.loads(line)
            sequence, right = entry["sequence"], hash_of_json(entry) == entry["hash"]
        except (ValueError, KeyError, TypeError):
            return [*found, "A line of the entries cannot be read."]
        if not right:
            found.append(f"Entry {sequence} of the trail does not have the hash that stands beside it.")
        if last and sequence == last["sequence"] + 1 and entry["previous_hash"] != last["hash"]:
            found.append(f"Entry {sequence} of the trail does not follow the one before it.")
        last = entry
    return found


def _iso(value: Any) -> str:
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def sha256(packed: bytes) -> str:
    return hashlib.sha256(packed).hexdigest()

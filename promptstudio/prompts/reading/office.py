"""DOCX and XLSX are archives of XML. What they would unpack to is looked at before anything is unpacked."""

import io
import zipfile

from .found import Unreadable

LARGEST_UNPACKED = 60 * 1024 * 1024
LARGEST_XML = 25 * 1024 * 1024
MOST_PARTS = 2_000
BROKEN = "The file is damaged: it cannot be opened. Open it in its own program, save it again, and try once more."
TOO_LARGE = "The file unpacks to more than can be read here. Take pictures out of it, or split it."


def parts_of(content: bytes) -> set[str]:
    """The names of its parts, once it is known to be harmless. Raises Unreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            _check_sizes(parts)
            for part in parts:
                if part.filename.lower().endswith((".xml", ".rels", ".vml")):
                    _check_xml(archive.read(part))
            return {part.filename for part in parts}
    except Unreadable:
        raise
    # zipfile and zlib raise many kinds of errors for hostile bytes.
    except Exception:
        raise Unreadable(BROKEN) from None


def _check_sizes(parts: list[zipfile.ZipInfo]) -> None:
    xml = sum(part.file_size for part in parts if not part.filename.lower().startswith(("word/media/", "xl/media/")))
    if len(parts) > MOST_PARTS or xml > LARGEST_XML or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        raise Unreadable(TOO_LARGE)
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable("The file is locked with a password. Take the password off and try again.")


def _check_xml(content: bytes) -> None:
    """Entities are declared in a DOCTYPE, which no office program writes; two bytes a character would hide one."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"\x00" in content:
        raise Unreadable("The file holds something that no office program writes, and was not opened.")

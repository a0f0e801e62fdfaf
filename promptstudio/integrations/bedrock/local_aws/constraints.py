"""Everything that a botocore shape says about a value: required, type, unknown members, min, max, pattern, enum, tagged unions.

boto3 itself checks neither maximum, pattern nor enum before it sends.
"""

import base64
import binascii
import re
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from .errors import Problems

# Its pattern says `/d` where it means `\d` and matches no ARN that exists.
UNENFORCEABLE_PATTERNS = {"TaggableResourcesArn"}
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "list": (list,),
    "map": (dict,),
    "structure": (dict,),
    "blob": (str,),
}


def check(*, shape: Shape, value: Any) -> None:
    """Raises ValidationException naming every member of `value` that `shape` does not allow."""
    problems = Problems()
    _check(shape, value, "", problems)
    problems.raise_if_any()


def _check(shape: Shape, value: Any, path: str, problems: Problems) -> None:
    if getattr(shape, "is_document_type", False):
        return
    if not _has_type(shape, value):
        problems.add(path, f"Member must be of type {shape.type_name}")
        return
    if isinstance(shape, StructureShape):
        _check_structure(shape, value, path, problems)
    elif isinstance(shape, ListShape):
        _check_length(shape, value, path, problems)
        for number, item in enumerate(value, start=1):
            _check(shape.member, item, f"{path}.{number}.member", problems)
    elif isinstance(shape, MapShape):
        _check_length(shape, value, path, problems)
        for key, item in value.items():
            _check(shape.key, key, f"{path}.{key}", problems)
            _check(shape.value, item, f"{path}.{key}", problems)
    elif shape.type_name == "string":
        _check_string(shape, value, path, problems)
    elif shape.type_name == "blob":
        _check_blob(value, path, problems)
    elif shape.type_name != "boolean":
        _check_number(shape, value, path, problems)


def _has_type(shape: Shape, value: Any) -> bool:
    # JSON has no integers of its own and Python counts True as one.
    if isinstance(value, bool) and shape.type_name != "boolean":
        return False
    return isinstance(value, TYPES[shape.type_name])


def _check_structure(shape: StructureShape, value: dict, path: str, problems: Problems) -> None:
    prefix = f"{path}." if path else ""
    for name in shape.required_members:
        if name not in value:
            problems.add(f"{prefix}{name}", "Member must not be null")
    if shape.is_tagged_union and len(value) != 1:
        problems.add(path, f"Member must have exactly one of: [{', '.join(shape.members)}]")
    for name, item in value.items():
        if name in shape.members:
            _check(shape.members[name], item, f"{prefix}{name}", problems)
        else:
            problems.add(f"{prefix}{name}", "Member is unknown")


def _check_length(shape: Shape, value: Any, path: str, problems: Problems) -> None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and len(value) < least:
        problems.add(path, f"Member must have length greater than or equal to {least}")
    if most is not None and len(value) > most:
        problems.add(path, f"Member must have length less than or equal to {most}")


def _check_string(shape: Shape, value: str, path: str, problems: Problems) -> None:
    _check_length(shape, value, path, problems)
    pattern, allowed = shape.metadata.get("pattern"), shape.metadata.get("enum")
    if pattern and shape.name not in UNENFORCEABLE_PATTERNS and not re.fullmatch(pattern, value):
        problems.add(path, f"Member must satisfy regular expression pattern: {pattern}")
    if allowed and value not in allowed:
        problems.add(path, f"Member must satisfy enum value set: [{', '.join(allowed)}]")


def _check_number(shape: Shape, value: float, path: str, problems: Problems) -> None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and value < least:
        problems.add(path, f"Member must have value greater than or equal to {least}")
    if most is not None and value > most:
        problems.add(path, f"Member must have value less than or equal to {most}")


def _check_blob(value: str, path: str, problems: Problems) -> None:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        problems.add(path, "Member must be base64")

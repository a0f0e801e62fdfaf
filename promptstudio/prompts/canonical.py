"""Canonical JSON (RFC 8785), so that equal content has equal bytes and one SHA-256."""

import hashlib
import json
import math
from typing import Any


def canonical_json(value: Any) -> str:
    """The RFC 8785 form of a JSON value: members sorted by UTF-16 code units, shortest numbers, no white space."""
    return _write(value)


def digest_of(text: str) -> str:
    """`sha256:` and the hex digest of the UTF-8 bytes of `text`."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _write(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return str(value) if abs(value) <= 2**53 else _number(float(value))
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_write, value)) + "]"
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be"))
        return "{" + ",".join(f"{json.dumps(name, ensure_ascii=False)}:{_write(member)}" for name, member in members) + "}"
    raise TypeError(f"{type(value).__name__} is not JSON.")


def _number(value: float) -> str:
    """ECMAScript's Number::toString, which RFC 8785 prescribes: 1.0 is `1`, 1e21 is `1e+21`, 1e-7 is `1e-7`."""
    if not math.isfinite(value):
        raise ValueError("A number must be finite.")
    if value == 0:
        return "0"
    sign, digits, exponent = _shortest(value)
    point = len(digits) + exponent
    if len(digits) <= point <= 21:
        body = digits + "0" * exponent
    elif 0 < point <= 21:
        body = f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        body = "0." + "0" * -point + digits
    else:
        mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
        body = f"{mantissa}e{point - 1:+d}"
    return sign + body


def _shortest(value: float) -> tuple[str, str, int]:
    """Sign, digits without trailing zeros, and the power of ten of the last digit."""
    mantissa, _, power = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    exponent = int(power or 0) - len(fraction)
    stripped = digits.rstrip("0")
    return "-" if value < 0 else "", stripped, exponent + len(digits) - len(stripped)

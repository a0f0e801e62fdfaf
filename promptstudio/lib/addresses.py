"""Where a request comes from, by one rule for pages, API and trail."""

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings


def address_of(meta: Mapping[str, Any]) -> str:
    """The caller's IP address, or "" when it is not known.

    Whoever calls can write `X-Forwarded-For` themselves. So it counts only behind as many proxies as settings.PROXIES says, each of which
    adds one entry at the end: the caller is that many from the end.
    """
    direct = str(meta.get("REMOTE_ADDR") or "")
    if not settings.PROXIES:
        return direct
    passed_on = [part.strip() for part in str(meta.get("HTTP_X_FORWARDED_FOR") or "").split(",")]
    if len(passed_on) < settings.PROXIES:
        return direct
    return _plain(passed_on[-settings.PROXIES]) or direct


def neighbourhood(address: str) -> str:
    """What counts as one address: an IPv6 network of 64 bits is one customer, who has as many addresses as they like."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network(f"{found}/64", strict=False)) if isinstance(found, IPv6Address) else str(found)


def _plain(text: str) -> str:
    """Without the port that some proxies add."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return ""

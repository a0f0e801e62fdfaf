"""A browser's long name for itself, in words that its owner recognises. Pure; anybody can claim to be anything, so it decides nothing."""

import re
from functools import lru_cache

# Each claims to be those that stand below it as well.
PROGRAMS = (
    (r"Edg(e|A|iOS)?/", "Edge"),
    (r"OPR/|Opera", "Opera"),
    (r"SamsungBrowser/", "Samsung Internet"),
    (r"Firefox/|FxiOS/", "Firefox"),
    (r"Chrom(e|ium)/|CriOS/", "Chrome"),
    (r"Safari/", "Safari"),
)
SYSTEMS = (
    (r"iPhone", "iPhone"),
    (r"iPad", "iPad"),
    (r"Android", "Android"),
    (r"Windows", "Windows"),
    (r"CrOS", "ChromeOS"),
    (r"Mac OS X|Macintosh", "Mac"),
    (r"Linux|X11", "Linux"),
)


@lru_cache(maxsize=1024)
def device_in_words(user_agent: str) -> str:
    """Such as “Firefox on Windows”."""
    program, system = _first(PROGRAMS, user_agent), _first(SYSTEMS, user_agent)
    if program and system:
        return f"{program} on {'an ' if system.startswith('i') else 'a ' if system == 'Mac' else ''}{system}"
    return program or (f"A browser on {system}" if system else "An unknown program")


def _first(rules: tuple[tuple[str, str], ...], text: str) -> str:
    return next((word for pattern, word in rules if re.search(pattern, text)), "")

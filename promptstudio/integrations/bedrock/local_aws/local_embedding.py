"""Numbers for a text without any model: the more pieces of words two texts share, the nearer they are. It knows nothing of meanings."""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator

_WORD = re.compile(r"\w+")
PIECE = 3


def numbers_of(text: str, size: int) -> list[float]:
    """A vector of length 1."""
    numbers = [0.0] * size
    for piece, count in Counter(_pieces(text)).items():
        digest = hashlib.blake2b(piece.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        # A sign of its own keeps pieces that fall on one place from adding up.
        numbers[int.from_bytes(digest[:4]) % size] += math.sqrt(count) * (1 if digest[4] % 2 else -1)
    length = math.sqrt(sum(number * number for number in numbers))
    return [number / length for number in numbers] if length else [1.0, *numbers[1:]]


def _pieces(text: str) -> Iterator[str]:
    for word in _WORD.findall(text.lower()):
        framed = f"<{word}>"
        yield from (framed[start : start + PIECE] for start in range(max(1, len(framed) - PIECE + 1)))

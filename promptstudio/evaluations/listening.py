"""Hearing an answer while it is written, for whoever looks on."""

import time
from collections.abc import Callable, Iterator

from .model_runner import Call, RunFailed, Said, StreamingRunner, runner

# Seconds between two looks that anybody gets at what came so far.
KEPT_EVERY = 0.3


class NobodyWaits(Exception):
    """It was stopped meanwhile, or somebody else asks: the rest need not be heard, nor paid."""


def said_to(call: Call, keep: Callable[[str], bool] | None) -> Said:
    """The whole answer. Until it is there, `keep` gets all that came so far now and then, and says whether anybody still waits for it.

    Without `keep`, or where the runner cannot tell piece by piece, it is asked as ever. Raises RunFailed, NobodyWaits.
    """
    model = runner()
    if keep is None or not isinstance(model, StreamingRunner):
        return model.run(call)
    pieces = model.stream(call)
    try:
        return _heard(pieces, keep)
    finally:
        pieces.close()


def _heard(pieces: Iterator[str | Said], keep: Callable[[str], bool]) -> Said:
    so_far, kept_at = list[str](), 0.0
    for piece in pieces:
        if isinstance(piece, Said):
            return piece
        so_far.append(piece)
        if time.monotonic() - kept_at >= KEPT_EVERY:
            if not keep("".join(so_far)):
                raise NobodyWaits
            kept_at = time.monotonic()
    raise RunFailed("The answer of the model was lost on its way.", code="no_answer", permanent=False)

"""How far a run is, for the page that looks at it every few seconds."""

from dataclasses import dataclass
from decimal import Decimal

from promptstudio.evaluations.models import ModelPace, Run
from promptstudio.evaluations.pace import pauses_of
from promptstudio.lib import clock


@dataclass(frozen=True)
class Progress:
    """`left` says in words how long it still takes, where that can be told. `spent` is in US dollars, None while nothing has a price."""

    done: int
    total: int
    spent: Decimal | None
    unpriced: int
    not_asked: int
    left: str
    pauses: list[ModelPace]


def progress_of(run: Run) -> Progress:
    """Of a run `with_progress` and its wording. One query."""
    done = run.total - run.waiting  # type: ignore[attr-defined]
    asked = [run.model or run.wording.bundle.model, run.judge.model if run.judge else "", run.embedding_model]
    pauses = pauses_of(filter(None, asked)) if run.waiting else []  # type: ignore[attr-defined]
    return Progress(
        done=done,
        total=run.total,  # type: ignore[attr-defined]
        spent=run.spent,  # type: ignore[attr-defined]
        unpriced=run.unpriced,  # type: ignore[attr-defined]
        not_asked=run.not_asked,  # type: ignore[attr-defined]
        left="" if pauses else _left(run, done),
        pauses=pauses,
    )


def _left(run: Run, done: int) -> str:
    waiting = run.waiting  # type: ignore[attr-defined]
    if not (waiting and done):
        return ""
    return in_words((clock.now() - run.asked_at).total_seconds() / done * waiting)


def in_words(seconds: float) -> str:
    """Rounded as people would say it."""
    if seconds < 10:
        return "a few seconds left"
    if seconds < 55:
        return f"about {round(seconds / 10) * 10} seconds left"
    if seconds < 90:
        return "about a minute left"
    if seconds < 3600:
        return f"about {round(seconds / 60)} minutes left"
    hours = round(seconds / 3600)
    return f"about {hours} hour{'' if hours == 1 else 's'} left"

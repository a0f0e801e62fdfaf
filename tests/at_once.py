"""Several people at the same moment: what each got, and who won."""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

from django.db import connections


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """What each answered or raised, all begun at the same moment on connections of their own."""
    answers: list[Any] = [None] * len(deeds)
    start = Barrier(len(deeds))

    def run(index: int) -> None:
        try:
            start.wait(10)
            answers[index] = deeds[index]()
        except Exception as error:
            answers[index] = error
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=[index], daemon=True) for index in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "They wait for each other."
    return answers


def one_and_one(answers: list[Any], winner: type, loser: type[Exception]) -> tuple[Any, Any]:
    """The one that went through, and what the other was told."""
    assert sorted(type(answer).__name__ for answer in answers) == sorted([winner.__name__, loser.__name__]), answers
    return next(a for a in answers if isinstance(a, winner)), next(a for a in answers if isinstance(a, loser))

"""What one process remembers, and for how long it is true."""

from dataclasses import dataclass, field

Headers = tuple[tuple[str, str], ...]
# Bytes of answers that one process holds before it starts afresh.
MOST_BYTES = 128 * 1024 * 1024
# Ways in (host, scheme) whose headers are remembered; whoever invents hosts gets Django's answer.
MOST_DOORS = 200


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    etag: str
    # where it was asked for by a name that the prompt had before
    renamed: tuple[tuple[str, str], ...] = ()


@dataclass
class Memory:
    """Answers as of one generation. Another generation gets another Memory, so that a slow thread cannot bring back what is old."""

    generation: int
    answers: dict[tuple[int, str, str], Answer] = field(default_factory=dict)
    size: int = 0

    def keep(self, place: tuple[int, str, str], answer: Answer) -> None:
        # Threads may lose an addition to `size` to each other; the bound is a bound, not an account.
        if self.size > MOST_BYTES:
            self.answers, self.size = {}, 0
        self.answers[place] = answer
        self.size += len(answer.body)

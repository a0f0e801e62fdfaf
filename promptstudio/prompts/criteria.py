"""What a change can be held to: metrics by name, and a criterion in words. How each is found out is a matter of the layers above."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

LONGEST_WINDOW = 365  # days


@dataclass(frozen=True)
class Metric:
    """`words` go on with “at least 95 %”. `source` says who knows: a run of tests, or a person who is asked.

    A threshold lies above 0, because nothing is below it, and not above `highest`.
    """

    words: str
    source: Literal["tests", "person"] = "tests"
    direction: Literal["at_least", "at_most", ""] = "at_most"
    unit: str = ""
    highest: Decimal = Decimal(100_000)


# Kept by these names with every criterion. What real usage tells (complaints, thumbs, cost of a day) becomes a source of its own here.
METRICS = {
    "pass_rate": Metric("Passed cases", direction="at_least", unit="%", highest=Decimal(100)),
    "mean_score": Metric("Mean score", direction="at_least", highest=Decimal(1)),
    "cost_per_call": Metric("Cost of a call", unit="US dollars"),
    "median_latency": Metric("Time to answer, median", unit="seconds"),
    "p95_latency": Metric("Time to answer, of 95 in 100", unit="seconds"),
    "asked": Metric("Asked of a person", source="person", direction=""),
}
MEASURED = tuple(name for name, metric in METRICS.items() if metric.source == "tests")
DIRECTIONS = {"at_least": "at least", "at_most": "at most"}


def amount(value: Decimal, metric: str) -> str:
    """“95 %”, “0.004 US dollars”."""
    digits = f"{value.quantize(Decimal('0.000001')).normalize():f}"
    return f"{digits} {METRICS[metric].unit}".strip()


def days_in_words(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"

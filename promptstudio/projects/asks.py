"""The rules that are a switch or a number, one row for each: what it asks for in words, and when one is stricter than another."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .rules import Rules


@dataclass(frozen=True)
class Ask:
    """`need` says what a version needs, None where it asks for nothing; `eased` what the new rules let in that the old ones held back.

    Off and empty are the easiest. Of two numbers the higher one is stricter, or the lower one where `less` says so.
    """

    rule: str
    need: "Callable[[Rules, str | None], str | None]"
    eased: "Callable[[Rules, Rules], str | None]"
    less: bool = False

    def stricter(self, one: Any, other: Any) -> Any:
        return max(one, other, key=self._strictness)

    def eases(self, new: "Rules", old: "Rules") -> str | None:
        """In which way the new rules are easier, None where they are not."""
        is_easier = self._strictness(getattr(new, self.rule)) < self._strictness(getattr(old, self.rule))
        return self.eased(new, old) if is_easier else None

    def _strictness(self, value: Any) -> float:
        if value is None or value is False:
            return float("-inf")
        return float(-value if self.less else value)


def _previous(rules: "Rules", previous: str | None) -> str | None:
    return f"to be live in {previous} first" if rules.previous_environment and previous else None


def _tests(rules: "Rules", previous: str | None) -> str | None:
    if not rules.tests:
        return None
    where = f" since it is live in {previous}" if previous else ""
    age = f", within the last {rules.tests_days} days" if rules.tests_days else ""
    return f"to have passed its required tests{where}{age}"


def _switch(rule: str, need: str, eased: str) -> Ask:
    return Ask(rule, lambda rules, _: need if getattr(rules, rule) else None, lambda new, old: eased)


def _days(days: int | None) -> str:
    return f"{days} days" if days else "ever"


# Before the approvals in the sentence, and behind them.
FIRST = (Ask("previous_environment", _previous, lambda new, old: "a version need not be live in the environment before"),)
THEN = (
    _switch("change_record", "a complete change record", "the change record may stay incomplete"),
    _switch("asker_confirms", "a yes from whoever asked for it in a request", "whoever asked for it need not confirm it"),
    Ask("tests", _tests, lambda new, old: "required tests need not have passed"),
    Ask(
        "tests_days",
        # said with the tests
        lambda rules, _: None,
        lambda new, old: f"tests count for {_days(new.tests_days)}" if new.tests and old.tests else None,
        less=True,
    ),
)
ASKS = FIRST + THEN

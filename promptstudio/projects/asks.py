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
    return f"to be live in {previous} first" if rules.previous_environment and previous and not rules.previous_hours else None


def _stay(rules: "Rules", previous: str | None) -> str | None:
    return f"to be live in {previous} for {_hours(rules.previous_hours)} without a break" if rules.previous_hours and previous else None


def _less_time(new: "Rules", old: "Rules") -> str:
    hours = _hours(new.previous_hours) if new.previous_hours else "no time"
    return f"a version has to stay in the environment before for {hours} instead of {_hours(old.previous_hours)}"


def _tests(rules: "Rules", previous: str | None) -> str | None:
    if not rules.tests:
        return None
    where = f" since it is live in {previous}" if previous else ""
    age = f", within the last {rules.tests_days} days" if rules.tests_days else ""
    return f"to have passed its required tests{where}{age}"


def _no_regression(rules: "Rules", previous: str | None) -> str | None:
    if not rules.no_regression:
        return None
    return "no case that is worse than on what is live" + (", nor statistics that speak against it" if rules.significance else "")


def _repeats(rules: "Rules", previous: str | None) -> str | None:
    asked = rules.tests_repeats and (rules.tests or rules.never_fail or rules.no_regression)
    return f"each case to have been asked {rules.tests_repeats} times" if asked else None


def _at_most(rule: str, what: str) -> Ask:
    """A percentage by which something may be above what is live."""

    def need(rules: "Rules", previous: str | None) -> str | None:
        percent = getattr(rules, rule)
        if percent is None:
            return None
        return f"{what} that is {f'at most {percent} % above' if percent else 'not above'} that of what is live"

    def eased(new: "Rules", old: "Rules") -> str:
        percent = getattr(new, rule)
        return f"{what} may be {'anything' if percent is None else f'{percent} % above that of what is live'}"

    return Ask(rule, need, eased, less=True)


def _switch(rule: str, need: str, eased: str) -> Ask:
    return Ask(rule, lambda rules, _: need if getattr(rules, rule) else None, lambda new, old: eased)


def _days(days: int | None) -> str:
    return f"{days} days" if days else "ever"


def _hours(hours: int | None) -> str:
    return f"{hours} hour{'' if hours == 1 else 's'}"


# Before the approvals in the sentence, and behind them.
FIRST = (
    Ask("previous_environment", _previous, lambda new, old: "a version need not be live in the environment before"),
    Ask("previous_hours", _stay, _less_time),
)
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
    Ask(
        "tests_repeats",
        _repeats,
        lambda new, old: f"each case need be asked only {f'{new.tests_repeats} times' if new.tests_repeats else 'once'}",
    ),
    _switch("never_fail", "to pass every case that must never fail", "cases that must never fail need not pass"),
    Ask("no_regression", _no_regression, lambda new, old: "cases may get worse than on what is live"),
    Ask(
        "significance",
        # said with the cases that got worse
        lambda rules, _: None,
        lambda new, old: "statistics only inform" if new.no_regression and old.no_regression else None,
    ),
    _at_most("cost_percent", "a cost per call"),
    _at_most("p95_percent", "a slowest answer of twenty"),
    _switch("no_open_changes", "to have no reviewer who asks for changes", "a version may enter while a reviewer asks for changes"),
    _switch("no_open_comments", "to have every comment on its lines settled", "comments on lines may be unsettled"),
    _switch("portable", "to fit every place that it is sent to", "a version need not fit the places that it is sent to"),
    _switch("model_not_retired", "to name no model that is retired", "the model of a version may be retired"),
)
ASKS = FIRST + THEN

"""A gate that looks at the clock."""

from promptstudio.lib import clock
from promptstudio.projects import windows
from promptstudio.projects.rules import Rules

from ..candidate import Candidate, Gate, Outcome


class AllowedTime(Gate):
    name, title = "allowed_time", "At an allowed time"
    is_of_the_moment = True

    def applies(self, rules: Rules) -> bool:
        return bool(rules.hours or rules.freezes)

    def check(self, candidate: Candidate) -> Outcome:
        rules, again = candidate.rules, candidate.allowed_at
        # Read after it: where it is open, that is the moment at which somebody asked.
        now = clock.now()
        hours = " and, at the same time, ".join(each.in_words for each in rules.hours)
        if again is None:
            return self.blocked(f"Its hours are never open together: {hours}. A project admin has to change the conditions.")
        if again <= now:
            return self.passed(f"Promotion is allowed now: {hours}." if hours else "No freeze holds now.")
        then = f"Allowed again on {windows.moment_in_words(again, windows.zone_of(rules))}."
        evidence = {"allowed_again": again.isoformat()}
        if freeze := windows.freeze_at(rules, now):
            return self.blocked(f"Nothing is promoted {freeze.in_words}: “{freeze.reason}”. {then}", **evidence)
        return self.blocked(f"Promotion is allowed {hours}. {then}", **evidence)

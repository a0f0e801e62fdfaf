"""Gates that look at the version and at where it has been."""

from promptstudio.projects.rules import Rules

from .. import naming
from ..candidate import Candidate, Gate, Outcome
from .people import Approvals, ForTheFolder
from .saying import named


class NotRecalled(Gate):
    name, title = "not_recalled", "Not recalled"

    def applies(self, rules: Rules) -> bool:
        return True

    def check(self, candidate: Candidate) -> Outcome:
        recall = candidate.recall
        if recall is None:
            return self.passed("Nobody recalled this version.")
        if self._is_lifted(candidate):
            names, marks = named([d.person for d in candidate.approvals])
            sentence = "It was recalled, and approved in a new review by {}."
            return self.passed(sentence.format(names), kept=sentence.format(marks))
        sentence = f"{{}} recalled {candidate.version.semver}: “{{}}” A new review has to approve it first."
        return self.blocked(
            sentence.format(recall.by, recall.reason),
            kept=sentence.format(naming.person(recall.by), naming.recalled(recall)),
            recall=str(recall.uid),
        )

    def _is_lifted(self, candidate: Candidate) -> bool:
        """Also on the way back, which asks nothing else: one of two approvals does not lift it, nor one beside wishes for changes."""
        asked = [gate for gate in (Approvals(), ForTheFolder()) if gate.applies(candidate.rules)]
        return bool(candidate.approvals) and not candidate.requested_changes and all(gate.check(candidate).passed for gate in asked)


class PreviousEnvironment(Gate):
    name, title = "previous_environment", "Previous environment"

    def applies(self, rules: Rules) -> bool:
        return rules.previous_environment

    def check(self, candidate: Candidate) -> Outcome:
        previous = candidate.previous
        if previous is None:
            return self.passed("This is the first environment.")
        was_live = candidate.was_live_before
        if was_live is None:
            return self.blocked(f"{candidate.version.semver} has not been live in {previous} yet. Promote it there first.")
        return self.passed(f"Live in {previous} on {was_live.at:%-d %B}.", at=was_live.at.isoformat())


class ChangeRecord(Gate):
    name, title = "change_record", "Change record"

    def applies(self, rules: Rules) -> bool:
        return rules.change_record

    def check(self, candidate: Candidate) -> Outcome:
        version = candidate.version
        if version.origin == "import":
            return self.blocked(f"{version.semver} was imported and tells no story of its change. Save a new version with a change record.")
        if candidate.missing_from_record:
            missing = " and ".join(f"“{label}”" for label in candidate.missing_from_record)
            return self.blocked(f"{missing} is still missing from the change record.")
        return self.passed("Summary, expected impact and how we will know are there.")

"""Gates that look at the version and at where it has been."""

from datetime import datetime, timedelta

from promptstudio.lib import clock
from promptstudio.projects.rules import Rules
from promptstudio.projects.windows import moment_in_words, zone_of
from promptstudio.prompts.findings import TARGETS
from promptstudio.prompts.lint import in_words, portable

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


class Stayed(Gate):
    """Of the present stay alone: what left the environment before, or was replaced there, was not found good for so long."""

    name, title = "previous_hours", "Stayed in the environment before"

    def applies(self, rules: Rules) -> bool:
        return rules.previous_hours is not None

    def check(self, candidate: Candidate) -> Outcome:
        previous, hours, serves = candidate.previous, candidate.rules.previous_hours or 0, candidate.serves_before
        if previous is None:
            return self.passed("This is the first environment.")
        if serves is None or serves.version_id != candidate.version.pk:
            now = f"{serves.version.semver} is" if serves else "Nothing is"
            return self.blocked(
                f"{now} live in {previous} now. {candidate.version.semver} has to be, for {_hours(hours)} without a break. "
                "Promote it there first."
            )
        until, evidence = serves.at + timedelta(hours=hours), {"since": serves.at.isoformat()}
        if clock.now() < until:
            rest = moment_in_words(_whole_minute(until), zone_of(candidate.rules))
            return self.blocked(f"It has to be live in {previous} for {_hours(hours)} without a break: until {rest}.", **evidence)
        since = moment_in_words(serves.at, zone_of(candidate.rules))
        return self.passed(f"Live in {previous} without a break since {since}; {_hours(hours)} are asked for.", **evidence)


def _hours(hours: int) -> str:
    return f"{hours} hour{'' if hours == 1 else 's'}"


def _whole_minute(moment: datetime) -> datetime:
    """Not before it: whoever comes back at the minute that was told finds it open."""
    return moment + (timedelta(minutes=1) if moment.second or moment.microsecond else timedelta())


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


class FitsItsPlaces(Gate):
    name, title = "portable", "Fits every place"
    most_told = 3

    def applies(self, rules: Rules) -> bool:
        return rules.portable

    def check(self, candidate: Candidate) -> Outcome:
        if not candidate.targets:
            return self.passed(f"{candidate.environment} sends it to no place outside.")
        names = {kind: [target.name for target in candidate.targets if target.kind == kind] for kind in TARGETS}
        fits = portable(candidate.version.bundle)
        wrong = [f"{' and '.join(names[kind])}: {self._told(reasons)}" for kind, reasons in fits.items() if reasons and names[kind]]
        if wrong:
            return self.blocked(" ".join(wrong), targets=[str(target.uid) for target in candidate.targets])
        return self.passed(f"It fits {', '.join(target.name for target in candidate.targets)}.")

    def _told(self, reasons: list[str]) -> str:
        more = len(reasons) - self.most_told
        return " ".join(reasons[: self.most_told]) + (f" And {more} more." if more > 0 else "")


class ModelNotRetired(Gate):
    name, title = "model_not_retired", "Model not retired"

    def applies(self, rules: Rules) -> bool:
        return rules.model_not_retired

    def check(self, candidate: Candidate) -> Outcome:
        model_id = candidate.version.model
        model = candidate.known_models.find(model_id)
        if model is None:
            known = (
                "It names no model."
                if not model_id
                else f"{model_id} is not in the list of models, so no day is known on which it retires."
            )
            return self.passed(known, model=model_id)
        if model.retires_on is None:
            return self.passed(f"{model.label} is not to retire.", model=model_id)
        day, evidence = in_words(model.retires_on), {"model": model_id, "retires_on": model.retires_on.isoformat()}
        if model.retires_on > clock.now().date():
            return self.passed(f"{model.label} retires on {day}.", **evidence)
        follows = candidate.known_models.find(model.successor)
        then = f" {follows.label if follows else model.successor} is meant to follow it." if model.successor else ""
        return self.blocked(f"{model.label} retired on {day}.{then} Save a version with another model.", **evidence)

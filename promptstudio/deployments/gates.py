"""What must be so before a version may enter an environment. One class per gate; each answers with a reason."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import structlog
from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.projects.models import Environment, Membership, Policy
from promptstudio.projects.rules import ROLE_WORDS, Rules
from promptstudio.prompts.models import Version
from promptstudio.prompts.permissions import can_here
from promptstudio.reviews.models import Decision
from promptstudio.reviews.services import standing_decisions

from .models import Placement, WentLive

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Outcome:
    gate: str
    title: str
    passed: bool
    reason: str
    evidence: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Candidate:
    """A version in front of an environment, with what was live there when the question was asked."""

    version: Version
    environment: Environment
    policy: Policy
    live: Version | None

    @cached_property
    def rules(self) -> Rules:
        return self.policy.rules

    @cached_property
    def recalled_at(self) -> Any:
        recall = self.version.recalls.order_by("-id").first()
        return recall.created_at if recall else None

    @cached_property
    def approvals(self) -> list[Decision]:
        """Approvals that stand: by people who did not write the version and still hold, from someone else, the role they gave it in."""
        writers = set(self.version.contributors.values_list("user_id", flat=True))
        return [d for d in self._standing if d.verdict == Decision.Verdict.APPROVE and d.person_id not in writers and self._holds(d)]

    @cached_property
    def requested_changes(self) -> list[Decision]:
        return [d for d in self._standing if d.verdict == Decision.Verdict.REQUEST_CHANGES and self._holds(d)]

    @cached_property
    def _standing(self) -> list[Decision]:
        return [
            d
            for d in standing_decisions(self.version, self.environment)
            if d.digest == self.version.digest and (self.recalled_at is None or d.review.asked_at > self.recalled_at)
        ]

    def _holds(self, decision: Decision) -> bool:
        prompt = self.version.prompt
        held = Membership.objects.filter(user=decision.person, role=decision.role).at(prompt.folder).given_by_others()
        return decision.person.is_active and held.exists() and bool(can_here(Actor(decision.person), "read", prompt))


class Gate:
    name: ClassVar[str]
    title: ClassVar[str]

    def applies(self, rules: Rules) -> bool:
        raise NotImplementedError

    def check(self, candidate: Candidate) -> Outcome:
        raise NotImplementedError

    def passed(self, reason: str, **evidence: Any) -> Outcome:
        return Outcome(self.name, self.title, True, reason, evidence)

    def blocked(self, reason: str, **evidence: Any) -> Outcome:
        return Outcome(self.name, self.title, False, reason, evidence)


class NotRecalled(Gate):
    name, title = "not_recalled", "Not recalled"

    def applies(self, rules: Rules) -> bool:
        return True

    def check(self, candidate: Candidate) -> Outcome:
        recall = candidate.version.recalls.order_by("-id").select_related("by").first()
        if recall is None:
            return self.passed("Nobody recalled this version.")
        # Also on the way back, which asks nothing else: one of two approvals does not lift it.
        if candidate.approvals and Approvals().check(candidate).passed:
            names = ", ".join(d.person.name for d in candidate.approvals)
            return self.passed(f"It was recalled, and approved in a new review by {names}.")
        return self.blocked(
            f"{recall.by} recalled {candidate.version.semver}: “{recall.reason}” A new review has to approve it first.",
            recall=str(recall.uid),
        )


class PreviousEnvironment(Gate):
    name, title = "previous_environment", "Previous environment"

    def applies(self, rules: Rules) -> bool:
        return rules.previous_environment

    def check(self, candidate: Candidate) -> Outcome:
        previous = candidate.environment.previous
        if previous is None:
            return self.passed("This is the first environment.")
        was_live = WentLive.objects.filter(version=candidate.version, placement__environment=previous).order_by("id").last()
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
        if version.missing_from_record:
            missing = " and ".join(f"“{label}”" for label in version.missing_from_record)
            return self.blocked(f"{missing} is still missing from the change record.")
        return self.passed("Summary, expected impact and how we will know are there.")


class Approvals(Gate):
    name, title = "approvals", "Approvals"

    def applies(self, rules: Rules) -> bool:
        return bool(rules.approvals)

    def check(self, candidate: Candidate) -> Outcome:
        if candidate.requested_changes:
            who = candidate.requested_changes[0]
            return self.blocked(f"{who.person} asked for changes: “{who.comment}”", by=str(who.person.uid))
        given = {role: [d for d in candidate.approvals if d.role == role] for role in candidate.rules.approvals}
        missing = [
            f"{count - len(given[role])} more {ROLE_WORDS[role]} approval"
            for role, count in candidate.rules.approvals.items()
            if len(given[role]) < count
        ]
        evidence = {"decisions": [str(d.uid) for d in candidate.approvals]}
        if missing:
            able = ", ".join(_names_of_able(candidate, [role for role in given if len(given[role]) < candidate.rules.approvals[role]]))
            return self.blocked(
                f"{' and '.join(missing)} needed. {f'These people can give it: {able}.' if able else 'Nobody can give it at the moment.'}",
                **evidence,
            )
        names = ", ".join(f"{d.person} ({ROLE_WORDS[d.role]})" for d in candidate.approvals)
        return self.passed(f"Approved by {names}.", **evidence)


class SameBaseline(Gate):
    """An approval says "this instead of that". When another version went live since, it speaks of a difference that no longer is."""

    name, title = "same_baseline", "Approved against what is live now"

    def applies(self, rules: Rules) -> bool:
        return bool(rules.approvals) and rules.same_baseline

    def check(self, candidate: Candidate) -> Outcome:
        fresh = [d.role for d in candidate.approvals if d.baseline_id == _pk(candidate.live)]
        short = {role for role, count in candidate.rules.approvals.items() if fresh.count(role) < count}
        if candidate.live and candidate.live.pk == candidate.version.pk:
            return self.passed("It is the version that stood here itself.")
        stale = [d for d in candidate.approvals if d.role in short and d.baseline_id != _pk(candidate.live)]
        if stale:
            now = f"{candidate.live.semver} is live now" if candidate.live else "nothing is live now"
            who = ", ".join(f"{d.person} (who saw {d.baseline.semver if d.baseline else 'nothing'} live)" for d in stale)
            return self.blocked(
                f"{now[0].upper()}{now[1:]}. Before it goes on, {who} must look at the new difference and confirm.",
                waiting=[str(d.person.uid) for d in stale],
            )
        if not candidate.approvals:
            return self.passed("There is no approval yet that could be held against what is live.")
        if candidate.live is None:
            return self.passed("Nothing is live there yet.")
        return self.passed(f"The approvals that count were given against {candidate.live.semver}, which is live now.")


GATES: tuple[Gate, ...] = (NotRecalled(), PreviousEnvironment(), ChangeRecord(), Approvals(), SameBaseline())


def candidate_for(version: Version, environment: Environment) -> Candidate:
    placement = Placement.objects.filter(prompt=version.prompt_id, environment=environment).select_related("live__version").first()
    return Candidate(version, environment, environment.policy, placement.live_version if placement else None)


def evaluate(candidate: Candidate, gates: tuple[Gate, ...] | None = None) -> list[Outcome]:
    """Every gate that the policy asks for, in order. A gate that cannot answer blocks."""
    return list(_outcomes(candidate, GATES if gates is None else gates))


def _outcomes(candidate: Candidate, gates: tuple[Gate, ...]) -> Iterator[Outcome]:
    for gate in gates:
        try:
            # A savepoint, so that a failed query of one gate leaves the others their transaction.
            with transaction.atomic():
                outcome = gate.check(candidate) if gate.applies(candidate.rules) else None
            if outcome:
                yield outcome
        except Exception as error:
            log.exception("gate.broken", gate=gate.name, version=str(candidate.version.uid))
            yield gate.blocked(f"This could not be checked, so it blocks ({type(error).__name__}). Tell an administrator.")


def _names_of_able(candidate: Candidate, roles: list[str]) -> list[str]:
    """People who could give an approval in one of `roles` today."""
    writers = candidate.version.contributors.values("user")
    decided = [d.person_id for d in candidate.approvals]
    prompt = candidate.version.prompt
    rows = Membership.objects.at(prompt.folder).given_by_others().filter(role__in=roles, user__is_active=True)
    people = {row.user for row in rows.exclude(user__in=writers).exclude(user__in=decided).select_related("user")}
    return sorted(person.name for person in people if not prompt.restricted or can_here(Actor(person), "read", prompt))


def _pk(version: Version | None) -> int | None:
    return version.pk if version else None

"""A version in front of an environment: the facts that gates ask for, and what a gate is."""

from collections.abc import Container, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from promptstudio.accounts.models import User
from promptstudio.evaluations.models import AcceptedCase
from promptstudio.evaluations.standing import Standing, standings_of
from promptstudio.lib import clock
from promptstudio.projects.answering import Answering, who_answers
from promptstudio.projects.models import Environment, Membership, Policy
from promptstudio.projects.roles import ROLES
from promptstudio.projects.rules import Rules
from promptstudio.prompts.models import Prompt, PromptUserPermission, Request, Version
from promptstudio.reviews.answering import substitutes_of
from promptstudio.reviews.authorship import origins_in, suggesters_of
from promptstudio.reviews.models import Decision, Substitute
from promptstudio.reviews.services import standing_decisions

from .models import Recall, WentLive
from .requests import brought_by, links_of


@dataclass(frozen=True)
class Outcome:
    gate: str
    title: str
    passed: bool
    reason: str
    evidence: dict[str, Any] = field(default_factory=dict)
    # The reason with marks for names and quotations (`naming`), where it has any.
    kept: str = ""

    def as_json(self) -> dict[str, Any]:
        shown = asdict(self)
        del shown["kept"]
        return shown

    def as_kept(self) -> dict[str, Any]:
        return self.as_json() | {"reason": self.kept or self.reason}


@dataclass(frozen=True)
class Candidate:
    """A version in front of an environment, with what was live there when the question was asked.

    `by` is who wants to promote it; None while nobody does yet.
    """

    version: Version
    environment: Environment
    policy: Policy
    live: Version | None
    by: User | None = None

    @cached_property
    def rules(self) -> Rules:
        return self.policy.rules

    # Facts that gates ask for. `glance` fills them for many candidates at once; a gate that asks the database itself makes lists slow.

    @cached_property
    def recall(self) -> Recall | None:
        return self.version.recalls.order_by("-id").select_related("by").first()

    @cached_property
    def previous(self) -> Environment | None:
        return self.environment.previous

    @cached_property
    def was_live_before(self) -> WentLive | None:
        """The last time that this version went live in the previous environment."""
        return WentLive.objects.filter(version=self.version, placement__environment=self.previous).order_by("id").last()

    @cached_property
    def missing_from_record(self) -> list[str]:
        return self.version.missing_from_record

    @cached_property
    def writers(self) -> set[int]:
        return set(self.version.contributors.values_list("user_id", flat=True))

    @cached_property
    def suggesters(self) -> set[int]:
        """Who suggested words that were taken into the version, or into what it brings along."""
        return suggesters_of(self.version, self.live, origins_in([self.version.prompt_id]))

    @cached_property
    def answering(self) -> Answering | None:
        """Who answers for the folder of the prompt, where anybody is named."""
        return who_answers(self.version.prompt.folder)

    @cached_property
    def substitutes(self) -> list[Substitute]:
        """Whoever stands in, or stood in, for one of them."""
        return substitutes_of(person.pk for person in self.answering.people) if self.answering else []

    @cached_property
    def decisions(self) -> list[Decision]:
        return standing_decisions(self.version, self.environment)

    @cached_property
    def members(self) -> list[Membership]:
        """Roles that count here: of people who may sign in and see the prompt, given by someone else."""
        prompt = self.version.prompt
        rows = Membership.objects.at(prompt.folder).filter(user__is_active=True).select_related("user")
        named = PromptUserPermission.objects.filter(content_object=prompt).values_list("user_id", flat=True) if prompt.restricted else ()
        return who_counts(prompt, list(rows), set(named))

    @cached_property
    def requests(self) -> list[Request]:
        """What somebody asked for and this version answers, itself or with what it brings along since the live one."""
        return brought_by(self.version, self.live, links_of([self.version.prompt_id]))

    @property
    def authors(self) -> set[int]:
        """Who does not approve it."""
        return self.writers | self.suggesters if self.rules.suggester_counts_as_author else self.writers

    @cached_property
    def tests(self) -> list[Standing]:
        """How the suites of the prompt stand on this version."""
        return standings_of([self.version])[self.version.pk]

    @cached_property
    def live_tests(self) -> list[Standing]:
        """How the same suites stand on what is live, where anything is."""
        return standings_of([self.live])[self.live.pk] if self.live else []

    @cached_property
    def acceptances(self) -> list[AcceptedCase]:
        """What was said of each case that got worse on this version, in order."""
        rows = AcceptedCase.objects.filter(version=self.version, environment=self.environment)
        return list(rows.select_related("by"))

    @property
    def recalled_at(self) -> Any:
        return self.recall.created_at if self.recall else None

    @cached_property
    def approvals(self) -> list[Decision]:
        """Approvals that stand: by people who are not its authors and still hold, from someone else, the role they gave it in."""
        return [
            d
            for d in self._standing
            if d.verdict == Decision.Verdict.APPROVE and d.person_id not in self.authors and not self._lapsed(d) and self._holds(d)
        ]

    @cached_property
    def lapsed(self) -> list[Decision]:
        """Approvals that are older than the policy lets them count."""
        return [d for d in self._standing if d.verdict == Decision.Verdict.APPROVE and self._lapsed(d)]

    @cached_property
    def requested_changes(self) -> list[Decision]:
        return [d for d in self._standing if d.verdict == Decision.Verdict.REQUEST_CHANGES and self._holds(d)]

    @property
    def accepted(self) -> dict[tuple[int, str], AcceptedCase]:
        """By suite and case, what lets a case be worse than on what is live: said by somebody who may say so and did not write it."""
        said = [row for row in self.acceptances if self.live and row.against_id == self.live.pk]
        last = {(row.suite_id, row.case): row for row in said}
        return {key: row for key, row in last.items() if row.accepted and row.by_id not in self.authors and self._may_accept(row)}

    def _may_accept(self, row: AcceptedCase) -> bool:
        held = any((member.user_id, member.role) == (row.by_id, row.role) for member in self.members)
        return held and row.role in self.rules.accepters

    @cached_property
    def _standing(self) -> list[Decision]:
        return [
            d
            for d in self.decisions
            if d.digest == self.version.digest and (self.recalled_at is None or d.review.asked_at > self.recalled_at)
        ]

    def _lapsed(self, decision: Decision) -> bool:
        return self.rules.too_old(decision.decided_at, clock.now())

    def _holds(self, decision: Decision) -> bool:
        held = any((row.user_id, row.role) == (decision.person_id, decision.role) for row in self.members)
        return held and decision.role in ROLES["review"]


def who_counts(prompt: Prompt, rows: Sequence[Membership], named: Container[int]) -> list[Membership]:
    """Of all roles at the prompt's folder, those that count in its conditions: of people who see the prompt, given by someone else.

    `named` are the users to whom the prompt is restricted, where it is.
    """
    keepers = {row.user_id for row in rows if row.role in ROLES["administer"] or row.user.is_site_admin}
    return [
        row
        for row in rows
        if row.granted_by_id != row.user_id and (not prompt.restricted or row.user_id in keepers or row.user_id in named)
    ]


class Gate:
    name: ClassVar[str]
    title: ClassVar[str]

    def applies(self, rules: Rules) -> bool:
        raise NotImplementedError

    def check(self, candidate: Candidate) -> Outcome:
        raise NotImplementedError

    def passed(self, reason: str, *, kept: str = "", **evidence: Any) -> Outcome:
        return Outcome(self.name, self.title, True, reason, evidence, kept)

    def blocked(self, reason: str, *, kept: str = "", **evidence: Any) -> Outcome:
        return Outcome(self.name, self.title, False, reason, evidence, kept)

"""A version in front of an environment: the facts that gates ask for, and what a gate is."""

from collections.abc import Container, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from promptstudio.accounts.models import User
from promptstudio.evaluations.models import AcceptedCase
from promptstudio.evaluations.standing import Standing, standings_of
from promptstudio.lib import clock
from promptstudio.projects.answering import Answering, who_answers
from promptstudio.projects.models import Environment, Membership, Policy
from promptstudio.projects.roles import ROLES
from promptstudio.projects.rules import Rules
from promptstudio.projects.windows import next_allowed
from promptstudio.prompts.catalogue import Catalogue
from promptstudio.prompts.models import ModelEntry, Prompt, PromptUserPermission, Request, Version
from promptstudio.reviews.answering import substitutes_of
from promptstudio.reviews.authorship import origins_in, suggesters_of
from promptstudio.reviews.models import Decision, Substitute, Thread
from promptstudio.reviews.services import standing_decisions

from .models import Recall, Target, WentLive
from .requests import brought_by, links_of

if TYPE_CHECKING:
    fact = cached_property
else:

    class fact(cached_property):
        """Asked for once. What `unknown` names cannot be asked for: whoever does gets the reason, and a gate that gets it blocks."""

        def __get__(self, candidate: Any, owner: Any = None) -> Any:
            if candidate is not None and self.attrname in candidate.unknown:
                raise candidate.unknown[self.attrname].with_traceback(None)
            return super().__get__(candidate, owner)


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
    unknown: dict[str, Exception] = field(default_factory=dict, compare=False)

    # Facts that gates ask for. `glance` fills them for many candidates at once; a gate that asks the database itself makes lists slow.
    # In `unknown` it leaves what kept it from knowing one.

    @fact
    def rules(self) -> Rules:
        return self.policy.rules

    @fact
    def recall(self) -> Recall | None:
        return self.version.recalls.order_by("-id").select_related("by").first()

    @fact
    def previous(self) -> Environment | None:
        return self.environment.previous

    @fact
    def was_live_before(self) -> WentLive | None:
        """The last time that this version went live in the previous environment."""
        return WentLive.objects.filter(version=self.version, placement__environment=self.previous).order_by("id").last()

    @fact
    def serves_before(self) -> WentLive | None:
        """What the previous environment serves at the moment, and since when; None where it serves nothing."""
        serving = WentLive.objects.serving().filter(placement__prompt=self.version.prompt_id, placement__environment=self.previous)
        return serving.select_related("version").first()

    @fact
    def missing_from_record(self) -> list[str]:
        return self.version.missing_from_record

    @fact
    def targets(self) -> list[Target]:
        """The places outside that it would be sent to."""
        return list(self.environment.targets.filter(is_active=True))

    @fact
    def known_models(self) -> Catalogue:
        return ModelEntry.objects.catalogue()

    @fact
    def allowed_at(self) -> datetime | None:
        """The first moment from now on at which the calendar lets promotions through; None where it never does."""
        return next_allowed(self.rules, clock.now())

    @fact
    def open_threads(self) -> list[Thread]:
        """Unsettled comments on lines of it and of earlier versions, as its review shows them."""
        found = Thread.objects.open().filter(version__prompt=self.version.prompt_id, version__lte=self.version.pk)
        return list(found.select_related("begun_by"))

    @fact
    def writers(self) -> set[int]:
        return set(self.version.contributors.values_list("user_id", flat=True))

    @fact
    def suggesters(self) -> set[int]:
        """Who suggested words that were taken into the version, or into what it brings along."""
        return suggesters_of(self.version, self.live, origins_in([self.version.prompt_id]))

    @fact
    def answering(self) -> Answering | None:
        """Who answers for the folder of the prompt, where anybody is named."""
        return who_answers(self.version.prompt.folder)

    @fact
    def substitutes(self) -> list[Substitute]:
        """Whoever stands in, or stood in, for one of them."""
        return substitutes_of(person.pk for person in self.answering.people) if self.answering else []

    @fact
    def decisions(self) -> list[Decision]:
        return standing_decisions(self.version, self.environment)

    @fact
    def members(self) -> list[Membership]:
        """Roles that count here: of people who may sign in and see the prompt, given by someone else."""
        prompt = self.version.prompt
        rows = Membership.objects.at(prompt.folder).filter(user__is_active=True).select_related("user")
        named = PromptUserPermission.objects.filter(content_object=prompt).values_list("user_id", flat=True) if prompt.restricted else ()
        return who_counts(prompt, list(rows), set(named))

    @fact
    def requests(self) -> list[Request]:
        """What somebody asked for and this version answers, itself or with what it brings along since the live one."""
        return brought_by(self.version, self.live, links_of([self.version.prompt_id]))

    @property
    def authors(self) -> set[int]:
        """Who does not approve it."""
        return self.writers | self.suggesters if self.rules.suggester_counts_as_author else self.writers

    @fact
    def tests(self) -> list[Standing]:
        """How the suites of the prompt stand on this version."""
        return standings_of([self.version])[self.version.pk]

    @fact
    def live_tests(self) -> list[Standing]:
        """How the same suites stand on what is live, where anything is."""
        return standings_of([self.live])[self.live.pk] if self.live else []

    @fact
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

    @cached_property
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


FACTS = tuple(name for name, value in vars(Candidate).items() if isinstance(value, fact))


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
    # Whether it asks about the moment of the promotion alone, and nothing of the version.
    is_of_the_moment: ClassVar[bool] = False

    def applies(self, rules: Rules) -> bool:
        raise NotImplementedError

    def check(self, candidate: Candidate) -> Outcome:
        raise NotImplementedError

    def passed(self, reason: str, *, kept: str = "", **evidence: Any) -> Outcome:
        return Outcome(self.name, self.title, True, reason, evidence, kept)

    def blocked(self, reason: str, *, kept: str = "", **evidence: Any) -> Outcome:
        return Outcome(self.name, self.title, False, reason, evidence, kept)

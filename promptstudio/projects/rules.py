"""The gates that a policy asks for, as data that a person can read back as a sentence."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveInt

from promptstudio.lib import clock

from . import windows
from .asks import ASKS, FIRST, THEN
from .windows import Freeze, Hours

ROLE_WORDS = {
    "viewer": "viewer",
    "domain_expert": "domain expert",
    "product": "product",
    "technical": "technical",
    "auditor": "auditor",
    "admin": "project admin",
}
Percent = Annotated[int, Field(ge=0, le=1000)]
MOST_IN_A_SENTENCE = 4
EDITORS = frozenset({"domain_expert", "product", "technical", "admin"})


class Rules(BaseModel):
    """`approvals` maps roles to how many different people of that role must approve; `approval_days` is how long one counts.

    `tests` asks for the required suites of the prompt, `tests_days` is how long they count, `tests_repeats` how often each case has to be
    asked, in these and in the next two. `never_fail` asks for the cases that must never fail, of every suite. `no_regression` lets no
    case get worse than on what is live, unless one of `accepters` accepts it; `significance` blocks also where statistics speak against
    it. `cost_percent` and `p95_percent` are by how much a call may cost more, and take longer, than on what is live.

    `folder_reviewers` asks one of those who answer for the folder of the prompt to approve, where anybody is named there.
    `suggester_counts_as_author` lets nobody approve a version that took up words which they suggested.

    `previous_hours` is how long it has to be live in the environment before, without a break and up to now.
    `hours` have to be open, all of them, and no one of the `freezes` may hold (`windows`).
    `emergency` are the roles that may promote although the others hold a version back.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    previous_environment: bool = False
    previous_hours: Annotated[int, Field(ge=1, le=8760)] | None = None
    change_record: bool = False
    approvals: dict[str, PositiveInt] = Field(default_factory=dict)
    folder_reviewers: bool = False
    suggester_counts_as_author: bool = False
    same_baseline: bool = True
    approval_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    approver_may_deploy: bool = True
    asker_confirms: bool = False
    tests: bool = False
    tests_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    tests_repeats: Annotated[int, Field(ge=2, le=20)] | None = None
    never_fail: bool = False
    no_regression: bool = False
    significance: bool = False
    accepters: tuple[str, ...] = ("product", "technical", "admin")
    cost_percent: Percent | None = None
    p95_percent: Percent | None = None
    no_open_changes: bool = False
    no_open_comments: bool = False
    portable: bool = False
    model_not_retired: bool = False
    hours: Annotated[tuple[Hours, ...], AfterValidator(windows.of_one_zone_each)] = ()
    freezes: Annotated[tuple[Freeze, ...], AfterValidator(windows.each_once)] = ()
    deployers: tuple[str, ...] = ("domain_expert", "product", "technical", "admin")
    emergency: tuple[str, ...] = ("admin",)

    @property
    def asks_approval(self) -> bool:
        return bool(self.approvals) or self.folder_reviewers

    def in_words(self, environment: str, previous: str | None) -> str:
        """“To enter Production a version needs …”, and when promotion is allowed."""
        return " ".join([self._needs_in_words(environment, previous), *windows.in_words(self)])

    def _needs_in_words(self, environment: str, previous: str | None) -> str:
        needs = self.needs(previous)
        if not needs:
            if set(self.deployers) >= EDITORS:
                anyone = f"Anyone who edits can promote to {environment}."
                return anyone if self.hours or self.freezes else f"{anyone} There are no conditions."
            if self.hours or self.freezes:
                return self.deployers_in_words(environment)
            return f"There are no conditions. {self.deployers_in_words(environment)}"
        return _said(environment, needs)

    def needs(self, previous: str | None) -> list[str]:
        """What a version needs, each as it stands behind “needs”."""
        needs = [need for ask in FIRST if (need := ask.need(self, previous))]
        if self.asks_approval:
            days = f" within the last {self.approval_days} days" if self.approval_days else ""
            against = " given against what is live now" if self.same_baseline else ""
            needs.append(self._approvals_asked() + ("," if self.folder_reviewers and against else "") + against + days)
        needs += [need for ask in THEN if (need := ask.need(self, previous))]
        if self.asks_approval and self.suggester_counts_as_author:
            needs.append("approvers who suggested none of its words")
        if self.asks_approval and not self.approver_may_deploy:
            needs.append("somebody to promote it who did not approve it")
        return needs

    def approvals_in_words(self) -> str:
        return " and ".join(
            f"{count} {ROLE_WORDS.get(role, role)} approval{'s' if count > 1 else ''}" for role, count in self.approvals.items()
        )

    def _approvals_asked(self) -> str:
        by_role = [self.approvals_in_words()] if self.approvals else []
        by_folder = ["an approval by somebody who answers for its folder"] if self.folder_reviewers else []
        return " and ".join(by_role + by_folder)

    def too_old(self, given_at: datetime, now: datetime) -> bool:
        """Whether an approval that was given then does not count any more."""
        return self.approval_days is not None and given_at < now - timedelta(days=self.approval_days)

    def easier_than(self, other: "Rules") -> list[str]:
        """In which ways these rules let in what `other` would hold back; nothing when they are at least as strict."""
        found = [eased for ask in ASKS if (eased := ask.eases(self, other))]
        for role, count in other.approvals.items():
            if self.approvals.get(role, 0) < count:
                found.append(f"{self.approvals.get(role, 0)} instead of {count} {ROLE_WORDS.get(role, role)} approvals are enough")
        if other.folder_reviewers and not self.folder_reviewers:
            found.append("nobody who answers for a folder has to approve what lies in it")
        found += windows.eased(self, other, clock.now())
        if self.asks_approval and other.asks_approval:
            if other.suggester_counts_as_author and not self.suggester_counts_as_author:
                found.append("whoever suggested words of a version may approve it")
            if other.same_baseline and not self.same_baseline:
                found.append("approvals go on counting when something else went live")
            if other.approval_days and (self.approval_days is None or self.approval_days > other.approval_days):
                found.append(f"approvals count for {f'{self.approval_days} days' if self.approval_days else 'ever'}")
            if not other.approver_may_deploy and self.approver_may_deploy:
                found.append("whoever approved may promote as well")
        if self.no_regression and other.no_regression and (more := [role for role in self.accepters if role not in other.accepters]):
            found.append(f"{listed([ROLE_WORDS.get(role, role) for role in more])} may accept cases that got worse as well")
        if more := [role for role in self.deployers if role not in other.deployers]:
            found.append(f"{listed([ROLE_WORDS.get(role, role) for role in more])} may promote as well")
        if more := [role for role in self.emergency if role not in other.emergency]:
            found.append(f"{listed([ROLE_WORDS.get(role, role) for role in more])} may promote past the conditions in an emergency")
        return found

    def raised_to(self, floor: "Rules") -> "Rules":
        """The stricter of both in every respect."""
        approvals = {role: max(self.approvals.get(role, 0), floor.approvals.get(role, 0)) for role in {**self.approvals, **floor.approvals}}
        days = [days for days in (self.approval_days, floor.approval_days) if days]
        deployers = tuple(role for role in self.deployers if role in floor.deployers)
        accepters = self.accepters if not floor.no_regression else tuple(role for role in self.accepters if role in floor.accepters)
        return Rules(
            **{ask.rule: ask.stricter(getattr(self, ask.rule), getattr(floor, ask.rule)) for ask in ASKS},
            approvals=approvals,
            folder_reviewers=self.folder_reviewers or floor.folder_reviewers,
            suggester_counts_as_author=self.suggester_counts_as_author or floor.suggester_counts_as_author,
            same_baseline=self.same_baseline or (floor.asks_approval and floor.same_baseline),
            approval_days=min(days) if days else None,
            approver_may_deploy=self.approver_may_deploy and (floor.approver_may_deploy or not floor.asks_approval),
            accepters=accepters,
            deployers=deployers or floor.deployers,
            hours=self.hours + floor.hours,
            freezes=windows.still_to_come(self.freezes + floor.freezes, clock.now()),
            emergency=tuple(role for role in self.emergency if role in floor.emergency),
        )

    def emergency_in_words(self, environment: str) -> str:
        if not self.emergency:
            return f"Nobody but a site admin may promote to {environment} past the conditions."
        return f"In an emergency, past the conditions: {listed([ROLE_WORDS.get(role, role) for role in self.emergency])}."

    def deployers_in_words(self, environment: str) -> str:
        """Who may press the button, once the conditions are met."""
        if not self.deployers:
            return f"Nobody but a site admin may promote to {environment}."
        return f"Promoting to {environment} is for: {listed([ROLE_WORDS.get(role, role) for role in self.deployers])}."


def _said(environment: str, needs: list[str]) -> str:
    """In two sentences where one would be too long to read out: what it has to be and do, then what it needs from others."""
    itself = [need for need in needs if need.startswith("to ")]
    others = [need for need in needs if need not in itself]
    if len(needs) <= MOST_IN_A_SENTENCE or not itself or not others:
        return f"To enter {environment} a version needs {listed(needs)}."
    return f"To enter {environment} a version needs {listed(itself)}. It also needs {listed(others)}."


def either(parts: list[str]) -> str:
    """“domain expert, product or technical”."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " or " + parts[-1]


def listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]

"""How a prompt stands, in one sentence, and the one thing to do next. Pages and lists ask here and nowhere else."""

from dataclasses import dataclass

from promptstudio.projects.answering import who_answers
from promptstudio.projects.models import Environment
from promptstudio.projects.rules import ROLE_WORDS, listed
from promptstudio.prompts.models import Version
from promptstudio.reviews.models import Review

from . import gates
from .board import Cell, Row


@dataclass(frozen=True)
class NextStep:
    """`kind` is write, mend, promote, complete_record, ask, review, watch, settle, scheduled, nothing; `label` follows the word "Next:"."""

    kind: str
    label: str
    environment: Environment | None = None
    version: Version | None = None
    review: Review | None = None


def sentence(row: Row) -> str:
    """“Live 1.3.2 · 1.4.0 waiting for product approval”."""
    if row.newest is None:
        return "No version yet"
    last = row.cells[-1] if row.cells else None
    parts = [f"Live {last.live.semver}" if last and last.live else f"Not in {last.environment} yet" if last else "No environment yet"]
    if last and last.state == "gone":
        parts = [f"Out of service in {last.environment}"]
    coming = _coming(row)
    return " · ".join([*parts, coming]) if coming else parts[0]


def next_step(row: Row) -> NextStep:
    if row.newest is None:
        return NextStep("write", "write the first version")
    for cell in row.cells:
        if cell.state == "failed":
            return NextStep(
                "settle",
                f"see why {cell.semver} did not reach {cell.environment}",
                cell.environment,
                cell.newest.version if cell.newest else None,
            )
        if cell.state == "publishing":
            return NextStep("watch", f"watch {cell.semver} on its way to {cell.environment}", cell.environment)
        if cell.outside:
            return _outside(cell)
        if cell.state == "gone" and cell.live and (cell.left or _has(cell, row.newest)):
            return _back_to_service(cell, cell.live)
        if cell.scheduled and cell.scheduled.version_id == row.newest.pk:
            return NextStep("scheduled", f"{row.newest.semver} goes to {cell.environment} on {cell.scheduled.when}", cell.environment)
        if not _has(cell, row.newest):
            return _towards(cell, row.newest)
    return NextStep("nothing", "Newest version is live everywhere")


def _back_to_service(cell: Cell, version: Version) -> NextStep:
    if cell.recalled:
        return NextStep("mend", f"write what mends {version.semver}", cell.environment, version)
    return NextStep("promote", f"bring {version.semver} back to {cell.environment}", cell.environment, version)


def _outside(cell: Cell) -> NextStep:
    """What is live here has not arrived at every place outside."""
    places = [place for place in cell.outside if place.failed] or list(cell.outside)
    names, version = " and ".join(place.place for place in places), cell.live
    if cell.unsettled == "failed":
        return NextStep("settle", f"see why {cell.semver} did not reach {names}", cell.environment, version)
    return NextStep("watch", f"watch {cell.semver} on its way to {names}", cell.environment, version)


def _towards(cell: Cell, version: Version) -> NextStep:
    environment, rules = cell.environment, cell.environment.policy.rules
    review = version.reviews.open().filter(environment=environment).first()
    if review:
        # Nobody has anything to do about the time: whoever goes on to promote it reads when it is allowed.
        outcomes = gates.evaluate(gates.candidate_for(version, environment), gates.OF_THE_VERSION)
        if not all(outcome.passed for outcome in outcomes):
            return NextStep("review", f"review {version.semver} for {environment}", environment, version, review)
    elif cell.left or not gates.NotRecalled().check(gates.candidate_for(version, environment)).passed:
        # Nobody should be led back to what somebody just went back from. Whoever means it finds the version in its list.
        return NextStep("mend", f"write what mends {version.semver}", environment, version)
    elif rules.approvals or (rules.folder_reviewers and who_answers(version.prompt.folder)):
        if version.origin != "import" and version.missing_from_record:
            return NextStep("complete_record", f"ask for review of {version.semver} for {environment}", environment, version)
        return NextStep("ask", f"ask for review of {version.semver} for {environment}", environment, version)
    return NextStep("promote", f"promote {version.semver} to {environment}", environment, version)


def _coming(row: Row) -> str:
    """What is on its way to the last environment, or waits in front of it."""
    assert row.newest
    for cell in reversed(row.cells):
        if cell.scheduled:
            return f"{cell.scheduled.version.semver} goes to {cell.environment} on {cell.scheduled.when}"
        if cell.state == "failed":
            return f"{cell.semver} did not reach {cell.environment}"
        if cell.state == "publishing":
            return f"{cell.semver} on its way to {cell.environment}"
        if cell.outside:
            return f"{cell.outside_in_words} in {cell.environment}" if cell is not row.cells[-1] else cell.outside_in_words
    review = row.newest.reviews.open().select_related("environment").first()
    if review:
        return f"{row.newest.semver} waiting for {_missing_approvals(review)}"
    if left := [str(cell.environment) for cell in row.cells if cell.left]:
        return f"{row.newest.semver} was rolled back in {listed(left)}"
    if row.newest.recalls.exists():
        return f"{row.newest.semver} was recalled"
    if row.cells[-1].state == "gone" and _has(row.cells[-1], row.newest):
        return ""
    furthest = next((cell.environment for cell in reversed(row.cells) if _has(cell, row.newest) and cell.state != "gone"), None)
    if furthest is None and (gone := [str(cell.environment) for cell in row.cells if _has(cell, row.newest)]):
        return f"{row.newest.semver} out of service in {listed(gone)}"
    if furthest is None:
        return f"{row.newest.semver} saved, not promoted yet"
    return "" if furthest.pk == row.cells[-1].environment.pk else f"{row.newest.semver} in {furthest}"


def _missing_approvals(review: Review) -> str:
    candidate = gates.candidate_for(review.version, review.environment)
    if candidate.requested_changes:
        return "changes that a reviewer asked for"
    baseline = candidate.live.pk if candidate.live else None
    given = [d.role for d in candidate.approvals if d.baseline_id == baseline]
    missing = [ROLE_WORDS[role] for role, count in candidate.rules.approvals.items() if given.count(role) < count]
    if not missing and any(not gate.passed for gate in gates.evaluate(candidate, (gates.ForTheFolder(),))):
        return "an approval for its folder"
    return f"{' and '.join(missing)} approval" if missing else "someone to promote it"


def _has(cell: Cell, version: Version) -> bool:
    return cell.live is not None and cell.live.pk == version.pk

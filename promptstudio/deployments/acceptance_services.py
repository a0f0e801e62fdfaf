"""Letting a case be worse than on what is live, by name and with a reason."""

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.audit.services import record
from promptstudio.evaluations.models import AcceptedCase, Suite
from promptstudio.evaluations.paired import Pair, Paired
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.lib.lengths import check_lengths
from promptstudio.lib.locking import locked
from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Version

from .candidate import Candidate
from .gates import candidate_for
from .gates.beside_live import acceptance_of, required_pairs
from .permissions import can_accept, role_of


@transaction.atomic
def accept_case(*, version: Version, environment: Environment, suite: Suite, case: str, reason: str, actor: Actor) -> AcceptedCase:
    """Let `case` of `suite` be worse on `version` than on what is live in `environment` now.

    Raises NotAllowed, Invalid without a reason, Conflict where it holds nothing back (any more).
    """
    candidate = candidate_for(version, environment)
    can_accept(actor, candidate).require()
    reason = reason.strip()
    if not reason:
        raise Invalid({"reason": "Say why it may get worse. Whoever asks later why this went live will read it."})
    check_lengths(reason=reason)
    # Two at once must not both find it open.
    locked(Suite.objects.all(), pk=suite.pk)
    each, pair = _held_back(candidate, suite, case)
    if row := acceptance_of(candidate, each, pair):
        raise Conflict(f"{row.by} accepted this case already.")
    made = _said(candidate, each, pair, True, reason, actor)
    _recorded(made, "case.accepted", pair, actor)
    return made


@transaction.atomic
def take_acceptance_back(*, version: Version, environment: Environment, suite: Suite, case: str, actor: Actor) -> AcceptedCase:
    """It holds back again. Raises NotAllowed, Conflict where nobody accepted it."""
    candidate = candidate_for(version, environment)
    can_accept(actor, candidate).require()
    locked(Suite.objects.all(), pk=suite.pk)
    each, pair = _held_back(candidate, suite, case)
    if not acceptance_of(candidate, each, pair):
        raise Conflict("Nobody accepts this case at the moment.")
    made = _said(candidate, each, pair, False, "", actor)
    _recorded(made, "case.acceptance_withdrawn", pair, actor)
    return made


def _held_back(candidate: Candidate, suite: Suite, case: str) -> tuple[Paired, Pair]:
    for each in required_pairs(candidate):
        for pair in each.held_back:
            if (each.candidate.suite.pk, pair.case.uid) == (suite.pk, case):
                return each, pair
    raise Conflict("This case holds nothing back: it is not worse than on what is live. Look again.")


def _said(candidate: Candidate, each: Paired, pair: Pair, accepted: bool, reason: str, actor: Actor) -> AcceptedCase:
    assert candidate.live is not None
    return AcceptedCase.objects.create(
        suite=each.candidate.suite,
        case=pair.case.uid,
        digest=pair.case.digest,
        version=candidate.version,
        against=candidate.live,
        environment=candidate.environment,
        accepted=accepted,
        reason=reason,
        role=role_of(actor, candidate),
        by=actor.user,
        at=clock.now(),
    )


def _recorded(made: AcceptedCase, action: str, pair: Pair, actor: Actor) -> None:
    record(
        actor=actor,
        action=action,
        subject=made.version,
        project_uid=made.environment.project.uid,
        environment=made.environment.slug,
        suite=made.suite.uid,
        case=pair.case.uid,
        against=made.against.semver,
        words={"reason": made.reason, "case_name": pair.case.name},
    )

"""What must be so before a version may enter an environment. One class per gate; each answers with a reason."""

from collections.abc import Iterator
from contextlib import nullcontext

import structlog
from django.db import transaction

from promptstudio.accounts.models import User
from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Version

from ..candidate import Candidate, Gate, Outcome
from ..models import Placement
from .beside_live import AnswersAsFast, CostsNoMore, NoRegression
from .people import Approvals, AskerConfirms, ForTheFolder, OtherHands, SameBaseline
from .testing import NeverFails, Tested
from .version import ChangeRecord, NotRecalled, PreviousEnvironment

__all__ = [
    "GATES",
    "Approvals",
    "Candidate",
    "ChangeRecord",
    "ForTheFolder",
    "Gate",
    "NotRecalled",
    "Outcome",
    "PreviousEnvironment",
    "candidate_for",
    "evaluate",
]

log = structlog.get_logger(__name__)

GATES: tuple[Gate, ...] = (
    NotRecalled(),
    PreviousEnvironment(),
    ChangeRecord(),
    AskerConfirms(),
    Approvals(),
    ForTheFolder(),
    Tested(),
    NeverFails(),
    NoRegression(),
    CostsNoMore(),
    AnswersAsFast(),
    SameBaseline(),
    OtherHands(),
)


def candidate_for(version: Version, environment: Environment, *, by: User | None = None) -> Candidate:
    placement = Placement.objects.filter(prompt=version.prompt_id, environment=environment).select_related("live__version").first()
    return Candidate(version, environment, environment.policy, placement.live_version if placement else None, by)


def evaluate(candidate: Candidate, gates: tuple[Gate, ...] | None = None, *, prepared: bool = False) -> list[Outcome]:
    """Every gate that the policy asks for, in order. A gate that cannot answer blocks.

    `prepared` says that the candidate holds its facts already, so that no query is made that could fail.
    """
    return list(_outcomes(candidate, GATES if gates is None else gates, prepared))


def _outcomes(candidate: Candidate, gates: tuple[Gate, ...], prepared: bool) -> Iterator[Outcome]:
    for gate in gates:
        try:
            # A savepoint, so that a failed query of one gate leaves the others their transaction.
            with nullcontext() if prepared else transaction.atomic():
                outcome = gate.check(candidate) if gate.applies(candidate.rules) else None
            if outcome:
                yield outcome
        except Exception as error:
            log.exception("gate.broken", gate=gate.name, version=str(candidate.version.uid))
            yield gate.blocked(f"This could not be checked, so it blocks ({type(error).__name__}). Tell an administrator.")

"""What must be so before a version may enter an environment. One class per gate; each answers with a reason."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import structlog
from django.db import connection, transaction

from promptstudio.accounts.models import User
from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Version

from ..candidate import Candidate, Gate, Outcome
from ..models import Placement
from .beside_live import AnswersAsFast, CostsNoMore, NoRegression
from .moment import AllowedTime
from .people import Approvals, AskerConfirms, ForTheFolder, NoOpenChanges, NoOpenComments, OtherHands, SameBaseline
from .testing import NeverFails, Tested
from .version import ChangeRecord, FitsItsPlaces, ModelNotRetired, NotRecalled, PreviousEnvironment, Stayed

__all__ = [
    "GATES",
    "OF_THE_VERSION",
    "Approvals",
    "Candidate",
    "ChangeRecord",
    "ForTheFolder",
    "Gate",
    "NotRecalled",
    "Outcome",
    "PreviousEnvironment",
    "Stayed",
    "candidate_for",
    "evaluate",
    "savepoint",
]

log = structlog.get_logger(__name__)

GATES: tuple[Gate, ...] = (
    NotRecalled(),
    PreviousEnvironment(),
    Stayed(),
    ChangeRecord(),
    ModelNotRetired(),
    FitsItsPlaces(),
    AskerConfirms(),
    NoOpenChanges(),
    NoOpenComments(),
    Approvals(),
    ForTheFolder(),
    Tested(),
    NeverFails(),
    NoRegression(),
    CostsNoMore(),
    AnswersAsFast(),
    SameBaseline(),
    OtherHands(),
    AllowedTime(),
)
OF_THE_VERSION = tuple(gate for gate in GATES if not gate.is_of_the_moment)


def candidate_for(version: Version, environment: Environment, *, by: User | None = None) -> Candidate:
    placement = Placement.objects.filter(prompt=version.prompt_id, environment=environment).select_related("live__version").first()
    return Candidate(version, environment, environment.policy, placement.live_version if placement else None, by)


def evaluate(candidate: Candidate, gates: tuple[Gate, ...] | None = None, *, prepared: bool = False) -> list[Outcome]:
    """Every gate that the policy asks for, in order. A gate that cannot answer blocks.

    `prepared` says that the candidate holds its facts already, so that no query is made that could fail.
    """
    return list(_outcomes(candidate, GATES if gates is None else gates, prepared))


def savepoint() -> Any:
    """Within a transaction, so that a failed query of one gate leaves the others theirs; outside of one a query harms nobody."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


def _outcomes(candidate: Candidate, gates: tuple[Gate, ...], prepared: bool) -> Iterator[Outcome]:
    for gate in gates:
        try:
            with nullcontext() if prepared else savepoint():
                outcome = gate.check(candidate) if gate.applies(candidate.rules) else None
            if outcome:
                yield outcome
        except Exception as error:
            log.exception("gate.broken", gate=gate.name, version=str(candidate.version.uid))
            yield gate.blocked(f"This could not be checked, so it blocks ({type(error).__name__}). Tell an administrator.")

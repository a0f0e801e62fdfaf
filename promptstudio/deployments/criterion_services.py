"""Criteria of a change: writing one down, and what a person who is asked says."""

from decimal import Decimal, InvalidOperation

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.services import record
from promptstudio.evaluations.models import Suite
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.lib.lengths import check_lengths, too_long
from promptstudio.lib.locking import locked
from promptstudio.projects.models import Environment
from promptstudio.prompts.criteria import LONGEST_WINDOW, METRICS, amount
from promptstudio.prompts.models import Criterion, Version
from promptstudio.prompts.permissions import can_write
from promptstudio.prompts.shelved import still_in_the_library

from .criteria import RELATED, close
from .models import CriterionOutcome, CriterionWatch
from .permissions import can_answer_criterion, people_to_ask

MOST_CRITERIA = 20
LONGEST_QUESTION = 500


@transaction.atomic
def add_criterion(
    *,
    version: Version,
    environment: Environment,
    metric: str,
    days: int,
    suite: Suite | None = None,
    threshold: Decimal | str | None = None,
    person: User | None = None,
    question: str = "",
    actor: Actor,
) -> Criterion:
    """Hold `version` to it whenever it goes live in `environment`: `suite` and `threshold` for a metric of tests, else `person` and
    `question`. `days` is the window. Raises Invalid."""
    can_write(actor, version.prompt).require()
    still_in_the_library(version.prompt)
    errors = _wrong_of_all(version, environment, metric, days)
    if errors:
        raise Invalid(errors)
    asked = METRICS[metric].source == "person"
    given = _asked(version, person, question) if asked else _measured(version, metric, suite, threshold)
    criterion = Criterion.objects.create(
        version=version, environment=environment, metric=metric, days=days, author=actor.user, created_at=clock.now(), **given
    )
    record(
        actor=actor,
        action="criterion.added",
        subject=version,
        project_uid=version.prompt.project.uid,
        words={"question": criterion.question} if criterion.question else None,
        criterion=criterion.uid,
        metric=metric,
        threshold=criterion.threshold,
        days=days,
        environment=environment.slug,
    )
    return criterion


@transaction.atomic
def answer_criterion(*, watch: CriterionWatch, confirmed: bool, words: str = "", actor: Actor) -> CriterionOutcome:
    """What the person who was asked says: whether it came as it should, in words if they like. Raises Conflict once it is closed."""
    watch = locked(CriterionWatch.objects.all(), *RELATED, pk=watch.pk)
    can_answer_criterion(actor, watch).require()
    check_lengths(words=words)
    if watch.closed_at:
        raise Conflict(f"This was settled on {watch.closed_at:%-d %B at %H:%M} UTC. It is recorded once.")
    if not watch.asked_at:
        raise Conflict(f"This is asked on {watch.ends_at:%-d %B}, when the time is over.")
    outcome = CriterionOutcome.Outcome.CONFIRMED if confirmed else CriterionOutcome.Outcome.MISSED
    return close(watch, outcome, words=words.strip(), actor=actor)


def _wrong_of_all(version: Version, environment: Environment, metric: str, days: int) -> dict[str, str]:
    errors = {}
    if metric not in METRICS:
        errors["metric"] = "Choose what is looked at from the list."
    if environment.project_id != version.prompt.project_id:
        errors["environment"] = "That environment belongs to another project."
    if not 1 <= days <= LONGEST_WINDOW:
        errors["days"] = f"Choose a number of days from 1 to {LONGEST_WINDOW}."
    if version.criteria.count() >= MOST_CRITERIA:
        errors["metric"] = f"A version is held to at most {MOST_CRITERIA} of them."
    return errors


def _asked(version: Version, person: User | None, question: str) -> dict[str, object]:
    errors = {}
    question = " ".join(question.split())
    if person is None or person not in people_to_ask(version.prompt):
        errors["person"] = "Choose somebody of this project who can see the prompt."
    if not question:
        errors["question"] = "Write what they are asked, such as “Are there fewer complaints?”"
    elif sentence := too_long(question, LONGEST_QUESTION):
        errors["question"] = sentence
    if errors:
        raise Invalid(errors)
    return {"person": person, "question": question}


def _measured(version: Version, metric: str, suite: Suite | None, threshold: Decimal | str | None) -> dict[str, object]:
    errors = {}
    if suite is None or suite.prompt_id != version.prompt_id or suite.archived_at:
        errors["suite"] = "Choose a suite of this prompt. There is none? Make one under Tests."
    number, highest = _number(threshold), METRICS[metric].highest
    if number is None or not 0 < number <= highest:
        errors["threshold"] = f"Write a number above 0, and not above {amount(highest, metric)}."
    if errors or suite is None or number is None:
        raise Invalid(errors)
    return {"suite_uid": suite.uid, "suite_name": suite.name, "threshold": number, "direction": METRICS[metric].direction}


def _number(typed: Decimal | str | None) -> Decimal | None:
    """With a comma or a point, as people write it; six digits behind it are kept."""
    try:
        number = Decimal(str(typed or "").strip().replace(",", "."))
        return number.quantize(Decimal("0.000001")) if number.is_finite() else None
    except InvalidOperation:
        return None

"""Finding out how changes came out: what the clock does. Each step is one short transaction that holds the row of its watch.

What tests can measure is measured when the window opens, while going back is still cheap; a version does not change, so the same run
at the end would say the same later. The window is how long it may take to get an answer. What a person knows is asked when it ends.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from promptstudio.accounts.actor import Actor, system
from promptstudio.audit.services import record
from promptstudio.evaluations.cases import Case
from promptstudio.evaluations.estimates import estimate_run
from promptstudio.evaluations.judging_costs import judging_for
from promptstudio.evaluations.measures import measured
from promptstudio.evaluations.models import Answer, Result, Run, Suite
from promptstudio.evaluations.run_services import start_run
from promptstudio.evaluations.run_verdicts import verdict_of
from promptstudio.lib import clock
from promptstudio.lib.errors import Invalid, StudioError
from promptstudio.lib.locking import locked
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.catalogue import Catalogue
from promptstudio.prompts.criteria import amount
from promptstudio.prompts.models import Criterion, ModelEntry

from .models import CriterionOutcome, CriterionWatch, WentLive
from .subjects import live_on

log = structlog.get_logger(__name__)
Outcome = CriterionOutcome.Outcome
AT_ONCE = 200
MOST_TRIES = 4
PRICES_LOOKED_AT = 100
# How long a run may take, and how long after a try that told nothing comes the next, doubled each time.
LOOKED_AT_EVERY, FIRST_PAUSE = timedelta(seconds=20), timedelta(minutes=30)
# A person who was asked and says nothing for so long is not waited for any more.
PATIENCE = timedelta(days=14)
RELATED = (
    "criterion__version__prompt__project",
    "criterion__version__prompt__folder",
    "criterion__environment",
    "criterion__person",
    "deployment__placement__live",
    "deployment__went_live",
    "run",
)


def check_due() -> None:
    _open_watches()
    for pk in _due():
        try:
            with transaction.atomic():
                _look(locked(CriterionWatch.objects.all(), *RELATED, pk=pk))
        except Exception:
            # One that cannot be looked at keeps nobody from the others.
            log.exception("criterion.broken", watch=pk)


def _open_watches() -> None:
    """For each time a version went live where it has criteria, also for those that were written while it is."""
    watched = CriterionWatch.objects.filter(criterion=OuterRef("pk"), deployment=OuterRef(OuterRef("deployment")))
    of_it = Criterion.objects.filter(~Exists(watched), version=OuterRef("version"), environment=OuterRef("placement__environment"))
    in_time = Exists(of_it.filter(created_at__lte=OuterRef("at"))) | (Q(placement__live=F("deployment")) & Exists(of_it))
    for spell in WentLive.objects.filter(in_time, version__in=Criterion.objects.values("version")).select_related("placement"):
        for criterion in Criterion.objects.filter(version=spell.version_id, environment=spell.placement.environment_id):
            if criterion.created_at <= spell.at or spell.placement.live_id == spell.deployment_id:
                _open(criterion, spell)


def _open(criterion: Criterion, spell: WentLive) -> None:
    opened = max(criterion.created_at, spell.at)
    ends = opened + timedelta(days=criterion.days)
    due = ends if criterion.is_asked else opened
    times = {"opened_at": opened, "ends_at": ends, "due_at": due}
    # Two clocks may do this at once; the constraint lets one of them.
    CriterionWatch.objects.get_or_create(criterion=criterion, deployment_id=spell.deployment_id, defaults=times)


def _due() -> list[int]:
    gone = ~Q(deployment__placement__live=F("deployment")) | Q(deployment__placement__out_of_service_at__isnull=False)
    rows = CriterionWatch.objects.open().filter(Q(due_at__lte=clock.now()) | (gone & Q(asked_at=None)))
    return list(rows.order_by("due_at", "pk").values_list("pk", flat=True)[:AT_ONCE])


def _look(watch: CriterionWatch) -> None:
    if watch.closed_at:
        return
    if watch.asked_at is None and (end := _ended_early(watch)):
        close(watch, Outcome.NO_DATA, sentence=end, actor=system())
    elif watch.criterion.is_asked:
        _ask(watch)
    elif watch.run:
        _read(watch, watch.run)
    else:
        _measure(watch)


def _ended_early(watch: CriterionWatch) -> str:
    """Why the version is not what is served any more, where that happened within the window."""
    placement, place = watch.deployment.placement, watch.criterion.environment
    spells = placement.live_history.filter(pk__gt=watch.deployment.went_live.pk).select_related("version", "deployment")
    after = spells.order_by("pk").first()
    if after and after.at < watch.ends_at:
        if after.deployment.way == "rollback":
            return f"It was rolled back to {after.version.semver} in {place} before the time was over."
        return f"{after.version.semver} went live in {place} before the time was over."
    out = placement.out_of_service_at
    return f"The prompt was taken out of service in {place} before the time was over." if out and out < watch.ends_at else ""


def _ask(watch: CriterionWatch) -> None:
    """Whoever is named, once; and no longer than they are waited for."""
    now = clock.now()
    if watch.asked_at is None:
        watch.asked_at, watch.due_at = now, now + PATIENCE
        watch.save(update_fields=["asked_at", "due_at"])
        person = watch.criterion.person
        note(watch, "criterion.asked", actor=system(), person=person.uid if person else None)
    elif now >= watch.due_at:
        close(watch, Outcome.NO_DATA, sentence=f"Nobody answered within {PATIENCE.days} days.", actor=system())


def _measure(watch: CriterionWatch) -> None:
    """Start a run on the live version. It is written together with the watch that waits for it, so that two clocks start one."""
    if clock.now() >= watch.ends_at:
        close(watch, Outcome.NO_DATA, sentence=watch.error or "It was not measured in time.", actor=system())
        return
    try:
        suite = _suite(watch)
        watch.run = _run_of_another(watch, suite) or _started(watch, suite)
    except StudioError as error:
        _try_later(watch, error.sentence)
        return
    watch.tries += 1
    watch.due_at = clock.now() + LOOKED_AT_EVERY
    watch.save(update_fields=["run", "tries", "due_at"])


def _started(watch: CriterionWatch, suite: Suite) -> Run:
    _is_within_the_money(suite, watch)
    return start_run(suite=suite, **live_on(watch.criterion.version, watch.criterion.environment).asked, actor=system())


def _run_of_another(watch: CriterionWatch, suite: Suite) -> Run | None:
    """What measures another criterion of this version, each time it is live, measures this one too: nobody pays for it twice."""
    if watch.tries:
        return None
    others = CriterionWatch.objects.filter(deployment=watch.deployment, run__suite_version=suite.newest).exclude(pk=watch.pk)
    other = others.select_related("run").order_by("-run").first()
    return other.run if other else None


def _read(watch: CriterionWatch, run: Run) -> None:
    criterion, verdict = watch.criterion, verdict_of(Run.objects.with_everything().get(pk=run.pk))
    assert criterion.threshold is not None
    if verdict.is_running:
        _wait_on(watch)
        return
    found = measured(criterion.metric, verdict)
    holds = found.holds(criterion.direction, criterion.threshold) if found else None
    if found is None or holds is None:
        unknown = verdict.count(Result.Outcome.UNKNOWN)
        why = verdict.idle[0] if verdict.idle else f"{unknown} of {len(verdict.cases)} cases could not be told."
        watch.run = None
        _try_later(watch, f"The tests did not say: {why}")
        return
    value = found.least if criterion.direction == "at_least" else found.most
    value = value if value.is_finite() else found.least
    outcome = Outcome.CONFIRMED if holds else Outcome.MISSED
    sentence = f"It was {amount(value, criterion.metric)}; wanted was {criterion.wanted}."
    close(watch, outcome, value=value, sentence=sentence, run=run, actor=system())


def _wait_on(watch: CriterionWatch) -> None:
    """A run that is still going on a day after the window is not waited for."""
    if clock.now() >= watch.ends_at + timedelta(days=1):
        close(watch, Outcome.NO_DATA, sentence="The models did not answer in time.", run=watch.run, actor=system())
        return
    watch.due_at = clock.now() + LOOKED_AT_EVERY
    watch.save(update_fields=["due_at"])


def _try_later(watch: CriterionWatch, why: str) -> None:
    """Within the window, and no more runs than MOST_TRIES: each of them costs money."""
    watch.error, pause = why, FIRST_PAUSE * 2**watch.tries
    if watch.run is None and watch.tries >= MOST_TRIES:
        close(watch, Outcome.NO_DATA, sentence=why, actor=system())
        return
    watch.due_at = min(clock.now() + pause, watch.ends_at)
    watch.save(update_fields=["run", "error", "due_at"])


def _suite(watch: CriterionWatch) -> Suite:
    assert watch.criterion.suite_uid
    suite = Suite.objects.filter(uid=watch.criterion.suite_uid).select_related("prompt__project", "prompt__folder").first()
    if suite is None:
        raise Invalid({"suite": f"The suite {watch.criterion.suite_name} is not there any more."})
    return suite


def _is_within_the_money(suite: Suite, watch: CriterionWatch) -> None:
    """Nobody presses a button here and sees the price, so there is one that is never passed. Raises Invalid."""
    price, most = likely_price(suite, watch), settings.CRITERION_MOST_COST
    if price is None:
        raise Invalid({"cost": f"What running {suite.name} costs is not known, so nobody spends it without asking."})
    if price > most:
        raise Invalid({"cost": f"Running {suite.name} may cost {price:.2f} US dollars, and at most {most:.2f} are spent without asking."})


def likely_price(suite: Suite, watch: CriterionWatch) -> Decimal | None:
    """By what answers of this model to this suite cost lately; before there are any, as if each were as long as it may be.

    None where a price is not known.
    """
    cases, bundle, known = suite.newest.cases, watch.criterion.version.bundle, ModelEntry.objects.catalogue()
    judging, _ = judging_for(suite.prompt.project, cases, bundle, 1, known)
    lately = Answer.objects.filter(result__run__suite_version__suite=suite, model=bundle.model, cost__isnull=False).order_by("-id")
    costs = [cost for cost in lately.values_list("cost", flat=True)[:PRICES_LOOKED_AT] if cost is not None]
    asking = sum(costs, Decimal()) / len(costs) * len(cases) if costs else _at_most(cases, bundle, known)
    return None if asking is None or judging.most is None else asking + judging.most


def _at_most(cases: Sequence[Case], bundle: Bundle, known: Catalogue) -> Decimal | None:
    return estimate_run(cases, bundle=bundle, model="", repeats=1, known=known).most


def close(
    watch: CriterionWatch,
    outcome: CriterionOutcome.Outcome,
    *,
    actor: Actor,
    value: Decimal | None = None,
    sentence: str = "",
    words: str = "",
    run: Run | None = None,
) -> CriterionOutcome:
    """Part of a transaction that holds the watch, and saw it open."""
    watch.closed_at = clock.now()
    watch.run = run
    watch.save(update_fields=["closed_at", "run"])
    value = value.quantize(Decimal("0.000001")) if value is not None else None
    row = CriterionOutcome.objects.create(
        watch=watch, outcome=outcome, value=value, sentence=sentence, words=words, run=run, by=actor.user, at=watch.closed_at
    )
    note(watch, f"criterion.{outcome}", actor=actor, words={"words": words} if words else None, sentence=sentence)
    return row


def note(watch: CriterionWatch, action: str, *, actor: Actor, words: dict[str, str] | None = None, **data: Any) -> None:
    criterion = watch.criterion
    record(
        actor=actor,
        action=action,
        subject=criterion.version,
        project_uid=criterion.version.prompt.project.uid,
        words=words,
        criterion=criterion.uid,
        watch=watch.uid,
        metric=criterion.metric,
        semver=criterion.version.semver,
        environment=criterion.environment.slug,
        **data,
    )

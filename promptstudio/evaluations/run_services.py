"""Running a suite: a question for each case, and a result that waits for its answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID, uuid4

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.projects.models import Environment
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.catalogue import with_embeddings
from promptstudio.prompts.models import Draft, ModelEntry, Version

from .asking import stay_within_the_day, waiting_answer, wake_workers, wordings_of
from .ceilings import in_dollars
from .embedder import embedding_model
from .judges import chosen_for, kept
from .judging import questions_in
from .models import Answer, Bench, Result, Run, Suite
from .permissions import can_run_tests
from .questions import Question, is_model, values_for

MOST_REPEATS = 20
MOST_RUNS_AT_ONCE = 12
HIGHEST_CEILING = Decimal(100_000)


@transaction.atomic
def start_run(
    *,
    suite: Suite,
    bundle: Bundle,
    label: str,
    version: Version | None = None,
    draft: Draft | None = None,
    environment: Environment | None = None,
    model: str = "",
    address: str = "",
    repeats: int = 1,
    most: Decimal | None = None,
    uid: UUID | None = None,
    actor: Actor,
) -> Run:
    """Ask every case of the suite's newest version, `repeats` times, of `model` or the bundle's own, for at most `most` US dollars.

    `address` is where exactly this version is published, as `deployments.published` says: it is called there, as applications call it.
    Checks that need a judge ask the one that the project has now. Whoever sends the `uid` of the run-to-be may send it again, when nobody
    knows whether it arrived: it is the same run.
    Raises Invalid for what cannot be asked, Conflict for too many in a day and for a uid that another run has.
    """
    prompt = suite.prompt
    can_run_tests(actor, prompt).require()
    _check(suite, label, model or bundle.model, repeats, most)
    if address and (version is None or model not in ("", bundle.model)):
        raise Invalid({"model": "What is published is called with the model that it was published with. Choose its own."})
    newest = suite.newest
    cases = newest.cases
    User.objects.select_for_update(no_key=True).get(pk=actor.user.pk)
    if uid and (before := Run.objects.filter(uid=uid).select_related("suite_version", "wording").first()):
        return _the_same(before, suite, bundle, model, repeats, actor)
    asked = [(case, repeat) for case in cases for repeat in range(repeats)]
    judge_questions, texts_compared = questions_in(cases)
    judge = kept(chosen_for(prompt.project, Bench.ONE)) if judge_questions else None
    stay_within_the_day(len(asked) + repeats * (judge_questions + texts_compared), actor)
    questions = [
        Question(
            bundle=bundle,
            label=label,
            other_model=model,
            address=address,
            version=version,
            draft=draft,
            values=values_for(bundle, case.values),
            turns=case.turns,
        )
        for case, _ in asked
    ]
    wordings = wordings_of(questions)
    run = Run.objects.create(
        uid=uid or uuid4(),
        prompt=prompt,
        suite_version=newest,
        version=version,
        draft=draft,
        environment=environment,
        wording=wordings[bundle.digest],
        label="Draft" if draft else label[:200],
        model="" if model == bundle.model else model,
        address=address,
        repeats=repeats,
        most=most,
        judge=judge,
        embedding_model=embedding_model() if texts_compared else "",
        asked_by=actor.user,
        asked_at=clock.now(),
    )
    answers = [_unless_unfillable(waiting_answer(run.uid, prompt, question, wordings, actor), question) for question in questions]
    if most is not None:
        _bound(answers, questions, most)
        _priced(judge.model if judge else "", run.embedding_model)
    Answer.objects.bulk_create(answers)
    there = {answer.uid: answer for answer in Answer.objects.filter(round=run.uid)}
    Result.objects.bulk_create(
        Result(
            run=run,
            case=case.uid,
            repeat=repeat,
            answer=there[answer.uid],
            outcome=_at_first(answer),
            owed=sum(questions_in([case])) if answer.is_waiting else 0,
        )
        for (case, repeat), answer in zip(asked, answers, strict=True)
    )
    wake_workers(sum(answer.is_waiting for answer in answers))
    record(
        actor=actor,
        action="suite.started",
        subject=suite,
        project_uid=prompt.project.uid,
        run=run.uid,
        cases=len(cases),
        repeats=repeats,
        model=model or bundle.model,
        address=address,
        most=None if most is None else str(most),
        digest=bundle.digest,
        semver=version.semver if version else None,
        judge=judge.digest if judge else None,
    )
    return run


def _check(suite: Suite, label: str, model: str, repeats: int, most: Decimal | None) -> None:
    if suite.archived_at:
        raise Invalid({"suite": "This suite is archived. It is not run any more."})
    if not suite.newest.cases:
        raise Invalid({"suite": "This suite has no cases yet. Add some first."})
    if not model:
        raise Invalid({"model": f"{label} has no model. Choose one first."})
    if not is_model(model):
        raise Invalid({"model": "This is not how Bedrock names a model. Choose one from the list."})
    if not 1 <= repeats <= MOST_REPEATS:
        raise Invalid({"repeats": f"Each case is asked between 1 and {MOST_REPEATS} times."})
    if most is not None and not (most.is_finite() and 0 < most <= HIGHEST_CEILING):
        raise Invalid({"most": "The ceiling is an amount of US dollars, such as 2.50. Leave it empty for none."})


def _bound(answers: Sequence[Answer], questions: Sequence[Question], most: Decimal) -> None:
    """Each answer says what it may cost, which a ceiling has to know. Raises Invalid where nobody knows, or nothing would be asked."""
    known = ModelEntry.objects.catalogue()
    asked = [(answer, question) for answer, question in zip(answers, questions, strict=True) if answer.is_waiting]
    for answer, question in asked:
        answer.most_cost = question.most_it_costs(known)
        if answer.most_cost is None:
            raise _unpriced(question.model)
    if asked and (least := min(answer.most_cost or Decimal() for answer, _ in asked)) > most:
        raise Invalid({"most": f"One answer alone may cost {in_dollars(least)}. Raise the ceiling, or let answers be shorter."})


def _the_same(run: Run, suite: Suite, bundle: Bundle, model: str, repeats: int, actor: Actor) -> Run:
    asked = (run.asked_by_id, run.suite_version.suite_id, run.wording.digest, run.model, run.repeats)
    if asked != (actor.user.pk, suite.pk, bundle.digest, "" if model == bundle.model else model, repeats):
        raise Conflict("Another run has this id. Make a new one for each run.")
    return run


def _priced(judge: str, embedding: str) -> None:
    """Raises Invalid where whoever decides checks has no known price: a ceiling could not hold it."""
    known = ModelEntry.objects.catalogue()
    for name, prices in ((judge, known), (embedding, with_embeddings(known))):
        if name and prices.find(name) is None:
            raise _unpriced(name)


def _unpriced(model: str) -> Invalid:
    return Invalid({"most": f"The prices of {model} are not known, so no ceiling can stop it. Leave the ceiling empty."})


def _unless_unfillable(answer: Answer, question: Question) -> Answer:
    """A case that does not fit the prompt fails by itself; the others are asked."""
    try:
        question.rendered()
    except Invalid as error:
        answer.state, answer.ended_at = Answer.State.FAILED, clock.now()
        answer.error, answer.error_code = error.sentence.removeprefix(f"{question.label}: "), "does_not_fit"
    return answer


def _at_first(answer: Answer) -> Result.Outcome:
    return Result.Outcome.WAITING if answer.is_waiting else Result.Outcome.UNKNOWN


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One run of several that are started together."""

    bundle: Bundle
    label: str
    version: Version | None = None
    draft: Draft | None = None
    environment: Environment | None = None
    model: str = ""
    address: str = ""


@transaction.atomic
def start_runs(*, suite: Suite, wanted: Sequence[Wanted], repeats: int = 1, most: Decimal | None = None, actor: Actor) -> list[Run]:
    """A run for each, or for none of them. `most` is the ceiling of each run. Raises what `start_run` raises."""
    can_run_tests(actor, suite.prompt).require()
    if not wanted:
        raise Invalid({"side": "Choose what is to be tested."})
    if len(wanted) > MOST_RUNS_AT_ONCE:
        raise Invalid(
            {"side": f"These are {len(wanted)} runs. At most {MOST_RUNS_AT_ONCE} start at once: choose fewer versions or models."}
        )
    return [
        start_run(
            suite=suite,
            bundle=each.bundle,
            label=each.label,
            version=each.version,
            draft=each.draft,
            environment=each.environment,
            model=each.model,
            address=each.address,
            repeats=repeats,
            most=most,
            actor=actor,
        )
        for each in wanted
    ]

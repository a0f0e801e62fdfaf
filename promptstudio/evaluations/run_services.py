"""Running a suite: a question for each case, and a result that waits for its answer."""

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Invalid
from promptstudio.projects.models import Environment
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.models import Draft, Version

from .asking import stay_within_the_day, waiting_answer, wake_workers, wordings_of
from .models import Answer, Result, Run, Suite
from .permissions import can_try
from .questions import Question, is_model, values_for

MOST_REPEATS = 20


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
    repeats: int = 1,
    actor: Actor,
) -> Run:
    """Ask every case of the suite's newest version, `repeats` times, of `model` or the bundle's own.

    Raises Invalid for what cannot be asked, Conflict for too many in a day.
    """
    prompt = suite.prompt
    can_try(actor, prompt).require()
    if suite.archived_at:
        raise Invalid({"suite": "This suite is archived. It is not run any more."})
    cases = suite.newest.cases
    if not cases:
        raise Invalid({"suite": "This suite has no cases yet. Add some first."})
    if not (model or bundle.model):
        raise Invalid({"model": f"{label} has no model. Choose one first."})
    if model and not is_model(model):
        raise Invalid({"model": "This is not how Bedrock names a model. Choose one from the list."})
    if not 1 <= repeats <= MOST_REPEATS:
        raise Invalid({"repeats": f"Each case is asked between 1 and {MOST_REPEATS} times."})
    User.objects.select_for_update(no_key=True).get(pk=actor.user.pk)
    asked = [(case, repeat) for case in cases for repeat in range(repeats)]
    stay_within_the_day(len(asked), actor)
    questions = [
        Question(bundle=bundle, label=label, other_model=model, version=version, draft=draft, values=values_for(bundle, case.values))
        for case, _ in asked
    ]
    wordings = wordings_of(questions)
    run = Run.objects.create(
        prompt=prompt,
        suite_version=suite.newest,
        version=version,
        draft=draft,
        environment=environment,
        wording=wordings[bundle.digest],
        label="Draft" if draft else label[:200],
        model=model,
        repeats=repeats,
        asked_by=actor.user,
        asked_at=clock.now(),
    )
    answers = [_unless_unfillable(waiting_answer(run.uid, prompt, question, wordings, actor), question) for question in questions]
    Answer.objects.bulk_create(answers)
    kept = {answer.uid: answer for answer in Answer.objects.filter(round=run.uid)}
    Result.objects.bulk_create(
        Result(run=run, case=case.uid, repeat=repeat, answer=kept[answer.uid], outcome=_at_first(answer))
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
        digest=bundle.digest,
        semver=version.semver if version else None,
    )
    return run


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

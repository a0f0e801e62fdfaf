"""Asking judges about answers that came, and hearing them out. Parts of settling an answer, in its transaction."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from uuid import UUID

from django.db.models import Q

from promptstudio.accounts.models import User
from promptstudio.lib import clock
from promptstudio.lib.errors import Invalid
from promptstudio.prompts.bundle import Bundle, parse
from promptstudio.prompts.canonical import canonical_json, digest_of
from promptstudio.prompts.catalogue import with_embeddings
from promptstudio.prompts.models import ModelEntry, Prompt
from promptstudio.prompts.templating import Rendered

from .asking import wake_workers, wordings_of
from .assertions import Assertion, Given, Outcome, Wanted, base_of, is_asked, outcome_of, places_of, wanted_of
from .cases import Case
from .embedder import embedding_model
from .judge_texts import TASKS
from .models import Answer, FilledWith, Judgement, Result, Wording
from .questions import Question, question_of
from .verdicts import heard

NO_MEANINGS = "Nobody compares meanings here. Whoever runs Prompt Studio can switch it on."


def questions_in(cases: Iterable[Case]) -> tuple[int, int]:
    """How many questions to a judge, and how many texts to turn into numbers, the checks of these cases make at most.

    Where nobody compares meanings, no text is.
    """
    judged = compared = 0
    for case in cases:
        for _, assertion in places_of(case.assertions):
            asks = questions_of(assertion)
            if is_compared(assertion):
                compared += asks if embedding_model() else 0
            else:
                judged += asks
    return judged, compared


def questions_of(assertion: Assertion) -> int:
    if not is_asked(assertion.type):
        return 0
    texts = len(assertion.value) if isinstance(assertion.value, list) and base_of(assertion.type) != "llm-rubric" else 1
    return texts + is_compared(assertion)


def is_compared(assertion: Assertion) -> bool:
    return is_asked(assertion.type) and base_of(assertion.type).startswith("similar")


def ask_about(result: Result, case: Case, given: Given) -> None:
    """Queue every question that the checks of this case have about its answer. What is not asked stays without a judgement."""
    judgements = []
    for place, questions in wanted_of(case.assertions, given):
        for part, question in enumerate(questions):
            if asked := _compared(result, question) if question.task == "numbers" else _judged(result, question, given):
                judgements.append(Judgement(result=result, place=place, part=part, answer=asked))
    Judgement.objects.bulk_create(judgements)
    wake_workers(sum(judgement.answer.is_waiting for judgement in judgements))


def _judged(result: Result, wanted: Wanted, given: Given) -> Answer | None:
    judge, answer = result.run.judge, result.answer
    if judge is None:
        return None
    conversation = as_conversation(question_of(answer).rendered())
    values = {"task": TASKS[wanted.task], "criterion": wanted.text, "question": conversation, "answer": as_said(given)}
    values["fence"] = fence_of(*values.values())
    question = Question(bundle=judge.wording.bundle, label="Judge", other_model=judge.model, values=values)
    return _asked(result, question, judge.wording, Answer.Purpose.JUDGE)


def _compared(result: Result, wanted: Wanted) -> Answer | None:
    """Equal texts are turned into numbers once."""
    model = result.run.embedding_model
    if not model:
        return None
    question = Question(bundle=numbers_bundle(model), label="Numbers", values={"text": wanted.text})
    # What no model made is no measure beside what one did.
    usable = Q(state=Answer.State.ANSWERED, emulated=False) | Q(
        state__in=[Answer.State.ANSWERED, Answer.State.WAITING], round=result.run.uid
    )
    there = Answer.objects.filter(usable, asked=question.asked, purpose=Answer.Purpose.NUMBERS, prompt__project=result.run.prompt.project)
    if found := there.order_by("state", "emulated", "id").first():
        return found  # type: ignore[no-any-return]
    return _asked(result, question, wordings_of([question])[question.bundle.digest], Answer.Purpose.NUMBERS)


def _asked(result: Result, question: Question, wording: Wording, purpose: Answer.Purpose) -> Answer:
    run = result.run
    answer = judges_answer(question, wording, run.prompt, round_uid=run.uid, asked_by=run.asked_by, purpose=purpose)
    if run.most is not None and answer.is_waiting:
        known = ModelEntry.objects.catalogue()
        answer.most_cost = question.most_it_costs(with_embeddings(known) if purpose == Answer.Purpose.NUMBERS else known)
    answer.save()
    return answer


def judges_answer(
    question: Question,
    wording: Wording,
    prompt: Prompt,
    *,
    round_uid: UUID,
    asked_by: User,
    purpose: Answer.Purpose = Answer.Purpose.JUDGE,
) -> Answer:
    """A row that a worker answers, not saved yet. It counts as asked by whoever started the round; one that cannot be asked has ended."""
    now = clock.now()
    answer = Answer(
        round=round_uid,
        prompt=prompt,
        wording=wording,
        model=question.model,
        purpose=purpose,
        label=question.label,
        filled_with=FilledWith.OWN,
        values=question.known_values,
        asked=question.asked,
        asked_by=asked_by,
        asked_at=now,
        due_at=now,
    )
    if sentence := _why_not(question, purpose):
        answer.state, answer.ended_at, answer.error, answer.error_code = Answer.State.FAILED, now, sentence, "does_not_fit"
    return answer


def _why_not(question: Question, purpose: Answer.Purpose) -> str:
    if purpose == Answer.Purpose.NUMBERS and not str(question.values["text"]).strip():
        return "An empty text has no meaning to compare."
    try:
        question.rendered()
    except Invalid as error:
        return error.sentence
    return ""


@cache
def numbers_bundle(model: str) -> Bundle:
    """Stands for an embedding model among the wordings: what is sent is the text and nothing else."""
    return parse({"kind": "text", "messages": [{"role": "user", "text": "{{text}}"}], "variables": [{"name": "text"}], "model": model})


def is_waiting_for_judges(result: Result) -> bool:
    return result.judgements.filter(answer__state=Answer.State.WAITING).exists()


def judged(result: Result, case: Case) -> dict[str, Outcome]:
    """By place, what the judges of this result decided."""
    replies: dict[str, list[Answer]] = defaultdict(list)
    for judgement in result.judgements.select_related("answer").order_by("place", "part"):
        replies[judgement.place].append(judgement.answer)
    found = {}
    for place, assertion in places_of(case.assertions):
        if place in replies:
            found[place] = outcome_of(assertion, [heard(answer) for answer in replies[place]])
        elif is_compared(assertion) and not result.run.embedding_model:
            found[place] = Outcome(None, 0.0, NO_MEANINGS)
    return found


def fence_of(*texts: str) -> str:
    """What nobody who wrote one of these texts could put into it."""
    return digest_of(canonical_json(list(texts))).rpartition(":")[2][:16]


def as_said(given: Given | Answer) -> str:
    """What a judge reads of an answer: its text, and the tools that it called."""
    calls = (f"[calls the tool {call.get('name')} with {canonical_json(call.get('input'))}]" for call in given.tool_calls)
    return "\n".join(part for part in (given.text, *calls) if part)


def as_conversation(rendered: Rendered) -> str:
    """What was asked, without the words of the system."""
    if len(rendered.messages) == 1:
        return rendered.messages[0].text
    return "\n\n".join(f"{message.role}: {message.text}" for message in rendered.messages)

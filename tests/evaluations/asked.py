"""One question to a model, as a trial asks it, and how it stands afterwards."""

from promptstudio.evaluations import services
from promptstudio.evaluations.models import Answer
from promptstudio.evaluations.questions import Question
from promptstudio.prompts.models import Version
from tests.cast import Cast


def ask(cast: Cast, version: Version, claim: str = "The pipe burst.") -> Answer:
    asked = Question(bundle=version.bundle, label="1.0.0", version=version, values={"claim": claim})
    round_uid = services.ask_models(prompt=version.prompt, questions=[asked], actor=cast.alice)
    found: Answer = Answer.objects.get(round=round_uid)
    return found


def afresh(answer: Answer) -> Answer:
    found: Answer = Answer.objects.get(pk=answer.pk)
    return found

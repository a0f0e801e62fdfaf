"""A version whose tests come out otherwise than those of what is live."""

from collections.abc import Callable, Iterable
from typing import Any

from promptstudio.evaluations import run_services, suite_services
from promptstudio.evaluations.cases import Cases
from promptstudio.evaluations.model_runner import Said
from promptstudio.evaluations.models import Run, Suite
from promptstudio.evaluations.worker import answer_due
from promptstudio.projects.models import Environment
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, bundle, promote
from tests.evaluations.scripted import MODEL, said, saying

Answers = Callable[[str], Said]


def saved(cast: Cast, prompt: Prompt, words: str) -> Version:
    change = prompts.Change(summary="First.", expected_impact="Fewer calls.", validation_criteria="We count.")
    return prompts.save_version(prompt=prompt, data=bundle(words + ": {{claim}}", model=MODEL), change=change, actor=cast.alice)


def cases(*names: str, **more: Any) -> list[dict[str, Any]]:
    """Each passes where its answer says “good”."""
    check = {"type": "icontains", "value": "good"}
    return [{"uid": name, "name": name, "values": {"claim": name}, "assertions": [check], **more} for name in names]


def a_suite(
    cast: Cast, prompt: Prompt, rows: list[dict[str, Any]], name: str = "Usual claims", required: bool = True, **more: Any
) -> Suite:
    content = Cases.model_validate({"cases": rows, **more})
    return suite_services.add_suite(prompt=prompt, name=name, required=required, cases=content, actor=cast.alice)


def run_on(cast: Cast, suite: Suite, version: Version, answers: Answers, **more: Any) -> Run:
    """`suite`, run on `version`; `answers` gets what the case fills in."""
    run = run_services.start_run(suite=suite, bundle=version.bundle, label=version.semver, version=version, actor=cast.alice, **more)
    with saying(lambda call: answers(call.rendered.messages[-1].text.rpartition(": ")[2])):
        answer_due()
    return run


def good(*names: str) -> Answers:
    """These cases pass and all others fail."""
    return lambda claim: said("good" if claim in names else "bad")


def in_turn(outcomes: Iterable[str]) -> Answers:
    said_next = iter(outcomes)
    return lambda claim: said(next(said_next))


def got_worse(cast: Cast, prompt: Prompt, through: Iterable[Environment] | None = None) -> tuple[Suite, Version, Version]:
    """What is live in staging passes Pipe and Fire, and the candidate, live in development, passes Pipe alone.

    Both go `through` other environments, where the test says so.
    """
    before = (cast.development,) if through is None else tuple(through)
    suite = a_suite(cast, prompt, cases("Pipe", "Fire"))
    live = saved(cast, prompt, "Sort")
    promote(live, *before, cast.staging, by=cast.alice)
    candidate = saved(cast, prompt, "Judge")
    if before:
        promote(candidate, *before, by=cast.alice)
    run_on(cast, suite, live, good("Pipe", "Fire"))
    run_on(cast, suite, candidate, good("Pipe"))
    return suite, live, candidate

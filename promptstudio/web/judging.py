"""What pages say of judges: who judged, and whether the same one would today."""

from dataclasses import dataclass

from promptstudio.accounts.actor import Actor
from promptstudio.evaluations.judges import chosen_for
from promptstudio.evaluations.models import Bench, Judge, Run
from promptstudio.lib.errors import Invalid
from promptstudio.projects.models import Project
from promptstudio.prompts.catalogue import Catalogue
from promptstudio.prompts.models import ModelEntry, Prompt, Version

HIDDEN = "a prompt that you do not see"
STUDIOS_OWN = "the judge of Prompt Studio"


@dataclass(frozen=True)
class Shown:
    """A judge as this reader may see it. `version` is None for that of Prompt Studio, and where the reader does not see it.

    `is_former`: another one than would judge today, so that its verdicts are not to be compared with those to come.
    """

    name: str
    model: str
    digest: str
    version: Version | None
    is_former: bool


def shown(judge: Judge, project: Project, actor: Actor) -> Shown:
    """A handful of queries, however much it judged."""
    known = ModelEntry.objects.catalogue()
    version = judge.version if judge.version and sees(judge.version.prompt, actor) else None
    former = judge.digest != digest_now(project, Bench(judge.bench), known)
    return Shown(_name(judge, version), known.label_of(judge.model), judge.digest, version, former)


def digest_now(project: Project, bench: Bench, known: Catalogue | None = None) -> str:
    """Of the judge that would decide today; empty where none could."""
    try:
        return chosen_for(project, bench, known).digest
    except Invalid:
        return ""


def judged_otherwise(runs: list[Run], project: Project) -> set[int]:
    """Which of these runs were judged by another judge than would judge today."""
    if not any(run.judge for run in runs):
        return set()
    today = digest_now(project, Bench.ONE)
    return {run.pk for run in runs if run.judge and run.judge.digest != today}


def sees(prompt: Prompt, actor: Actor) -> bool:
    return Prompt.objects.visible_to(actor).filter(pk=prompt.pk).exists()


def _name(judge: Judge, version: Version | None) -> str:
    if judge.version is None:
        return STUDIOS_OWN
    return f"{version.prompt.title} {version.semver}" if version else HIDDEN

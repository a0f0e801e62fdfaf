"""Which judge decides in a project, and whether a prompt can be one."""

from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from promptstudio.lib.errors import Invalid
from promptstudio.projects.models import Project
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.canonical import canonical_json, digest_of
from promptstudio.prompts.catalogue import Catalogue
from promptstudio.prompts.models import ModelEntry, Prompt, Version
from promptstudio.prompts.soundness import mapping

from .judge_texts import FORMS, NEEDED, VARIABLES, built_in
from .models import Bench, Judge, JudgeChoice, Wording
from .questions import is_model


class LiveVersions(Protocol):
    """What is live is decided further up; the settings name who knows it (`WHAT_IS_LIVE`)."""

    def __call__(self, prompt: Prompt) -> Version | None: ...


@dataclass(frozen=True)
class Chosen:
    """A judge as the choice of a project stands now. `version` is None for the judge that Studio brings along."""

    bench: Bench
    bundle: Bundle
    model: str
    version: Version | None = None

    @property
    def digest(self) -> str:
        return digest_of(canonical_json({"bundle": self.bundle.digest, "model": self.model}))


def choice_of(project: Project, bench: Bench) -> JudgeChoice | None:
    found: JudgeChoice | None = (
        JudgeChoice.objects.filter(project=project, bench=bench).select_related("prompt__project", "version__prompt", "chosen_by").first()
    )
    return found


def chosen_for(project: Project, bench: Bench, known: Catalogue | None = None) -> Chosen:
    """Raises Invalid where nothing that was chosen can judge."""
    choice = choice_of(project, bench)
    known = known or ModelEntry.objects.catalogue()
    if choice is None or choice.prompt is None:
        model = (choice.model if choice else "") or settings.JUDGE_MODEL
        return Chosen(bench, built_in(bench, model, known), model)
    version = choice.version or live_version(choice.prompt)
    if version is None:
        raise Invalid({"judge": "Nothing is live of the prompt that judges here. Release a version of it, or choose another judge."})
    return judging_by(bench, version, choice.model)


def judging_by(bench: Bench, version: Version, model: str) -> Chosen:
    """`version` as a judge. Raises Invalid for one that cannot be."""
    bundle = version.bundle
    if problem := misfit_of(bench, bundle):
        raise Invalid({"judge": problem})
    if not is_model(model or bundle.model) or not (model or bundle.model):
        raise Invalid({"model": "Choose the model that judges: this prompt names none."})
    return Chosen(bench, bundle, model or bundle.model, version)


def live_version(prompt: Prompt) -> Version | None:
    """What is live in the last environment of its project."""
    knows: LiveVersions = import_string(settings.WHAT_IS_LIVE)
    return knows(prompt)


def misfit_of(bench: Bench, bundle: Bundle) -> str | None:
    """Why this prompt cannot judge, in a sentence; None where it can."""
    names = {variable.name: variable for variable in bundle.variables}
    missing = [name for name in NEEDED[bench] if name not in names]
    if missing:
        return f"A judge needs the variables {', '.join(NEEDED[bench])}. This prompt lacks {', '.join(missing)}."
    strange = [name for name, variable in names.items() if name not in VARIABLES[bench] and variable.required]
    if strange:
        return f"A judge is given {', '.join(VARIABLES[bench])}. Nothing fills in {', '.join(strange)}."
    if any(variable.type != "string" or variable.max_length for variable in names.values()):
        return "The variables of a judge are texts without a limit."
    decided = mapping(mapping(bundle.output_schema).get("properties"))
    wanted = FORMS[bench]["properties"]
    if any(not _holds(mapping(decided.get(name)), form) for name, form in wanted.items()):
        return "A judge answers in the form of the judge that Prompt Studio brings along. Copy its form."
    return None


def kept(chosen: Chosen) -> Judge:
    """The row of this judge, the same one for every run. Part of a service."""
    Wording.objects.bulk_create([Wording(digest=chosen.bundle.digest, canonical=chosen.bundle.canonical)], ignore_conflicts=True)
    wording = Wording.objects.get(digest=chosen.bundle.digest)
    row = Judge(bench=chosen.bench, wording=wording, model=chosen.model, version=chosen.version, digest=chosen.digest)
    Judge.objects.bulk_create([row], ignore_conflicts=True)
    found: Judge = Judge.objects.get(digest=chosen.digest, version=chosen.version)
    return found


def _holds(found: dict[str, object], form: dict[str, object]) -> bool:
    """Whether a member of a form allows what that of Studio's own judge does; its description may say it otherwise."""
    return all(found.get(name) == form.get(name) for name in ("type", "enum"))

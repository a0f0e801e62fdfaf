"""A model that retires, and the drafts that take its successor."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef

from promptstudio.accounts.actor import Actor
from promptstudio.lib import clock
from promptstudio.projects.models import Project
from promptstudio.prompts.catalogue import Catalogue, Model, plain_id
from promptstudio.prompts.models import Draft, ModelEntry, Prompt, Version
from promptstudio.prompts.soundness import text_of

from . import shelf


@dataclass(frozen=True)
class Succession:
    """What a reader of one version is told: `retired` where the day has come; `model_id` names the page of all prompts that use it."""

    model_id: str
    retired: bool
    successor: str
    draft: Draft | None


def succession_of(version: Version, known: Catalogue) -> Succession | None:
    """None where the model of `version` stays. A draft counts for the newest version alone."""
    model = known.find(version.model)
    if model is None or model.retires_on is None:
        return None
    follows = known.find(model.successor)
    drafts = [draft for _, found in with_drafts([version.prompt], model) for draft in found if draft.based_on_id == version.pk]
    name = follows.label if follows else model.successor
    return Succession(plain_id(version.model), model.retires_on <= clock.now().date(), name, drafts[0] if drafts else None)


def retiring_for(actor: Actor, project: Project) -> list[tuple[Model, int]]:
    """Models that retire, and how many prompts that this person answers for use each in their newest version."""
    mine = [fact for fact in shelf.facts_for(actor, project) if fact.owner == actor.user.pk]
    return [(model, len(found)) for model, found in shelf.retiring(mine, ModelEntry.objects.catalogue())]


def with_drafts(prompts: list[Prompt], model: Model) -> list[tuple[Prompt, list[Draft]]]:
    """Each prompt with its open drafts of the newest version that have the successor, in one query."""
    drafts: dict[Any, list[Draft]] = defaultdict(list)
    found = Draft.objects.open().filter(prompt__in=prompts).select_related("prompt__project", "updated_by").order_by("pk")
    found = found.exclude(Exists(Version.objects.filter(prompt=OuterRef("prompt"), pk__gt=OuterRef("based_on"))))
    for draft in found if model.successor else ():
        if plain_id(text_of(draft.content.get("model"))) == plain_id(model.successor):
            drafts[draft.prompt_id].append(draft)
    return [(prompt, drafts[prompt.pk]) for prompt in prompts]

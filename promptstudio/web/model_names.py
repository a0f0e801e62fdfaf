"""A model by the name that people give it, where Bedrock's own is wanted."""

from django.conf import settings

from promptstudio.accounts.actor import Actor
from promptstudio.prompts.catalogue import Catalogue, in_place_of, plain_id
from promptstudio.prompts.models import Draft, ModelEntry, Version
from promptstudio.prompts.soundness import text_of

# The newest ones show where a project calls its models.
VERSIONS_READ = 50


def id_of(typed: str, draft: Draft, actor: Actor) -> str:
    """The id behind “claude haiku 4.5”, called where this prompt or others of the project call that maker's models; else `typed` itself."""
    before = text_of(draft.content.get("model"))
    if typed.strip() in ("", before):
        return typed
    known = ModelEntry.objects.catalogue()
    model = None if known.find(typed.strip()) else known.called(typed)
    if model is None:
        return typed
    return before if plain_id(before) == model.id else in_place_of(_neighbour(model.id, before, draft, actor), model.id)


def _neighbour(model_id: str, before: str, draft: Draft, actor: Actor) -> str:
    """A model of the same maker in use here: profiles of one geography are there for some makers only."""
    maker = model_id.partition(".")[0]
    versions = Version.objects.visible_to(actor).filter(prompt__project=draft.prompt.project).order_by("-pk")[:VERSIONS_READ]
    used = [before, *(version.bundle.model for version in versions)]
    return next((model for model in used if plain_id(model).startswith(f"{maker}.")), "")


def models_offered(known: Catalogue) -> list[dict[str, str]]:
    """Models that can be asked in place of a prompt's own, with `id` and `label`: those on the list that stay, and other endpoints'."""
    listed = {model.id: model.label for model in known if model.retires_on is None}
    others = {name: name for name in settings.MODELS_OFFERED if name not in listed}
    return [{"id": id_, "label": label} for id_, label in [*sorted(listed.items(), key=lambda each: each[1]), *others.items()]]

"""The list of models as site admins keep it, and moving prompts from one that retires."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.projects.permissions import can_administer_site

from . import services
from .catalogue import MODEL_ID, SAMPLING, Model, in_place_of, is_elsewhere
from .models import Draft, ModelEntry, Prompt
from .permissions import can_write
from .shelved import still_in_the_library
from .soundness import text_of

REFUSABLE = (*SAMPLING, "stop_sequences")
# Beyond it no column holds a price, and no model has such a window.
MOST_TOKENS, HIGHEST_PRICE = 2_000_000_000, 100_000


@transaction.atomic
def add_model(*, model: Model, actor: Actor) -> ModelEntry:
    """Put a model on the list that people choose from. Raises Invalid, Conflict for one that is there."""
    can_administer_site(actor).require()
    _check(model)
    if ModelEntry.objects.filter(model_id=model.id).exists():
        raise Conflict(f"{model.id} is on the list already. Change its entry.")
    return _kept(ModelEntry(model_id=model.id), model, "model_entry.added", actor, before={})


@transaction.atomic
def change_model(*, entry: ModelEntry, model: Model, actor: Actor) -> ModelEntry:
    """Keep what is known of a model as this person says it. Its id stays. Raises Invalid, Conflict where nothing changes."""
    can_administer_site(actor).require()
    entry = ModelEntry.objects.select_for_update().get(pk=entry.pk)
    _check(model)
    if model.id != entry.model_id:
        raise Invalid({"model_id": "The name at Bedrock stays. Add another entry for another model."})
    if model == entry.model:
        raise Conflict("Nothing changed: it is on the list like this.")
    return _kept(entry, model, "model_entry.changed", actor, before=_told(entry.model))


@transaction.atomic
def open_draft_for_model(*, prompt: Prompt, model: str, actor: Actor) -> Draft:
    """A draft of the newest version with `model` in place of its own, in the same geography; an open one of it, where there is.

    Raises Invalid where there is no version yet.
    """
    can_write(actor, prompt).require()
    # Of two clicks at once, the second finds the draft of the first.
    prompt = still_in_the_library(prompt)
    newest = prompt.newest
    if newest is None:
        raise Invalid({"prompt": "There is no version yet whose model could be another."})
    wanted = in_place_of(newest.model, model)
    for draft in prompt.drafts.open().filter(based_on=newest):
        if text_of(draft.content.get("model")) == wanted:
            return draft
    draft = services.open_draft(prompt=prompt, actor=actor)
    return services.save_draft(draft=draft, content={**draft.content, "model": wanted}, revision=draft.revision, actor=actor)


def _kept(entry: ModelEntry, model: Model, action: str, actor: Actor, before: dict[str, Any]) -> ModelEntry:
    for name, value in asdict(model).items():
        if name != "id":
            setattr(entry, name, list(value) if name == "refuses" else value)
    entry.changed_by, entry.changed_at = actor.user, clock.now()
    entry.save()
    record(actor=actor, action=action, subject=entry, before=before, after=_told(model), words={"name": model.label})
    return entry


def _told(model: Model) -> dict[str, Any]:
    facts = {name: value if isinstance(value, (int, bool)) else str(value) for name, value in asdict(model).items()}
    return {**facts, "label": "", "refuses": list(model.refuses)}


def _check(model: Model) -> None:
    errors = {
        "model_id": not (MODEL_ID.fullmatch(model.id) or is_elsewhere(model.id)) and "This is not how Bedrock names a model.",
        "label": not model.label.strip() and "Give it a name that people know it by.",
        "input_price": not _is_price(model.input_price) and "A price in US dollars for a million tokens, not below 0.",
        "output_price": not _is_price(model.output_price) and "A price in US dollars for a million tokens, not below 0.",
        "context": not 1 <= model.context <= MOST_TOKENS and "A number of tokens, at least 1.",
        "max_output": not 1 <= model.max_output <= MOST_TOKENS and "A number of tokens, at least 1.",
        "refuses": bool(set(model.refuses) - set(REFUSABLE)) and f"It can refuse {', '.join(REFUSABLE)}.",
        "successor": _wrong_successor(model),
    }
    found = {name: sentence for name, sentence in errors.items() if isinstance(sentence, str) and sentence}
    if found:
        raise Invalid(found)


def _is_price(price: Decimal) -> bool:
    return price.is_finite() and 0 <= price < HIGHEST_PRICE


def _wrong_successor(model: Model) -> str:
    if model.successor and not MODEL_ID.fullmatch(model.successor):
        return "This is not how Bedrock names a model."
    return "A model does not follow itself." if model.successor == model.id else ""

"""The list of models as Studio brings it along, put where site admins keep it."""

from dataclasses import asdict
from typing import Any

from .catalogue import MODELS, Model
from .models import ModelEntry


def seed_models() -> None:
    """Add what is missing and renew what nobody changed. What a person changed stays."""
    known = {entry.model_id: entry for entry in ModelEntry.objects.all()}
    ModelEntry.objects.bulk_create(ModelEntry(**_columns(model)) for model in MODELS if model.id not in known)
    for model in MODELS:
        entry = known.get(model.id)
        if entry and entry.changed_at is None and entry.model != model:
            ModelEntry.objects.filter(pk=entry.pk, changed_at=None).update(**_columns(model))


def _columns(model: Model) -> dict[str, Any]:
    columns = asdict(model)
    return {"model_id": columns.pop("id"), **columns, "refuses": list(model.refuses)}

"""Two bundles compared, as pages and letters tell it: models by the names that people know them by."""

from dataclasses import replace

from promptstudio.prompts import diff
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.catalogue import Catalogue
from promptstudio.prompts.diff import Comparison, FieldChange
from promptstudio.prompts.models import ModelEntry


def compare(old: Bundle | None, new: Bundle, *, ignore_white_space: bool = False) -> Comparison:
    """As `diff.compare`. A query more where the models differ."""
    found = diff.compare(old, new, ignore_white_space=ignore_white_space)
    if not any(change.name == "model" for change in found.settings):
        return found
    known = ModelEntry.objects.catalogue()
    return replace(found, settings=[_named(change, known) if change.name == "model" else change for change in found.settings])


def _named(change: FieldChange, known: Catalogue) -> FieldChange:
    """With the ids below the names. Where one model is called in another geography, only the ids say what changed."""
    old, new = _label(change.old, known), _label(change.new, known)
    if old == new or (old, new) == (change.old, change.new):
        return change
    ids = [model for model in (change.old, change.new) if known.find(model)]
    return replace(change, old=old, new=new, note=" → ".join(ids))


def _label(model: str, known: Catalogue) -> str:
    entry = known.find(model)
    return entry.label if entry else model

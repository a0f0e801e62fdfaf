"""Django models of prompts. (The catalogue of AI models is in `prompts/catalogue.py`.)"""

from .drafts import Draft, DraftQuerySet, Editor, NamedExample
from .prompts import Prompt, PromptQuerySet, PromptText, PromptUserPermission
from .versions import ChangeNote, Contributor, Version, VersionQuerySet

__all__ = [
    "ChangeNote",
    "Contributor",
    "Draft",
    "DraftQuerySet",
    "Editor",
    "NamedExample",
    "Prompt",
    "PromptQuerySet",
    "PromptText",
    "PromptUserPermission",
    "Version",
    "VersionQuerySet",
]

"""Django models of prompts. (AI models are entries; what Studio brings along of them is in `prompts/catalogue.py`.)"""

from .drafts import Draft, DraftQuerySet, Editor, NamedExample
from .entries import ModelEntry, ModelEntryQuerySet
from .prompts import Prompt, PromptQuerySet, PromptText, PromptUserPermission
from .snippets import Inclusion, Snippet, SnippetQuerySet, SnippetVersion, VersionSource
from .versions import ChangeNote, Contributor, Version, VersionQuerySet

__all__ = [
    "ChangeNote",
    "Contributor",
    "Draft",
    "DraftQuerySet",
    "Editor",
    "Inclusion",
    "ModelEntry",
    "ModelEntryQuerySet",
    "NamedExample",
    "Prompt",
    "PromptQuerySet",
    "PromptText",
    "PromptUserPermission",
    "Snippet",
    "SnippetQuerySet",
    "SnippetVersion",
    "Version",
    "VersionQuerySet",
    "VersionSource",
]

"""Django models of prompts. (The catalogue of AI models is in `prompts/catalogue.py`.)"""

from .drafts import Draft, DraftQuerySet, Editor, NamedExample
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

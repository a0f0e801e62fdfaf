"""Django models of prompts. (AI models are entries; what Studio brings along of them is in `prompts/catalogue.py`.)"""

from .criteria import Criterion
from .drafts import Draft, DraftQuerySet, Editor, NamedExample, VariableRename
from .entries import ModelEntry, ModelEntryQuerySet
from .imports import ImportBatch, ImportBatchQuerySet, ImportRow
from .prompts import Prompt, PromptQuerySet, PromptUserPermission
from .requests import Request, RequestAnswer, RequestEvent, RequestQuerySet
from .search import SearchText, SearchTextQuerySet
from .shelf import Favourite, FormerName, SavedFilter, SavedFilterQuerySet, Tag
from .snippets import Inclusion, Snippet, SnippetQuerySet, SnippetVersion, VersionSource
from .versions import ChangeNote, Contributor, Version, VersionQuerySet

__all__ = [
    "ChangeNote",
    "Contributor",
    "Criterion",
    "Draft",
    "DraftQuerySet",
    "Editor",
    "Favourite",
    "FormerName",
    "ImportBatch",
    "ImportBatchQuerySet",
    "ImportRow",
    "Inclusion",
    "ModelEntry",
    "ModelEntryQuerySet",
    "NamedExample",
    "Prompt",
    "PromptQuerySet",
    "PromptUserPermission",
    "Request",
    "RequestAnswer",
    "RequestEvent",
    "RequestQuerySet",
    "SavedFilter",
    "SavedFilterQuerySet",
    "SearchText",
    "SearchTextQuerySet",
    "Snippet",
    "SnippetQuerySet",
    "SnippetVersion",
    "Tag",
    "VariableRename",
    "Version",
    "VersionQuerySet",
    "VersionSource",
]

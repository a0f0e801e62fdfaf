"""A bundle's JSON with its snippets resolved: what is wrong with it, what a version of it would be, and keeping what it was made of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from promptstudio.lib.errors import Invalid
from promptstudio.projects.models import Project

from . import lint, snippets, soundness
from .bundle import Bundle, parse
from .catalogue import BUILT_IN, Catalogue
from .findings import Finding, errors_first
from .models import Inclusion, Prompt, Snippet, SnippetVersion, Version, VersionSource


@dataclass(frozen=True)
class Frozen:
    """`findings` stand at the lines of what was written, `resolved.data` has the words of the snippets in it."""

    written: Any
    resolved: snippets.Resolved
    findings: list[Finding]

    @property
    def data(self) -> Any:
        return self.resolved.data

    @property
    def errors(self) -> dict[str, str]:
        """What keeps a version from being saved: places to sentences."""
        return lint.by_place(self.findings)

    @property
    def bundle(self) -> Bundle:
        """Raises Invalid for what is no bundle yet, or includes what is not there."""
        if problems := self.resolved.problems:
            raise Invalid(lint.by_place(problems))
        return parse(self.data)


def freeze(prompt: Prompt, data: Any, known: Catalogue = BUILT_IN) -> Frozen:
    """`data` as `prompt` would hold it now. Never raises. No error depends on which models are `known`."""
    if soundness.problem_of(data):
        return Frozen(data, snippets.Resolved(data), lint.findings(data, known))
    resolved = snippets.resolve(data, loader_for(prompt.project))
    found = [resolved.at_source(finding) for finding in lint.findings(resolved.data, known)]
    return Frozen(data, resolved, errors_first([*resolved.problems, *_archived(prompt, resolved), *found]))


def _archived(prompt: Prompt, resolved: snippets.Resolved) -> list[Finding]:
    """What its newest version holds already may stay, so that a sentence beside it can be mended; nothing archived comes in anew."""
    if not resolved.archived:
        return []
    held = Inclusion.objects.filter(version=prompt.newest).values_list("snippet_version__snippet__name", flat=True)
    new = snippets.anew(resolved.archived, set(held))
    stays = "It may stay: this prompt holds it already."
    return [one if one in new else replace(one, level="warning", sentence=f"{one.sentence} {stays}") for one in resolved.archived]


def loader_for(project: Project | None) -> snippets.Loader:
    """What prompts and snippets of `project` can include: its own first, else the shelf's. Without one, the shelf's alone."""

    def load(name: str, on_shelf: bool) -> Sequence[snippets.Stored]:
        rows = SnippetVersion.objects.filter(snippet__name=name).select_related("snippet__owner").newest_first()
        own = [] if on_shelf or project is None else [_stored(row) for row in rows.filter(snippet__project=project)]
        return own or [_stored(row) for row in rows.filter(snippet__project=None)]

    return load


def keep_what_it_was_made_of(version: Version, frozen: Frozen) -> None:
    """Which versions of snippets it holds, and what was written, so that the next draft names them again."""
    if not frozen.resolved.has_snippets:
        return
    VersionSource.objects.create(version=version, content=parse(frozen.written).as_json())
    for stored in frozen.resolved.held:
        Inclusion.objects.create(version=version, snippet_version_id=stored.key)


def _stored(row: SnippetVersion) -> snippets.Stored:
    return snippets.Stored(row.snippet.name, row.number, row.text, row.pk, row.snippet.on_shelf, _why_not_anew(row.snippet))


def _why_not_anew(snippet: Snippet) -> str:
    if snippet.archived_at is None:
        return ""
    reason = " ".join(snippet.archive_reason.split())
    reason = f"{reason[:200]}…" if len(reason) > 200 else reason if reason.endswith((".", "!", "?")) else f"{reason}."
    said = f"The snippet {snippet} is archived since {snippet.archived_at:%-d %B %Y}: “{reason}”"
    return f"{said} Take it out, or write its words here. {snippet.owner} keeps it."

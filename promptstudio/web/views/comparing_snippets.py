"""Two versions of a snippet next to each other, each pair with an address of its own."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from promptstudio.prompts import snippets as rules
from promptstudio.prompts.diff import Comparison, FieldChange, compare
from promptstudio.prompts.models import Snippet, SnippetVersion
from promptstudio.prompts.semver import Bump

from ..prompt_pages import not_found_unless
from ..requests import StudioRequest
from .snippets import snippet_or_404

CHOICES = 200
# What a change of a variable asks of the prompts that include the snippet.
NOTES = {
    "Added": "Prompts that include it have to declare it",
    "Removed": "Prompts need not declare it for these words any more",
    "Renamed": "Prompts that include it have to declare the new name",
}


@dataclass(frozen=True)
class Side:
    """As the form that chooses two sides wants it."""

    version: SnippetVersion

    @property
    def address(self) -> str:
        return str(self.version.semver)

    label = address


@require_safe
def snippet_compare(request: StudioRequest, project: str, uid: UUID, sides: str) -> HttpResponse:
    """`sides` are two numbers: 1.0.0...1.1.0."""
    space, found = snippet_or_404(request, project, uid)
    versions = list(found.versions.newest_first().select_related("created_by").defer("text"))
    old, new = _both(found, sides)
    ignoring = request.GET.get("white_space") == "ignore"
    comparison = compare(rules.as_bundle(old.text), rules.as_bundle(new.text), ignore_white_space=ignoring)
    context: dict[str, Any] = {
        "project": space,
        "snippet": found,
        "old": Side(old),
        "new": Side(new),
        "choices": [("Versions", [(one.semver, f"{one.semver} · {one.summary[:60]}".rstrip(" ·")) for one in versions[:CHOICES]])],
        "comparison": _said_of_snippets(comparison),
        "bump": _bump(old, new, versions),
        "between": [one for one in versions if old.number < one.number <= new.number],
        "earlier": _step_before(old, versions),
        "later": _step_after(new, versions),
        "layout": "unified" if request.GET.get("layout") == "unified" else "split",
        "ignoring": ignoring,
        "full": bool(request.GET.get("full")),
    }
    return render(request, "snippets/compare.html", context)


@require_safe
def snippet_compare_newest(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    """The two that were chosen in the form, else the newest beside the one before it."""
    space, found = snippet_or_404(request, project, uid)
    old, new = request.GET.get("old"), request.GET.get("new")
    if old is None or new is None:
        newest = [one.semver for one in found.versions.newest_first().only("semver")[:2]]
        if len(newest) < 2:
            return render(request, "snippets/nothing_to_compare.html", {"project": space, "snippet": found})
        new, old = newest
    not_found_unless("/" not in old + new)
    return redirect(reverse("snippet_compare", args=[space.slug, found.uid, f"{old}...{new}"]))


def _both(found: Snippet, sides: str) -> tuple[SnippetVersion, SnippetVersion]:
    old, dots, new = sides.partition("...")
    # PostgreSQL cannot even look for it.
    not_found_unless("\x00" not in sides)
    known = {one.semver: one for one in found.versions.filter(semver__in=[old, new]).select_related("created_by")}
    if not dots or old not in known or new not in known:
        raise Http404
    return known[old], known[new]


def _bump(old: SnippetVersion, new: SnippetVersion, versions: list[SnippetVersion]) -> Bump | None:
    """How much the step asks of prompts: as it was told when it was saved, else worked out for these two. None on the way back."""
    if old.number >= new.number:
        return None
    bump = rules.step(old.text, new.text)
    follows = _before(new, versions)
    return replace(bump, reasons=list(new.reasons)) if bump and follows == old else bump


def _said_of_snippets(comparison: Comparison) -> Comparison:
    return replace(comparison, variables=[_used(change) for change in comparison.variables])


def _used(change: FieldChange) -> FieldChange:
    """A snippet uses variables and declares none, so nothing is said about their types."""
    old, new = ("Used" if change.word == word else None for word in ("Removed", "Added"))
    return replace(change, old=old or change.old, new=new or change.new, note=NOTES.get(change.word, change.note))


def _before(version: SnippetVersion, versions: list[SnippetVersion]) -> SnippetVersion | None:
    return next((one for one in versions if one.number < version.number), None)


def _step_before(version: SnippetVersion, versions: list[SnippetVersion]) -> str:
    """The address of what led to `version`, where something did."""
    before = _before(version, versions)
    return f"{before.semver}...{version.semver}" if before else ""


def _step_after(version: SnippetVersion, versions: list[SnippetVersion]) -> str:
    after = next((one for one in reversed(versions) if one.number > version.number), None)
    return f"{version.semver}...{after.semver}" if after else ""

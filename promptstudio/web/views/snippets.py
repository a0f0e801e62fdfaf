"""Snippets of a project and of the shelf: what there is, who uses it, who lags behind, and changing them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.projects.models import Project
from promptstudio.prompts import snippet_services as services
from promptstudio.prompts.including import drafts_with
from promptstudio.prompts.models import Draft, Inclusion, Prompt, Snippet, SnippetVersion
from promptstudio.prompts.permissions import can_add_snippet, can_change_snippet, can_keep_snippet, can_open_drafts_with

from ..answers import see_other
from ..forms.prompts import add_errors
from ..forms.settings import people_known
from ..forms.snippets import ArchiveSnippetForm, ChangeSnippetForm, EditSnippetForm, NewSnippetForm
from ..requests import StudioRequest
from ..searching import typed

PAGE = 25
VERSIONS_SHOWN = 20


@dataclass(frozen=True)
class Row:
    """A snippet in the list; `used` and `old` count prompts that the reader sees."""

    snippet: Snippet
    newest: SnippetVersion
    used: int
    old: int


@dataclass(frozen=True)
class Use:
    """A prompt that holds a version of the snippet. `draft` is the one that was opened to bring the newest in."""

    prompt: Prompt
    holds: SnippetVersion
    lags: bool
    draft: Draft | None


@require_safe
def snippets(request: StudioRequest, project: str) -> HttpResponse:
    """`?q=` words of a name, a purpose or an owner; `?place=project` or `shelf`; `?archived=` those that are put away."""
    space = _project(request, project)
    words, place, in_archive = typed(request), request.GET.get("place", ""), "archived" in request.GET
    everything = Snippet.objects.within(space)
    archived = everything.exclude(archived_at=None)
    found = (archived if in_archive else everything.active()).search(words).order_by("name", "pk")
    if place in ("project", "shelf"):
        found = found.filter(project=space if place == "project" else None)
    page = Paginator(_with_versions(found), PAGE).get_page(request.GET.get("page"))
    counts = Inclusion.objects.filter(snippet_version__snippet__in=list(page)).of_prompts_seen_by(request.actor).counted()
    rows = [Row(each, each.versions.all()[0], *counts.get(each.pk, (0, 0))) for each in page]
    context = {
        "page_obj": page,
        "rows": rows,
        "words": words,
        "place": place,
        "in_archive": in_archive,
        "archived": archived.count(),
        "may_add": can_add_snippet(request.actor, space),
    }
    return _page(request, space, "snippets/list.html", context)


@require_safe
def known(request: StudioRequest, project: str) -> JsonResponse:
    """For completion while writing: what a prompt of this project can include, at most a thousand."""
    space = _project(request, project)
    found = _with_versions(Snippet.objects.within(space).active().order_by("name", "project"))[:1000]
    names = {each.name: each for each in sorted(found, key=lambda each: not each.on_shelf)}
    return JsonResponse({"snippets": [_known(each) for _, each in sorted(names.items())]})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: StudioRequest, project: str) -> HttpResponse:
    space = _project(request, project)
    form = NewSnippetForm(request.POST or None)
    may = can_add_snippet(request.actor, space)
    may_shelve = can_add_snippet(request.actor, None)
    if request.method == "POST":
        place = None if request.POST.get("place") == "shelf" else space
        (may if place else may_shelve).require()
        if form.is_valid():
            given = {name: form.cleaned_data[name] for name in ("name", "purpose", "text")}
            try:
                made = services.add_snippet(project=place, **given, actor=request.actor)
            except Invalid as error:
                add_errors(form, error.errors)
            except Conflict as error:
                form.add_error("name", error.sentence)
            else:
                messages.success(request, f"{made} is there. Prompts include it as {{{{> {made}}}}}.")
                return see_other(_address(space, made))
    context = {"form": form, "may": may or may_shelve, "may_shelve": may_shelve}
    return _page(request, space, "snippets/new.html", context, 422 if form.errors else 200)


@require_safe
def snippet(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    """`?show=behind` lists only prompts that hold an old version, `?q=` those with these words in their title."""
    space, found = snippet_or_404(request, project, uid)
    return _one(request, space, found, _change_form(request, found))


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    space, found = snippet_or_404(request, project, uid)
    newest, may = found.newest, can_change_snippet(request.actor, found)
    form = EditSnippetForm(request.POST or None, initial={"text": newest.text, "follows": newest.semver})
    status, conflict = 200, ""
    if request.method == "POST":
        may.require()
        status = 422
        if form.is_valid():
            try:
                version = services.save_snippet_version(snippet=found, **form.cleaned_data, actor=request.actor)
            except Invalid as error:
                add_errors(form, error.errors)
            except Conflict as error:
                status, conflict = 409, error.sentence
            else:
                messages.success(request, f"Saved as {version.semver}. No prompt changed yet: they keep the words that they hold.")
                return see_other(_address(space, found))
    context = {"snippet": found, "newest": newest, "form": form, "may": may, "conflict": conflict}
    return _page(request, space, "snippets/edit.html", context, status)


@require_POST
def change(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    space, found = snippet_or_404(request, project, uid)
    can_change_snippet(request.actor, found).require()
    form = _change_form(request, found, request.POST)
    if form.is_valid():
        try:
            services.change_snippet(snippet=found, **form.cleaned_data, actor=request.actor)
        except Invalid as error:
            add_errors(form, error.errors)
        else:
            messages.success(request, "Saved.")
            return see_other(_address(space, found))
    return _one(request, space, snippet_or_404(request, project, uid)[1], form, 422)


@require_POST
def archive(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    space, found = snippet_or_404(request, project, uid)
    can_keep_snippet(request.actor, found).require()
    form = ArchiveSnippetForm(request.POST, auto_id="archive-%s")
    if form.is_valid():
        try:
            services.archive_snippet(snippet=found, reason=form.cleaned_data["reason"], actor=request.actor)
        except Invalid as error:
            add_errors(form, error.errors)
        else:
            messages.success(request, "It is archived: nobody includes it anew, and whoever holds its words keeps them.")
            return see_other(_address(space, found))
    return _one(request, space, found, _change_form(request, found), 422, archive_form=form)


@require_POST
def restore(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    space, found = snippet_or_404(request, project, uid)
    services.restore_snippet(snippet=found, actor=request.actor)
    messages.success(request, "It is back, with every version that it had.")
    return see_other(_address(space, found))


@require_POST
def open_drafts(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    space, found = snippet_or_404(request, project, uid)
    opened = len(services.open_drafts_with(snippet=found, project=space, actor=request.actor))
    what = "1 draft is" if opened == 1 else f"{opened} drafts are"
    messages.success(request, f"{what} open with {found} {found.newest.semver}. Look at each and save it as a version.")
    return see_other(_address(space, found))


def _project(request: StudioRequest, slug: str) -> Project:
    request.section = "prompts"  # type: ignore[attr-defined]
    return get_object_or_404(Project.objects.visible_to(request.actor), slug=slug)


def snippet_or_404(request: StudioRequest, project: str, uid: UUID) -> tuple[Project, Snippet]:
    space = _project(request, project)
    return space, get_object_or_404(Snippet.objects.within(space).select_related("project", "owner", "archived_by"), uid=uid)


def _address(project: Project, snippet: Snippet) -> str:
    return reverse("snippet", args=[project.slug, snippet.uid])


def _page(request: StudioRequest, project: Project, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return render(request, template, {"project": project, **context}, status=status)


def _with_versions(found: "QuerySet[Snippet]") -> "QuerySet[Snippet]":
    newest_first = SnippetVersion.objects.newest_first().defer("text", "reasons")
    return found.select_related("owner").prefetch_related(Prefetch("versions", newest_first))


def _known(snippet: Snippet) -> dict[str, Any]:
    versions = [version.semver for version in snippet.versions.all()]
    return {
        "name": snippet.name,
        "purpose": snippet.purpose,
        "on_shelf": snippet.on_shelf,
        "newest": versions[0],
        "versions": versions[:20],
    }


def _change_form(request: StudioRequest, found: Snippet, data: Any = None) -> ChangeSnippetForm:
    return ChangeSnippetForm(
        data, actor=request.actor, present=found.owner, initial={"purpose": found.purpose, "owner": found.owner.name}, auto_id="about-%s"
    )


def _one(
    request: StudioRequest,
    project: Project,
    found: Snippet,
    form: ChangeSnippetForm,
    status: int = 200,
    archive_form: ArchiveSnippetForm | None = None,
) -> HttpResponse:
    newest, words, show = found.newest, typed(request), request.GET.get("show", "")
    seen = Inclusion.objects.filter(snippet_version__snippet=found).of_prompts_seen_by(request.actor)
    held = seen.in_newest().select_related("version__prompt__project", "snippet_version__snippet")
    for word in words.split():
        held = held.filter(version__prompt__title__icontains=word)
    held = held.lagging() if show == "behind" else held
    page = Paginator(held.order_by("version__prompt__title", "pk"), PAGE).get_page(request.GET.get("page"))
    may = can_change_snippet(request.actor, found)
    may_keep, may_open = can_keep_snippet(request.actor, found), can_open_drafts_with(request.actor, project)
    context = {
        "snippet": found,
        "newest": newest,
        "versions": _versions(found),
        "counts": seen.counted().get(found.pk, (0, 0)),
        "waiting": len(services.waiting_for(found, project, request.actor)) if may_open and not found.archived_at else 0,
        "may_open": may_open,
        "page_obj": page,
        "uses": _uses(page, newest),
        "words": words,
        "show": show,
        "may": may,
        "may_keep": may_keep,
        "form": form,
        "archive_form": archive_form or ArchiveSnippetForm(auto_id="archive-%s"),
        "drafts": drafts_with(found, request.actor) if may_keep or found.archived_at else [],
        "known": people_known(request.actor) if may else [],
    }
    return _page(request, project, "snippets/page.html", context, status)


def _versions(found: Snippet) -> list[tuple[SnippetVersion, str]]:
    """The newest ones, each with the number that it follows."""
    rows = list(found.versions.newest_first().select_related("created_by").defer("text")[: VERSIONS_SHOWN + 1])
    follows = [row.semver for row in rows[1:]]
    return list(zip(rows, [*follows, ""], strict=True))[:VERSIONS_SHOWN]


def _uses(rows: Any, newest: SnippetVersion) -> list[Use]:
    rows = list(rows)
    drafts = Draft.objects.open().filter(takes_over=newest, prompt__in=[row.version.prompt_id for row in rows])
    by_prompt = {draft.prompt_id: draft for draft in drafts}
    return [
        Use(row.version.prompt, row.snippet_version, row.snippet_version_id != newest.pk, by_prompt.get(row.version.prompt_id))
        for row in rows
    ]

"""Prompts whose model retires, and drafts for its successor in each of them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from promptstudio.lib.errors import NotAllowed, StudioError
from promptstudio.lib.permission import Allowed
from promptstudio.projects.models import Project
from promptstudio.projects.permissions import can
from promptstudio.prompts import model_services
from promptstudio.prompts.catalogue import Catalogue, Model, plain_id
from promptstudio.prompts.models import ModelEntry, Prompt
from promptstudio.prompts.permissions import folders_to_write

from .. import shelf
from ..answers import see_other
from ..middleware import refused
from ..prompt_pages import not_found_unless
from ..requests import StudioRequest
from ..succeeding import with_drafts

PER_PAGE = 50
# What one click opens; the next one goes on where it stopped.
AT_ONCE = 100


@require_GET
def retiring(request: StudioRequest, project: str, model: str) -> HttpResponse:
    """Which prompts use `model` in their newest version, and the draft for its successor in each that has one."""
    request.section = "prompts"  # type: ignore[attr-defined]
    space, known = _space(request, project), ModelEntry.objects.catalogue()
    entry, prompts = _using(request, space, model, known)
    page = Paginator(prompts, PER_PAGE).get_page(request.GET.get("page"))
    everywhere = can(request.actor, "write", space)
    somewhere = {folder.pk for folder in folders_to_write(request.actor, space)}
    rows = [
        {"prompt": prompt, "drafts": drafts, "may_write": Allowed() if prompt.folder_id in somewhere else everywhere}
        for prompt, drafts in with_drafts(list(page.object_list), entry)
    ]
    context = {
        "project": space,
        "model": entry,
        "successor": known.find(entry.successor) if entry.successor else None,
        "rows": rows,
        "page_obj": page,
        "total": page.paginator.count,
        "waiting": sum(mine for _, mine in _without_draft(request, prompts, entry)),
    }
    return render(request, "library/retiring.html", context)


@require_POST
def open_drafts(request: StudioRequest, project: str, model: str) -> HttpResponse:
    """A draft for the successor in each prompt that has none. Who may not write somewhere is told."""
    space, known = _space(request, project), ModelEntry.objects.catalogue()
    entry, prompts = _using(request, space, model, known)
    not_found_unless(entry.successor)
    waiting = _without_draft(request, prompts, entry)
    opened, why_not = 0, ""
    for prompt, _ in waiting[:AT_ONCE]:
        try:
            model_services.open_draft_for_model(prompt=prompt, model=entry.successor, actor=request.actor)
            opened += 1
        except StudioError as error:
            if isinstance(error, NotAllowed):
                refused(request, error, project=space)
            why_not = error.sentence
    if opened:
        messages.success(request, f"{opened} {'draft is' if opened == 1 else 'drafts are'} open. Look at each, and save a version.")
    if left := len(waiting) - opened:
        messages.info(request, f"{left} {'prompt was left as it is' if left == 1 else 'prompts were left as they are'}. {why_not}".strip())
    return see_other(reverse("retiring", args=[space.slug, entry.id]))


def _without_draft(request: StudioRequest, prompts: list[Prompt], model: Model) -> list[tuple[Prompt, bool]]:
    """Those without a draft for the successor, and whether this person may write them; theirs first, so that a click opens what it can."""
    mine = set(Prompt.objects.to_write_by(request.actor).filter(pk__in=[prompt.pk for prompt in prompts]).values_list("pk", flat=True))
    waiting = [(prompt, prompt.pk in mine) for prompt, drafts in with_drafts(prompts, model) if not drafts]
    return sorted(waiting, key=lambda pair: not pair[1])


def _space(request: StudioRequest, project: str) -> Project:
    return get_object_or_404(Project.objects.visible_to(request.actor), slug=project)


def _using(request: StudioRequest, space: Project, model: str, known: Catalogue) -> tuple[Model, list[Prompt]]:
    found = dict((entry.id, (entry, prompts)) for entry, prompts in shelf.retiring(shelf.facts_for(request.actor, space), known))
    entry = known.find(model)
    not_found_unless(entry and entry.retires_on and plain_id(model) == model)
    assert entry
    _, wanted = found.get(model, (entry, []))
    return entry, list(Prompt.objects.filter(pk__in=wanted).select_related("project", "folder", "owner").order_by("title", "pk"))

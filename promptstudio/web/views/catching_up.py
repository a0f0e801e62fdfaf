"""Taking a newer version into a draft that began before it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from promptstudio.prompts import services
from promptstudio.prompts.models import Draft, Version
from promptstudio.prompts.permissions import can_edit

from ..answers import see_other
from ..comparisons import compare
from ..forms.catching_up import CaughtUp, catch_up
from ..prompt_pages import not_found_unless, render_prompt
from ..requests import StudioRequest, draft_url
from .editing import began_with, choices_in, draft_or_404


@require_http_methods(["GET", "HEAD", "POST"])
def prompt_catch_up(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """What changed since the draft began; POST takes it in, once everything that both changed is decided."""
    prompt, draft = draft_or_404(request, project, name, uid)
    if request.method == "POST":
        can_edit(request.actor, draft).require()
    onto = prompt.versions.select_related("created_by", "source").filter(semver=request.POST.get("onto", "")).first() or draft.newer_version
    if onto is None or not draft.is_open:
        messages.info(request, "There is nothing to take in: no version is newer than this draft.")
        return see_other(draft_url(draft))
    decided = choices_in(request.POST)
    caught = catch_up(base=began_with(draft), mine=draft.content, theirs=onto.as_written, decided=decided)
    undecided = [clash for clash in caught.clashes if not clash.is_settled]
    stale = request.POST.get("revision", str(draft.revision)) != str(draft.revision)
    if request.method == "POST" and not (undecided or stale) and _taken(request, draft, onto, caught):
        return see_other(draft_url(draft))
    return render_prompt(
        request,
        "prompts/catch_up.html",
        prompt,
        tab="edit_newest",
        status_code=409 if stale else 422 if request.method == "POST" else 200,
        draft=draft,
        onto=onto,
        caught=caught,
        clashes=caught.clashes,
        undecided=[clash for clash in undecided if not clash.choice] if request.method == "POST" and not stale else [],
        stale=stale,
        comparison=compare(draft.based_on.bundle if draft.based_on else None, onto.bundle),
        old_label=draft.based_on.semver if draft.based_on else "nothing",
        may_edit=can_edit(request.actor, draft),
    )


def _taken(request: StudioRequest, draft: Draft, onto: Version, caught: CaughtUp) -> bool:
    """False when somebody saved in this moment."""
    try:
        services.catch_up_draft(draft=draft, onto=onto, content=caught.content, revision=draft.revision, actor=request.actor)
    except services.Stale:
        not_found_unless(draft.is_open)
        return False
    by_itself = f" By itself came: {', '.join(caught.taken)}." if caught.taken else ""
    chosen = ", as you chose" if caught.clashes else ""
    messages.success(request, f"{onto.semver} is in your draft now{chosen}.{by_itself}")
    return True

"""Writing: the editor of one draft. Every button works without script; with it the same address answers with fragments."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from promptstudio.lib.errors import Invalid
from promptstudio.prompts import services
from promptstudio.prompts.freezing import loader_for
from promptstudio.prompts.models import Draft, NamedExample, Prompt
from promptstudio.prompts.permissions import can_edit, can_write
from promptstudio.prompts.renames import renames_of
from promptstudio.prompts.snippets import written_out
from promptstudio.prompts.soundness import problem_of
from promptstudio.prompts.starting_points import StartingPoint, starting_point

from ..answers import see_other
from ..editing_page import editor_context, values_of
from ..forms.bundle_form import BundleFields, fields_from, fields_like, fields_of
from ..forms.draft_steps import take, write_out
from ..forms.merging import Choice, Merged, merge
from ..model_names import id_of
from ..numbers import number_in
from ..prompt_pages import prompt_or_404, render_prompt, version_or_404
from ..requests import StudioRequest, checks_characters, draft_url, prompt_url
from ..starting import save_first_examples
from .trying import from_editor

TRIES = 3


@require_GET
def edit_newest(request: StudioRequest, project: str, name: str) -> HttpResponse:
    """The draft that this person wrote in last, else all that are open."""
    prompt = prompt_or_404(request, project, name)
    drafts = list(prompt.drafts.open().select_related("created_by", "updated_by", "based_on").prefetch_related("editors"))
    mine = [draft for draft in drafts if draft.created_by_id == request.actor.user.pk or _wrote(draft, request)]
    if mine and can_write(request.actor, prompt):
        return redirect(draft_url(mine[0]))
    return render_prompt(request, "prompts/drafts.html", prompt, tab="edit_newest", drafts=drafts, newest=prompt.newest)


@require_POST
def open_draft(request: StudioRequest, project: str, name: str) -> HttpResponse:
    prompt = prompt_or_404(request, project, name)
    based_on = version_or_404(prompt, request.POST["based_on"]) if request.POST.get("based_on") else None
    draft = services.open_draft(prompt=prompt, based_on=based_on, actor=request.actor)
    return see_other(draft_url(draft))


@require_GET
def edit(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    prompt, draft = draft_or_404(request, project, name, uid)
    if not draft.is_open:
        return _ended(request, prompt, draft)
    return _page(request, prompt, draft, fields_of(draft.content), draft.content)


@require_GET
def live(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """Who else wrote here meanwhile; asked for by the page every few seconds."""
    _, draft = draft_or_404(request, project, name, uid)
    others = list(draft.editors.exclude(user=request.actor.user).select_related("user").order_by("-last_at")[:3])
    newer = draft.is_open and request.GET.get("revision") != str(draft.revision)
    return render(request, "prompts/_presence.html", {"draft": draft, "others": others, "newer": newer})


@checks_characters
@require_POST
def save(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """Keep what stands in the fields, after the step that a button asks for. `X-Editor` asks for fragments."""
    prompt, draft = draft_or_404(request, project, name, uid)
    fields = fields_from(request.POST)
    begun_with = _begun_with(request, fields)
    # A table that follows from JSON typed beside it is new as a whole.
    stepped = _step(request, prompt, fields) or any(schema.was_typed for schema in fields.schemas.values())
    fields.settle()
    fields.model = id_of(fields.model, draft, request.actor)
    content = fields.content(draft.content)
    if problem := problem_of(content):
        return _page(request, prompt, draft, fields, content, status_code=422, refused=problem.sentence)
    saved, merged = _saved(request, draft, content, fields.renamed)
    if merged.clashes:
        return _clash(request, prompt, saved, content, merged)
    if begun_with:
        save_first_examples(saved, begun_with, request.actor)
    note = _note(request, saved, merged) if merged.content != content else ""
    if note:
        fields, stepped = fields_like(saved.content, fields), True
    kept, refused = _kept_example(request, saved) if "keep_example" in request.POST else (None, "")
    if request.POST.get("then") == "try" and not fields.refused:
        return from_editor(request, saved)
    if "X-Editor" not in request.headers and not (refused or fields.refused):
        if note:
            messages.info(request, note)
        return see_other(_next_page(request, saved, kept))
    template = "prompts/_editor.html" if stepped or kept or refused else "prompts/_live.html"
    # What was typed is the example now.
    more = {"given": {"example": str(kept.uid), "filled_with": str(kept.uid)}} if kept else {}
    status_code = 422 if refused or fields.refused else 200
    return _page(
        request,
        prompt,
        saved,
        fields,
        saved.content,
        template=template,
        status_code=status_code,
        note=note,
        example_refused=refused,
        example_kept=kept,
        **more,
    )


@require_POST
def settle(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """Both wrote in one place, and a person chose what stays."""
    prompt, draft = draft_or_404(request, project, name, uid)
    mine, seen = _json_of(request.POST.get("mine")), _json_of(request.POST.get("seen"))
    merged = merge(mine=mine, theirs=draft.content, seen=seen, decided=choices_in(request.POST), before=began_with(draft))
    if merged.clashes or request.POST.get("revision") != str(draft.revision):
        return _clash(request, prompt, draft, mine, merged)
    try:
        services.save_draft(draft=draft, content=merged.content, revision=draft.revision, actor=request.actor)
    except services.Stale as stale:
        merged = merge(mine=mine, theirs=stale.draft.content, seen=seen, decided={}, before=began_with(draft))
        return _clash(request, prompt, stale.draft, mine, merged)
    messages.success(request, "Both texts are settled and saved.")
    return see_other(draft_url(draft))


@require_POST
def discard(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    prompt, draft = draft_or_404(request, project, name, uid)
    services.discard_draft(draft=draft, actor=request.actor)
    messages.success(request, "The draft is discarded. No version was touched.")
    return see_other(prompt_url(prompt))


def draft_or_404(request: StudioRequest, project: str, name: str, uid: UUID) -> tuple[Prompt, Draft]:
    prompt = prompt_or_404(request, project, name)
    drafts = Draft.objects.visible_to(request.actor).select_related("prompt__project", "updated_by", "created_by", "based_on", "became")
    return prompt, get_object_or_404(drafts, prompt=prompt, uid=uid)


def _step(request: StudioRequest, prompt: Prompt, fields: BundleFields) -> bool:
    """Do what a button asks for. What it needs of the database is looked up here."""
    step = request.POST.get("step", "")
    words = partial(written_out, load=loader_for(prompt.project))
    return take(fields, step) or write_out(fields, step, words)


def _saved(request: StudioRequest, draft: Draft, content: dict[str, Any], renamed: Mapping[str, str]) -> tuple[Draft, Merged]:
    """The draft as saved, with what others wrote in it meanwhile; as it stands, unsaved, where there are clashes."""
    merged, revision = Merged(content, [], []), number_in(request.POST.get("revision"))
    seen = _json_of(request.POST.get("seen"))
    for _ in range(TRIES):
        try:
            saved = services.save_draft(draft=draft, content=merged.content, revision=revision, renamed=renamed, actor=request.actor)
            return saved, merged
        except services.Stale as stale:
            draft, revision = stale.draft, stale.draft.revision
            merged = merge(mine=content, theirs=draft.content, seen=seen, decided={}, before=began_with(draft))
            if merged.clashes:
                break
    return draft, merged


def _page(
    request: StudioRequest,
    prompt: Prompt,
    draft: Draft,
    fields: BundleFields,
    content: dict[str, Any],
    *,
    template: str = "prompts/edit.html",
    given: Mapping[str, Any] | None = None,
    status_code: int = 200,
    **more: Any,
) -> HttpResponse:
    context = (
        editor_context(request, draft, fields, content, given or request.POST or request.GET)
        | {"editable": can_edit(request.actor, draft)}
        | more
    )
    if "X-Editor" in request.headers:
        template = "prompts/_editor.html" if template == "prompts/edit.html" else template
        return render(request, template, context | {"prompt": prompt}, status=status_code)
    asked_for = list(draft.requests.select_related("asked_by", "project").prefetch_related("answers__example"))
    return render_prompt(request, "prompts/edit.html", prompt, tab="edit_newest", status_code=status_code, asked_for=asked_for, **context)


def _clash(request: StudioRequest, prompt: Prompt, draft: Draft, mine: dict[str, Any], merged: Merged) -> HttpResponse:
    context = {
        "draft": draft,
        "clashes": merged.clashes,
        "mine": json.dumps(mine),
        "seen": request.POST.get("seen", "{}"),
    }
    if "X-Editor" in request.headers:
        return render(request, "prompts/_clash.html", context | {"prompt": prompt}, status=409)
    status_code = 422 if any(clash.is_torn for clash in merged.clashes) else 409
    return render_prompt(request, "prompts/clash.html", prompt, tab="edit_newest", status_code=status_code, **context)


def _ended(request: StudioRequest, prompt: Prompt, draft: Draft) -> HttpResponse:
    messages.info(request, str(can_edit(request.actor, draft)))
    return redirect(prompt_url(prompt, "version", draft.became.semver) if draft.became else prompt_url(prompt))


def _note(request: StudioRequest, draft: Draft, merged: Merged) -> str:
    other = draft.editors.exclude(user=request.actor.user).select_related("user").order_by("-last_at").first()
    who, what = other.user if other else "Someone", ", ".join(merged.taken)
    return f"{who} and you wrote here at the same time. Both are in the text now: {what} changed meanwhile."


def began_with(draft: Draft) -> dict[str, Any]:
    return draft.based_on.as_written if draft.based_on else services.EMPTY


def _begun_with(request: StudioRequest, fields: BundleFields) -> StartingPoint | None:
    step, _, slug = request.POST.get("step", "").partition(":")
    return starting_point(slug) if step == "start_from" and fields.is_empty else None


def _next_page(request: StudioRequest, draft: Draft, kept: NamedExample | None) -> str:
    if request.POST.get("then") == "version":
        return prompt_url(draft.prompt, "save", draft.uid)
    example = str(kept.uid) if kept else request.POST.get("example", "")
    return draft_url(draft) + (f"?{urlencode({'example': example})}" if example else "")


def _kept_example(request: StudioRequest, draft: Draft) -> tuple[NamedExample | None, str]:
    """The example, or the sentence that refuses it."""
    examples = list(draft.prompt.examples.filter(archived_at=None))
    _, values, _ = values_of(request.POST, draft.content, examples, renames_of(draft.prompt))
    try:
        name = request.POST.get("example_name", "")[:120]
        return services.save_example(prompt=draft.prompt, name=name, values=values, actor=request.actor), ""
    except Invalid as error:
        return None, error.sentence


def _wrote(draft: Draft, request: StudioRequest) -> bool:
    return any(editor.user_id == request.actor.user.pk for editor in draft.editors.all())


def choices_in(post: QueryDict) -> dict[str, Choice]:
    found = {}
    for number, place in enumerate(post.getlist("place")):
        which = post.get(f"choice-{number}", "")
        own = post.get(f"own-{number}", "").replace("\r\n", "\n")
        if which in ("mine", "theirs", "own") or own:
            known = which if which in ("mine", "theirs", "own") else ""
            found[place] = Choice(known, own, heard=bool(known) and post.get(f"heard-{number}") == known)
    return found


def _json_of(text: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}

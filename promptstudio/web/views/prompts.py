"""A prompt itself: making one, what it is, its title and folder, and what happened to it."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from promptstudio.accounts.models import User
from promptstudio.audit.models import Entry
from promptstudio.deployments.models import Deployment, PublishJob
from promptstudio.deployments.requests import requests_of
from promptstudio.evaluations.marks import marks_of
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.projects.models import Project
from promptstudio.prompts import services
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.diff.structure import field_in_words
from promptstudio.prompts.favourites import is_starred
from promptstudio.prompts.models import Draft, ModelEntry, Prompt, Tag, Version
from promptstudio.prompts.permissions import can_create_prompt, can_create_somewhere, can_restore, can_restrict, folders_to_write
from promptstudio.prompts.schema_text import written
from promptstudio.prompts.soundness import listed, mapping
from promptstudio.prompts.starting_points import STARTING_POINTS, starting_point
from promptstudio.prompts.templating import OPEN_BRACES
from promptstudio.reviews.models import Review, Thread

from ..answers import see_other
from ..examples_kept import examples_kept
from ..forms.prompts import NewPromptForm, PromptForm, RestrictForm, add_errors
from ..prompt_pages import prompt_or_404, render_prompt
from ..requests import StudioRequest, draft_url, prompt_url
from ..sentences import sentences
from ..starting import begin_with
from ..succeeding import succession_of

PAGE = 50
TYPE_WORDS = {"string": "Text", "number": "Number", "boolean": "Yes or no", "choice": "Choice"}


@require_http_methods(["GET", "POST"])
def new(request: StudioRequest, project: str) -> HttpResponse:
    owner = get_object_or_404(Project.objects.visible_to(request.actor), slug=project)
    folder = request.GET.get("folder", "")
    if not folder and not can_create_prompt(request.actor, owner):
        folder = next((own.path for own in folders_to_write(request.actor, owner)), "")
    form = NewPromptForm(request.POST or None, project=owner, initial={"folder": folder})
    if request.method == "POST" and form.is_valid():
        try:
            draft = _created(request, owner, form.cleaned_data)
            _tell_of_namesake(request, draft.prompt)
            return see_other(draft_url(draft))
        except Invalid as error:
            add_errors(form, error.errors)
        except Conflict as error:
            form.add_error("name", error.sentence)
    request.section = "prompts"  # type: ignore[attr-defined]
    context = {"form": form, "project": owner, "may_create": can_create_somewhere(request.actor, owner), "starting_points": STARTING_POINTS}
    return render(request, "prompts/new.html", context, status=422 if form.errors else 200)


@require_GET
def overview(request: StudioRequest, project: str, name: str) -> HttpResponse:
    prompt = prompt_or_404(request, project, name)
    return overview_page(request, prompt)


@require_POST
def change(request: StudioRequest, project: str, name: str) -> HttpResponse:
    prompt = prompt_or_404(request, project, name)
    form = _details_form(prompt, request.POST)
    if form.is_valid():
        try:
            services.change_prompt(prompt=prompt, **form.cleaned_data, actor=request.actor)
        except Invalid as error:
            add_errors(form, error.errors)
        else:
            messages.success(request, "Title and folder are saved.")
            if "title" in form.changed_data:
                _tell_of_namesake(request, prompt)
            return see_other(prompt_url(prompt))
    return overview_page(request, prompt_or_404(request, project, name), form, status_code=422)


@require_POST
def restrict(request: StudioRequest, project: str, name: str) -> HttpResponse:
    """Say who may see it: nobody chosen opens it to everyone with a role."""
    prompt = prompt_or_404(request, project, name)
    can_restrict(request.actor, prompt).require()
    form = RestrictForm(request.POST, prompt=prompt, auto_id="restrict-%s")
    if not form.is_valid():
        return overview_page(request, prompt, restrict_form=form, status_code=422)
    try:
        services.restrict_prompt(prompt=prompt, people=list(form.cleaned_data["people"]), actor=request.actor)
    except Conflict as error:
        messages.info(request, error.sentence)
    else:
        messages.success(
            request, "Only the people that you named see it now." if prompt.restricted else "Everyone with a role here sees it now."
        )
    return see_other(prompt_url(prompt))


@require_GET
def activity(request: StudioRequest, project: str, name: str) -> HttpResponse:
    prompt = prompt_or_404(request, project, name)
    page = Paginator(Entry.objects.filter(project_uid=prompt.project.uid, object_uid__in=_uids(prompt)), PAGE).get_page(
        request.GET.get("page")
    )
    return render_prompt(request, "prompts/activity.html", prompt, tab="activity", page_obj=page, lines=sentences(page))


@transaction.atomic
def _created(request: StudioRequest, project: Project, given: dict[str, Any]) -> Draft:
    """Both or neither: a prompt without a draft would be a page with nothing to do on it."""
    point = starting_point(given.pop("start"))
    prompt = services.create_prompt(project=project, **given, actor=request.actor)
    draft = services.open_draft(prompt=prompt, actor=request.actor)
    return begin_with(draft, point, request.actor) if point else draft


def _tell_of_namesake(request: StudioRequest, prompt: Prompt) -> None:
    """Two of one title are allowed, but hardly ever meant."""
    others = Prompt.objects.visible_to(request.actor).active().filter(project=prompt.project, title__iexact=prompt.title)
    if other := others.exclude(pk=prompt.pk).select_related("folder").order_by("pk").first():
        place = f" in {other.folder.path}" if other.folder.path else ""
        called = " ".join(other.title.split())[:80]
        messages.info(
            request, f"There is another prompt called “{called}”{place}. Give one of them another title, so that nobody mixes them up."
        )


def _details_form(prompt: Prompt, data: Any = None) -> PromptForm:
    return PromptForm(data, project=prompt.project, initial={"title": prompt.title, "folder": prompt.folder.path}, auto_id="details-%s")


def overview_page(
    request: StudioRequest,
    prompt: Prompt,
    form: PromptForm | None = None,
    *,
    restrict_form: RestrictForm | None = None,
    wrong: Mapping[str, str] | None = None,
    status_code: int = 200,
) -> HttpResponse:
    """`wrong` says by field what is the matter with a form that has no class of its own; what was typed comes from the request."""
    named, may_restrict = _named(prompt), can_restrict(request.actor, prompt)
    newest = prompt.versions.newest_first().select_related("created_by").first()
    drafts = list(prompt.drafts.open().select_related("created_by", "updated_by", "based_on"))
    return render_prompt(
        request,
        "prompts/overview.html",
        prompt,
        tab="",
        status_code=status_code,
        form=form or _details_form(prompt),
        wrong=wrong or {},
        refused=" ".join((wrong or {}).values()) if status_code == 403 else "",
        typed=request.POST,
        restrict_form=restrict_form or (_restrict_form(prompt, named) if may_restrict else None),
        may_restrict=may_restrict,
        named=named,
        version=newest,
        mark=marks_of([newest]).get(newest.pk) if newest else None,
        **(text_context(newest) if newest else {}),
        drafts=drafts,
        reviews=list(Review.objects.open().filter(version__prompt=prompt).select_related("version", "environment", "asked_by")),
        wishes=requests_of(prompt),
        examples=examples_kept(prompt, newest, drafts),
        **_upkeep(request, prompt),
    )


def _upkeep(request: StudioRequest, prompt: Prompt) -> dict[str, Any]:
    tags = Tag.objects.filter(prompt__in=Prompt.objects.visible_to(request.actor).filter(project=prompt.project))
    return {
        "tags": [tag.word for tag in prompt.tags.all()],
        "known_tags": sorted(set(tags.order_by().values_list("word", flat=True).distinct())),
        "starred": is_starred(prompt, request.actor.user),
        "former_names": [former.name for former in prompt.former_names.all()],
        "may_restore": can_restore(request.actor, prompt) if prompt.archived_at else None,
        "projects": list(Project.objects.visible_to(request.actor).order_by("name")),
    }


def _named(prompt: Prompt) -> list[User]:
    rows = prompt.user_permissions.select_related("user").order_by("user__name") if prompt.restricted else []
    return [row.user for row in rows]


def _restrict_form(prompt: Prompt, named: list[User]) -> RestrictForm:
    chosen = [person.pk for person in named if person.pk != prompt.owner_id]
    return RestrictForm(prompt=prompt, initial={"people": chosen}, auto_id="restrict-%s")


def text_context(version: Version) -> dict[str, Any]:
    """A version as a document: its cards, variables and settings in words."""
    bundle, known = version.bundle, ModelEntry.objects.catalogue()
    cards = [("System", bundle.system)] if bundle.system else []
    cards += [("Message" if bundle.kind == "text" else message.role.capitalize(), message.text) for message in bundle.messages]
    return {
        "bundle": bundle,
        "cards": cards,
        "names": [OPEN_BRACES, *(variable.name for variable in bundle.variables)],
        "type_words": TYPE_WORDS,
        "schemas": _schemas(bundle),
        "model": known.find(bundle.model),
        "succession": succession_of(version, known),
        "length_in_words": bundle.inference.max_tokens * 3 // 4 if bundle.inference.max_tokens else None,
    }


def _schemas(bundle: Bundle) -> list[dict[str, Any]]:
    """Tools and the form of the answer, each with its fields in words."""
    found: list[tuple[str, str, Any]] = [(f"Tool {tool.name}", tool.description, tool.input_schema) for tool in bundle.tools]
    if bundle.output_schema is not None:
        found.append(("Form of the answer", "fields that your application can rely on", bundle.output_schema))
    return [{"title": title, "about": about, "json": written(schema), "rows": _fields(schema)} for title, about, schema in found]


def _fields(schema: Any) -> list[tuple[str, str, bool]]:
    needed = listed(mapping(schema).get("required"))
    return [(name, field_in_words(field), name in needed) for name, field in mapping(mapping(schema).get("properties")).items()]


def _uids(prompt: Prompt) -> list[Any]:
    """Everything of a prompt that the trail may speak of."""
    found = [
        prompt.versions.values_list("uid", flat=True),
        prompt.drafts.values_list("uid", flat=True),
        prompt.examples.values_list("uid", flat=True),
        prompt.requests.values_list("uid", flat=True),
        Review.objects.filter(version__prompt=prompt).values_list("uid", flat=True),
        Thread.objects.filter(version__prompt=prompt).values_list("uid", flat=True),
        Deployment.objects.filter(placement__prompt=prompt).values_list("uid", flat=True),
        PublishJob.objects.filter(deployment__placement__prompt=prompt).values_list("uid", flat=True),
    ]
    return [prompt.uid, *(uid for uids in found for uid in uids)]

"""Versions: saving one, all of them, and one with everything that stands beside it."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from promptstudio.deployments.models import Deployment, Placement, Recall, WentLive
from promptstudio.deployments.permissions import can_recall
from promptstudio.deployments.places import names_by_kind
from promptstudio.deployments.requests import requests_answered_by
from promptstudio.lib.errors import Invalid
from promptstudio.projects.models import Environment
from promptstudio.prompts import lint, services
from promptstudio.prompts import request_services as asking
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.findings import concerning
from promptstudio.prompts.freezing import freeze
from promptstudio.prompts.models import ChangeNote, Draft, Inclusion, Prompt, Request, Version
from promptstudio.prompts.permissions import can_edit
from promptstudio.reviews.models import Review

from ..answers import see_other
from ..comparisons import compare
from ..forms.asking import AnswersForm
from ..forms.prompts import ChangeRecordForm, SaveVersionForm, add_errors
from ..numbers import number_in
from ..prompt_pages import not_found_unless, prompt_or_404, render_prompt, version_or_404
from ..requests import StudioRequest, prompt_url
from ..searching import typed
from .prompts import text_context

PAGE = 25
MOST_REQUESTS = 50


@dataclass(frozen=True)
class Row:
    """A version in the list; environments by name."""

    version: Version
    previous: str
    live_in: list[str] = field(default_factory=list)
    was_live_in: list[str] = field(default_factory=list)
    recalled: bool = False


@require_http_methods(["GET", "POST"])
def save(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """The page on which a draft becomes a version."""
    prompt = prompt_or_404(request, project, name)
    drafts = Draft.objects.visible_to(request.actor).select_related("updated_by", "became", "based_on", "prompt")
    draft = get_object_or_404(drafts, prompt=prompt, uid=uid)
    if draft.became and request.method == "GET":
        messages.info(request, str(can_edit(request.actor, draft)))
        return redirect(prompt_url(prompt, "version", draft.became.semver))
    form = SaveVersionForm(request.POST or None)
    answers = AnswersForm(request.POST or None, requests=_to_answer(prompt), draft=draft)
    if request.method == "GET" or not form.is_valid() or not answers.is_valid():
        return _save_page(request, prompt, draft, form, answers, status_code=422 if form.errors or answers.errors else 200)
    try:
        version = _saved(request, draft, services.Change(**form.cleaned_data), answers)
    except services.Stale as stale:
        return _save_page(request, prompt, stale.draft, form, answers, status_code=409, stale=stale)
    except services.AlreadyAVersion as ended:
        # A form that was sent twice: the second answer shows what the first one made.
        if ended.version.created_by_id == request.actor.user.pk:
            return see_other(prompt_url(prompt, "version", ended.version.semver))
        raise
    except services.NothingChanged as error:
        return _save_page(request, prompt, draft, form, answers, status_code=409, conflict=error.sentence)
    except Invalid as error:
        add_errors(answers, add_errors(form, error.errors))
        return _save_page(request, prompt, draft, form, answers, status_code=422)
    asked = ", ".join(dict.fromkeys(str(each.asked_by) for each in answers.chosen())) if answers.cleaned_data["send_back"] else ""
    messages.success(
        request, f"Saved as {version.semver}. Nothing that is live changed yet.{f' {asked} is asked to look at it.' if asked else ''}"
    )
    return see_other(prompt_url(prompt, "version", version.semver))


@require_GET
def versions(request: StudioRequest, project: str, name: str) -> HttpResponse:
    prompt = prompt_or_404(request, project, name)
    query = typed(request)
    found = prompt.versions.newest_first().select_related("created_by", "follows").defer("canonical", "follows__canonical")
    for word in query.split():
        found = found.filter(Q(summary__icontains=word) | Q(semver__startswith=word) | Q(created_by__name__icontains=word))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render_prompt(
        request, "prompts/versions.html", prompt, tab="versions", page_obj=page, rows=_rows(prompt, list(page)), query=query
    )


@require_GET
def version(request: StudioRequest, project: str, name: str, semver: str) -> HttpResponse:
    prompt = prompt_or_404(request, project, name)
    found = version_or_404(prompt, semver)
    return _version_page(request, prompt, found, ChangeRecordForm())


@require_POST
def add_to_record(request: StudioRequest, project: str, name: str, semver: str) -> HttpResponse:
    prompt = prompt_or_404(request, project, name)
    found = version_or_404(prompt, semver)
    form = ChangeRecordForm(request.POST)
    if form.is_valid():
        try:
            services.add_to_change_record(version=found, **form.cleaned_data, actor=request.actor)
        except Invalid as error:
            add_errors(form, error.errors)
        else:
            messages.success(request, "Added to the change record.")
            return see_other(prompt_url(prompt, "version", semver))
    return _version_page(request, prompt, found, form, status_code=422)


@transaction.atomic
def _saved(request: StudioRequest, draft: Draft, change: services.Change, answers: AnswersForm) -> Version:
    """The version, and what is said about requests with it: all or nothing."""
    revision = number_in(request.POST.get("revision"))
    version = services.save_version_of_draft(draft=draft, revision=revision, change=change, actor=request.actor)
    answer = asking.send_back if answers.cleaned_data["send_back"] else asking.answer_request
    for asked in answers.chosen():
        try:
            answer(request=asked, version=version, actor=request.actor)
        except Invalid as error:
            raise Invalid({"answers": error.sentence}) from None
    return version


def _to_answer(prompt: Prompt) -> list[Request]:
    return list(prompt.requests.open().select_related("asked_by").order_by("-asked_at")[:MOST_REQUESTS])


def _save_page(
    request: StudioRequest,
    prompt: Prompt,
    draft: Draft,
    form: SaveVersionForm,
    answers: AnswersForm,
    *,
    status_code: int,
    **more: Any,
) -> HttpResponse:
    frozen = freeze(prompt, draft.content)
    errors = lint.by_place(concerning(frozen.findings, names_by_kind(prompt.project)))
    context = {"draft": draft, "form": form, "answers": answers, "errors": errors, "may_save": can_edit(request.actor, draft), **more}
    if not errors:
        context |= _difference(prompt, frozen.bundle, draft, since=request.GET.get("since", ""))
    return render_prompt(request, "prompts/save.html", prompt, tab="edit_newest", status_code=status_code, **context)


def _difference(prompt: Prompt, bundle: Bundle, draft: Draft, *, since: str) -> dict[str, Any]:
    """Against the version that the draft goes on from, which is what its author did; `since` is "live" for what readers will notice."""
    newest, live, last = prompt.newest, None, prompt.project.environments.last()
    if last:
        placement = Placement.objects.filter(prompt=prompt, environment=last).select_related("live__version").first()
        live = placement.live_version if placement else None
    begun = draft.based_on
    against = live if live and (since == "live" or begun is None) else begun or newest
    number, bump = services.bump_of(prompt, bundle)
    return {
        "against": against,
        "against_label": _label(against, live, last),
        "other": {"live": live, "begun": begun} if live and begun and live != begun else None,
        "newer": draft.newer_version if draft.is_open else None,
        "layout": "split" if against else "unified",
        "newest": newest,
        "comparison": compare(against.bundle if against else None, bundle),
        "bump": bump,
        "becomes": ".".join(map(str, number)),
    }


def _label(against: Version | None, live: Version | None, place: Environment | None) -> str:
    if against is None:
        return "nothing yet"
    return f"{against.semver}, live in {place}" if against == live else against.semver


def _version_page(
    request: StudioRequest, prompt: Prompt, found: Version, form: ChangeRecordForm, *, status_code: int = 200
) -> HttpResponse:
    not_found_unless(found.prompt_id == prompt.pk)
    deployments = Deployment.objects.with_state().filter(version=found).select_related("placement__environment", "by").order_by("-id")
    return render_prompt(
        request,
        "prompts/version.html",
        prompt,
        tab="versions",
        status_code=status_code,
        version=found,
        form=form,
        **text_context(found),
        place=_rows(prompt, [found])[0],
        people=found.people,
        holds=list(Inclusion.objects.of_version(found)),
        record=[(label, found.change_record[value]) for value, label in ChangeNote.Field.choices],
        reviews=list(Review.objects.filter(version=found).select_related("environment", "asked_by")),
        deployments=list(deployments),
        answered=requests_answered_by(found),
        recalls=list(Recall.objects.filter(version=found).select_related("by")),
        live_elsewhere=_other_live(prompt, found),
        may_recall=can_recall(request.actor, found),
    )


def _rows(prompt: Prompt, found: list[Version]) -> list[Row]:
    live: dict[int, list[str]] = defaultdict(list)
    for placement in (
        Placement.objects.filter(prompt=prompt).exclude(live=None).select_related("environment", "live").order_by("environment__position")
    ):
        live[placement.live.version_id].append(placement.environment.name)  # type: ignore[union-attr]
    was: dict[int, list[str]] = defaultdict(list)
    for went in (
        WentLive.objects.filter(version__in=found).select_related("placement__environment").order_by("placement__environment__position")
    ):
        was[went.version_id].append(went.placement.environment.name)
    recalled = set(Recall.objects.filter(version__in=found).values_list("version_id", flat=True))
    return [
        Row(
            version,
            version.follows.semver if version.follows else "",
            live[version.pk],
            [name for name in dict.fromkeys(was[version.pk]) if name not in live[version.pk]],
            version.pk in recalled,
        )
        for version in found
    ]


def _other_live(prompt: Prompt, found: Version) -> list[tuple[str, str]]:
    """What else is live, as (environment, number), to compare with."""
    placements = Placement.objects.filter(prompt=prompt).exclude(live=None).select_related("environment", "live__version")
    rows = [(placement.environment.name, placement.live.version) for placement in placements.order_by("environment__position")]  # type: ignore[union-attr]
    return [(name, live.semver) for name, live in rows if live.pk != found.pk]

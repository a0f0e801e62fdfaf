"""Bringing in prompts from elsewhere: a file or a paste, what it would become, and what it became."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from promptstudio.lib.errors import Invalid
from promptstudio.projects.models import Project
from promptstudio.prompts import import_services as services
from promptstudio.prompts.models import ImportBatch, ImportRow
from promptstudio.prompts.permissions import can_create_prompt, can_start_import, folders_to_write

from ..answers import see_other
from ..forms.importing import ChoicesForm, ImportForm
from ..import_page import PER_PAGE, marks_of, prompts_of, shown
from ..requests import StudioRequest, checks_characters


@require_http_methods(["GET", "POST"])
@checks_characters
def start(request: StudioRequest, project: str) -> HttpResponse:
    space = get_object_or_404(Project.objects.visible_to(request.actor), slug=project)
    can_start_import(request.actor, space).require()
    sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = ImportForm(*sent, project=space, initial={"folder": _folder(request, space)})
    if form.is_valid():
        content, name = form.content
        try:
            batch = services.start_import(
                project=space, content=content, name=name, folder=form.cleaned_data["folder"], actor=request.actor
            )
            return see_other(_address(batch))
        except Invalid as error:
            form.refuse(error.errors)
    request.section = "prompts"  # type: ignore[attr-defined]
    begun = (
        ImportBatch.objects.visible_to(request.actor)
        .filter(project=space)
        .defer("content")
        .annotate(prompts=Count("rows"))
        .order_by("-created_at")
    )
    return render(request, "importing/start.html", {"form": form, "project": space, "begun": begun[:5]}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def batch(request: StudioRequest, project: str, uid: str) -> HttpResponse:
    """What would come in, with its choices, until it begins; then how far it came, and what came of it."""
    own = _own_or_404(request, project, uid)
    if request.method == "POST":
        return _chosen(request, own)
    return _preview(request, own) if own.state == ImportBatch.State.PREVIEW else _report(request, own)


@require_POST
def go_on(request: StudioRequest, project: str, uid: str) -> HttpResponse:
    own = services.bring_in(batch=_own_or_404(request, project, uid), actor=request.actor)
    return _report(request, own) if request.htmx else see_other(_address(own))


@require_POST
def discard(request: StudioRequest, project: str, uid: str) -> HttpResponse:
    own = _own_or_404(request, project, uid)
    services.discard_import(batch=own, actor=request.actor)
    messages.success(request, "The file and what it would have become are forgotten. What came in stays.")
    return see_other(reverse("import", args=[project]))


def _chosen(request: StudioRequest, own: ImportBatch) -> HttpResponse:
    """Every button keeps what was chosen; `do` says what comes after."""
    form = ChoicesForm(request.POST, batch=own)
    do = request.POST.get("do", "")
    try:
        if form.is_valid():
            own = services.change_import(batch=own, choices=form.choices, rows=_rows(request.POST), actor=request.actor)
            return _after(request, own, do)
    except Invalid as error:
        for name, sentence in error.errors.items():
            form.add_error(name if name in form.fields else None, sentence)
    return _preview(request, own, form)


def _after(request: StudioRequest, own: ImportBatch, do: str) -> HttpResponse:
    if do == "bring" and not own.waiting().exists():
        raise Invalid({"rows": "Tick at least one prompt, then bring them in."})
    if do == "bring":
        return see_other(_address(services.bring_in(batch=own, actor=request.actor)))
    if do in ("all", "none"):
        services.choose_all(batch=own, chosen=do == "all", actor=request.actor)
    page = do.removeprefix("page-") if do.startswith("page-") else request.POST.get("page", "")
    return see_other(_address(own) + (f"?page={page}" if page.isdecimal() else ""))


def _preview(request: StudioRequest, own: ImportBatch, form: ChoicesForm | None = None) -> HttpResponse:
    page = Paginator(own.rows.all(), PER_PAGE).get_page(request.GET.get("page") or request.POST.get("page"))
    form = form or ChoicesForm(batch=own, initial={"folder": own.folder, "become": "versions" if own.as_versions else "drafts"})
    chosen = own.waiting().count()
    context = {
        "batch": own,
        "project": own.project,
        "form": form,
        "marks": marks_of(own),
        "columns": [(form[name], sample) for name, (_, sample) in zip(form.columns, own.columns, strict=True)],
        "left_out": [header or "Without a name" for (header, _), role in zip(own.columns, own.mapping, strict=True) if not role],
        "page_obj": page,
        "rows": shown(own, list(page.object_list), request.actor),
        "total": page.paginator.count,
        "chosen": chosen,
        "refused": own.rows.exclude(problem="").count(),
        "before": own.rows.exclude(prompt=None).count(),
        "tickable": own.rows.filter(problem="", prompt=None).exists(),
        "headings": own.format in ("text", "docx"),
    }
    return _render(request, "importing/preview.html", context, 422 if form.errors else 200)


def _report(request: StudioRequest, own: ImportBatch) -> HttpResponse:
    counts = dict(own.rows.order_by().values_list("outcome").annotate(Count("pk")))
    told = own.rows.exclude(outcome="").order_by("-outcome", "number")
    page = Paginator(told, PER_PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    prompts = prompts_of(rows, request.actor)
    waiting = own.waiting().count()
    context = {
        "batch": own,
        "project": own.project,
        "page_obj": page,
        "rows": [(row, prompts.get(row.prompt_id or 0)) for row in rows],
        "came": counts.get(ImportRow.Outcome.IN, 0),
        "before": counts.get(ImportRow.Outcome.BEFORE, 0),
        "refused": counts.get(ImportRow.Outcome.REFUSED, 0),
        "left": counts.get("", 0),
        "waiting": waiting,
        "running": own.state == ImportBatch.State.RUNNING,
    }
    return _render(request, "importing/_report.html" if request.htmx else "importing/report.html", context)


def _render(request: StudioRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    request.section = "prompts"  # type: ignore[attr-defined]
    return render(request, template, context, status=status)


def _rows(given: QueryDict) -> dict[int, tuple[bool, str]]:
    """Of the rows that stood on the page, which are ticked and what they are called."""
    ticked = set(given.getlist("take"))
    stood = [number for number in given.getlist("stood") if number.isascii() and number.isdecimal() and len(number) < 8]
    return {int(number): (number in ticked, given.get(f"title-{number}", "").replace("\r\n", "\n")) for number in stood}


def _own_or_404(request: StudioRequest, project: str, uid: str) -> ImportBatch:
    space = get_object_or_404(Project.objects.visible_to(request.actor), slug=project)
    own: ImportBatch = get_object_or_404(
        ImportBatch.objects.visible_to(request.actor).select_related("project", "person").defer("content"), project=space, uid=uid
    )
    return own


def _folder(request: StudioRequest, space: Project) -> str:
    """Whoever may write in a folder alone begins there."""
    folder = request.GET.get("folder", "")
    if folder or can_create_prompt(request.actor, space):
        return folder
    return next((own.path for own in folders_to_write(request.actor, space)), "")


def _address(batch: ImportBatch) -> str:
    return reverse("import_batch", args=[batch.project.slug, batch.uid])

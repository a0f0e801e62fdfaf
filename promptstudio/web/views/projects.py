"""A new project starts from who defines, who implements and who validates."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.projects.founding import TEMPLATES, Template
from promptstudio.projects.founding_services import Founders, found_project
from promptstudio.projects.models import Floor
from promptstudio.projects.permissions import can_create_project
from promptstudio.projects.rules import ROLE_WORDS
from promptstudio.projects.staffing import Staff, what_is_missing, who_could_approve

from ..answers import see_other
from ..forms.projects import NewProjectForm
from ..forms.prompts import add_errors
from ..forms.settings import people_known
from ..requests import StudioRequest


@require_http_methods(["GET", "HEAD", "POST"])
def project_new(request: StudioRequest) -> HttpResponse:
    """A POST with `look` shows what the people that were named could do, and makes nothing."""
    request.section = "home"  # type: ignore[attr-defined]
    may = can_create_project(request.actor)
    if request.method != "POST":
        return _page(request, NewProjectForm(actor=request.actor), Founders(), may)
    may.require()
    form = NewProjectForm(request.POST, actor=request.actor)
    valid = form.is_valid()
    if "look" in request.POST:
        return _page(request, form, form.founders(), may)
    if not valid:
        return _page(request, form, form.founders(), may, status=422)
    try:
        given = {name: form.cleaned_data[name] for name in ("name", "slug", "description", "template")}
        project = found_project(**given, founders=form.founders(), actor=request.actor)
    except Invalid as error:
        add_errors(form, error.errors)
        return _page(request, form, form.founders(), may, status=422)
    except Conflict as error:
        form.add_error("slug", error.sentence)
        return _page(request, form, form.founders(), may, status=409)
    messages.success(request, f"{project} is there. Its people find it on their home page.")
    return see_other(reverse("settings", args=[project.slug]))


def _page(request: StudioRequest, form: NewProjectForm, founders: Founders, may: Any, status: int = 200) -> HttpResponse:
    chosen = form["template"].value()
    floor, staff = Floor.objects.first(), founders.staff(request.actor.user)
    offers = [_offer(template, floor, staff) | {"chosen": key == chosen} for key, template in TEMPLATES.items()]
    context = {"form": form, "offers": offers, "may": may, "known": people_known(request.actor), "looked": bool(request.POST)}
    template = "projects/_offers.html" if request.htmx else "projects/new.html"
    return render(request, template, context, status=200 if request.htmx else status)


def _offer(template: Template, floor: Floor | None, staff: list[Staff]) -> dict[str, Any]:
    """A template in plain sentences, with who could approve under it today and what stands in its way."""
    lanes = template.under(floor)
    words = [
        rules.in_words(lane.name, before) for (lane, rules), before in zip(lanes, [None, *(lane.name for lane, _ in lanes)], strict=False)
    ]
    rules = lanes[-1][1]
    able = [(ROLE_WORDS[role], ", ".join(names)) for role, names in who_could_approve(rules, staff).items()]
    return {"template": template, "words": words, "able": able, "missing": what_is_missing(rules, staff) if staff else ""}

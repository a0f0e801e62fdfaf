"""How a change will be known to have worked: writing it down, and answering when the time is over."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from promptstudio.deployments.criterion_services import add_criterion, answer_criterion
from promptstudio.deployments.models import CriterionWatch
from promptstudio.deployments.permissions import can_answer_criterion
from promptstudio.lib.errors import Conflict, Invalid

from ..answers import see_other
from ..forms.criteria import AskedForm, CriterionAnswerForm, MeasuredForm
from ..forms.prompts import add_errors
from ..prompt_pages import prompt_or_404, render_prompt, version_or_404
from ..requests import StudioRequest, prompt_url

FORMS: dict[str, type[MeasuredForm] | type[AskedForm]] = {"measured": MeasuredForm, "asked": AskedForm}


@require_http_methods(["GET", "HEAD", "POST"])
def prompt_criterion_new(request: StudioRequest, project: str, name: str, semver: str) -> HttpResponse:
    """Two forms beside each other: what tests measure, and what somebody is asked."""
    prompt = prompt_or_404(request, project, name)
    version = version_or_404(prompt, semver)
    sent = request.POST.get("kind", "measured") if request.method == "POST" else ""
    shown = {kind: form(request.POST if kind == sent else None, prompt=prompt) for kind, form in FORMS.items()}
    form = shown.get(sent)
    if form is not None and form.is_valid():
        try:
            add_criterion(version=version, **form.cleaned_data, actor=request.actor)
        except Invalid as error:
            for sentence in add_errors(form, error.errors).values():
                form.add_error(None, sentence)
        else:
            messages.success(request, "Written down. It begins when the version is live there.")
            return see_other(prompt_url(prompt, "version", semver))
    status = 422 if sent else 200
    return render_prompt(request, "criteria/new.html", prompt, tab="versions", status_code=status, version=version, **shown)


@require_http_methods(["GET", "HEAD", "POST"])
def prompt_criterion(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """What somebody is asked, and what they say."""
    prompt = prompt_or_404(request, project, name)
    watch = get_object_or_404(CriterionWatch.objects.with_everything().filter(criterion__version__prompt=prompt), uid=uid)
    form, conflict = CriterionAnswerForm(request.POST or None, use_required_attribute=False), ""
    if request.method == "POST":
        can_answer_criterion(request.actor, watch).require()
        if form.is_valid():
            confirmed = form.cleaned_data["verdict"] == "confirmed"
            try:
                answer_criterion(watch=watch, confirmed=confirmed, words=form.cleaned_data["words"], actor=request.actor)
            except Conflict as error:
                conflict = error.sentence
            else:
                messages.success(
                    request, "Thank you. It stands in the change record." if confirmed else "Thank you. Those who look after it are told."
                )
                return see_other(prompt_url(prompt, "version", watch.criterion.version.semver))
    status = 409 if conflict else 422 if request.method == "POST" else 200
    return render_prompt(
        request,
        "criteria/answer.html",
        prompt,
        tab="versions",
        status_code=status,
        watch=watch,
        criterion=watch.criterion,
        form=form,
        conflict=conflict,
        may_answer=can_answer_criterion(request.actor, watch),
    )

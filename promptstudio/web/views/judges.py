"""Who judges the answers of a project's prompts: one answer by itself, and which of two is better."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from promptstudio.evaluations import judge_services
from promptstudio.evaluations.judge_texts import built_in
from promptstudio.evaluations.judges import choice_of, chosen_for
from promptstudio.evaluations.models import Bench, JudgeChoice
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.projects.models import Project
from promptstudio.projects.permissions import can
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import ModelEntry, Prompt
from promptstudio.prompts.permissions import can_create_prompt

from ..answers import see_other
from ..forms.judges import JudgeForm, chosen_before
from ..forms.prompts import add_errors
from ..judging import sees
from ..model_names import models_offered
from ..requests import StudioRequest, checks_characters, prompt_url
from .settings import _address, _page, _project

TITLES = {Bench.ONE: "Judge of answers", Bench.PAIR: "Judge of two answers"}
MOST_OFFERED = 300


@require_safe
def judges(request: StudioRequest, project: str) -> HttpResponse:
    """Both judges as they are chosen now, and the words of those that Studio brings along."""
    space = _project(request, project)
    rows = [_row(request, space, bench) for bench in Bench]
    return _page(request, space, "settings_judges", "settings/judges.html", rows=rows, may_copy=can_create_prompt(request.actor, space))


@checks_characters
@require_http_methods(["GET", "HEAD", "POST"])
def judge(request: StudioRequest, project: str, bench: str) -> HttpResponse:
    space, which = _project(request, project), _bench_or_404(bench)
    choice = choice_of(space, which)
    if request.method != "POST":
        before = chosen_before(choice) if _sees(choice, request) else {}
        return _form_page(request, space, which, JudgeForm(initial=before, project=space, actor=request.actor))
    can(request.actor, "administer", space).require()
    form = JudgeForm(request.POST, project=space, actor=request.actor)
    if not form.is_valid():
        return _form_page(request, space, which, form, status=422)
    try:
        judge_services.choose_judge(
            project=space,
            bench=which,
            prompt=form.found,
            version=form.cleaned_data["version"],
            model=form.cleaned_data["model"],
            actor=request.actor,
        )
    except Invalid as error:
        add_errors(form, {name if name in form.fields else "prompt": sentence for name, sentence in error.errors.items()})
        return _form_page(request, space, which, form, status=422)
    except Conflict as error:
        form.add_error(None, error.sentence)
        return _form_page(request, space, which, form, status=409)
    messages.success(request, "This judge decides from the next run on. What was judged before says that another one did.")
    return see_other(_address("settings_judges", space))


@require_POST
def judge_copy(request: StudioRequest, project: str, bench: str) -> HttpResponse:
    """Studio's judge as a prompt of this project, to be changed and reviewed like any other."""
    space, which = _project(request, project), _bench_or_404(bench)
    prompt = _copied(request, space, which)
    messages.success(request, "This is a copy of Prompt Studio's judge. Change it, release it, then choose it under Settings › Judges.")
    return see_other(prompt_url(prompt))


@transaction.atomic
def _copied(request: StudioRequest, space: Project, bench: Bench) -> Prompt:
    bundle = built_in(bench, settings.JUDGE_MODEL, ModelEntry.objects.catalogue())
    prompt = prompts.create_prompt(project=space, title=TITLES[bench], actor=request.actor)
    change = prompts.Change(summary="Copied from the judge that Prompt Studio brings along.")
    prompts.save_version(prompt=prompt, data=bundle.as_json(), change=change, actor=request.actor)
    return prompt


def _row(request: StudioRequest, space: Project, bench: Bench) -> dict[str, Any]:
    known, choice = ModelEntry.objects.catalogue(), choice_of(space, bench)
    row = {"bench": bench, "choice": choice, "own": built_in(bench, settings.JUDGE_MODEL, known), "is_seen": _sees(choice, request)}
    try:
        chosen = chosen_for(space, bench, known)
    except Invalid as error:
        return row | {"problem": error.sentence}
    return row | {"chosen": chosen, "model": known.label_of(chosen.model)}


def _form_page(request: StudioRequest, space: Project, bench: Bench, form: JudgeForm, status: int = 200) -> HttpResponse:
    titles = form.offered.order_by("title").values_list("title", flat=True)[:MOST_OFFERED]
    last = space.environments.order_by("position").last()
    hint = f"Empty: whatever is live in {last} when a run starts." if last else "Of this prompt."
    context = {
        "form": form,
        "bench": bench,
        "titles": titles,
        "version_hint": hint,
        "models": models_offered(ModelEntry.objects.catalogue()),
    }
    return _page(request, space, "settings_judges", "settings/judge.html", status=status, **context)


def _bench_or_404(bench: str) -> Bench:
    if bench not in Bench.values:
        raise Http404
    return Bench(bench)


def _sees(choice: JudgeChoice | None, request: StudioRequest) -> bool:
    return choice is None or choice.prompt is None or sees(choice.prompt, request.actor)

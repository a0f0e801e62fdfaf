"""Trying: a draft or a version is run on its model, beside what is live or on other models, and the answers stay at an address."""

from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from promptstudio.evaluations import services
from promptstudio.evaluations.answers import trials_of, with_labels
from promptstudio.evaluations.models import Answer
from promptstudio.evaluations.pace import pauses_of
from promptstudio.evaluations.permissions import can_try
from promptstudio.evaluations.trial_settings import NAMES
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.prompts.bundle import Inference
from promptstudio.prompts.models import Draft, ModelEntry, Prompt
from promptstudio.prompts.renames import renames_of
from promptstudio.prompts.values import as_text

from .. import sides as sides_of
from ..answer_cards import cards_of
from ..answers import see_other
from ..editing_page import values_of
from ..model_names import models_offered
from ..prompt_pages import not_found_unless, prompt_or_404, render_prompt
from ..requests import StudioRequest, draft_url, prompt_url
from ..trying import OWN, TABLE, Trial, again, estimate, fillings_for, looked_at_again_in, settings_typed, trial_of, usual

# How many trials stand below the form, and on a page of the list.
LATELY, PER_PAGE = 6, 30


@require_http_methods(["GET", "HEAD", "POST"])
def prompt_try(request: StudioRequest, project: str, name: str) -> HttpResponse:
    """Choose what is asked. `?side=` is what is tried, `beside` and `model` what stands next to it, `with` what fills it in."""
    prompt = prompt_or_404(request, project, name)
    given = request.POST if request.method == "POST" else _with_usual(prompt, request.GET)
    if request.method == "POST" and "estimate" not in request.POST:
        return asked(request, prompt, given)
    return _page(request, prompt, given)


def asked(request: StudioRequest, prompt: Prompt, given: QueryDict) -> HttpResponse:
    """Ask, and go to the answers; what cannot be asked is said in the form."""
    try:
        questions, left_out = trial_of(prompt, given, request.actor).askable()
        round_uid = services.ask_models(prompt=prompt, questions=questions, actor=request.actor)
    except (Invalid, Conflict) as error:
        errors = error.errors if isinstance(error, Invalid) else {"": error.sentence}
        return _page(request, prompt, given, errors=errors, status_code=422 if isinstance(error, Invalid) else 409)
    for sentence in left_out:
        messages.info(request, f"Not asked beside it: {sentence}")
    return see_other(prompt_url(prompt, "tried", round_uid))


def from_editor(request: StudioRequest, draft: Draft) -> HttpResponse:
    """The draft as it was just saved, with what fills its preview, beside what is live."""
    given = QueryDict(mutable=True)
    side = f"draft:{draft.uid}"
    given["side"] = side
    given.setlist("beside", usual(draft.prompt, side))
    examples = list(draft.prompt.examples.filter(archived_at=None))
    example, values, typed = values_of(request.POST, draft.content, examples, renames_of(draft.prompt))
    given["with"] = OWN if typed else example or TABLE
    if typed:
        # As the preview shows it: the example, with what was typed beside it.
        given.update({f"value-{name}": as_text(value) for name, value in values.items()})
    return asked(request, draft.prompt, given)


@require_safe
def prompt_tried(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """The answers of one round. The page looks again while some are on their way: `open` are the numbers of those that it waits for."""
    prompt = prompt_or_404(request, project, name)
    answers = list(Answer.objects.of_prompts().filter(prompt=prompt, round=uid).with_everything().select_related("wording").order_by("id"))
    not_found_unless(answers)
    waiting = [number for number, answer in enumerate(answers) if answer.is_waiting]
    context: dict[str, Any] = {
        "round": uid,
        "waiting": len(waiting),
        "open": ",".join(map(str, waiting)),
        "again_in": looked_at_again_in(clock.now() - answers[0].asked_at),
        # Here alone half an answer is seen.
        "streams": True,
        "may_try": can_try(request.actor, prompt),
    }
    if request.htmx:
        # The others stay as they are: somebody may be typing in one of them.
        awaited = request.GET.get("open", "").split(",")
        news = [answer for number, answer in enumerate(answers) if str(number) in awaited or awaited == [""]]
        context |= cards_of(prompt, news, request.actor, back=request.path)
        return render(request, "answers/_poll.html", context | {"prompt": prompt, "news": news})
    context |= cards_of(prompt, answers, request.actor, back=request.path) | {
        "groups": _groups(answers),
        "pauses": pauses_of(answer.model for answer in answers if answer.is_waiting),
        "first": answers[0],
        "draft_url": draft_url(answers[0].draft) if answers[0].draft else "",
        "again": _query(again(answers)),
        "address": request.build_absolute_uri(request.path),
    }
    tab = "edit_newest" if answers[0].draft else "versions"
    return render_prompt(request, "answers/round.html", prompt, tab=tab, **context)


@require_safe
def prompt_trials(request: StudioRequest, project: str, name: str) -> HttpResponse:
    """What was tried, the newest first. `?whose=mine` leaves out what others tried."""
    prompt = prompt_or_404(request, project, name)
    whose = "mine" if request.GET.get("whose") == "mine" else ""
    page = Paginator(trials_of(prompt, request.actor.user if whose else None), PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = with_labels(page.object_list)
    empty = "You tried nothing here yet" if whose else "Nobody tried this prompt yet"
    return render_prompt(request, "answers/trials.html", prompt, tab="versions", page_obj=page, whose=whose, empty=empty)


@require_POST
def prompt_tried_stop(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    prompt = prompt_or_404(request, project, name)
    not_found_unless(Answer.objects.filter(prompt=prompt, round=uid).exists())
    services.stop_asking(prompt=prompt, round_uid=uid, actor=request.actor)
    return see_other(prompt_url(prompt, "tried", uid))


def _page(
    request: StudioRequest, prompt: Prompt, given: QueryDict, *, errors: dict[str, str] | None = None, status_code: int = 200
) -> HttpResponse:
    errors = errors or {}
    trial, costs = None, ""
    known = ModelEntry.objects.catalogue()
    try:
        trial = trial_of(prompt, given, request.actor)
        costs = estimate(trial.askable()[0], known)
    except Invalid as error:
        # Opening the form is no mistake yet; what is missing is said beside its button.
        costs = "" if errors or not trial else error.sentence
        errors = errors if trial else error.errors
    choices = sides_of.choices(prompt)
    context = {
        "given": given,
        "trial": trial,
        "errors": errors,
        "costs": costs,
        "fillings": fillings_for(prompt),
        "chosen": [filling.address for filling in trial.fillings] if trial else given.getlist("with"),
        "choices": choices,
        # What is live and what is being written are few, and what one most often wants to see beside it.
        "beside_choices": sorted(choices, key=lambda group: group[0] == "Versions"),
        "beside": given.getlist("beside"),
        "models": models_offered(known),
        "models_chosen": given.getlist("model"),
        "values": _values(trial),
        "may_try": can_try(request.actor, prompt),
        "settings": _settings(trial, given, errors),
        "any_setting": any(settings_typed(given).values()),
        "earlier": with_labels(trials_of(prompt)[:LATELY]),
    }
    if request.htmx:
        return render(request, "answers/_costs.html", context)
    tab = "edit_newest" if trial and trial.side.draft else "versions"
    return render_prompt(request, "answers/try.html", prompt, tab=tab, status_code=status_code, **context)


def _with_usual(prompt: Prompt, given: QueryDict) -> QueryDict:
    """Where nothing is chosen yet: the newest version, what is live beside it, and every named example."""
    chosen = given.copy()
    if "side" not in chosen:
        newest = prompt.newest
        not_found_unless(newest)
        chosen["side"] = newest.semver  # type: ignore[union-attr]
    if "with" not in chosen:
        named = [filling.address for filling in fillings_for(prompt)]
        chosen.setlist("with", named[1:6] or [TABLE])
        if "beside" not in chosen:
            chosen.setlist("beside", usual(prompt, str(chosen["side"])))
    return chosen


def _values(trial: Trial | None) -> list[dict[str, Any]]:
    if trial is None or trial.side.bundle is None:
        return []
    return [
        {"name": v.name, "typed": trial.typed.get(v.name, ""), "hint": "" if v.example is None else str(v.example), "choices": v.choices}
        for v in trial.side.bundle.variables
    ]


def _settings(trial: Trial | None, given: QueryDict, errors: dict[str, str]) -> list[dict[str, Any]]:
    """A field for each, with what the prompt itself says as what stays when it is left empty."""
    own = trial.side.bundle.inference if trial and trial.side.bundle else Inference()
    typed = settings_typed(given)
    return [
        {"name": name, "label": label, "typed": typed[name], "own": _shown(getattr(own, name)), "error": errors.get(name, "")}
        for name, label in NAMES.items()
    ]


def _shown(setting: float | int | None) -> str:
    return "the model’s own" if setting is None else f"{setting:g}" if isinstance(setting, float) else str(setting)


def _groups(answers: list[Answer]) -> list[dict[str, Any]]:
    """Answers to the same values, in the order in which they were asked. Values that differ (another side's own) do not part them."""
    by_filling = groupby(answers, key=lambda answer: (answer.filled_with, answer.example_id))
    return [{"filling": rows[0].filling, "values": rows[0].values, "answers": rows} for rows in (list(group) for _, group in by_filling)]


def _query(chosen: dict[str, Any]) -> QueryDict:
    query = QueryDict(mutable=True)
    for name, value in chosen.items():
        query.setlist(name, value if isinstance(value, list) else [value])
    return query

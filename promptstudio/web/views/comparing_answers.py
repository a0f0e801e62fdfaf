"""People compare the answers of two runs side by side, and are not told which is which before they have finished."""

import csv
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from promptstudio.evaluations import comparison_services
from promptstudio.evaluations.comparisons import Outcome, outcome_of, writers_of
from promptstudio.evaluations.models import Ballot, Comparison, Rater, Run
from promptstudio.evaluations.permissions import can_close_comparison, can_see_preferences, can_try, can_vote
from promptstudio.lib.errors import Invalid
from promptstudio.prompts.models import Prompt
from promptstudio.prompts.people import people_of

from ..answers import see_other
from ..files import BEGINNING, Echo, attached, cell
from ..preferences import agreement_in_words, in_words, place_in_words
from ..prompt_pages import prompt_or_404, render_prompt
from ..requests import StudioRequest, checks_characters, prompt_url
from ..uids import uid_in

MOST_OFFERED = 30
MOST_EACH = 5
COLUMNS = ("Case", "Repeat", "Person", "Preferred", "Stood first", "Why")
SIDES = {"new": "new", "old": "old", "neither": "no difference", "skipped": "could not tell"}
SHOWN = {"new": ("new",), "old": ("old",), "neither": ("neither", "same", "")}


@checks_characters
@require_http_methods(["GET", "HEAD", "POST"])
def prompt_comparison_new(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """Choose the old answers, who is asked, and what."""
    prompt = prompt_or_404(request, project, name)
    run = get_object_or_404(Run.objects.filter(prompt=prompt).with_everything(), uid=uid)
    if request.method != "POST":
        return _form_page(request, prompt, run)
    can_try(request.actor, prompt).require()
    try:
        comparison = comparison_services.ask_people(new=run, **_typed(request, prompt), actor=request.actor)
    except Invalid as error:
        return _form_page(request, prompt, run, error.errors, status=422)
    return see_other(prompt_url(prompt, "comparison", comparison.uid))


@never_cache
@require_safe
def prompt_comparison(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """How it came out; for somebody who is still asked, where they are. `?show=` new, old or neither."""
    prompt, comparison = _comparison_or_404(request, project, name, uid)
    context: dict[str, Any] = {"comparison": comparison, "may_close": can_close_comparison(request.actor, comparison)}
    if not can_see_preferences(request.actor, comparison):
        return _own_page(request, prompt, comparison)
    outcome, show = outcome_of(comparison), request.GET.get("show", "")
    raters = list(comparison.raters.select_related("person").order_by("person__name"))
    context |= {
        "outcome": outcome,
        "lines": [line for line in outcome.lines if show not in SHOWN or line.came in SHOWN[show]],
        "show": show,
        "raters": raters,
        "finished": sum(rater.finished_at is not None for rater in raters),
        "said": in_words(outcome),
        "agreement": agreement_in_words(outcome.agreement),
        "place": place_in_words(outcome.first_place),
    }
    return render_prompt(request, "comparisons/comparison.html", prompt, tab="tests", **context)


@never_cache
@checks_characters
@require_http_methods(["GET", "HEAD", "POST"])
def prompt_comparison_pair(request: StudioRequest, project: str, name: str, uid: UUID, place: int) -> HttpResponse:
    """One pair as this person sees it. Nothing here says whose answer is which: only what both were asked, and both texts."""
    prompt, comparison = _comparison_or_404(request, project, name, uid)
    rater = _rater_or_404(request, comparison)
    ballot = get_object_or_404(rater.ballots.select_related("pair__new", "pair__old", "rater"), place=place)
    if request.method != "POST":
        if rater.finished_at or comparison.closed_at:
            return see_other(prompt_url(prompt, "comparison", uid))
        return _pair_page(request, prompt, comparison, rater, ballot)
    try:
        comparison_services.vote(
            ballot=ballot, choice=request.POST.get("choice", ""), words=request.POST.get("words", ""), actor=request.actor
        )
    except Invalid as error:
        return _pair_page(request, prompt, comparison, rater, ballot, error.errors, status=422)
    following = rater.ballots.filter(choice="", place__gt=place).first() or rater.ballots.filter(choice="").first()
    return see_other(prompt_url(prompt, "comparison_pair", uid, following.place) if following else prompt_url(prompt, "comparison", uid))


@require_POST
def prompt_comparison_finish(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    prompt, comparison = _comparison_or_404(request, project, name, uid)
    rater = _rater_or_404(request, comparison)
    # Pressed twice, it is finished once.
    if not rater.finished_at:
        comparison_services.finish_comparison(rater=rater, actor=request.actor)
    return see_other(prompt_url(prompt, "comparison", uid))


@require_POST
def prompt_comparison_close(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    prompt, comparison = _comparison_or_404(request, project, name, uid)
    comparison_services.close_comparison(comparison=comparison, actor=request.actor)
    return see_other(prompt_url(prompt, "comparison", uid))


@require_POST
def prompt_comparison_archive(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    prompt, comparison = _comparison_or_404(request, project, name, uid)
    comparison_services.archive_comparison(comparison=comparison, actor=request.actor)
    return see_other(prompt_url(prompt, "run", comparison.new.uid))


@require_safe
def prompt_comparison_file(request: StudioRequest, project: str, name: str, uid: UUID) -> StreamingHttpResponse:
    """Each choice as a line, for a spreadsheet."""
    prompt, comparison = _comparison_or_404(request, project, name, uid)
    can_see_preferences(request.actor, comparison).require()
    response = StreamingHttpResponse(_rows(outcome_of(comparison)), content_type="text/csv; charset=utf-8")
    return attached(response, f"preferences-{prompt.name}.csv")


def _own_page(request: StudioRequest, prompt: Prompt, comparison: Comparison) -> HttpResponse:
    rater = _rater_or_404(request, comparison)
    ballots = list(rater.ballots.select_related("pair"))
    names = {case.uid: case.name for case in comparison.new.suite_version.cases}
    left = [ballot for ballot in ballots if not ballot.choice]
    context = {
        "prompt": prompt,
        "comparison": comparison,
        "ballots": [(names.get(ballot.pair.case, ""), ballot) for ballot in ballots],
        "done": len(ballots) - len(left),
        "total": len(ballots),
        "following": left[0].place if left else None,
        "may_vote": can_vote(request.actor, rater),
    }
    request.section = "home"  # type: ignore[attr-defined]
    return render(request, "comparisons/own.html", context)


def _pair_page(
    request: StudioRequest,
    prompt: Prompt,
    comparison: Comparison,
    rater: Rater,
    ballot: Ballot,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    pair = ballot.pair
    sides = (pair.old, pair.new) if ballot.turned else (pair.new, pair.old)
    case = comparison.new.suite_version.case(pair.case)
    total, done = rater.ballots.count(), rater.ballots.exclude(choice="").count()
    context = {
        "prompt": prompt,
        "comparison": comparison,
        "question": comparison.question or "Which answer is better?",
        "ballot": ballot,
        "case": case,
        "sides": list(enumerate(sides, start=1)),
        "words": request.POST.get("words", "") if errors else ballot.words,
        "total": total,
        "done": done,
        "before": ballot.place - 1,
        "after": ballot.place + 1 if ballot.choice and ballot.place < total else None,
        "most": comparison_services.LONGEST_WORDS,
        "errors": errors or {},
        "may_vote": can_vote(request.actor, rater),
    }
    request.section = "home"  # type: ignore[attr-defined]
    return render(request, "comparisons/pair.html", context, status=status)


def _form_page(request: StudioRequest, prompt: Prompt, run: Run, errors: dict[str, str] | None = None, status: int = 200) -> HttpResponse:
    others = Run.objects.filter(suite_version=run.suite_version_id).exclude(pk=run.pk).with_everything().order_by("-id")
    writers = writers_of(run)
    return render_prompt(
        request,
        "comparisons/new.html",
        prompt,
        tab="tests",
        status_code=status,
        run=run,
        others=others[:MOST_OFFERED],
        chosen=request.POST.get("other", ""),
        people=[(person, person.pk in writers) for person in people_of(prompt)],
        ticked=request.POST.getlist("people"),
        question=request.POST.get("question", comparison_services.USUAL_QUESTION),
        each=request.POST.get("each", "0"),
        most_each=[str(number) for number in range(1, MOST_EACH + 1)],
        writers_too="writers_too" in request.POST,
        most=comparison_services.LONGEST_QUESTION,
        errors=errors or {},
        may_try=can_try(request.actor, prompt),
    )


def _typed(request: StudioRequest, prompt: Prompt) -> dict[str, Any]:
    """Raises Invalid for what is not on the form."""
    other, each = uid_in(request.POST.get("other", "")), request.POST.get("each", "0")
    old = Run.objects.filter(prompt=prompt, uid=other).first() if other else None
    if old is None:
        raise Invalid({"other": "Choose a run to compare with."})
    if not (each.isascii() and each.isdigit() and len(each) == 1):
        raise Invalid({"each": "Choose how many people look at each pair."})
    wanted = set(request.POST.getlist("people"))
    people = [person for person in people_of(prompt) if str(person.uid) in wanted]
    if len(people) < len(wanted):
        raise Invalid({"people": "Somebody whom you chose does not see this prompt any more. Look at the list again."})
    question, too = request.POST.get("question", ""), "writers_too" in request.POST
    return {"old": old, "each": int(each), "people": people, "question": question, "writers_too": too}


def _comparison_or_404(request: StudioRequest, project: str, name: str, uid: UUID) -> tuple[Prompt, Comparison]:
    prompt = prompt_or_404(request, project, name)
    return prompt, get_object_or_404(Comparison.objects.filter(prompt=prompt).with_everything(), uid=uid)


def _rater_or_404(request: StudioRequest, comparison: Comparison) -> Rater:
    """Whoever is not asked has no pairs to look at."""
    rater: Rater = get_object_or_404(comparison.raters, person=request.actor.user)
    rater.comparison = comparison
    return rater


def _rows(outcome: Outcome) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield BEGINNING
    yield writer.writerow(COLUMNS)
    for line in outcome.lines:
        for vote in line.votes:
            told = (line.name, line.pair.repeat + 1, vote.person.name, SIDES[vote.side], "old" if vote.old_first else "new", vote.words)
            yield writer.writerow([cell(value) for value in told])

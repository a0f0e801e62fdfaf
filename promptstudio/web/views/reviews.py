"""Asking for approval, deciding, and talking about it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Case, Q, Value, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from promptstudio.deployments import gates
from promptstudio.deployments import services as deployments
from promptstudio.deployments.models import Deployment
from promptstudio.deployments.permissions import can_deploy
from promptstudio.deployments.requests import requests_answered_by
from promptstudio.evaluations.permissions import can_try
from promptstudio.evaluations.services import ask_models
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.projects.answering import asked_in_words
from promptstudio.projects.models import Project
from promptstudio.projects.rules import ROLE_WORDS
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Version
from promptstudio.reviews import services
from promptstudio.reviews.mentioning import look_at
from promptstudio.reviews.models import Review
from promptstudio.reviews.permissions import can_ask, can_comment, can_decide, can_withdraw, deciding_roles

from ..answer_cards import cards_of
from ..answers import see_other
from ..answers_beside import of_review
from ..checklist import checklist
from ..coming_back import earlier_decision, newer_review, replaced_decisions
from ..comparisons import compare
from ..examples_beside import beside
from ..line_talk import say_whom_nobody_is, talk_about
from ..middleware import refused
from ..middleware import typed as typed_back
from ..prompt_pages import prompt_or_404, render_prompt, version_or_404
from ..requests import StudioRequest, review_url
from ..searching import typed
from ..steps import step_from
from ..tests_beside import live_in, tests_context
from ..uids import uid_or_404
from ..waiting import waiting_emergencies, waiting_reviews

PER_PAGE = 25


@require_safe
def reviews(request: StudioRequest, project: str) -> HttpResponse:
    """Open reviews, those that wait for the reader first; `?state=closed` for the ended ones, `?q=` to search."""
    request.section = "reviews"  # type: ignore[attr-defined]
    space = get_object_or_404(Project.objects.visible_to(request.actor), slug=project)
    waiting = {item.review.pk: item for item in waiting_reviews(request, space)}
    closed = request.GET.get("state") == "closed"
    found = Review.objects.visible_to(request.actor).filter(version__prompt__project=space).with_everything().with_changes_asked()
    found = found.exclude(closed_at=None) if closed else found.open()
    if words := typed(request):
        found = found.filter(Q(version__prompt__title__icontains=words) | Q(version__semver=words) | Q(note__icontains=words))
    for_me_first = Case(When(pk__in=list(waiting), then=Value(0)), default=Value(1))
    page = Paginator(found.order_by(for_me_first, "-asked_at"), PER_PAGE).get_page(request.GET.get("page"))
    listed = [{"review": review, "waiting": waiting.get(review.pk)} for review in page]
    context = {"project": space, "listed": listed, "page_obj": page, "closed": closed, "words": words}
    if not closed and not words and page.number == 1:
        context["emergencies"] = list(waiting_emergencies(request, space))
    return render(request, "reviews/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def review(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    found = review_or_404(request, project, uid)
    if request.method != "POST":
        return _review_page(request, found)
    if refusal := decided(request, found):
        return _review_page(request, found, refusal)
    messages.success(request, "Your decision is recorded.")
    return redirect(review_url(found))


@require_POST
def review_comment(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    found = review_or_404(request, project, uid)
    if refusal := commented(request, found):
        return _review_page(request, found, refusal)
    return redirect(review_url(found) + "#talk-h")


@require_POST
def review_withdraw(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    found = review_or_404(request, project, uid)
    if refusal := withdrawn(request, found):
        return _review_page(request, found, refusal)
    return redirect(review_url(found))


@require_http_methods(["GET", "HEAD", "POST"])
def review_answers(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    """What the model answers to the named examples; POST asks for what is missing. The page asks again while some are on their way."""
    found = review_or_404(request, project, uid)
    live, refusal = live_in(found.version.prompt, found.environment), ""
    if request.method == "POST":
        try:
            ask_models(prompt=found.version.prompt, questions=_answers_of(request, found, live)["answers"].missing, actor=request.actor)
        except (Invalid, Conflict) as error:
            refusal = error.sentence
    if not request.htmx:
        if refusal:
            messages.error(request, refusal)
        return see_other(review_url(found) + "#answers-h")
    return render(request, "answers/_beside.html", _answers_of(request, found, live) | {"refused_answers": refusal})


@require_http_methods(["GET", "HEAD", "POST"])
def prompt_ask(request: StudioRequest, project: str, name: str, semver: str, environment: str) -> HttpResponse:
    """Complete the change record and ask for review, in one form."""
    prompt = prompt_or_404(request, project, name)
    version = version_or_404(prompt, semver)
    place = get_object_or_404(prompt.project.environments, slug=environment)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            asked = _asked(request, version, place)
            messages.success(request, f"Asked. Whoever can decide about {place} finds it on their home page.")
            return redirect(review_url(asked))
        except Invalid as error:
            errors = error.errors
    status = 422 if errors else 200
    return render_prompt(
        request,
        "reviews/ask.html",
        prompt,
        tab="versions",
        status_code=status,
        version=version,
        environment=place,
        errors=errors,
        typed=request.POST,
        may_ask=can_ask(request.actor, version),
        conditions=place.policy.rules.in_words(place.name, place.previous.name if place.previous else None),
        answering=asked_in_words(prompt.folder, place.policy.rules),
        open_review=version.reviews.open().filter(environment=place).first(),
    )


@transaction.atomic
def _asked(request: StudioRequest, version: Version, environment: Any) -> Review:
    # All or nothing: what is refused stands in the form again, and must not be in the record twice.
    impact, criteria = request.POST.get("expected_impact", ""), request.POST.get("validation_criteria", "")
    if impact.strip() or criteria.strip():
        prompts.add_to_change_record(version=version, expected_impact=impact, validation_criteria=criteria, actor=request.actor)
    return services.ask_for_review(version=version, environment=environment, note=request.POST.get("note", ""), actor=request.actor)


@dataclass(frozen=True)
class Refusal:
    """What was not done: the status of the answer, and what the page shows for it, with the words that were typed."""

    status: int
    shown: dict[str, Any]


def decided(request: StudioRequest, found: Review) -> Refusal | None:
    """Take the decision in the form; the pages and the panel answer a refusal in their own frames."""
    seen = request.POST.get("seen", "")
    return _refusal(
        request,
        found,
        "comment",
        lambda: deployments.decide(
            review=found,
            verdict=request.POST.get("verdict", ""),
            comment=request.POST.get("comment", ""),
            role=request.POST.get("role", ""),
            seen=get_object_or_404(found.version.prompt.versions, uid=uid_or_404(seen)) if seen else None,
            actor=request.actor,
        ),
    )


def commented(request: StudioRequest, found: Review) -> Refusal | None:
    return _refusal(request, found, "text", lambda: services.comment(review=found, text=request.POST.get("text", ""), actor=request.actor))


def withdrawn(request: StudioRequest, found: Review) -> Refusal | None:
    if refusal := _refusal(request, found, "", lambda: services.withdraw(review=found, actor=request.actor)):
        return refusal
    messages.info(request, "The review is withdrawn. You can ask again at any time.")
    return None


def _refusal(request: StudioRequest, found: Review, field: str, deed: Callable[[], Any]) -> Refusal | None:
    typed = {field: request.POST.get(field, "")} if field else {}
    try:
        said = deed()
    except Invalid as error:
        return Refusal(422, {"errors": error.errors, **typed})
    except Conflict as error:
        return Refusal(409, {"conflict": error.sentence, **typed})
    except NotAllowed as error:
        refused(request, error, project=found.version.prompt.project)
        # The form may not be there any more, so the words stand in the message.
        return Refusal(403, {"refused": error.sentence, "typed": typed_back(request), **typed})
    if said:
        say_whom_nobody_is(request, said)
    return None


def review_context(request: StudioRequest, found: Review) -> dict[str, Any]:
    """Everything that a decision needs to look at; the admin panel shows the same."""
    candidate = gates.candidate_for(found.version, found.environment, by=request.actor.user)
    outcomes = gates.evaluate(candidate)
    sent = _sent_after(found) if not found.is_open and candidate.live == found.version else None
    # A version beside itself shows nobody what was decided.
    before = (sent.replaces.version if sent.replaces else None) if sent else candidate.live
    comparison = compare(before.bundle if before else None, found.version.bundle)
    labels = _labels(found, before, was=sent is not None)
    mine = [d for d in found.decisions.select_related("baseline", "person") if d.person_id == request.actor.user.pk]
    last = mine[-1] if mine else None
    is_stale = bool(last and last.verdict == "approve" and last.baseline != candidate.live)
    is_lapsed = not is_stale and any(decision.person_id == request.actor.user.pk for decision in candidate.lapsed)
    return {
        "review": found,
        "version": found.version,
        "prompt": found.version.prompt,
        "environment": found.environment,
        "live": candidate.live,
        "comparison": comparison,
        "line_talk": talk_about(request, before, found.version),
        "forced": sent if sent and sent.way == "emergency" else None,
        "old_label": labels[0],
        "new_label": labels[1],
        "checklist": (listed := checklist(outcomes, found.version, found.environment, is_asked_again=found.is_open)),
        "open_gates": listed.open,
        "talk": _talk(request, found),
        "answered": requests_answered_by(found.version),
        "last_decision": last,
        "takes_back": candidate.live if candidate.live and candidate.live.number > found.version.number else None,
        "is_stale": is_stale,
        "earlier": earlier_decision(found, candidate.live, request.actor.user),
        "newer": newer_review(found),
        "step": step_from(before, found.version),
        "replaced": replaced_decisions(found, candidate.live),
        "examples": beside(before, found.version),
        **_answers_of(request, found, candidate.live),
        **_tests_of(request, found, candidate.live),
        "is_lapsed": is_lapsed,
        "must_confirm": is_stale or is_lapsed,
        "approval_days": candidate.rules.approval_days,
        "may_decide": can_decide(request.actor, found),
        "as_role": next((ROLE_WORDS[role] for role in deciding_roles(request.actor.user, found)), ""),
        "may_comment": can_comment(request.actor, found),
        "may_withdraw": can_withdraw(request.actor, found),
        "may_promote": can_deploy(request.actor, found.environment, found.version.prompt),
        "is_there": bool(candidate.live == found.version),
        "on_its_way": Deployment.objects.with_state()
        .filter(version=found.version, placement__environment=found.environment, state__in=["publishing", "failed"])
        .first(),
        "layout": "unified" if request.GET.get("layout") == "unified" else "split",
        "full": bool(request.GET.get("full")),
        "errors": {},
    }


def _sent_after(found: Review) -> Deployment | None:
    """How the version went there after it was asked for."""
    there = Deployment.objects.filter(placement__prompt=found.version.prompt, placement__environment=found.environment)
    sent = there.filter(version=found.version, created_at__gte=found.asked_at).exclude(way="rollback")
    first: Deployment | None = sent.select_related("replaces__version", "after_review").order_by("sequence").first()
    return first


def _labels(found: Review, live: Version | None, *, was: bool = False) -> tuple[str, str]:
    here = f"live in {found.environment}{' before' if was else ''}"
    return f"{live.semver}, {here}" if live else f"nothing live {'before' if was else 'yet'}", f"{found.version.semver}, asked for"


def _answers_of(request: StudioRequest, found: Review, live: Version | None) -> dict[str, Any]:
    prompt = found.version.prompt
    answers = of_review(live, found.version, _labels(found, live), request.actor)
    return {
        "prompt": prompt,
        "answers": answers,
        **cards_of(prompt, answers.settled, request.actor, back=review_url(found)),
        "answers_url": reverse("review_answers", args=[prompt.project.slug, found.uid]),
        "may_try": can_try(request.actor, prompt),
    }


def _tests_of(request: StudioRequest, found: Review, live: Version | None) -> dict[str, Any]:
    url = reverse("review_tests", args=[found.version.prompt.project.slug, found.uid])
    return tests_context(request, found.version, live, url)


def _review_page(request: StudioRequest, found: Review, refusal: Refusal | None = None) -> HttpResponse:
    request.section = "reviews"  # type: ignore[attr-defined]
    slug = found.version.prompt.project.slug
    addresses = {f"{deed}_url": reverse(f"review_{deed}", args=[slug, found.uid]) for deed in ("comment", "withdraw")}
    context = review_context(request, found) | addresses | {"decide_url": review_url(found)}
    shown, status = (refusal.shown, refusal.status) if refusal else ({}, 200)
    return render(request, "reviews/page.html", context | shown, status=status)


def review_or_404(request: StudioRequest, project: str, uid: UUID) -> Review:
    found = Review.objects.visible_to(request.actor).with_everything().with_changes_asked()
    return get_object_or_404(found, version__prompt__project__slug=project, uid=uid)


def _talk(request: StudioRequest, found: Review) -> list[dict[str, Any]]:
    """Decisions and comments in the order in which they were made."""
    verdicts: list[Any] = list(found.decisions.select_related("person", "baseline").prefetch_related("mentions__person"))
    spoken: list[Any] = list(found.comments.select_related("author").prefetch_related("mentions__person"))
    if request.method == "GET":
        look_at((mention for row in (*verdicts, *spoken) for mention in row.mentions.all()), request.actor.user)
    decisions = [
        {"who": d.person, "at": d.decided_at, "said": d, "verdict": d.verdict, "role": ROLE_WORDS[d.role], "baseline": d.baseline}
        for d in verdicts
    ]
    comments = [{"who": c.author, "at": c.written_at, "said": c} for c in spoken]
    return sorted([*decisions, *comments], key=lambda item: item["at"])

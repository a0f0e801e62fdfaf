"""Where the search field on top of every page leads: prompts, requests, reviews and pages, in every project that the reader sees."""

import re
from collections.abc import Iterator
from typing import Any

from django.db.models import Case, F, Q, When
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from promptstudio.deployments.requests import OPEN_STATES, with_state
from promptstudio.evaluations.models import Answer
from promptstudio.projects.models import Project
from promptstudio.prompts.models import FormerName, Prompt
from promptstudio.prompts.models import Request as PromptRequest
from promptstudio.reviews.models import Review

from .. import searching
from ..requests import StudioRequest, prompt_url
from ..searching import requests_saying

MOST = 10
NUMBER = re.compile(r"(?=.*[0-9])[A-Za-z0-9._:-]{8,200}")
UID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# name of the address, what it is called, other words that people type for it
PAGES = (
    ("library", "Prompts", "library list all"),
    ("prompt_new", "New prompt", "write create add"),
    ("requests", "Requests", "wishes ask wanted asked confirm"),
    ("request_new", "New request", "ask for a prompt wish"),
    ("reviews", "Reviews", "approve approvals decide waiting"),
    ("environments", "Environments", "development staging production live promote roll back board"),
    ("audit", "Audit", "trail history who changed log export"),
    ("settings", "Settings", "project conditions rules targets policy"),
    ("settings_people", "People", "members roles access permissions settings"),
    ("settings_folders", "Folders", "who answers required reviewers approvers owners settings"),
    ("settings_keys", "Keys", "api applications service accounts secrets settings"),
)


@require_safe
def search(request: StudioRequest) -> HttpResponse:
    """`?q=`, with `?archived=` in the archive as well. The exact name (also one of before) or title of a single prompt leads to it.

    So does the number of an answer: our own, or the vendor's for the request.
    """
    typed = searching.typed(request)
    words = typed.split()
    exact = list(_visible(request).filter(Q(name=typed) | Q(title__iexact=typed) | _was_called(name=typed))[:2]) if words else []
    if len(exact) == 1:
        return redirect(prompt_url(exact[0]))
    if answer := _answer(request, typed):
        return redirect(prompt_url(answer.prompt, "answer", answer.uid))
    context: dict[str, Any] = {"words": typed, "archived": "archived" in request.GET}
    if words:
        projects = list(Project.objects.visible_to(request.actor))
        titled, mentioned = _prompts(request, words)
        context |= {
            "titled": titled,
            "mentioned": mentioned,
            "requests": _requests(request, words),
            "reviews": _reviews(request, words),
            "pages": list(_pages(projects, words)),
            "projects": projects,
            "most": MOST,
        }
    return render(request, "search/page.html", context)


def _answer(request: StudioRequest, typed: str) -> Answer | None:
    """The one with this number. What nobody would take for a number is not looked for."""
    if not NUMBER.fullmatch(typed):
        return None
    own = Q(uid=typed) if UID.fullmatch(typed) else Q()
    found = list(Answer.objects.visible_to(request.actor).filter(own | Q(request_id=typed)).select_related("prompt__project")[:2])
    return found[0] if len(found) == 1 else None


def _visible(request: StudioRequest) -> Any:
    found = Prompt.objects.visible_to(request.actor).select_related("project", "folder", "owner")
    return found if "archived" in request.GET else found.active()


def _prompts(request: StudioRequest, words: list[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Those whose title or name, present or former, has every word, then those that say them in their text."""
    named = _visible(request)
    for word in words:
        named = named.filter(Q(title__icontains=word) | Q(name__icontains=word) | _was_called(name__icontains=word))
    titled = list(named.order_by(Lower("title"), "pk")[:MOST])
    others = _visible(request).search(" ".join(words)).exclude(pk__in=[prompt.pk for prompt in titled])
    mentioned = list(others.select_related("project", "folder", "owner").order_by(Lower("title"), "pk")[:MOST])
    hits = searching.hits(mentioned, words)
    former = searching.former_names(FormerName.objects.filter(prompt__in=titled), words)
    return (
        [_shown(prompt, words) | {"former": former.get(prompt.pk)} for prompt in titled],
        [_shown(prompt, words, hits.get(prompt.pk)) for prompt in mentioned],
    )


def _was_called(**name: str) -> Q:
    return Q(pk__in=FormerName.objects.filter(**name).values("prompt"))


def _shown(prompt: Prompt, words: list[str], hit: searching.Hit | None = None) -> dict[str, Any]:
    folder = prompt.folder.path.replace("/", " / ")
    return {"prompt": prompt, "title": searching.shown(prompt.title, words), "folder": folder, "hit": hit}


def _requests(request: StudioRequest, words: list[str]) -> list[dict[str, Any]]:
    """Those that have every word in their title, in what is wanted, or in the name of who asked or writes; the open ones first."""
    found = with_state(PromptRequest.objects.visible_to(request.actor).with_everything())
    if "archived" not in request.GET:
        found = found.exclude(prompt__archived_at__isnull=False)
    found = requests_saying(found, words).order_by(Case(When(state__in=OPEN_STATES, then=0), default=1), "-asked_at")
    return [
        {"asked": asked, "title": searching.shown(asked.title, words), "line": searching.excerpt(asked.wanted, words)}
        for asked in found[:MOST]
    ]


def _reviews(request: StudioRequest, words: list[str]) -> list[Review]:
    found = Review.objects.visible_to(request.actor).with_everything()
    for word in words:
        found = found.filter(
            Q(version__prompt__title__icontains=word)
            | Q(version__semver=word)
            | Q(environment__name__icontains=word)
            | Q(asked_by__name__icontains=word)
            | Q(note__icontains=word)
        )
    return list(found.order_by(F("closed_at").desc(nulls_first=True), "-asked_at")[:MOST])


def _pages(projects: list[Project], words: list[str]) -> Iterator[dict[str, str]]:
    for project in projects:
        for name, label, others in PAGES:
            known = f"{label} {others} {project.name}".casefold()
            about_this_page = any(word.casefold() in f"{label} {others}".casefold() for word in words)
            if about_this_page and all(word.casefold() in known for word in words):
                yield {"label": label, "where": project.name, "url": reverse(name, args=[project.slug])}

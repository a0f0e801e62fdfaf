"""Tests where somebody decides: run there and then, and the results fill in by themselves."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from promptstudio.prompts.models import Version

from ..answers import see_other
from ..prompt_pages import prompt_and_place_or_404, version_or_404
from ..requests import StudioRequest, prompt_url, review_url
from ..tests_beside import live_in, run_asked, tests_context
from .reviews import review_or_404


@require_http_methods(["GET", "HEAD", "POST"])
def review_tests(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    """How the tests stand; POST runs a suite. The page asks again while some are on their way."""
    found = review_or_404(request, project, uid)
    live = live_in(found.version.prompt, found.environment)
    return _tests(request, found.version, live, reverse("review_tests", args=[project, uid]), review_url(found))


@require_http_methods(["GET", "HEAD", "POST"])
def prompt_promote_tests(request: StudioRequest, project: str, name: str, environment: str, semver: str) -> HttpResponse:
    """The same for the page that promotes."""
    prompt, place = prompt_and_place_or_404(request, project, name, environment)
    version, live = version_or_404(prompt, semver), live_in(prompt, place)
    there = (place.slug, version.semver)
    return _tests(request, version, live, prompt_url(prompt, "promote_tests", *there), prompt_url(prompt, "promote", *there))


def _tests(request: StudioRequest, new: Version, old: Version | None, url: str, page: str) -> HttpResponse:
    refusal = run_asked(request, new, old) if request.method == "POST" else ""
    if not request.htmx:
        if refusal:
            messages.error(request, refusal)
        return see_other(f"{page}#tests-h")
    context = tests_context(request, new, old, url)
    has_settled = request.method != "POST" and not context["tests"].waiting
    return render(request, "reviews/_tests.html", context | {"prompt": new.prompt, "refused_run": refusal, "has_settled": has_settled})

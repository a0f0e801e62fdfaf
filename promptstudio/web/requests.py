"""What views know of a request: who is asking, and the address of things."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.http import HttpRequest
from django.urls import reverse

from promptstudio.accounts.actor import Actor
from promptstudio.deployments.models import AfterReview, Deployment, Release, Schedule
from promptstudio.prompts.models import Draft, Prompt
from promptstudio.prompts.models import Request as PromptRequest
from promptstudio.reviews.models import Review, Thread

View = TypeVar("View", bound=Callable[..., Any])


class StudioRequest(HttpRequest):
    """A request of a signed-in person."""

    actor: Actor
    htmx: Any


def public(view: View) -> View:
    """Whoever is not signed in may open this."""
    cast(Any, view).public = True
    return view


def looks_on(view: View) -> View:
    """What a page asks for by itself while it is open: it never leads away to a sign-in, because somebody may be writing there."""
    cast(Any, view).looks_on = True
    return view


def checks_characters(view: View) -> View:
    """This view says itself, at the field, which characters cannot be kept."""
    cast(Any, view).checks_characters = True
    return view


def prompt_url(prompt: Prompt, page: str = "", *arguments: Any) -> str:
    """The address of a page of a prompt: overview, or `versions`, `compare`, `edit` …"""
    return reverse(f"prompt_{page}" if page else "prompt", args=[prompt.project.slug, prompt.name, *arguments])


def review_url(review: Review) -> str:
    return reverse("review", args=[review.version.prompt.project.slug, review.uid])


def thread_url(thread: Thread) -> str:
    return reverse("thread", args=[thread.version.prompt.project.slug, thread.uid])


def request_url(asked: PromptRequest) -> str:
    return reverse("request", args=[asked.project.slug, asked.uid])


def draft_url(draft: Draft) -> str:
    return prompt_url(draft.prompt, "edit", draft.uid)


def after_review_url(after_review: AfterReview) -> str:
    return reverse("after_review", args=[after_review.deployment.placement.prompt.project.slug, after_review.uid])


def schedule_url(schedule: Schedule) -> str:
    return prompt_url(schedule.placement.prompt, "scheduled", schedule.uid)


def release_url(release: Release) -> str:
    return reverse("release", args=[release.project.slug, release.uid])


def deployment_url(deployment: Deployment) -> str:
    return prompt_url(deployment.placement.prompt, "deployment", deployment.uid)

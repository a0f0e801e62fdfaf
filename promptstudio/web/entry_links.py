"""Where an entry of the trail leads: the thing that it is about, where that still exists and the reader may see it."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.urls import reverse

from promptstudio.accounts.actor import Actor
from promptstudio.audit.models import Entry
from promptstudio.deployments.models import AfterReview, Deployment, PublishJob, Release, Schedule, Target
from promptstudio.evaluations.models import Comparison
from promptstudio.projects.models import ApiKey, Environment, Folder, Membership, Policy, Project, ServiceAccount
from promptstudio.prompts.models import Draft, NamedExample, Prompt, Request, Snippet, SnippetVersion, Version
from promptstudio.reviews.models import Review, Thread

from .requests import (
    after_review_url,
    deployment_url,
    draft_url,
    prompt_url,
    release_url,
    request_url,
    review_url,
    schedule_url,
    thread_url,
)

Things = Callable[[Actor], Any]
Address = Callable[[Any], str]


def _of_prompts(model: Any, *related: str, path: str = "prompt") -> Things:
    return lambda actor: model.objects.filter(**{f"{path}__in": Prompt.objects.visible_to(actor)}).select_related(*related)


def _of_projects(model: Any, path: str) -> Things:
    return lambda actor: model.objects.filter(**{f"{path}__in": Project.objects.visible_to(actor)}).select_related(path)


def _settings(page: str, path: str) -> Address:
    def address(thing: Any) -> str:
        for name in path.split("__"):
            thing = getattr(thing, name)
        return reverse(page, args=[thing.slug])

    return address


# type of the object: which of them this person may see, and the address of one
LINKS: dict[str, tuple[Things, Address]] = {
    "prompt": (lambda actor: Prompt.objects.visible_to(actor).select_related("project"), prompt_url),
    "version": (_of_prompts(Version, "prompt__project"), lambda v: prompt_url(v.prompt, "version", v.semver)),
    "draft": (lambda actor: Draft.objects.visible_to(actor).open().select_related("prompt__project"), draft_url),
    "namedexample": (_of_prompts(NamedExample, "prompt__project"), lambda example: prompt_url(example.prompt)),
    "snippet": (_of_projects(Snippet, "project"), lambda snippet: reverse("snippet", args=[snippet.project.slug, snippet.uid])),
    "snippetversion": (
        _of_projects(SnippetVersion, "snippet__project"),
        lambda version: reverse("snippet", args=[version.snippet.project.slug, version.snippet.uid]),
    ),
    "request": (lambda actor: Request.objects.visible_to(actor).select_related("project"), request_url),
    "review": (lambda actor: Review.objects.visible_to(actor).select_related("version__prompt__project"), review_url),
    "thread": (lambda actor: Thread.objects.visible_to(actor).select_related("version__prompt__project"), thread_url),
    "deployment": (
        lambda actor: Deployment.objects.visible_to(actor).select_related("placement__prompt__project"),
        deployment_url,
    ),
    "publishjob": (
        _of_prompts(PublishJob, "deployment__placement__prompt__project", path="deployment__placement__prompt"),
        lambda job: deployment_url(job.deployment),
    ),
    "schedule": (lambda actor: Schedule.objects.visible_to(actor).select_related("placement__prompt__project"), schedule_url),
    "release": (lambda actor: Release.objects.visible_to(actor).select_related("project"), release_url),
    "afterreview": (lambda actor: AfterReview.objects.visible_to(actor).with_everything(), after_review_url),
    "comparison": (
        _of_prompts(Comparison, "prompt__project"),
        lambda comparison: prompt_url(comparison.prompt, "comparison", comparison.uid),
    ),
    "environment": (_of_projects(Environment, "project"), _settings("settings", "project")),
    "policy": (_of_projects(Policy, "environment__project"), _settings("settings", "environment__project")),
    "target": (_of_projects(Target, "environment__project"), _settings("settings", "environment__project")),
    "folder": (_of_projects(Folder, "project"), _settings("settings_folders", "project")),
    "membership": (_of_projects(Membership, "project"), _settings("settings_people", "project")),
    "serviceaccount": (_of_projects(ServiceAccount, "project"), _settings("settings_keys", "project")),
    "apikey": (_of_projects(ApiKey, "account__project"), _settings("settings_keys", "account__project")),
}


def links(entries: Iterable[Entry], actor: Actor) -> dict[int, str]:
    """Entry to address; those that lead nowhere are left out. At most one query for each type of thing."""
    wanted: dict[str, set[UUID]] = defaultdict(set)
    entries = list(entries)
    for entry in entries:
        if entry.object_uid and entry.object_type in LINKS:
            wanted[entry.object_type].add(entry.object_uid)
    addresses = {
        (kind, thing.uid): LINKS[kind][1](thing) for kind, uids in wanted.items() for thing in LINKS[kind][0](actor).filter(uid__in=uids)
    }
    found = {entry.pk: addresses.get((entry.object_type, entry.object_uid), "") for entry in entries}
    return {pk: address for pk, address in found.items() if address}

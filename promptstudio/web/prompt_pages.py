"""What every page of a prompt has: the header with its strip, status and next step, and the tabs."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render

from promptstudio.deployments import board, status
from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Prompt, Version
from promptstudio.prompts.permissions import can_write

from .renaming import Renamed
from .requests import StudioRequest, deployment_url, prompt_url, review_url, schedule_url

TABS = (
    ("", "Overview"),
    ("edit_newest", "Edit"),
    ("versions", "Versions"),
    ("compare_newest", "Compare"),
    ("tests", "Tests"),
    ("use", "Use it"),
    ("activity", "Activity"),
)


def prompt_or_404(request: StudioRequest, project: str, name: str) -> Prompt:
    """Raises Renamed for a name that it had before."""
    found = Prompt.objects.visible_to(request.actor).select_related("project", "folder", "owner").filter(project__slug=project)
    prompt = found.filter(name=name).first()
    if prompt is None and (renamed := found.filter(former_names__name=name).first()):
        raise Renamed(renamed)
    return prompt or get_object_or_404(found, name=name)


def prompt_and_place_or_404(request: StudioRequest, project: str, name: str, environment: str) -> tuple[Prompt, Environment]:
    prompt = prompt_or_404(request, project, name)
    return prompt, get_object_or_404(prompt.project.environments.select_related("project"), slug=environment)


def version_or_404(prompt: Prompt, semver: str) -> Version:
    return get_object_or_404(prompt.versions.select_related("created_by"), semver=semver)


def render_prompt(
    request: StudioRequest, template: str, prompt: Prompt, *, tab: str, status_code: int = 200, **context: Any
) -> HttpResponse:
    """`template` (which extends prompts/base.html) inside the prompt's header. `tab` is one of TABS."""
    request.section = "prompts"  # type: ignore[attr-defined]
    row = board.row(prompt)
    step = status.next_step(row)
    header = {
        "prompt": prompt,
        "row": row,
        "strip": row.cells,
        "status_sentence": status.sentence(row),
        "next_step": step,
        "next_step_url": "" if prompt.archived_at else step_url(prompt, step, row),
        "may_write": can_write(request.actor, prompt),
        "tabs": [{"label": label, "url": prompt_url(prompt, page), "current": page == tab} for page, label in TABS],
    }
    return render(request, template, header | context, status=status_code)


def step_url(prompt: Prompt, step: status.NextStep, row: board.Row) -> str:
    match step.kind:
        case "write" | "mend":
            return prompt_url(prompt, "edit_newest")
        case "promote":
            return prompt_url(prompt, "promote", step.environment.slug, step.version.semver)  # type: ignore[union-attr]
        case "complete_record" | "ask":
            return prompt_url(prompt, "ask", step.version.semver, step.environment.slug)  # type: ignore[union-attr]
        case "review":
            return review_url(step.review)  # type: ignore[arg-type]
        case "scheduled":
            return schedule_url(row.cell(step.environment).scheduled)  # type: ignore[arg-type]
        case "watch" | "settle":
            newest = row.cell(step.environment).newest  # type: ignore[arg-type]
            return deployment_url(newest) if newest else ""
    return ""


def not_found_unless(condition: object) -> None:
    if not condition:
        raise Http404

"""The named examples of a prompt: other values for one, and taking one away."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from promptstudio.prompts import services
from promptstudio.prompts.models import NamedExample

from ..answers import see_other
from ..examples_kept import values_from
from ..prompt_pages import prompt_or_404
from ..requests import StudioRequest, prompt_url


@require_POST
def prompt_example_change(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    """`value-<variable>`, once for each."""
    example = _example_or_404(request, project, name, uid)
    services.change_example(example=example, values=values_from(example, request.POST.dict()), actor=request.actor)
    messages.success(request, f"The values of “{example}” are saved.")
    return see_other(prompt_url(example.prompt))


@require_POST
def prompt_example_remove(request: StudioRequest, project: str, name: str, uid: UUID) -> HttpResponse:
    example = _example_or_404(request, project, name, uid)
    services.archive_example(example=example, actor=request.actor)
    messages.success(request, f"“{example}” is removed. What models answered to it stays.")
    return see_other(prompt_url(example.prompt))


def _example_or_404(request: StudioRequest, project: str, name: str, uid: UUID) -> NamedExample:
    prompt = prompt_or_404(request, project, name)
    return get_object_or_404(NamedExample.objects.select_related("prompt__project", "prompt__folder"), prompt=prompt, uid=uid)

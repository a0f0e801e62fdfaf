"""What is done with a prompt as a whole: tags, a star, the archive, its name, a copy in another project."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from promptstudio.deployments import upkeep_services
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed, StudioError
from promptstudio.projects.models import Project
from promptstudio.prompts import favourites, shelf_services
from promptstudio.prompts.models import Prompt

from ..answers import see_other
from ..middleware import refused
from ..prompt_pages import prompt_or_404
from ..requests import StudioRequest, draft_url, prompt_url
from .prompts import overview_page


@require_POST
def prompt_tags(request: StudioRequest, project: str, name: str) -> HttpResponse:
    """`tags` as words with a comma between them."""
    prompt = prompt_or_404(request, project, name)
    try:
        shelf_services.tag_prompt(prompt=prompt, words=request.POST.get("tags", "").split(","), actor=request.actor)
    except (Invalid, Conflict) as error:
        return _at_its_field(request, prompt, "tags", error)
    messages.success(request, "The tags are saved.")
    return see_other(prompt_url(prompt))


@require_POST
def prompt_star(request: StudioRequest, project: str, name: str) -> HttpResponse:
    """Give it a star, or with `off` take that away."""
    prompt = prompt_or_404(request, project, name)
    (favourites.unstar if "off" in request.POST else favourites.star)(prompt, request.actor.user)
    return see_other(prompt_url(prompt))


@require_POST
def prompt_archive(request: StudioRequest, project: str, name: str) -> HttpResponse:
    prompt = upkeep_services.archive_prompt(prompt=prompt_or_404(request, project, name), actor=request.actor)
    messages.success(request, "It is archived: out of the library and its search, and still here to read.")
    return see_other(prompt_url(prompt))


@require_POST
def prompt_restore(request: StudioRequest, project: str, name: str) -> HttpResponse:
    prompt = upkeep_services.restore_prompt(prompt=prompt_or_404(request, project, name), actor=request.actor)
    messages.success(request, "It is back in the library, with everything it had.")
    return see_other(prompt_url(prompt))


@require_POST
def prompt_rename(request: StudioRequest, project: str, name: str) -> HttpResponse:
    prompt = prompt_or_404(request, project, name)
    try:
        renamed = upkeep_services.rename_prompt(prompt=prompt, name=request.POST.get("name", "").strip(), actor=request.actor)
    except (Invalid, Conflict) as error:
        return _at_its_field(request, prompt, "name", error)
    messages.success(request, f"Applications ask for {renamed.name} now. {prompt.name} goes on answering until you give it up.")
    return see_other(prompt_url(renamed))


@require_POST
def prompt_give_up_name(request: StudioRequest, project: str, name: str) -> HttpResponse:
    prompt = prompt_or_404(request, project, name)
    former = request.POST.get("former", "")
    upkeep_services.give_up_name(prompt=prompt, name=former, actor=request.actor)
    messages.success(request, f"{former} is given up. Whoever still asks for it finds nothing.")
    return see_other(prompt_url(prompt))


@require_POST
def prompt_copy(request: StudioRequest, project: str, name: str) -> HttpResponse:
    """Into the project `to`."""
    prompt = prompt_or_404(request, project, name)
    space = get_object_or_404(Project.objects.visible_to(request.actor), slug=request.POST.get("to", ""))
    try:
        copy = shelf_services.copy_prompt(prompt=prompt, project=space, actor=request.actor)
    except StudioError as error:
        return _at_its_field(request, prompt, "to", error)
    messages.success(request, f"This is the copy in {space}: a draft to go on with.")
    return see_other(draft_url(copy.drafts.get()))


def _at_its_field(request: StudioRequest, prompt: Prompt, field: str, error: StudioError) -> HttpResponse:
    """The page again, with the sentence beside what was typed."""
    if isinstance(error, NotAllowed):
        refused(request, error)
    status = 403 if isinstance(error, NotAllowed) else 409 if isinstance(error, Conflict) else 422
    return overview_page(request, prompt, wrong={field: error.sentence}, status_code=status)

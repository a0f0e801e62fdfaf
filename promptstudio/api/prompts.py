from django.http import HttpResponse
from ninja import Query

from promptstudio.lib.errors import Invalid
from promptstudio.prompts import services
from promptstudio.prompts.models import Prompt

from . import schemas
from .keys import READS, WRITES, KeyRequest, bound_to, project_of
from .paging import Page, page_of
from .released import prompt_to_change, prompt_to_read, readable_prompts
from .routes import answers, router
from .shapes import answer, prompts_json


@router.get("/prompts", auth=READS, response=answers(schemas.Prompts), tags=["Prompts"])
def list_prompts(request: KeyRequest, page: Query[Page]) -> HttpResponse:
    """The prompts that this key reads, newest first."""
    rows = readable_prompts(request.auth).active().select_related("folder", "project")
    return answer(page_of(request, rows, page, lambda found: _shapes(request, found)))


@router.post("/prompts", auth=WRITES, response=answers(schemas.PromptOut, status=201, besides=(409, 413)), tags=["Prompts"])
def create_prompt(request: KeyRequest, body: schemas.NewPrompt) -> HttpResponse:
    """A prompt without any words yet: save a version next."""
    prompt = services.create_prompt(
        project=project_of(request.auth), title=body.title, name=body.name, folder=body.folder, actor=request.auth
    )
    return answer(_shapes(request, [prompt])[0], status=201, location=f"/api/v1/prompts/{prompt.name}")


@router.get("/prompts/{prompt_name:name}", auth=READS, response=answers(schemas.PromptOut), tags=["Prompts"])
def read_prompt(request: KeyRequest, name: str) -> HttpResponse:
    """What it is called, and where each environment stands."""
    return answer(_shapes(request, [prompt_to_read(request.auth, name)])[0])


@router.patch("/prompts/{prompt_name:name}", auth=WRITES, response=answers(schemas.PromptOut, besides=(409, 413)), tags=["Prompts"])
def change_prompt(request: KeyRequest, name: str, body: schemas.PromptChange) -> HttpResponse:
    """Change the title or the folder. Words change through versions only."""
    prompt = prompt_to_change(request.auth, name)
    if body.title is None and body.folder is None:
        raise Invalid({"title": "Send a new title, a new folder, or both."})
    prompt = services.change_prompt(prompt=prompt, title=body.title, folder=body.folder, actor=request.auth)
    return answer(_shapes(request, [prompt])[0])


def _shapes(request: KeyRequest, prompts: list[Prompt]) -> list[dict[str, object]]:
    bound = bound_to(request.auth)
    environments = [bound] if bound else list(project_of(request.auth).environments.all())
    return prompts_json(prompts, environments, bound=bound is not None)

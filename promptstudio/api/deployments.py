from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from ninja import Query

from promptstudio.accounts.actor import Actor
from promptstudio.deployments import services
from promptstudio.deployments.models import Deployment
from promptstudio.lib.errors import Invalid
from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Prompt

from . import schemas
from .keys import ACTS, READS, KeyRequest, bound_to
from .paging import Page, page_of
from .problems import NotFound
from .released import environment_to_use, prompt_to_change, prompt_to_read, version_to_use
from .routes import answers, router
from .shapes import answer, deployment_json, deployments_json, made, with_jobs


@router.get("/prompts/{prompt_name:name}/deployments", auth=READS, response=answers(schemas.Deployments), tags=["Deployments"])
def list_deployments(request: KeyRequest, name: str, page: Query[Page]) -> HttpResponse:
    """What was sent where, newest first."""
    prompt = prompt_to_read(request.auth, name)
    return answer(page_of(request, _readable(request.auth).filter(placement__prompt=prompt), page, deployments_json))


@router.post(
    "/prompts/{prompt_name:name}/deployments",
    auth=ACTS,
    response=answers(schemas.DeploymentOut, status=201, besides=(409, 413)),
    tags=["Deployments"],
)
def deploy(request: KeyRequest, name: str, body: schemas.NewDeployment) -> HttpResponse:
    """Promote a version. 409 says which gates refuse and why, or who was faster."""
    prompt = prompt_to_change(request.auth, name)
    environment = environment_to_use(request.auth, body.environment)
    version = version_to_use(prompt, body.version)
    replaces = seen_there(prompt, environment, body)
    return made(services.deploy(version=version, environment=environment, actor=request.auth, reason=body.reason, replaces=replaces))


@router.post(
    "/prompts/{prompt_name:name}/rollback",
    auth=ACTS,
    response=answers(schemas.DeploymentOut, status=201, besides=(409, 413)),
    tags=["Deployments"],
)
def roll_back(request: KeyRequest, name: str, body: schemas.RollbackBody) -> HttpResponse:
    """Go back to what was live before, or to a named earlier version. Asks for a reason, never for approvals."""
    prompt = prompt_to_change(request.auth, name)
    environment = environment_to_use(request.auth, body.environment)
    version = version_to_use(prompt, body.version) if body.version is not None else None
    return made(services.roll_back(prompt=prompt, environment=environment, actor=request.auth, reason=body.reason, version=version))


@router.get("/deployments/{uuid:uid}", auth=READS, response=answers(schemas.DeploymentOut), tags=["Deployments"])
def read_deployment(request: KeyRequest, uid: UUID) -> HttpResponse:
    """How far it is, and what each target confirmed."""
    found = _readable(request.auth).filter(uid=uid).first()
    if found is None:
        raise NotFound("There is no such deployment that this key reads.")
    return answer(deployment_json(found))


def _readable(actor: Actor) -> QuerySet[Deployment]:
    rows = with_jobs(Deployment.objects.visible_to(actor).with_state())
    bound = bound_to(actor)
    return rows.filter(placement__environment=bound) if bound else rows


def seen_there(prompt: Prompt, environment: Environment, body: schemas.NewDeployment) -> services.Seen:
    """What the caller saw there. Left out is "did not say"; null is "nothing was there"."""
    if "replaces" not in body.model_fields_set:
        return services.ANY
    if body.replaces is None:
        return None
    seen = Deployment.objects.filter(placement__prompt=prompt, placement__environment=environment, uid=body.replaces).first()
    if seen is None:
        raise Invalid({"replaces": f"No deployment of {prompt.name} to {environment.slug} has this id."})
    return seen

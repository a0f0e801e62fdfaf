from typing import Any

from django.http import HttpResponse
from ninja import Query

from promptstudio.accounts.actor import Actor
from promptstudio.lib.errors import Invalid
from promptstudio.prompts import services
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.diff import compare
from promptstudio.prompts.freezing import freeze
from promptstudio.prompts.models import Draft, Prompt, Version
from promptstudio.prompts.templating import render

from . import schemas
from .keys import READS, WRITES, KeyRequest, bound_to
from .paging import Page, page_of
from .problems import NotFound
from .released import (
    environment_to_read,
    prompt_to_change,
    prompt_to_read,
    readable_versions,
    served_version,
    version_to_read,
)
from .routes import answers, router
from .shapes import answer, comparison_json, render_json, version_json, versions_json, with_versions

OF_THE_CHANGE = frozenset(("summary", "expected_impact", "validation_criteria"))
OF_THE_BODY = frozenset(("bundle", "impact", "impact_reason"))


@router.get("/prompts/{prompt_name:name}/versions", auth=READS, response=answers(schemas.Versions), tags=["Versions"])
def list_versions(request: KeyRequest, name: str, page: Query[Page]) -> HttpResponse:
    """The versions that this key reads, newest first."""
    prompt = prompt_to_read(request.auth, name)
    return answer(page_of(request, with_versions(readable_versions(request.auth, prompt)), page, versions_json))


@router.post(
    "/prompts/{prompt_name:name}/versions",
    auth=WRITES,
    response=answers(schemas.VersionOut, status=201, besides=(409, 413)),
    tags=["Versions"],
)
def save_version(request: KeyRequest, name: str, body: schemas.NewVersion) -> HttpResponse:
    """Freeze a bundle as the next version. Its number is computed from what changed."""
    prompt = prompt_to_change(request.auth, name)
    change = services.Change(**body.change.dict(), impact=body.impact, impact_reason=body.impact_reason)
    try:
        version = services.save_version(prompt=prompt, data=body.bundle, change=change, actor=request.auth)
    except Invalid as error:
        raise Invalid({_place(place): sentence for place, sentence in error.errors.items()}) from None
    row = with_versions(Version.objects.all()).get(pk=version.pk)
    return answer(version_json(row), status=201, location=f"/api/v1/prompts/{name}/versions/{version.semver}")


@router.get("/prompts/{prompt_name:name}/versions/{semver}", auth=READS, response=answers(schemas.VersionOut), tags=["Versions"])
def read_version(request: KeyRequest, name: str, semver: str) -> HttpResponse:
    prompt = prompt_to_read(request.auth, name)
    version = version_to_read(request.auth, prompt, semver)
    return answer(version_json(with_versions(Version.objects.all()).get(pk=version.pk)))


@router.get("/prompts/{prompt_name:name}/compare/{a}...{b}", auth=READS, response=answers(schemas.ComparisonOut), tags=["Versions"])
def compare_versions(request: KeyRequest, name: str, a: str, b: str) -> HttpResponse:
    """What leads from `a` to `b`. A side is `1.4.0`, `env:production` or `draft:<id>`."""
    prompt = prompt_to_read(request.auth, name)
    old, old_side = _side(request.auth, prompt, a)
    new, new_side = _side(request.auth, prompt, b)
    return answer({"name": name, "old": old_side, "new": new_side, **comparison_json(compare(old, new))})


@router.post(
    "/prompts/{prompt_name:name}/render", auth=READS, response=answers(schemas.RenderOut, besides=(410, 413)), tags=["Applications"]
)
def render_prompt(request: KeyRequest, name: str, body: schemas.RenderBody) -> HttpResponse:
    """Messages ready for a model, from what an environment serves or from one version. 422 names missing and unexpected variables."""
    if not body.environment and not body.version:
        raise Invalid({"environment": "Say which environment's version to render, or which version."})
    prompt = prompt_to_read(request.auth, name)
    environment = environment_to_read(request.auth, body.environment, name) if body.environment else None
    if environment:
        version = served_version(request.auth, prompt, environment, body.version or "")
    else:
        version = version_to_read(request.auth, prompt, body.version or "")
    return answer(render_json(version, environment, render(version.bundle, body.variables)))


def _place(place: str) -> str:
    if place in OF_THE_CHANGE:
        return f"change.{place}"
    return place if place in OF_THE_BODY else f"bundle.{place}"


def _side(actor: Actor, prompt: Prompt, address: str) -> tuple[Bundle, dict[str, Any]]:
    kind, _, rest = address.partition(":")
    if kind == "draft":
        bundle = _draft(actor, prompt, rest)
        return bundle, {"address": address, "semver": None, "digest": bundle.digest}
    if kind == "env":
        version = served_version(actor, prompt, environment_to_read(actor, rest, prompt.name), "")
    else:
        version = version_to_read(actor, prompt, address)
    return version.bundle, {"address": address, "semver": version.semver, "digest": version.digest}


def _draft(actor: Actor, prompt: Prompt, uid: str) -> Bundle:
    # What is still being written was released nowhere.
    drafts = {} if bound_to(actor) else {str(draft.uid): draft for draft in Draft.objects.open().filter(prompt=prompt)}
    if uid not in drafts:
        raise NotFound(f"There is no such draft of {prompt.name} that this key reads.")
    try:
        return freeze(prompt, drafts[uid].content).bundle
    except Invalid as error:
        raise Invalid({"draft": f"The draft is not finished enough to compare. {error.sentence}"}) from None

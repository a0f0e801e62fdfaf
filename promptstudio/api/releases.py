"""Prompts that go together."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import HttpResponse
from ninja import Query

from promptstudio.accounts.actor import Actor
from promptstudio.deployments import release_services as services
from promptstudio.deployments.models import Release, ReleaseItem
from promptstudio.lib.errors import Invalid
from promptstudio.prompts.models import Version

from . import schemas
from .former_names import present_name
from .keys import ACTS, READS, KeyRequest, bound_to, project_of
from .paging import Page, page_of
from .problems import NotFound
from .released import environment_to_use, prompt_to_change, version_to_use
from .routes import answers, router
from .shapes import answer


@router.get("/releases", auth=READS, response=answers(schemas.Releases), tags=["Releases"])
def list_releases(request: KeyRequest, page: Query[Page]) -> HttpResponse:
    """What goes, or went, together; newest first."""
    return answer(page_of(request, _readable(request.auth), page, releases_json))


@router.post("/releases", auth=ACTS, response=answers(schemas.ReleaseOut, status=201, besides=(409, 413)), tags=["Releases"])
def make_release(request: KeyRequest, body: schemas.NewRelease) -> HttpResponse:
    """Put versions of several prompts together for one environment. Nothing is promoted yet."""
    versions = [_version(request, number, wanted) for number, wanted in enumerate(body.versions)]
    environment = environment_to_use(request.auth, body.environment)
    made = services.make_release(environment=environment, name=body.name, versions=versions, actor=request.auth)
    return answer(_json(request, made.uid), status=201, location=f"/api/v1/releases/{made.uid}")


@router.get("/releases/{uuid:uid}", auth=READS, response=answers(schemas.ReleaseOut), tags=["Releases"])
def read_release(request: KeyRequest, uid: UUID) -> HttpResponse:
    """How far it is; `/deployments/{id}` says of each what its places confirmed."""
    return answer(_json(request, uid))


@router.post("/releases/{uuid:uid}/promote", auth=ACTS, response=answers(schemas.ReleaseOut, besides=(409, 413)), tags=["Releases"])
def promote_release(request: KeyRequest, uid: UUID, body: schemas.PromoteRelease) -> HttpResponse:
    """All of it in one step, or none: 409 says of each prompt that holds it back why."""
    services.promote_release(release=_release(request, uid), reason=body.reason, actor=request.auth)
    return answer(_json(request, uid))


@router.post("/releases/{uuid:uid}/rollback", auth=ACTS, response=answers(schemas.ReleaseOut, besides=(409, 413)), tags=["Releases"])
def roll_back_release(request: KeyRequest, uid: UUID, body: schemas.RollBackRelease) -> HttpResponse:
    """Each prompt of it back to what it replaced, all or none. Asks for a reason, never for approvals."""
    services.roll_back_release(release=_release(request, uid), reason=body.reason, actor=request.auth)
    return answer(_json(request, uid))


def releases_json(releases: Iterable[Any]) -> list[dict[str, Any]]:
    """Of rows that `_readable` prepared."""
    return [
        {
            "id": str(release.uid),
            "name": release.name,
            "environment": release.environment.slug,
            "state": release.state,
            "by": release.made_by.name,
            "created_at": release.made_at.isoformat(),
            "settled_at": release.settled_at.isoformat() if release.settled_at else None,
            "items": [_item_json(item) for item in release.seen],
            "hidden": release.prompts_count - len(release.seen),
        }
        for release in releases
    ]


def _item_json(item: ReleaseItem) -> dict[str, Any]:
    return {
        "name": item.prompt.name,
        "semver": item.version.semver,
        "deployment": str(item.deployment.uid) if item.deployment else None,
        "way_back": str(item.way_back.uid) if item.way_back else None,
    }


def _readable(actor: Actor) -> QuerySet[Release]:
    items = ReleaseItem.objects.visible_to(actor).select_related("prompt", "version", "deployment", "way_back")
    found = Release.objects.visible_to(actor).filter(project=project_of(actor))
    found = found.annotate(prompts_count=Count("items")).select_related("project", "environment__project", "made_by", "settled_by")
    found = found.prefetch_related(Prefetch("items", items, to_attr="seen"))
    bound = bound_to(actor)
    if bound is None:
        return found  # type: ignore[no-any-return]
    # What is still put together was not released there yet; whoever may promote reads on in its own.
    own = Q(made_by=actor.user) if actor.key and actor.key.has_scope("deploy") else Q(pk=None)
    return found.filter(Q(state__in=[Release.State.PROMOTED, Release.State.ROLLED_BACK]) | own, environment=bound)  # type: ignore[no-any-return]


def _release(request: KeyRequest, uid: UUID) -> Release:
    found = _readable(request.auth).filter(uid=uid).first()
    if found is None:
        raise NotFound("There is no such release that this key reads.")
    return found


def _json(request: KeyRequest, uid: UUID) -> dict[str, Any]:
    return releases_json([_release(request, uid)])[0]


def _version(request: KeyRequest, number: int, wanted: schemas.VersionOf) -> Version:
    """Raises Invalid at the row that names it."""
    try:
        return version_to_use(prompt_to_change(request.auth, present_name(request.auth, wanted.prompt)), wanted.version)
    except NotFound as error:
        raise Invalid({f"versions.{number}.prompt": error.sentence}) from None
    except Invalid as error:
        raise Invalid({f"versions.{number}.version": error.sentence}) from None

"""What an environment serves. `promptstudio.serving` gives the same answers without Django, once it has learnt them here."""

import hashlib
import json
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags

from promptstudio.deployments.history import Spell, spell_at
from promptstudio.deployments.live import answer_for
from promptstudio.deployments.models import Placement, Snapshot, WentLive
from promptstudio.lib.errors import Invalid
from promptstudio.lib.moments import parse_moment
from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Prompt

from . import schemas
from .keys import READS, KeyRequest, bound_to, project_of
from .problems import MEDIA_TYPE, NotReleasedHere, OutOfService
from .released import environment_to_read, newest_in_range, not_released, prompt_to_read, readable_versions
from .routes import answers, router

# A reader asks again after 5 s; while Studio cannot answer it goes on for a day with what it has.
FRESH = "private, max-age=5, stale-if-error=86400"


@router.get(
    "/prompts/{prompt_name:name}/live",
    auth=READS,
    response=answers(schemas.LiveOut | schemas.LiveAtOut, besides=(304, 410)),
    tags=["Applications"],
)
def read_live(request: KeyRequest, name: str, environment: str, version: str = "", at: str = "") -> HttpResponse:
    """What an environment serves now; with `version` (`^2`) the newest in that range that is or was live there and is not recalled;
    with `at` (`2026-10-01T12:00:00Z`) what it served at that moment, with `live_from` and `live_until`."""
    place = environment_to_read(request.auth, environment, name)
    if at:
        return _at(request, name, place, _moment(at, version))
    snapshot = Snapshot.objects.filter(project_id=project_of(request.auth).pk, environment_slug=place.slug, prompt_name=name).first()
    if snapshot is None or request.auth.key.folder_ids is not None:  # type: ignore[union-attr]
        prompt_to_read(request.auth, name)
    if snapshot is None:
        raise not_released(name, place)
    if version and snapshot.status == 200:
        return _newest(request, prompt_to_read(request.auth, name), place, version)
    return served(request, status=snapshot.status, body=snapshot.body, etag=snapshot.etag)


def served(request: HttpRequest, *, status: int, body: str, etag: str) -> HttpResponse:
    if status == 200 and _has_it(request.headers.get("If-None-Match", ""), etag):
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(body, status=status, content_type="application/json" if status == 200 else MEDIA_TYPE)
    if status == 200:
        response.headers["ETag"] = etag
    response.headers["Cache-Control"] = FRESH if status == 200 else "private, no-store"
    response.headers["Vary"] = "Authorization"
    return response


def _moment(at: str, version: str) -> datetime:
    if version:
        raise Invalid({"at": "Ask for a moment or for a version, not for both."})
    return parse_moment(at)


def _at(request: KeyRequest, name: str, environment: Environment, moment: datetime) -> HttpResponse:
    prompt = prompt_to_read(request.auth, name)
    placement = Placement.objects.filter(prompt=prompt, environment=environment).select_related("prompt", "environment", "live").first()
    spell = spell_at(placement, moment) if placement else None
    if spell is None or placement is None or not _may_read(request, prompt, placement, spell):
        raise NotReleasedHere(f"Nothing of the name {name} was live in {environment.slug} at that moment.")
    if spell.gone:
        raise OutOfService(f"{name} was out of service in {environment.slug} at that moment: {spell.reason}")
    live = answer_for(Placement(prompt=prompt, environment=environment, live=spell.went_live.deployment))
    ends = spell.live_until.isoformat() if spell.live_until else None
    body = json.dumps(live | {"live_from": spell.live_from.isoformat(), "live_until": ends}, ensure_ascii=False, separators=(",", ":"))
    return served(request, status=200, body=body, etag=f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"')


def _may_read(request: KeyRequest, prompt: Prompt, placement: Placement, spell: Spell) -> bool:
    """Through a key of one environment, what was recalled since is not read any more, unless it is served to this day."""
    version = spell.went_live.version
    served_now = placement.live is not None and placement.live.version_id == version.pk
    return served_now or readable_versions(request.auth, prompt).filter(pk=version.pk).exists()


def _has_it(sent: str, etag: str) -> bool:
    return any(each == "*" or each.removeprefix("W/") == etag for each in parse_etags(sent))


def _newest(request: KeyRequest, prompt: Prompt, environment: Environment, wanted: str) -> HttpResponse:
    version = newest_in_range(prompt, environment, wanted, bound=bound_to(request.auth) is not None)
    spell = (
        WentLive.objects.filter(version=version, placement__environment=environment)
        .select_related("deployment__version", "placement")
        .order_by("-id")[0]
    )
    # The shape of the live answer, for what was live: a placement that is never saved.
    body = json.dumps(
        answer_for(Placement(prompt=prompt, environment=environment, live=spell.deployment)), ensure_ascii=False, separators=(",", ":")
    )
    return served(request, status=200, body=body, etag=f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"')

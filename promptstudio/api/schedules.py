"""Promoting at a moment that somebody names."""

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse

from promptstudio.deployments import schedule_services
from promptstudio.deployments.models import Schedule
from promptstudio.lib.errors import Invalid
from promptstudio.lib.moments import zones

from . import schemas
from .deployments import seen_there
from .keys import ACTS, READS, KeyRequest, bound_to
from .problems import NotFound, gates_json
from .released import environment_to_use, prompt_to_change, version_to_use
from .routes import answers, router
from .shapes import answer


@router.post(
    "/prompts/{prompt_name:name}/deployments/scheduled",
    auth=ACTS,
    response=answers(schemas.ScheduleOut, status=201, besides=(409, 413)),
    tags=["Deployments"],
)
def schedule_deployment(request: KeyRequest, name: str, body: schemas.NewSchedule) -> HttpResponse:
    """Promote a version later. The gates are asked again at that moment, for this key as it is then."""
    prompt = prompt_to_change(request.auth, name)
    environment = environment_to_use(request.auth, body.environment)
    version = version_to_use(prompt, body.version)
    _check_moment(body)
    made = schedule_services.schedule_promotion(
        version=version,
        environment=environment,
        at=body.at,
        zone=body.zone,
        reason=body.reason,
        replaces=seen_there(prompt, environment, body),
        actor=request.auth,
    )
    return answer(schedule_json(_read(request, made.uid)), status=201, location=f"/api/v1/scheduled/{made.uid}")


@router.get("/scheduled/{uuid:uid}", auth=READS, response=answers(schemas.ScheduleOut), tags=["Deployments"])
def read_schedule(request: KeyRequest, uid: UUID) -> HttpResponse:
    """Whether it waits, and what became of it."""
    return answer(schedule_json(_read(request, uid)))


@router.post("/scheduled/{uuid:uid}/cancel", auth=ACTS, response=answers(schemas.ScheduleOut, besides=(409,)), tags=["Deployments"])
def cancel_schedule(request: KeyRequest, uid: UUID) -> HttpResponse:
    """409 when its moment has come already."""
    schedule_services.cancel_schedule(schedule=_read(request, uid), actor=request.auth)
    return answer(schedule_json(_read(request, uid)))


def schedule_json(schedule: Schedule) -> dict[str, Any]:
    evaluation = schedule.evaluation
    return {
        "id": str(schedule.uid),
        "name": schedule.placement.prompt.name,
        "environment": schedule.placement.environment.slug,
        "semver": schedule.version.semver,
        "at": schedule.at.isoformat(),
        "zone": schedule.zone,
        "state": schedule.state,
        "reason": schedule.reason,
        "by": schedule.by.name,
        "because": schedule.because or None,
        "detail": schedule.sentence or (schedule.get_because_display() if schedule.because else None),
        "gates": gates_json(evaluation.answers) if evaluation else [],
        "deployment": str(schedule.deployment.uid) if schedule.deployment else None,
        "created_at": schedule.created_at.isoformat(),
        "settled_at": schedule.settled_at.isoformat() if schedule.settled_at else None,
    }


def _check_moment(body: schemas.NewSchedule) -> None:
    if body.at.tzinfo is None:
        raise Invalid({"at": "Say in which time zone: 2026-12-03T07:00:00+01:00 is one hour ahead of UTC."})
    if body.zone not in zones():
        raise Invalid({"zone": "Give a time zone such as Europe/Berlin."})


def _read(request: KeyRequest, uid: UUID) -> Schedule:
    found = Schedule.objects.visible_to(request.auth).with_everything()
    if bound := bound_to(request.auth):
        # What waits was not released there yet; whoever may promote reads on in its own.
        own = Q(by=request.auth.user) if request.auth.key and request.auth.key.has_scope("deploy") else Q(pk=None)
        found = found.filter(Q(state=Schedule.State.PROMOTED) | own, placement__environment=bound)
    schedule = found.filter(uid=uid).first()
    if schedule is None:
        raise NotFound("There is no such scheduled promotion that this key reads.")
    return schedule  # type: ignore[no-any-return]

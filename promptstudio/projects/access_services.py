"""The quarterly look at who has access to a project, with somebody's name under it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from promptstudio.accounts.actor import Actor
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid

from .key_services import revoke_key
from .models import AccessReview, ApiKey, Membership, PendingChange, Project
from .permissions import can
from .role_services import revoke_role


class Due(NamedTuple):
    at: datetime
    passed: bool


def access_review_due(project: Project) -> Due | None:
    """When somebody has to sign again; None where the site does not ask for it."""
    if not settings.ACCESS_REVIEW_DAYS:
        return None
    last = project.access_reviews.first()
    at = (last.signed_at if last else project.created_at) + timedelta(days=settings.ACCESS_REVIEW_DAYS)
    return Due(at, at <= clock.now())


def projects_to_sign_for() -> QuerySet[Project]:
    """Those for whose access nobody signed for long enough; none where the site does not ask for it."""
    if not settings.ACCESS_REVIEW_DAYS:
        return Project.objects.none()
    since = clock.now() - timedelta(days=settings.ACCESS_REVIEW_DAYS)
    return Project.objects.filter(created_at__lte=since).exclude(access_reviews__signed_at__gt=since)


def rows_to_review(project: Project) -> QuerySet[Membership]:
    rows = project.memberships.select_related("user", "folder", "granted_by", "project")
    return rows.order_by("user__name", "user_id", "folder__path", "role")


def keys_to_review(project: Project) -> QuerySet[ApiKey]:
    """Those that open something, or will when a second person has confirmed them."""
    keys = ApiKey.objects.filter(account__project=project, revoked_at=None).filter(Q(expires_at=None) | Q(expires_at__gt=clock.now()))
    return keys.select_related("account__project", "account__responsible", "environment", "folder").order_by("account__name", "name", "pk")


@transaction.atomic
def sign_access_review(*, project: Project, keep: Collection[UUID], take: Collection[UUID], actor: Actor) -> AccessReview:
    """Sign that the roles and keys in `keep` are right, and take the others away. Every one that is there has to be in one of both.

    Raises Invalid for one without an answer or with two, Conflict when something changed since the page was opened.
    """
    can(actor, "administer", project).require()
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    roles = {row.uid: row for row in rows_to_review(project)}
    keys = {key.uid: key for key in keys_to_review(project)}
    rows: dict[UUID, Membership | ApiKey] = {**roles, **keys}
    keep, take = set(keep), set(take)
    if keep & take:
        raise Invalid({"rows": "Choose one answer for each line: keep it, or take it away."})
    if gone := (keep | take) - rows.keys():
        raise Conflict(f"{len(gone)} of these lines changed since you opened the page. Look at the list again.")
    if left := [row for uid, row in rows.items() if uid not in keep | take]:
        first = left[0]
        words = f"{first.user} as {first.get_role_display()}" if isinstance(first, Membership) else f"the key {first} of {first.account}"
        raise Invalid({"rows": f"There is no answer yet for {len(left)} of {len(rows)}, such as {words}."})
    from_provider = [roles[uid] for uid in take & roles.keys() if roles[uid].source == Membership.Source.PROVIDER]
    if from_provider:
        names = ", ".join(sorted({row.user.name for row in from_provider}))
        raise Invalid({"rows": f"The identity provider gives {names} this role, and would give it back. Take them out of the group there."})
    facts = {uid: _facts(row) for uid, row in rows.items()}
    for uid in take & keys.keys():
        revoke_key(key=keys[uid], actor=actor)
    waiting = [change for uid in take & roles.keys() if (change := revoke_role(membership=roles[uid], actor=actor))]
    review = AccessReview.objects.create(
        project=project,
        kept=[facts[uid] for uid in rows if uid in keep],
        taken=[facts[uid] for uid in rows if uid in take],
        signed_by=actor.user,
        signed_at=clock.now(),
    )
    record(
        actor=actor,
        action="access.signed",
        subject=review,
        project_uid=project.uid,
        kept=len(keep),
        taken=len(take),
        waiting=[_uid(change) for change in waiting],
    )
    return review


def _facts(row: Membership | ApiKey) -> dict[str, Any]:
    folder = row.folder.path if row.folder else None
    if isinstance(row, ApiKey):
        environment = row.environment.slug if row.environment else None
        return {"key": str(row.uid), "account": str(row.account.uid), "scopes": row.scopes, "environment": environment, "folder": folder}
    return {"person": str(row.user.uid), "role": row.role, "folder": folder, "source": row.source}


def _uid(change: PendingChange) -> str:
    return str(change.uid)

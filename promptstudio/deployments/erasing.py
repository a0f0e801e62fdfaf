"""Erasing what somebody wrote freely, wherever it stands, while everything that speaks of it stays whole."""

import json
import secrets
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from promptstudio.accounts.actor import Actor
from promptstudio.audit.chain import salted_hash
from promptstudio.audit.services import forget_words, record
from promptstudio.evaluations.models import AcceptedCase, Ballot, Comparison, Rating
from promptstudio.evaluations.rated_words import forget_rated_words
from promptstudio.lib.append_only import ERASED, AppendOnly, erase
from promptstudio.lib.errors import Conflict
from promptstudio.lib.locking import locked
from promptstudio.lib.permission import Allowed, Denied
from promptstudio.projects.models import Project
from promptstudio.prompts.models import Request, RequestAnswer, RequestEvent
from promptstudio.reviews.models import Comment, Decision, Remark, Suggestion

from .models import Conclusion, CriterionOutcome, Deployment, PublishJob, Recall, Release, ReleaseItem, Schedule

ASKED, SHOWN = ("wanted", "audience", "given"), ("name", "given", "text", "why")
Erasable = (
    Comment
    | Decision
    | Remark
    | Suggestion
    | Recall
    | Deployment
    | Conclusion
    | CriterionOutcome
    | Schedule
    | RequestEvent
    | AcceptedCase
    | Rating
    | Ballot
    | Comparison
)


def can_erase(actor: Actor) -> Allowed | Denied:
    if actor.user.is_site_admin and not actor.key:
        return Allowed()
    return Denied("Only a site admin erases what people wrote.")


@transaction.atomic
def erase_words(*, row: Erasable, actor: Actor) -> None:
    """Put “[erased]” in the place of what somebody wrote in a row, and of the copies of it.

    The trail keeps their salted hash, so that whoever has the words elsewhere can show that it was these. There is no way back.
    Raises NotAllowed, Conflict when there are no words.
    """
    can_erase(actor).require()
    if isinstance(row, Schedule) and row.deployment:
        # Its words went along with what it sent.
        row = row.deployment
    words = type(row).objects.values_list(row.ERASABLE, flat=True).get(pk=row.pk)
    if words in ("", ERASED):
        raise Conflict("There are no words to erase.")
    if isinstance(row, AppendOnly):
        erase(row)
    else:
        if isinstance(row, Rating):
            forget_rated_words(row)
        type(row).objects.filter(pk=row.pk).update(**{row.ERASABLE: ERASED})
        setattr(row, row.ERASABLE, ERASED)
    if isinstance(row, Recall):
        PublishJob.objects.filter(deployment__version=row.version, error_code="recalled").update(
            error=f"{row.version.semver} was recalled."
        )
    if isinstance(row, Deployment):
        Schedule.objects.filter(deployment=row).update(reason=ERASED)
        for other in _sent_for_the_same_reason(row).exclude(reason__in=("", ERASED)):
            erase(other)
    project, label, told_about = _place_of(row)
    forget_words(text=words, object_uids=told_about)
    salt = secrets.token_hex(16)
    record(
        actor=actor,
        action="text.erased",
        subject=row,
        label=label,
        project_uid=project.uid,
        field=row.ERASABLE,
        salt=salt,
        sha256=salted_hash(salt, words),
    )


@transaction.atomic
def erase_request(*, request: Request, actor: Actor) -> None:
    """Put “[erased]” in the place of what somebody asked for and of the answers that they showed, at once and for good.

    Its title stays, because the trail names it by that, and so do examples that its answers became. What was said about it are rows of
    their own. Raises NotAllowed, Conflict when there are no words.
    """
    can_erase(actor).require()
    request = locked(Request.objects.all(), "project", pk=request.pk)
    answers = list(request.answers.select_for_update().order_by("id"))
    words = {"request": _erased(request, ASKED), "answers": [_erased(answer, SHOWN) for answer in answers]}
    if not any([words["request"], *words["answers"]]):
        raise Conflict("There are no words to erase.")
    salt = secrets.token_hex(16)
    record(
        actor=actor,
        action="text.erased",
        subject=request,
        label="What was asked for in a request",
        project_uid=request.project.uid,
        field=",".join(ASKED),
        salt=salt,
        sha256=salted_hash(salt, json.dumps(words, sort_keys=True, ensure_ascii=False)),
    )


def _sent_for_the_same_reason(deployment: Deployment) -> QuerySet[Deployment]:
    """The others of its release: whoever promoted it, or took it back, gave one reason for all."""
    sent = ReleaseItem.objects.filter(release__items__deployment=deployment).values("deployment")
    back = ReleaseItem.objects.filter(release__items__way_back=deployment, way_back__isnull=False).values("way_back")
    return Deployment.objects.filter(Q(pk__in=sent) | Q(pk__in=back)).exclude(pk=deployment.pk)


def _erased(row: Request | RequestAnswer, fields: Iterable[str]) -> dict[str, str]:
    """Erases them and returns what stood there, by field."""
    stood = {field: text for field in fields if (text := getattr(row, field)) not in ("", ERASED)}
    for field in stood:
        setattr(row, field, ERASED)
    if isinstance(row, RequestAnswer) and row.values:
        stood["values"] = json.dumps(row.values, sort_keys=True, ensure_ascii=False)
        row.values = {}
    row.save()
    return stood


def _place_of(row: Erasable) -> tuple[Project, str, list[UUID]]:
    """The project, what it is without naming anybody, and which objects the entries with copies are about."""
    if isinstance(row, Recall):
        return row.version.prompt.project, f"Why {row.version} was recalled", [row.version.uid]
    if isinstance(row, AcceptedCase):
        return row.version.prompt.project, f"Why a case may get worse on {row.version}", [row.version.uid]
    if isinstance(row, Conclusion):
        deployment = row.after_review.deployment
        return deployment.placement.prompt.project, f"What was said about {deployment} afterwards", [row.after_review.uid]
    if isinstance(row, CriterionOutcome):
        version = row.watch.criterion.version
        return version.prompt.project, f"What was said about how {version} came out", [version.uid]
    if isinstance(row, Deployment):
        schedules = Schedule.objects.filter(deployment=row).values_list("uid", flat=True)
        releases = Release.objects.filter(Q(items__deployment=row) | Q(items__way_back=row)).values_list("uid", flat=True)
        others = _sent_for_the_same_reason(row).values_list("uid", flat=True)
        return row.placement.prompt.project, f"Why {row} was sent", [row.uid, *schedules, *releases, *others]
    if isinstance(row, Schedule):
        return row.placement.prompt.project, f"Why {row} was scheduled", [row.uid]
    if isinstance(row, (Remark, Suggestion)):
        thread = row.thread if isinstance(row, Remark) else row.remark.thread
        what = "A remark" if isinstance(row, Remark) else "A suggestion"
        return thread.version.prompt.project, f"{what} about {thread}", [thread.uid]
    if isinstance(row, RequestEvent):
        return row.request.project, f"What was said about {row.request}", [row.request.uid]
    if isinstance(row, Rating):
        prompt = row.answer.prompt
        return prompt.project, f"What was said about an answer of {prompt}", [prompt.uid]
    if isinstance(row, Comparison):
        return row.prompt.project, f"What was asked in {row}", [row.uid]
    if isinstance(row, Ballot):
        comparison = row.rater.comparison
        return comparison.prompt.project, f"What was said about a pair of {comparison}", [comparison.uid]
    what = "A comment" if isinstance(row, Comment) else "The comment of a decision"
    return row.review.version.prompt.project, f"{what} on {row.review}", [row.review.uid]

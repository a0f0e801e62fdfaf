"""Asking for approval, deciding, talking about it."""

from django.db import IntegrityError, transaction

from promptstudio.accounts.actor import Actor
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.lib.lengths import check_lengths
from promptstudio.lib.locking import locked
from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Version
from promptstudio.prompts.shelved import still_in_the_library

from . import mentioning
from .models import Comment, Decision, Review, Substitute
from .permissions import can_ask, can_comment, can_decide, can_withdraw, deciding_roles


@transaction.atomic
def ask_for_review(*, version: Version, environment: Environment, note: str = "", actor: Actor) -> Review:
    """Ask those who may decide to let `version` into `environment`. Raises Invalid while the change record is incomplete."""
    can_ask(actor, version).require()
    check_lengths(note=note)
    # Archiving takes the same lock, and refuses while a review is open.
    still_in_the_library(version.prompt)
    if environment.project_id != version.prompt.project_id:
        raise Invalid({"environment": "That environment belongs to another project."})
    if version.origin != "import" and version.missing_from_record:
        missing = " and ".join(f"“{label}”" for label in version.missing_from_record)
        raise Invalid({"change_record": f"Reviewers need {missing} before they can decide. Complete the change record first."})
    try:
        with transaction.atomic():
            review = Review.objects.create(
                version=version, environment=environment, note=note.strip(), asked_by=actor.answerable, asked_at=clock.now()
            )
    except IntegrityError:
        other = Review.objects.filter(version=version, environment=environment).select_related("asked_by").latest("id")
        raise Conflict(
            f"{other.asked_by} asked for a review of {version.semver} for {environment} "
            f"on {other.asked_at:%-d %B at %H:%M} UTC. It is open already.",
            by=other.asked_by.name,
            at=other.asked_at.isoformat(),
            review=str(other.uid),
        ) from None
    record(
        actor=actor,
        action="review.asked",
        subject=review,
        project_uid=version.prompt.project.uid,
        semver=version.semver,
        environment=environment.slug,
    )
    return review


@transaction.atomic
def decide(*, review: Review, verdict: str, comment: str = "", baseline: Version | None, role: str = "", actor: Actor) -> Decision:
    """Record one person's decision, given against `baseline`: what was live when they looked. Never deploys anything.

    `role` is one of those in which the person may decide; without it, the first one.
    """
    review = _locked(review)
    can_decide(actor, review).require()
    if verdict not in Decision.Verdict.values:
        raise Invalid({"verdict": "Choose to approve or to request changes."})
    if verdict == Decision.Verdict.REQUEST_CHANGES and not comment.strip():
        raise Invalid({"comment": "Say what should change, so that the author can act on it."})
    check_lengths(comment=comment)
    kept, named = mentioning.with_marks(comment.strip(), review.version.prompt, "comment")
    _is_no_repetition(review, verdict, kept, baseline, actor)
    decision = Decision.objects.create(
        review=review,
        person=actor.user,
        role=role if role in deciding_roles(actor.user, review) else deciding_roles(actor.user, review)[0],
        verdict=verdict,
        comment=kept,
        baseline=baseline,
        digest=review.version.digest,
        decided_at=clock.now(),
    )
    mentioning.note(named, by=actor.user, decision=decision)
    record(
        actor=actor,
        action="review.approved" if verdict == Decision.Verdict.APPROVE else "review.changes_requested",
        subject=review,
        project_uid=review.version.prompt.project.uid,
        role=decision.role,
        digest=decision.digest,
        baseline=baseline.semver if baseline else None,
        semver=review.version.semver,
        environment=review.environment.slug,
        mentioned=[str(person.uid) for person in named],
    )
    return decision


@transaction.atomic
def comment(*, review: Review, text: str, actor: Actor) -> Comment:
    can_comment(actor, review).require()
    if not text.strip():
        raise Invalid({"text": "Write something first."})
    check_lengths(text=text)
    kept, named = mentioning.with_marks(text.strip(), review.version.prompt)
    written = Comment.objects.create(review=review, author=actor.user, text=kept, written_at=clock.now())
    mentioning.note(named, by=actor.user, comment=written)
    record(
        actor=actor,
        action="review.commented",
        subject=review,
        project_uid=review.version.prompt.project.uid,
        mentioned=[str(person.uid) for person in named],
    )
    return written


@transaction.atomic
def withdraw(*, review: Review, actor: Actor) -> None:
    review = _locked(review)
    can_withdraw(actor, review).require()
    _close(review, Review.Outcome.WITHDRAWN)
    record(actor=actor, action="review.withdrawn", subject=review, project_uid=review.version.prompt.project.uid)


@transaction.atomic
def close_as_deployed(*, version: Version, environment: Environment) -> None:
    """The question is answered: the version went live there. Part of a deployment, whose audit entry covers it."""
    for review in Review.objects.open().filter(version=version, environment=environment):
        _close(review, Review.Outcome.DEPLOYED)


def standing_decisions(version: Version, environment: Environment) -> list[Decision]:
    """Each person's last decision on letting `version` into `environment`, oldest first. A withdrawn review's count no more."""
    rows = (
        Decision.objects.filter(review__version=version, review__environment=environment)
        .exclude(review__outcome=Review.Outcome.WITHDRAWN)
        .select_related("person", "baseline", "review")
        .prefetch_related("mentions__person")
        .order_by("id")
    )
    return list({row.person_id: row for row in rows}.values())


def _is_no_repetition(review: Review, verdict: str, comment: str, baseline: Version | None, actor: Actor) -> None:
    """A form that was sent twice is one decision. What is too old to count is given anew, and so is what was no substitute's then."""
    last = review.decisions.filter(person=actor.user).order_by("-id").first()
    if last is None or review.environment.policy.rules.too_old(last.decided_at, clock.now()):
        return
    if Substitute.objects.now().filter(substitute=actor.user, named_at__gt=last.decided_at).exists():
        return
    if (last.verdict, last.comment, last.baseline_id) == (verdict, comment, baseline.pk if baseline else None):
        deed = "approved" if verdict == Decision.Verdict.APPROVE else "asked for changes"
        raise Conflict(f"You {deed} already, at {last.decided_at:%H:%M} UTC. It is recorded once.")


def _close(review: Review, outcome: str) -> None:
    review.closed_at, review.outcome = clock.now(), outcome
    review.save(update_fields=["closed_at", "outcome"])


def _locked(review: Review) -> Review:
    return locked(Review.objects.all(), "version__prompt__project", "environment__project", pk=review.pk)

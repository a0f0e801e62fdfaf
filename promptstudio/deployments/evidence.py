"""Why something is live: everything that was known, promised, asked and answered about one deployment, as plain facts."""

from datetime import datetime
from typing import Any

from promptstudio.audit.models import Entry
from promptstudio.projects.rules import ROLE_WORDS
from promptstudio.prompts.models import ChangeNote, Version
from promptstudio.reviews.mentioning import in_words
from promptstudio.reviews.models import Decision, Review

from .history import Spell
from .models import AfterReview, Deployment, Placement, PublishJob, Recall

Facts = dict[str, Any]
DOORS = {"page": "the pages", "api": "the API", "admin": "the administration", "cli": "the command line", "schedule": "a schedule"}


def why_live(placement: Placement, spell: Spell) -> Facts:
    """Facts with times as datetimes and everything else as JSON knows it. `promotion` is where the approvals come from: for a way back,
    the promotion that first brought the version here."""
    deployment = Deployment.objects.select_related(
        "version__prompt__project", "version__follows", "evaluation__policy", "by", "replaces__version", "replaces__by"
    ).get(pk=spell.went_live.deployment_id)
    version, promoted = deployment.version, _promotion_of(deployment)
    return {
        "prompt": {"title": version.prompt.title, "name": version.prompt.name, "project": version.prompt.project.name},
        "environment": placement.environment.name,
        "live_from": spell.live_from,
        "live_until": spell.live_until,
        "out_of_service": spell.reason if spell.gone else None,
        "version": _version(version),
        "deployment": _deployment(deployment),
        "promotion": _deployment(promoted) if promoted and promoted != deployment else None,
        "emergency": _emergency(promoted or deployment),
        "policy": _policy(deployment if promoted is None else promoted),
        "gates": (promoted or deployment).evaluation.answers,
        "decisions": _decisions(promoted or deployment),
        "jobs": _jobs(deployment),
        "replaced": _replaced(deployment),
        "since": _since(placement, deployment),
    }


def entries_about(placement: Placement, spell: Spell) -> list[Entry]:
    """The entries of the trail that speak of what `why_live` tells, oldest first."""
    deployment = Deployment.objects.select_related("version__prompt__project", "evaluation__policy").get(pk=spell.went_live.deployment_id)
    version, deployments = deployment.version, [d for d in (deployment, _promotion_of(deployment)) if d]
    uids = [
        version.prompt.uid,
        version.uid,
        *(d.uid for d in deployments),
        *(d.evaluation.policy.uid for d in deployments),
        *Review.objects.filter(version=version, environment=placement.environment).values_list("uid", flat=True),
        *PublishJob.objects.filter(deployment__in=deployments).values_list("uid", flat=True),
        *AfterReview.objects.filter(deployment__in=deployments).values_list("uid", flat=True),
        *version.prompt.drafts.filter(became=version).values_list("uid", flat=True),
        *placement.deployments.filter(sequence__gt=deployment.sequence).values_list("uid", flat=True),
    ]
    found = Entry.objects.filter(project_uid=version.prompt.project.uid, object_uid__in=uids)
    return list(found.exclude(action="audit.exported").order_by("sequence"))


def _promotion_of(deployment: Deployment) -> Deployment | None:
    """The deployment whose gates were asked: itself, or for a way back the last promotion of the same version before it."""
    if deployment.way != "rollback":
        return deployment
    earlier = Deployment.objects.filter(
        placement=deployment.placement_id, version=deployment.version_id, sequence__lt=deployment.sequence
    ).exclude(way="rollback")
    return earlier.select_related("version", "evaluation__policy", "by", "replaces__version").order_by("-sequence").first()


def _version(version: Version) -> Facts:
    notes = [(label, version.change_record[field]) for field, label in ChangeNote.Field.choices]
    return {
        "semver": version.semver,
        "uid": str(version.uid),
        "digest": version.digest,
        "follows": version.follows.semver if version.follows else None,
        "impact": version.impact,
        "impact_reasons": version.impact_reasons,
        "impact_reason": version.impact_reason,
        "origin": version.origin,
        "contributors": [person.name for person in version.people],
        "saved_by": version.created_by.name,
        "saved_at": version.created_at,
        "summary": version.summary,
        "record": [
            {"label": label, "notes": [{"text": n.text, "author": n.author.name, "at": n.created_at} for n in written]}
            for label, written in notes
        ],
    }


def _deployment(deployment: Deployment) -> Facts:
    return {
        "uid": str(deployment.uid),
        "by": deployment.by.name,
        "at": deployment.created_at,
        "through": DOORS.get(deployment.via, deployment.via),
        "way": deployment.way,
        "reason": deployment.reason,
    }


def _emergency(deployment: Deployment) -> Facts | None:
    """What a promotion in an emergency went past, and what somebody else said of it."""
    found = AfterReview.objects.with_everything().filter(deployment=deployment).first()
    if found is None:
        return None
    facts = {
        "uid": str(found.uid),
        "overridden": [outcome["title"] for outcome in deployment.evaluation.blocked],
        "due_at": found.due_at,
        "verdict": None,
    }
    if found.is_open:
        return facts
    said = found.conclusion
    return facts | {"verdict": said.get_verdict_display(), "words": said.words, "by": said.by.name, "at": said.at}


def _policy(deployment: Deployment) -> Facts:
    policy, environment = deployment.evaluation.policy, deployment.placement.environment
    previous = environment.previous
    return {
        "number": policy.number,
        "words": policy.rules.in_words(environment.name, previous.name if previous else None),
        "since": policy.created_at,
        "evaluated_at": deployment.evaluation.created_at,
    }


def _decisions(deployment: Deployment) -> list[Facts]:
    """Every decision on this version for this environment up to the deployment; `counted` are those that its gate named."""
    counted = {uid for outcome in deployment.evaluation.outcomes for uid in outcome["evidence"].get("decisions", [])}
    rows = Decision.objects.filter(
        review__version=deployment.version_id,
        review__environment=deployment.placement.environment_id,
        decided_at__lte=deployment.created_at,
    )
    rows = rows.select_related("person", "baseline", "review").prefetch_related("mentions__person")
    return [
        {
            "person": row.person.name,
            "role": ROLE_WORDS.get(row.role, row.role),
            "verdict": row.verdict,
            "words": row.get_verdict_display(),
            "comment": in_words(row),
            "baseline": row.baseline.semver if row.baseline else None,
            "at": row.decided_at,
            "review": str(row.review.uid),
            "counted": str(row.uid) in counted,
        }
        for row in rows.order_by("id")
    ]


def _jobs(deployment: Deployment) -> list[Facts]:
    jobs = deployment.jobs.select_related("target", "receipt", "excluded_by").order_by("target__name")
    return [_job(job) for job in jobs]


def _job(job: PublishJob) -> Facts:
    receipt = getattr(job, "receipt", None)
    facts: Facts = {"target": job.target.name, "state": job.state, "words": job.get_state_display(), "receipt": None}
    if job.state == PublishJob.State.EXCLUDED:
        facts |= {"excluded_by": job.excluded_by.name if job.excluded_by else "", "excluded_reason": job.excluded_reason}
    if receipt:
        facts["receipt"] = {
            "address": receipt.address,
            "remote_version": receipt.remote_version,
            "digest": receipt.digest,
            "rendition": receipt.rendition_seen,
            "as_approved": receipt.digest == receipt.version.digest and receipt.rendition_seen == receipt.rendition_expected,
            "adopted": receipt.adopted,
            "at": receipt.created_at,
        }
    return facts


def _replaced(deployment: Deployment) -> Facts | None:
    before = deployment.replaces
    return {"semver": before.version.semver, "by": before.by.name, "at": before.created_at, "uid": str(before.uid)} if before else None


def _since(placement: Placement, deployment: Deployment) -> list[Facts]:
    """What happened to it afterwards: later deployments here, and recalls of the version. Oldest first."""
    later = placement.deployments.filter(sequence__gt=deployment.sequence).with_state().select_related("version", "by")
    happened = [
        _happened(d.created_at, d.by.name, "rolled back to" if d.way == "rollback" else "sent", d.version.semver, d.reason, d.state)
        for d in later
    ]
    recalls = Recall.objects.filter(version=deployment.version, created_at__gte=deployment.created_at).select_related("by")
    happened += [_happened(r.created_at, r.by.name, "recalled", deployment.version.semver, r.reason, "recalled") for r in recalls]
    return sorted(happened, key=lambda each: each["at"])


def _happened(at: datetime, by: str, what: str, semver: str, reason: str, state: str) -> Facts:
    return {"at": at, "by": by, "what": what, "semver": semver, "reason": reason, "state": state}

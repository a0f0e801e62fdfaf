"""Everything that changed in one environment between two moments, as an auditor asks for it. A constant number of queries."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch

from promptstudio.accounts.models import User
from promptstudio.audit.models import Entry
from promptstudio.audit.services import words_of
from promptstudio.projects.models import Environment
from promptstudio.projects.rules import ROLE_WORDS
from promptstudio.prompts.models import Contributor, Prompt, Version
from promptstudio.reviews.models import Decision

from .models import Deployment, PublishJob, Recall
from .naming import in_words

KINDS = {"promotion": "sent", "rollback": "rolled_back", "emergency": "forced"}


@dataclass(frozen=True)
class Change:
    """`kind` is sent, forced (in an emergency), rolled_back, recalled or taken_out. `state` is that of the deployment today, else empty."""

    at: datetime
    kind: str
    prompt: Prompt
    by: str
    reason: str
    version: Version | None = None
    deployment: Deployment | None = None
    replaced: str = ""
    authors: list[str] = field(default_factory=list)
    approvals: list[str] = field(default_factory=list)
    gates: list[dict[str, Any]] = field(default_factory=list)
    jobs: list[PublishJob] = field(default_factory=list)

    @property
    def state(self) -> str:
        return self.deployment.state if self.deployment else ""


def changes(environment: Environment, since: datetime, until: datetime) -> list[Change]:
    """Newest first; `until` is not included."""
    found = [*_deployments(environment, since, until), *_recalls(environment, since, until), *_taken_out(environment, since, until)]
    return sorted(found, key=lambda change: change.at, reverse=True)


def _deployments(environment: Environment, since: datetime, until: datetime) -> list[Change]:
    rows = list(
        Deployment.objects.with_state()
        .filter(placement__environment=environment, created_at__gte=since, created_at__lt=until)
        .select_related("version__prompt__project", "by", "evaluation", "replaces__version")
        .prefetch_related(
            Prefetch("version__contributors", Contributor.objects.select_related("user").order_by("id")),
            Prefetch("jobs", PublishJob.objects.select_related("target", "receipt__version", "excluded_by").order_by("target__name")),
        )
    )
    approvals = _approvals(rows)
    answers = in_words(row.evaluation.outcomes for row in rows)
    return [
        Change(
            at=row.created_at,
            kind=KINDS[row.way],
            prompt=row.version.prompt,
            by=row.by.name,
            reason=row.reason,
            version=row.version,
            deployment=row,
            replaced=row.replaces.version.semver if row.replaces else "",
            authors=[contributor.user.name for contributor in row.version.contributors.all()],
            approvals=[approvals[uid] for uid in _decisions_of(row) if uid in approvals],
            gates=gates,
            jobs=list(row.jobs.all()),
        )
        for row, gates in zip(rows, answers, strict=True)
    ]


def _approvals(rows: Iterable[Deployment]) -> dict[str, str]:
    uids = {uid for row in rows for uid in _decisions_of(row)}
    decisions = Decision.objects.filter(uid__in=uids).select_related("person")
    return {str(decision.uid): f"{decision.person} ({ROLE_WORDS.get(decision.role, decision.role)})" for decision in decisions}


def _decisions_of(row: Deployment) -> list[str]:
    return [uid for outcome in row.evaluation.outcomes for uid in outcome["evidence"].get("decisions", [])]


def _recalls(environment: Environment, since: datetime, until: datetime) -> list[Change]:
    sent_here = Deployment.objects.filter(version=OuterRef("version"), placement__environment=environment)
    rows = Recall.objects.filter(Exists(sent_here), created_at__gte=since, created_at__lt=until)
    rows = rows.select_related("version__prompt__project", "by")
    return [
        Change(at=row.created_at, kind="recalled", prompt=row.version.prompt, by=row.by.name, reason=row.reason, version=row.version)
        for row in rows
    ]


def _taken_out(environment: Environment, since: datetime, until: datetime) -> list[Change]:
    """From the trail: a placement remembers only that it is out of service today."""
    entries = list(
        Entry.objects.filter(
            project_uid=environment.project.uid, action="prompt.taken_out_of_service", created_at__gte=since, created_at__lt=until
        )
    )
    entries = [entry for entry in entries if json.loads(entry.data).get("environment") == environment.slug]
    prompts = {p.uid: p for p in Prompt.objects.filter(uid__in=[e.object_uid for e in entries]).select_related("project")}
    people = dict(User.objects.filter(uid__in=[entry.actor_uid for entry in entries]).values_list("uid", "name"))
    words = words_of(entries)
    return [
        Change(
            at=entry.created_at,
            kind="taken_out",
            prompt=prompts[entry.object_uid],
            by=people.get(entry.actor_uid, "Somebody"),
            reason=words.get(entry.uid, {}).get("reason", ""),
        )
        for entry in entries
        if entry.object_uid in prompts
    ]

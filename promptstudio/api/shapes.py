"""Rows as the JSON of the public contract."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse

from promptstudio.deployments import board, gates
from promptstudio.deployments.live import receipt_json
from promptstudio.deployments.models import AfterReview, CriterionWatch, Deployment, PublishJob
from promptstudio.evaluations.models import Answer
from promptstudio.projects.models import Environment
from promptstudio.prompts.diff import CardDiff, Comparison, FieldChange
from promptstudio.prompts.models import ChangeNote, Contributor, Criterion, Prompt, Version
from promptstudio.prompts.templating import Rendered
from promptstudio.reviews.mentioning import in_words
from promptstudio.reviews.models import Review

from .problems import gates_json

STATES = {"behind": "live", "gone": "out_of_service"}


def answer(data: dict[str, Any], *, status: int = 200, location: str = "") -> HttpResponse:
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    response = HttpResponse(body, status=status, content_type="application/json")
    response.headers["Cache-Control"] = "private, no-store"
    if location:
        response.headers["Location"] = location
    return response


def prompts_json(prompts: Iterable[Prompt], environments: list[Environment], *, bound: bool) -> list[dict[str, Any]]:
    """`bound`: for a key of one environment, which learns of nothing but what that one serves."""
    return [_prompt_json(row, bound) for row in board.rows(prompts, environments)]


def _prompt_json(row: board.Row, bound: bool) -> dict[str, Any]:
    newest = row.cells[0].live if bound else row.newest
    prompt = row.prompt
    return {
        "id": str(prompt.uid),
        "name": prompt.name,
        "title": prompt.title,
        "kind": newest.bundle.kind if newest else "text",
        "status": "archived" if prompt.archived_at else "active" if newest else "empty",
        "folder": prompt.folder.path,
        "origin": prompt.origin,
        "newest": newest.semver if newest else None,
        "environments": {cell.environment.slug: _cell_json(cell, bound) for cell in row.cells},
        "created_at": prompt.created_at.isoformat(),
    }


def _cell_json(cell: board.Cell, bound: bool) -> dict[str, Any]:
    live = cell.live.semver if cell.live else None
    if bound and cell.state in ("publishing", "failed"):
        return {"semver": live, "state": "live" if live else "none", "live": live, "emergency": cell.emergency}
    served = live if cell.state != "gone" else None
    return {"semver": cell.semver or None, "state": STATES.get(cell.state, cell.state), "live": served, "emergency": cell.emergency}


def with_versions(versions: QuerySet[Any]) -> QuerySet[Any]:
    contributors = Prefetch("contributors", Contributor.objects.select_related("user").order_by("id"))
    notes = Prefetch("notes", ChangeNote.objects.order_by("id"))
    watches = Prefetch("watches", CriterionWatch.objects.select_related("run", "outcome__by").order_by("id"))
    criteria = Prefetch("criteria", Criterion.objects.select_related("environment", "person").prefetch_related(watches))
    return versions.select_related("prompt", "follows").prefetch_related(contributors, notes, criteria)


def versions_json(versions: Iterable[Version]) -> list[dict[str, Any]]:
    return [version_json(version) for version in versions]


def version_json(version: Version) -> dict[str, Any]:
    return {
        "id": str(version.uid),
        "name": version.prompt.name,
        "semver": version.semver,
        "digest": version.digest,
        "impact": version.impact,
        "computed_impact": version.computed_impact,
        "impact_reasons": version.impact_reasons,
        "impact_reason": version.impact_reason,
        "follows": version.follows.semver if version.follows else None,
        "origin": version.origin,
        "bundle": version.bundle.as_json(),
        "change": {"summary": version.summary, **{field: _noted(version, field) for field in ChangeNote.Field.values}},
        "criteria": [_criterion_json(criterion) for criterion in version.criteria.all()],
        "contributors": [contributor.user.name for contributor in version.contributors.all()],
        "created_at": version.created_at.isoformat(),
        "authored_at": _moment(version.authored_at),
    }


def _criterion_json(criterion: Criterion) -> dict[str, Any]:
    return {
        "id": str(criterion.uid),
        "metric": criterion.metric,
        "direction": criterion.direction,
        "threshold": float(criterion.threshold) if criterion.threshold is not None else None,
        "suite": criterion.suite_name or None,
        "person": criterion.person.name if criterion.person else None,
        "question": criterion.question,
        "days": criterion.days,
        "environment": criterion.environment.slug,
        "in_words": criterion.in_words,
        "checks": [_check_json(watch) for watch in criterion.watches.all()],
    }


def _check_json(watch: CriterionWatch) -> dict[str, Any]:
    outcome = getattr(watch, "outcome", None)
    return {
        "opened_at": watch.opened_at.isoformat(),
        "ends_at": watch.ends_at.isoformat(),
        "state": watch.state,
        "value": float(outcome.value) if outcome and outcome.value is not None else None,
        "reason": outcome.sentence if outcome else watch.error,
        "words": outcome.words if outcome else "",
        "by": outcome.by.name if outcome else None,
        "run": str(watch.run.uid) if watch.run else None,
        "closed_at": _moment(watch.closed_at),
    }


def _noted(version: Version, field: str) -> str:
    return "\n\n".join(note.text for note in version.notes.all() if note.field == field)


def with_jobs(deployments: QuerySet[Any]) -> QuerySet[Any]:
    jobs = Prefetch("jobs", PublishJob.objects.select_related("target", "receipt"))
    related = ("version", "by", "replaces", "placement__prompt", "placement__environment", "evaluation", "after_review__conclusion")
    return deployments.select_related(*related).prefetch_related(jobs)


def deployments_json(deployments: Iterable[Any]) -> list[dict[str, Any]]:
    return [deployment_json(deployment) for deployment in deployments]


def deployment_json(deployment: Any) -> dict[str, Any]:
    """Of a row that `with_state()` and `with_jobs` prepared."""
    return {
        "id": str(deployment.uid),
        "name": deployment.placement.prompt.name,
        "environment": deployment.placement.environment.slug,
        "semver": deployment.version.semver,
        "digest": deployment.version.digest,
        "state": deployment.state,
        "way": deployment.way,
        "reason": deployment.reason,
        "by": deployment.by.name,
        "via": deployment.via,
        "replaces": str(deployment.replaces.uid) if deployment.replaces else None,
        "created_at": deployment.created_at.isoformat(),
        "overridden": [outcome["gate"] for outcome in deployment.evaluation.blocked],
        "after_review": _after_review_json(getattr(deployment, "after_review", None)),
        "jobs": [_job_json(job) for job in deployment.jobs.all()],
    }


def _after_review_json(after_review: AfterReview | None) -> dict[str, Any] | None:
    if after_review is None:
        return None
    return {"verdict": None if after_review.is_open else after_review.conclusion.verdict, "due_at": after_review.due_at.isoformat()}


def made(deployment: Deployment) -> HttpResponse:
    row = with_jobs(Deployment.objects.with_state()).get(pk=deployment.pk)
    return answer(deployment_json(row), status=201, location=f"/api/v1/deployments/{row.uid}")


def _job_json(job: PublishJob) -> dict[str, Any]:
    receipt = getattr(job, "receipt", None)
    return {
        "target": job.target.name,
        "state": job.state,
        "attempts": job.attempts_made,
        "receipt": receipt_json(receipt) if receipt else None,
        "error": job.error or None,
        "error_code": job.error_code or None,
        "next_attempt_at": _moment(job.next_attempt_at) if job.state == PublishJob.State.OWED else None,
    }


def review_json(review: Review) -> dict[str, Any]:
    outcomes = gates.evaluate(gates.candidate_for(review.version, review.environment))
    return {
        "id": str(review.uid),
        "prompt": review.version.prompt.name,
        "version": review.version.semver,
        "environment": review.environment.slug,
        "state": "open" if review.is_open else review.outcome,
        "note": review.note,
        "asked_by": review.asked_by.name,
        "asked_at": review.asked_at.isoformat(),
        "closed_at": _moment(review.closed_at),
        "decisions": [
            {
                "person": decision.person.name,
                "role": decision.role,
                "verdict": decision.verdict,
                "comment": in_words(decision),
                "baseline": decision.baseline.semver if decision.baseline else None,
                "decided_at": decision.decided_at.isoformat(),
            }
            for decision in review.decisions.select_related("person", "baseline").prefetch_related("mentions__person")
        ],
        "gates": gates_json([outcome.as_json() for outcome in outcomes]),
    }


def requests_json(requests: Iterable[Any]) -> list[dict[str, Any]]:
    """Of rows that `with_state` and `with_everything` prepared."""
    return [_request_json(asked) for asked in requests]


def _request_json(asked: Any) -> dict[str, Any]:
    texts = ("title", "state", "wanted", "audience", "given")
    moments = ("sent_back_at", "confirmed_at", "declined_at")
    return {
        "id": str(asked.uid),
        **{name: getattr(asked, name) for name in texts},
        "answers": [{name: getattr(each, name) for name in ("good", "name", "given", "text", "why")} for each in asked.answers.all()],
        "due_on": asked.due_on.isoformat() if asked.due_on else None,
        "folder": asked.place.path,
        "prompt": asked.prompt.name if asked.prompt else None,
        "version": asked.version.semver if asked.version else None,
        "asked_by": asked.asked_by.name,
        "asked_at": asked.asked_at.isoformat(),
        "owner": asked.owner.name if asked.owner else None,
        **{name: _moment(getattr(asked, name)) for name in moments},
    }


def answers_json(rows: Iterable[Answer]) -> list[dict[str, Any]]:
    """Of rows with their prompt, version and wording."""
    return [_answer_json(row) for row in rows]


def _answer_json(row: Answer) -> dict[str, Any]:
    same = (
        "state",
        "model",
        "address",
        "stop_reason",
        "input_tokens",
        "output_tokens",
        "latency_ms",
        "request_id",
        "emulated",
        "error_code",
    )
    return {
        "id": str(row.uid),
        "prompt": row.prompt.name,
        "version": row.version.semver if row.version else None,
        "digest": row.wording.digest,
        "inference": row.wording.bundle.inference.model_dump(mode="json"),
        **{name: getattr(row, name) for name in same},
        "cost": None if row.cost is None else float(row.cost),
        "round": str(row.round),
        "asked_at": row.asked_at.isoformat(),
        "ended_at": _moment(row.ended_at),
    }


def render_json(version: Version, environment: Environment | None, rendered: Rendered) -> dict[str, Any]:
    bundle = version.bundle.as_json()
    return {
        "name": version.prompt.name,
        "environment": environment.slug if environment else None,
        "semver": version.semver,
        "digest": version.digest,
        "system": rendered.system,
        "messages": [{"role": message.role, "text": message.text} for message in rendered.messages],
        **{field: bundle[field] for field in ("model", "inference", "tools", "tool_choice", "output_schema", "extra_model_fields")},
    }


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    return {
        "sentence": comparison.sentence,
        "differs": comparison.differs,
        "changes": comparison.changes,
        "cards": [_card_json(card) for card in comparison.cards],
        "variables": _fields_json(comparison.variables),
        "settings": _fields_json(comparison.settings),
        "tools": _fields_json(comparison.tools),
        "output_schema": _fields_json(comparison.schema),
        "same_settings": comparison.same_settings,
    }


def _card_json(card: CardDiff) -> dict[str, Any]:
    heads = ("place", "role", "old_role", "old_index", "new_index", "is_new", "is_removed", "moved", "changes")
    rows = [
        {
            "kind": row.kind,
            "old_no": row.old_no,
            "new_no": row.new_no,
            "old": [span._asdict() for span in row.old],
            "new": [span._asdict() for span in row.new],
        }
        for row in card.rows
    ]
    return {**{head: getattr(card, head) for head in heads}, "rows": rows}


def _fields_json(changes: list[FieldChange]) -> list[dict[str, str]]:
    return [{"label": c.label, "name": c.name, "old": c.old, "new": c.new, "word": c.word, "note": c.note} for c in changes]


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None

"""What the API says of prompts, versions and what became of them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from promptstudio.prompts.bundle import Bundle


class GateAnswer(Schema):
    gate: str
    title: str
    passed: bool
    reason: str


class Problem(Schema):
    """RFC 9457. `errors` maps fields to sentences (422), `gates` says which refused (409), `conflict` who was faster (409)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: dict[str, str] | None = None
    gates: list[GateAnswer] | None = None
    conflict: dict[str, Any] | None = None


class InEnvironment(Schema):
    """`state` is live, publishing, failed, out_of_service or none. `semver` is the version it is about, `live` the one served."""

    semver: str | None
    state: str
    live: str | None
    emergency: bool = Field(description="What is live came past the conditions.")


class PromptOut(Schema):
    id: UUID
    name: str
    title: str
    kind: str
    status: str = Field(description="empty (no version yet), active or archived")
    folder: str
    origin: str
    newest: str | None
    environments: dict[str, InEnvironment]
    created_at: datetime


class ChangeOut(Schema):
    summary: str
    expected_impact: str
    validation_criteria: str


class CriterionCheck(Schema):
    """One time that the version was live there. `value` is in the metric's unit: %, US dollars, seconds; a score is from 0 to 1."""

    opened_at: datetime
    ends_at: datetime
    state: str = Field(description="waiting, asked (a person), confirmed, missed or no_data")
    value: float | None
    reason: str
    words: str
    by: str | None
    run: UUID | None
    closed_at: datetime | None


class CriterionOut(Schema):
    """How the change will be known to have worked: measured by a suite, or asked of a person."""

    id: UUID
    metric: str
    direction: str
    threshold: float | None
    suite: str | None
    person: str | None
    question: str
    days: int
    environment: str
    in_words: str
    checks: list[CriterionCheck]


class VersionOut(Schema):
    id: UUID
    name: str
    semver: str
    digest: str
    impact: str
    computed_impact: str
    impact_reasons: list[str]
    impact_reason: str
    follows: str | None
    origin: str
    bundle: Bundle
    change: ChangeOut
    criteria: list[CriterionOut]
    contributors: list[str]
    created_at: datetime
    authored_at: datetime | None


class ReceiptOut(Schema):
    target: str
    arn: str
    remote_version: str
    digest: str
    rendition: str


class LiveOut(Schema):
    name: str
    environment: str
    semver: str
    digest: str
    bundle: Bundle
    deployed_at: datetime
    receipts: list[ReceiptOut]


class LiveAtOut(LiveOut):
    """What was served at the moment that `at` named. `live_until` is null when it still is."""

    live_from: datetime
    live_until: datetime | None


class JobOut(Schema):
    target: str
    state: str
    attempts: int
    receipt: ReceiptOut | None
    error: str | None
    error_code: str | None
    next_attempt_at: datetime | None


class AfterReviewOut(Schema):
    """`verdict` is justified or not_justified; null while nobody has looked at it."""

    verdict: str | None
    due_at: datetime


class DeploymentOut(Schema):
    """`way` is promotion, rollback or emergency. `overridden` names the gates that an emergency went past."""

    id: UUID
    name: str
    environment: str
    semver: str
    digest: str
    state: str
    way: str
    reason: str
    by: str
    via: str
    replaces: UUID | None
    created_at: datetime
    overridden: list[str]
    after_review: AfterReviewOut | None
    jobs: list[JobOut]


class ScheduleOut(Schema):
    """`state` is waiting, promoted, refused or cancelled; `because` is blocked, overtaken, not_allowed, conflict or broken."""

    id: UUID
    name: str
    environment: str
    semver: str
    at: datetime
    zone: str
    state: str
    reason: str
    by: str
    because: str | None
    detail: str | None
    gates: list[GateAnswer]
    deployment: UUID | None
    created_at: datetime
    settled_at: datetime | None


class ReleaseItemOut(Schema):
    name: str
    semver: str
    deployment: UUID | None
    way_back: UUID | None


class ReleaseOut(Schema):
    """`state` is open, promoted, rolled_back or withdrawn. `hidden` counts prompts that this key does not read."""

    id: UUID
    name: str
    environment: str
    state: str
    by: str
    created_at: datetime
    settled_at: datetime | None
    items: list[ReleaseItemOut]
    hidden: int


class DecisionOut(Schema):
    person: str
    role: str
    verdict: str
    comment: str
    baseline: str | None
    decided_at: datetime


class ReviewOut(Schema):
    id: UUID
    prompt: str
    version: str
    environment: str
    state: str
    note: str
    asked_by: str
    asked_at: datetime
    closed_at: datetime | None
    decisions: list[DecisionOut]
    gates: list[GateAnswer]


class WantedAnswer(Schema):
    """An answer that the asker would be glad of (`good`), or one that must not come, to what is `given`."""

    good: bool
    name: str
    given: str
    text: str
    why: str


class RequestOut(Schema):
    """`prompt` is null before somebody has begun to write; `version` is what is said to answer it now."""

    id: UUID
    title: str
    state: str = Field(description="asked, being_written, back_with_asker, confirmed, in_review, live or declined")
    wanted: str
    audience: str
    given: str
    answers: list[WantedAnswer]
    due_on: date | None
    folder: str
    prompt: str | None
    version: str | None
    asked_by: str
    asked_at: datetime
    owner: str | None
    sent_back_at: datetime | None
    confirmed_at: datetime | None
    declined_at: datetime | None


class RenderedMessage(Schema):
    role: str
    text: str


class RenderOut(Schema):
    name: str
    environment: str | None
    semver: str
    digest: str
    system: str
    messages: list[RenderedMessage]
    model: str
    inference: dict[str, Any]
    tools: list[dict[str, Any]]
    tool_choice: str | None
    output_schema: dict[str, Any] | None
    extra_model_fields: dict[str, Any]


class SpanOut(Schema):
    text: str
    kind: str


class RowOut(Schema):
    kind: str
    old_no: int | None
    new_no: int | None
    old: list[SpanOut]
    new: list[SpanOut]


class CardOut(Schema):
    place: str
    role: str
    old_role: str
    old_index: int | None
    new_index: int | None
    is_new: bool
    is_removed: bool
    moved: bool
    changes: int
    rows: list[RowOut]


class FieldOut(Schema):
    label: str
    name: str
    old: str
    new: str
    word: str
    note: str


class SideOut(Schema):
    address: str
    semver: str | None
    digest: str | None


class ComparisonOut(Schema):
    name: str
    old: SideOut
    new: SideOut
    sentence: str
    differs: bool
    changes: int
    cards: list[CardOut]
    variables: list[FieldOut]
    settings: list[FieldOut]
    tools: list[FieldOut]
    output_schema: list[FieldOut]
    same_settings: int


class Prompts(Schema):
    items: list[PromptOut]
    next: str | None


class Versions(Schema):
    items: list[VersionOut]
    next: str | None


class Deployments(Schema):
    items: list[DeploymentOut]
    next: str | None


class Releases(Schema):
    items: list[ReleaseOut]
    next: str | None


class Requests(Schema):
    items: list[RequestOut]
    next: str | None

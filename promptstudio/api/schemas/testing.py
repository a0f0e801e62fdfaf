"""What the API says of answers, suites and runs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import Field


class AnswerOut(Schema):
    """`version` is null for a draft; `digest` is of the bundle in any case. `cost` is in US dollars. `round` is a run, where it was one."""

    id: UUID
    prompt: str
    version: str | None
    digest: str
    inference: dict[str, Any]
    state: str = Field(description="waiting, answered or failed")
    model: str
    address: str = Field(description="Where a published version was called; else empty.")
    stop_reason: str
    input_tokens: int | None
    output_tokens: int | None
    latency_ms: int | None
    request_id: str
    emulated: bool
    error_code: str
    cost: float | None
    round: UUID
    asked_at: datetime
    ended_at: datetime | None


class SuiteOut(Schema):
    """`cases` and `proves_nothing` (a sentence for each case that no answer could fail) are those of its newest version."""

    id: UUID
    name: str
    required: bool
    version: int
    cases: int
    proves_nothing: list[str]


class Counts(Schema):
    """Of cases. One that was asked several times is what more than half of its answers say."""

    total: int
    passed: int
    failed: int
    unknown: int
    waiting: int


class RunOut(Schema):
    """`semver` is null for a draft, `draft` for a version. `cost` is in US dollars, null where no price is known."""

    id: UUID
    prompt: str
    suite: str
    suite_version: int
    semver: str | None
    draft: UUID | None
    environment: str | None
    digest: str
    model: str
    repeats: int
    state: str = Field(description="running or ended")
    outcome: str = Field(description="passed, failed, unknown (could not be told) or waiting. It may be known before the run ends.")
    counts: Counts
    cost: str | None
    proves_nothing: list[str]
    by: str
    created_at: datetime


class CaseOut(Schema):
    """`answers` counts how each time came out. `was_run` is false where the model was not asked."""

    id: str
    name: str
    outcome: str
    was_run: bool
    answers: dict[str, int]
    reasons: list[str]
    seconds: float


class RunWithCases(RunOut):
    cases: list[CaseOut]


class Answers(Schema):
    items: list[AnswerOut]
    next: str | None


class Suites(Schema):
    items: list[SuiteOut]


class Runs(Schema):
    items: list[RunOut]
    next: str | None

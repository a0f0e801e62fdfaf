"""What the API is sent."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema

from promptstudio.prompts.soundness import problem_of


def _storable(text: str) -> str:
    if problem := problem_of({"text": text}):
        raise ValueError(problem.sentence)
    return text


Text = Annotated[str, AfterValidator(_storable)]
# Read leniently, so that the service says at each place what is wrong; `routes.documentation` describes what it must be.
BundleBody = Annotated[Any, WithJsonSchema({"type": "object"})]


class Body(Schema):
    model_config = ConfigDict(extra="forbid")


class NewPrompt(Body):
    title: Text
    name: Text = Field("", description="Segments of small letters and digits, joined by /. Without one, it is made from the title.")
    folder: Text = Field("", description="Where it stands in the library, with / between levels. Empty is the top.")


class PromptChange(Body):
    title: Text | None = None
    folder: Text | None = None


class ChangeBody(Body):
    summary: Text = ""
    expected_impact: Text = ""
    validation_criteria: Text = ""


class NewVersion(Body):
    bundle: BundleBody
    change: ChangeBody = ChangeBody()
    impact: Text = Field("", description="breaking, feature or fix; computed when left out. It may be raised freely.")
    impact_reason: Text = Field("", description="Needed when `impact` is less than the computed one.")


class NewDeployment(Body):
    environment: Text
    version: Text
    reason: Text = ""
    replaces: UUID | None = Field(
        None,
        description="The newest deployment that you saw there, null for “nothing was there”. Refused with 409 when another came since.",
    )


class NewSchedule(NewDeployment):
    at: datetime = Field(description="When, with its offset from UTC: 2026-12-03T07:00:00+01:00.")
    zone: Text = Field("UTC", description="The time zone in which people read it, such as Europe/Berlin.")


class VersionOf(Body):
    prompt: Text
    version: Text


class NewRelease(Body):
    name: Text
    environment: Text
    versions: list[VersionOf] = Field(description="One version of each prompt that goes with it.")


class PromoteRelease(Body):
    reason: Text = ""


class RollBackRelease(Body):
    reason: Text


class RollbackBody(Body):
    environment: Text
    reason: Text = ""
    version: Text | None = Field(None, description="An earlier version that was live there; without it, the one before.")


class NewReview(Body):
    prompt: Text
    version: Text
    environment: Text
    note: Text = ""


class RenderBody(Body):
    environment: Text | None = None
    version: Text | None = Field(None, description="A version, or with `environment` also a range such as ^2.")
    variables: dict[str, Any] = {}


class NewRun(Body):
    """On `version`, on what is live in `environment`, or on `draft`; else on the newest version, or what the key's environment serves."""

    suite: Text
    version: Text | None = None
    environment: Text | None = None
    draft: UUID | None = None
    model: Text = Field("", description="Asked in place of the prompt's own.")
    repeats: int = Field(1, description="How often each case is asked; the majority counts.")
    most: Decimal | None = Field(None, description="Stops before it would cost more: US dollars. A model without known prices takes none.")
    id: UUID | None = Field(
        None, description="Chosen by you, new for each run: sent twice, it is one run. Without it, every request is one."
    )

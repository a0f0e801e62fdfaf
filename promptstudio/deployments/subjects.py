"""What a suite is run on, as a pipeline names it: a version, what is live somewhere, or a draft."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from promptstudio.lib.errors import Invalid
from promptstudio.projects.models import Environment
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.freezing import freeze
from promptstudio.prompts.models import Draft, Prompt, Version

from .models import Placement


@dataclass(frozen=True)
class Subject:
    bundle: Bundle
    label: str
    version: Version | None = None
    draft: Draft | None = None
    environment: Environment | None = None

    @property
    def asked(self) -> dict[str, Any]:
        """As `start_run` takes it."""
        return {name: getattr(self, name) for name in ("bundle", "label", "version", "draft", "environment")}


def of_version(version: Version) -> Subject:
    return Subject(version.bundle, version.semver, version=version)


def newest_of(prompt: Prompt) -> Subject:
    """Raises Invalid where there is none."""
    if prompt.newest is None:
        raise Invalid({"version": f"{prompt.name} has no version yet. Save one, or name a draft."})
    return of_version(prompt.newest)


def live_in(environment: Environment, prompt: Prompt) -> Subject:
    """Raises Invalid where nothing is live."""
    placement = Placement.objects.filter(prompt=prompt, environment=environment).select_related("live__version").first()
    version = placement.live_version if placement else None
    if version is None:
        raise Invalid({"environment": f"Nothing of {prompt.name} is live in {environment.slug}."})
    return live_on(version, environment)


def live_on(version: Version, environment: Environment) -> Subject:
    """Of a version that is known to be live there."""
    return Subject(version.bundle, f"{version.semver}, live in {environment}", version=version, environment=environment)


def of_draft(prompt: Prompt, uid: UUID) -> Subject:
    """Raises Invalid for one that is not open, or too unfinished to be asked with."""
    draft = Draft.objects.open().filter(prompt=prompt, uid=uid).select_related("created_by").first()
    if draft is None:
        raise Invalid({"draft": f"{prompt.name} has no open draft with this id."})
    try:
        return Subject(freeze(prompt, draft.content).bundle, "Draft", draft=draft)
    except Invalid as error:
        raise Invalid({"draft": f"The draft is not finished enough yet. {error.sentence}"}) from None

"""What the gates answer, in the one shape in which every page shows it, and how a page keeps it up to date."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.urls import reverse

from promptstudio.deployments.gates import Outcome
from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Version

Answer = Outcome | dict[str, Any]


@dataclass(frozen=True)
class Checklist:
    """`gates` have gate, title, passed and reason. At `url` it is told again; nothing stands there where nobody waits for a change."""

    gates: list[dict[str, Any]]
    url: str = ""
    # Where the cases stand that got worse.
    cases_url: str = ""

    @cached_property
    def open(self) -> int:
        return sum(not gate["passed"] for gate in self.gates)

    @property
    def heading(self) -> str:
        if not self.open:
            return "Every condition is met"
        return f"{self.open} of {len(self.gates)} conditions {'is' if self.open == 1 else 'are'} open"

    @cached_property
    def mark(self) -> str:
        """By which a page says what it shows, so that it is answered only when something changed."""
        told = [[gate[name] for name in ("gate", "passed", "reason")] for gate in self.gates]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def checklist(answers: Iterable[Answer], version: Version, environment: Environment, *, is_asked_again: bool = True) -> Checklist:
    """What they answered for `version` in front of `environment`; a page asks for it again while somebody may wait for a change."""
    gates = [answer.as_json() if isinstance(answer, Outcome) else answer for answer in answers]
    place = [version.prompt.project.slug, version.prompt.name, environment.slug, version.semver]
    url = reverse("prompt_conditions", args=place) if is_asked_again else ""
    return Checklist(gates, url, reverse("prompt_beside_live", args=place))

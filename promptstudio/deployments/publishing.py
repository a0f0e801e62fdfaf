"""The port that publishers implement, and what passes through it. Knows no vendor."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from promptstudio.prompts.bundle import Bundle


class PublishFailed(Exception):
    """A target refused or could not be reached. A permanent one is not tried again by itself; `sentence` is shown to people."""

    def __init__(self, sentence: str, *, code: str, permanent: bool) -> None:
        super().__init__(sentence)
        self.sentence, self.code, self.permanent = sentence, code, permanent


class Overtaken(Exception):
    """This publication may write no more: a newer deployment was made, or another worker holds the lease."""


@dataclass(frozen=True)
class Known:
    """A remote version that Studio made. `stays_because` is empty when it may be removed to make room."""

    remote_version: str
    version_uid: UUID
    semver: str
    digest: str
    stays_because: str


@dataclass(frozen=True)
class Order:
    """Everything a publisher needs to pay one job. `remote_id` is empty until the remote resource exists."""

    job_uid: UUID
    resource_uid: UUID
    remote_id: str
    remote_name: str
    project: str
    environment: str
    prompt: str
    title: str
    version_uid: UUID
    semver: str
    digest: str
    bundle: Bundle
    settings: dict[str, Any]
    known: Sequence[Known]
    attempt: int
    tried_before: bool


class Desk(Protocol):
    """What a publisher may ask while it works."""

    def may_write(self) -> None:
        """Ask before each remote write. Raises Overtaken; otherwise the lease lasts for one more call."""

    def remember(self, remote_id: str) -> None:
        """Keep the remote resource's id at once, so that a crash does not make a second one."""

    def wait_for_budget(self, name: str, *, per_second: float) -> None:
        """Sleep until one more call fits the rate that all workers share under `name`."""


@dataclass(frozen=True)
class Published:
    """What stands at the target now. `rendition_*` are SHA-256 of the canonical remote body, as expected and as read back."""

    remote_id: str
    remote_version: str
    address: str
    digest: str
    rendition_expected: str
    rendition_seen: str
    adopted: bool = False


@dataclass(frozen=True)
class Question:
    """What a place is asked about: the remote version of one receipt, and what was read back when it was confirmed."""

    uid: UUID
    settings: dict[str, Any]
    remote_id: str
    remote_version: str
    digest: str
    rendition: str


@dataclass(frozen=True)
class Standing:
    """What stands there today. `sentence` says how it differs."""

    agrees: bool
    sentence: str = ""


@dataclass(frozen=True)
class Checked:
    """Whether a place answered when somebody asked, and what to tell them."""

    answered: bool
    sentence: str


class Publisher(Protocol):
    def check_settings(self, settings: dict[str, Any]) -> dict[str, str]:
        """What is wrong with the settings of a target: name of a setting to a sentence. Looks at them alone, and calls nobody."""

    def publish(self, order: Order, desk: Desk) -> Published:
        """Make the remote version, or adopt the one that is there, and read it back. Raises PublishFailed or Overtaken."""

    def inspect(self, question: Question, desk: Desk) -> Standing:
        """Read what stands at the target and write nothing. Raises PublishFailed when it could not be asked."""

    def check(self, settings: dict[str, Any]) -> str:
        """Ask the place of these settings for something cheap; a person waits for the sentence. Raises PublishFailed."""


@cache
def publisher_for(kind: str) -> Publisher:
    return import_string(settings.PUBLISHERS[kind])()

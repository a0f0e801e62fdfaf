"""Publishing to Amazon Bedrock Prompt Management: one prompt for each placement, one numbered version for each Studio version.

Bedrock has no precondition for writes and a version is a copy of whatever DRAFT holds at that moment, so each step looks
before it writes, and nothing is published that was not read back.
"""

import time
from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from botocore.exceptions import BotoCoreError, ClientError

from promptstudio.deployments.publishing import Desk, Known, Order, Published, PublishFailed, Question, Standing

from .client import Connections, Remote, account_of
from .errors import GONE, QUOTA, failure_of, for_a_person
from .rendition import (
    DIGEST,
    RESOURCE_TAG,
    VERSION_UID,
    body_for,
    check_portable,
    metadata_of,
    rendition_of,
    tags_for,
    version_fields,
)
from .target_settings import problems_of

# https://docs.aws.amazon.com/general/latest/gr/bedrock.html: versions per prompt, not adjustable.
MAX_VERSIONS = 10
# Bedrock promises nothing about when a new version can be read.
PATIENCE_SECONDS = 10.0
TRIES_AT_A_TOKEN = 10
CHECK_SECONDS = 8.0


class BedrockPublisher:
    """The Publisher of targets of the kind `bedrock`. Their settings: `region`, `role_arn`, `external_id`, each optional."""

    def __init__(self) -> None:
        self._connections = Connections()

    def check_settings(self, settings: dict[str, Any]) -> dict[str, str]:
        return problems_of(settings)

    def publish(self, order: Order, desk: Desk) -> Published:
        check_portable(order.bundle)
        client = self._connections.client_for(order.settings, job_uid=order.job_uid)
        return _Publication(order, desk, Remote(client, account=account_of(order.settings), desk=desk)).run()

    def inspect(self, question: Question, desk: Desk) -> Standing:
        client = self._connections.client_for(question.settings, job_uid=question.uid)
        remote = Remote(client, account=account_of(question.settings), desk=desk)
        seen = remote.find("GetPrompt", promptIdentifier=question.remote_id, promptVersion=question.remote_version)
        if seen is None:
            return Standing(False, f"Version {question.remote_version} is not there any more: somebody deleted it at Bedrock.")
        if metadata_of(seen).get(DIGEST) != question.digest or rendition_of(seen) != question.rendition:
            return Standing(False, f"Version {question.remote_version} at Bedrock is not what was confirmed when it was published.")
        return Standing(True)

    def check(self, settings: dict[str, Any]) -> str:
        """By ListPrompts, which every publication may have to call as well. One try, at most CHECK_SECONDS for each call."""
        try:
            # Connections of its own: those that publish wait longer than a person in front of a page does.
            client = Connections(patience=CHECK_SECONDS).client_for(settings, job_uid=uuid4())
            client.list_prompts(maxResults=1)
        except (ClientError, BotoCoreError) as error:
            raise for_a_person(failure_of(error, operation="ListPrompts")) from error
        except PublishFailed as failure:
            raise for_a_person(failure) from failure
        return (
            f"Bedrock in {client.meta.region_name} answered, and Prompt Studio may read prompts there. "
            "Whether it may write as well shows at the first publication."
        )


class _Publication:
    """One try to pay one order."""

    def __init__(self, order: Order, desk: Desk, remote: Remote) -> None:
        self.order, self.desk, self.remote = order, desk, remote
        self.body = body_for(order)
        self.expected = rendition_of(self.body)
        self.known = {known.remote_version: known for known in order.known}
        self.prompt_id = ""

    def run(self) -> Published:
        versions = self._find_prompt()
        if versions is None:
            self._create_prompt()
            return self._cut_version()
        if adopted := self._adopted(versions):
            return adopted
        self._update_draft()
        if len(versions) >= MAX_VERSIONS:
            self._make_room(versions)
        return self._cut_version()

    def _find_prompt(self) -> list[str] | None:
        """The versions of the prompt that this order writes to; None where there is no prompt yet."""
        self.prompt_id = self.order.remote_id
        if self.prompt_id and (versions := self._versions()) is not None:
            return versions
        if self.prompt_id:
            # It was deleted at Bedrock, and with it everything that the receipts speak of.
            self.known = {}
        if self.order.tried_before and (found := self._lost_prompt()):
            self.prompt_id = found
            self.desk.remember(found)
            return self._versions() or []
        return None

    def _lost_prompt(self) -> str:
        """The prompt that an earlier try made without hearing the answer. The tag decides; the name says where to look first."""
        prompts = [summary for page in self.remote.pages("ListPrompts") for summary in page["promptSummaries"]]
        for summary in sorted(filter(self._may_be_ours, prompts), key=lambda prompt: prompt["name"] != self.order.remote_name):
            if self._is_tagged(summary["arn"]):
                return str(summary["id"])
        return ""

    def _is_tagged(self, arn: str) -> bool:
        answer = self.remote.find("ListTagsForResource", resourceArn=arn) or {}
        return bool(answer.get("tags", {}).get(RESOURCE_TAG) == str(self.order.resource_uid))

    def _may_be_ours(self, summary: dict[str, Any]) -> bool:
        # Another placement's prompt ends in other digits: an account full of ours is not asked for each one's tags.
        name, _, ending = summary["name"].rpartition("-")
        other = bool(name) and len(ending) == 8 and set(ending) <= set("0123456789abcdef")
        # The prompt may have been renamed since the try; its digits stay.
        return not other or ending == self.order.remote_name.rpartition("-")[2]

    def _create_prompt(self) -> None:
        # One token for one resource, whatever version comes first: two workers must never make two prompts. The id of one that
        # was deleted at Bedrock is part of it, else Bedrock would answer with that one again.
        token = _token(self.order.resource_uid, "prompt", self.prompt_id)
        made = self.remote.write("CreatePrompt", **self.body, tags=tags_for(self.order), clientToken=token)
        self.prompt_id = made["id"]
        self.desk.remember(self.prompt_id)
        if rendition_of(made) != self.expected:
            # The answer to an earlier request with this token, perhaps for an earlier version.
            self._update_draft()

    def _update_draft(self) -> None:
        draft = self.remote.write("UpdatePrompt", promptIdentifier=self.prompt_id, **self.body)
        if rendition_of(draft) != self.expected:
            # A version of it could never be confirmed, and trying again would change nothing.
            sentence = (
                "Bedrock keeps this prompt differently from how it was sent, so nothing was published. Tell whoever runs Prompt Studio."
            )
            raise PublishFailed(sentence, code="kept_differently", permanent=True)

    def _adopted(self, versions: Sequence[str]) -> Published | None:
        """The remote version that already holds this one: published earlier, or made by a try that never heard so."""
        for version in reversed(versions):
            known = self.known.get(version)
            if known and known.version_uid != self.order.version_uid:
                continue
            seen = self._read(version)
            if seen and self._is_right(seen):
                return self._published(seen, adopted=True)
        return None

    def _make_room(self, versions: Sequence[str]) -> None:
        """Delete the oldest version that may go. Raises PublishFailed with what each one stays for."""
        reasons = []
        for version in versions:
            reason = self._stays_because(version)
            if not reason:
                self._delete(version)
                return
            reasons.append(f"{self._named(version)}: {reason}")
        sentence = f"Bedrock holds at most {MAX_VERSIONS} versions of a prompt, and none of these can be removed. {'; '.join(reasons)}."
        raise PublishFailed(sentence, code="no_room", permanent=True)

    def _stays_because(self, version: str) -> str:
        known = self.known.get(version)
        if known is None:
            return (
                "Prompt Studio made it, but has no receipt of it" if self._carries_our_tag(version) else "it was not made by Prompt Studio"
            )
        if known.stays_because:
            return known.stays_because
        if known.version_uid == self.order.version_uid:
            return "it is on its way"
        # A number alone proves nothing.
        seen = self._read(version)
        if seen and not _holds(seen, known):
            return "it does not hold what Prompt Studio published under this number"
        return ""

    def _carries_our_tag(self, version: str) -> bool:
        # Metadata proves nothing here: whoever cuts a version of DRAFT by hand copies it.
        seen = self._read(version)
        return seen is not None and self._is_tagged(seen["arn"])

    def _named(self, version: str) -> str:
        known = self.known.get(version)
        return f"{version} ({known.semver})" if known else version

    def _delete(self, version: str) -> bool:
        """Whether it was still there."""
        try:
            self.remote.write("DeletePrompt", promptIdentifier=self.prompt_id, promptVersion=version)
        except PublishFailed as failure:
            if failure.code == GONE:
                return False
            raise
        return True

    def _cut_version(self) -> Published:
        """Freeze DRAFT and confirm by reading it back."""
        for number in range(TRIES_AT_A_TOKEN):
            made = self._create_version(number)
            told_rightly = rendition_of(made) == self.expected
            seen = self._read_back(made["version"], PATIENCE_SECONDS if told_rightly else 0)
            if seen and self._is_right(seen):
                return self._published(seen, adopted=False)
            if told_rightly and seen is None:
                sentence = "Bedrock made the version but does not show it yet. It is tried again."
                raise PublishFailed(sentence, code="not_readable", permanent=False)
            if self._delete(made["version"]):
                break
            # An earlier try removed this one as wrong, and its token still answers with it.
        sentence = (
            "Somebody else wrote to this prompt at Bedrock at the same moment. The mixed-up version was removed, and it is tried again."
        )
        raise PublishFailed(sentence, code="read_back_differs", permanent=False)

    def _create_version(self, number: int) -> dict[str, Any]:
        token = _token(self.order.job_uid, "version", number)
        fields = {"promptIdentifier": self.prompt_id, "clientToken": token, **version_fields(self.order)}
        try:
            return self.remote.write("CreatePromptVersion", **fields)
        except PublishFailed as failure:
            if failure.code != QUOTA:
                raise
        self._make_room(self._versions() or [])
        return self.remote.write("CreatePromptVersion", **fields)

    def _read_back(self, version: str, patience: float) -> dict[str, Any] | None:
        until, pause = time.monotonic() + patience, 0.1
        while (seen := self._read(version)) is None and time.monotonic() < until:
            # The lease must outlast the wait.
            self.desk.may_write()
            time.sleep(pause)
            pause = min(2 * pause, 2.0)
        return seen

    def _versions(self) -> list[str] | None:
        """Numbered versions, oldest first; None where the prompt does not exist (any more)."""
        try:
            pages = self.remote.pages("ListPrompts", promptIdentifier=self.prompt_id)
        except PublishFailed as failure:
            if failure.code == GONE:
                return None
            raise
        versions = {summary["version"] for page in pages for summary in page["promptSummaries"]}
        return sorted((version for version in versions if version.isdecimal()), key=int)

    def _read(self, version: str) -> dict[str, Any] | None:
        return self.remote.find("GetPrompt", promptIdentifier=self.prompt_id, promptVersion=version)

    def _is_right(self, seen: dict[str, Any]) -> bool:
        ours = {VERSION_UID: str(self.order.version_uid), DIGEST: self.order.digest}
        return ours.items() <= metadata_of(seen).items() and rendition_of(seen) == self.expected

    def _published(self, seen: dict[str, Any], *, adopted: bool) -> Published:
        return Published(
            remote_id=self.prompt_id,
            remote_version=seen["version"],
            address=seen["arn"],
            digest=metadata_of(seen)[DIGEST],
            rendition_expected=self.expected,
            rendition_seen=rendition_of(seen),
            adopted=adopted,
        )


def _holds(seen: dict[str, Any], known: Known) -> bool:
    return metadata_of(seen).get(VERSION_UID) == str(known.version_uid)


def _token(*parts: object) -> str:
    """The same client token for the same request, however often it is made."""
    return str(uuid5(NAMESPACE_URL, ":".join(["prompt-studio", *map(str, parts)])))

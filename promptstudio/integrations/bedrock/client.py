"""The way to one AWS account and region, and what each call on it costs."""

import math
import os
import threading
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from promptstudio.deployments.publishing import Desk, PublishFailed

from .errors import ASSUME_ROLE, GONE, failure_of

# https://docs.aws.amazon.com/general/latest/gr/bedrock.html: requests per second and operation, for each account and region.
READS_PER_SECOND = 10
WRITES_PER_SECOND = 2


class Connections:
    """Clients for the settings of a target: `region`, `role_arn`, `external_id`, each optional.

    `patience` is the longest time in seconds that one call may take to connect or to answer, where less than the usual.
    """

    service = "bedrock-agent"

    def __init__(self, *, patience: float = math.inf) -> None:
        self._patience = patience
        self._session = boto3.Session()
        self._own: dict[str | None, Any] = {}
        # Clients may be shared between threads, the session that makes them may not.
        self._lock = threading.Lock()

    def client_for(self, target: dict[str, Any], *, job_uid: UUID) -> Any:
        """A client for `service`. Raises PublishFailed. The endpoint is chosen by the ordinary AWS environment."""
        try:
            return self.opened(target, job_uid=job_uid)
        except (ClientError, BotoCoreError, ValueError, TypeError) as error:
            raise failure_of(error, operation=ASSUME_ROLE) from error

    def opened(self, target: Mapping[str, Any], *, job_uid: UUID) -> Any:
        """The same, with whatever boto3 raises."""
        region = region_of(target)
        if target.get("role_arn"):
            return self._client(self.service, region, **self._assumed(target, region, job_uid))
        if region not in self._own:
            self._own[region] = self._client(self.service, region)
        return self._own[region]

    def _assumed(self, target: Mapping[str, Any], region: str | None, job_uid: UUID) -> dict[str, str]:
        # Not kept: CloudTrail shall show which publication acted, and no credentials can grow old this way.
        external = {"ExternalId": target["external_id"]} if target.get("external_id") else {}
        sts = self._client("sts", region)
        given = sts.assume_role(RoleArn=target["role_arn"], RoleSessionName=f"prompt-studio-{job_uid}", **external)["Credentials"]
        return {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }

    @property
    def read_timeout(self) -> float:
        return float(settings.PUBLISH_READ_TIMEOUT)

    def _client(self, service: str, region: str | None, **credentials: str) -> Any:
        config = Config(
            connect_timeout=min(settings.PUBLISH_CONNECT_TIMEOUT, self._patience),
            read_timeout=min(self.read_timeout, self._patience),
            # Whoever owes the call tries again: a job only after it looked what the lost one did.
            retries={"mode": "standard", "total_max_attempts": 1},
            user_agent_extra="prompt-studio",
        )
        with self._lock:
            return self._session.client(service, region_name=region, config=config, **credentials)  # type: ignore[call-overload]


def region_of(target: Mapping[str, Any]) -> str | None:
    # boto3 itself reads only AWS_DEFAULT_REGION and its own files; Lambda and ECS set AWS_REGION.
    return target.get("region") or os.environ.get("AWS_REGION") or None


def account_of(target: dict[str, Any]) -> str:
    """The account as far as the settings tell: the one of the role, else `default`."""
    parts = str(target.get("role_arn") or "").split(":")
    return parts[4] if len(parts) > 4 and parts[4] else "default"


class Remote:
    """Calls with their place in the shared rate and, before each write, the question whether it may still be made."""

    def __init__(self, client: Any, *, account: str, desk: Desk) -> None:
        self._client, self._account, self._desk = client, account, desk

    def read(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Raises PublishFailed."""
        self._wait(operation, READS_PER_SECOND)
        return self._call(operation, parameters)

    def find(self, operation: str, **parameters: Any) -> dict[str, Any] | None:
        """Like `read`, but None where Bedrock knows no such thing."""
        try:
            return self.read(operation, **parameters)
        except PublishFailed as failure:
            if failure.code == GONE:
                return None
            raise

    def write(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Raises PublishFailed, or Overtaken when this publication may write no more."""
        self._wait(operation, WRITES_PER_SECOND)
        self._desk.may_write()
        return self._call(operation, parameters)

    def pages(self, operation: str, **parameters: Any) -> list[dict[str, Any]]:
        """All pages; a paginator of boto3 would not wait for the rate between them."""
        page = self.read(operation, **parameters)
        found = [page]
        while page.get("nextToken"):
            page = self.read(operation, **parameters, nextToken=page["nextToken"])
            found.append(page)
        return found

    def _wait(self, operation: str, per_second: float) -> None:
        self._desk.wait_for_budget(f"bedrock:{self._account}:{self._client.meta.region_name}:{operation}", per_second=per_second)

    def _call(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        try:
            return dict(getattr(self._client, xform_name(operation))(**parameters))
        except (ClientError, BotoCoreError) as error:
            raise failure_of(error, operation=operation) from error

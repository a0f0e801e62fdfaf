"""Anchors as objects of a bucket, best one with object lock, in an account of its own."""

from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from promptstudio.audit.destinations import Undelivered


class AnchorBucket:
    """`place` is `bucket` or `bucket/prefix`. The endpoint and credentials are those of the ordinary AWS environment."""

    def __init__(self, *, place: str) -> None:
        self.bucket, _, prefix = place.removeprefix("s3://").partition("/")
        self.prefix = prefix.rstrip("/") + "/" if prefix.strip("/") else ""

    @cached_property
    def _client(self) -> Any:
        timeout = settings.AUDIT_SEND_TIMEOUT
        return boto3.client("s3", config=Config(connect_timeout=timeout, read_timeout=timeout, retries={"total_max_attempts": 1}))

    def keep(self, line: str, *, name: str) -> None:
        # The name holds the anchor's uid: a second try writes the same object again.
        try:
            self._client.put_object(
                Bucket=self.bucket, Key=f"{self.prefix}{name}.json", Body=f"{line}\n".encode(), ContentType="application/json"
            )
        except (ClientError, BotoCoreError, ValueError) as error:
            raise Undelivered(f"The bucket for anchors did not take it: {error}") from error

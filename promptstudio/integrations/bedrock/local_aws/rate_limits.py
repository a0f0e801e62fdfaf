"""Bedrock's published rates, per operation, account and region."""

import threading
import time
from dataclasses import dataclass

from .calls import Call
from .errors import AwsError

# https://docs.aws.amazon.com/general/latest/gr/bedrock.html, requests per second.
PER_SECOND = {"CreatePrompt": 2, "UpdatePrompt": 2, "DeletePrompt": 2, "CreatePromptVersion": 2, "GetPrompt": 10, "ListPrompts": 10}


@dataclass
class Bucket:
    tokens: float
    filled_at: float


class RateLimits:
    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str, str], Bucket] = {}

    def spend(self, call: Call) -> None:
        """Raises ThrottlingException when the operation's bucket is empty."""
        rate = PER_SECOND.get(call.operation) if self._enabled else None
        if rate and not self._take((call.scope.account, call.scope.region, call.operation), rate):
            raise AwsError("ThrottlingException", f"Rate exceeded: {call.operation} allows {rate} requests per second.")

    def _take(self, key: tuple[str, str, str], rate: int) -> bool:
        moment = time.monotonic()
        with self._lock:
            bucket = self._buckets.setdefault(key, Bucket(rate, moment))
            bucket.tokens = min(rate, bucket.tokens + (moment - bucket.filled_at) * rate)
            bucket.filled_at = moment
            if bucket.tokens < 1:
                return False
            bucket.tokens -= 1
            return True

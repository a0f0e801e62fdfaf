"""Anchors and batches of entries by HTTP. Each request is signed, so that a receiver believes nobody else."""

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from promptstudio.audit.destinations import Batch, Undelivered

TIMESTAMP, SIGNATURE, DELIVERY = "X-Studio-Timestamp", "X-Studio-Signature", "X-Studio-Delivery"


class Webhook:
    """`secret` makes the signature: HMAC-SHA256 over `<timestamp>.<body>`, as `v1=<hex>`. Without one, none is sent."""

    def __init__(self, *, url: str, secret: str = "") -> None:
        self.url, self.secret = url, secret

    def keep(self, line: str, *, name: str) -> None:
        self._post(line.encode(), name)

    def deliver(self, batch: Batch) -> None:
        body = {"delivery": batch.name, "chain": batch.chain, "entries": batch.entries}
        self._post(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(), batch.name)

    def _post(self, body: bytes, name: str) -> None:
        address = urlsplit(self.url)
        make = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        try:
            connection: Any = make(address.hostname or "", address.port, timeout=settings.AUDIT_SEND_TIMEOUT)
            try:
                target = (address.path or "/") + (f"?{address.query}" if address.query else "")
                connection.request("POST", target, body=body, headers=self._headers(body, name))
                status = connection.getresponse().status
            finally:
                connection.close()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Undelivered(f"{address.hostname} did not answer ({type(error).__name__}).") from error
        # A redirect is no receipt: the signed request would go to somebody else.
        if not 200 <= status < 300:
            raise Undelivered(f"{address.hostname} answered {status}.")

    def _headers(self, body: bytes, name: str) -> Mapping[str, str]:
        timestamp = str(int(time.time()))
        headers = {"Content-Type": "application/json", "User-Agent": "prompt-studio", DELIVERY: name, TIMESTAMP: timestamp}
        return headers | ({SIGNATURE: signature_of(self.secret, timestamp, body)} if self.secret else {})


def signature_of(secret: str, timestamp: str, body: bytes) -> str:
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()

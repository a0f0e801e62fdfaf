"""Where anchors go outside: a bucket, and a webhook that is signed."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from promptstudio.audit import anchors
from promptstudio.audit.models import Anchor, Dispatch
from promptstudio.audit.services import record
from promptstudio.integrations.trail.s3 import AnchorBucket
from promptstudio.integrations.trail.webhook import signature_of
from tests.cast import Cast
from tests.local_aws import LocalAws
from tests.receiver import receiving

TRAIL = "promptstudio.integrations.trail"


@pytest.fixture
def s3(server: LocalAws, account: str) -> Any:
    return server.client("s3", access_key=account)


def anchored(cast: Cast) -> Anchor:
    record(actor=cast.alice, action="test.written", project_uid=cast.claims.uid)
    made = anchors.anchor(str(cast.claims.uid), occasion="hourly")
    assert made is not None
    anchors.send_due()
    return made


def test_a_bucket_keeps_an_object_for_each_anchor_and_a_second_try_adds_none(cast: Cast, s3: Any, settings: Any) -> None:
    s3.create_bucket(Bucket="anchors")
    settings.AUDIT_ANCHORS = {"s3": (f"{TRAIL}.s3.AnchorBucket", {"place": "anchors/studio"})}
    made = anchored(cast)
    AnchorBucket(place="s3://anchors/studio/").keep(made.line, name=f"{made.chain}-{made.sequence:012d}-{made.uid}")
    [kept] = s3.list_objects_v2(Bucket="anchors")["Contents"]
    assert kept["Key"].startswith(f"studio/{made.chain}-")
    assert s3.get_object(Bucket="anchors", Key=kept["Key"])["Body"].read().decode().strip() == made.line


def test_a_folder_copied_from_a_bucket_is_checked_like_a_file(
    cast: Cast, s3: Any, settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    s3.create_bucket(Bucket="copied")
    settings.AUDIT_ANCHORS = {"s3": (f"{TRAIL}.s3.AnchorBucket", {"place": "copied"})}
    anchored(cast)
    anchored(cast)
    for each in s3.list_objects_v2(Bucket="copied")["Contents"]:
        s3.download_file("copied", each["Key"], str(tmp_path / each["Key"]))
    call_command("verify_audit", anchors=tmp_path)
    assert "It agrees with 2 anchors." in capsys.readouterr().out


def test_a_bucket_that_is_not_there_is_tried_again(cast: Cast, s3: Any, settings: Any) -> None:
    settings.AUDIT_ANCHORS = {"s3": (f"{TRAIL}.s3.AnchorBucket", {"place": "nowhere"})}
    anchored(cast)
    due = Dispatch.objects.get()
    assert due.sent_at is None
    assert "NoSuchBucket" in due.error


def test_a_webhook_gets_the_line_itself_signed(cast: Cast, settings: Any) -> None:
    with receiving() as receiver:
        settings.AUDIT_ANCHORS = {"webhook": (f"{TRAIL}.webhook.Webhook", {"url": receiver.url, "secret": "ours"})}
        made = anchored(cast)
        [(headers, body)] = receiver.got
    assert json.loads(body) == json.loads(made.line)
    assert headers["X-Studio-Signature"] == signature_of("ours", headers["X-Studio-Timestamp"], body)

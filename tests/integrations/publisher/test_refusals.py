"""The publisher against a local AWS process: rates, roles, refusals and what cannot be reached."""

from typing import Any

import pytest

from tests.integrations.orders import NotingDesk, known_as, order_for, text_bundle
from tests.integrations.prompt_bodies import Bedrock
from tests.local_aws import LocalAws
from tests.studio import wait_until

from .publications import calls, failure, next_version, publish, versions


def test_each_call_waits_for_the_rate_of_its_operation(bedrock: Bedrock, server: LocalAws) -> None:
    desk = NotingDesk()
    publish(order_for(text_bundle()), desk)
    assert [name for name, _ in desk.waited_for] == [f"bedrock:default:us-east-1:{operation}" for operation in calls(server, bedrock)]
    assert dict(desk.waited_for) == {
        "bedrock:default:us-east-1:CreatePrompt": 2,
        "bedrock:default:us-east-1:CreatePromptVersion": 2,
        "bedrock:default:us-east-1:GetPrompt": 10,
    }


def test_a_role_leads_into_its_account(bedrock: Bedrock, server: LocalAws, settings: Any) -> None:
    # The local AWS takes seconds to get its STS ready.
    settings.PUBLISH_READ_TIMEOUT = 30
    there, desk = Bedrock(server), NotingDesk()
    role = f"arn:aws:iam::{there.account}:role/publisher"
    order = order_for(text_bundle(), settings={"region": "us-east-1", "role_arn": role, "external_id": "studio-42"})
    published = publish(order, desk)
    assert versions(there, published.remote_id) == ["1"]
    assert bedrock.prompts.list_prompts()["promptSummaries"] == []
    assert desk.waited_for[0][0] == f"bedrock:{there.account}:us-east-1:CreatePrompt"
    (assumed,) = [call for call in server.journal() if call["operation"] == "AssumeRole" and there.account in str(call["body"])]
    assert f"RoleSessionName=prompt-studio-{order.job_uid}" in assumed["body"]
    assert "ExternalId=studio-42" in assumed["body"]


@pytest.mark.parametrize(
    ("code", "status", "permanent", "says"),
    [
        ("AccessDeniedException", 403, True, "refused the permission for CreatePrompt (AccessDeniedException). An administrator"),
        ("UnrecognizedClientException", 403, True, "does not accept Prompt Studio's credentials"),
        ("ValidationException", 400, True, "does not accept this prompt as it is: armed."),
        ("ServiceQuotaExceededException", 402, True, "as many prompts in this region as it may"),
        ("ConflictException", 409, False, "busy with another change"),
        ("ThrottlingException", 429, False, "too many requests"),
        ("InternalServerException", 500, False, "a failure of its own"),
        ("ServiceUnavailableException", 503, False, "a failure of its own"),
        ("ImATeapotException", 418, True, "AWS refused CreatePrompt (ImATeapotException): armed."),
    ],
)
def test_a_refusal_says_what_happened_and_who_can_mend_it(
    bedrock: Bedrock, server: LocalAws, code: str, status: int, permanent: bool, says: str
) -> None:
    server.arm(operation="CreatePrompt", kind="error", code=code, status=status, message="armed")
    refusal = failure(order_for(text_bundle()))
    assert (refusal.code, refusal.permanent) == (code, permanent)
    assert says in refusal.sentence
    assert calls(server, bedrock) == ["CreatePrompt"]


def test_a_quota_that_room_does_not_help_is_said(bedrock: Bedrock, server: LocalAws) -> None:
    first = order_for(text_bundle())
    one = publish(first)
    server.arm(operation="CreatePromptVersion", kind="error", code="ServiceQuotaExceededException", times=2)
    refusal = failure(next_version(first, one, "Judge {{claim}}.", "1.1.0", known=[known_as(one, version_uid=first.version_uid)]))
    assert refusal.permanent
    assert "no more room for this prompt" in refusal.sentence


def test_bedrocks_own_complaint_is_passed_on_with_its_field(bedrock: Bedrock) -> None:
    refusal = failure(order_for(text_bundle(), remote_name="not a name"))
    assert (refusal.code, refusal.permanent) == ("ValidationException", True)
    assert "name: " in refusal.sentence


def test_a_request_that_boto3_itself_refuses_is_permanent(bedrock: Bedrock, server: LocalAws) -> None:
    refusal = failure(order_for(text_bundle(), remote_name=None))
    assert (refusal.code, refusal.permanent) == ("ParamValidationError", True)
    assert calls(server, bedrock) == []


def test_what_is_not_portable_never_leaves(bedrock: Bedrock, server: LocalAws) -> None:
    assert failure(order_for(text_bundle(output_schema={"type": "object"}))).code == "not_portable"
    assert calls(server, bedrock) == []


def test_an_answer_that_takes_too_long_is_tried_again(bedrock: Bedrock, server: LocalAws, settings: Any) -> None:
    settings.PUBLISH_READ_TIMEOUT = 0.3
    server.arm(operation="CreatePrompt", kind="delay", seconds=1)
    slow = failure(order_for(text_bundle()))
    assert (slow.code, slow.permanent) == ("no_answer", False)
    wait_until(lambda: calls(server, bedrock) == ["CreatePrompt"])


def test_an_endpoint_that_nobody_listens_at_is_tried_again(bedrock: Bedrock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    unreachable = failure(order_for(text_bundle()))
    assert (unreachable.code, unreachable.permanent) == ("unreachable", False)


def test_without_credentials_somebody_has_to_act(bedrock: Bedrock, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    refusal = failure(order_for(text_bundle()))
    assert (refusal.code, refusal.permanent) == ("no_credentials", True)


@pytest.mark.parametrize(
    "target",
    [{}, {"region": "not a region"}, {"region": "us-east-1", "role_arn": "publisher"}],
    ids=["no region", "no such region", "no role's ARN"],
)
def test_a_target_that_is_set_up_wrongly_is_said_so(bedrock: Bedrock, monkeypatch: pytest.MonkeyPatch, target: dict) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "nowhere")
    refusal = failure(order_for(text_bundle(), settings=target))
    assert (refusal.code, refusal.permanent) == ("not_set_up", True)
    assert "An administrator can correct its settings" in refusal.sentence


def test_the_region_may_come_from_the_environment(bedrock: Bedrock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    assert ":eu-central-1:" in publish(order_for(text_bundle(), settings={})).address
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert ":eu-west-1:" in publish(order_for(text_bundle(), settings={})).address

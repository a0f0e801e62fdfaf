"""Faults armed by operation: errors, delays, lost replies, requests held at a precise moment."""

import subprocess
import sys
import time
import urllib.error
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ConnectionClosedError

from tests.integrations.prompt_bodies import Bedrock, refused, text_variant
from tests.local_aws import LocalAws, clean_environment


def versions(bedrock: Bedrock, prompt: str) -> list[str]:
    listed = bedrock.prompts.list_prompts(promptIdentifier=prompt)["promptSummaries"]
    return [summary["version"] for summary in listed if summary["version"] != "DRAFT"]


def test_an_error_comes_as_often_as_it_was_armed_and_nothing_is_done(bedrock: Bedrock, server: LocalAws) -> None:
    prompt = bedrock.prompts.create_prompt(name="one")["id"]
    server.arm(operation="CreatePromptVersion", kind="error", code="AccessDeniedException", message="Not you.", times=2)
    for _ in range(2):
        with refused("AccessDeniedException", 403) as caught:
            bedrock.prompts.create_prompt_version(promptIdentifier=prompt)
        assert caught.value.response["Error"]["Message"] == "Not you."
    assert versions(bedrock, prompt) == []
    assert bedrock.prompts.create_prompt_version(promptIdentifier=prompt)["version"] == "1"


def test_an_error_without_a_number_of_times_stays_until_disarmed(bedrock: Bedrock, server: LocalAws) -> None:
    server.arm(operation="*", kind="error", code="UnrecognizedClientException", status=403, times=None)
    for _ in range(3):
        with refused("UnrecognizedClientException", 403):
            bedrock.prompts.list_prompts()
    assert server.faults()[0]["taken"] == 3
    server.disarm()
    assert bedrock.prompts.list_prompts()["promptSummaries"] == []


def test_a_fault_can_be_about_one_prompt_alone(bedrock: Bedrock, server: LocalAws) -> None:
    spared, meant = (bedrock.prompts.create_prompt(name=name)["id"] for name in ("claims-triage", "claims-letter"))
    server.arm(operation="UpdatePrompt", kind="error", code="ConflictException", match={"name_contains": "letter"})
    server.arm(operation="CreatePromptVersion", kind="error", code="ConflictException", match={"name_contains": "letter"})
    bedrock.prompts.create_prompt_version(promptIdentifier=spared)
    with refused("ConflictException", 409):
        bedrock.prompts.create_prompt_version(promptIdentifier=meant)
    bedrock.prompts.update_prompt(promptIdentifier=spared, name="claims-triage")
    with refused("ConflictException", 409):
        bedrock.prompts.update_prompt(promptIdentifier=meant, name="claims-letter")


@pytest.mark.parametrize(
    "fault",
    [
        {"operation": "GetPrompt", "kind": "error", "code": "ServiceQuotaExceededException"},
        {"operation": "GetPrompt", "kind": "error"},
        {"operation": "GetPrompt", "kind": "explode"},
        {"operation": "GetPrompt", "kind": "delay"},
        {"operation": "GetPrompt", "kind": "lost_reply", "times": 0},
        {"operation": "GetPrompt", "kind": "lost_reply", "match": {"nmae": "x"}},
        {"kind": "lost_reply"},
    ],
    ids=["code the operation does not have", "no code", "no such kind", "no seconds", "no times", "misspelt match", "no operation"],
)
def test_a_fault_that_could_never_happen_is_not_armed(server: LocalAws, fault: dict) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        server.arm(**fault)
    assert server.faults() == []


def test_a_delay_comes_before_the_work_and_holds_up_nobody_else(bedrock: Bedrock, server: LocalAws) -> None:
    server.arm(operation="CreatePrompt", kind="delay", seconds=1.0)
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        slow = pool.submit(bedrock.prompts.create_prompt, name="slow")
        assert bedrock.prompts.list_prompts()["promptSummaries"] == []
        assert time.monotonic() - began < 0.9
        slow.result()
    assert time.monotonic() - began >= 1.0


def test_a_lost_reply_was_done_all_the_same(bedrock: Bedrock, server: LocalAws) -> None:
    prompt = bedrock.prompts.create_prompt(name="one")["id"]
    server.arm(operation="CreatePromptVersion", kind="lost_reply")
    with pytest.raises(ConnectionClosedError):
        bedrock.prompts.create_prompt_version(promptIdentifier=prompt)
    assert versions(bedrock, prompt) == ["1"]


def test_boto3_survives_a_lost_reply_by_its_client_token(bedrock: Bedrock, server: LocalAws) -> None:
    prompt = bedrock.prompts.create_prompt(name="one")["id"]
    server.arm(operation="CreatePromptVersion", kind="lost_reply")
    patient = server.client("bedrock-agent", access_key=bedrock.account, attempts=3)
    assert patient.create_prompt_version(promptIdentifier=prompt)["version"] == "1"
    assert versions(bedrock, prompt) == ["1"]


def test_a_request_held_before_is_done_when_released_and_not_earlier(bedrock: Bedrock, server: LocalAws) -> None:
    prompt = bedrock.prompts.create_prompt(name="one")["id"]
    fault = server.arm(operation="CreatePromptVersion", kind="hold_before")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(bedrock.prompts.create_prompt_version, promptIdentifier=prompt)
        (held,) = server.wait_held()
        assert (held["operation"], held["stage"], held["prompt_id"], held["fault"]) == ("CreatePromptVersion", "before", prompt, fault)
        assert versions(bedrock, prompt) == []
        assert server.release(fault) == 1
        assert waiting.result(timeout=10)["version"] == "1"
    assert server.held() == []


def test_a_held_reply_is_done_and_committed_before_it_is_released(bedrock: Bedrock, server: LocalAws) -> None:
    fault = server.arm(operation="CreatePrompt", kind="hold_reply")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(bedrock.prompts.create_prompt, name="one")
        (held,) = server.wait_held()
        (seen,) = bedrock.prompts.list_prompts()["promptSummaries"]
        assert held["prompt_id"] == seen["id"]
        assert not waiting.done()
        assert server.release(fault) == 1
        assert waiting.result(timeout=10)["id"] == seen["id"]


# What a worker does, in a process that a test can kill.
CALL = """
import sys, boto3
session = boto3.Session(region_name="us-east-1", aws_access_key_id=sys.argv[2], aws_secret_access_key="x")
client = session.client("bedrock-agent", endpoint_url=sys.argv[1])
client.create_prompt_version(promptIdentifier=sys.argv[3])
"""


@pytest.mark.parametrize(("kind", "done"), [("hold_before", []), ("hold_reply", ["1"])])
def test_a_caller_can_be_killed_at_a_precise_moment(bedrock: Bedrock, server: LocalAws, kind: str, done: list[str]) -> None:
    prompt = bedrock.prompts.create_prompt(name="one")["id"]
    server.arm(operation="CreatePromptVersion", kind=kind)
    worker = subprocess.Popen([sys.executable, "-c", CALL, server.url, bedrock.account, prompt], env=clean_environment())
    server.wait_held()
    worker.kill()
    worker.wait()
    server.wait_held(count=0)
    assert versions(bedrock, prompt) == done
    assert bedrock.prompts.create_prompt_version(promptIdentifier=prompt)["version"] == str(len(done) + 1)


def test_faults_reach_the_other_services_too(server: LocalAws) -> None:
    server.arm(operation="AssumeRole", kind="error", code="AccessDenied", message="No trust.", status=403)
    server.arm(operation="PutParameter", kind="error", code="ParameterLimitExceeded", match={"body_contains": "/prompts/"})
    with refused("AccessDenied", 403):
        server.client("sts").assume_role(RoleArn="arn:aws:iam::123456789012:role/Publisher", RoleSessionName="session")
    ssm = server.client("ssm")
    ssm.put_parameter(Name="/other", Value="v", Type="String")
    with refused("ParameterLimitExceeded", 400):
        ssm.put_parameter(Name="/prompts/one", Value="v", Type="String")


def test_the_journal_tells_every_call_in_order(bedrock: Bedrock, server: LocalAws) -> None:
    last = max((call["id"] for call in server.journal()), default=0)
    prompt = bedrock.prompts.create_prompt(name="one", variants=[text_variant("Hi {{x}}", "x")])
    version = bedrock.prompts.create_prompt_version(promptIdentifier=prompt["id"])
    with refused("ValidationException", 400):
        bedrock.prompts.update_prompt(promptIdentifier=prompt["arn"], name="no spaces")
    bedrock.runtime.converse(modelId=version["arn"], promptVariables={"x": {"text": "you"}})
    calls = server.journal(since=last)
    assert [(call["operation"], call["version"], call["status"]) for call in calls] == [
        ("CreatePrompt", "DRAFT", 201),
        ("CreatePromptVersion", "1", 201),
        ("UpdatePrompt", "", 400),
        ("Converse", "1", 200),
    ]
    assert {call["prompt_id"] for call in calls} == {prompt["id"]}
    assert calls[0]["request_id"] == prompt["ResponseMetadata"]["RequestId"]
    assert calls[0]["body"]["name"] == "one"
    assert server.journal(since=calls[-1]["id"]) == []


def test_there_is_help_for_a_wrong_address(server: LocalAws) -> None:
    assert server.ask("GET", "health") == {"ok": True}
    with pytest.raises(urllib.error.HTTPError, match="404"):
        server.ask("GET", "nothing")

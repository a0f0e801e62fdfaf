"""What outlives the process, how it starts, stops and refuses."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, HTTPClientError

from tests.integrations.prompt_bodies import refused, text_variant
from tests.local_aws import REPOSITORY, LocalAws, clean_environment, start_local_aws

pytestmark = pytest.mark.process
TOKEN = "a0b1c2d3-e4f5-6789-abcd-ef0123456789"
ROLE = "arn:aws:iam::999999999999:role/Publisher"


@pytest.fixture
def starts(tmp_path: Path) -> Iterator[Callable[[], LocalAws]]:
    """Starts the server on one state directory and one port, again and again."""
    started: list[LocalAws] = []

    def start() -> LocalAws:
        started.append(start_local_aws(tmp_path / "state", port=started[0].port if started else None))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.kill()


def test_prompts_survive_a_kill(starts: Callable[[], LocalAws]) -> None:
    server = starts()
    before = server.client("bedrock-agent")
    prompt = before.create_prompt(name="one", variants=[text_variant()], tags={"a": "b"})
    version = before.create_prompt_version(promptIdentifier=prompt["id"], clientToken=TOKEN)
    before.create_prompt_version(promptIdentifier=prompt["id"])
    before.delete_prompt(promptIdentifier=prompt["id"], promptVersion="2")
    server.kill()

    after = starts().client("bedrock-agent")
    read = after.get_prompt(promptIdentifier=version["arn"])
    assert {**read, "ResponseMetadata": None} == {**version, "ResponseMetadata": None}
    assert after.list_tags_for_resource(resourceArn=prompt["arn"])["tags"] == {"a": "b"}
    assert after.create_prompt_version(promptIdentifier=prompt["id"], clientToken=TOKEN)["version"] == "1"
    assert after.create_prompt_version(promptIdentifier=prompt["id"])["version"] == "3"


def test_armed_faults_and_the_journal_survive_a_kill(starts: Callable[[], LocalAws]) -> None:
    server = starts()
    server.arm(operation="ListPrompts", kind="error", code="ThrottlingException", times=2)
    with refused("ThrottlingException", 429):
        server.client("bedrock-agent").list_prompts()
    server.kill()

    again = starts()
    assert [call["status"] for call in again.journal()] == [429]
    client = again.client("bedrock-agent")
    with refused("ThrottlingException", 429):
        client.list_prompts()
    assert client.list_prompts()["promptSummaries"] == []


def test_a_prompt_created_and_killed_before_the_reply_is_there(starts: Callable[[], LocalAws]) -> None:
    server = starts()
    server.arm(operation="CreatePrompt", kind="hold_reply")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.client("bedrock-agent").create_prompt, name="one", clientToken=TOKEN)
        (held,) = server.wait_held()
        server.kill()
        with pytest.raises(HTTPClientError):
            waiting.result(timeout=10)
    client = starts().client("bedrock-agent")
    assert client.create_prompt(name="one", clientToken=TOKEN)["id"] == held["prompt_id"]


def test_ssm_parameters_survive_a_kill_with_their_history(starts: Callable[[], LocalAws]) -> None:
    server = starts()
    before = server.client("ssm")
    before.put_parameter(Name="/prompts/a/live", Value="first", Type="String")
    before.put_parameter(Name="/prompts/a/live", Value="second", Type="String", Overwrite=True)
    before.put_parameter(Name="/prompts/b/live", Value="gone", Type="String")
    before.delete_parameter(Name="/prompts/b/live")
    with pytest.raises(ClientError, match="ParameterAlreadyExists"):
        before.put_parameter(Name="/prompts/a/live", Value="refused", Type="String")
    server.kill()

    after = starts().client("ssm")
    found = after.get_parameters_by_path(Path="/prompts", Recursive=True)["Parameters"]
    assert [(parameter["Name"], parameter["Value"], parameter["Version"]) for parameter in found] == [("/prompts/a/live", "second", 2)]
    assert [entry["Value"] for entry in after.get_parameter_history(Name="/prompts/a/live")["Parameters"]] == ["first", "second"]


def test_an_assumed_role_acts_in_its_own_account_even_after_a_kill(starts: Callable[[], LocalAws]) -> None:
    server = starts()
    credentials = server.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="session")["Credentials"]
    server.client("ssm", access_key=credentials["AccessKeyId"]).put_parameter(Name="/only-there", Value="v", Type="String")
    prompt = server.client("bedrock-agent", access_key=credentials["AccessKeyId"]).create_prompt(name="one")
    assert ":999999999999:" in prompt["arn"]
    server.kill()

    again = starts()
    assert again.client("bedrock-agent", access_key=credentials["AccessKeyId"]).get_prompt(promptIdentifier=prompt["arn"])["name"] == "one"
    assert again.client("ssm", access_key=credentials["AccessKeyId"]).get_parameter(Name="/only-there")["Parameter"]["Value"] == "v"
    with refused("ParameterNotFound", 400):
        again.client("ssm").get_parameter(Name="/only-there")


def test_the_rest_of_aws_is_there_and_starts_empty(starts: Callable[[], LocalAws]) -> None:
    server = starts()
    assert server.client("sts").get_caller_identity()["Account"] == "123456789012"
    server.client("s3").create_bucket(Bucket="evidence")
    server.client("s3").put_object(Bucket="evidence", Key="photo", Body=b"jpeg", Metadata={"case": "7"})
    assert server.client("s3").get_object(Bucket="evidence", Key="photo")["Body"].read() == b"jpeg"
    with refused("NotImplemented", 501):
        server.client("bedrock").list_foundation_models()
    server.kill()
    assert starts().client("s3").list_buckets()["Buckets"] == []


def test_it_stops_at_once_even_while_requests_are_held(starts: Callable[[], LocalAws]) -> None:
    server = starts()
    server.arm(operation="ListPrompts", kind="hold_before")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.client("bedrock-agent").list_prompts)
        server.wait_held()
        assert server.stop() < 2
        assert server.process.returncode == 0
        with pytest.raises(HTTPClientError):
            waiting.result(timeout=10)


def test_the_only_files_it_writes_are_its_database(starts: Callable[[], LocalAws]) -> None:
    server = starts()
    server.client("bedrock-agent").create_prompt(name="one")
    server.stop()
    written = list(server.state_dir.iterdir())
    assert {path.name.partition("-wal")[0].partition("-shm")[0] for path in written} == {"local-aws.db"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in written)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "promptstudio.integrations.bedrock.local_aws", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, env={**clean_environment(), **environment}, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", "::"])
def test_it_listens_on_loopback_only(tmp_path: Path, host: str) -> None:
    refusal = run("--host", host, "--port", "0", "--state-dir", str(tmp_path))
    assert refusal.returncode == 2
    assert "loopback" in refusal.stderr


def test_without_moto_it_says_what_to_install(tmp_path: Path) -> None:
    # A finder in front of the others that hides moto, as if the extra had not been installed.
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as util\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, *others: None if name == 'moto' else find(name, *others)\n"
    )
    refusal = run("--port", "0", "--state-dir", str(tmp_path / "state"), PYTHONPATH=str(tmp_path))
    assert refusal.returncode == 2
    assert "prompt-studio[local]" in refusal.stderr
    assert not (tmp_path / "state").exists()


def test_a_taken_port_is_said_so(starts: Callable[[], LocalAws], tmp_path: Path) -> None:
    server = starts()
    refusal = run("--port", str(server.port), "--state-dir", str(tmp_path / "other"))
    assert refusal.returncode == 1
    assert f"Port {server.port} is in use" in refusal.stderr


def test_a_client_that_never_finishes_its_request_disturbs_nobody(starts: Callable[[], LocalAws]) -> None:
    server = starts()
    with socket.create_connection(("127.0.0.1", server.port)) as idle:
        idle.sendall(b"POST /prompts/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        began = time.monotonic()
        assert server.client("bedrock-agent").list_prompts()["promptSummaries"] == []
        assert time.monotonic() - began < 5

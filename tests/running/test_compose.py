"""No container engine is needed: what the files start runs elsewhere as processes, here they are held against the code."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from celery.bin.celery import celery as celery_commands
from django.core.management import get_commands
from granian.cli import cli as granian_command

from promptstudio.celery import app

CHECKOUT = Path(__file__).resolve().parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "prompt-studio"}
# Read by the AWS library itself.
AWS = {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}


def commands() -> list[tuple[str, list[str]]]:
    started = re.search(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert started
    named = [(name, service["command"]) for name, service in OURS.items() if "command" in service]
    return [("the image", yaml.safe_load(started[1])), *named]


def read_by_settings() -> set[str]:
    source = (CHECKOUT / "promptstudio" / "settings.py").read_text()
    return set(re.findall(r"""\benv(?:_flag|_list)?\(\s*["']([A-Z0-9_]+)["']""", source))


def option_names(command: Any) -> set[str]:
    return {name for parameter in command.params for name in [*parameter.opts, *parameter.secondary_opts]}


def test_it_starts_every_process_of_a_server() -> None:
    assert set(COMPOSE["services"]) == {"postgres", "redis", "migrate", "web", "worker", "publisher", "beat"}


@pytest.mark.parametrize(("name", "command"), commands())
def test_every_command_exists_with_its_options(name: str, command: list[str]) -> None:
    program, *arguments = command
    options = {word.partition("=")[0] for word in arguments if word.startswith("-")}
    match program:
        case "python":
            assert arguments[0] == "manage.py"
            assert arguments[1] in get_commands()
        case "granian":
            assert options <= option_names(granian_command)
            module, _, attribute = arguments[-1].partition(":")
            assert callable(getattr(importlib.import_module(module), attribute))
        case "celery":
            assert importlib.import_module(f"{arguments[1]}.celery").app is app
            assert options - {"-A"} <= option_names(celery_commands.commands[arguments[2]])
        case _:
            pytest.fail(f"{name} starts {program}, which the image does not hold")


def test_every_queue_that_tasks_are_sent_to_has_a_worker() -> None:
    served = {command[command.index("--queues") + 1] for _, command in commands() if "--queues" in command}
    routed = {route["queue"] for route in app.conf.task_routes.values()} | {app.conf.task_default_queue}
    assert routed == served


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_one_that_the_settings_read(name: str) -> None:
    assert set(OURS[name]["environment"]) - AWS <= read_by_settings()


def test_no_secret_has_a_default() -> None:
    text = (CHECKOUT / "docker-compose.yml").read_text()
    for secret in ("SECRET_KEY", "POSTGRES_PASSWORD", "ALLOWED_HOSTS"):
        used = re.findall(rf"\$\{{{secret}([^}}]*)\}}", text)
        assert used
        assert all(rest.startswith(":?") and len(rest) > 10 for rest in used)


def test_every_local_service_waits_for_the_migrations() -> None:
    waiting = {name for name, service in OURS.items() if "migrate" in service["depends_on"]}
    assert waiting == set(OURS) - {"migrate"}


def test_the_image_runs_as_nobody_in_particular_and_says_whether_it_is_well() -> None:
    last_stage = DOCKERFILE.rpartition("FROM ")[2]
    assert re.search(r"^USER (?!root)\w+$", last_stage, re.MULTILINE)
    assert "HEALTHCHECK" in last_stage
    assert "/healthz" in last_stage


def test_the_image_copies_only_what_is_let_through() -> None:
    let_through = {line[1:] for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert let_through == {"manage.py", "promptstudio", "templates", "static", "requirements-image.lock"}
    assert all((CHECKOUT / path).exists() for path in let_through)


def test_the_image_holds_no_local_aws() -> None:
    locked = (CHECKOUT / "requirements-image.lock").read_text()
    assert "boto3==" in locked
    assert "moto==" not in locked

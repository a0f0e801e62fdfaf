"""No container engine is needed: what the files start runs elsewhere as processes, here they are held against the code."""

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from celery.bin.celery import celery as celery_commands
from django.core.management import get_commands, load_command_class
from django.urls import reverse
from granian.cli import cli as granian_command

from promptstudio.celery import app
from promptstudio.projects.provider_roles import Given, Meaning, given_by

CHECKOUT = Path(__file__).resolve().parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "prompt-studio"}
# Only with `--profile sso`.
SSO = {name for name, service in COMPOSE["services"].items() if service.get("profiles") == ["sso"]}
REALM: dict[str, Any] = json.loads((CHECKOUT / "deploy" / "keycloak" / "realm.json").read_text())
EVALUATE = dict(
    line.split("=", 1)
    for line in (CHECKOUT / "deploy" / "keycloak" / "evaluate.env").read_text().splitlines()
    if line and not line.startswith("#")
)
# Read by the AWS library itself.
AWS = {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}


def commands() -> list[tuple[str, list[str]]]:
    started = re.search(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert started
    named = [(name, service["command"]) for name, service in OURS.items() if "command" in service]
    return [("the image", yaml.safe_load(started[1])), *named]


def read_by_settings() -> set[str]:
    source = (CHECKOUT / "promptstudio" / "settings.py").read_text()
    return set(re.findall(r"""\benv(?:_flag|_list|_seconds|_numbers|_amount)?\(\s*["']([A-Z0-9_]+)["']""", source))


def option_names(command: Any) -> set[str]:
    return {name for parameter in command.params for name in [*parameter.opts, *parameter.secondary_opts]}


def test_it_starts_every_process_of_a_server() -> None:
    assert set(COMPOSE["services"]) - SSO == {"postgres", "redis", "migrate", "web", "worker", "publisher", "runner", "beat"}
    assert {"keycloak", "sso-groups"} == SSO


@pytest.mark.parametrize(("name", "command"), commands())
def test_every_command_exists_with_its_options(name: str, command: list[str]) -> None:
    program, *arguments = command
    options = {word.partition("=")[0] for word in arguments if word.startswith("-")}
    match program:
        case "python":
            assert arguments[0] == "manage.py"
            assert arguments[1] in get_commands()
            subcommand = load_command_class(get_commands()[arguments[1]], arguments[1])
            subcommand.create_parser("manage.py", arguments[1]).parse_args(arguments[2:])
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


def test_every_setting_of_a_server_reaches_the_container() -> None:
    """But for what only one machine without containers uses, what the image itself says, and what REDIS_URL says for both."""
    local = {"COLLECT_STATIC", "STATIC_ROOT", "DEBUG", "DEMO", "BROKER_URL", "CACHE_URL"}
    assert read_by_settings() - set(OURS["web"]["environment"]) - AWS <= local


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


def keycloak_client() -> dict[str, Any]:
    return next(dict(client) for client in REALM["clients"] if client["clientId"] == EVALUATE["OIDC_CLIENT_ID"])


def test_the_evaluators_file_sets_what_the_compose_file_asks_for() -> None:
    text = (CHECKOUT / "docker-compose.yml").read_text()
    assert set(re.findall(r"\$\{(\w+):\?", text)) <= set(EVALUATE)
    assert set(EVALUATE) <= set(re.findall(r"\$\{(\w+)", text))


def test_the_realm_leads_back_to_where_prompt_studio_is() -> None:
    here = f"http://localhost:{EVALUATE['PORT']}"
    assert keycloak_client()["redirectUris"] == [here + reverse("oidc_authentication_callback")]
    assert keycloak_client()["attributes"]["post.logout.redirect.uris"] == here + reverse("sign_in")
    assert here.startswith("http://" + EVALUATE["ALLOWED_HOSTS"])


def test_the_realm_and_the_evaluators_file_name_one_issuer_and_one_secret() -> None:
    keycloak = COMPOSE["services"]["keycloak"]
    assert EVALUATE["OIDC_ISSUER"] == f"{keycloak['environment']['KC_HOSTNAME']}/realms/{REALM['realm']}"
    assert EVALUATE["OIDC_DISCOVERY_URL"] == f"http://keycloak:8080/realms/{REALM['realm']}/.well-known/openid-configuration"
    assert EVALUATE["OIDC_CLIENT_SECRET"] == keycloak_client()["secret"]
    assert keycloak["volumes"] == ["./deploy/keycloak/realm.json:/opt/keycloak/data/import/realm.json:ro"]


def test_the_realm_asks_for_pkce_and_sends_groups_by_name() -> None:
    assert keycloak_client()["attributes"]["pkce.code.challenge.method"] == "S256"
    assert not keycloak_client()["implicitFlowEnabled"]
    # Keycloak makes its own scopes (profile, email, basic with `sub`) only for a realm and a client that name none.
    assert "clientScopes" not in REALM
    assert not {"defaultClientScopes", "optionalClientScopes"} & set(keycloak_client())
    [mapper] = keycloak_client()["protocolMappers"]
    sent = {"claim.name": "groups", "full.path": "false", "id.token.claim": "true"}
    assert mapper["config"] | sent == mapper["config"]


def test_every_group_of_the_realm_gives_something_and_every_person_has_known_groups() -> None:
    _, _, _, pattern, _, site_admins = COMPOSE["services"]["sso-groups"]["command"]
    meanings = [Meaning(pattern), Meaning(site_admins, site_admin=True)]
    names = {group["name"] for group in REALM["groups"]}
    assert all(given_by([name], meanings) != Given() for name in names)
    assert {group.removeprefix("/") for person in REALM["users"] for group in person["groups"]} <= names
    assert {("claims", role) for role in ("domain_expert", "product", "technical", "admin")} <= given_by(names, meanings).roles


def test_the_public_secrets_are_for_loopback_alone() -> None:
    for service in COMPOSE["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))

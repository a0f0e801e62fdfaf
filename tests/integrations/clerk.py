"""A process that does in many studios what people would do in one, each with a database of its own: one JSON request a line on stdin.

    {"do": "migrate", "database": "…"}
    {"do": "found", "database": "…", "prompt": "claims/triage", "texts": ["…", "…"]}
    {"do": "deploy", "database": "…", "semver": "1.1.0"}

`database` is a file for SQLite and a name for PostgreSQL. The texts become 1.0.0, 1.1.0, 1.2.0 …
"""

import json
import os
import sys
from typing import Any

import django
from django.core.management import call_command
from django.db import connection


def migrate() -> None:
    call_command("migrate", verbosity=0)


def found(*, prompt: str, texts: list[str]) -> None:
    from promptstudio.accounts.actor import Actor
    from promptstudio.accounts.models import User
    from promptstudio.deployments.target_services import add_target
    from promptstudio.projects import role_services
    from promptstudio.projects import services as projects
    from promptstudio.projects.rules import Rules
    from promptstudio.prompts import services as prompts

    root = Actor(user=User.objects.create_superuser("root", name="Root"), via="cli")
    alice = User.objects.create_user("alice", name="Alice")
    project = projects.create_project(slug="claims", name="Claims", actor=root)
    role_services.grant_role(project=project, user=alice, role="domain_expert", actor=root)
    environment = projects.add_environment(project=project, slug="development", name="Development", rules=Rules(), actor=root)
    add_target(environment=environment, name="Bedrock", actor=root)
    actor = Actor(user=alice)
    made = prompts.create_prompt(project=project, title="Triage of a claim", name=prompt, actor=actor)
    for text in texts:
        data = {"messages": [{"text": text}], "variables": [{"name": "claim"}], "model": "amazon.nova-lite-v1:0"}
        change = prompts.Change(summary="As the team asked.", impact="feature", impact_reason="The team counts it so.")
        prompts.save_version(prompt=made, data=data, change=change, actor=actor)


def deploy(*, semver: str) -> None:
    from promptstudio.accounts.actor import Actor
    from promptstudio.accounts.models import User
    from promptstudio.deployments import services
    from promptstudio.projects.models import Environment
    from promptstudio.prompts.models import Version

    actor = Actor(user=User.objects.get(username="alice"))
    services.deploy(version=Version.objects.get(semver=semver), environment=Environment.objects.get(), actor=actor, reason="")


def answer(*, do: str, database: str, **request: Any) -> dict[str, str]:
    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        {"migrate": migrate, "found": found, "deploy": deploy}[do](**request)
    except Exception as error:
        return {"error": repr(error)}
    finally:
        connection.close()
    return {}


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "promptstudio.settings"
    django.setup()
    for line in sys.stdin:
        print(json.dumps(answer(**json.loads(line))), flush=True)

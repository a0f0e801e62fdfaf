"""A small company, made through the services: Alice writes, Bob decides, and applications come with keys."""

from dataclasses import dataclass
from typing import Any

from django.test import Client

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.deployments import services as deployments
from promptstudio.projects.key_services import create_key, create_service_account
from promptstudio.projects.models import ApiKey, Environment, Project, ServiceAccount
from promptstudio.projects.role_services import grant_role
from promptstudio.projects.rules import Rules
from promptstudio.projects.services import add_environment, create_project, folder_at
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Version


def bundle(text: str = "Sum up the claim of {{customer}}.", **more: Any) -> dict[str, Any]:
    return {"kind": "text", "messages": [{"role": "user", "text": text}], "variables": [{"name": "customer"}], **more}


class Application:
    """Calls the API with one key, and nothing else."""

    def __init__(self, secret: str, client: Client | None = None) -> None:
        self.secret = secret
        self.client = client or Client()

    def get(self, address: str, **headers: str) -> Any:
        return self.client.get(f"/api/v1{address}", headers=self._headers(headers))

    def head(self, address: str, **headers: str) -> Any:
        return self.client.head(f"/api/v1{address}", headers=self._headers(headers))

    def post(self, address: str, body: Any) -> Any:
        return self.client.post(f"/api/v1{address}", body, content_type="application/json", headers=self._headers({}))

    def patch(self, address: str, body: Any) -> Any:
        return self.client.patch(f"/api/v1{address}", body, content_type="application/json", headers=self._headers({}))

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}", **{name.replace("_", "-"): value for name, value in more.items()}}


@dataclass
class Cast:
    project: Project
    development: Environment
    production: Environment
    account: ServiceAccount
    admin: Actor
    alice: Actor
    bob: Actor

    def key(self, *scopes: str, environment: Environment | None = None, folder: str = "") -> tuple[ApiKey, str]:
        place = folder_at(project=self.project, path=folder) if folder else None
        return create_key(account=self.account, name="Test", scopes=scopes, environment=environment, folder=place, actor=self.admin)

    def application(self, *scopes: str, environment: Environment | None = None) -> Application:
        return Application(self.key(*(scopes or ("read", "write", "deploy")), environment=environment)[1])

    def prompt(self, name: str = "claims/triage", folder: str = "") -> Prompt:
        return prompts.create_prompt(project=self.project, title="Triage", name=name, folder=folder, actor=self.alice)

    def version(self, prompt: Prompt, text: str, *, complete: bool = False) -> Version:
        more = {"expected_impact": "Fewer calls", "validation_criteria": "Calls go down"} if complete else {}
        change = prompts.Change(summary=f"Say: {text[:20]}", **more)
        return prompts.save_version(prompt=prompt, data=bundle(text), change=change, actor=self.alice)

    def live(self, prompt: Prompt, text: str) -> Version:
        """A new version that is live in development."""
        version = self.version(prompt, text)
        deployments.deploy(version=version, environment=self.development, actor=self.alice)
        return version


def hire() -> Cast:
    root = Actor(user=User.objects.create_superuser("root", name="Root"), via="cli")
    project = create_project(slug="claims", name="Claims", actor=root)
    development = add_environment(project=project, slug="development", name="Development", rules=Rules(), actor=root)
    rules = Rules(previous_environment=True, change_record=True, approvals={"product": 1})
    production = add_environment(project=project, slug="production", name="Production", rules=rules, actor=root)
    people = {}
    for name, role in (("alice", "domain_expert"), ("bob", "product")):
        user = User.objects.create_user(name, name=name.title())
        grant_role(project=project, user=user, role=role, actor=root)
        people[name] = Actor(user=user)
    account = create_service_account(project=project, name="Claims desk", responsible=people["alice"].user, actor=root)
    return Cast(project=project, development=development, production=production, account=account, admin=root, **people)

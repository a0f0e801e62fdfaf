"""Who plays in the tests, made through the services as people make them.

Alice writes, Bob and Bella review, Dora keeps the project, Vera reads, Axel looks at the trail, and Charlie belongs elsewhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.deployments import services as deployments
from promptstudio.deployments.models import Deployment, Placement
from promptstudio.projects.key_services import create_key, create_service_account
from promptstudio.projects.models import ApiKey, Environment, Project, ServiceAccount
from promptstudio.projects.role_services import grant_role
from promptstudio.projects.rules import Rules
from promptstudio.projects.services import add_environment, create_project
from promptstudio.prompts import request_services as asking
from promptstudio.prompts import services as prompts
from promptstudio.prompts import snippet_services as snippets
from promptstudio.prompts.models import Prompt, Request, Snippet, SnippetVersion, Version
from promptstudio.reviews import services as reviews
from promptstudio.reviews.models import Review

STRICT = Rules(previous_environment=True, change_record=True, approvals={"product": 1, "technical": 1})


@dataclass(frozen=True)
class Cast:
    """`root` made the projects and has no role in them."""

    claims: Project
    elsewhere: Project
    development: Environment
    staging: Environment
    production: Environment
    root: Actor
    alice: Actor
    bob: Actor
    bella: Actor
    dora: Actor
    vera: Actor
    axel: Actor
    charlie: Actor


def hire() -> Cast:
    """The project “claims” with three environments and its people, and the project of Charlie."""
    root = Actor(user=User.objects.create_superuser("root", name="Root"), via="cli")
    claims = create_project(slug="claims", name="Claims", actor=root)
    elsewhere = create_project(slug="elsewhere", name="Elsewhere", actor=root)
    environments = {
        slug: add_environment(project=claims, slug=slug, name=slug.title(), rules=rules, actor=root)
        for slug, rules in [("development", Rules()), ("staging", Rules(previous_environment=True)), ("production", STRICT)]
    }
    people = {
        "alice": a_person("Alice", claims, "domain_expert", by=root),
        "bob": a_person("Bob", claims, "product", by=root),
        "bella": a_person("Bella", claims, "technical", by=root),
        "dora": a_person("Dora", claims, "admin", by=root),
        "vera": a_person("Vera", claims, "viewer", by=root),
        "axel": a_person("Axel", claims, "auditor", by=root),
        "charlie": a_person("Charlie", elsewhere, "product", by=root),
    }
    return Cast(claims=claims, elsewhere=elsewhere, root=root, **environments, **people)


def a_person(name: str, project: Project, *roles: str, by: Actor) -> Actor:
    user = User.objects.create_user(name.lower(), name=name, email=f"{name.lower()}@claims.example")
    for role in roles:
        grant_role(project=project, user=user, role=role, actor=by)
    return Actor(user=user)


def a_key(account: ServiceAccount, *scopes: str, environment: Environment | None = None, by: Actor) -> tuple[ApiKey, Actor]:
    """A key, and what acts with it."""
    key, _ = create_key(account=account, name="Nightly", scopes=scopes, environment=environment, actor=by)
    return key, Actor(user=account.user, key=key, via="api")


def an_application(project: Project, *, responsible: Actor, by: Actor) -> ServiceAccount:
    return create_service_account(project=project, name="Claims desk", responsible=responsible.user, actor=by)


def bundle(text: str = "Sort this claim: {{claim}}", **more: Any) -> dict[str, Any]:
    return {"kind": "text", "messages": [{"role": "user", "text": text}], "variables": [{"name": "claim"}], **more}


def a_prompt(project: Project, *, by: Actor, title: str = "Water damage triage", name: str = "") -> Prompt:
    return prompts.create_prompt(project=project, title=title, name=name, actor=by)


def a_version(prompt: Prompt, *, by: Actor, text: str = "Sort this claim: {{claim}}", complete: bool = True) -> Version:
    """Saved with one change record, which is `complete` or has a summary alone."""
    rest = {"expected_impact": "Fewer calls.", "validation_criteria": "We count the calls."} if complete else {}
    return prompts.save_version(prompt=prompt, data=bundle(text), change=prompts.Change(summary="Say it better.", **rest), actor=by)


def a_snippet(project: Project | None, *, by: Actor, name: str = "greeting", text: str = "Hello {{claim}}") -> Snippet:
    """Without a project it stands on the shelf."""
    return snippets.add_snippet(project=project, name=name, purpose="How we begin.", text=text, actor=by)


def reworded(snippet: Snippet, text: str, *, by: Actor) -> SnippetVersion:
    return snippets.save_snippet_version(snippet=snippet, text=text, summary="Better.", follows=snippet.newest.semver, actor=by)


def promote(version: Version, *environments: Environment, by: Actor) -> Deployment:
    """Through each environment in turn; the last deployment."""
    for environment in environments:
        deployment = deployments.deploy(version=version, environment=environment, actor=by)
    return deployment


def in_staging(cast: Cast, prompt: Prompt) -> Version:
    """Alice's version, as far as it goes without a review."""
    version = a_version(prompt, by=cast.alice)
    promote(version, cast.development, cast.staging, by=cast.alice)
    return version


def asked(version: Version, environment: Environment, *, by: Actor) -> Review:
    return reviews.ask_for_review(version=version, environment=environment, note="Please look.", actor=by)


GOOD = asking.Answer("Dear Ms Petersen, we call you today.", name="burst pipe", given="claim: The pipe burst.", why="It says when.")
BAD = asking.Answer("Your claim is being processed.", good=False, given="claim: The pipe burst.", why="It says nothing.")


def wished(place: Any, *, by: Actor, title: str = "First letter", **more: Any) -> Request:
    """A request for a new prompt at the top of a project, or for a change of a prompt."""
    place = place.folders.get_or_create(path="")[0] if isinstance(place, Project) else place
    given = {"wanted": "A letter that says when we call.", "answers": [GOOD, BAD], **more}
    return asking.ask_for_prompt(place=place, title=title, actor=by, **given)


def written(request: Request, *, by: Actor, text: str = "Write to them: {{claim}}", back: bool = True) -> Version:
    """Its draft is written, saved as a version and, unless not `back`, sent back to the asker."""
    draft = asking.start_writing(request=request, actor=by)
    draft = prompts.save_draft(draft=draft, content=bundle(text), revision=draft.revision, actor=by)
    change = prompts.Change("As asked.", "Fewer calls.", "We count the calls.")
    version = prompts.save_version_of_draft(draft=draft, revision=draft.revision, change=change, actor=by)
    (asking.send_back if back else asking.answer_request)(request=request, version=version, actor=by)
    return version


def approve(review: Review, *people: Actor) -> None:
    for person in people:
        deployments.decide(review=review, verdict="approve", seen=live_version(review.version.prompt, review.environment), actor=person)


def approved(version: Version, environment: Environment, *, asked_by: Actor, by: Iterable[Actor]) -> Review:
    review = asked(version, environment, by=asked_by)
    approve(review, *by)
    return review


def in_production(cast: Cast, version: Version) -> Deployment:
    """All the way, as the rules ask for it."""
    promote(version, cast.development, cast.staging, by=cast.alice)
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    return promote(version, cast.production, by=cast.alice)


def placement_of(prompt: Prompt, environment: Environment) -> Placement:
    return Placement.objects.get(prompt=prompt, environment=environment)


def live_version(prompt: Prompt, environment: Environment) -> Version | None:
    placement = Placement.objects.filter(prompt=prompt, environment=environment).first()
    return placement.live_version if placement else None

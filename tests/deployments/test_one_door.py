"""Promise 2: there is one door to an environment, and it asks the policy at that moment."""

import ast
import json
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction

import promptstudio
from promptstudio.audit.models import Entry
from promptstudio.deployments import services as deployments
from promptstudio.deployments.models import Deployment, Evaluation
from promptstudio.deployments.services import Blocked
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.projects.rules import Rules
from promptstudio.projects.services import add_environment, change_policy
from promptstudio.prompts.models import Prompt
from tests.cast import Cast, a_key, a_prompt, a_version, an_application, in_production, live_version, promote

PACKAGE = Path(promptstudio.__file__).parent
MAKING = {"create", "get_or_create", "bulk_create", "acreate"}


def writers_of_deployments() -> list[str]:
    """Functions that make a Deployment: by its class, by its manager, or by the manager of a placement."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        for function in [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]:
            if any(_makes_a_deployment(call) for call in ast.walk(function) if isinstance(call, ast.Call)):
                found.append(f"{path.relative_to(PACKAGE).as_posix()}:{function.name}")
    return found


def _makes_a_deployment(call: ast.Call) -> bool:
    what = ast.unparse(call.func)
    return what in {"Deployment", "models.Deployment"} or any(
        what.endswith((f"Deployment.objects.{verb}", f".deployments.{verb}", f"Deployment._base_manager.{verb}")) for verb in MAKING
    )


def actions(*names: str) -> list[Entry]:
    return list(Entry.objects.filter(action__in=names).order_by("id"))


def test_one_function_writes_deployments() -> None:
    assert writers_of_deployments() == ["deployments/door.py:sent"]


@pytest.mark.parametrize("source", ["Deployment(way='x')", "Deployment.objects.create()", "placement.deployments.get_or_create()"])
def test_the_count_of_writers_sees_each_way_to_write(source: str) -> None:
    [call] = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    assert _makes_a_deployment(call)


def test_a_deployment_without_an_evaluation_cannot_be_stored(cast: Cast, prompt: Prompt) -> None:
    made = promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    columns = [field.column for field in Deployment._meta.concrete_fields if field.column not in {"id", "evaluation_id"}]
    names = ", ".join(f'"{column}"' for column in columns)
    fresh = {"uid": f"'{'0' * 32}'", "sequence": "99"}
    values = ", ".join(fresh.get(column, f'"{column}"') for column in columns)
    with pytest.raises(IntegrityError, match="evaluation_id"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO deployments_deployment ({names}) SELECT {values} FROM deployments_deployment WHERE id = {made.pk}")


def test_it_keeps_the_evaluation_that_let_it_in(cast: Cast, prompt: Prompt) -> None:
    made = in_production(cast, a_version(prompt, by=cast.alice))
    assert made.evaluation.passed
    assert made.evaluation.policy == cast.production.policy
    assert [outcome["gate"] for outcome in made.evaluation.outcomes] == [
        "not_recalled",
        "previous_environment",
        "change_record",
        "approvals",
        "same_baseline",
    ]


def test_a_refusal_names_every_gate_that_blocks(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice, complete=False)
    with pytest.raises(Blocked) as refused:
        promote(version, cast.production, by=cast.alice)
    assert [outcome["gate"] for outcome in refused.value.evaluation.blocked] == ["previous_environment", "change_record", "approvals"]
    assert "has not been live in Staging yet" in refused.value.sentence


def test_a_refusal_is_kept_although_the_call_raised(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    with pytest.raises(Blocked):
        promote(version, cast.production, by=cast.alice)
    evaluation = Evaluation.objects.get()
    assert not evaluation.passed
    [entry] = actions("deployment.blocked")
    assert entry.actor_uid == cast.alice.user.uid
    assert json.loads(entry.data)["evaluation"] == str(evaluation.uid)
    assert not Deployment.objects.exists()


@pytest.mark.parametrize("who", ["vera", "axel", "charlie"])
def test_who_may_not_promote_is_refused_and_the_refusal_is_kept(cast: Cast, prompt: Prompt, who: str) -> None:
    actor = getattr(cast, who)
    with pytest.raises(NotAllowed, match="Your role does not allow you to promote"):
        promote(a_version(prompt, by=cast.alice), cast.development, by=actor)
    [entry] = actions("deployment.not_allowed")
    assert entry.actor_uid == actor.user.uid
    assert not Deployment.objects.exists()


def test_a_policy_may_reserve_promoting_to_some_roles(cast: Cast, prompt: Prompt) -> None:
    release = add_environment(project=cast.claims, slug="release", name="Release", rules=Rules(deployers=("technical",)), actor=cast.dora)
    version = a_version(prompt, by=cast.alice)
    with pytest.raises(NotAllowed, match="Promoting to Release is for technical"):
        promote(version, release, by=cast.alice)
    assert promote(version, release, by=cast.bella).version == version


def test_a_key_without_the_scope_is_refused(cast: Cast, prompt: Prompt) -> None:
    _, key = a_key(an_application(cast.claims, responsible=cast.alice, by=cast.dora), "read", "write", by=cast.dora)
    with pytest.raises(NotAllowed, match="lacks the scope “deploy”"):
        promote(a_version(prompt, by=cast.alice), cast.development, by=key)


def test_a_key_bound_to_an_environment_promotes_nowhere_else(cast: Cast, prompt: Prompt) -> None:
    account = an_application(cast.claims, responsible=cast.alice, by=cast.dora)
    _, key = a_key(account, "deploy", environment=cast.staging, by=cast.dora)
    with pytest.raises(NotAllowed, match="bound to Staging"):
        promote(a_version(prompt, by=cast.alice), cast.development, by=key)


def test_the_policy_of_the_moment_counts(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice, complete=False)
    change_policy(environment=cast.development, data={"change_record": True}, actor=cast.dora)
    with pytest.raises(Blocked, match="change record"):
        promote(version, cast.development, by=cast.alice)


def test_a_version_of_another_project_does_not_enter(cast: Cast) -> None:
    foreign = a_version(a_prompt(cast.elsewhere, by=cast.charlie), by=cast.charlie)
    with pytest.raises(Invalid) as refused:
        promote(foreign, cast.development, by=cast.alice)
    assert list(refused.value.errors) == ["environment"]


def test_what_is_live_already_is_not_promoted_again(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    promote(version, cast.development, by=cast.alice)
    with pytest.raises(Conflict, match=r"1\.0\.0 is live in Development already"):
        promote(version, cast.development, by=cast.alice)


def test_whoever_did_not_see_the_newest_is_told_who_and_what(cast: Cast, prompt: Prompt) -> None:
    first, second = a_version(prompt, by=cast.alice), a_version(prompt, by=cast.alice, text="Look at {{claim}}")
    promote(first, cast.development, by=cast.bella)
    with pytest.raises(Conflict, match=r"Someone was faster: Bella sent 1\.0\.0") as lost:
        deployments.deploy(version=second, environment=cast.development, actor=cast.alice, replaces=None)
    assert (lost.value.details["by"], lost.value.details["semver"]) == ("Bella", "1.0.0")
    assert live_version(prompt, cast.development) == first


def test_the_review_is_closed_by_the_deployment(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    in_production(cast, version)
    assert [(review.is_open, review.outcome) for review in version.reviews.all()] == [(False, "deployed")]

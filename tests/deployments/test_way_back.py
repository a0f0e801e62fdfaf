"""Promise 2: the way back always works. It asks for permission and a reason, never for approvals."""

import pytest

from promptstudio.audit.models import Entry
from promptstudio.deployments import services as deployments
from promptstudio.deployments.models import Deployment
from promptstudio.deployments.services import Blocked
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, a_key, a_version, an_application, in_production, live_version, promote


@pytest.fixture
def versions(cast: Cast, prompt: Prompt) -> list[Version]:
    """Three, one after another live in development; the newest is."""
    made = [a_version(prompt, by=cast.alice, text=f"{word}: {{{{claim}}}}") for word in ("One", "Two", "Three")]
    for version in made:
        promote(version, cast.development, by=cast.alice)
    return made


def back(cast: Cast, prompt: Prompt, version: Version | None = None, *, environment: Environment | None = None) -> Deployment:
    return deployments.roll_back(
        prompt=prompt, environment=environment or cast.development, reason="It misleads.", version=version, actor=cast.bob
    )


def test_it_goes_back_to_what_was_live_before(cast: Cast, prompt: Prompt, versions: list[Version]) -> None:
    deployment = back(cast, prompt)
    assert (deployment.version, deployment.way, deployment.reason) == (versions[1], "rollback", "It misleads.")
    assert live_version(prompt, cast.development) == versions[1]


def test_it_asks_for_no_approvals(cast: Cast, prompt: Prompt) -> None:
    first, second = a_version(prompt, by=cast.alice), a_version(prompt, by=cast.alice, text="Other {{claim}}")
    in_production(cast, first)
    in_production(cast, second)
    assert back(cast, prompt, environment=cast.production).version == first


def test_it_is_evaluated_like_every_deployment(cast: Cast, prompt: Prompt, versions: list[Version]) -> None:
    evaluation = back(cast, prompt).evaluation
    assert (evaluation.way, evaluation.passed, [o["gate"] for o in evaluation.outcomes]) == ("rollback", True, ["not_recalled", "way_back"])


def test_going_back_again_passes_over_what_was_rolled_back(cast: Cast, prompt: Prompt, versions: list[Version]) -> None:
    back(cast, prompt)
    assert back(cast, prompt).version == versions[0]


def test_in_the_end_there_is_no_way_back(cast: Cast, prompt: Prompt, versions: list[Version]) -> None:
    back(cast, prompt)
    back(cast, prompt)
    with pytest.raises(Conflict, match=r"Nothing was live in Development before 1\.0\.0"):
        back(cast, prompt)


def test_a_version_promoted_again_is_a_way_back_again(cast: Cast, prompt: Prompt, versions: list[Version]) -> None:
    back(cast, prompt)
    promote(versions[2], cast.development, by=cast.alice)
    promote(a_version(prompt, by=cast.alice, text="Four: {{claim}}"), cast.development, by=cast.alice)
    assert back(cast, prompt).version == versions[2]


def test_a_named_earlier_version_is_taken(cast: Cast, prompt: Prompt, versions: list[Version]) -> None:
    assert back(cast, prompt, versions[0]).version == versions[0]


def test_a_version_that_was_never_live_is_no_way_back(cast: Cast, prompt: Prompt, versions: list[Version]) -> None:
    unseen = a_version(prompt, by=cast.alice, text="Four: {{claim}}")
    with pytest.raises(Conflict, match="was never live in Development"):
        back(cast, prompt, unseen)


def test_the_live_version_is_no_way_back(cast: Cast, prompt: Prompt, versions: list[Version]) -> None:
    with pytest.raises(Conflict, match="is live in Development already"):
        back(cast, prompt, versions[2])


def test_a_recalled_version_is_passed_over(cast: Cast, prompt: Prompt, versions: list[Version]) -> None:
    deployments.recall(version=versions[1], reason="It is wrong.", actor=cast.bob)
    assert back(cast, prompt).version == versions[0]


def test_a_recalled_version_is_refused_by_name_and_the_refusal_is_kept(cast: Cast, prompt: Prompt, versions: list[Version]) -> None:
    deployments.recall(version=versions[0], reason="It is wrong.", actor=cast.bob)
    with pytest.raises(Blocked, match="Bob recalled"):
        back(cast, prompt, versions[0])
    assert Entry.objects.filter(action="rollback.blocked").count() == 1
    assert versions[0].evaluations.filter(way="rollback", passed=False).count() == 1
    assert live_version(prompt, cast.development) == versions[2]


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_reason_is_needed(cast: Cast, prompt: Prompt, versions: list[Version], reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        deployments.roll_back(prompt=prompt, environment=cast.development, reason=reason, actor=cast.bob)
    assert list(refused.value.errors) == ["reason"]


def test_without_permission_it_is_refused_and_the_refusal_is_kept(cast: Cast, prompt: Prompt, versions: list[Version]) -> None:
    with pytest.raises(NotAllowed, match="roll back"):
        deployments.roll_back(prompt=prompt, environment=cast.development, reason="Hm.", actor=cast.alice)
    assert Entry.objects.filter(action="rollback.not_allowed", actor_uid=cast.alice.user.uid).count() == 1


def test_a_key_bound_to_an_environment_rolls_back_nowhere_else(cast: Cast, prompt: Prompt, versions: list[Version]) -> None:
    account = an_application(cast.claims, responsible=cast.alice, by=cast.dora)
    _, key = a_key(account, "deploy", environment=cast.staging, by=cast.dora)
    with pytest.raises(NotAllowed, match="bound to Staging"):
        deployments.roll_back(prompt=prompt, environment=cast.development, reason="Hm.", actor=key)


def test_where_nothing_is_live_there_is_nothing_to_roll_back(cast: Cast, prompt: Prompt) -> None:
    with pytest.raises(Conflict, match="nothing to roll back"):
        back(cast, prompt)


def test_whoever_did_not_see_the_newest_is_told(cast: Cast, prompt: Prompt, versions: list[Version]) -> None:
    seen = versions[1].deployments.get()
    with pytest.raises(Conflict, match=r"Someone was faster: Alice sent"):
        deployments.roll_back(prompt=prompt, environment=cast.development, reason="Hm.", actor=cast.bob, replaces=seen)

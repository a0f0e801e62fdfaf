"""A prompt is archived, brought back and renamed, and its readers go on."""

from collections.abc import Callable
from typing import Any

import pytest

from promptstudio.deployments import services as deployments
from promptstudio.deployments import upkeep_services as upkeep
from promptstudio.deployments.models import Snapshot
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.projects.services import change_policy
from promptstudio.prompts import model_services
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import FormerName, Prompt
from promptstudio.reviews import services as reviews
from tests.cast import Cast, a_prompt, a_version, asked, in_production, promote


def fresh(prompt: Prompt) -> Any:
    return Prompt.objects.select_related("project", "folder").get(pk=prompt.pk)


def served(prompt: Prompt) -> list[tuple[str, int]]:
    return list(Snapshot.objects.filter(placement__prompt=prompt).values_list("prompt_name", "status"))


def test_an_archived_prompt_is_read_and_not_changed(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    upkeep.archive_prompt(prompt=prompt, actor=cast.alice)
    archived = fresh(prompt)
    assert not Prompt.objects.active().filter(pk=prompt.pk).exists()
    assert Prompt.objects.visible_to(cast.vera).filter(pk=prompt.pk).exists()
    with pytest.raises(NotAllowed, match="archived"):
        prompts.open_draft(prompt=archived, actor=cast.alice)
    version.prompt = archived
    with pytest.raises(NotAllowed, match="archived"):
        asked(version, cast.staging, by=cast.alice)
    with pytest.raises(NotAllowed, match="Restore it"):
        promote(version, cast.development, by=cast.alice)


def test_whoever_looked_before_it_was_archived_is_told(cast: Cast, prompt: Prompt) -> None:
    """What they hold says that it is in the library; the row says otherwise."""
    version = a_version(prompt, by=cast.alice)
    assert version.prompt.archived_at is None
    upkeep.archive_prompt(prompt=fresh(prompt), actor=cast.bob)
    deeds: list[Callable[[], Any]] = [
        lambda: asked(version, cast.production, by=cast.alice),
        lambda: a_version(prompt, by=cast.alice, text="Newer {{claim}}"),
        lambda: prompts.add_to_change_record(version=version, expected_impact="More.", actor=cast.alice),
        lambda: model_services.open_draft_for_model(prompt=prompt, model="amazon.nova-pro-v1:0", actor=cast.alice),
    ]
    for deed in deeds:
        with pytest.raises(Conflict, match="was archived a moment ago"):
            deed()
    assert (version.reviews.count(), prompt.versions.count(), prompt.drafts.count()) == (0, 1, 0)


def test_what_is_live_without_conditions_goes_on(cast: Cast, prompt: Prompt) -> None:
    data = {"deployers": ["domain_expert"], "same_baseline": False, "accepters": ["admin"], "tests_days": 9, "tests_repeats": 2}
    change_policy(environment=cast.development, data=data, actor=cast.dora)
    promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    upkeep.archive_prompt(prompt=prompt, actor=cast.alice)
    assert served(prompt) == [(prompt.name, 200)]


def test_what_is_live_behind_conditions_is_taken_out_of_service_first(cast: Cast, prompt: Prompt) -> None:
    in_production(cast, a_version(prompt, by=cast.alice))
    with pytest.raises(Conflict, match="live in Staging and Production, which have conditions"):
        upkeep.archive_prompt(prompt=prompt, actor=cast.alice)
    for place in (cast.staging, cast.production):
        deployments.take_out_of_service(prompt=prompt, environment=place, reason="Old.", actor=cast.bob)
    upkeep.archive_prompt(prompt=prompt, actor=cast.alice)
    assert fresh(prompt).archived_at


def test_whoever_looked_before_it_was_archived_does_not_promote_it(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    upkeep.archive_prompt(prompt=prompt, actor=cast.bob)
    assert version.prompt.archived_at is None
    with pytest.raises(Conflict, match="a moment ago"):
        promote(version, cast.development, by=cast.alice)


def test_the_way_back_works_from_the_archive(cast: Cast, prompt: Prompt) -> None:
    for text in ("One {{claim}}", "Two {{claim}}"):
        promote(a_version(prompt, by=cast.alice, text=text), cast.development, by=cast.alice)
    archived = upkeep.archive_prompt(prompt=prompt, actor=cast.alice)
    back = deployments.roll_back(prompt=archived, environment=cast.development, reason="Wrong sums.", actor=cast.bob)
    assert back.version.semver == "1.0.0"


def test_an_open_review_is_ended_first(cast: Cast, prompt: Prompt) -> None:
    review = asked(a_version(prompt, by=cast.alice), cast.staging, by=cast.alice)
    with pytest.raises(Conflict, match=r"review of 1\.0\.0 for Staging is open"):
        upkeep.archive_prompt(prompt=prompt, actor=cast.alice)
    reviews.withdraw(review=review, actor=cast.alice)
    upkeep.archive_prompt(prompt=prompt, actor=cast.alice)


def test_restoring_brings_everything_back(cast: Cast, prompt: Prompt) -> None:
    draft = prompts.open_draft(prompt=prompt, actor=cast.alice)
    upkeep.archive_prompt(prompt=prompt, actor=cast.alice)
    upkeep.restore_prompt(prompt=fresh(prompt), actor=cast.bob)
    assert list(fresh(prompt).drafts.open()) == [draft]
    prompts.discard_draft(draft=draft, actor=cast.alice)


def test_neither_is_done_twice(cast: Cast, prompt: Prompt) -> None:
    with pytest.raises(Conflict, match="not archived"):
        upkeep.restore_prompt(prompt=prompt, actor=cast.alice)
    upkeep.archive_prompt(prompt=prompt, actor=cast.alice)
    with pytest.raises(Conflict, match="already"):
        upkeep.archive_prompt(prompt=prompt, actor=cast.alice)


def test_readers_learn_the_new_name_at_once(cast: Cast, prompt: Prompt) -> None:
    in_production(cast, a_version(prompt, by=cast.alice))
    upkeep.rename_prompt(prompt=prompt, name="claims/water", actor=cast.alice)
    assert set(served(prompt)) == {("claims/water", 200)}
    assert all('"name":"claims/water"' in body for body in Snapshot.objects.values_list("body", flat=True))
    assert list(Prompt.objects.search("claims/water")) == [prompt]


def test_a_former_name_is_not_given_to_another_until_it_is_given_up(cast: Cast, prompt: Prompt) -> None:
    old = prompt.name
    upkeep.rename_prompt(prompt=prompt, name="claims/water", actor=cast.alice)
    with pytest.raises(Conflict, match="already"):
        a_prompt(cast.claims, by=cast.alice, name=old)
    other = a_prompt(cast.claims, by=cast.alice, title=prompt.title)
    assert other.name == f"{old}-2"
    with pytest.raises(Conflict, match="already"):
        upkeep.rename_prompt(prompt=other, name=old, actor=cast.alice)
    upkeep.give_up_name(prompt=prompt, name=old, actor=cast.alice)
    upkeep.rename_prompt(prompt=other, name=old, actor=cast.alice)


def test_a_prompt_can_take_its_own_name_back(cast: Cast, prompt: Prompt) -> None:
    old = prompt.name
    upkeep.rename_prompt(prompt=prompt, name="claims/water", actor=cast.alice)
    upkeep.rename_prompt(prompt=prompt, name=old, actor=cast.alice)
    assert (fresh(prompt).name, list(FormerName.objects.values_list("name", flat=True))) == (old, ["claims/water"])


@pytest.mark.parametrize("name", ["", "Water Damage", "claims/live", "a" * 201, "ü", "a//b", "<b>"])
def test_a_name_must_be_one(cast: Cast, prompt: Prompt, name: str) -> None:
    with pytest.raises(Invalid):
        upkeep.rename_prompt(prompt=prompt, name=name, actor=cast.alice)


def test_a_name_that_is_gone_cannot_be_given_up_again(cast: Cast, prompt: Prompt) -> None:
    with pytest.raises(Conflict, match="does not answer"):
        upkeep.give_up_name(prompt=prompt, name="nothing", actor=cast.alice)

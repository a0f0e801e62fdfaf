"""Several prompts that go together: all of them in one transaction, or none with every reason."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from promptstudio.audit.models import Entry
from promptstudio.deployments import services as deployments
from promptstudio.deployments.models import Deployment, Evaluation, Placement, PublishJob, Release, ReleaseItem
from promptstudio.deployments.release_services import (
    MOST_PROMPTS,
    Refused,
    make_release,
    promote_release,
    put_into_release,
    roll_back_release,
    take_from_release,
    withdraw_release,
)
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.projects.models import Environment
from promptstudio.projects.services import change_policy
from promptstudio.prompts.models import Prompt, Version
from promptstudio.prompts.services import restrict_prompt
from tests.at_once import at_once
from tests.cast import Cast, a_key, a_prompt, a_version, an_application, hire, live_version, promote
from tests.deployments.fake_target import a_target, publish_everything, refuse, use_fake_publisher


@pytest.fixture
def pair(cast: Cast) -> list[Version]:
    """Two prompts with a version each."""
    return [a_version(a_prompt(cast.claims, by=cast.alice, title=title), by=cast.alice) for title in ("Triage", "Letter")]


@pytest.fixture
def release(cast: Cast, pair: list[Version]) -> Release:
    return make_release(environment=cast.development, name="Storm season", versions=pair, actor=cast.alice)


def in_place(versions: list[Version], place: Environment) -> list[str | None]:
    found = [live_version(version.prompt, place) for version in versions]
    return [version.semver if version else None for version in found]


def newer(cast: Cast, versions: list[Version]) -> list[Version]:
    return [a_version(version.prompt, by=cast.alice, text=f"Newer {version.pk} {{{{claim}}}}") for version in versions]


def strict(cast: Cast) -> None:
    change_policy(environment=cast.development, data={"change_record": True}, actor=cast.dora)


def test_all_of_it_goes_at_once(cast: Cast, release: Release, pair: list[Version]) -> None:
    promoted = promote_release(release=release, reason=" The storm. ", actor=cast.bob)
    assert promoted.state == "promoted"
    assert in_place(pair, cast.development) == ["1.0.0", "1.0.0"]
    assert {(made.by, made.reason, made.in_release.release) for made in Deployment.objects.all()} == {
        (cast.bob.user, "The storm.", release)
    }


def test_each_has_an_evaluation_of_its_own(cast: Cast, release: Release) -> None:
    promote_release(release=release, actor=cast.bob)
    assert [made.evaluation.version for made in Deployment.objects.all()] == [made.version for made in Deployment.objects.all()]


def test_the_trail_speaks_of_each_and_of_the_whole(cast: Cast, release: Release) -> None:
    promote_release(release=release, reason="The storm.", actor=cast.bob)
    made = Entry.objects.filter(action="deployment.made")
    assert [json.loads(entry.data)["release"] for entry in made] == [str(release.uid)] * 2
    assert json.loads(Entry.objects.get(action="release.promoted").data)["prompts"] == 2


def test_one_that_is_blocked_holds_all_of_it_back_and_every_reason_is_said(cast: Cast, pair: list[Version]) -> None:
    strict(cast)
    loose = [a_version(version.prompt, by=cast.alice, text=f"Loose {version.pk} {{{{claim}}}}", complete=False) for version in pair]
    fine = a_version(a_prompt(cast.claims, by=cast.alice, title="Fine"), by=cast.alice)
    release = make_release(environment=cast.development, name="Storm", versions=[*loose, fine], actor=cast.alice)
    with pytest.raises(Refused, match="2 prompts hold it back") as refused:
        promote_release(release=release, actor=cast.alice)
    assert [item.version for item, _ in refused.value.reasons] == loose
    assert all("still missing from the change record" in why for _, why in refused.value.reasons)
    assert not Deployment.objects.exists()
    assert Release.objects.get().is_open


def test_a_refusal_is_kept_with_the_answers_of_each(cast: Cast, release: Release, pair: list[Version]) -> None:
    deployments.recall(version=pair[1], reason="Wrong sums.", actor=cast.bob)
    with pytest.raises(Refused):
        promote_release(release=release, actor=cast.alice)
    assert list(Evaluation.objects.values_list("passed", flat=True)) == [True, False]
    assert Entry.objects.filter(action="release.blocked", actor_uid=cast.alice.user.uid).exists()


def test_what_is_live_already_or_archived_holds_it_back_as_well(cast: Cast, release: Release, pair: list[Version]) -> None:
    promote(pair[0], cast.development, by=cast.alice)
    Prompt.objects.filter(pk=pair[1].prompt_id).update(archived_at=pair[1].created_at)
    with pytest.raises(NotAllowed, match="This prompt is archived"):
        promote_release(release=release, actor=cast.alice)
    Prompt.objects.filter(pk=pair[1].prompt_id).update(archived_at=None)
    with pytest.raises(Refused) as refused:
        promote_release(release=release, actor=cast.alice)
    assert [why for _, why in refused.value.reasons] == ["1.0.0 is live in Development already."]


def test_whoever_saw_something_older_is_told(cast: Cast, release: Release, pair: list[Version]) -> None:
    promote(newer(cast, pair)[0], cast.development, by=cast.bella)
    with pytest.raises(Refused) as refused:
        promote_release(release=release, seen={pair[0]: None, pair[1]: None}, actor=cast.alice)
    assert next(why for _, why in refused.value.reasons).startswith("Someone was faster: Bella sent")


def test_a_release_that_changed_since_is_not_promoted(cast: Cast, release: Release, pair: list[Version]) -> None:
    put_into_release(release=release, version=newer(cast, pair)[0], actor=cast.bob)
    with pytest.raises(Conflict, match="changed after you looked"):
        promote_release(release=release, seen={pair[0]: None, pair[1]: None}, actor=cast.alice)


def test_it_goes_once(cast: Cast, release: Release) -> None:
    promote_release(release=release, actor=cast.alice)
    with pytest.raises(Conflict, match="not open any more: promoted by Alice"):
        promote_release(release=release, actor=cast.bob)


def test_an_empty_one_does_not_go(cast: Cast) -> None:
    empty = make_release(environment=cast.development, name="Empty", actor=cast.alice)
    with pytest.raises(Conflict, match="no prompt in this release yet"):
        promote_release(release=empty, actor=cast.alice)


@pytest.mark.parametrize("who", ["vera", "axel", "charlie"])
def test_whoever_may_not_promote_moves_no_release(cast: Cast, release: Release, who: str) -> None:
    for deed in (
        lambda actor: make_release(environment=cast.development, name="Mine", actor=actor),
        lambda actor: promote_release(release=release, actor=actor),
        lambda actor: withdraw_release(release=release, actor=actor),
        lambda actor: roll_back_release(release=release, reason="No.", actor=actor),
    ):
        with pytest.raises(NotAllowed):
            deed(getattr(cast, who))
    assert Release.objects.get().is_open


def test_a_prompt_that_one_does_not_see_is_not_put_in(cast: Cast, release: Release) -> None:
    secret = a_version(a_prompt(cast.claims, by=cast.bob, title="Severance"), by=cast.bob)
    restrict_prompt(prompt=secret.prompt, people=[cast.bob.user], actor=cast.bob)
    with pytest.raises(NotAllowed):
        put_into_release(release=release, version=secret, actor=cast.alice)
    with pytest.raises(NotAllowed):
        make_release(environment=cast.development, name="Both", versions=[secret], actor=cast.alice)


def test_whoever_does_not_see_all_of_it_does_not_promote_it(cast: Cast, release: Release) -> None:
    secret = a_version(a_prompt(cast.claims, by=cast.bob, title="Severance"), by=cast.bob)
    restrict_prompt(prompt=secret.prompt, people=[cast.bob.user], actor=cast.bob)
    put_into_release(release=release, version=secret, actor=cast.bob)
    with pytest.raises(NotAllowed, match="One prompt of it is hidden from you"):
        promote_release(release=release, actor=cast.alice)
    promote_release(release=release, actor=cast.bob)
    with pytest.raises(NotAllowed, match="hidden from you"):
        roll_back_release(release=release, reason="No.", actor=cast.bella)


def test_a_release_of_hidden_prompts_alone_is_not_there(cast: Cast) -> None:
    secret = a_version(a_prompt(cast.claims, by=cast.bob, title="Severance"), by=cast.bob)
    restrict_prompt(prompt=secret.prompt, people=[cast.bob.user], actor=cast.bob)
    make_release(environment=cast.development, name="Severance letters", versions=[secret], actor=cast.bob)
    seen = {who: Release.objects.visible_to(getattr(cast, who)).exists() for who in ("bob", "alice", "dora", "charlie")}
    assert seen == {"bob": True, "alice": False, "dora": True, "charlie": False}


def test_deployers_of_the_conditions_count(cast: Cast, release: Release) -> None:
    change_policy(environment=cast.development, data={"deployers": ["technical"]}, actor=cast.dora)
    with pytest.raises(NotAllowed, match="Promoting to Development is for technical"):
        promote_release(release=release, actor=cast.alice)
    assert Entry.objects.filter(action="release.not_allowed").exists()


def test_a_key_of_another_environment_promotes_none_of_it(cast: Cast, release: Release) -> None:
    account = an_application(cast.claims, responsible=cast.alice, by=cast.dora)
    _, key = a_key(account, "deploy", environment=cast.staging, by=cast.dora)
    with pytest.raises(NotAllowed, match="bound to Staging"):
        promote_release(release=release, actor=key)


def test_only_prompts_of_its_project_go_in(cast: Cast) -> None:
    foreign = a_version(a_prompt(cast.elsewhere, by=cast.charlie), by=cast.charlie)
    with pytest.raises(Invalid) as refused:
        make_release(environment=cast.development, name="Both", versions=[foreign], actor=cast.root)
    assert list(refused.value.errors) == ["versions"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 121])
def test_a_name_is_needed_and_short(cast: Cast, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        make_release(environment=cast.development, name=name, actor=cast.alice)
    assert list(refused.value.errors) == ["name"]


def test_a_version_takes_the_place_of_another_one_of_its_prompt(cast: Cast, release: Release, pair: list[Version]) -> None:
    later = newer(cast, pair)[0]
    put_into_release(release=release, version=later, actor=cast.bob)
    assert set(release.items.values_list("version", flat=True)) == {later.pk, pair[1].pk}
    with pytest.raises(Conflict, match="in this release already"):
        put_into_release(release=release, version=later, actor=cast.alice)


def test_a_prompt_is_taken_out_once(cast: Cast, release: Release, pair: list[Version]) -> None:
    take_from_release(release=release, prompt=pair[0].prompt, actor=cast.bob)
    with pytest.raises(Conflict, match="not in this release any more"):
        take_from_release(release=release, prompt=pair[0].prompt, actor=cast.bob)
    promote_release(release=release, actor=cast.alice)
    assert in_place(pair, cast.development) == [None, "1.0.0"]


def test_what_is_settled_does_not_change(cast: Cast, release: Release, pair: list[Version]) -> None:
    withdraw_release(release=release, actor=cast.alice)
    for deed in (
        lambda: put_into_release(release=release, version=newer(cast, pair)[0], actor=cast.alice),
        lambda: take_from_release(release=release, prompt=pair[0].prompt, actor=cast.alice),
        lambda: promote_release(release=release, actor=cast.alice),
        lambda: withdraw_release(release=release, actor=cast.alice),
    ):
        with pytest.raises(Conflict, match="not open any more: withdrawn by Alice"):
            deed()


def test_not_more_go_together_than_a_person_can_look_at(cast: Cast, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptstudio.deployments.release_services.MOST_PROMPTS", 2)
    third = a_version(a_prompt(cast.claims, by=cast.alice, title="Third"), by=cast.alice)
    with pytest.raises(Conflict, match="At most 2 prompts go together"):
        put_into_release(release=release, version=third, actor=cast.alice)
    assert MOST_PROMPTS == 50


def both_twice(cast: Cast, pair: list[Version]) -> Release:
    """1.0.0 of both is live, and then a newer one of both went there together."""
    promote_release(release=make_release(environment=cast.development, name="First", versions=pair, actor=cast.alice), actor=cast.alice)
    second = make_release(environment=cast.development, name="Second", versions=newer(cast, pair), actor=cast.alice)
    return promote_release(release=second, actor=cast.alice)


def test_one_button_brings_each_back_to_what_it_replaced(cast: Cast, pair: list[Version]) -> None:
    second = both_twice(cast, pair)
    back = roll_back_release(release=second, reason="It invents sums.", actor=cast.bob)
    assert back.state == "rolled_back"
    assert in_place(pair, cast.development) == ["1.0.0", "1.0.0"]
    assert {item.way_back.way for item in back.items.all()} == {"rollback"}


def test_going_back_needs_a_reason(cast: Cast, pair: list[Version]) -> None:
    second = both_twice(cast, pair)
    with pytest.raises(Invalid):
        roll_back_release(release=second, reason=" ", actor=cast.bob)


def test_what_replaced_nothing_is_taken_out_of_service(cast: Cast, pair: list[Version]) -> None:
    promote(pair[0], cast.development, by=cast.alice)
    both = [newer(cast, pair)[0], pair[1]]
    release = make_release(environment=cast.development, name="One is new", versions=both, actor=cast.alice)
    promote_release(release=release, actor=cast.alice)
    back = roll_back_release(release=release, reason="It invents sums.", actor=cast.bob)
    assert back.state == "rolled_back"
    old, new = (Placement.objects.get(prompt=version.prompt, environment=cast.development) for version in pair)
    assert (old.live_version, old.out_of_service_at) == (pair[0], None)
    assert (new.out_of_service_reason, bool(new.out_of_service_at)) == ("It invents sums.", True)
    entry = Entry.objects.get(action="prompt.taken_out_of_service")
    assert json.loads(entry.data)["release"] == str(release.uid)


def test_what_replaced_nothing_and_has_not_arrived_holds_the_way_back(cast: Cast, release: Release, settings: Any) -> None:
    use_fake_publisher(settings)
    a_target(cast.development, by=cast.dora)
    promote_release(release=release, actor=cast.alice)
    with pytest.raises(Refused) as refused:
        roll_back_release(release=release, reason="No.", actor=cast.bob)
    assert {why for _, why in refused.value.reasons} == {"1.0.0 is still on its way to Development. Wait for it, or stop its publication."}
    assert not Placement.objects.exclude(out_of_service_at=None).exists()


def test_what_somebody_sent_since_holds_the_way_back(cast: Cast, pair: list[Version]) -> None:
    second = both_twice(cast, pair)
    third = a_version(pair[0].prompt, by=cast.alice, text="Third {{claim}}")
    promote(third, cast.development, by=cast.bella)
    before = in_place(pair, cast.development)
    with pytest.raises(Refused) as refused:
        roll_back_release(release=second, reason="No.", actor=cast.bob)
    assert [why for _, why in refused.value.reasons] == [f"Bella sent {third.semver} since. Going back from it is a decision of its own."]
    assert in_place(pair, cast.development) == before


def test_a_recalled_version_is_no_way_back(cast: Cast, pair: list[Version]) -> None:
    second = both_twice(cast, pair)
    deployments.recall(version=pair[1], reason="Wrong sums.", actor=cast.bob)
    with pytest.raises(Refused, match="1 prompt holds it back"):
        roll_back_release(release=second, reason="No.", actor=cast.bob)
    assert Entry.objects.filter(action="release.rollback_blocked").exists()


def test_what_was_not_promoted_has_no_way_back(cast: Cast, release: Release) -> None:
    with pytest.raises(Conflict, match="nothing to roll back"):
        roll_back_release(release=release, reason="No.", actor=cast.bob)


def test_places_publish_each_by_itself_and_a_failure_is_brought_back_with_all(cast: Cast, pair: list[Version], settings: Any) -> None:
    promote_release(release=make_release(environment=cast.development, name="First", versions=pair, actor=cast.alice), actor=cast.alice)
    target = use_fake_publisher(settings)
    a_target(cast.development, by=cast.dora)

    second = make_release(environment=cast.development, name="Second", versions=newer(cast, pair), actor=cast.alice)
    promote_release(release=second, actor=cast.alice)
    assert in_place(pair, cast.development) == ["1.0.0", "1.0.0"]
    target.twists = [refuse]
    publish_everything()
    assert sorted(PublishJob.objects.values_list("state", flat=True)) == ["confirmed", "failed"]
    roll_back_release(release=second, reason="Half of it is no release.", actor=cast.bob)
    assert in_place(pair, cast.development) == ["1.0.0", "1.0.0"]


@pytest.mark.django_db(transaction=True)
def test_two_releases_that_share_prompts_wait_for_each_other_and_never_in_a_circle(transactional_db: None) -> None:
    cast = hire()
    prompts = [a_prompt(cast.claims, by=cast.alice, title=f"Prompt {number}") for number in range(4)]

    def a_release(order: list[Prompt], word: str) -> Release:
        versions = [a_version(prompt, by=cast.alice, text=f"{word} {{{{claim}}}}") for prompt in order]
        return make_release(environment=cast.development, name=word, versions=versions, actor=cast.alice)

    def goes(release: Release) -> Callable[[], Release]:
        return lambda: promote_release(release=release, actor=cast.alice)

    for number in range(3):
        answers = at_once(goes(a_release(prompts, f"Forth {number}")), goes(a_release(prompts[::-1], f"Back {number}")))
        assert [type(answer) for answer in answers] == [Release, Release], answers
    live = {placement.live.in_release.release_id for placement in Placement.objects.select_related("live__in_release")}
    assert len(live) == 1, "one of them went whole after the other"
    assert ReleaseItem.objects.exclude(deployment=None).count() == 24


@pytest.mark.django_db(transaction=True)
def test_a_release_and_single_promotions_do_not_wait_in_a_circle(transactional_db: None) -> None:
    cast = hire()
    prompts = [a_prompt(cast.claims, by=cast.alice, title=f"Prompt {number}") for number in range(3)]
    versions = [a_version(prompt, by=cast.alice) for prompt in prompts]
    others = [a_version(prompt, by=cast.alice, text="Other {{claim}}") for prompt in prompts]
    release = make_release(environment=cast.development, name="All", versions=versions, actor=cast.alice)
    singles = [lambda version=version: promote(version, cast.development, by=cast.bob) for version in others]
    answers = at_once(lambda: promote_release(release=release, actor=cast.alice), *singles)
    assert [answer for answer in answers if isinstance(answer, Exception)] == []

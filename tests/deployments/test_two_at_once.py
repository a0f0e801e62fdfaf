"""Two people at the same moment, with real threads and real connections: one wins, the other is told."""

from collections.abc import Callable
from threading import Event
from time import sleep
from typing import Any

import pytest
from django.db import transaction

from promptstudio.audit.chain import faults
from promptstudio.audit.models import Entry
from promptstudio.audit.services import record
from promptstudio.deployments import services as deployments
from promptstudio.deployments import upkeep_services, worker
from promptstudio.deployments.models import Attempt, Deployment, Placement, WentLive
from promptstudio.lib.errors import Conflict
from promptstudio.projects.models import Environment, Policy
from promptstudio.projects.services import change_policy
from promptstudio.prompts import model_services, shelf_services
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Draft, Prompt, Version
from tests.at_once import at_once, one_and_one
from tests.cast import Cast, a_prompt, a_version, asked, bundle, hire, live_version, promote
from tests.deployments.fake_target import a_target, use_fake_publisher

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return hire()


@pytest.fixture
def prompt(cast: Cast) -> Prompt:
    return a_prompt(cast.claims, by=cast.alice)


def test_of_two_promotions_that_saw_the_same_one_wins(cast: Cast, prompt: Prompt) -> None:
    promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    seen = Deployment.objects.get()
    second, third = (a_version(prompt, by=cast.alice, text=f"{word} {{{{claim}}}}") for word in ("Second", "Third"))

    def promotes(version: Version, who: Any) -> Callable[[], Deployment]:
        return lambda: deployments.deploy(version=version, environment=cast.development, actor=who, replaces=seen)

    made, lost = one_and_one(at_once(promotes(second, cast.bob), promotes(third, cast.bella)), Deployment, Conflict)
    assert lost.sentence.startswith(f"Someone was faster: {made.by.name} sent {made.version.semver}")
    assert live_version(prompt, cast.development) == made.version


def test_whoever_waited_for_a_lock_sees_what_is_live_after_it(cast: Cast, prompt: Prompt) -> None:
    first, second = (a_version(prompt, by=cast.alice, text=f"{word} {{{{claim}}}}") for word in ("First", "Second"))
    promote(first, cast.development, by=cast.alice)
    holds = Event()

    def moves() -> None:
        with transaction.atomic():
            deployments.lock_placement(prompt, cast.development)
            holds.set()
            # Long enough for the other one to wait for the row.
            sleep(0.7)
            promote(second, cast.development, by=cast.alice)

    def waits() -> Version:
        holds.wait(10)
        with transaction.atomic():
            placement = deployments.lock_placement(prompt, cast.development)
            return placement.live.version

    assert at_once(moves, waits)[1] == second


def test_of_two_first_promotions_one_wins(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    _, lost = one_and_one(
        at_once(*[lambda: deployments.deploy(version=version, environment=cast.development, actor=cast.bob, replaces=None)] * 2),
        Deployment,
        Conflict,
    )
    assert lost.details["by"] == "Bob"
    assert Placement.objects.count() == 1


def test_of_two_ways_back_that_saw_the_same_one_wins(cast: Cast, prompt: Prompt) -> None:
    for word in ("One", "Two", "Three"):
        promote(a_version(prompt, by=cast.alice, text=f"{word} {{{{claim}}}}"), cast.development, by=cast.alice)
    seen = Deployment.objects.latest("id")
    going_back = {"prompt": prompt, "environment": cast.development, "reason": "No.", "replaces": seen}
    one_and_one(
        at_once(*[lambda who=who: deployments.roll_back(**going_back, actor=who) for who in (cast.bob, cast.bella)]), Deployment, Conflict
    )
    assert live_version(prompt, cast.development).semver == "1.1.0"
    assert WentLive.objects.count() == 4


def test_of_two_who_save_the_same_draft_one_wins_and_no_text_is_lost(cast: Cast, prompt: Prompt) -> None:
    draft = prompts.open_draft(prompt=prompt, actor=cast.alice)
    texts = {"Alice": bundle("Alice's {{claim}}"), "Bob": bundle("Bob's {{claim}}")}

    def saves(who: Any) -> Callable[[], Any]:
        return lambda: prompts.save_draft(draft=draft, content=texts[who.user.name], revision=1, actor=who)

    saved, lost = one_and_one(at_once(saves(cast.alice), saves(cast.bob)), type(draft), prompts.Stale)
    assert saved.content == texts[saved.updated_by.name]
    assert lost.draft.content == saved.content
    assert lost.sentence.startswith(f"{saved.updated_by.name} saved this draft at")


def test_whoever_waited_for_a_draft_sees_who_saved_it(cast: Cast, prompt: Prompt) -> None:
    draft = prompts.open_draft(prompt=prompt, actor=cast.alice)
    holds = Event()

    def saves() -> None:
        with transaction.atomic():
            prompts.save_draft(draft=draft, content=bundle("Bob's {{claim}}"), revision=1, actor=cast.bob)
            holds.set()
            sleep(0.7)

    def saves_too_late() -> None:
        holds.wait(10)
        prompts.save_draft(draft=draft, content=bundle("Alice's {{claim}}"), revision=1, actor=cast.alice)

    lost = at_once(saves, saves_too_late)[1]
    assert isinstance(lost, prompts.Stale), lost
    assert lost.sentence.startswith("Bob saved this draft at")


def test_two_versions_saved_at_once_have_different_numbers(cast: Cast, prompt: Prompt) -> None:
    answers = at_once(
        *[lambda word=word: a_version(prompt, by=cast.alice, text=f"{word} {{{{claim}}}}") for word in ("One", "Two", "Three")]
    )
    assert len({version.number for version in answers}) == 3


def test_the_same_version_saved_twice_at_once_is_one(cast: Cast, prompt: Prompt) -> None:
    one_and_one(at_once(*[lambda: a_version(prompt, by=cast.alice)] * 2), Version, prompts.NothingChanged)


def test_two_clicks_open_one_draft_for_a_successor(cast: Cast, prompt: Prompt) -> None:
    a_version(prompt, by=cast.alice)
    opens = [lambda: model_services.open_draft_for_model(prompt=prompt, model="amazon.nova-pro-v1:0", actor=cast.alice)] * 2
    first, second = at_once(*opens)
    assert first == second == Draft.objects.get()


def test_a_prompt_is_not_archived_under_who_asks_for_a_review(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    at_once(lambda: asked(version, cast.production, by=cast.alice), lambda: upkeep_services.archive_prompt(prompt=prompt, actor=cast.bob))
    archived = Prompt.objects.get().archived_at is not None
    assert archived != version.reviews.open().exists()


def test_of_two_who_ask_for_the_same_review_one_is_told(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    answers = at_once(*[lambda who=who: asked(version, cast.production, by=who) for who in (cast.alice, cast.bob)])
    review = version.reviews.get()
    _, lost = one_and_one(answers, type(review), Conflict)
    assert lost.sentence.startswith(f"{review.asked_by.name} asked for a review of 1.0.0 for Production")


def test_two_changes_of_a_policy_are_both_kept(cast: Cast) -> None:
    rules = [{"approvals": {role: 1}} for role in ("product", "technical")]
    answers = at_once(*[lambda data=data: change_policy(environment=cast.production, data=data, actor=cast.dora) for data in rules])
    assert sorted(policy.number for policy in answers) == [2, 3]
    assert Policy.objects.filter(environment=cast.production).count() == 3


def test_the_trail_is_whole_after_eight_writers(cast: Cast) -> None:
    def writes() -> None:
        for _ in range(20):
            record(actor=cast.alice, action="test.written", project_uid=cast.claims.uid)

    before = Entry.objects.count()
    assert at_once(*[writes] * 8) == [None] * 8
    assert Entry.objects.count() == before + 160
    assert list(faults()) == []


def test_a_job_is_claimed_by_one_worker(cast: Cast, prompt: Prompt, settings: Any) -> None:
    target = use_fake_publisher(settings)
    a_target(cast.development, by=cast.dora)
    promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    assert sorted(at_once(*[worker.publish_due] * 4)) == [0, 0, 0, 1]
    assert (len(target.orders), Attempt.objects.count()) == (1, 1)


def test_a_promotion_during_a_publication_neither_waits_for_it_nor_loses(cast: Cast, prompt: Prompt, settings: Any) -> None:
    use_fake_publisher(settings)
    a_target(cast.development, by=cast.dora)
    first, second = a_version(prompt, by=cast.alice), a_version(prompt, by=cast.alice, text="Second {{claim}}")
    promote(first, cast.development, by=cast.alice)
    answers = at_once(worker.publish_due, lambda: promote(second, cast.development, by=cast.bob))
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    worker.publish_due()
    assert live_version(prompt, cast.development) == second


def test_many_people_at_once_leave_a_whole_trail(cast: Cast) -> None:
    def works(number: int, environment: Environment) -> Callable[[], None]:
        def story() -> None:
            prompt = a_prompt(cast.claims, by=cast.alice, title=f"Prompt {number}")
            promote(a_version(prompt, by=cast.alice), environment, by=cast.bob)

        return story

    assert at_once(*[works(number, cast.development) for number in range(6)]) == [None] * 6
    assert list(faults()) == []


def test_two_prompts_of_one_title_made_at_once_have_different_names(cast: Cast) -> None:
    answers = at_once(*[lambda: a_prompt(cast.claims, by=cast.alice, title="Storm")] * 4)
    assert sorted(made.name for made in answers) == ["storm", "storm-2", "storm-3", "storm-4"]


def test_tags_that_two_add_at_once_both_stand(cast: Cast, prompt: Prompt) -> None:
    holds = Event()

    def adds_slowly() -> None:
        with transaction.atomic():
            shelf_services.add_tags(prompt=prompt, words=["legal"], actor=cast.alice)
            holds.set()
            sleep(0.7)

    def adds() -> list[str]:
        holds.wait(10)
        return shelf_services.add_tags(prompt=prompt, words=["storm"], actor=cast.bob)

    assert at_once(adds_slowly, adds)[1] == ["legal", "storm"]

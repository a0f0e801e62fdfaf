"""Promoting past the conditions: at once, with a reason, told to every admin, and looked at afterwards by somebody else."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from promptstudio.accounts.actor import Actor, system
from promptstudio.audit.models import Entry
from promptstudio.deployments import board, gates
from promptstudio.deployments import services as deployments
from promptstudio.deployments.emergency_services import conclude, promote_in_an_emergency, remind_of_after_reviews
from promptstudio.deployments.models import AfterReview, Conclusion, Deployment, Evaluation
from promptstudio.deployments.seal import problem_of
from promptstudio.lib import clock
from promptstudio.lib.append_only import NeverChanges
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.notifications import telling
from promptstudio.notifications.models import Notification
from promptstudio.projects.rules import Rules
from promptstudio.projects.services import change_policy
from promptstudio.prompts.models import Prompt, Version
from tests.at_once import at_once, one_and_one
from tests.cast import (
    STRICT,
    Cast,
    a_key,
    a_person,
    a_prompt,
    a_version,
    an_application,
    approved,
    hire,
    in_production,
    live_version,
    promote,
)

FIRE = "The old text promises money that nobody has."


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    """1.0.0, with a change record and nothing else that production asks for."""
    return a_version(prompt, by=cast.alice)


@pytest.fixture
def dana(cast: Cast) -> Actor:
    """A second admin."""
    return a_person("Dana", cast.claims, "admin", by=cast.root)


def forced(cast: Cast, version: Version, *, by: Actor | None = None) -> Deployment:
    return promote_in_an_emergency(version=version, environment=cast.production, reason=FIRE, actor=by or cast.dora)


def allow(cast: Cast, *roles: str) -> None:
    rules = STRICT.model_copy(update={"emergency": roles}).model_dump(mode="json")
    change_policy(environment=cast.production, data=rules, actor=cast.dora)


def told_of(action: str) -> set[str]:
    telling.tell_due()
    entries = Entry.objects.filter(action=action).values("uid")
    return set(Notification.objects.filter(entry_uid__in=entries, kind="emergency").values_list("person__name", flat=True))


def test_it_works_at_once_although_conditions_block(cast: Cast, version: Version) -> None:
    made = forced(cast, version)
    assert (made.way, made.reason, live_version(version.prompt, cast.production)) == ("emergency", FIRE, version)


def test_what_the_gates_answered_is_kept_and_sealed(cast: Cast, version: Version) -> None:
    made = forced(cast, version)
    assert not made.evaluation.passed
    assert [outcome["gate"] for outcome in made.evaluation.blocked] == ["previous_environment", "approvals"]
    assert problem_of(made) == ""


def test_the_trail_names_what_was_passed_over_and_why(cast: Cast, version: Version) -> None:
    forced(cast, version)
    entry = Entry.objects.get(action="deployment.forced")
    assert json.loads(entry.data)["gates"] == ["previous_environment", "approvals"]
    assert entry.actor_uid == cast.dora.user.uid
    assert FIRE not in entry.data


def test_where_nothing_blocks_it_is_refused(cast: Cast, version: Version) -> None:
    promote(version, cast.development, cast.staging, by=cast.alice)
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    with pytest.raises(Conflict, match="Every condition of Production is met"):
        forced(cast, version)
    assert not AfterReview.objects.exists()


@pytest.mark.parametrize("reason", ["", " \n\t"])
def test_it_needs_a_reason(cast: Cast, version: Version, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        promote_in_an_emergency(version=version, environment=cast.production, reason=reason, actor=cast.dora)
    assert list(refused.value.errors) == ["reason"]
    assert not Deployment.objects.exists()


@pytest.mark.parametrize("who", ["alice", "bob", "bella", "vera", "axel"])
def test_unless_the_conditions_say_otherwise_admins_alone_may(cast: Cast, version: Version, who: str) -> None:
    with pytest.raises(NotAllowed):
        forced(cast, version, by=getattr(cast, who))
    assert Entry.objects.filter(action="emergency.not_allowed", actor_uid=getattr(cast, who).user.uid).exists()
    assert not Deployment.objects.exists()


def test_the_conditions_name_who_may(cast: Cast, version: Version) -> None:
    allow(cast, "technical")
    with pytest.raises(NotAllowed, match="Promoting to Production past the conditions is for technical"):
        forced(cast, version, by=cast.dora)
    assert forced(cast, version, by=cast.bella).by == cast.bella.user


def test_the_conditions_may_allow_it_to_nobody(cast: Cast, version: Version) -> None:
    allow(cast)
    with pytest.raises(NotAllowed, match="for site admins alone"):
        forced(cast, version)
    assert forced(cast, version, by=cast.root)


def test_more_roles_in_an_emergency_are_easier_conditions() -> None:
    assert Rules(emergency=("admin", "technical")).easier_than(Rules()) == ["technical may promote past the conditions in an emergency"]
    assert Rules(emergency=()).easier_than(Rules()) == []
    assert Rules(emergency=("admin", "technical")).raised_to(Rules()).emergency == ("admin",)


@pytest.mark.parametrize("scopes", [("deploy",), ("read", "write", "deploy")])
def test_no_key_breaks_the_glass(cast: Cast, version: Version, scopes: tuple[str, ...]) -> None:
    _, key = a_key(an_application(cast.claims, responsible=cast.dora, by=cast.dora), *scopes, by=cast.dora)
    with pytest.raises(NotAllowed, match="A key cannot promote past the conditions"):
        forced(cast, version, by=key)


def test_a_recalled_version_stays_blocked(cast: Cast, version: Version) -> None:
    promote(version, cast.development, by=cast.alice)
    deployments.recall(version=version, reason="It promises money.", actor=cast.bob)
    with pytest.raises(deployments.Blocked, match="It promises money"):
        forced(cast, version)
    assert not Evaluation.objects.latest("id").passed
    assert Entry.objects.filter(action="emergency.blocked").exists()
    assert not AfterReview.objects.exists()


def test_a_recall_that_cannot_be_looked_up_blocks_as_well(cast: Cast, version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(gates.NotRecalled, "check", breaks)
    with pytest.raises(deployments.Blocked, match="could not be checked"):
        forced(cast, version)


def test_any_other_gate_that_breaks_does_not_hold_it_back(cast: Cast, version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(gates.ChangeRecord, "check", breaks)
    assert "change_record" in [outcome["gate"] for outcome in forced(cast, version).evaluation.blocked]


def test_whoever_did_not_see_the_newest_is_told(cast: Cast, version: Version) -> None:
    in_production(cast, version)
    second = a_version(version.prompt, by=cast.alice, text="Second {{claim}}")
    with pytest.raises(Conflict, match=r"Someone was faster: Alice sent 1\.0\.0"):
        promote_in_an_emergency(version=second, environment=cast.production, reason=FIRE, replaces=None, actor=cast.dora)


def test_the_board_marks_it_until_something_else_is_live(cast: Cast, version: Version) -> None:
    forced(cast, version)
    assert [cell.emergency for cell in board.row(version.prompt).cells] == [False, False, True]
    in_production(cast, a_version(version.prompt, by=cast.alice, text="Second {{claim}}"))
    assert not any(cell.emergency for cell in board.row(version.prompt).cells)


def test_there_is_a_way_back_to_what_was_promoted_in_an_emergency(cast: Cast, version: Version) -> None:
    forced(cast, version)
    in_production(cast, a_version(version.prompt, by=cast.alice, text="Second {{claim}}"))
    deployments.roll_back(prompt=version.prompt, environment=cast.production, reason="Worse.", actor=cast.bob)
    assert live_version(version.prompt, cast.production) == version


def test_every_admin_is_told_at_once(cast: Cast, version: Version, dana: Actor) -> None:
    forced(cast, version)
    assert told_of("deployment.forced") == {"Dana"}


def test_where_nobody_else_keeps_the_project_site_admins_are_told(cast: Cast, version: Version) -> None:
    forced(cast, version)
    assert told_of("deployment.forced") == {"Root"}


def test_it_opens_an_after_review_that_waits_for_other_admins(cast: Cast, version: Version, dana: Actor) -> None:
    friday = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)
    with clock.at(friday):
        after_review = forced(cast, version).after_review
    assert after_review.due_at == friday + timedelta(days=4)
    waits = {who.user.name: AfterReview.objects.awaiting(who).exists() for who in (dana, cast.dora, cast.bob, cast.charlie, cast.root)}
    assert waits == {"Dana": True, "Dora": False, "Bob": False, "Charlie": False, "Root": True}


def test_somebody_else_closes_it_with_words(cast: Cast, version: Version, dana: Actor) -> None:
    after_review = forced(cast, version).after_review
    said = conclude(after_review=after_review, verdict="not_justified", words=" Ask first. ", actor=dana)
    assert (said.by, said.verdict, said.words) == (dana.user, "not_justified", "Ask first.")
    assert not AfterReview.objects.open().exists()
    assert told_of("emergency.concluded") == {"Alice", "Dora"}


def test_whoever_promoted_does_not_close_it(cast: Cast, version: Version) -> None:
    with pytest.raises(NotAllowed, match="You promoted this yourself"):
        conclude(after_review=forced(cast, version).after_review, verdict="justified", words="It was me.", actor=cast.dora)


@pytest.mark.parametrize("who", ["alice", "bob", "vera", "charlie"])
def test_nobody_but_admins_closes_it(cast: Cast, version: Version, who: str) -> None:
    with pytest.raises(NotAllowed):
        conclude(after_review=forced(cast, version).after_review, verdict="justified", words="Fine.", actor=getattr(cast, who))


@pytest.mark.parametrize(("verdict", "words", "wrong"), [("", "So.", ["verdict"]), ("maybe", " ", ["verdict", "words"])])
def test_an_answer_that_says_too_little_is_refused_at_its_field(
    cast: Cast, version: Version, dana: Actor, verdict: str, words: str, wrong: list[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        conclude(after_review=forced(cast, version).after_review, verdict=verdict, words=words, actor=dana)
    assert list(refused.value.errors) == wrong


def test_it_is_closed_once_and_for_good(cast: Cast, version: Version, dana: Actor) -> None:
    after_review = forced(cast, version).after_review
    said = conclude(after_review=after_review, verdict="justified", words="It burned.", actor=dana)
    with pytest.raises(Conflict, match="Dana closed it already"):
        conclude(after_review=after_review, verdict="not_justified", words="Or not.", actor=cast.root)
    with pytest.raises(NeverChanges):
        Conclusion.objects.filter(pk=said.pk).update(verdict="not_justified")


def test_admins_are_reminded_every_day_until_it_is_closed(cast: Cast, version: Version, dana: Actor) -> None:
    monday = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    with clock.at(monday):
        after_review = forced(cast, version).after_review

    def reminded(days: int, hour: int) -> int:
        with clock.at((monday + timedelta(days=days)).replace(hour=hour)):
            return remind_of_after_reviews(actor=system())

    assert [reminded(0, 12), reminded(1, 6), reminded(1, 7), reminded(1, 20), reminded(2, 8), reminded(5, 8)] == [0, 0, 1, 0, 1, 1]
    with clock.at(monday + timedelta(days=5)):
        assert told_of("emergency.reminded") == {"Dana"}
    assert Notification.objects.filter(person=dana.user, about_type="afterreview").count() == 3
    conclude(after_review=after_review, verdict="justified", words="It burned.", actor=dana)
    assert reminded(6, 9) == 0


def test_a_restricted_prompt_tells_nobody_who_may_not_see_it(cast: Cast, version: Version, dana: Actor) -> None:
    Prompt.objects.filter(pk=version.prompt_id).update(restricted=True)
    forced(cast, version)
    assert not AfterReview.objects.visible_to(cast.bob).exists()
    assert AfterReview.objects.visible_to(dana).exists()


def test_what_came_back_in_an_emergency_is_a_way_back_again(cast: Cast, version: Version) -> None:
    """What somebody rolled back from is passed over, until it is promoted once more: in an emergency as well."""
    in_production(cast, version)
    second = a_version(version.prompt, by=cast.alice, text="Second {{claim}}")
    forced(cast, second)
    deployments.roll_back(prompt=version.prompt, environment=cast.production, reason="Worse.", actor=cast.bob)
    forced(cast, second)
    forced(cast, a_version(version.prompt, by=cast.alice, text="Third {{claim}}"))
    assert deployments.roll_back(prompt=version.prompt, environment=cast.production, reason="Worse.", actor=cast.bob).version == second


@pytest.mark.django_db(transaction=True)
def test_of_several_clocks_one_reminds(transactional_db: None) -> None:
    cast = hire()
    after_review = forced(cast, a_version(a_prompt(cast.claims, by=cast.alice), by=cast.alice)).after_review
    tomorrow = after_review.opened_at.replace(hour=9) + timedelta(days=1)

    def strikes() -> int:
        with clock.at(tomorrow):
            return remind_of_after_reviews(actor=system())

    assert sum(at_once(*[strikes] * 4)) == 1
    assert Entry.objects.filter(action="emergency.reminded").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_close_it_one_is_told(transactional_db: None) -> None:
    cast = hire()
    after_review = forced(cast, a_version(a_prompt(cast.claims, by=cast.alice), by=cast.alice)).after_review
    dana = a_person("Dana", cast.claims, "admin", by=cast.root)
    closes = [
        lambda who=who: conclude(after_review=after_review, verdict="justified", words="It burned.", actor=who) for who in (dana, cast.root)
    ]
    one_and_one(at_once(*closes), Conclusion, Conflict)

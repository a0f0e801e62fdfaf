"""Promoting at a moment that somebody named: once, in their name, and only if the conditions are met when it has come."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from promptstudio.accounts.actor import Actor, system
from promptstudio.accounts.models import User
from promptstudio.audit.models import Entry
from promptstudio.deployments import board, status
from promptstudio.deployments import services as deployments
from promptstudio.deployments.models import Deployment, Schedule
from promptstudio.deployments.schedule_services import cancel_schedule, move_schedule, promote_due, schedule_promotion
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.lib.moments import parse_local
from promptstudio.notifications import telling
from promptstudio.notifications.models import Notification
from promptstudio.projects.key_services import revoke_key
from promptstudio.projects.models import Environment, Membership
from promptstudio.projects.role_services import revoke_role
from promptstudio.projects.services import change_policy
from promptstudio.prompts.models import Prompt, Version
from promptstudio.web.sentences import sentences
from tests.cast import Cast, a_key, a_version, an_application, approved, live_version, promote
from tests.deployments.fake_target import a_target, use_fake_publisher

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
# It is 7:00 in Berlin.
THURSDAY = datetime(2026, 11, 26, 6, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def tuesday() -> Any:
    with clock.at(NOW):
        yield


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    return a_version(prompt, by=cast.alice)


def scheduled(version: Version, place: Environment, *, by: Actor, **more: Any) -> Schedule:
    given = {"at": THURSDAY, "zone": "Europe/Berlin", "reason": "After the storm.", **more}
    return schedule_promotion(version=version, environment=place, actor=by, **given)


def the_moment_comes(at: datetime = THURSDAY) -> int:
    with clock.at(at):
        return promote_due(actor=system())


def outcome(schedule: Schedule) -> tuple[str, str]:
    schedule.refresh_from_db()
    return schedule.state, schedule.because


def told(action: str) -> set[str]:
    with clock.at(THURSDAY):
        telling.tell_due()
    entries = Entry.objects.filter(action=action).values("uid")
    return set(Notification.objects.filter(entry_uid__in=entries).values_list("person__name", flat=True))


def test_it_goes_when_its_moment_has_come_and_not_before(cast: Cast, version: Version) -> None:
    schedule = scheduled(version, cast.development, by=cast.alice)
    assert the_moment_comes(THURSDAY - timedelta(seconds=1)) == 0
    assert live_version(version.prompt, cast.development) is None
    assert the_moment_comes() == 1
    assert live_version(version.prompt, cast.development) == version
    assert outcome(schedule) == ("promoted", "")


def test_it_goes_in_the_name_and_with_the_words_of_whoever_scheduled_it(cast: Cast, version: Version) -> None:
    schedule = scheduled(version, cast.development, by=cast.bob)
    the_moment_comes()
    made = Deployment.objects.get()
    assert (made.by, made.via, made.reason, made.schedule) == (cast.bob.user, "schedule", "After the storm.", schedule)


def test_it_goes_once_however_often_the_clock_strikes(cast: Cast, version: Version) -> None:
    scheduled(version, cast.development, by=cast.alice)
    assert [the_moment_comes(), the_moment_comes(), the_moment_comes(THURSDAY + timedelta(days=1))] == [1, 0, 0]
    assert Deployment.objects.count() == 1


def test_conditions_may_be_open_when_it_is_scheduled_and_are_asked_when_it_goes(cast: Cast, version: Version) -> None:
    schedule = scheduled(version, cast.production, by=cast.alice)
    promote(version, cast.development, cast.staging, by=cast.alice)
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    the_moment_comes()
    assert outcome(schedule) == ("promoted", "")


def test_what_is_blocked_then_is_kept_as_refused_with_its_reasons(cast: Cast, version: Version) -> None:
    schedule = scheduled(version, cast.production, by=cast.alice)
    assert the_moment_comes() == 1
    assert outcome(schedule) == ("refused", "blocked")
    assert [answer["gate"] for answer in schedule.evaluation.blocked] == ["previous_environment", "approvals"]
    assert live_version(version.prompt, cast.production) is None
    assert the_moment_comes() == 0


def test_conditions_that_came_later_hold_it_back(cast: Cast, prompt: Prompt) -> None:
    schedule = scheduled(a_version(prompt, by=cast.alice, complete=False), cast.development, by=cast.alice)
    change_policy(environment=cast.development, data={"change_record": True}, actor=cast.dora)
    the_moment_comes()
    assert outcome(schedule) == ("refused", "blocked")


def test_whoever_scheduled_and_whoever_owns_it_are_told_of_a_refusal(cast: Cast, version: Version) -> None:
    scheduled(version, cast.production, by=cast.bob)
    the_moment_comes()
    assert told("schedule.refused") == {"Bob", "Alice"}
    assert told("deployment.blocked") == set()


def test_whoever_scheduled_is_told_that_it_went(cast: Cast, version: Version) -> None:
    scheduled(version, cast.development, by=cast.bob)
    the_moment_comes()
    assert told("schedule.promoted") == {"Bob"}


def test_when_something_else_was_sent_meanwhile_it_is_refused(cast: Cast, version: Version) -> None:
    schedule = scheduled(version, cast.development, by=cast.alice)
    other = a_version(version.prompt, by=cast.bob, text="Other {{claim}}")
    faster = promote(other, cast.development, by=cast.bob)
    assert outcome(schedule) == ("refused", "overtaken"), "and not only when its moment has come"
    assert schedule.overtaken_by == faster
    assert told("schedule.refused") == {"Alice"}
    the_moment_comes()
    assert live_version(version.prompt, cast.development) == other


def test_what_was_promoted_by_hand_waits_no_more(cast: Cast, version: Version) -> None:
    schedule = scheduled(version, cast.development, by=cast.alice)
    promote(version, cast.development, by=cast.bob)
    assert outcome(schedule) == ("refused", "overtaken")
    assert the_moment_comes() == 0
    later = a_version(version.prompt, by=cast.alice, text="Later {{claim}}")
    assert scheduled(later, cast.development, by=cast.alice).is_waiting


def test_what_was_seen_when_it_was_scheduled_counts(cast: Cast, version: Version) -> None:
    promote(version, cast.development, by=cast.alice)
    second = a_version(version.prompt, by=cast.alice, text="Second {{claim}}")
    with pytest.raises(Conflict, match=r"Someone was faster: Alice sent 1\.0\.0"):
        scheduled(second, cast.development, by=cast.bob, replaces=None)


def test_whoever_lost_the_right_does_not_promote_any_more(cast: Cast, version: Version) -> None:
    schedule = scheduled(version, cast.development, by=cast.bob)
    revoke_role(membership=Membership.objects.get(user=cast.bob.user), actor=cast.dora)
    the_moment_comes()
    assert outcome(schedule) == ("refused", "not_allowed")
    assert "Your role does not allow you to promote" in schedule.sentence


def test_nobody_is_promoted_for_who_left(cast: Cast, version: Version) -> None:
    schedule = scheduled(version, cast.development, by=cast.root)
    User.objects.filter(pk=cast.root.user.pk).update(is_active=False)
    the_moment_comes()
    assert outcome(schedule) == ("refused", "not_allowed")
    assert schedule.sentence == "Whoever scheduled it has no account here any more."


def test_a_key_that_was_revoked_does_not_promote_any_more(cast: Cast, version: Version) -> None:
    key, actor = a_key(an_application(cast.claims, responsible=cast.bob, by=cast.dora), "deploy", by=cast.dora)
    schedule = scheduled(version, cast.development, by=actor)
    revoke_key(key=key, actor=cast.dora)
    the_moment_comes()
    assert outcome(schedule) == ("refused", "not_allowed")
    assert told("schedule.refused") == {"Bob", "Alice"}


def test_whoever_approved_may_be_kept_from_scheduling_it_as_well(cast: Cast, version: Version) -> None:
    rules = cast.production.policy.rules.model_copy(update={"approver_may_deploy": False}).model_dump(mode="json")
    change_policy(environment=cast.production, data=rules, actor=cast.dora)
    promote(version, cast.development, cast.staging, by=cast.alice)
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    schedule = scheduled(version, cast.production, by=cast.bob)
    the_moment_comes()
    assert [answer["gate"] for answer in Schedule.objects.get(pk=schedule.pk).evaluation.blocked] == ["other_hands"]


def test_a_recall_holds_it_back(cast: Cast, version: Version) -> None:
    schedule = scheduled(version, cast.development, by=cast.alice)
    deployments.recall(version=version, reason="It promises money.", actor=cast.bob)
    the_moment_comes()
    assert outcome(schedule) == ("refused", "blocked")


def test_one_that_breaks_is_refused_and_holds_up_no_other(cast: Cast, version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    first = scheduled(version, cast.development, by=cast.alice)
    second = scheduled(version, cast.staging, by=cast.alice)

    def breaks(**given: Any) -> Any:
        if given["environment"] == cast.development:
            raise RuntimeError
        return deployments.deploy(**given)

    monkeypatch.setattr("promptstudio.deployments.schedule_services.deploy", breaks)
    assert the_moment_comes() == 2
    assert (outcome(first), outcome(second)) == (("refused", "broken"), ("refused", "blocked"))


@pytest.mark.parametrize(
    ("at", "says"), [(NOW, "has passed"), (NOW - timedelta(days=1), "has passed"), (NOW + timedelta(days=400), "a year")]
)
def test_a_moment_that_makes_no_sense_is_refused_in_a_sentence(cast: Cast, version: Version, at: datetime, says: str) -> None:
    with pytest.raises(Invalid, match=says) as refused:
        scheduled(version, cast.development, by=cast.alice, at=at)
    assert list(refused.value.errors) == ["at"]


def test_one_waits_at_a_time(cast: Cast, version: Version) -> None:
    scheduled(version, cast.development, by=cast.alice)
    with pytest.raises(Conflict, match=r"Alice scheduled 1\.0\.0 for Development already: Thursday, 26 November 2026 at 7:00"):
        scheduled(version, cast.development, by=cast.bob)


def test_it_can_be_moved_by_whoever_scheduled_it(cast: Cast, version: Version) -> None:
    schedule = scheduled(version, cast.development, by=cast.alice)
    with pytest.raises(NotAllowed, match="Alice scheduled it"):
        move_schedule(schedule=schedule, at=THURSDAY + timedelta(days=1), zone="UTC", actor=cast.bob)
    move_schedule(schedule=schedule, at=THURSDAY + timedelta(days=1), zone="UTC", actor=cast.alice)
    assert [the_moment_comes(), the_moment_comes(THURSDAY + timedelta(days=1))] == [0, 1]


def test_it_can_be_cancelled_by_whoever_may_promote_there(cast: Cast, version: Version) -> None:
    schedule = scheduled(version, cast.development, by=cast.alice)
    with pytest.raises(NotAllowed):
        cancel_schedule(schedule=schedule, actor=cast.vera)
    cancel_schedule(schedule=schedule, actor=cast.bob)
    assert the_moment_comes() == 0
    assert told("schedule.cancelled") == {"Alice"}
    with pytest.raises(Conflict, match="does not wait any more: cancelled"):
        cancel_schedule(schedule=schedule, actor=cast.bob)


@pytest.mark.parametrize("who", ["vera", "axel", "charlie"])
def test_whoever_may_not_promote_schedules_nothing(cast: Cast, version: Version, who: str) -> None:
    with pytest.raises(NotAllowed):
        scheduled(version, cast.development, by=getattr(cast, who))


def test_the_status_of_the_prompt_says_when_it_goes(cast: Cast, version: Version) -> None:
    scheduled(version, cast.development, by=cast.alice)
    row = board.row(version.prompt)
    assert status.sentence(row) == "Not in Production yet · 1.0.0 goes to Development on Thursday, 26 November 2026 at 7:00 (Europe/Berlin)"
    assert status.next_step(row).kind == "scheduled"


def test_the_trail_says_it_in_the_time_of_whoever_scheduled(cast: Cast, version: Version) -> None:
    scheduled(version, cast.production, by=cast.alice)
    the_moment_comes()
    made, refused = Entry.objects.get(action="schedule.made"), Entry.objects.get(action="schedule.refused")
    lines = [str(line.html) for line in sentences([made, refused])]
    assert "Thursday, 26 November 2026 at 7:00 (Europe/Berlin)" in lines[0]
    assert "because conditions were not met (the environment before, approvals)" in lines[1]
    assert "After the storm" not in json.loads(made.data).values()


def test_a_time_is_read_in_its_zone() -> None:
    assert parse_local("2026-11-26", "07:00", "Europe/Berlin") == THURSDAY
    assert parse_local(" 2026-07-01", "7:00 ", "Asia/Kolkata") == datetime(2026, 7, 1, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "hour", "zone", "field", "says"),
    [
        ("2027-03-28", "02:30", "Europe/Berlin", "hour", "There is no 02:30 in Europe/Berlin on that day: the clocks are put forward."),
        ("2026-10-25", "02:30", "Europe/Berlin", "hour", "02:30 comes twice in Europe/Berlin on that day: the clocks are put back."),
        ("2027-04-04", "01:45", "Australia/Lord_Howe", "hour", "comes twice"),
        ("2026-02-30", "07:00", "UTC", "day", "Give a day such as"),
        ("0001-01-01", "07:00", "Asia/Tokyo", "day", "Give a day such as"),
        ("2026-11-26", "25:00", "UTC", "hour", "Give a time such as"),
        ("2026-11-26", "07:00+05:00", "UTC", "hour", "Give a time such as"),
        ("2026-11-26", "07:00", "../../etc/passwd", "zone", "Choose a time zone"),
        ("2026-11-26", "07:00", "Europe", "zone", "Choose a time zone"),
        ("2026-11-26", "07:00", "Europe/Berlin\x00", "zone", "Choose a time zone"),
        ("\u202e<b>", "🦑", "", "zone", "Choose a time zone"),
    ],
)
def test_a_time_that_does_not_exist_or_comes_twice_is_answered_at_its_field(day: str, hour: str, zone: str, field: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_local(day, hour, zone)
    assert says in refused.value.errors[field]


def test_the_sentence_about_the_clocks_names_a_time_that_works() -> None:
    for day, said in (("2027-03-28", "03:30"), ("2026-10-25", "03:30")):
        with pytest.raises(Invalid, match=said):
            parse_local(day, "02:30", "Europe/Berlin")
        assert parse_local(day, said, "Europe/Berlin")


def test_what_was_overtaken_is_told_once_however_the_other_arrives(cast: Cast, version: Version, settings: Any) -> None:
    use_fake_publisher(settings)
    a_target(cast.development, by=cast.dora)
    scheduled(version, cast.development, by=cast.alice)
    sent = promote(a_version(version.prompt, by=cast.bob, text="Other {{claim}}"), cast.development, by=cast.bob)
    deployments.exclude(job=sent.jobs.get(), reason="That place is closed.", actor=cast.bob)
    assert Entry.objects.filter(action="deployment.went_live").exists()
    assert Entry.objects.filter(action="schedule.refused").count() == 1

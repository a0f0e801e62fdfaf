"""E-mails: what stands in them, when they come, and that each comes once."""

import smtplib
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.utils import timezone

from promptstudio.lib import clock
from promptstudio.notifications import daily, deliveries, telling
from promptstudio.notifications.deliveries import deliver_due
from promptstudio.notifications.models import Delivery, Notification
from promptstudio.notifications.services import choose_ways
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt
from promptstudio.reviews import services as reviews
from promptstudio.reviews.models import Review
from tests.cast import Cast, a_prompt, a_version, approve, asked, in_production, promote
from tests.web.reading import HOSTILE

MONDAY = datetime(2026, 9, 7, 10, tzinfo=ZoneInfo("UTC"))


@pytest.fixture(autouse=True)
def sent(settings: Any, cast: Cast) -> None:
    """E-mails are sent, and everybody knows that the cast was hired."""
    settings.EMAIL_IS_SENT, settings.PUBLIC_URL = True, "https://studio.example"
    telling.tell_due()
    Notification.objects.all().delete()


def told() -> dict[str, list[Any]]:
    """What came by e-mail since, by address."""
    telling.tell_due()
    deliver_due()
    found: dict[str, list[Any]] = {}
    for message in mail.outbox:
        found.setdefault(message.to[0].partition("@")[0], []).append(message)
    mail.outbox.clear()
    return found


def html(message: Any) -> str:
    return str(message.alternatives[0][0])


def test_a_request_for_review_comes_with_the_difference_from_what_is_live(cast: Cast, prompt: Prompt) -> None:
    in_production(cast, a_version(prompt, by=cast.alice, text="Sort this claim: {{claim}}\nBe brief."))
    second = a_version(prompt, by=cast.alice, text="Sort this claim: {{claim}}\nBe brief and kind.")
    told()
    review = asked(second, cast.production, by=cast.alice)
    [message] = told()["bob"]
    row = Notification.objects.get(person=cast.bob.user, kind="review_asked", about_uid=review.uid)
    assert message.subject == f"Your review is asked for: Water damage triage {second.semver} to Production"
    for words in ("Alice asked for a review", "Say it better.", "Please look.", "Against 1.0.0, which is live in Production"):
        assert words in message.body
        assert words in html(message).replace("<b>", "").replace("</b>", "")
    assert "− Be brief.\n  + Be brief and kind." in message.body
    assert "Sort this claim" not in message.body, "what did not change is not there"
    assert f"https://studio.example/notifications/{row.uid}/" in message.body
    assert f'href="https://studio.example/notifications/{row.uid}/"' in html(message)
    assert "<img" not in html(message)


def test_a_long_difference_is_cut_short(cast: Cast, prompt: Prompt) -> None:
    text = "\n".join(f"Line {number} of {{{{claim}}}}" for number in range(100))
    asked(a_version(prompt, by=cast.alice, text=text), cast.production, by=cast.alice)
    [message] = told()["bob"]
    assert message.body.count("\n  + Line") == 40
    assert "and 61 more" in message.body, "sixty lines, and the variable"


def test_a_link_leads_strangers_to_the_sign_in(cast: Cast, prompt: Prompt, client: Any) -> None:
    asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)
    told()
    row = Notification.objects.filter(person=cast.bob.user).get()
    assert client.get(f"/notifications/{row.uid}/")["Location"].startswith("/sign-in/?next=")


def test_hostile_words_make_no_header_and_no_markup(cast: Cast) -> None:
    prompt = a_prompt(cast.claims, by=cast.alice, title="Storm\r\nBcc: all@example.com <b>", name="storm")
    version = prompts.save_version(
        prompt=prompt,
        data={"kind": "text", "messages": [{"role": "user", "text": HOSTILE}]},
        change=prompts.Change(HOSTILE, "More.", "Count."),
        actor=cast.alice,
    )
    reviews.ask_for_review(version=version, environment=cast.production, note=HOSTILE, actor=cast.alice)
    [message] = told()["bob"]
    raw = message.message()
    assert raw["Bcc"] is None
    assert "\n" not in raw["Subject"]
    assert "<script>" not in html(message)
    assert "&lt;script&gt;" in html(message)
    assert message.to == ["bob@claims.example"]


def test_what_became_invisible_before_it_was_sent_is_not_sent(cast: Cast, prompt: Prompt) -> None:
    asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)
    telling.tell_due()
    prompts.restrict_prompt(prompt=prompt, people=[cast.bob.user], actor=cast.alice)
    assert set(told()) == {"bob"}
    assert Delivery.objects.get(person=cast.bella.user).outcome == "dropped"


def test_people_choose(cast: Cast, prompt: Prompt) -> None:
    choose_ways(ways={"review_asked": "here"}, actor=cast.bob)
    asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)
    assert set(told()) == {"bella"}
    assert Notification.objects.filter(person=cast.bob.user).exists()


def test_without_a_mail_server_none_is_owed(cast: Cast, prompt: Prompt, settings: Any) -> None:
    settings.EMAIL_IS_SENT = False
    asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)
    assert told() == {}
    assert not Delivery.objects.exists()


def test_a_flood_becomes_twenty_messages_and_one_that_gathers_the_rest(cast: Cast, prompt: Prompt) -> None:
    review = asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)
    told()
    for number in range(54):
        reviews.comment(review=review, text=f"Word {number}", actor=cast.bob)
    assert len(told()["alice"]) == 20
    with clock.at(timezone.now() + timedelta(minutes=61)):
        [message] = told()["alice"]
    assert message.subject == "And 34 more notifications"
    assert message.body.count("Bob commented") == 20
    assert "and 14 more" in message.body
    with clock.at(timezone.now() + timedelta(hours=3)):
        assert told() == {}


def owed(cast: Cast, prompt: Prompt) -> Delivery:
    """Bob's, and nobody else's."""
    choose_ways(ways={"review_asked": "here"}, actor=cast.bella)
    asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)
    telling.tell_due()
    return Delivery.objects.get()


class Server:
    """A back end whose steps fail as they are told to."""

    def __init__(self) -> None:
        self.opening: Exception | None = None
        self.sending: BaseException | None = None
        self.taken = 0

    def open(self) -> None:
        if self.opening:
            raise self.opening

    def send_messages(self, messages: list[Any]) -> int:
        if self.sending:
            raise self.sending
        self.taken += len(messages)
        return len(messages)

    def close(self) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server()
    monkeypatch.setattr(deliveries, "get_connection", lambda: made)
    return made


def test_a_server_that_is_away_gets_it_later_and_stops_nobody_from_being_told(cast: Cast, prompt: Prompt, server: Server) -> None:
    server.opening = ConnectionRefusedError()
    mail_of_bob = owed(cast, prompt)
    assert deliver_due() == 0
    assert Notification.objects.filter(person=cast.bob.user).unread().exists()
    assert deliver_due() == 0
    mail_of_bob.refresh_from_db()
    assert (mail_of_bob.tries, mail_of_bob.outcome) == (1, "")
    assert "could not be reached" in mail_of_bob.error
    server.opening = None
    with clock.at(timezone.now() + timedelta(seconds=31)):
        assert deliver_due() == 1
        assert deliver_due() == 0
    assert server.taken == 1


def test_it_waits_longer_and_longer_and_gives_up_after_two_days(cast: Cast, prompt: Prompt, server: Server) -> None:
    server.sending = smtplib.SMTPDataError(451, b"later")
    row, moment, pauses = owed(cast, prompt), timezone.now(), []
    while not row.outcome:
        with clock.at(moment):
            deliver_due()
        row.refresh_from_db()
        pauses.append(round((row.due_at - moment).total_seconds()))
        moment = row.due_at if not row.outcome else moment
    assert pauses[:9] == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert timedelta(days=2) < moment - row.created_at < timedelta(days=2, hours=2)
    assert row.outcome == "refused"


def test_a_refusal_for_good_is_not_tried_again(cast: Cast, prompt: Prompt, server: Server) -> None:
    server.sending = smtplib.SMTPRecipientsRefused({"bob@claims.example": (550, b"no such user")})
    row = owed(cast, prompt)
    deliver_due()
    row.refresh_from_db()
    assert (row.outcome, row.tries) == ("refused", 1)


def test_what_was_perhaps_sent_is_never_sent_again(cast: Cast, prompt: Prompt, server: Server) -> None:
    server.sending = smtplib.SMTPServerDisconnected("gone")
    row = owed(cast, prompt)
    deliver_due()
    row.refresh_from_db()
    assert row.outcome == "unknown"
    server.sending = None
    with clock.at(timezone.now() + timedelta(days=1)):
        assert deliver_due() == 0


@pytest.mark.parametrize(("step", "taken", "outcome"), [("_handed", 1, "sent"), ("_send", 0, "unknown")])
def test_a_worker_that_is_stopped_sends_it_at_most_once(
    cast: Cast, prompt: Prompt, server: Server, monkeypatch: pytest.MonkeyPatch, step: str, taken: int, outcome: str
) -> None:
    """Before the server was asked, the next worker does it; afterwards nobody can know."""
    row = owed(cast, prompt)

    def stopped(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(deliveries, step, stopped)
        with pytest.raises(KeyboardInterrupt):
            deliver_due()
    assert deliver_due() == 0, "somebody may hold it still"
    with clock.at(timezone.now() + timedelta(seconds=deliveries.hold_seconds() + 1)):
        assert deliver_due() == taken
    row.refresh_from_db()
    assert (row.outcome, server.taken) == (outcome, taken)


def test_two_workers_do_not_send_the_same(cast: Cast, prompt: Prompt, server: Server) -> None:
    owed(cast, prompt)
    first = deliveries._next_claim()
    assert first is not None
    assert deliveries._next_claim() is None
    with clock.at(timezone.now() + timedelta(seconds=deliveries.hold_seconds() + 1)):
        assert deliver_due() == 1
    assert not deliveries._sent(first), "the first was overtaken"
    assert server.taken == 1


def test_while_one_worker_waits_for_a_slow_server_the_others_do_not(cast: Cast, prompt: Prompt, server: Server) -> None:
    asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)
    telling.tell_due()
    slow = deliveries._next_claim()
    assert slow is not None
    assert deliver_due() == 0
    assert deliveries._sent(slow)
    assert deliver_due() == 1


def at_seven(days: int) -> Any:
    """Some minutes after seven, so many days after that Monday."""
    return clock.at(MONDAY.replace(hour=7, minute=4) + timedelta(days=days))


def test_the_daily_e_mail_gathers_and_comes_once_and_not_without_something_in_it(cast: Cast, prompt: Prompt) -> None:
    with clock.at(MONDAY):
        version = a_version(prompt, by=cast.alice)
        promote(version, cast.development, by=cast.bob)
        promote(version, cast.staging, by=cast.bob)
        assert told() == {}
    with clock.at(MONDAY.replace(hour=23)):
        daily.gather()
        assert told() == {}, "what came after seven waits for the next morning"
    with at_seven(1):
        daily.gather()
        daily.gather()
        found = told()
        assert set(found) == {"alice"}
        assert found["alice"][0].subject == "Your day in Prompt Studio: 2 new"
        assert found["alice"][0].body.count("Bob sent") == 2
    with at_seven(2):
        daily.gather()
        assert told() == {}


def test_what_was_read_already_is_not_in_it(cast: Cast, prompt: Prompt) -> None:
    with clock.at(MONDAY):
        promote(a_version(prompt, by=cast.alice), cast.development, by=cast.bob)
        telling.tell_due()
        Notification.objects.update(seen_at=clock.now())
    with at_seven(1):
        daily.gather()
        assert told() == {}


def waiting_since_monday(cast: Cast, prompt: Prompt) -> Review:
    for person in (cast.bob, cast.bella):
        choose_ways(ways={"review_asked": "here"}, actor=person)
    with clock.at(MONDAY):
        review = asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)
        told()
    return review


def test_a_review_that_waits_for_two_working_days_reminds_once_and_then_every_working_morning(cast: Cast, prompt: Prompt) -> None:
    review = waiting_since_monday(cast, prompt)
    with clock.at(MONDAY + timedelta(days=2, minutes=-1)):
        daily.remind()
        assert told() == {}
    approve(review, cast.bella)
    told()
    with clock.at(MONDAY + timedelta(days=2, minutes=1)):
        daily.remind()
        daily.remind()
        [message] = told().pop("bob")
        assert message.subject.startswith("Still waits for a decision: Alice asked for a review")
        assert told() == {}, "Bella has decided"
    mornings = []
    for day in range(3, 8):
        with at_seven(day):
            daily.gather()
            mornings.append([message.subject for message in told().get("bob", [])])
    waits = ["Your day in Prompt Studio: 1 review waiting"]
    assert mornings == [waits, waits, [], [], waits], "Thursday, Friday, not at the weekend, Monday"
    approve(review, cast.bob)
    told()
    with at_seven(8):
        daily.gather()
        assert "bob" not in told()


def test_a_weekend_does_not_count_as_waiting(cast: Cast) -> None:
    friday = MONDAY + timedelta(days=4)
    assert daily.working_days_later(friday, 2) == friday + timedelta(days=4)
    assert daily.working_days_later(MONDAY, 2) == MONDAY + timedelta(days=2)


def test_who_keeps_a_project_is_told_when_access_has_to_be_signed_for(cast: Cast) -> None:
    assert "dora" not in told()
    with clock.at(timezone.now() + timedelta(days=91)):
        daily.ask_for_access_reviews()
        daily.ask_for_access_reviews()
        [message] = told()["dora"]
    assert message.subject == "It is time to look at who has access to Claims"

"""Where people are signed in, and that ending it ends it."""

import json
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from promptstudio.accounts import sessions
from promptstudio.accounts.models import SignedIn
from promptstudio.accounts.services import anonymise_person, change_person
from promptstudio.accounts.session_services import end_other_sessions, end_session, end_sessions_of
from promptstudio.audit.models import Entry
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, NotAllowed
from promptstudio.web.devices import device_in_words
from promptstudio.web.sentences import sentences
from tests.cast import Cast, a_key, an_application

from .reading import at, text

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1"


def browser(cast: Cast, agent: str, address: str, who: str = "alice") -> Client:
    """Signed in, and one page further."""
    client = at(Client(HTTP_USER_AGENT=agent, REMOTE_ADDR=address), getattr(cast, who))
    assert client.get("/").status_code == 200
    # The first page after signing in is within a minute of it; this is how the next one would be.
    sessions._seen.clear()
    assert client.get("/").status_code == 200
    return client


def signed_in(client: Client) -> bool:
    return bool(client.get("/").status_code == 200)


def test_the_page_lists_each_device_in_words_and_marks_this_one(cast: Cast) -> None:
    desk = browser(cast, FIREFOX, "192.0.2.1")
    browser(cast, IPHONE, "192.0.2.2")
    browser(cast, FIREFOX, "192.0.2.3", who="bob")
    html = text(desk.get("/account/"))
    assert html.index("Firefox on Windows") < html.index("this one") < html.index("Safari on an iPhone")
    assert html.count("this one") == 1
    assert "192.0.2.1" in html
    assert "192.0.2.2" in html
    assert "192.0.2.3" not in html
    assert 'href="/account/"' in text(desk.get("/p/claims/prompts/"))


def test_nobody_else_reads_it(client: Client) -> None:
    assert client.get("/account/")["Location"] == "/sign-in/?next=/account/"


def test_one_session_is_ended_and_the_others_go_on(cast: Cast) -> None:
    desk, phone, sofa = (browser(cast, FIREFOX, f"192.0.2.{number}") for number in (1, 2, 3))
    row = SignedIn.objects.get(address="192.0.2.2")
    answer = desk.post(f"/account/sessions/{row.uid}/end/", follow=True)
    assert "Firefox on Windows is signed out." in text(answer)
    assert [signed_in(client) for client in (desk, phone, sofa)] == [True, False, True]
    assert not Session.objects.filter(pk=row.session_id).exists()


def test_signing_out_everywhere_else_leaves_this_one(cast: Cast) -> None:
    desk, phone, sofa = (browser(cast, FIREFOX, f"192.0.2.{number}") for number in (1, 2, 3))
    bobs = browser(cast, FIREFOX, "192.0.2.4", who="bob")
    assert "Signed out in 2 other places." in text(desk.post("/account/sessions/end-others/", follow=True))
    assert [signed_in(client) for client in (desk, phone, sofa, bobs)] == [True, False, False, True]
    entry = Entry.objects.get(action="sessions.ended")
    assert json.loads(entry.data) == {"own": True, "person": str(cast.alice.user.uid), "sessions": 2}
    assert sentences([entry])[0].html == "Alice ended 2 sessions of their own"
    assert "You were signed in nowhere else." in text(desk.post("/account/sessions/end-others/", follow=True))
    assert Entry.objects.filter(action="sessions.ended").count() == 1


def test_a_session_that_has_just_begun_is_ended_as_well(cast: Cast) -> None:
    desk = browser(cast, FIREFOX, "192.0.2.1")
    fresh = at(Client(), cast.alice)
    desk.post("/account/sessions/end-others/")
    assert not signed_in(fresh)


def test_nobody_ends_a_colleagues_session(cast: Cast) -> None:
    desk = browser(cast, FIREFOX, "192.0.2.1")
    bobs = browser(cast, FIREFOX, "192.0.2.4", who="bob")
    row = SignedIn.objects.get(user=cast.bob.user)
    assert desk.post(f"/account/sessions/{row.uid}/end/").status_code == 404
    with pytest.raises(NotAllowed, match="somebody else’s session"):
        end_session(session=row, actor=cast.alice)
    assert signed_in(bobs)


def test_ending_the_session_that_one_sits_in_is_signing_out(cast: Cast) -> None:
    desk = browser(cast, FIREFOX, "192.0.2.1")
    answer = desk.post(f"/account/sessions/{SignedIn.objects.get().uid}/end/", follow=True)
    assert "You are signed out." in text(answer)
    assert not SignedIn.objects.exists()


def test_signing_out_takes_the_row_along(cast: Cast) -> None:
    desk = browser(cast, FIREFOX, "192.0.2.1")
    desk.post("/sign-out/")
    assert not SignedIn.objects.exists()


def test_a_site_admin_ends_all_sessions_of_a_person(cast: Cast) -> None:
    phone = browser(cast, IPHONE, "192.0.2.2")
    root = at(Client(), cast.root)
    answer = root.post("/admin/accounts/user/", {"action": "end_sessions", "_selected_action": cast.alice.user.pk, "index": 0}, follow=True)
    assert "Alice is signed out in 1 place. They may sign in again." in text(answer)
    assert not signed_in(phone)
    entry = Entry.objects.get(action="sessions.ended")
    assert sentences([entry])[0].html == "Root ended 1 session of Alice in the administration"
    assert entry.actor_uid == cast.root.user.uid


def test_nobody_but_a_site_admin_does_and_not_to_themselves(cast: Cast) -> None:
    _, key = a_key(an_application(cast.claims, responsible=cast.alice, by=cast.dora), "read", by=cast.dora)
    for actor in (cast.dora, key):
        with pytest.raises(NotAllowed, match="Only a site admin"):
            end_sessions_of(person=cast.alice.user, actor=actor)
    with pytest.raises(NotAllowed, match="An application has no sessions"):
        end_other_sessions(keep="", actor=key)
    with pytest.raises(Conflict, match="your own sessions"):
        end_sessions_of(person=cast.root.user, actor=cast.root)


@pytest.mark.parametrize("how", ["archived", "anonymised"])
def test_whoever_leaves_loses_their_sessions_at_once(cast: Cast, how: str) -> None:
    phone = browser(cast, IPHONE, "192.0.2.2")
    person = cast.alice.user
    if how == "archived":
        fields: dict[str, Any] = {"name": person.name, "email": "", "is_active": False, "is_staff": False, "is_site_admin": False}
        change_person(person=person, actor=cast.root, **fields)
    else:
        anonymise_person(person=person, actor=cast.root)
    assert not Session.objects.exists()
    assert not signed_in(phone)


def test_the_list_is_written_once_a_minute_at_most(cast: Cast, django_assert_num_queries: Any) -> None:
    browser(cast, FIREFOX, "192.0.2.1")
    row = SignedIn.objects.get()
    told = {"user": cast.alice.user, "session_key": row.session_id, "device": "Firefox", "address": "192.0.2.1"}
    with django_assert_num_queries(0):
        sessions.note_session(**told)
    sessions._seen.clear()
    sessions.note_session(**told)
    assert SignedIn.objects.get().last_seen_at > row.last_seen_at


def test_what_a_browser_says_of_itself_does_not_get_into_the_trail(cast: Cast) -> None:
    desk = browser(cast, FIREFOX, "192.0.2.1")
    browser(cast, IPHONE, "192.0.2.2")
    desk.post("/account/sessions/end-others/")
    entry = Entry.objects.get(action="sessions.ended")
    assert "192.0.2" not in entry.data + entry.object_label
    assert "Safari" not in entry.data + entry.object_label


def test_expired_sessions_are_not_listed(cast: Cast) -> None:
    desk = browser(cast, FIREFOX, "192.0.2.1")
    browser(cast, IPHONE, "192.0.2.2")
    Session.objects.filter(signed_in__address="192.0.2.2").update(expire_date=clock.now())
    assert "Safari on an iPhone" not in text(desk.get("/account/"))


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (IPHONE, "Safari on an iPhone"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15",
            "Safari on a Mac",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0 Safari/537.36 Edg/138.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/138.0 Safari/537.36", "Chrome on Linux"),
        ("curl/8.5.0", "An unknown program"),
        ("<script>alert(1)</script>", "An unknown program"),
        ("", "An unknown program"),
    ],
)
def test_devices_have_names_that_people_know(agent: str, words: str) -> None:
    assert device_in_words(agent) == words

"""A person can be forgotten: no table holds their name any more, and what they did still verifies."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from promptstudio.accounts import services as accounts
from promptstudio.accounts.models import User
from promptstudio.audit.chain import faults
from promptstudio.audit.models import Entry, Snapshot
from promptstudio.deployments import services as deployments
from promptstudio.deployments.models import PublishJob
from promptstudio.lib.errors import Conflict, NotAllowed
from promptstudio.projects.role_services import grant_role
from promptstudio.prompts.diff import Lines
from promptstudio.prompts.models import Prompt, Version
from promptstudio.reviews import conversation_services as conversation
from promptstudio.reviews import services as reviews
from promptstudio.reviews.models import Thread
from tests.cast import Cast, a_version, asked, promote
from tests.deployments.fake_target import a_target, confirmed_in_production, use_fake_publisher
from tests.web.reading import at, text


@pytest.fixture
def version(cast: Cast, prompt: Prompt, settings: Any) -> Version:
    """In production, with Bob's approval, comment, refusal and recall."""
    use_fake_publisher(settings)
    made = confirmed_in_production(cast, prompt)
    second = a_version(prompt, by=cast.alice, text="Sort it: {{claim}}")
    review = asked(second, cast.production, by=cast.alice)
    reviews.comment(review=review, text="Why?", actor=cast.bob)
    conversation.begin_thread(version=second, lines=Lines("messages.0.text", 1, 1), text="@Alice, why?", suggests="X", actor=cast.bob)
    conversation.reply(thread=Thread.objects.get(), text="@Bob, because.", actor=cast.alice)
    reviews.comment(review=review, text="@bob, please.", actor=cast.alice)
    conversation.resolve(thread=Thread.objects.get(), actor=cast.bob)
    deployments.decide(review=review, verdict="request_changes", comment="Too long.", seen=made, actor=cast.bob)
    with pytest.raises(deployments.Blocked):
        deployments.deploy(version=second, environment=cast.production, actor=cast.alice)
    deployments.recall(version=made, reason="Wrong.", actor=cast.bob)
    a_target(cast.development, by=cast.dora)
    stopped = PublishJob.objects.filter(deployment=promote(second, cast.development, by=cast.alice)).get()
    deployments.cancel(job=stopped, reason="It moves.", actor=cast.bob)
    settings.SECOND_PERSON = True
    grant_role(project=cast.claims, user=cast.bob.user, role="admin", actor=cast.dora)
    return made


def columns_that_hold(words: str) -> list[str]:
    """Every column of every table in which `words` stand."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for column in connection.introspection.get_table_description(cursor, table):
                cursor.execute(f'SELECT COUNT(*) FROM "{table}" WHERE LOWER(CAST("{column.name}" AS TEXT)) LIKE %s', [f"%{words.lower()}%"])
                if cursor.fetchone()[0]:
                    found.append(f"{table}.{column.name}")
    return sorted(found)


def forget(cast: Cast, user: User) -> User:
    return accounts.anonymise_person(person=user, actor=cast.root)


def test_the_search_below_finds_what_is_there(cast: Cast, version: Version) -> None:
    assert columns_that_hold("Bob") == ["accounts_user.email", "accounts_user.name", "accounts_user.username", "audit_snapshot.content"]


def test_no_table_holds_their_name_or_address_any_more(cast: Cast, version: Version) -> None:
    forget(cast, cast.bob.user)
    assert columns_that_hold("Bob") == []
    assert columns_that_hold("bob@claims.example") == []


def test_the_trail_still_verifies_and_knows_that_it_was_the_same_person(cast: Cast, version: Version) -> None:
    acted = set(Entry.objects.filter(actor_uid=cast.bob.user.uid).values_list("uid", flat=True))
    forget(cast, cast.bob.user)
    assert list(faults()) == []
    assert set(Entry.objects.filter(actor_uid=cast.bob.user.uid).values_list("uid", flat=True)) == acted
    assert set(Snapshot.objects.filter(entry_uid__in=acted).values_list("content", "salt")) == {("", "")}


def test_others_keep_their_names(cast: Cast, version: Version) -> None:
    before = Snapshot.objects.exclude(content="").count()
    gone = Entry.objects.filter(actor_uid=cast.bob.user.uid).count()
    forget(cast, cast.bob.user)
    # and one more: the entry of the site admin who did it
    assert Snapshot.objects.exclude(content="").count() == before - gone + 1


def test_pages_tell_it_under_the_pseudonym(client: Client, cast: Cast, version: Version) -> None:
    person = forget(cast, cast.bob.user)
    assert person.name == f"Former colleague {person.uid.hex[:6]}"
    for url in ("/p/claims/prompts/water-damage-triage/-/why/production/", "/p/claims/audit/", "/p/claims/report/"):
        html = text(at(client, cast.axel).get(url))
        assert person.name in html, url
        assert "Bob" not in html, url


def test_they_sign_in_no_more_and_are_signed_out_where_they_are(client: Client, cast: Cast, version: Version) -> None:
    at(client, cast.bob)
    assert client.get("/p/claims/prompts/").status_code == 200
    forget(cast, cast.bob.user)
    assert client.get("/p/claims/prompts/").status_code == 302
    user = User.objects.get(pk=cast.bob.user.pk)
    assert (user.is_active, user.is_staff, user.is_superuser, user.has_usable_password()) == (False, False, False, False)


def test_a_forged_hash_in_the_place_of_a_name_is_found(cast: Cast, version: Version) -> None:
    entry = Entry.objects.filter(actor_uid=cast.bob.user.uid).first()
    Snapshot.objects.filter(entry_uid=entry.uid).update(content="", salt="", content_hash="0" * 64)
    assert [(f.sequence, f.sentence) for f in faults()] == [(entry.sequence, "The name kept beside it is not the one that was written.")]


def test_only_a_site_admin_does_it_and_never_to_the_last_one(cast: Cast, version: Version) -> None:
    with pytest.raises(NotAllowed):
        accounts.anonymise_person(person=cast.bob.user, actor=cast.dora)
    with pytest.raises(Conflict, match="You cannot make yourself anonymous"):
        forget(cast, cast.root.user)
    forget(cast, cast.bob.user)
    with pytest.raises(Conflict, match="anonymous already"):
        forget(cast, cast.bob.user)


def test_the_administration_asks_once_more_before_it_does_it(client: Client, cast: Cast, version: Version) -> None:
    chosen = {"action": "anonymise", "_selected_action": [cast.bob.user.pk]}
    page = text(at(client, cast.root).post("/admin/accounts/user/", chosen))
    assert "There is no way back." in page
    assert User.objects.get(pk=cast.bob.user.pk).name == "Bob"
    client.post("/admin/accounts/user/", chosen | {"sure": "yes"})
    assert User.objects.get(pk=cast.bob.user.pk).name.startswith("Former colleague")
    assert Entry.objects.filter(action="person.anonymised", object_uid=cast.bob.user.uid).exists()

"""The trail of what belongs to no project, and what stands outside, for site admins."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from promptstudio.accounts import services as accounts
from promptstudio.audit.anchors import anchor_all, send_due
from promptstudio.audit.models import INSTALLATION, Entry, Stream
from promptstudio.audit.services import record
from promptstudio.audit.streaming import waiting_for
from promptstudio.lib import clock
from tests.cast import Cast
from tests.tampering import changed
from tests.triggers import triggers_down

from .reading import HTMX, at, text

URL = "/audit/"


def get(client: Client, cast: Cast, **query: Any) -> Any:
    response = at(client, cast.root).get(URL, query)
    assert response.status_code == 200
    return response


def actions(response: Any) -> set[str]:
    return {line.entry.action for line in response.context["lines"]}


@pytest.fixture
def refused(cast: Cast) -> None:
    """Somebody was not let in, and Bob was renamed."""
    record(actor=cast.root, action="sign_in.refused", subject=None, label="id.example", project_uid=None, because="expired")
    person = cast.bob.user
    accounts.change_person(person=person, name="Bob Bold", email="", is_active=True, is_staff=True, is_site_admin=False, actor=cast.root)


def test_it_tells_what_belongs_to_no_project_alone(client: Client, cast: Cast, refused: None) -> None:
    response = get(client, cast)
    assert "refused a sign-in by id.example: the token had expired" in text(response)
    assert {line.entry.chain for line in response.context["lines"]} == {INSTALLATION}
    assert Entry.objects.exclude(chain=INSTALLATION).exists()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"kind": "sign_ins"}, {"sign_in.refused"}),
        ({"kind": "accounts"}, {"person.changed"}),
        ({"kind": "refused"}, {"sign_in.refused"}),
        ({"about": "id.exa"}, {"sign_in.refused"}),
        ({"until": (timezone.localdate() - timedelta(days=1)).isoformat()}, set()),
    ],
)
def test_it_filters(client: Client, cast: Cast, refused: None, query: dict[str, str], found: set[str]) -> None:
    assert actions(get(client, cast, **query)) - {"project.created"} == found


def test_it_filters_by_person(client: Client, cast: Cast, refused: None) -> None:
    assert actions(get(client, cast, person=str(cast.root.user.uid))) >= {"sign_in.refused", "person.changed"}
    assert actions(get(client, cast, person=str(cast.bob.user.uid))) == set()


def test_others_are_refused(client: Client, cast: Cast) -> None:
    for actor in (cast.dora, cast.axel):
        for url in (URL, URL + "export.csv", URL + "export.jsonl"):
            assert at(client, actor).get(url).status_code == 403
        assert client.post(URL + "verify/").status_code == 403
    assert "/audit/" not in at(client, cast.axel).get("/p/claims/audit/").content.decode().replace("/p/claims/audit/", "")


def test_it_is_checked_and_a_changed_entry_is_named(client: Client, cast: Cast, refused: None) -> None:
    root = at(client, cast.root)
    assert "The trail verifies" in text(root.post(URL + "verify/", headers=HTMX))
    victim = Entry.objects.filter(chain=INSTALLATION, action="sign_in.refused").get()
    with triggers_down(connection):
        changed(victim, object_label="elsewhere")
    assert f"Entry {victim.sequence}:" in text(root.post(URL + "verify/", headers=HTMX))
    assert f"Entry {victim.sequence}:" in text(root.post(URL + "verify/", follow=True))


def test_it_is_taken_out_as_files_and_that_is_noted(client: Client, cast: Cast, refused: None) -> None:
    root = at(client, cast.root)
    lines = [json.loads(line) for line in b"".join(root.get(URL + "export.jsonl?kind=sign_ins").streaming_content).splitlines()]
    assert [line["action"] for line in lines] == ["sign_in.refused"]
    assert b"id.example" in b"".join(root.get(URL + "export.csv").streaming_content)
    noted = Entry.objects.filter(action="audit.exported", chain=INSTALLATION)
    assert [entry.object_label for entry in noted] == ["The trail of the installation"] * 2


def test_it_says_when_nobody_outside_has_the_trail(client: Client, cast: Cast) -> None:
    assert "Nobody outside has the trail" in text(get(client, cast))


def test_it_says_what_arrived_and_what_is_owed(client: Client, cast: Cast, settings: Any, tmp_path: Any) -> None:
    kept = tmp_path / "anchors.jsonl"
    settings.AUDIT_KEY_FILE = str(tmp_path / "key.pem")
    settings.AUDIT_KEY_IS_MADE = True
    settings.AUDIT_ANCHORS = {"file": ("promptstudio.integrations.trail.file.AnchorFile", {"path": str(kept)})}
    assert "Nothing yet" in text(get(client, cast))
    owed = anchor_all()
    assert f"{owed}, on the way" in text(get(client, cast))
    kept.mkdir()
    send_due()
    assert "It is tried again by itself." in text(get(client, cast))
    kept.rmdir()
    with clock.at(timezone.now() + timedelta(minutes=15)):
        assert send_due() == owed
    html = text(get(client, cast))
    assert "Nothing yet" not in html
    assert "on the way" not in html
    assert "tried again" not in html


def test_it_counts_what_a_siem_has_not_got(client: Client, cast: Cast, settings: Any) -> None:
    settings.AUDIT_STREAMS = {"webhook": ("promptstudio.integrations.trail.webhook.Webhook", {"url": "http://127.0.0.1:9/", "secret": "s"})}
    Stream.objects.create(name="webhook", next_try_at=clock.now(), error="It answered 503.", failures=3)
    html = text(get(client, cast))
    assert "Security monitoring" in html
    assert "It answered 503." in html
    assert f"{waiting_for('webhook'):,}" in html
    assert waiting_for("webhook") == Entry.objects.count()

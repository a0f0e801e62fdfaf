"""The one secret that is stored: the provider's token, which names the session to end when somebody signs out there."""

from io import StringIO
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client

from promptstudio.lib.secrets import opened, sealed
from promptstudio.web.sign_in.views import ID_TOKEN
from tests.cast import Cast
from tests.lib.test_secrets import NEW, OLD
from tests.web.reading import at

from .hostile import Hostile

pytestmark = pytest.mark.django_db


def rotate() -> str:
    said = StringIO()
    call_command("rotate_secrets", stdout=said)
    return said.getvalue()


def keep(client: Client, token: str) -> None:
    session = client.session
    session[ID_TOKEN] = token
    session.save()


def test_the_token_is_encrypted_in_the_session_and_goes_along_at_signing_out(hostile: Hostile, client: Client, cast: Cast) -> None:
    hostile.document = {"end_session_endpoint": f"{hostile.issuer}/end"}
    assert hostile.come_back(client)["Location"] == "/"
    kept = Session.objects.get().get_decoded()
    token = opened(kept[ID_TOKEN])
    assert token.count(".") == 2
    assert token not in str(kept)
    assert f"id_token_hint={token}" in client.post("/sign-out/")["Location"]


def test_a_key_can_be_taken_away_after_rotating(client: Client, cast: Cast, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    at(client, cast.alice)
    keep(client, sealed("the token"))
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert rotate() == "Under the first key: 1.\n"
    settings.ENCRYPTION_KEYS = [NEW]
    assert opened(client.session[ID_TOKEN]) == "the token"
    assert client.get("/").status_code == 200


def test_what_no_key_reads_is_removed_and_said(client: Client, cast: Cast, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    at(client, cast.alice)
    keep(client, sealed("the token"))
    settings.ENCRYPTION_KEYS = [NEW]
    assert "Readable with none of the keys, so removed: 1." in rotate()
    assert client.session[ID_TOKEN] == ""
    assert client.get("/").status_code == 200

"""`manage.py create_api_key`: the key once, alone on the last line."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from promptstudio.audit.models import Entry
from promptstudio.projects.models import ApiKey, ServiceAccount
from promptstudio.projects.role_services import grant_role

from .cast import Application, Cast


def make(*options: str) -> list[str]:
    out = StringIO()
    call_command("create_api_key", *options, stdout=out)
    return out.getvalue().splitlines()


def test_the_key_stands_alone_on_the_last_line_and_works(cast: Cast) -> None:
    *before, secret = make("--project", "claims", "--scopes", "read,write,deploy")
    assert secret.startswith("ps_")
    assert secret not in "".join(before)
    application = Application(secret)
    assert application.post("/prompts", {"title": "x"}).status_code == 201
    assert application.get("/prompts").status_code == 200
    assert Entry.objects.filter(action="key.created").latest("sequence").via == "cli"


def test_a_key_for_one_environment_reads_that_one_only(cast: Cast) -> None:
    make("--project", "claims", "--scopes", "read", "--environment", "production", "--name", "Desk", "--expires-days", "30")
    key = ApiKey.objects.get()
    assert (key.environment, key.scopes, key.name) == (cast.production, ["read"], "Desk")
    assert (key.expires_at - key.created_at).days in (29, 30)


def test_an_application_is_made_once(cast: Cast) -> None:
    grant_role(project=cast.project, user=cast.bob.user, role="admin", actor=cast.admin)
    for _ in range(2):
        make("--project", "claims", "--scopes", "read", "--account", "Portal")
    assert ServiceAccount.objects.get(name="Portal").responsible == cast.bob.user
    assert ServiceAccount.objects.get(name="Portal").keys.count() == 2
    make("--project", "claims", "--scopes", "read", "--account", "App", "--responsible", "alice")
    assert ServiceAccount.objects.get(name="App").responsible == cast.alice.user


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--project", "nowhere", "--scopes", "read"], "no project “nowhere”. There are: claims"),
        (["--project", "claims", "--scopes", "read", "--environment", "moon"], "no environment “moon”. It has: development, production"),
        (["--project", "claims", "--scopes", "fly"], "Choose at least one of read, write, test, deploy"),
        (["--project", "claims", "--scopes", ","], "Choose at least one of read, write, test, deploy"),
        (["--project", "claims", "--scopes", "read", "--name", " "], "what this key is for"),
        (["--project", "claims", "--scopes", "read", "--responsible", "nobody"], "Nobody with the user name “nobody”"),
        (["--project", "claims", "--scopes", "read", "--expires-days", "0"], "a day in the future"),
        (["--project", "claims", "--scopes", "read", "--expires-days", "9999999999"], "too far away"),
        (["--project", "claims", "--scopes", "read", "--account", "Claims desk", "--responsible", "bob"], "alice answers for"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_wrong_is_said_and_nothing_is_made(cast: Cast, options: list[str], sentence: str) -> None:
    accounts = ServiceAccount.objects.count()
    with pytest.raises(CommandError, match=sentence):
        make(*options)
    assert (ApiKey.objects.count(), ServiceAccount.objects.count()) == (0, accounts)

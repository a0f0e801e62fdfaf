"""A target is told where a secret is, never the secret."""

from typing import Any

import pytest

from promptstudio.deployments.models import Target
from promptstudio.deployments.references import secrets_in
from promptstudio.deployments.target_services import add_target, save_target
from promptstudio.lib.errors import Invalid
from tests.cast import Cast
from tests.web.reading import at, text

ROLE = "arn:aws:iam::123456789012:role/prompt-studio"


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"aws_secret_access_key": "abc"}, "aws_secret_access_key"),
        ({"aws_access_key_id": "x"}, "aws_access_key_id"),
        ({"Password": "x"}, "Password"),
        ({"session_token": "x"}, "session_token"),
        ({"apiKey": "x"}, "apiKey"),
        ({"auth": {"client_secret": "x"}}, "auth.client_secret"),
        ({"note": "AKIAIOSFODNN7EXAMPLE"}, "note"),
        ({"pem": "-----BEGIN PRIVATE KEY-----"}, "pem"),
    ],
    ids=str,
)
def test_what_looks_like_a_secret_is_named(settings: dict[str, Any], named: str) -> None:
    assert list(secrets_in(settings)) == [named]


@pytest.mark.parametrize("settings", [{"region": "eu-central-1", "role_arn": ROLE, "external_id": "nordlicht"}, {"region": ""}], ids=str)
def test_references_are_taken(settings: dict[str, Any]) -> None:
    assert secrets_in(settings) == {}


def test_it_is_neither_added_nor_changed_to(cast: Cast) -> None:
    secret = {"region": "eu-central-1", "aws_secret_access_key": "wJalrXUtnFEMI"}
    with pytest.raises(Invalid, match="No secrets here") as refused:
        add_target(environment=cast.development, name="Frankfurt", settings=secret, actor=cast.dora)
    assert list(refused.value.errors) == ["settings"]
    assert "wJalrXUtnFEMI" not in refused.value.sentence
    target = add_target(environment=cast.development, name="Frankfurt", settings={"region": "eu-central-1"}, actor=cast.dora)
    target.settings = secret
    with pytest.raises(Invalid, match="No secrets here"):
        save_target(target=target, actor=cast.dora)
    assert Target.objects.get().settings == {"region": "eu-central-1"}


def test_the_administration_says_so_at_the_field(cast: Cast, client: Any) -> None:
    answer = at(client, cast.root).post(
        "/admin/deployments/target/add/",
        {"environment": cast.development.pk, "name": "Frankfurt", "kind": "bedrock", "settings": '{"token": "x"}', "is_active": "on"},
    )
    assert answer.status_code == 422
    assert "token: No secrets here" in text(answer)
    assert not Target.objects.exists()

"""What a target at Bedrock may be told is looked at when it is saved, not when the first publication fails."""

from typing import Any

import pytest

from promptstudio.deployments import target_services
from promptstudio.integrations.bedrock.target_settings import problems_of
from promptstudio.lib.errors import Invalid
from tests.cast import Cast

ROLE = "arn:aws:iam::123456789012:role/prompt-studio"


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"region": ""},
        {"region": "eu-central-1"},
        {"region": "us-gov-west-1"},
        {"region": "eusc-de-east-1"},
        {"region": "eu-west-1", "role_arn": ROLE, "external_id": "nordlicht/1"},
        {"role_arn": "arn:aws-us-gov:iam::123456789012:role/teams/prompt-studio"},
    ],
    ids=str,
)
def test_what_aws_knows_is_taken(settings: dict[str, Any]) -> None:
    assert problems_of(settings) == {}


@pytest.mark.parametrize(
    ("settings", "name", "sentence"),
    [
        ({"region": 5}, "region", "This is no AWS region, such as eu-central-1."),
        ({"region": "<x>"}, "region", "This is no AWS region, such as eu-central-1."),
        ({"region": None}, "region", "This is no AWS region, such as eu-central-1."),
        ({"foo": 1}, "foo", "This setting is not known. There are region, role_arn, external_id."),
        ({"role_arn": "zz"}, "role_arn", "This is no role's ARN, such as"),
        ({"role_arn": f"{ROLE}\n"}, "role_arn", "This is no role's ARN, such as"),
        ({"role_arn": ROLE, "external_id": "x"}, "external_id", "An external id has 2 to 1,224"),
        ({"external_id": "nordlicht"}, "external_id", "An external id belongs to a role: give role_arn as well."),
    ],
    ids=str,
)
def test_nonsense_is_named(settings: dict[str, Any], name: str, sentence: str) -> None:
    wrong = problems_of(settings)
    assert list(wrong) == [name]
    assert wrong[name].startswith(sentence)


def test_a_target_with_nonsense_is_not_saved(cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        target_services.add_target(environment=cast.production, name="Frankfurt", settings={"region": 5, "foo": 1}, actor=cast.dora)
    assert refused.value.errors["settings"] == (
        "foo: This setting is not known. There are region, role_arn, external_id. region: This is no AWS region, such as eu-central-1."
    )
    assert not cast.production.targets.exists()

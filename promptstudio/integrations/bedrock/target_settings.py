"""What a target of the kind `bedrock` may be told. Pure."""

import re
from typing import Any

# The names of AWS regions, as botocore's endpoints have them: eu-central-1, us-gov-west-1, eusc-de-east-1.
REGION = re.compile(r"[a-z]{2,5}(-[a-z]+)+-\d{1,2}")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,576}", re.ASCII)
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
RULES = {
    "region": (REGION, "This is no AWS region, such as eu-central-1."),
    "role_arn": (ROLE_ARN, "This is no role's ARN, such as arn:aws:iam::123456789012:role/prompt-studio."),
    "external_id": (EXTERNAL_ID, "An external id has 2 to 1,224 letters, digits and + = , . @ : / - _ only."),
}


def problems_of(settings: dict[str, Any]) -> dict[str, str]:
    """Name of a setting to what is wrong with it. An empty text counts as not set."""
    wrong = {name: "This setting is not known. There are " + ", ".join(RULES) + "." for name in settings if name not in RULES}
    for name, (pattern, sentence) in RULES.items():
        value = settings.get(name, "")
        if not isinstance(value, str) or (value and not pattern.fullmatch(value)):
            wrong[name] = sentence
    if settings.get("external_id") and not settings.get("role_arn"):
        wrong.setdefault("external_id", "An external id belongs to a role: give role_arn as well.")
    return wrong

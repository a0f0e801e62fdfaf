"""What comes from the rule of a target names the targets of the project; where there are none, it is a hint."""

import pytest

from promptstudio.prompts import lint
from promptstudio.prompts.bundle import MAX_VARIABLES
from promptstudio.prompts.findings import BEDROCK, Finding, concerning
from tests.prompts.test_lint import GOOD

PLACES = {BEDROCK: ["eu-production"]}
RULES = [
    ("braces", {"messages": [{"text": "{{name}} and {{"}]}, "error"),
    (
        "count",
        {
            "messages": [{"text": " ".join(f"{{{{v{n}}}}}" for n in range(MAX_VARIABLES + 1))}],
            "variables": [{"name": f"v{n}"} for n in range(MAX_VARIABLES + 1)],
        },
        "error",
    ),
    ("logic", {"syntax": "jinja", "messages": [{"text": "{% if name %}x{% endif %}"}]}, "warning"),
    ("system", {"kind": "chat", "system": "For {{name}}"}, "warning"),
    ("model", {"model": ""}, "warning"),
    ("tools", {"tools": [{"name": "find", "description": "Finds.", "input_schema": {"type": "object"}}]}, "warning"),
    ("answer", {"output_schema": {"type": "object", "properties": {"x": {"type": "string"}}}}, "hint"),
]


def of_a_target(found: list[Finding]) -> list[Finding]:
    return [finding for finding in found if finding.rule_of]


@pytest.mark.parametrize(("data", "level"), [pytest.param(data, level, id=name) for name, data, level in RULES])
def test_each_rule_of_a_target_names_whom_it_concerns(data: dict, level: str) -> None:
    (finding,) = of_a_target(lint.findings(GOOD | data))
    assert finding.level == level
    (named,) = of_a_target(concerning([finding], PLACES))
    assert named.sentence == f"{finding.sentence} It concerns eu-production (Amazon Bedrock)."
    assert (named.level, named.fix, named.line) == (finding.level, finding.fix, finding.line)


@pytest.mark.parametrize(("data", "level"), [pytest.param(data, level, id=name) for name, data, level in RULES])
def test_where_nothing_is_published_a_warning_is_a_hint_and_an_error_stays(data: dict, level: str) -> None:
    (finding,) = of_a_target(concerning(lint.findings(GOOD | data), {"elsewhere": ["A queue"]}))
    assert finding.level == ("error" if level == "error" else "hint")
    assert ("could take it later" if level == "error" else "publishes nothing to Amazon Bedrock") in finding.sentence


def test_what_is_studios_own_rule_stays_as_it_is() -> None:
    found = lint.findings(GOOD | {"messages": [{"text": ""}]})
    assert concerning(found, PLACES) == found


def test_a_name_that_cannot_be_a_variable_is_nobodys_rule() -> None:
    assert not of_a_target(lint.findings(GOOD | {"messages": [{"text": "{{name}} {{two words}}"}]}))


def test_of_many_targets_some_are_named() -> None:
    (finding,) = concerning([Finding("hint", "model", "Mind.", rule_of=BEDROCK)], {BEDROCK: list("abcdef")})
    assert finding.sentence == "Mind. It concerns a, b, c, d and 2 more (Amazon Bedrock)."
    (finding,) = concerning([Finding("hint", "model", "Mind.", rule_of=BEDROCK)], {BEDROCK: list("abc")})
    assert finding.sentence == "Mind. It concerns a, b and c (Amazon Bedrock)."


def test_what_became_a_hint_stands_behind_the_warnings() -> None:
    found = [Finding("warning", "model", "A.", rule_of=BEDROCK), Finding("warning", "system", "B.")]
    assert [finding.place for finding in concerning(found, {})] == ["system", "model"]

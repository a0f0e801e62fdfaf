import pytest

from promptstudio.prompts.reading.files import read_file
from promptstudio.prompts.reading.found import Found, Unreadable
from promptstudio.prompts.soundness import problem_of

DOTPROMPT = """---
model: bedrock/anthropic.claude-sonnet-5
config:
  temperature: 0.3
  maxOutputTokens: 400
  topK: 5
  stopSequences: [END]
input:
  schema:
    claim: string, what the customer wrote
    amount?: integer
    urgent: boolean
    kind(enum, the kind of damage): [WATER, STORM]
    parts(array, a list): string
  default: {kind: STORM}
acme.owner: team
---
{{role "system"}}
You sort claims.
{{role "user"}}
Sort {{claim}} of {{ amount }}. {{#if urgent}}Hurry.{{/if}}
{{history}}
{{role "model"}}
Storm.
"""
PROMPTY = """---
name: first_letter
displayName: First letter
authors: [me]
model:
  id: anthropic.claude-sonnet-5
  connection: {apiKey: "${env:SECRET}"}
  options: {temperature: 0.1, maxOutputTokens: 200, seed: 4}
inputs:
  - name: customer
    kind: string
    description: Who gets it
    example: Ms Sommer
  - {name: amount, kind: float, default: 100.5}
  - {name: tone, kind: string, enumValues: [kind, short], required: false}
---
system:
You write letters.

user:
Write to {{customer}} about {{amount}}, {{tone}}.

assistant:
Dear
"""
PROMPTY_V1 = """---
name: Basic
model:
  api: chat
  configuration: {type: azure_openai, azure_deployment: gpt-4o}
  parameters: {max_tokens: 128, temperature: 0.2}
inputs:
  question: {type: string, sample: "Is it covered?"}
  count: {type: number}
sample: {count: 3}
---
system:
Answer.
user:
{{question}} {{count}} ${file:secret.txt}
"""


def only(text: str, name: str) -> Found:
    (found,) = read_file(text.encode(), name).prompts
    return found


def test_dotprompt_gives_roles_settings_and_typed_variables() -> None:
    found = only(DOTPROMPT, "claims-triage.prompt")
    assert (found.title, found.system) == ("claims triage", "You sort claims.")
    assert [message["role"] for message in found.messages] == ["user", "assistant"]
    assert found.model == "anthropic.claude-sonnet-5"
    assert found.inference == {"temperature": 0.3, "max_tokens": 400, "stop_sequences": ["END"]}
    assert [(v["name"], v["type"], v["required"]) for v in found.variables] == [
        ("claim", "string", True),
        ("amount", "number", False),
        ("urgent", "boolean", True),
        ("kind", "choice", False),
        ("parts", "string", True),
    ]
    assert found.variables[3] | {} == found.variables[3]
    assert (found.variables[3]["choices"], found.variables[3]["default"]) == (["WATER", "STORM"], "STORM")
    said = " ".join(found.notes)
    assert all(words in said for words in ("“topK”", "“acme.owner”", "{{history}}", "parts is “array”"))


def test_dotprompt_with_a_json_schema() -> None:
    schema = "{type: object, properties: {a: {type: integer, description: how many}, b: {enum: [x, y]}}, required: [a]}"
    found = only(f"---\ninput:\n  schema: {schema}\n---\nHello {{{{a}}}} {{{{b}}}}", "x.prompt")
    assert [(v["name"], v["type"], v["required"], v["description"]) for v in found.variables] == [
        ("a", "number", True, "how many"),
        ("b", "choice", False, ""),
    ]


def test_prompty_gives_roles_settings_and_inputs() -> None:
    found = only(PROMPTY, "x.prompty")
    assert (found.title, found.system, found.model) == ("First letter", "You write letters.", "anthropic.claude-sonnet-5")
    assert [message["role"] for message in found.messages] == ["user", "assistant"]
    assert found.inference == {"temperature": 0.1, "max_tokens": 200}
    customer, amount, tone = found.variables
    assert (customer["example"], customer["description"]) == ("Ms Sommer", "Who gets it")
    assert (amount["type"], amount["default"]) == ("number", 100.5)
    assert (tone["type"], tone["choices"], tone["required"]) == ("choice", ["kind", "short"], False)
    assert any("not fetched" in note for note in found.notes)


def test_the_first_prompty_has_samples() -> None:
    found = only(PROMPTY_V1, "x.prompty")
    assert (found.title, found.model) == ("Basic", "")
    assert found.inference == {"temperature": 0.2, "max_tokens": 128}
    assert [(v["name"], v["type"], v["example"]) for v in found.variables] == [
        ("question", "string", "Is it covered?"),
        ("count", "number", 3),
    ]
    assert "${file:secret.txt}" in found.texts[-1]


@pytest.mark.parametrize(("text", "kind"), [(DOTPROMPT, "prompt"), (PROMPTY, "prompty"), (PROMPTY_V1, "prompty")])
def test_pasted_front_matter_is_recognised(text: str, kind: str) -> None:
    assert read_file(text.encode(), "").format == kind


@pytest.mark.parametrize(
    "front",
    [
        "a: !!python/object/apply:os.system ['true']",
        "a: !include /etc/passwd",
        "a: &a [x]\nb: *a",
        "a: &a ['lol', 'lol']\nb: &b [*a, *a]\nc: [*b, *b]",
        "a: [" * 3000,
        "- a list",
        "just words",
        "a: {b: c",
        "? [a]\n: b",
        "a: " + "9" * 5000,
        "x: y\n" * 60_000,
    ],
)
def test_hostile_front_matter_is_refused_with_a_sentence(front: str) -> None:
    with pytest.raises(Unreadable, match="between the lines of ---"):
        read_file(f"---\n{front}\n---\nHello".encode(), "x.prompty")


@pytest.mark.parametrize(
    "front", ['model: "\\ud800"', 'name: "a\\0b"', 'config: {stop: "\\0"}', 'inputs: {a: {default: "\\udfff"}}', '"\\0": 1']
)
def test_characters_that_no_database_takes_keep_a_prompt_out_or_go(front: str) -> None:
    for ending in ("prompt", "prompty"):
        found = only(f"---\n{front}\n---\nHello", f"x.{ending}")
        assert found.problem or problem_of(vars(found)) is None
        assert problem_of({"title": found.title, "notes": found.notes}) is None


def test_dates_stay_the_words_that_they_are() -> None:
    found = only("---\ninputs: {day: {default: 2024-01-31T10:00:00Z}}\n---\nOn {{day}}", "x.prompty")
    assert found.variables[0]["default"] == "2024-01-31T10:00:00Z"


def test_a_default_of_another_kind_is_not_taken_and_said() -> None:
    found = only("---\ninputs: {sum: {type: number, default: many}}\n---\nOf {{sum}}", "x.prompty")
    assert "default" not in found.variables[0]
    assert "“many”" in found.notes[0]


@pytest.mark.parametrize("ending", ["prompt", "prompty"])
@pytest.mark.parametrize(
    "front",
    ["model: [1]\nconfig: 3\ninput: no\ninputs: 4\nsample: x", "model: {options: []}\ninput: {schema: [a]}\ninputs: [1, {name: 2}]"],
)
def test_values_of_wrong_types_are_passed_over(ending: str, front: str) -> None:
    assert only(f"---\n{front}\n---\nHello", f"x.{ending}").texts == ["Hello"]


def test_without_front_matter_the_body_is_the_prompt() -> None:
    assert only("Hello {{name}}", "greeting.prompt").title == "greeting"

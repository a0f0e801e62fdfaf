"""What is wrong is said beside the text it concerns, in words that say what to do; no draft makes it fail."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptstudio.lib.errors import Invalid
from promptstudio.prompts import catalogue, lint
from promptstudio.prompts.bundle import MAX_TEXT, parse
from promptstudio.prompts.templating import escape_braces, render

from .strategies import braced, bundle_data, bundles, json_values, text_bundle

GOOD = {
    "messages": [{"role": "user", "text": "Answer {{name}}."}],
    "variables": [{"name": "name"}],
    "model": "amazon.nova-lite-v1:0",
    "inference": {"max_tokens": 500},
}


def found(data, place):
    return [finding for finding in lint.findings(GOOD | data) if finding.place == place]


def only(data, place):
    (finding,) = found(data, place)
    return finding


def test_nothing_is_said_about_a_good_prompt():
    assert lint.findings(GOOD) == []
    assert lint.errors_of(GOOD) == {}
    assert lint.portable(parse(GOOD)) == {"bedrock": []}


members = st.sampled_from(["kind", "system", "messages", "variables", "tools", "tool_choice", "output_schema", "model", "inference", "x"])
inner = st.dictionaries(
    st.sampled_from(["name", "text", "role", "type", "choices", "default", "max_tokens", "stop_sequences"]), json_values
)


@given(st.dictionaries(members, json_values | inner | st.lists(inner | json_values, max_size=3)) | json_values)
def test_nothing_that_json_can_say_makes_it_fail(data):
    for finding in lint.findings(data):
        assert finding.sentence.endswith((".", "?"))
        assert finding.place
    assert isinstance(lint.errors_of(data), dict)


@given(bundle_data | st.dictionaries(members, json_values))
def test_without_errors_it_parses_has_a_digest_and_renders(data):
    if not lint.errors_of(data):
        bundle = parse(data)
        assert bundle.digest
        values = {
            v.name: {"number": 1, "boolean": True, "string": "x"}.get(v.type, v.choices[:1] and v.choices[0]) for v in bundle.variables
        }
        assert render(bundle, values).messages


@given(bundles)
def test_what_does_not_parse_is_an_error(bundle):
    assert "color" in lint.errors_of(bundle.as_json() | {"color": "red"})


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {1: 2},
        {"messages": "x"},
        {"messages": [None, 5, {"text": None}, {"text": ["{{a}}"], "role": []}]},
        {"variables": [None, {"name": []}, {"name": {}, "choices": 5, "type": []}, {"name": "a", "default": [1]}]},
        {"inference": [], "tools": [5], "tool_choice": [], "model": {}, "system": 5, "kind": []},
        {"inference": {"max_tokens": "many", "stop_sequences": [None, ""], "temperature": "hot"}},
        {"extra_model_fields": {"a": float("nan")}},
        {"extra_model_fields": {"a": {"b": [float("inf")]}}},
        {"extra_model_fields": {"a": "\ud83d"}},
        {"extra_model_fields": {"\ud83d": 1}},
        {"extra_model_fields": {"a": object()}},
        {"variables": [{"name": "a", "default": 10**400}]},
        {"messages": [{"text": "a\x00b"}]},
        json.loads('{"extra_model_fields": {"a": ' + "[" * 100 + "]" * 100 + "}}"),
    ],
    ids=lambda data: repr(data)[:40].encode("ascii", "replace").decode(),
)
def test_malformed_drafts_are_errors_and_nothing_worse(data):
    assert lint.errors_of(GOOD | data if isinstance(data, dict) else data)


def test_a_variable_that_is_not_in_the_table():
    finding = only({"messages": [{"text": "For {{name}}:\n  {{rooms}} and {{rooms}}"}]}, "messages.0.text")
    assert finding == lint.Finding(
        "error", "messages.0.text", "rooms is not in the table of variables, so nothing would be filled in.", 2, 3, "add_variable", "rooms"
    )


def test_a_variable_that_no_text_uses():
    finding = only({"variables": [{"name": "name"}, {"name": "rooms"}]}, "variables.1.name")
    assert (finding.level, finding.fix, finding.name) == ("error", "remove_variable", "rooms")
    assert "{{rooms}}" in finding.sentence


def test_open_braces_needs_no_row_in_the_table_and_may_have_none():
    assert found({"messages": [{"text": "{{open_braces}}x}} {{name}}"}]}, "messages.0.text") == []
    finding = only(
        {"messages": [{"text": "{{open_braces}}{{name}}"}], "variables": [{"name": "name"}, {"name": "open_braces"}]}, "variables.1.name"
    )
    assert (finding.level, finding.fix) == ("error", "remove_variable")


@pytest.mark.parametrize(("braces", "count"), [("", 20), ("{{open_braces}}", 19)])
def test_twenty_variables_at_most_the_one_for_braces_included(braces, count):
    def data(number):
        names = [f"v{index}" for index in range(number)]
        return {
            "messages": [{"text": braces + "".join(f"{{{{{name}}}}}" for name in names)}],
            "variables": [{"name": name} for name in names],
        }

    assert found(data(count), "variables") == []
    assert only(data(count + 1), "variables").level == "error"


def test_a_name_that_bedrock_cannot_hold():
    assert "letters and digits" in only({"variables": [{"name": "name"}, {"name": "a  b"}]}, "variables.1.name").sentence
    finding = only({"messages": [{"text": "{{name}} {{Name of the client}}"}]}, "messages.0.text")
    assert (finding.level, finding.fix, finding.name) == ("error", "escape_braces", "Name of the client")
    assert (finding.line, finding.column) == (1, 10)


def test_the_same_name_twice_is_said_once_beside_the_second():
    data = {"variables": [{"name": "name"}, {"name": "name"}]}
    assert only(data, "variables.1.name").fix == "remove_variable"
    assert found(data, "bundle") == []


def test_stray_braces_can_be_kept_as_text():
    text = "{{name}}\n{{ {x} }}"
    finding = only({"messages": [{"text": text}]}, "messages.0.text")
    assert (finding.level, finding.line, finding.column, finding.fix) == ("error", 2, 1, "escape_braces")
    assert found({"messages": [{"text": escape_braces(text)}]}, "messages.0.text") == []


@given(braced)
def test_the_offered_fixes_leave_no_error_about_braces(text):
    fixes = {finding.fix for finding in lint.findings({"messages": [{"text": escape_braces(text)}]})}
    assert "escape_braces" not in fixes


def test_three_braces_in_a_row_are_pointed_out():
    assert only({"messages": [{"text": '{"a":{{{name}}}}'}]}, "messages.0.text").level == "warning"


@pytest.mark.parametrize(
    ("data", "place", "fix"),
    [
        ({"messages": []}, "messages", "add_message"),
        ({"messages": [{"text": " \n"}], "variables": []}, "messages.0.text", None),
        ({"messages": [{"text": "{{name}}"}, {"role": "assistant", "text": ""}], "kind": "chat"}, "messages.1.text", "remove_message"),
        ({"system": "Be kind"}, "system", "make_chat"),
        ({"messages": [{"text": "{{name}}"}, {"role": "assistant", "text": "a"}]}, "messages", "make_chat"),
        ({"messages": [{"role": "assistant", "text": "{{name}}"}]}, "messages", "make_chat"),
        ({"kind": "chat", "messages": [{"role": "assistant", "text": "{{name}}"}]}, "messages.0.role", None),
        ({"kind": "chat", "messages": [{"text": "{{name}}"}, {"text": "b"}]}, "messages.1.role", None),
        ({"variables": [{"name": "name", "type": "choice"}]}, "variables.0.choices", None),
        ({"variables": [{"name": "name", "type": "choice", "choices": ["a", "a"]}]}, "variables.0.choices", None),
        (
            {"variables": [{"name": "name", "type": "choice", "choices": ["a"], "default": "b", "required": False}]},
            "variables.0.default",
            None,
        ),
        ({"variables": [{"name": "name", "type": "number", "example": "many"}]}, "variables.0.example", None),
        ({"variables": [{"name": "name", "type": "boolean", "default": "yes", "required": False}]}, "variables.0.default", None),
        ({"variables": [{"name": "name", "default": [1], "required": False}]}, "variables.0.default", None),
        ({"inference": {"max_tokens": 5, "stop_sequences": ["a", ""]}}, "inference.stop_sequences.1", None),
        ({"inference": {"max_tokens": 5, "temperature": 2}}, "inference.temperature", None),
        ({"tool_choice": "pay"}, "tool_choice", None),
        ({"tool_choice": "any"}, "tool_choice", None),
        ({"model": "nova lite"}, "model", None),
        ({"messages": [{"text": "{{name}}" + "x" * MAX_TEXT}]}, "messages.0.text", None),
    ],
)
def test_errors_stand_at_their_place(data, place, fix):
    errors = [finding for finding in found(data, place) if finding.level == "error"]
    assert fix in {finding.fix for finding in errors}
    assert place in lint.errors_of(GOOD | data)


def test_a_value_of_a_wrong_kind_is_said_at_its_field_and_not_once_per_type():
    data = GOOD | {"variables": [{"name": "name", "required": False, "default": [1]}]}
    assert list(lint.errors_of(data)) == ["variables.0.default"]


def test_a_last_assistant_message_begins_the_answer_and_is_no_error():
    assert lint.errors_of(GOOD | {"kind": "chat", "messages": [{"text": "{{name}}"}, {"role": "assistant", "text": "{"}]}) == {}


@pytest.mark.parametrize(
    ("data", "place", "fix"),
    [
        ({"model": ""}, "model", "choose_model"),
        ({"model": "brand.new-model-v1:0"}, "model", None),
        ({"inference": {}}, "inference.max_tokens", "set_max_tokens"),
        ({"inference": {"max_tokens": 10_001}}, "inference.max_tokens", "set_max_tokens"),
        ({"inference": {"max_tokens": 5, "temperature": 0, "top_p": 1}}, "inference.top_p", None),
        ({"kind": "chat", "system": "{{name}}"}, "system", None),
        ({"tools": [{"name": "pay"}]}, "tools", "make_chat"),
    ],
)
def test_warnings_block_nothing(data, place, fix):
    finding = only(data, place)
    assert (finding.level, finding.fix) == ("warning", fix)
    assert lint.errors_of(GOOD | data) == {}


def test_an_unknown_model_is_allowed_and_says_why():
    assert "allowed, because Bedrock adds models weekly" in only({"model": "brand.new-model-v1:0"}, "model").sentence


def test_hints():
    assert only({"variables": [{"name": "name", "default": "Ada"}]}, "variables.0.required").fix == "make_optional"
    assert only({"output_schema": {"type": "object"}}, "output_schema").level == "hint"


@pytest.mark.parametrize("secret", ["AKIAIOSFODNN7EXAMPLE", "sk-" + "a" * 30, "Password: hunter22", "-----BEGIN RSA PRIVATE KEY-----"])
def test_what_looks_like_a_secret_is_pointed_at(secret):
    finding = only({"messages": [{"text": f"{{{{name}}}}\nuse {secret}"}]}, "messages.0.text")
    assert (finding.level, finding.line, finding.column) == ("hint", 2, 5)


def test_errors_come_first_and_warnings_before_hints():
    data = GOOD | {"model": "", "output_schema": {"a": 1}, "messages": []}
    levels = [finding.level for finding in lint.findings(data)]
    assert levels == sorted(levels, key=["error", "warning", "hint"].index)
    assert set(levels) == {"error", "warning", "hint"}


def test_what_keeps_a_prompt_out_of_bedrock():
    bundle = text_bundle("x", tools=[{"name": "pay"}], output_schema={"type": "object"})
    reasons = " ".join(lint.portable(bundle)["bedrock"])
    assert all(word in reasons for word in ("model", "form of the answer", "chats only"))
    assert "{{" not in " ".join(lint.portable(parse(GOOD))["bedrock"])


@pytest.mark.parametrize(
    ("model_id", "price"),
    [
        ("anthropic.claude-haiku-4-5-20251001-v1:0", "1"),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "1.1"),
        ("global.anthropic.claude-haiku-4-5-20251001-v1:0", "1"),
        ("eu.amazon.nova-lite-v1:0", "0.06"),
        ("arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0", "0.06"),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0", "0.8"),
    ],
)
def test_models_are_known_by_id_profile_and_arn(model_id, price):
    model = catalogue.find_model(model_id)
    assert model is not None
    assert str(model.input_price.normalize()) == price


def test_every_known_model_has_a_legal_id_and_one_row():
    ids = [model.id for model in catalogue.MODELS]
    assert len(set(ids)) == len(ids)
    assert all(catalogue.MODEL_ID.fullmatch(model_id) for model_id in ids)


def test_the_cost_of_a_call_is_input_plus_the_longest_answer():
    bundle = text_bundle("{{a}}", variables=[{"name": "a"}], model="amazon.nova-pro-v1:0", inference={"max_tokens": 1000})
    cost = catalogue.cost_per_call(bundle, render(bundle, {"a": "x" * 4000}))
    assert float(cost) == pytest.approx((1000 * 0.8 + 1000 * 3.2) / 1e6)
    assert catalogue.cost_per_call(text_bundle("x", model="unknown"), render(text_bundle("x"), {})) is None


def test_a_text_of_140_kilobytes_is_read_at_once():
    text = "Write to {{name}} and {{rooms}}.\nKeep { braces } calm.\n" * 2500
    started = time.perf_counter()
    assert "messages.0.text" in lint.errors_of(GOOD | {"messages": [{"text": text}]})
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("piece", ["{", "{{a", "{{ ", "{{a b}} ", "{{{a}} ", "sk-", "password = ", "-----BEGIN ", "\n", "{{a_"])
def test_hostile_texts_take_no_time(piece):
    started = time.perf_counter()
    lint.findings(GOOD | {"messages": [{"text": (piece * MAX_TEXT)[:MAX_TEXT]}]})
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize(
    "model_id", ["a" * 2048, "a" * 126 + (":" + "a" * 63) * 2 + "/_", "arn:aws:bedrock:" + "a" * 2000, "." * 126 + "!"]
)
def test_hostile_model_ids_take_no_time(model_id):
    started = time.perf_counter()
    assert "model" in lint.errors_of(GOOD | {"model": model_id})
    assert time.perf_counter() - started < 5


def test_errors_are_those_that_the_schema_names():
    data = GOOD | {"messages": [{"text": "{{name}}", "rol": "user"}]}
    with pytest.raises(Invalid) as refused:
        parse(data)
    assert lint.errors_of(data) == refused.value.errors

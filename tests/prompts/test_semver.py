"""The step to the next version is the smallest honest one, and says why."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptstudio.lib.errors import Invalid
from promptstudio.prompts.bundle import Bundle, parse
from promptstudio.prompts.semver import Impact, compare, in_range, next_version, parse_semver

from .strategies import bundle_data, bundles, text_bundle, texts

BREAKING, FEATURE, FIX = Impact.BREAKING, Impact.FEATURE, Impact.FIX
ORDER = [FIX, FEATURE, BREAKING]
TEXT = "Pay 300 euros within 3 days, but never more. You must greet {{name}} kindly and thank them for the letter."
LETTER: dict = {"messages": [{"text": TEXT}], "variables": [{"name": "name"}]}


def step(old, new):
    bump = compare(parse(LETTER | old), parse(LETTER | new))
    assert bump is not None
    return bump


def reworded(old, new):
    return step({"messages": [{"text": old}]}, {"messages": [{"text": new}]})


def test_impacts_are_ordered():
    assert sorted(Impact, key=ORDER.index) == sorted(Impact) == ORDER
    assert max(FIX, BREAKING, FEATURE) is BREAKING
    assert FIX < FEATURE <= FEATURE
    assert not BREAKING < FEATURE


@given(bundles)
def test_equal_bundles_need_no_version(bundle):
    assert compare(bundle, bundle) is None
    assert compare(bundle, parse(bundle.as_json())) is None


@given(bundles, bundles)
def test_different_bundles_have_a_step_with_reasons_in_sentences(old, new):
    bump = compare(old, new)
    assert (bump is None) == (old.digest == new.digest)
    if bump:
        assert bump.reasons
        assert len(set(bump.reasons)) == len(bump.reasons)
        assert all(reason.endswith((".", "”")) for reason in bump.reasons)


@given(bundles, st.sampled_from(sorted(Bundle.model_fields)), bundle_data)
def test_a_change_of_two_things_weighs_at_least_as_much_as_of_one(old, member, other):
    one = parse(old.as_json() | {name: value for name, value in other.items() if name == member})
    both = parse(one.as_json() | {"model": "another.model"})
    single = compare(old, one)
    if single and old.model == one.model:
        assert compare(old, both).impact >= max(single.impact, FEATURE)


variable = st.fixed_dictionaries(
    {"name": st.just("name"), "type": st.sampled_from(["string", "number", "boolean"]), "required": st.booleans(), "description": texts}
)


@given(bundles, variable)
def test_removing_or_renaming_a_variable_is_breaking(bundle, data):
    with_it = parse(bundle.as_json() | {"variables": [data]})
    assert compare(with_it, parse(bundle.as_json() | {"variables": []})).impact is BREAKING
    assert compare(with_it, parse(bundle.as_json() | {"variables": [data | {"name": "other"}]})).impact is BREAKING


@given(variable, st.none() | st.just("x"))
def test_a_newly_required_variable_is_breaking(data, default):
    before = {"variables": [data | {"required": False, "type": "string", "default": default}]}
    after = {"variables": [data | {"required": True, "type": "string", "default": default}]}
    assert step(before, after).impact is BREAKING


@pytest.mark.parametrize(
    ("old", "new", "impact", "reason"),
    [
        ({}, {"variables": []}, BREAKING, "name was removed; applications must no longer send it."),
        ({}, {"variables": [{"name": "name"}, {"name": "date_of_loss"}]}, BREAKING, "Applications must now send date_of_loss."),
        ({}, {"variables": [{"name": "name"}, {"name": "tone", "required": False}]}, FEATURE, "Applications can now send tone."),
        ({}, {"variables": [{"name": "name"}, {"name": "tone", "default": "warm"}]}, FEATURE, "Applications can now send tone."),
        ({}, {"variables": [{"name": "name", "type": "number"}]}, BREAKING, "name was a string and is now a number."),
        ({}, {"variables": [{"name": "name", "required": False}]}, FEATURE, "Applications no longer have to send name."),
        ({}, {"variables": [{"name": "name", "description": "Who"}]}, FIX, "The explanation or example of name changed."),
        ({}, {"variables": [{"name": "name", "example": "Ada"}]}, FIX, "The explanation or example of name changed."),
        ({}, {"kind": "chat"}, BREAKING, "The prompt was a text and is now a chat."),
        ({}, {"system": "Be kind."}, FEATURE, "The system text changed."),
        ({}, {"model": "m"}, FEATURE, "The model was not set and is now m."),
        ({}, {"inference": {"max_tokens": 500}}, FEATURE, "The longest answer (in tokens) was not set and is now 500."),
        ({"inference": {"temperature": 0}}, {"inference": {"temperature": 1}}, FEATURE, "The temperature was 0 and is now 1."),
        ({}, {"extra_model_fields": {"top_k": 5}}, FEATURE, "Settings of the model changed."),
        ({"extra_model_fields": {"a": 1}}, {"extra_model_fields": {"a": True}}, FEATURE, "Settings of the model changed."),
        ({}, {"tools": [{"name": "pay"}]}, FEATURE, "The tool pay was added."),
        ({"tools": [{"name": "pay"}]}, {}, BREAKING, "The tool pay was removed."),
        ({"tools": [{"name": "pay"}]}, {"tools": [{"name": "pay", "description": "x"}]}, FIX, "The description of the tool pay changed."),
        ({"tools": [{"name": "pay"}]}, {"tools": [{"name": "pay"}], "tool_choice": "any"}, FEATURE, "Which tool is used"),
        ({}, {"output_schema": {"type": "object"}}, BREAKING, "The answer was free text and now has fixed fields."),
        ({}, {"messages": [{"text": TEXT}, {"role": "assistant", "text": "Dear"}]}, FEATURE, "There were 1 messages and there are now 2."),
    ],
)
def test_steps_and_their_reasons(old, new, impact, reason):
    bump = step(old, new)
    assert bump.impact is impact
    assert any(found.startswith(reason) for found in bump.reasons), bump.reasons


def test_a_renamed_variable_is_one_reason():
    bump = step({}, {"messages": [{"text": TEXT.replace("{{name}}", "{{who}}")}], "variables": [{"name": "who"}]})
    assert (bump.impact, bump.reasons) == (BREAKING, ["name is now called who; applications must send it under its new name."])


def choice(*choices):
    return {"variables": [{"name": "name", "type": "choice", "choices": choices}]}


def test_choices():
    assert step(choice("a", "b"), choice("a")).reasons == ["name can no longer be b."]
    assert step(choice("a", "b"), choice("a")).impact is BREAKING
    assert step(choice("a"), choice("a", "b")).impact is FEATURE
    assert step(choice("a", "b"), choice("b", "a")).impact is FIX
    assert step(choice("a", "b"), {}).impact is FEATURE
    assert step({}, choice("a")).impact is BREAKING


NUMBER, TEXT_FIELD = {"type": "number", "maximum": 10}, {"type": "string", "enum": ["a", "b"]}


def form(required=(), **fields):
    return {"type": "object", "properties": fields, "required": list(required)}


@pytest.mark.parametrize("place", ["output", "tool"])
@pytest.mark.parametrize(
    ("old", "new", "impact"),
    [
        (form(a=NUMBER, b=TEXT_FIELD), form(a=NUMBER), BREAKING),
        (form(a=NUMBER), form(b=NUMBER), BREAKING),
        (form(a=NUMBER), form(a=TEXT_FIELD), BREAKING),
        (form(a=NUMBER), form(a={"type": "number", "maximum": 9}), BREAKING),
        (form(a=NUMBER), form(a={"type": "number", "maximum": 11}), FEATURE),
        (form(a=NUMBER), form(a={"type": "number"}), FEATURE),
        (form(a={"type": "number"}), form(a=NUMBER), BREAKING),
        (form(a=TEXT_FIELD), form(a={"type": "string", "enum": ["a"]}), BREAKING),
        (form(a=TEXT_FIELD), form(a={"type": "string", "enum": ["a", "b", "c"]}), FEATURE),
        (form(a=TEXT_FIELD), form(a={"type": "string", "enum": ["b", "a"]}), FIX),
        (form(a=NUMBER), form(a=NUMBER, b=NUMBER), FEATURE),
        (form(a=NUMBER), form(["a"], a=NUMBER), BREAKING),
        (form(["a"], a=NUMBER), form(a=NUMBER), BREAKING),
        (form(a=NUMBER), form(a=NUMBER | {"description": "How much"}), FIX),
        (form(a={"type": "array", "items": NUMBER}), form(a={"type": "array", "items": TEXT_FIELD}), BREAKING),
        (form(a=form(b=NUMBER)), form(a=form()), BREAKING),
        (form(a={"pattern": "x"}), form(a={"pattern": "y"}), BREAKING),
        (form(a={"const": 1}), form(a={"const": True}), BREAKING),
    ],
)
def test_fields_of_tools_and_answers(place, old, new, impact):
    one, other = (
        {"output_schema": schema} if place == "output" else {"tools": [{"name": "pay", "input_schema": schema}]} for schema in (old, new)
    )
    assert step(one, other).impact is impact


def test_a_new_field_that_is_always_there_breaks_a_tool_but_not_an_answer():
    old, new = form(a=NUMBER), form(["b"], a=NUMBER, b=NUMBER)
    assert step({"output_schema": old}, {"output_schema": new}).impact is FEATURE
    assert step({"tools": [{"name": "p", "input_schema": old}]}, {"tools": [{"name": "p", "input_schema": new}]}).impact is BREAKING


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Please anser the letter kindly.", "Please answer the letter kindly."),
        ("Write a warm letter to the customer. Be brief.", "Write a friendly letter to the customer. Be brief."),
        ("Bitte schreibe einen freundlichen Brief.", "Bitte schreibe einen netten, freundlichen Brief."),
        ("Pay 300 euros to them now.", "Pay 300 euros to the customer now."),
        ("a  b\n\nc", "a b c"),
        ("Heading\n---\nText", "Heading\n\nText"),
        ("Greet {{name}} warmly.", "Greet {{ name }} warmly."),
    ],
)
def test_wording_is_a_fix(old, new):
    assert reworded(old, new).impact is FIX


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("Pay 300 euros to them now.", "Pay 500 euros to them now.", "The number 300 became 500."),
        ("Answer before 1.5.2025 in writing.", "Answer before 1.6.2025 in writing.", "The number 1.5.2025 became 1.6.2025."),
        ("Keep it above 5 degrees.", "Keep it above -5 degrees.", "The number 5 became -5."),
        ("Pay €300 to them now.", "Pay $300 to them now.", "The number €300 became $300."),
        ("Name the sum in € please.", "Name the sum in $ please.", "“€” became “$”."),
        ("You must reply politely to everyone.", "You may reply politely to everyone.", "“must” became “may”."),
        ("Reply to people who ask for money.", "Never reply to people who ask for money.", "“never” was added."),
        ("Do promise any payment to them.", "Don't promise any payment to them.", "“don't” was added."),
        ("Answer within 3 days please.", "Answer within 3 weeks please.", "“days” became “weeks”."),
        ("Schreibe keine langen Sätze bitte.", "Schreibe langen Sätze bitte.", "“keine” was removed."),
        ("Du musst höflich antworten.", "Du darfst höflich antworten.", "“musst” became “darfst”."),
        ("Zahle bis Montag an den Kunden.", "Zahle bis Freitag an den Kunden.", "“montag” became “freitag”."),
        ("Be kind. Be short.", "Be kind.", "A sentence was removed: “Be short.”"),
        ("Be kind.", "Be kind.\nSign with the team name", "A sentence was added: “Sign with the team name”"),
        ("Tell them a joke.", "Ask for the invoice.", "A sentence was replaced: “Tell them a joke.” became “Ask for the invoice.”"),
        ("Pay 3 euros or 4 francs.", "Pay 4 euros or 3 francs.", "The order of “3” and “4” changed."),
        ("Greet them.\nThank them.", "Thank them.\nGreet them.", "The order of sentences changed."),
        ("Greet {{name}} warmly.", "Greet {{name}} warmly, {{name}}.", "name is now filled in at “Greet {{name}} warmly, {{name}}.”."),
        ("我想写信。", "我要写信。", "The sentence “我要写信。” changed, in a script whose wording is not judged here."),
    ],
)
def test_what_is_more_than_wording_is_a_feature_and_says_which(old, new, reason):
    bump = reworded(old, new)
    assert bump.impact is FEATURE
    assert reason in bump.reasons


def test_reasons_say_which_message():
    chat = {"kind": "chat", "messages": [{"text": "Hello"}, {"role": "assistant", "text": "Yes"}, {"text": "Pay 3 now"}]}
    new = {"kind": "chat", "messages": [*chat["messages"][:2], {"text": "Pay 4 now"}]}
    assert step(chat, new).reasons == ["Message 3: The number 3 became 4."]


@given(st.tuples(*[st.integers(0, 10**6)] * 3), st.sampled_from(ORDER), st.sampled_from(ORDER))
def test_the_next_version_is_higher_and_more_so_with_more_impact(number, one, other):
    assert next_version(number, one) > number
    assert (next_version(number, one) > next_version(number, other)) == (one > other)


def test_next_versions():
    assert [next_version((1, 2, 3), impact) for impact in ORDER] == [(1, 2, 4), (1, 3, 0), (2, 0, 0)]


@given(st.tuples(*[st.integers(0, 999_999_999)] * 3))
def test_versions_are_read_as_they_are_written(number):
    assert parse_semver(".".join(map(str, number))) == number


@pytest.mark.parametrize("text", ["", "1", "1.2", "v1.2.3", "1.02.3", "1.2.3-rc1", "1.2.3\n", " 1.2.3", "1.2.٣", "9" * 5000 + ".0.0"])
def test_what_is_no_version_is_refused(text):
    with pytest.raises(Invalid) as refused:
        parse_semver(text)
    assert list(refused.value.errors) == ["version"]


@pytest.mark.parametrize(
    ("wanted", "within", "without"),
    [
        ("*", ["1.0.0", "9.9.9"], []),
        ("^2", ["2.0.0", "2.9.9"], ["1.9.9", "3.0.0"]),
        ("^2.1", ["2.1.0", "2.2.0"], ["2.0.9", "3.1.0"]),
        ("^2.1.3", ["2.1.3", "2.2.0"], ["2.1.2", "3.1.3"]),
        ("~2", ["2.0.0", "2.9.0"], ["3.0.0"]),
        ("~2.1", ["2.1.0", "2.1.9"], ["2.2.0", "2.0.9"]),
        ("~2.1.3", ["2.1.3", "2.1.9"], ["2.1.2", "2.2.3"]),
        ("2", ["2.0.0", "2.9.9"], ["1.0.0", "3.0.0"]),
        ("2.1", ["2.1.0", "2.1.7"], ["2.2.0", "3.1.0"]),
        ("2.1.3", ["2.1.3"], ["2.1.4", "2.1.2"]),
    ],
)
def test_ranges(wanted, within, without):
    assert all(in_range(wanted, parse_semver(text)) for text in within)
    assert not any(in_range(wanted, parse_semver(text)) for text in without)


@pytest.mark.parametrize("wanted", ["", "^", "latest", "2.x", ">=2", "^2.1.3.4", "02", "2\n"])
def test_what_is_no_range_is_refused(wanted):
    with pytest.raises(Invalid):
        in_range(wanted, (1, 0, 0))


def test_a_text_of_140_kilobytes_is_compared_at_once():
    paragraph = "Read the letter of the customer with care.\nYou must answer within 3 days, and never promise 100 euros.\n"
    text = paragraph * (140_000 // len(paragraph))
    old, new = text_bundle(text), text_bundle(text.replace("with care", "with kindness", 200) + "One more.")
    started = time.perf_counter()
    assert compare(old, new).impact is FEATURE
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("piece", ["1", "1.", "{", ". ", "a'", '."""', "我。", "-", "€"])
def test_hostile_texts_take_no_time(piece):
    text = (piece * 200_000)[:199_000]
    started = time.perf_counter()
    compare(text_bundle(text), text_bundle("x" + text[1:] + "y"))
    assert time.perf_counter() - started < 10

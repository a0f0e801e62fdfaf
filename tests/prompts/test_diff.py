"""Two bundles compared: cards, folds, tables and the sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptstudio.prompts.bundle import Bundle, parse
from promptstudio.prompts.diff import CardDiff, Comparison, FieldChange, compare

from .strategies import bundles, text_bundle


def chat(*messages: str, **members: object) -> Bundle:
    """Messages as "user: text"."""
    pairs = (message.split(": ", 1) for message in messages)
    return parse({"kind": "chat", "messages": [{"role": role, "text": text} for role, text in pairs], **members})


def variable(name: str = "deductible", **members: object) -> dict[str, object]:
    return {"name": name, **members}


def places(comparison: Comparison) -> list[tuple[str, int | None, int | None, bool]]:
    return [(card.role, card.old_index, card.new_index, card.moved) for card in comparison.cards]


def only(changes: list[FieldChange]) -> tuple[str, str, str, str, str]:
    assert len(changes) == 1, changes
    change = changes[0]
    return change.name, change.old, change.new, change.word, change.note


@given(bundles, bundles)
def test_it_is_empty_exactly_when_both_are_the_same(old: Bundle, new: Bundle) -> None:
    comparison = compare(old, new)
    assert comparison.is_empty == (old.digest == new.digest)
    assert comparison.sentence.endswith(".")


@given(bundles)
def test_nothing_changed_against_itself(bundle: Bundle) -> None:
    comparison = compare(bundle, bundle)
    assert (comparison.is_empty, comparison.sentence) == (True, "Both sides are the same.")


@given(bundles, bundles)
def test_each_message_of_both_sides_has_one_card(old: Bundle, new: Bundle) -> None:
    cards = [card for card in compare(old, new).cards if card.place != "system"]
    assert sorted(card.old_index for card in cards if card.old_index is not None) == list(range(len(old.messages)))
    assert [card.new_index for card in cards if card.new_index is not None] == list(range(len(new.messages)))


class TestMessages:
    def test_a_moved_message_is_recognised_though_it_was_edited(self) -> None:
        old = chat("user: Look at the photos of the damage.", "assistant: I will.", "user: Then write to the policyholder, kindly.")
        new = chat("user: Then write to the policyholder, briefly.", "user: Look at the photos of the damage.", "assistant: I will.")
        comparison = compare(old, new)
        assert places(comparison) == [("User", 2, 0, True), ("User", 0, 1, False), ("Assistant", 1, 2, False)]
        assert [card.changes for card in comparison.cards] == [2, 0, 0]

    def test_a_message_put_in_front_does_not_shift_the_others(self) -> None:
        old = chat("user: Estimate the damage.", "assistant: Here it is.")
        new = chat("user: Ask for the date of loss.", "assistant: When was it?", "user: Estimate the damage.", "assistant: Here it is.")
        assert places(compare(old, new)) == [
            ("User", None, 0, False),
            ("Assistant", None, 1, False),
            ("User", 0, 2, False),
            ("Assistant", 1, 3, False),
        ]

    def test_a_removed_message_stands_where_it_was(self) -> None:
        comparison = compare(
            chat("user: One here", "user: Two there", "user: Three everywhere"), chat("user: One here", "user: Three everywhere")
        )
        assert places(comparison) == [("User", 0, 0, False), ("User", 1, None, False), ("User", 2, 1, False)]
        assert comparison.cards[1].is_removed
        assert comparison.cards[1].place == "messages.1.text"

    def test_a_rewritten_message_stays_in_its_place(self) -> None:
        assert places(compare(text_bundle("Wholly other words"), text_bundle("Nothing of that"))) == [("User", 0, 0, False)]

    def test_a_message_that_moved_is_not_taken_for_a_rewriting_of_its_neighbour(self) -> None:
        old = chat("user: Nothing of this will stay at all", "assistant: I will", "user: Then write to the policyholder, kindly")
        new = chat("user: Then write to the policyholder, briefly", "assistant: I will", "user: Quite another question follows now")
        assert places(compare(old, new)) == [
            ("User", 2, 0, True),
            ("User", 0, None, False),
            ("Assistant", 1, 1, False),
            ("User", None, 2, False),
        ]

    def test_another_role_is_a_change(self) -> None:
        comparison = compare(chat("user: Good morning"), chat("assistant: Good morning"))
        card = comparison.cards[0]
        assert (card.old_role, card.role, card.changes) == ("User", "Assistant", 1)
        assert comparison.sentence == "Turns a user message into an assistant message."

    def test_an_empty_message_that_came_is_a_change(self) -> None:
        assert compare(chat("user: a"), chat("user: a", "assistant: ")).changes == 1


class TestFolding:
    @staticmethod
    def card(*changed: int, count: int = 30) -> CardDiff:
        old = [f"line {index}" for index in range(count)]
        new = [f"line {index} more" if index in changed else line for index, line in enumerate(old)]
        return compare(text_bundle("\n".join(old)), text_bundle("\n".join(new))).cards[0]

    def test_unchanged_lines_far_from_a_change_are_folded(self) -> None:
        assert [(block.folded, block.count) for block in self.card(10).blocks()] == [(True, 7), (False, 7), (True, 16)]

    def test_the_context_is_a_choice(self) -> None:
        assert [(block.folded, block.count) for block in self.card(10).blocks(context=0)] == [(True, 10), (False, 1), (True, 19)]

    def test_fewer_than_four_lines_are_not_folded(self) -> None:
        assert [(block.folded, block.count) for block in self.card(6, 16, count=20).blocks()] == [(False, 20)]
        assert [(block.folded, block.count) for block in self.card(7, count=11).blocks()] == [(True, 4), (False, 7)]

    @given(st.sets(st.integers(0, 29)), st.integers(0, 5))
    def test_blocks_hold_every_row_once_and_hide_no_change(self, changed: set[int], context: int) -> None:
        card = self.card(*changed)
        blocks = card.blocks(context)
        assert [row for block in blocks for row in block.rows] == card.rows
        assert all(row.kind == "same" for block in blocks if block.folded for row in block.rows)


class TestVariables:
    @pytest.mark.parametrize(
        ("old", "new", "expected"),
        [
            (None, variable(), ("deductible", "not there", "Text, required", "Added", "Applications must send it")),
            (None, variable(required=False), ("deductible", "not there", "Text, optional", "Added", "Applications may send it")),
            (variable(), None, ("deductible", "Text, required", "not there", "Removed", "Applications must no longer send it")),
            (
                variable(type="number"),
                variable(type="number", required=False, default=0),
                ("deductible", "Number, required", "Number, else 0", "Now optional", "Applications may leave it out"),
            ),
            (
                variable(required=False),
                variable(),
                ("deductible", "Text, optional", "Text, required", "Now required", "Applications must send it"),
            ),
            (
                variable(),
                variable(type="number"),
                ("deductible", "Text, required", "Number, required", "Changed", "Applications must send a number"),
            ),
            (
                variable(type="choice", choices=["a", "b"]),
                variable(type="choice", choices=["a"]),
                ("deductible", "Choice of a, b, required", "Choice of a, required", "Changed", "No longer possible: b"),
            ),
            (
                variable(example="x"),
                variable(description="In euros"),
                (
                    "deductible",
                    "Text, required; example “x”; no description",
                    "Text, required; no example; description “In euros”",
                    "Changed",
                    "",
                ),
            ),
            (
                variable(type="boolean", default=True),
                variable(type="boolean", default=1),
                ("deductible", "Yes or no, required, default yes", "Yes or no, required, default 1", "Changed", ""),
            ),
        ],
    )
    def test_one_that_changed(self, old: dict | None, new: dict | None, expected: tuple) -> None:
        before, after = (text_bundle("Hello", variables=[found] if found else []) for found in (old, new))
        assert only(compare(before, after).variables) == expected

    def test_a_renamed_one_is_one_change(self) -> None:
        old = text_bundle("Reported on {{date}}.", variables=[variable("date"), variable("tone")])
        new = text_bundle("Reported on {{ date_reported }}.", variables=[variable("date_reported"), variable("tone")])
        comparison = compare(old, new)
        note = "Applications must send date_reported instead"
        assert only(comparison.variables) == ("date_reported", "date", "date_reported", "Renamed", note)
        assert comparison.sentence == "Changes 1 word of the text and renames the variable date to date_reported."

    def test_one_that_came_for_another_use_is_no_renaming(self) -> None:
        old = text_bundle("{{date}}", variables=[variable("date")])
        new = text_bundle("{{tone}} {{tone}}", variables=[variable("tone")])
        assert [change.word for change in compare(old, new).variables] == ["Added", "Removed"]

    def test_another_order_is_a_change(self) -> None:
        old = text_bundle("a", variables=[variable("a"), variable("b")])
        new = text_bundle("a", variables=[variable("b"), variable("a")])
        assert only(compare(old, new).variables) == ("variables", "a, b", "b, a", "Changed", "")


class TestSettings:
    @pytest.mark.parametrize(
        ("old", "new", "expected"),
        [
            (
                {"inference": {"temperature": 0.4}},
                {"inference": {"temperature": 0.2}},
                ("inference.temperature", "0.4", "0.2", "Lower", "More even answers"),
            ),
            (
                {"inference": {"max_tokens": 300}},
                {"inference": {"max_tokens": 4000}},
                ("inference.max_tokens", "300 tokens", "4,000 tokens", "Higher", "Answers may be longer"),
            ),
            ({}, {"inference": {"top_p": 0.9}}, ("inference.top_p", "not set", "0.9", "Added", "")),
            (
                {"inference": {"stop_sequences": ["END", "\n"]}},
                {},
                ("inference.stop_sequences", "“END”, “\n”", "not set", "Removed", ""),
            ),
            ({"model": "a"}, {"model": "b"}, ("model", "a", "b", "Changed", "")),
            ({"kind": "text"}, {"kind": "chat"}, ("kind", "One text", "Conversation", "Changed", "")),
            ({"tool_choice": "auto"}, {"tool_choice": "pay"}, ("tool_choice", "auto", "pay", "Changed", "")),
            (
                {"extra_model_fields": {"thinking": {"budget": 1}}},
                {"extra_model_fields": {"thinking": {"budget": True}}},
                ("extra_model_fields.thinking.budget", "1", "yes", "Changed", ""),
            ),
        ],
    )
    def test_one_that_changed(self, old: dict, new: dict, expected: tuple) -> None:
        assert only(compare(text_bundle("a", **old), text_bundle("a", **new)).settings) == expected

    def test_it_counts_what_is_the_same(self) -> None:
        same = {"model": "m", "variables": [variable("a"), variable("b")]}
        old = text_bundle("x", inference={"temperature": 0.4, "max_tokens": 300}, **same)
        new = text_bundle("x", inference={"temperature": 0.2, "max_tokens": 300}, **same)
        # Two variables, kind, syntax, model and the longest answer.
        assert compare(old, new).same_settings == 6


class TestStructure:
    @staticmethod
    def schema(required: list[str], **properties: dict) -> dict:
        return {"type": "object", "properties": properties, "required": required}

    def test_the_output_schema_place_by_place(self) -> None:
        old = self.schema(["amount"], amount={"type": "string"}, date={"type": "string"}, note={})
        new = self.schema(["amount", "date"], amount={"type": "number"}, date={"type": "string"}, rooms={"type": "array"})
        changes = compare(text_bundle("a", output_schema=old), text_bundle("a", output_schema=new)).schema
        assert [(change.label, change.old, change.new, change.word) for change in changes] == [
            ("Answer: date", "optional", "required", "Now required"),
            ("Answer: amount › type", "Text", "Number", "Changed"),
            ("Answer: rooms", "not there", "List", "Added"),
            ("Answer: note", "Anything", "not there", "Removed"),
        ]
        assert changes[1].name == "output_schema.properties.amount.type"

    @pytest.mark.parametrize(
        ("old", "new", "sentence"),
        [
            (None, {"a": {"type": "string"}}, "Asks for fixed fields in the answer."),
            ({"a": {"type": "string"}}, None, "Lets the answer be free text."),
            (
                {"a": {"type": "string"}},
                {"a": {"type": "number"}, "b": {}, "c": {}},
                "Adds the fields b and c to the answer and changes the field a of the answer.",
            ),
            (
                {"a": {"type": "object", "properties": {"x": {"type": "string", "description": "One"}}}},
                {"a": {"type": "object", "properties": {"x": {"type": "string", "description": "Two"}}}},
                "Changes the field a › x of the answer.",
            ),
        ],
    )
    def test_the_sentence_names_fields(self, old: dict | None, new: dict | None, sentence: str) -> None:
        before, after = (given and self.schema([], **given) for given in (old, new))
        assert compare(text_bundle("a", output_schema=before), text_bundle("a", output_schema=after)).sentence == sentence

    def test_a_tools_fields_are_told_in_words(self) -> None:
        def tools(schema: dict) -> Bundle:
            return text_bundle("a", tools=[{"name": "pay", "input_schema": schema}])

        group = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "description": "Where"}
        new = self.schema(["to"], to=group, how={"enum": ["cash", "card"]}, rooms={"type": "array", "items": {"type": "integer"}})
        comparison = compare(tools(self.schema([])), tools(new))
        assert [(change.label, change.new) for change in comparison.tools] == [
            ("pay: to", "Group of city (Text, always there); “Where”"),
            ("pay: how", "Choice of cash, card"),
            ("pay: rooms", "List of Whole number"),
            ("pay: always there", "to"),
        ]
        assert comparison.sentence == "Adds the fields to, how and rooms to the tool pay and changes the tool pay."

    def test_tools_come_go_and_change(self) -> None:
        old = text_bundle("a", tools=[{"name": "pay"}, {"name": "look_up", "description": "Finds"}])
        new = text_bundle("a", tools=[{"name": "look_up", "description": "Finds a claim"}, {"name": "write"}])
        comparison = compare(old, new)
        assert [(change.name, change.word) for change in comparison.tools] == [
            ("tools.look_up.description", "Changed"),
            ("tools.write", "Added"),
            ("tools.pay", "Removed"),
        ]
        assert comparison.sentence == "Adds the tool write, removes the tool pay, and changes the tool look_up."

    def test_a_property_may_itself_be_called_properties(self) -> None:
        old, new = self.schema([], properties={"type": "string"}), self.schema([], properties={"type": "number"})
        changes = compare(text_bundle("a", output_schema=old), text_bundle("a", output_schema=new)).schema
        assert [change.label for change in changes] == ["Answer: properties › type"]


class TestSentence:
    def test_it_names_what_changed(self) -> None:
        old = chat("user: Hello", system="One\nTwo\nThree words here\nFour", inference={"temperature": 0.4})
        new = chat(
            "user: Hello",
            system="One\nTwo\nThree words there\nAnd more\nFour again",
            inference={"temperature": 0.2},
            variables=[variable("date_of_loss")],
        )
        assert compare(old, new).sentence == (
            "Changes 2 lines of the system message, adds 1 line to it, adds the variable date_of_loss, "
            "and lowers the temperature from 0.4 to 0.2."
        )

    @pytest.mark.parametrize(
        ("old", "new", "expected"),
        [
            ("Keep it short please", "Keep it under ten words please", "Changes 3 words of the text."),
            ("a\nb", "a\nb\nc\nd", "Adds 2 lines to the text."),
            ("a\nb\nc", "a\nc", "Removes 1 line from the text."),
            ("Summarise the report.", "Translate this!", "Rewrites the text."),
            ("a b", "a  b", "Changes the text."),
        ],
    )
    def test_a_single_text(self, old: str, new: str, expected: str) -> None:
        assert compare(text_bundle(old), text_bundle(new)).sentence == expected

    def test_messages_of_one_role_are_counted(self) -> None:
        old = chat("user: Good morning to you", "assistant: Yes", "user: Estimate the damage now", "user: Thank you")
        new = chat("user: Good morning to you", "assistant: Yes", "user: Estimate the damage today", "assistant: Welcome")
        assert compare(old, new).sentence == (
            "Changes 1 word of the second user message, adds an assistant message, and removes a user message."
        )

    def test_much_is_told_in_two_sentences_that_stay_short(self) -> None:
        old = chat(*(f"user: Message number {index} says {index * 7}" for index in range(12)), model="a")
        new = chat(*(f"user: Message number {index} says {index * 7} now" for index in range(12)), model="b")
        sentence = compare(old, new).sentence
        assert "makes 9 more changes. Changes the model from a to b." in sentence
        assert len(sentence) < 300

    def test_a_first_version_has_its_kind_and_changes_none(self) -> None:
        talk = parse({"kind": "chat", "messages": [{"text": "Hello"}], "model": "x"})
        assert [change.name for change in compare(None, talk).settings] == ["model"]
        assert [change.name for change in compare(parse({"messages": [{"text": "Hello"}]}), talk).settings] == ["kind", "model"]

    def test_a_first_version_is_new_altogether(self) -> None:
        comparison = compare(None, text_bundle("a\nb\nc", variables=[variable()]))
        assert comparison.sentence == "Everything is new: 3 lines and 1 variable."
        assert {row.kind for row in comparison.cards[0].rows} == {"added"}

    def test_white_space_that_is_ignored_is_still_told(self) -> None:
        comparison = compare(text_bundle("a  b\n"), text_bundle(" a b\r\n"), ignore_white_space=True)
        assert (comparison.is_empty, comparison.sentence) == (True, "Only white space differs.")

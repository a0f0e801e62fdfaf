"""The editor: what is typed is kept, wrong or not, and two people lose nothing to each other."""

import json
from typing import Any

import pytest
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from promptstudio.deployments.models import Target
from promptstudio.prompts import services
from promptstudio.prompts.bundle import parse
from promptstudio.prompts.models import Draft, NamedExample, Prompt
from promptstudio.web.forms.bundle_form import fields_from, fields_of
from promptstudio.web.forms.draft_steps import take
from promptstudio.web.forms.merging import Choice, merge, seen
from promptstudio.web.requests import draft_url
from tests.cast import Cast, a_version, in_production
from tests.web.test_prompts import address, browser

ODD: dict[str, Any] = {
    "kind": "chat",
    "syntax": "plain",
    "system": "Line\r\nold mac\rend \n",
    "messages": [{"role": "user", "text": "\n\nHello {{n}} {{flag}} {{c}}"}, {"role": "assistant", "text": "  "}],
    "variables": [
        {"name": "n", "type": "number", "required": True, "default": "12", "example": 12.0, "description": "a\r\nb", "choices": []},
        {"name": "flag", "type": "boolean", "required": False, "default": "true", "example": True, "description": "", "choices": []},
        {"name": "c", "type": "choice", "required": True, "default": "", "example": None, "description": "", "choices": [" a ", "b\nc"]},
    ],
    "tools": [{"name": "look_up", "description": "x", "input_schema": {}}],
    "tool_choice": None,
    "output_schema": None,
    "model": "amazon.nova-lite-v1:0",
    "inference": {"temperature": 0.2, "top_p": None, "max_tokens": 300, "stop_sequences": ["\n\nHuman:", "\\n", " "]},
    "extra_model_fields": {"top_k": 3},
}


def posted(content: dict[str, Any]) -> dict[str, Any]:
    """What a browser sends of the fields that show `content`: line breaks as two characters."""
    fields = fields_of(content)
    data: dict[str, Any] = {"kind": fields.kind, "system": fields.system, "model": fields.model, "stop": fields.stop_shown}
    data |= {"temperature": fields.temperature, "top_p": fields.top_p, "max_tokens": fields.max_tokens}
    data |= {"message": [row.key for row in fields.messages], "variable": [row.key for row in fields.variables]}
    for message in fields.messages:
        data |= {f"m{message.key}-role": message.role, f"m{message.key}-text": message.text}
    for row in fields.variables:
        data |= {f"v{row.key}-{name}": getattr(row, name) for name in ("name", "type", "default", "example", "description", "choices")}
        data |= {f"v{row.key}-required": "on"} if row.required else {}
    return {name: value if isinstance(value, list) else _as_browsers_do(value) for name, value in data.items()}


def _as_browsers_do(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")


def query(data: dict[str, Any]) -> QueryDict:
    found = QueryDict(mutable=True)
    found.update(MultiValueDict({name: value if isinstance(value, list) else [value] for name, value in data.items()}))
    return found


def back(data: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    return fields_from(query(data)).content(before)


@pytest.fixture
def draft(cast: Cast, prompt: Prompt) -> Draft:
    a_version(prompt, by=cast.alice)
    return services.open_draft(prompt=prompt, actor=cast.alice)


def words(draft: Draft, **changes: Any) -> dict[str, Any]:
    draft.refresh_from_db()
    return posted(draft.content) | {"revision": str(draft.revision), "seen": json.dumps(seen(draft.content))} | changes


def save_url(draft: Draft) -> str:
    return address(draft.prompt, f"drafts/{draft.uid}/words/")


# Fields and back


def test_showing_and_sending_back_changes_nothing_to_the_letter() -> None:
    assert back(posted(ODD), ODD) == ODD


def test_a_version_opened_and_sent_back_keeps_its_digest(cast: Cast, draft: Draft) -> None:
    assert draft.based_on
    assert parse(back(posted(draft.content), draft.content)).digest == draft.based_on.digest


def test_what_is_wrong_stays_as_it_was_typed() -> None:
    content = back(posted(ODD) | {"temperature": "0,5", "max_tokens": "many", "v2-name": "two words", "v2-default": "twelve"}, ODD)

    assert (content["inference"]["temperature"], content["inference"]["max_tokens"]) == ("0,5", "many")
    assert (content["variables"][0]["name"], content["variables"][0]["default"]) == ("two words", "twelve")
    shown = fields_of(content)
    assert (shown.temperature, shown.max_tokens, shown.variables[0].default) == ("0,5", "many", "twelve")


def test_numbers_become_numbers_and_line_breaks_in_stops_can_be_written() -> None:
    content = back(posted(ODD) | {"temperature": "0.75", "max_tokens": "", "stop": ["END\\n", "a\\\\n", ""]}, ODD)

    assert content["inference"] == {"temperature": 0.75, "top_p": None, "max_tokens": None, "stop_sequences": ["END\n", "a\\n"]}


def test_rows_keep_the_order_in_which_they_stand_on_the_page() -> None:
    content = back(posted(ODD) | {"message": ["1", "0", "x<script>", "1"]}, ODD)

    assert [message["role"] for message in content["messages"]] == ["assistant", "user"]


def test_buttons_move_add_and_remove_rows() -> None:
    fields = fields_of(ODD)

    for step in ("move_up:1", "add_message:", "remove_message:0", "add_variable:room", "make_optional:2"):
        assert take(fields, step)

    assert [(row.key, row.role) for row in fields.messages] == [("1", "assistant"), ("6", "assistant")]
    assert [row.name for row in fields.variables] == ["n", "flag", "c", "room"]
    assert not fields.variables[0].required
    assert not take(fields, "explode:1")


# Two people


def both(base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any], **decided: Choice) -> Any:
    return merge(mine=base | mine, theirs=base | theirs, seen=seen(base), decided=decided)


def test_changes_in_different_places_are_joined() -> None:
    more = [*ODD["variables"], {"name": "new", "type": "string"}]
    hers = [ODD["messages"][0] | {"text": "Hers"}, ODD["messages"][1]]

    merged = both(ODD, {"system": "Mine", "variables": more}, {"messages": hers, "variables": ODD["variables"][1:], "model": "other"})

    assert not merged.clashes
    assert (merged.content["system"], merged.content["model"]) == ("Mine", "other")
    assert merged.content["messages"] == hers
    assert [variable["name"] for variable in merged.content["variables"]] == ["flag", "c", "new"]
    assert merged.taken == ["Message 1 (User)", "Model", "Variable n"]


def test_changes_in_one_place_are_put_before_people_with_both_texts() -> None:
    merged = both(ODD, {"system": "Mine"}, {"system": "Theirs"})

    assert [(clash.label, clash.mine, clash.theirs) for clash in merged.clashes] == [("System", "Mine", "Theirs")]
    for choice, kept in ((Choice("mine"), "Mine"), (Choice("theirs"), "Theirs"), (Choice("own", "Both"), "Both")):
        settled = both(ODD, {"system": "Mine"}, {"system": "Theirs"}, system=choice)
        assert (settled.clashes, settled.content["system"]) == ([], kept)


def test_rows_added_by_one_and_words_changed_by_the_other_clash_as_a_whole() -> None:
    mine = [*ODD["messages"], {"role": "user", "text": "More"}]
    theirs = [ODD["messages"][0] | {"text": "Changed"}, ODD["messages"][1]]

    merged = both(ODD, {"messages": mine}, {"messages": theirs})

    assert [clash.place for clash in merged.clashes] == ["messages"]
    assert "More" in merged.clashes[0].mine
    assert "Changed" in merged.clashes[0].theirs


def test_lines_apart_from_each_other_are_joined_where_it_is_known_what_both_began_with() -> None:
    base = ODD | {"system": "One\nTwo\nThree"}
    sides = {"mine": base | {"system": "One\nTwo\nThree, mine"}, "theirs": base | {"system": "One, theirs\nTwo\nThree"}}

    known = merge(**sides, seen=seen(base), decided={}, before=base)
    unknown = merge(**sides, seen=seen(base), decided={}, before=ODD)

    assert (known.clashes, known.content["system"], known.taken) == ([], "One, theirs\nTwo\nThree, mine", ["System"])
    assert [clash.place for clash in unknown.clashes] == ["system"], "a text that the page did not show says nothing"


def test_an_edit_does_not_go_into_another_message_where_one_was_moved() -> None:
    first, second = ({"role": "user", "text": text} for text in ("First", "Second"))
    base = ODD | {"messages": [first, second]}
    mine, theirs = {"messages": [first, second | {"text": "Second, mine"}]}, {"messages": [second, first]}

    assert [clash.place for clash in both(base, mine, theirs).clashes] == ["messages"]
    assert both(base, mine, theirs, messages=Choice("mine")).content["messages"] == mine["messages"]
    assert both(base, {}, theirs).content["messages"] == theirs["messages"]


# The page


def test_the_editor_shows_the_draft_its_findings_and_what_the_model_will_read(cast: Cast, draft: Draft) -> None:
    content = draft.content | {"messages": [{"role": "user", "text": "<b>Sort</b> {{claim}} {{room}}"}]}
    content |= {"variables": [{"name": "claim", "example": "a <i>pipe</i>"}]}
    services.save_draft(draft=draft, content=content, revision=draft.revision, actor=cast.alice)

    page = browser(cast.alice).get(address(draft.prompt, f"drafts/{draft.uid}/")).text

    assert "&lt;b&gt;Sort&lt;/b&gt; {{claim}} {{room}}</textarea>" in page
    assert "room is not in the table of variables" in page
    assert 'value="add_variable:room"' in page
    assert '<span class="filled" title="claim">a &lt;i&gt;pipe&lt;/i&gt;</span>' in page
    assert "<b>Sort" not in page


def test_saving_without_script_comes_back_to_the_editor(cast: Cast, draft: Draft) -> None:
    answer = browser(cast.alice).post(save_url(draft), words(draft, **{"m0-text": "New words {{claim}}"}))

    draft.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (303, address(draft.prompt, f"drafts/{draft.uid}/"))
    assert draft.content["messages"][0]["text"] == "New words {{claim}}"


def test_saving_by_script_answers_with_the_parts_that_change(cast: Cast, draft: Draft) -> None:
    answer = browser(cast.alice).post(save_url(draft), words(draft, temperature="hot"), headers={"X-Editor": "1"})

    draft.refresh_from_db()
    assert answer.status_code == 200
    assert f'name="revision" value="{draft.revision}"' in answer.text
    assert "All words saved at" in answer.text
    assert "This must be a number." in answer.text
    assert "<html" not in answer.text
    assert draft.content["inference"]["temperature"] == "hot"


@pytest.mark.parametrize(
    ("text", "step", "mended"),
    [
        ("{{claim}} {{room}}", "add_variable:room", ""),
        ("{{claim}} {{a b}}", "escape_braces:0", "{{claim}} {{open_braces}}a b}}"),
    ],
)
def test_one_click_mends_what_is_wrong(cast: Cast, draft: Draft, text: str, step: str, mended: str) -> None:
    browser(cast.alice).post(save_url(draft), words(draft, **{"m0-text": text}))
    page = browser(cast.alice).get(address(draft.prompt, f"drafts/{draft.uid}/")).text
    assert f'value="{step}"' in page

    browser(cast.alice).post(save_url(draft), words(draft, step=step))

    draft.refresh_from_db()
    assert draft.content["messages"][0]["text"] == (mended or text)
    assert 'class="finding error"' not in browser(cast.alice).get(address(draft.prompt, f"drafts/{draft.uid}/")).text


def test_the_button_for_a_version_saves_the_words_first(cast: Cast, draft: Draft) -> None:
    answer = browser(cast.alice).post(save_url(draft), words(draft, then="version", **{"m0-text": "Typed just now {{claim}}"}))

    draft.refresh_from_db()
    assert answer["Location"] == address(draft.prompt, f"drafts/{draft.uid}/save/")
    assert draft.content["messages"][0]["text"] == "Typed just now {{claim}}"


def test_two_people_in_different_places_keep_both_words(cast: Cast, draft: Draft) -> None:
    hers, his = words(draft, **{"m0-text": "Hers {{claim}}"}), words(draft, model="amazon.nova-lite-v1:0")
    browser(cast.alice).post(save_url(draft), hers)

    answer = browser(cast.bob).post(save_url(draft), his, headers={"X-Editor": "1"})

    draft.refresh_from_db()
    assert answer.status_code == 200
    assert "Alice and you wrote here at the same time. Both are in the text now" in answer.text
    assert "Hers {{claim}}</textarea>" in answer.text
    assert (draft.content["messages"][0]["text"], draft.content["model"]) == ("Hers {{claim}}", "amazon.nova-lite-v1:0")


@pytest.mark.parametrize("headers", [{}, {"X-Editor": "1"}])
def test_two_people_in_one_place_see_both_texts_and_nothing_is_lost(cast: Cast, draft: Draft, headers: dict[str, str]) -> None:
    hers, his = words(draft, **{"m0-text": "Hers {{claim}}"}), words(draft, **{"m0-text": "His <b> {{claim}}", "model": "his.model"})
    browser(cast.alice).post(save_url(draft), hers)

    answer = browser(cast.bob).post(save_url(draft), his, headers=headers)

    draft.refresh_from_db()
    assert answer.status_code == 409
    assert "You and Alice changed the same place" in answer.text
    assert "His &lt;b&gt; {{claim}}" in answer.text
    assert "Hers" in answer.text
    assert draft.content["messages"][0]["text"] == "Hers {{claim}}"

    settled = {
        "mine": json.dumps(back(his, draft.content)),
        "seen": his["seen"],
        "revision": str(draft.revision),
        "place": "messages.0.text",
    }
    settle = address(draft.prompt, f"drafts/{draft.uid}/settle/")
    unsettled = browser(cast.bob).post(settle, settled)
    done = browser(cast.bob).post(settle, settled | {"choice-0": "own", "own-0": "Ours\r\n{{claim}}"})

    draft.refresh_from_db()
    assert (unsettled.status_code, done.status_code) == (409, 303)
    assert (draft.content["messages"][0]["text"], draft.content["model"]) == ("Ours\n{{claim}}", "his.model")


def test_a_text_written_together_is_not_lost_by_another_choice(cast: Cast, draft: Draft) -> None:
    hers, his = (words(draft, **{"m0-text": f"{who} {{{{claim}}}}", "model": f"{who}.model"}) for who in ("Hers", "His"))
    browser(cast.alice).post(save_url(draft), hers)
    draft.refresh_from_db()
    form = {
        "mine": json.dumps(back(his, draft.content)),
        "seen": his["seen"],
        "revision": str(draft.revision),
        "place": ["messages.0.text", "model"],
    }
    settle = address(draft.prompt, f"drafts/{draft.uid}/settle/")
    written = form | {"choice-0": "mine", "own-0": "Ours <b>", "choice-1": "theirs"}

    open_ = browser(cast.bob).post(settle, form | {"own-0": "Ours <b>", "choice-1": "theirs"})
    torn = browser(cast.bob).post(settle, written)

    assert (open_.status_code, torn.status_code) == (409, 422)
    assert "Ours &lt;b&gt;</textarea>" in open_.text
    assert 'name="choice-1" value="theirs" checked' in open_.text, "what was chosen is not asked for again"
    assert "You wrote a text but chose another" in torn.text
    assert "Ours &lt;b&gt;</textarea>" in torn.text
    assert browser(cast.bob).post(settle, written | {"heard-0": "mine"}).status_code == 303
    draft.refresh_from_db()
    assert (draft.content["messages"][0]["text"], draft.content["model"]) == ("His {{claim}}", "Hers.model")


def test_others_who_wrote_are_named(cast: Cast, draft: Draft) -> None:
    client = browser(cast.alice)
    client.get(address(draft.prompt, f"drafts/{draft.uid}/"))
    browser(cast.bob).post(save_url(draft), words(draft, model="his.model"))

    old = client.get(address(draft.prompt, f"drafts/{draft.uid}/live/?revision=1")).text
    present = client.get(address(draft.prompt, f"drafts/{draft.uid}/live/?revision=2")).text

    assert "Bob wrote here at" in old
    assert "Show the newest words" in old
    assert "Show the newest words" not in present


def test_an_example_is_kept_from_what_fills_the_preview(cast: Cast, draft: Draft) -> None:
    typed = {"filled_with": "", "example": "", "value-claim": "a burst pipe", "example_name": "Burst pipe", "keep_example": "1"}

    answer = browser(cast.alice).post(save_url(draft), words(draft, **typed), headers={"X-Editor": "1"})

    example = NamedExample.objects.get()
    assert (example.name, example.values) == ("Burst pipe", {"claim": "a burst pipe"})
    assert f'<option value="{example.uid}" selected>' in answer.text


def test_an_example_without_a_name_is_said_at_its_field_and_the_values_stay(cast: Cast, draft: Draft) -> None:
    typed = {"filled_with": "", "example": "", "value-claim": "a burst pipe", "example_name": "", "keep_example": "1"}

    answer = browser(cast.alice).post(save_url(draft), words(draft, **typed))

    assert answer.status_code == 422
    assert "Give the example a name" in answer.text
    assert "a burst pipe</textarea>" in answer.text
    assert not NamedExample.objects.exists()


def test_a_character_that_cannot_be_stored_is_refused_with_the_words_kept(cast: Cast, draft: Draft) -> None:
    answer = browser(cast.alice).post(save_url(draft), words(draft, **{"m0-text": "Nul \x00 and more"}))

    draft.refresh_from_db()
    assert answer.status_code == 422
    assert "invisible character" in answer.text
    assert "and more</textarea>" in answer.text
    assert draft.revision == 1


@pytest.mark.parametrize("field", ["revision", "seen"])
def test_fields_that_no_person_fills_in_may_hold_anything(cast: Cast, draft: Draft, field: str) -> None:
    answer = browser(cast.alice).post(save_url(draft), words(draft, **{field: "[1, {", "model": "a.b"}))

    assert answer.status_code in (303, 409)


def test_whoever_only_reads_cannot_write_and_is_told_why(cast: Cast, draft: Draft) -> None:
    page = browser(cast.vera).get(address(draft.prompt, f"drafts/{draft.uid}/"))
    answer = browser(cast.vera).post(save_url(draft), words(draft, model="x.y"))

    assert "Your role does not allow you to write" in page.text
    assert '<fieldset class="bare" id="editor" disabled>' in page.text
    assert answer.status_code == 403
    assert "Your role does not allow you to write" in answer.text


def test_a_draft_of_another_project_or_prompt_is_not_there(cast: Cast, draft: Draft) -> None:
    elsewhere = services.create_prompt(project=cast.claims, title="Other", actor=cast.alice)

    assert browser(cast.charlie).get(address(draft.prompt, f"drafts/{draft.uid}/")).status_code == 404
    assert browser(cast.charlie).post(save_url(draft), {}).status_code == 404
    assert browser(cast.alice).get(address(elsewhere, f"drafts/{draft.uid}/")).status_code == 404


def test_the_edit_tab_leads_to_ones_own_draft_and_offers_others(cast: Cast, draft: Draft) -> None:
    hers = browser(cast.alice).get(address(draft.prompt, "edit/"))
    his = browser(cast.bob).get(address(draft.prompt, "edit/"))

    assert hers["Location"] == address(draft.prompt, f"drafts/{draft.uid}/")
    assert "Draft of Alice" in his.text
    assert "Start a draft" in his.text


def test_a_draft_that_ended_leads_to_what_it_became(cast: Cast, draft: Draft) -> None:
    browser(cast.alice).post(save_url(draft), words(draft, **{"m0-text": "Sort it now: {{claim}}"}))
    draft.refresh_from_db()
    version = services.save_version_of_draft(draft=draft, revision=draft.revision, change=services.Change(summary="x"), actor=cast.alice)

    page = browser(cast.alice).get(address(draft.prompt, f"drafts/{draft.uid}/"))
    late = browser(cast.bob).post(save_url(draft), words(draft, model="too.late"))

    assert page["Location"] == address(draft.prompt, f"versions/{version.semver}/")
    assert late.status_code == 403
    assert f"This draft became version {version.semver}" in late.text
    assert "too.late" in late.text


def test_discarding_ends_the_draft(cast: Cast, draft: Draft) -> None:
    answer = browser(cast.alice).post(address(draft.prompt, f"drafts/{draft.uid}/discard/"))

    draft.refresh_from_db()
    assert answer.status_code == 303
    assert draft.ended_at


def test_a_long_text_passes_through_unharmed(cast: Cast, draft: Draft) -> None:
    text = ("Zeile mit Umlaut äöü und {{claim}}\n" * 4000)[:140_000]

    answer = browser(cast.alice).post(save_url(draft), words(draft, **{"m0-text": _as_browsers_do(text)}), headers={"X-Editor": "1"})

    draft.refresh_from_db()
    assert answer.status_code == 200
    assert draft.content["messages"][0]["text"] == text


def test_reading_addresses_change_nothing(cast: Cast, draft: Draft) -> None:
    client = browser(cast.alice)

    for page in (f"drafts/{draft.uid}/words/", f"drafts/{draft.uid}/discard/", f"drafts/{draft.uid}/settle/", "drafts/", "change/"):
        assert client.get(address(draft.prompt, page)).status_code == 303


def test_jinja_is_chosen_with_the_settings_and_stays(cast: Cast, prompt: Prompt) -> None:
    draft = services.open_draft(prompt=prompt, actor=cast.alice)
    given = {"kind": "text", "message": "1", "m1-text": "Hi\n{% set x = 1 %}", "revision": "1", "seen": "{}", "syntax": "jinja"}
    page = browser(cast.alice).post(address(prompt, f"drafts/{draft.uid}/words/"), given, follow=True)
    draft.refresh_from_db()
    assert draft.content["syntax"] == "jinja"
    assert '<option value="jinja" selected>' in page.text
    assert "set is not possible in prompts." in page.text
    # A page without that field changes nothing about it.
    del given["syntax"]
    browser(cast.alice).post(address(prompt, f"drafts/{draft.uid}/words/"), given | {"revision": "2", "m1-text": "Hi"})
    draft.refresh_from_db()
    assert draft.content["syntax"] == "jinja"


def test_limits_are_typed_in_the_table_and_survive_a_page_without_them(cast: Cast, prompt: Prompt) -> None:
    draft = services.open_draft(prompt=prompt, actor=cast.alice)
    given = {
        "kind": "text",
        "message": "1",
        "m1-text": "{{n}}",
        "variable": "2",
        "v2-name": "n",
        "v2-type": "number",
        "revision": "1",
        "seen": "{}",
    }
    browser(cast.alice).post(address(prompt, f"drafts/{draft.uid}/words/"), given | {"v2-min": "1", "v2-max": "many", "v2-max_length": ""})
    draft.refresh_from_db()
    assert (draft.content["variables"][0]["min"], draft.content["variables"][0]["max"]) == (1, "many")
    assert "This must be a number." in browser(cast.alice).get(address(prompt, f"drafts/{draft.uid}/")).text
    browser(cast.alice).post(address(prompt, f"drafts/{draft.uid}/words/"), given | {"revision": "2", "m1-text": "{{n}}!"})
    draft.refresh_from_db()
    assert draft.content["variables"][0]["min"] == 1


def test_an_answer_is_promised_beside_what_is_live_only_where_something_is(cast: Cast, prompt: Prompt, draft: Draft) -> None:
    beside = "the model answers this draft, beside what is live"
    assert beside not in browser(cast.alice).get(draft_url(draft)).text
    assert draft.based_on
    in_production(cast, draft.based_on)
    assert beside in browser(cast.alice).get(draft_url(draft)).text


def test_what_a_target_asks_for_names_the_environments_that_have_one(cast: Cast, prompt: Prompt) -> None:
    draft = services.open_draft(prompt=prompt, actor=cast.alice)
    page = browser(cast.alice).get(draft_url(draft)).text
    assert "This project publishes nothing to Amazon Bedrock" in page
    for number, place in enumerate((cast.staging, cast.production, cast.production)):
        Target.objects.create(environment=place, name=f"eu-{number}", kind="bedrock", is_active=number < 2)
    page = browser(cast.alice).get(draft_url(draft)).text
    assert "It concerns Staging and Production (Amazon Bedrock)." in page
    assert "publishes nothing" not in page

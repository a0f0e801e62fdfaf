"""What the editor does for whoever writes: one name changed everywhere, and gaps of a pasted form made variables."""

import re
from typing import Any

import pytest

from promptstudio.prompts import services
from promptstudio.prompts.models import Draft, Prompt
from promptstudio.web.forms.bundle_form import fields_of
from promptstudio.web.forms.draft_steps import take
from promptstudio.web.requests import draft_url
from tests.cast import Cast, a_prompt, bundle
from tests.web.test_editing import ODD, save_url, words
from tests.web.test_prompts import address, browser

FRAGMENTS = {"X-Editor": "1"}


@pytest.fixture
def draft(cast: Cast, prompt: Prompt) -> Draft:
    draft = services.open_draft(prompt=prompt, actor=cast.alice)
    content = draft.content | {
        "kind": "chat",
        "system": "Never doubt {{ claim }}.",
        "messages": [{"role": "user", "text": "Sort {{claim}}, then [Claim number] and [Claim number]. {{other}}"}],
        "variables": [{"name": "claim", "type": "number", "example": 12.0, "description": "a\r\nb"}, {"name": "other"}],
    }
    return services.save_draft(draft=draft, content=content, revision=draft.revision, actor=cast.alice)


def stepped(cast: Cast, draft: Draft, step: str, headers: dict[str, str] | None = None, **typed: str) -> Any:
    answer = browser(cast.alice).post(save_url(draft), words(draft, step=step, **typed), headers=headers)
    draft.refresh_from_db()
    return answer


# One name everywhere


@pytest.mark.parametrize("headers", [{}, FRAGMENTS])
def test_a_variable_is_renamed_in_the_table_and_in_every_text(cast: Cast, draft: Draft, headers: dict[str, str]) -> None:
    answer = stepped(cast, draft, "rename_variable:1", headers, **{"v1-new_name": "claim_text"})

    assert answer.status_code == (200 if headers else 303)
    assert draft.content["system"] == "Never doubt {{claim_text}}."
    assert draft.content["messages"][0]["text"].startswith("Sort {{claim_text}}, then")
    assert [row["name"] for row in draft.content["variables"]] == ["claim_text", "other"]


def test_what_else_the_row_says_stays_to_the_letter() -> None:
    fields = fields_of(ODD)
    assert take(fields, "rename_variable:2:count")

    content = fields.content(ODD)

    assert content["variables"][0] == ODD["variables"][0] | {"name": "count"}
    assert content["messages"][0]["text"] == "\n\nHello {{count}} {{flag}} {{c}}"


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        ("two words", "letters and digits"),
        ("", "Write the new name first."),
        ("other", "already a variable called other"),
        ("open_braces", "always stands for two braces"),
        ("<b>x", "letters and digits"),
        ("x" * 5000, "letters and digits"),
    ],
)
@pytest.mark.parametrize("headers", [{}, FRAGMENTS])
def test_a_name_that_cannot_be_is_refused_at_its_field(cast: Cast, draft: Draft, headers: dict[str, str], new: str, sentence: str) -> None:
    answer = stepped(cast, draft, "rename_variable:1", headers, **{"v1-new_name": new})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'id="v1-new_name"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "<b>x" not in answer.text
    assert draft.content["variables"][0]["name"] == "claim"


def test_a_row_that_is_not_there_changes_nothing(cast: Cast, draft: Draft) -> None:
    assert stepped(cast, draft, "rename_variable:99:new").status_code == 303
    assert draft.content["variables"][0]["name"] == "claim"


# Gaps


def test_a_gap_is_shown_with_what_it_could_be(cast: Cast, draft: Draft) -> None:
    page = browser(cast.alice).get(save_url(draft).removesuffix("words/")).text

    assert "“[Claim number]” looks like a gap to be filled in: make it a variable." in page
    assert 'value="make_variable:0:claim_number"' in page


def test_one_click_makes_it_a_variable_of_the_table(cast: Cast, draft: Draft) -> None:
    stepped(cast, draft, "make_variable:0:claim_number")

    assert draft.content["messages"][0]["text"] == "Sort {{claim}}, then {{claim_number}} and {{claim_number}}. {{other}}"
    assert draft.content["variables"][-1] | {"type": "string", "required": True} == draft.content["variables"][-1]
    assert (draft.content["variables"][-1]["name"], draft.content["variables"][-1]["description"]) == ("claim_number", "Claim number")


@pytest.mark.parametrize("about", ["", "0", "0:none", "9:claim_number", "system:claim_number", "0:<b>"])
def test_a_gap_that_is_gone_adds_nothing(cast: Cast, draft: Draft, about: str) -> None:
    stepped(cast, draft, f"make_variable:{about}")

    assert [row["name"] for row in draft.content["variables"]] == ["claim", "other"]


def test_the_editor_alone_names_a_nonce_for_its_style_sheet(cast: Cast, draft: Draft) -> None:
    page = browser(cast.alice).get(save_url(draft).removesuffix("words/"))

    assert "style-src 'self' 'nonce-" in page.headers["Content-Security-Policy"]
    assert page.headers["Content-Security-Policy"].count("nonce-") == 1
    nonce = page.headers["Content-Security-Policy"].split("'nonce-")[1].split("'")[0]
    assert f'nonce="{nonce}"' in page.text


# Beginning


def test_a_new_prompt_begins_with_a_structured_one_and_its_examples(cast: Cast) -> None:
    asked = {"title": "Read reports", "folder": "Property", "start": "extract"}

    answer = browser(cast.alice).post("/p/claims/new-prompt/", asked)

    draft = Draft.objects.get(prompt__title="Read reports")
    assert answer.status_code == 303
    assert "<instructions>" in draft.content["messages"][0]["text"]
    assert draft.prompt.examples.count() == 2


def test_a_starting_point_that_is_none_is_said_at_its_field(cast: Cast) -> None:
    answer = browser(cast.alice).post("/p/claims/new-prompt/", {"title": "Read reports", "folder": "Property", "start": "<b>"})

    assert answer.status_code == 422
    assert "There is no such starting point." in answer.text
    assert not Draft.objects.exists()


@pytest.mark.parametrize("headers", [{}, FRAGMENTS])
def test_an_empty_draft_is_offered_them_until_something_is_written(cast: Cast, prompt: Prompt, headers: dict[str, str]) -> None:
    draft = services.open_draft(prompt=prompt, actor=cast.alice)
    page = save_url(draft).removesuffix("words/")
    assert 'value="start_from:extract"' in browser(cast.alice).get(page).text

    stepped(cast, draft, "start_from:extract", headers)

    assert [row["name"] for row in draft.content["variables"]] == ["fields", "document"]
    assert draft.prompt.examples.count() == 2
    assert "start_from:" not in browser(cast.alice).get(page).text


def test_words_that_are_there_are_never_replaced(cast: Cast, draft: Draft) -> None:
    before = draft.content

    stepped(cast, draft, "start_from:extract")

    assert draft.content["messages"] == before["messages"]
    assert not draft.prompt.examples.exists()


# Examples to learn from

TURNS = ["user", "assistant", "user", "assistant", "user"]


def chat(*roles: str) -> dict[str, Any]:
    return ODD | {"messages": [{"role": role, "text": f"{role} {number}"} for number, role in enumerate(roles)]}


@pytest.mark.parametrize(
    ("roles", "pairs"),
    [
        (TURNS, 2),
        ([*TURNS, "assistant"], 2),
        (["user"], 0),
        (["user", "assistant"], 0),
        (["user", "user", "user"], 0),
        (["assistant", "user", "user"], 0),
        ([], 0),
    ],
)
def test_messages_in_turns_before_the_last_question_are_pairs(roles: list[str], pairs: int) -> None:
    fields = fields_of(chat(*roles))

    assert len(fields.pairs) == pairs
    assert [row.key for row in fields.cards] == [row.key for row in fields.messages[2 * pairs :]]


def test_pairs_are_added_below_the_others_and_removed_as_one() -> None:
    fields = fields_of(chat("user", "assistant", "user"))

    assert take(fields, "add_pair")
    assert [row.role for row in fields.messages] == TURNS
    assert [row.text for row in fields.messages] == ["user 0", "assistant 1", "", "", "user 2"]
    assert take(fields, "remove_pair:0")
    assert [row.text for row in fields.messages] == ["", "", "user 2"]
    assert take(fields, "remove_pair:99")
    assert len(fields.messages) == 3


def test_the_table_sends_what_it_shows(cast: Cast, draft: Draft) -> None:
    answer = stepped(cast, draft, "add_pair", FRAGMENTS)
    assert "Examples to learn from" in answer.text
    assert answer.text.count('<tr class="example-pair"') == 1
    assert [row["role"] for row in draft.content["messages"]] == ["user", "assistant", "user"]

    shown = answer.text
    order = [part.split('"')[0] for part in shown.split('name="message" value="')[1:]]
    again = stepped(cast, draft, "", None, message=order, **{f"m{order[1]}-role": "assistant", f"m{order[1]}-text": "So."})

    assert again.status_code == 303
    assert [row["role"] for row in draft.content["messages"]] == ["user", "assistant", "user"]


# Examples to learn from


def taught(*pairs: tuple[str, str]) -> dict[str, Any]:
    turns = [{"role": role, "text": text} for pair in pairs for role, text in zip(("user", "assistant"), pair, strict=True)]
    return {"kind": "chat", "messages": [*turns, {"role": "user", "text": "Sort {{claim}}"}], "variables": [{"name": "claim"}]}


def told(fields: Any) -> list[str]:
    return [row.text for row in fields.messages]


@pytest.mark.parametrize(
    ("step", "pair", "order"),
    [
        ("pair_up", 1, "CdAbEf"),
        ("pair_down", 1, "AbEfCd"),
        ("pair_up", 0, "AbCdEf"),
        ("pair_down", 2, "AbCdEf"),
        ("pair_down", 3, "AbCdEf"),
    ],
)
def test_an_example_moves_with_its_answer_and_never_past_the_others(step: str, pair: int, order: str) -> None:
    fields = fields_of(taught(("A", "b"), ("C", "d"), ("E", "f")))
    assert take(fields, f"{step}:{fields.messages[2 * pair].key}")
    assert "".join(told(fields)[:-1]) == order
    assert told(fields)[-1] == "Sort {{claim}}"


def test_examples_are_moved_by_buttons_that_need_no_script(cast: Cast, prompt: Prompt) -> None:
    draft = services.open_draft(prompt=prompt, actor=cast.alice)
    content = draft.content | taught(("A", "b"), ("C", "d"))
    draft = services.save_draft(draft=draft, content=content, revision=draft.revision, actor=cast.alice)
    first, _, second, *_ = [row.key for row in fields_of(draft.content).messages]
    page = browser(cast.alice).get(address(prompt, f"drafts/{draft.uid}/")).text
    assert f'value="pair_up:{second}" aria-label="Move example 2 up"' in page
    assert f'aria-disabled="true" name="step" value="pair_up:{first}"' in page
    assert f'aria-disabled="true" name="step" value="pair_down:{second}"' in page
    assert stepped(cast, draft, f"pair_up:{second}").status_code == 303
    assert [message["text"] for message in draft.content["messages"]] == ["C", "d", "A", "b", "Sort {{claim}}"]


def test_half_an_example_is_not_offered_to_be_removed(cast: Cast, prompt: Prompt) -> None:
    draft = services.open_draft(prompt=prompt, actor=cast.alice)
    content = draft.content | taught(("A", ""))
    draft = services.save_draft(draft=draft, content=content, revision=draft.revision, actor=cast.alice)
    first, second, *_ = [row.key for row in fields_of(draft.content).messages]
    page = browser(cast.alice).get(address(prompt, f"drafts/{draft.uid}/")).text
    assert f'value="remove_pair:{first}"' in page
    assert f'value="remove_message:{second}"' not in page


def test_an_example_that_is_kept_says_so_beside_the_button(cast: Cast, draft: Draft) -> None:
    typed = {"keep_example": "1", "example_name": "<b>Storm</b>", "value-claim": "1"}
    page = browser(cast.alice).post(save_url(draft), words(draft, **typed), headers=FRAGMENTS).text
    assert 'Kept as “<span dir="auto">&lt;b&gt;Storm&lt;/b&gt;</span>”' in page


# Plain words


def finding_beside(page: str, block: str) -> str:
    return page.split(f'id="f-{block}"')[1].split('id="f-')[0]


def test_a_name_of_plain_words_is_mended_by_one_click_in_the_table_and_the_texts(cast: Cast, draft: Draft) -> None:
    texts = {"m0-text": "Sort {{claim}}, then say {{ The décision }}. {{The décision}}", "system": ""}
    page = stepped(cast, draft, "", FRAGMENTS, **texts, **{"v2-name": "The décision"}).text
    assert "letters and digits" in finding_beside(page, "v2")
    assert 'value="rename_variable:2:the_decision">Call it “the_decision”' in page

    stepped(cast, draft, "rename_variable:2:the_decision")

    assert draft.content["messages"][0]["text"] == "Sort {{claim}}, then say {{the_decision}}. {{the_decision}}"
    assert [row["name"] for row in draft.content["variables"]] == ["claim", "the_decision"]


@pytest.mark.parametrize("typed", ["Claim!", "日本", "!!", "open braces", "<b>" * 2000, "x " * 100])
def test_a_name_is_offered_only_where_it_can_be(cast: Cast, draft: Draft, typed: str) -> None:
    answer = stepped(cast, draft, "", FRAGMENTS, **{"v2-name": typed})

    assert answer.status_code == 200
    offered = re.findall(r'value="rename_variable:2:([^"]*)"', answer.text)
    assert len(offered) == (len(typed) > 100)
    for name in offered:
        assert stepped(cast, draft, f"rename_variable:2:{name}").status_code == 303
        assert draft.content["variables"][1]["name"] == name


def test_a_very_long_name_is_changed_as_well(cast: Cast, draft: Draft) -> None:
    stepped(cast, draft, "", **{"v2-name": "a_" * 80})
    assert stepped(cast, draft, "rename_variable:2:short").status_code == 303
    assert draft.content["variables"][1]["name"] == "short"


def test_a_row_in_which_nothing_is_typed_yet_is_not_called_wrong(cast: Cast, draft: Draft) -> None:
    page = stepped(cast, draft, "add_variable:", FRAGMENTS).text
    row = re.findall(r'name="variable" value="(\d+)"', page)[-1]
    assert "finding" not in finding_beside(page, f"v{row}")

    page = stepped(cast, draft, "", FRAGMENTS, **{f"v{row}-description": "What was decided"}).text

    assert "letters and digits" in finding_beside(page, f"v{row}")


# The model by its name

HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"


@pytest.mark.parametrize("typed", ["Claude Haiku 4.5", " claude  HAIKU 4.5 "])
def test_a_model_is_chosen_by_the_name_that_people_give_it(cast: Cast, draft: Draft, typed: str) -> None:
    page = stepped(cast, draft, "", FRAGMENTS, model=typed).text

    assert draft.content["model"] == HAIKU
    assert "Claude Haiku 4.5, reads up to" in page
    assert "finding" not in finding_beside(page, "model")


def test_it_is_called_where_the_projects_other_prompts_call_that_maker(cast: Cast, draft: Draft) -> None:
    other = a_prompt(cast.claims, by=cast.alice, title="Other")
    data = bundle(model="eu.anthropic.claude-sonnet-5")
    services.save_version(prompt=other, data=data, change=services.Change("First"), actor=cast.alice)

    stepped(cast, draft, "", model="Claude Haiku 4.5")
    assert draft.content["model"] == f"eu.{HAIKU}"
    stepped(cast, draft, "", model="Claude Haiku 4.5")
    assert draft.content["model"] == f"eu.{HAIKU}"
    stepped(cast, draft, "", model="Amazon Nova Lite")
    assert draft.content["model"] == "amazon.nova-lite-v1:0"


@pytest.mark.parametrize("typed", ["Claude", "my own model", "us.anthropic.claude-sonnet-5", "arn:aws:bedrock:eu-central-1::x"])
def test_what_is_no_name_of_a_known_model_stays_as_typed(cast: Cast, draft: Draft, typed: str) -> None:
    stepped(cast, draft, "", model=typed)
    assert draft.content["model"] == typed


# What each save refreshes


def test_a_name_typed_in_the_table_is_offered_and_heads_its_row_with_the_next_save(cast: Cast, draft: Draft) -> None:
    typed = words(draft, **{"v2-name": "decision", "v2-description": "What was decided", "v2-type": "number", "v2-example": "12"})

    page = browser(cast.alice).post(save_url(draft), typed, headers=FRAGMENTS).content.decode()

    menu = page.split('id="variable-menu"')[1].split("</div>")[0]
    assert ('data-insert="decision"' in menu, 'data-insert="other"' in menu) == (True, False)
    head = page.split('id="v2-called"')[1]
    assert all(said in head for said in ('<span class="var">decision</span>', "What was decided", ">Number<", ">12<"))


def test_each_part_that_a_save_refreshes_comes_once(cast: Cast, draft: Draft) -> None:
    whole = browser(cast.alice).get(draft_url(draft)).content.decode()
    parts = browser(cast.alice).post(save_url(draft), words(draft), headers=FRAGMENTS).content.decode()

    for part in re.findall(r'id="([^"]+)" data-part', parts):
        assert (whole.count(f'id="{part}"') < 2, parts.count(f'id="{part}"')) == (True, 1)

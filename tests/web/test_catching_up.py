"""A version was saved after a draft began: the draft shows it, takes in what does not clash, and asks about the rest."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.audit.models import Entry
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Draft, Prompt, Version
from promptstudio.web.forms.catching_up import catch_up
from promptstudio.web.forms.merging import Choice
from tests.cast import Cast, a_prompt, a_version, promote

from .reading import HOSTILE, at, text

BASE = "/p/claims/prompts/water-damage-triage/-/"


def chat(system: str, *messages: str, **more: Any) -> dict[str, Any]:
    rows = [{"role": ("user", "assistant")[n % 2], "text": words} for n, words in enumerate(messages)]
    return {"kind": "chat", "system": system, "messages": rows, "variables": [{"name": "claim"}], **more}


FIRST = chat("You sort claims.\nBe short.\nNever promise cover.", "Sort {{claim}}")


def save(cast: Cast, prompt: Prompt, data: dict[str, Any], summary: str = "Kinder.") -> Version:
    return prompts.save_version(prompt=prompt, data=data, change=prompts.Change(summary=summary), actor=cast.bob)


@pytest.fixture
def draft(cast: Cast, prompt: Prompt) -> Draft:
    save(cast, prompt, FIRST)
    return prompts.open_draft(prompt=prompt, actor=cast.alice)


def write(cast: Cast, draft: Draft, content: dict[str, Any]) -> Draft:
    return prompts.save_draft(draft=draft, content={**draft.content, **content}, revision=draft.revision, actor=cast.alice)


def merged(mine: dict[str, Any], theirs: dict[str, Any], **decided: Choice) -> Any:
    return catch_up(base=FIRST, mine={**FIRST, **mine}, theirs={**FIRST, **theirs}, decided=decided)


def test_the_editor_says_that_somebody_saved_a_version_meanwhile(client: Client, cast: Cast, draft: Draft) -> None:
    page = f"{BASE}drafts/{draft.uid}/"
    assert "after this draft began" not in text(at(client, cast.alice).get(page))
    version = save(cast, draft.prompt, {**FIRST, "system": "You sort claims kindly."})
    assert f"Bob saved {version.semver} after this draft began." in text(client.get(page))
    promote(version, cast.development, by=cast.bob)
    assert "it is live in Development" in text(client.get(page))


def test_a_draft_of_an_older_version_is_no_surprise(client: Client, cast: Cast, draft: Draft) -> None:
    first = draft.prompt.newest
    save(cast, draft.prompt, {**FIRST, "system": "You sort claims kindly."})
    later = prompts.open_draft(prompt=draft.prompt, based_on=first, actor=cast.alice)
    assert later.newer_version is None


def test_what_does_not_clash_goes_in_with_one_press(client: Client, cast: Cast, draft: Draft) -> None:
    write(cast, draft, chat("You sort claims.\nBe brief.\nNever promise cover.", "Sort {{claim}}"))
    version = save(cast, draft.prompt, chat("You sort claims.\nBe short.\nNever promise cover, ever.", "Sort {{claim}}", model="a.b"))
    page = f"{BASE}drafts/{draft.uid}/catch-up/"
    shown = text(at(client, cast.alice).get(page))
    assert "Nothing of it touches what you wrote" in shown
    assert "Goes in by itself: System, Model." in shown
    draft.refresh_from_db()
    after = client.post(page, {"onto": version.semver, "revision": draft.revision}, follow=True)
    assert f"{version.semver} is in your draft now. By itself came: System, Model." in text(after)
    draft.refresh_from_db()
    assert draft.content["system"] == "You sort claims.\nBe brief.\nNever promise cover, ever."
    assert (draft.content["model"], draft.based_on) == ("a.b", version)
    assert "after this draft began" not in text(after)
    assert Entry.objects.get(action="draft.renewed").actor_uid == cast.alice.user.uid


def test_what_both_changed_is_asked_for_line_by_line(client: Client, cast: Cast, draft: Draft) -> None:
    write(cast, draft, {"system": "You sort claims.\nBe brief.\nNever promise cover."})
    version = save(cast, draft.prompt, {**FIRST, "system": "You sort all claims.\nBe kind.\nNever promise cover."})
    page = f"{BASE}drafts/{draft.uid}/catch-up/"
    at(client, cast.alice)
    draft.refresh_from_db()
    form = {"onto": version.semver, "revision": str(draft.revision), "place": "system#0"}
    open_ = client.post(page, form)
    assert open_.status_code == 422
    assert "Choose what stays in each place first" in text(open_)
    assert "System, line 2" in text(open_)
    client.post(page, form | {"choice-0": "own", "own-0": "Be brief and kind."})
    draft.refresh_from_db()
    assert draft.content["system"] == "You sort all claims.\nBe brief and kind.\nNever promise cover."


def test_a_text_written_together_is_not_lost_by_another_choice(client: Client, cast: Cast, draft: Draft) -> None:
    write(cast, draft, {"system": "Be brief.\nAsk."})
    version = save(cast, draft.prompt, {**FIRST, "system": "Be kind.\nAsk."})
    page = f"{BASE}drafts/{draft.uid}/catch-up/"
    begun = "Be brief.\nAsk.\nBe kind.</textarea>"
    assert begun in at(client, cast.alice).get(page).content.decode().replace("\r", "")
    draft.refresh_from_db()
    form = {"onto": version.semver, "revision": str(draft.revision), "place": "system#0", "choice-0": "mine", "own-0": "Be both. <b>"}
    torn = client.post(page, form)
    assert torn.status_code == 422
    assert "You wrote a text but chose another" in text(torn)
    assert "Be both. &lt;b&gt;</textarea>" in torn.content.decode()
    done = client.post(page, form | {"heard-0": "mine"}, follow=True)
    assert f"{version.semver} is in your draft now, as you chose." in text(done)
    draft.refresh_from_db()
    assert draft.content["system"] == "Be brief.\nAsk."


def test_what_was_not_touched_in_the_joint_text_is_no_text_of_ones_own(client: Client, cast: Cast, draft: Draft) -> None:
    write(cast, draft, {"system": "Be brief."})
    version = save(cast, draft.prompt, {**FIRST, "system": "Be kind."})
    draft.refresh_from_db()
    form = {
        "onto": version.semver,
        "revision": str(draft.revision),
        "place": "system#0",
        "choice-0": "theirs",
        "own-0": "Be brief.\r\nBe kind.",
    }
    assert at(client, cast.alice).post(f"{BASE}drafts/{draft.uid}/catch-up/", form).status_code == 303


def test_what_somebody_saved_meanwhile_is_not_lost(client: Client, cast: Cast, draft: Draft) -> None:
    version = save(cast, draft.prompt, {**FIRST, "model": "a.b"})
    seen = draft.revision
    write(cast, draft, {"system": "Written meanwhile."})
    page = at(client, cast.bob).post(f"{BASE}drafts/{draft.uid}/catch-up/", {"onto": version.semver, "revision": seen})
    assert page.status_code == 409
    assert "went on writing in the draft" in text(page)
    draft.refresh_from_db()
    assert draft.content["system"] == "Written meanwhile."


def test_whoever_only_reads_looks_and_takes_nothing(client: Client, cast: Cast, draft: Draft) -> None:
    version = save(cast, draft.prompt, {**FIRST, "model": "a.b"})
    page = f"{BASE}drafts/{draft.uid}/catch-up/"
    assert at(client, cast.vera).get(page).status_code == 200
    assert client.post(page, {"onto": version.semver, "revision": draft.revision}).status_code == 403
    assert at(client, cast.charlie).get(page).status_code == 404


def test_nothing_newer_leads_back_to_the_draft(client: Client, cast: Cast, draft: Draft) -> None:
    page = at(client, cast.alice).get(f"{BASE}drafts/{draft.uid}/catch-up/", follow=True)
    assert "There is nothing to take in" in text(page)


def test_a_draft_goes_on_from_newer_versions_of_its_own_prompt_alone(cast: Cast, draft: Draft) -> None:
    more = {"draft": draft, "content": draft.content, "revision": draft.revision, "actor": cast.alice}
    with pytest.raises(Conflict, match=r"goes on from 1\.0\.0 already"):
        prompts.catch_up_draft(onto=draft.prompt.newest, **more)
    other = a_version(a_prompt(cast.claims, by=cast.alice, title="Other"), by=cast.alice)
    with pytest.raises(Invalid, match="belongs to another prompt"):
        prompts.catch_up_draft(onto=other, **more)


def test_hostile_words_in_a_clash_stay_words(client: Client, cast: Cast, draft: Draft) -> None:
    write(cast, draft, {"system": "Mine."})
    save(cast, draft.prompt, {**FIRST, "system": HOSTILE}, summary=HOSTILE)
    page = at(client, cast.alice).get(f"{BASE}drafts/{draft.uid}/catch-up/")
    assert "<script>alert" not in page.content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.content.decode()


def test_a_message_that_was_added_there_and_one_reworded_here_are_joined() -> None:
    mine = chat(FIRST["system"], "Weigh {{claim}}")
    theirs = chat(FIRST["system"], "Sort {{claim}}", "Water.", "And this: {{claim}}")
    caught = merged(mine, theirs)
    assert caught.clashes == []
    assert [m["text"] for m in caught.content["messages"]] == ["Weigh {{claim}}", "Water.", "And this: {{claim}}"]


def test_messages_that_both_put_in_differently_are_one_choice() -> None:
    mine = chat(FIRST["system"], "Sort {{claim}}", "Mine.")
    theirs = chat(FIRST["system"], "Sort {{claim}}", "Theirs.", "More")
    [clash] = merged(mine, theirs).clashes
    assert (clash.place, clash.label, clash.is_text) == ("messages", "The messages", False)
    chosen = merged(mine, theirs, messages=Choice("theirs"))
    assert [m["text"] for m in chosen.content["messages"]] == ["Sort {{claim}}", "Theirs.", "More"]


WATER = '{\n  "kind": "water",\n  "currency": "EUR",\n  "urgent": true\n}'
STORM = WATER.replace("water", "storm").replace("true", "false")
PAIRS = chat("", "A pipe burst.", WATER, "A storm came.", STORM, "{{claim}}")


def texts_of(content: dict[str, Any]) -> list[str]:
    return [message["text"] for message in content["messages"]]


def test_an_edit_stays_in_its_message_where_the_others_moved_that_one() -> None:
    mine = chat("", "A pipe burst.", WATER, "A storm came.", STORM.replace("EUR", "CHF"), "{{claim}}")
    theirs = chat("", "A storm came.", STORM, "A pipe burst.", WATER, "{{claim}}")
    caught = catch_up(base=PAIRS, mine=mine, theirs=theirs, decided={})
    if not caught.clashes:
        assert texts_of(caught.content) == ["A storm came.", STORM.replace("EUR", "CHF"), "A pipe burst.", WATER, "{{claim}}"]
    for which, side in (("mine", mine), ("theirs", theirs)):
        chosen = catch_up(base=PAIRS, mine=mine, theirs=theirs, decided={clash.place: Choice(which) for clash in caught.clashes})
        assert not caught.clashes or texts_of(chosen.content) == texts_of(side), "no example is lost that nobody deleted"


def test_an_edit_follows_its_message_where_the_others_took_out_one_before_and_added_one_behind() -> None:
    mine = chat("", "A pipe burst.", WATER, "A storm came.", STORM.replace("EUR", "CHF"), "{{claim}}")
    theirs = chat("", "A storm came.", STORM, "It burnt.", WATER.replace("water", "fire"), "{{claim}}")
    caught = catch_up(base=PAIRS, mine=mine, theirs=theirs, decided={})
    assert caught.clashes == []
    assert texts_of(caught.content) == [
        "A storm came.",
        STORM.replace("EUR", "CHF"),
        "It burnt.",
        WATER.replace("water", "fire"),
        "{{claim}}",
    ]


def test_a_message_that_both_moved_or_one_took_out_and_the_other_reworded_is_asked_for() -> None:
    first = chat("", "One a", "Two b", "Three c")
    for mine, theirs in (
        (chat("", "Two b", "One a", "Three c"), chat("", "Two b", "Three c", "One a")),
        (chat("", "One a", "Two b"), chat("", "One a", "Two b", "Three c, reworded")),
    ):
        for left, right in ((mine, theirs), (theirs, mine)):
            assert [clash.place for clash in catch_up(base=first, mine=left, theirs=right, decided={}).clashes] == ["messages"]


def test_a_role_changed_here_and_words_changed_there_are_joined() -> None:
    mine = chat("", "Sort {{claim}}", "Water.") | {
        "messages": [{"role": "user", "text": "Sort {{claim}}"}, {"role": "user", "text": "Water."}]
    }
    theirs = chat("", "Sort {{claim}}", "Water damage.")
    caught = catch_up(base=chat("", "Sort {{claim}}", "Water."), mine=mine, theirs=theirs, decided={})
    assert (caught.clashes, caught.content["messages"][1]) == ([], {"role": "user", "text": "Water damage."})


def test_a_line_added_behind_the_last_one_is_no_change_of_it() -> None:
    caught = merged({"system": FIRST["system"] + "\nAsk first."}, {"system": FIRST["system"].replace("cover", "money")})
    assert (caught.clashes, caught.content["system"]) == ([], "You sort claims.\nBe short.\nNever promise money.\nAsk first.")


def test_settings_that_have_no_field_are_asked_for_where_both_changed_them() -> None:
    [clash] = merged({"extra_model_fields": {"top_k": 4}}, {"extra_model_fields": {"top_k": 5}}).clashes
    assert (clash.label, clash.mine, clash.theirs) == ("Settings of its own for this model", '{\n  "top_k": 4\n}', '{\n  "top_k": 5\n}')
    for which, kept in (("mine", {"top_k": 4}), ("theirs", {"top_k": 5})):
        chosen = merged({"extra_model_fields": {"top_k": 4}}, {"extra_model_fields": {"top_k": 5}}, extra_model_fields=Choice(which))
        assert chosen.content["extra_model_fields"] == kept


def test_settings_that_have_no_field_are_taken_in_and_taken_out() -> None:
    caught = merged({}, {"extra_model_fields": {"top_k": 5}})
    assert (caught.content["extra_model_fields"], caught.taken) == ({"top_k": 5}, ["Settings of its own for this model"])
    extra = FIRST | {"extra_model_fields": {"top_k": 5}}
    assert not catch_up(base=extra, mine=extra, theirs=FIRST, decided={}).content.get("extra_model_fields")
    assert not catch_up(base=extra, mine=FIRST, theirs=extra, decided={}).content.get("extra_model_fields")


@pytest.mark.parametrize("kind", ["variables", "tools"])
def test_an_order_that_one_side_alone_changed_is_taken_over(kind: str) -> None:
    a, b, c = ({"name": name} for name in "abc")
    base = FIRST | {kind: [a, b]}
    there = catch_up(base=base, mine=FIRST | {kind: [a, b, c]}, theirs=FIRST | {kind: [b, a]}, decided={})
    assert (there.content[kind], there.taken) == ([b, a, c], [f"The order of the {kind}"])
    here = catch_up(base=base, mine=FIRST | {kind: [b, a]}, theirs=FIRST | {kind: [a, b, c]}, decided={})
    assert here.content[kind] == [b, a, c]


def test_variables_settings_and_what_has_no_field_are_joined_too() -> None:
    mine = {"variables": [{"name": "claim", "description": "What happened."}], "extra_model_fields": {"top_k": 4}}
    theirs = {"variables": [{"name": "claim"}, {"name": "reader"}], "inference": {"temperature": 0.2}, "tool_choice": "auto"}
    content = merged(mine, theirs).content
    assert content["variables"] == [{"name": "claim", "description": "What happened."}, {"name": "reader"}]
    assert content["inference"]["temperature"] == 0.2
    assert (content["extra_model_fields"], content["tool_choice"]) == ({"top_k": 4}, "auto")


def test_a_variable_that_one_took_out_and_the_other_described_is_asked_for() -> None:
    [clash] = merged({"variables": []}, {"variables": [{"name": "claim", "description": "x"}]}).clashes
    assert clash.label == "Variable claim"


def test_the_preview_says_what_the_same_values_take_live(client: Client, cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice, text="One two three: {{claim}}")
    draft = prompts.open_draft(prompt=prompt, actor=cast.alice)
    page = f"/p/claims/prompts/water-damage-triage/-/drafts/{draft.uid}/"
    assert "Live 1.0.0:" not in text(at(client, cast.alice).get(page))
    promote(version, cast.development, by=cast.alice)
    assert "Live 1.0.0: 4 words, about" in text(client.get(page))

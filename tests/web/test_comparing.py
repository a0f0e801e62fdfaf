import re
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from promptstudio.deployments import services as deployments
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Draft, Prompt, Version
from tests.cast import Cast, a_prompt, a_version, bundle, promote

from .reading import HOSTILE, at, queries, text, typed_back

URL = "/p/claims/prompts/water-damage-triage/-/compare/"


@pytest.fixture
def versions(cast: Cast, prompt: Prompt) -> list[Version]:
    return [a_version(prompt, by=cast.alice, text=f"{words}: {{{{claim}}}}") for words in ("Sort this claim", "Sort that claim")]


def letters(text: str) -> dict[str, Any]:
    return {"kind": "text", "messages": [{"role": "user", "text": text}]}


def a_draft(cast: Cast, prompt: Prompt, content: dict[str, Any]) -> Draft:
    draft = prompts.open_draft(prompt=prompt, actor=cast.alice)
    return prompts.save_draft(draft=draft, content=content, revision=draft.revision, actor=cast.alice)


def test_two_versions_stand_beside_each_other(client: Client, cast: Cast, versions: list[Version]) -> None:
    response = at(client, cast.vera).get(f"{URL}1.0.0...{versions[1].semver}/")
    assert "1 change" in text(response)
    assert re.search(r"<del>.*?removed: </span>this<", text(response))
    assert re.search(r"<ins>.*?added: </span>that<", text(response))


def test_what_is_live_stands_beside_a_draft(client: Client, cast: Cast, versions: list[Version]) -> None:
    promote(versions[0], cast.development, by=cast.alice)
    draft = a_draft(cast, versions[0].prompt, letters("Sort nothing."))
    html = text(at(client, cast.vera).get(f"{URL}env:development...draft:{draft.uid}/"))
    assert "1.0.0, live in Development" in html
    assert "Draft of Alice" in html


def test_models_are_called_as_people_call_them(client: Client, cast: Cast, prompt: Prompt) -> None:
    models = ("eu.anthropic.claude-haiku-4-5-20251001-v1:0", "eu.anthropic.claude-haiku-5-5", "anthropic.claude-haiku-5-5", "made.up-v1:0")
    for number, model in enumerate(models):
        change = prompts.Change(summary="Next.")
        prompts.save_version(prompt=prompt, data=bundle(f"Sort {{{{claim}}}} {number}", model=model), change=change, actor=cast.alice)
    numbers = list(prompt.versions.order_by("pk").values_list("semver", flat=True))
    at(client, cast.vera)
    told = [text(client.get(f"{URL}{old}...{new}/")) for old, new in pairwise(numbers)]
    assert "hanges the model from Claude Haiku 4.5 to Claude Haiku 5.5." in told[0].replace(" and c", " C")
    assert "eu.anthropic.claude-haiku-4-5-20251001-v1:0 → eu.anthropic.claude-haiku-5-5" in told[0]
    assert "the model from eu.anthropic.claude-haiku-5-5 to anthropic.claude-haiku-5-5" in told[1]
    assert "the model from Claude Haiku 5.5 to made.up-v1:0" in told[2]


def test_on_paper_it_says_when_and_leaves_out_what_only_a_screen_can(client: Client, cast: Cast, versions: list[Version]) -> None:
    page = text(at(client, cast.vera).get(f"{URL}1.0.0...{versions[1].semver}/"))
    assert re.search(r'<p class="print-only small">As it stood on \d+ \w+ \d{4}, \d\d:\d\d</p>', page)
    assert re.search(r'<p class="[^"]*try-both"><a[^>]*>Try both', page)


def test_white_space_can_be_left_out(client: Client, cast: Cast, prompt: Prompt) -> None:
    for words in ("Sort {{claim}}", "Sort   {{claim}}"):
        a_version(prompt, by=cast.alice, text=words)
    sides = f"{URL}1.0.0...{prompt.newest.semver}/"
    at(client, cast.vera)
    assert "Nothing differs" not in text(client.get(sides))
    assert "Nothing differs" in text(client.get(sides + "?white_space=ignore"))


def test_one_column_links_to_two_and_back(client: Client, cast: Cast, versions: list[Version]) -> None:
    sides = f"{URL}1.0.0...{versions[1].semver}/"
    assert ">One column<" in text(at(client, cast.vera).get(sides))
    assert ">Side by side<" in text(client.get(sides + "?layout=unified"))


def test_nothing_on_the_right_says_so(client: Client, cast: Cast, versions: list[Version]) -> None:
    response = at(client, cast.vera).get(f"{URL}1.0.0...env:production/")
    assert "There is nothing on the right side yet" in text(response)


def test_without_a_version_it_says_what_to_do_first(client: Client, cast: Cast, prompt: Prompt) -> None:
    assert "No version yet" in text(at(client, cast.vera).get(URL))


def test_the_usual_choice_is_the_last_place_beside_the_newest(client: Client, cast: Cast, versions: list[Version]) -> None:
    newest = versions[1].semver
    assert at(client, cast.vera).get(URL)["Location"] == f"{URL}1.0.0...{newest}/"
    promote(versions[0], cast.development, cast.staging, by=cast.alice)
    assert client.get(URL)["Location"] == f"{URL}env:staging...{newest}/"


def test_the_form_leads_to_an_address(client: Client, cast: Cast, versions: list[Version]) -> None:
    response = at(client, cast.vera).get(URL, {"old": "env:production", "new": "1.0.0"})
    assert response["Location"] == f"{URL}env:production...1.0.0/"


@pytest.mark.parametrize(
    "sides",
    ["1.0.0", "1.0.0...9.9.9", "9.9.9...1.0.0", "...", "env:moon...1.0.0", "draft:nothing...1.0.0", "1.0.0...draft:" + "0" * 32, "a....b"],
)
def test_a_side_that_is_none_is_not_there(client: Client, cast: Cast, versions: list[Version], sides: str) -> None:
    assert at(client, cast.vera).get(f"{URL}{sides}/").status_code == 404


@pytest.mark.parametrize(
    "side", ["1.0.0\x00", "\x00", "env:development\x00", "draft:\x00", "prompt:\x00", "prompt:water-damage-triage@1.0.0\x00"]
)
def test_a_side_with_a_character_that_no_database_takes_is_not_there(
    client: Client, cast: Cast, versions: list[Version], side: str
) -> None:
    at(client, cast.vera)
    assert client.get(f"{URL}{quote(side)}...1.0.0/").status_code == 404
    assert client.get(f"{URL}1.0.0...{quote(side)}/").status_code == 404
    assert client.get(URL, {"old": side, "new": "1.0.0"}, follow=True).status_code == 404
    asked = {"old": "1.0.0", "new": "1.0.0", "other": side.partition(":")[2] or side}
    # It is said at the field; behind a number it is cleaned away, like the blanks of what people type.
    assert client.get(URL, asked, follow=True).status_code == (200 if "@" in side else 422)


@pytest.mark.parametrize("side", ["a/b", "../1.0.0", "<script>", "1.0.0?", "%", "\n"])
def test_a_side_that_is_no_address_is_not_there(client: Client, cast: Cast, versions: list[Version], side: str) -> None:
    assert at(client, cast.vera).get(URL, {"old": side, "new": "1.0.0"}, follow=True).status_code == 404


def test_an_unfinished_draft_says_that_it_is(client: Client, cast: Cast, versions: list[Version]) -> None:
    draft = a_draft(cast, versions[0].prompt, {"kind": "novel"})
    response = at(client, cast.vera).get(f"{URL}1.0.0...draft:{draft.uid}/")
    assert response.status_code == 422
    assert "The draft is not finished enough yet." in text(response)


def test_a_draft_of_another_prompt_is_not_there(client: Client, cast: Cast, versions: list[Version]) -> None:
    draft = a_draft(cast, a_prompt(cast.claims, by=cast.alice, title="Letter"), bundle())
    assert at(client, cast.vera).get(f"{URL}1.0.0...draft:{draft.uid}/").status_code == 404


def test_another_project_is_not_there(client: Client, cast: Cast, versions: list[Version]) -> None:
    for url in (URL, f"{URL}1.0.0...1.0.0/"):
        assert at(client, cast.charlie).get(url).status_code == 404


def test_whoever_is_not_signed_in_signs_in_first(client: Client, cast: Cast, versions: list[Version]) -> None:
    response = client.get(f"{URL}1.0.0...1.0.0/")
    assert (response.status_code, response["Location"]) == (302, f"/sign-in/?next={URL}1.0.0...1.0.0/")


def test_it_only_reads(client: Client, cast: Cast, versions: list[Version]) -> None:
    for url in (URL, f"{URL}1.0.0...1.0.0/"):
        assert at(client, cast.root).post(url).status_code == 405


def test_hostile_words_are_shown_as_words(client: Client, cast: Cast) -> None:
    hostile = a_prompt(cast.claims, by=cast.alice, title=HOSTILE, name="hostile")
    for words in (HOSTILE, HOSTILE + "<b>bold</b>"):
        a_version(hostile, by=cast.alice, text=f"{words} {{{{claim}}}}")
    newest = hostile.newest.semver
    a_draft(cast, hostile, letters(HOSTILE))
    response = at(client, cast.vera).get(f"/p/claims/prompts/hostile/-/compare/1.0.0...{newest}/")
    assert response.status_code == 200
    assert b"<script>alert" not in response.content
    assert b"<b><ins>" not in response.content
    assert typed_back(response, "<script>alert(1)</script>")


def test_a_very_long_text_is_shown(client: Client, cast: Cast, prompt: Prompt) -> None:
    lines = [f"Line {number} of a long handbook." for number in range(3500)]
    for end in ("the end.", "another end."):
        a_version(prompt, by=cast.alice, text="\n".join(["{{claim}}", *lines, end]))
    response = at(client, cast.vera).get(f"{URL}1.0.0...{prompt.newest.semver}/")
    assert response.status_code == 200
    assert "another" in text(response)


def test_the_number_of_queries_does_not_grow(client: Client, cast: Cast, prompt: Prompt) -> None:
    def save(start: int, end: int) -> None:
        for number in range(start, end):
            deployments.deploy(
                version=a_version(prompt, by=cast.alice, text=f"Sort {number}: {{{{claim}}}}"),
                environment=cast.development,
                actor=cast.alice,
            )

    at(client, cast.vera)
    save(0, 3)
    few = queries(client, f"{URL}1.0.0...env:development/")
    save(3, 12)
    assert queries(client, f"{URL}1.0.0...env:development/") == few


# Filled, and beside another prompt


def test_both_sides_are_filled_with_one_example(client: Client, cast: Cast, versions: list[Version]) -> None:
    prompt = versions[0].prompt
    example = prompts.save_example(prompt=prompt, name="<b>burst pipe", values={"claim": "a <i>pipe</i>"}, actor=cast.alice)
    page = f"{URL}1.0.0...{versions[1].semver}/"

    html = text(at(client, cast.vera).get(page, {"with": str(example.uid)}))

    assert html.count("a &lt;i&gt;pipe&lt;/i&gt;") == 2
    assert "&lt;b&gt;burst pipe" in html
    assert "<i>pipe" not in html
    assert f'<option value="{example.uid}" selected>' in html
    assert client.get(page, {"with": "nothing-like-it"}).status_code == 404
    chosen = client.get(URL, {"old": "1.0.0", "new": versions[1].semver, "with": str(example.uid)})
    assert chosen["Location"] == f"{page}?with={example.uid}"


def test_what_an_example_has_no_value_for_stays_as_it_is_written(client: Client, cast: Cast, versions: list[Version]) -> None:
    example = prompts.save_example(prompt=versions[0].prompt, name="empty", values={}, actor=cast.alice)
    html = text(at(client, cast.vera).get(f"{URL}1.0.0...{versions[1].semver}/", {"with": str(example.uid)}))
    assert html.count('<bdi class="var">claim</bdi>') == 2


def test_a_version_of_another_prompt_stands_on_a_side(client: Client, cast: Cast, versions: list[Version]) -> None:
    other = a_prompt(cast.claims, by=cast.alice, title="Storm", name="claims/storm")
    a_version(other, by=cast.alice, text="Sort this storm: {{claim}}")

    response = at(client, cast.vera).get(URL, {"old": "1.0.0", "new": "1.0.0", "other": "claims/storm@1.0.0"}, follow=True)

    assert response.redirect_chain[-1][0] == f"{URL}prompt:claims:storm@1.0.0...1.0.0/"
    assert "Storm 1.0.0" in text(response)
    assert "Storm 1.0.0" in text(client.get(f"{URL}prompt:claims:storm...1.0.0/"))
    for address in ("prompt:claims:storm@9.9.9", "prompt:nobody", "prompt:", "prompt:@1.0.0", "prompt:%3Cscript%3E"):
        assert client.get(f"{URL}{address}...1.0.0/").status_code == 404


@pytest.mark.parametrize(
    ("typed", "side"),
    [
        ("First letter", "letters:first"),
        (" first  LETTER @ 1.0.0", "letters:first@1.0.0"),
        ("letters/first", "letters:first"),
        ("Claims/letters/first@1.0.0", "letters:first@1.0.0"),
        ("mail@home", "mail"),
    ],
)
def test_another_prompt_is_found_by_its_title_or_its_name(
    client: Client, cast: Cast, versions: list[Version], typed: str, side: str
) -> None:
    for title, name in (("First letter", "letters/first"), ("Mail@home", "mail")):
        a_version(a_prompt(cast.claims, by=cast.alice, title=title, name=name), by=cast.alice)
    response = at(client, cast.vera).get(URL, {"old": "1.0.0", "new": "1.0.0", "other": typed})
    assert response["Location"] == f"{URL}prompt:{side}...1.0.0/"


@pytest.mark.parametrize(
    "typed", ["Nobody", "@1.0.0", "@", HOSTILE, "a\x00b", "Twice", "Empty", "First letter@9.9.9", "Hidden", "x" * 3000]
)
def test_what_is_no_other_prompt_is_said_at_its_field(client: Client, cast: Cast, versions: list[Version], typed: str) -> None:
    made = {name: a_prompt(cast.claims, by=cast.alice, title=name) for name in ("First letter", "Empty", "Hidden")}
    twice = [a_prompt(cast.claims, by=cast.alice, title="Twice", name=name) for name in ("one", "two")]
    for prompt in (made["First letter"], made["Hidden"], *twice):
        a_version(prompt, by=cast.alice)
    prompts.restrict_prompt(prompt=made["Hidden"], people=[cast.alice.user], actor=cast.alice)

    response = at(client, cast.vera).get(URL, {"old": "env:staging", "new": versions[1].semver, "other": typed})

    page = text(response)
    assert response.status_code == 422
    assert 'aria-describedby="other-h other-error" aria-invalid="true" autofocus' in page
    assert 'id="other-error"' in page
    assert f'<option value="{versions[1].semver}" selected>' in page
    assert typed_back(response, typed)
    assert '<option value="Twice">' in page
    assert '<option value="Hidden">' not in page


def test_a_prompt_that_is_hidden_or_elsewhere_stands_on_no_side(client: Client, cast: Cast, versions: list[Version]) -> None:
    hidden = a_prompt(cast.claims, by=cast.alice, title="Hidden")
    theirs = a_prompt(cast.elsewhere, by=cast.charlie, title="Theirs")
    a_version(hidden, by=cast.alice)
    a_version(theirs, by=cast.charlie)
    prompts.restrict_prompt(prompt=hidden, people=[cast.alice.user], actor=cast.alice)
    at(client, cast.vera)
    assert [client.get(f"{URL}prompt:{name}@1.0.0...1.0.0/").status_code for name in ("hidden", "theirs")] == [404, 404]
    assert at(client, cast.alice).get(f"{URL}prompt:hidden@1.0.0...1.0.0/").status_code == 200

import ast
import html
import json
import re
import shlex
from typing import Any

import pytest
from django.test import Client

from promptstudio.audit.models import Entry
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, a_prompt, a_version, in_staging, promote
from tests.deployments.fake_target import a_target, publish_everything, use_fake_publisher

from .reading import HOSTILE, at, text

URL = "/p/claims/prompts/water-damage-triage/-/use/"
AWKWARD = 'It\'s "wet" </code><script>alert(1)</script> $HOME `id` \\ \u202e\n{{x}}'


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    return in_staging(cast, prompt)


def code(response: Any, name: str) -> str:
    """What the button beside a piece of code copies."""
    found = re.search(rf'<code id="{name}">(.*?)</code>', response.content.decode(), re.DOTALL)
    assert found
    return html.unescape(found[1])


def with_example(cast: Cast, prompt: Prompt, example: Any) -> Version:
    kind = {bool: "boolean", float: "number", int: "number"}.get(type(example), "string")
    variables = [{"name": "claim", "type": kind, "example": example}, {"name": "note", "required": False}]
    words = [{"role": "user", "text": "{{claim}} {{note}}"}]
    made = prompts.save_version(
        prompt=prompt,
        data={"kind": "text", "messages": words, "variables": variables},
        change=prompts.Change(summary="New."),
        actor=cast.alice,
    )
    promote(made, cast.development, by=cast.alice)
    return made


def test_it_asks_where_the_version_has_come_farthest(client: Client, cast: Cast, version: Version) -> None:
    response = at(client, cast.vera).get(URL)
    assert "Staging serves <b>1.0.0</b>" in text(response)
    assert "/prompts/water-damage-triage/live?environment=staging" in code(response, "code-curl")
    assert "Development serves <b>1.0.0</b>" in text(client.get(URL + "?environment=development"))
    assert "Staging serves <b>1.0.0</b>" in text(client.get(URL + "?environment=moon"))


def test_where_nothing_is_live_it_says_so(client: Client, cast: Cast, version: Version) -> None:
    html_there = text(at(client, cast.vera).get(URL + "?environment=production"))
    assert "Nothing is live in Production yet." in html_there
    assert "There is nothing to pin yet." in html_there


def test_a_project_without_environments_says_whom_to_ask(client: Client, cast: Cast) -> None:
    a_prompt(cast.elsewhere, by=cast.charlie, title="Recipe")
    assert "No environment yet" in text(at(client, cast.charlie).get("/p/elsewhere/prompts/recipe/-/use/"))


def test_code_that_asks_at_run_time_holds_no_version(client: Client, cast: Cast, prompt: Prompt, settings: Any) -> None:
    use_fake_publisher(settings)
    a_target(cast.development, by=cast.dora)
    promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    publish_everything()
    response = at(client, cast.vera).get(URL)
    ast.parse(code(response, "code-bedrock"))
    for name in ("code-bedrock", "code-curl"):
        assert "arn:" not in code(response, name)
        assert "1.0.0" not in code(response, name)
    assert "/versions/1.0.0" in code(response, "code-pin")
    assert code(response, "arn-1") == "arn:fake:1"


def test_where_no_place_outside_holds_it_the_code_asks_its_model(client: Client, cast: Cast, version: Version) -> None:
    page = at(client, cast.vera).get(URL)
    assert "Staging publishes to no place outside, so Bedrock holds no copy of this prompt." in text(page)
    assert "1.0.0 names no model yet:" in text(page)
    assert 'id="code-bedrock"' not in page.content.decode()
    assert "receipts" not in code(page, "code-converse")


@pytest.mark.parametrize("example", ["42", AWKWARD, 0.5, 12, True, None])
def test_what_is_copied_works_as_it_is(client: Client, cast: Cast, prompt: Prompt, example: Any) -> None:
    with_example(cast, prompt, example)
    response = at(client, cast.vera).get(URL)
    ast.parse(code(response, "code-converse"))
    *_, body = shlex.split(code(response, "code-curl"))
    values = json.loads(body)["variables"]
    assert set(values) == {"claim", "note"}
    assert values["claim"] == ("" if example is None else example)


def test_hostile_words_are_shown_as_words(client: Client, cast: Cast) -> None:
    hostile = a_prompt(cast.claims, by=cast.alice, title=HOSTILE, name="hostile")
    with_example(cast, hostile, AWKWARD)
    response = at(client, cast.vera).get("/p/claims/prompts/hostile/-/use/")
    assert b"<script>alert" not in response.content
    assert b"</code><script" not in response.content


def test_another_project_is_not_there(client: Client, cast: Cast, version: Version) -> None:
    assert at(client, cast.charlie).get(URL).status_code == 404
    assert at(client, cast.vera).get("/p/claims/prompts/nothing/-/use/").status_code == 404


def test_whoever_is_not_signed_in_signs_in_first(client: Client, cast: Cast, version: Version) -> None:
    assert client.get(URL)["Location"] == f"/sign-in/?next={URL}"


def test_it_only_reads(client: Client, cast: Cast, version: Version) -> None:
    before = Entry.objects.count()
    assert at(client, cast.root).get(URL).status_code == 200
    assert client.post(URL).status_code == 405
    assert Entry.objects.count() == before

"""Who uses a model that retires is told in the library, and one click opens drafts for its successor."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.prompts import services
from promptstudio.prompts.models import Draft, ModelEntry, Prompt
from tests.cast import Cast, a_prompt, bundle

from .reading import at, queries, text

SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"
PAGE = f"/p/claims/retiring/{SONNET}/"


def a_prompt_with(cast: Cast, model: str, title: str = "Water damage triage") -> Prompt:
    prompt = a_prompt(cast.claims, by=cast.alice, title=title)
    services.save_version(prompt=prompt, data=bundle(model=model), change=services.Change(summary="First."), actor=cast.alice)
    return prompt


@pytest.fixture
def three(cast: Cast) -> list[Prompt]:
    """Two that use the model, one of them in a geography and restricted to Alice; and one that uses another."""
    found = [
        a_prompt_with(cast, SONNET),
        a_prompt_with(cast, f"eu.{SONNET}", "Secret"),
        a_prompt_with(cast, "amazon.nova-lite-v1:0", "Storm"),
    ]
    services.restrict_prompt(prompt=found[1], people=[cast.alice.user], actor=cast.alice)
    return found


def test_the_library_counts_only_what_this_person_may_see(client: Client, cast: Cast, three: list[Prompt]) -> None:
    assert "2 prompts use a model that retires on 8 April 2027" in text(at(client, cast.alice).get("/p/claims/prompts/"))
    assert "1 prompt uses a model that retires on 8 April 2027" in text(at(client, cast.bob).get("/p/claims/prompts/"))


def test_the_page_names_only_what_this_person_may_see(client: Client, cast: Cast, three: list[Prompt]) -> None:
    page = text(at(client, cast.bob).get(PAGE))
    assert ("Water damage triage" in page, "Secret" in page, "Storm" in page) == (True, False, False)
    assert "1 prompt that you may see uses it" in page


def test_one_click_opens_a_draft_for_the_successor_in_each(client: Client, cast: Cast, three: list[Prompt]) -> None:
    at(client, cast.alice)
    answer = client.post(f"{PAGE}drafts/", follow=True)

    assert "2 drafts are open." in text(answer)
    models = {draft.prompt: draft.content["model"] for draft in Draft.objects.open()}
    assert models == {three[0]: "anthropic.claude-sonnet-5-5", three[1]: "eu.anthropic.claude-sonnet-5-5"}
    for draft in Draft.objects.open():
        assert f"/drafts/{draft.uid}/" in text(answer)
    assert "Open drafts for" not in text(answer)
    client.post(f"{PAGE}drafts/")
    assert Draft.objects.count() == 2


def test_who_may_not_write_is_told(client: Client, cast: Cast, three: list[Prompt]) -> None:
    page = text(at(client, cast.vera).get(PAGE))
    assert "Open drafts for" not in page
    assert 'class="why-not"' in page

    answer = client.post(f"{PAGE}drafts/", follow=True)

    assert "1 prompt was left as it is." in text(answer)
    assert not Draft.objects.exists()


def test_a_draft_of_an_older_version_does_not_count_as_one(client: Client, cast: Cast) -> None:
    prompt = a_prompt_with(cast, SONNET)
    at(client, cast.alice).post(f"{PAGE}drafts/")
    data = bundle("Newer {{claim}}", model=SONNET)
    services.save_version(prompt=prompt, data=data, change=services.Change(summary="Second."), actor=cast.alice)
    client.post(f"{PAGE}drafts/")
    assert [draft.based_on.semver for draft in Draft.objects.order_by("pk") if draft.based_on] == ["1.0.0", prompt.newest.semver]
    client.post(f"{PAGE}drafts/")
    assert Draft.objects.count() == 2


@pytest.mark.parametrize("model", ["amazon.nova-lite-v1:0", "nobody.knows-v1:0", f"eu.{SONNET}", "<b>"])
def test_a_model_that_does_not_retire_has_no_page(client: Client, cast: Cast, model: str) -> None:
    assert at(client, cast.alice).get(f"/p/claims/retiring/{model}/").status_code == 404


def test_without_a_successor_nothing_is_opened(client: Client, cast: Cast, three: list[Prompt]) -> None:
    ModelEntry.objects.filter(model_id=SONNET).update(successor="")
    assert "Nobody named a model to follow it yet" in text(at(client, cast.alice).get(PAGE))
    assert client.post(f"{PAGE}drafts/").status_code == 404


def test_more_prompts_take_no_more_queries(client: Client, cast: Cast, three: list[Prompt]) -> None:
    before = queries(at(client, cast.alice), PAGE)
    for number in range(4):
        a_prompt_with(cast, SONNET, f"Prompt {number}")
    assert queries(client, PAGE) == before


def typed(**more: Any) -> dict[str, Any]:
    fields = {"label": "Spare", "input_price": "1", "output_price": "2", "context": "1000", "max_output": "100", "successor": ""}
    return fields | more


def test_a_site_admin_keeps_the_list_in_the_administration(client: Client, cast: Cast) -> None:
    at(client, cast.root)
    assert client.post("/admin/prompts/modelentry/add/", typed(model_id="spare.model-v1:0", refuses=["top_p"])).status_code == 302
    entry = ModelEntry.objects.get(model_id="spare.model-v1:0")
    assert (entry.refuses, entry.changed_by) == (["top_p"], cast.root.user)

    change = f"/admin/prompts/modelentry/{entry.pk}/change/"
    assert client.post(change, typed(retires_on="2027-05-01", successor="no good")).status_code == 422
    assert client.post(change, typed(retires_on="2027-05-01", successor="amazon.nova-lite-v1:0")).status_code == 302
    entry.refresh_from_db()
    assert (entry.refuses, str(entry.retires_on), entry.successor) == ([], "2027-05-01", "amazon.nova-lite-v1:0")

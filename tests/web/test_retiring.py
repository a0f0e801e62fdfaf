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


def test_the_prompt_itself_says_when_its_model_retires_and_which_draft_takes_the_next(
    client: Client, cast: Cast, three: list[Prompt]
) -> None:
    url = f"/p/claims/prompts/{three[1].name}/-/"
    page = text(at(client, cast.alice).get(url))
    assert "Retires on 8 April 2027. <bdi>Claude Sonnet 5.5</bdi> is meant to follow it." in page
    assert f'href="{PAGE}"' in page
    client.post(f"{PAGE}drafts/")
    draft = three[1].drafts.get()
    assert f'/drafts/{draft.uid}/">The draft with <bdi>Claude Sonnet 5.5</bdi></a>' in text(client.get(url))
    ModelEntry.objects.filter(model_id=SONNET).update(retires_on="2020-01-01")
    assert "Retired on 1 January 2020." in text(client.get(f"{url}versions/1.0.0/"))
    assert "Retire" not in text(client.get(f"/p/claims/prompts/{three[2].name}/-/"))


def test_the_editor_offers_the_next_model_by_its_name(client: Client, cast: Cast, three: list[Prompt]) -> None:
    draft = services.open_draft(prompt=three[1], actor=cast.alice)
    page = text(at(client, cast.alice).get(f"/p/claims/prompts/{three[1].name}/-/drafts/{draft.uid}/"))
    assert "Take Claude Sonnet 5.5" in page
    assert 'value="set_model:eu.anthropic.claude-sonnet-5-5"' in page


def test_home_tells_whoever_answers_for_them(client: Client, cast: Cast, three: list[Prompt]) -> None:
    assert "2 of your prompts use Claude Sonnet 4.5, which retires on 8 April 2027" in text(at(client, cast.alice).get("/"))
    assert "Claude Sonnet 4.5" not in text(at(client, cast.bob).get("/"))


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


def test_the_form_of_a_model_says_how_its_fields_are_written(client: Client, cast: Cast) -> None:
    entry = ModelEntry.objects.get(model_id="amazon.nova-lite-v1:0")
    url = f"/admin/prompts/modelentry/{entry.pk}/change/"
    page = text(at(client, cast.root).get(url))
    assert 'name="input_price" value="0.06"' in page
    assert '<option value="amazon.nova-pro-v1:0">Amazon Nova Pro</option>' in page
    assert "1.000000" not in text(client.get("/admin/prompts/modelentry/"))

    wrong = client.post(url, typed(retires_on="20 Dec", successor="nova pro"))
    assert wrong.status_code == 422
    assert "Write the date as year, month and day: 2026-12-20." in text(wrong)

    assert client.post(url, typed(successor=" amazon NOVA pro ")).status_code == 302
    entry.refresh_from_db()
    assert entry.successor == "amazon.nova-pro-v1:0"


def test_times_in_the_administration_have_24_hours(client: Client, cast: Cast) -> None:
    policy = cast.production.policy
    page = text(at(client, cast.root).get(f"/admin/projects/policy/{policy.pk}/change/"))
    assert "p.m." not in page
    assert "a.m." not in page
    assert f"{policy.created_at:%Y, %H:%M}" in page

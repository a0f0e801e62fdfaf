"""Tags, stars, kept filters, many at once, the archive, and names that a prompt had before: as pages show them."""

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from promptstudio.accounts.actor import Actor
from promptstudio.audit.models import Entry
from promptstudio.deployments import upkeep_services
from promptstudio.projects.role_services import grant_role
from promptstudio.prompts import favourites, shelf_services
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Draft, Prompt, SavedFilter
from promptstudio.web.views import bulk
from tests.cast import Cast, a_prompt, a_version, asked, promote

URL = "/p/claims/prompts/"
MANY = f"{URL}-/many/"
KEPT = f"{URL}-/kept-filters/"


def enter(client: Client, actor: Actor) -> Client:
    client.force_login(actor.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def titles(response: Any) -> list[str]:
    return sorted(row["prompt"].title for row in response.context["rows"])


def sentence_at(response: Any, field: str) -> str:
    """What the field with this id is told, after checking that it points there and is where the cursor goes."""
    page = text(response)
    if field != "which":
        assert re.search(rf'<(input|select)[^>]* id="{field}"[^>]*aria-invalid="true"', page), field
        assert re.search(rf'<(input|select)[^>]* id="{field}"[^>]*aria-describedby="[^"]*{field}-error"', page), field
    assert page.count(" autofocus") == 1
    found = re.search(rf'id="{field}-error" role="alert">.*?</svg> ([^<]+)</p>', page)
    return unescape(found[1].strip()) if found else ""


def facet(response: Any, name: str) -> dict[str, int]:
    return {o.label: o.count for each in response.context["facets"] if each["name"] == name for o in each["first"]}


@pytest.fixture
def alice(client: Client, cast: Cast) -> Client:
    return enter(client, cast.alice)


@pytest.fixture
def two(cast: Cast) -> tuple[Prompt, Prompt]:
    return a_prompt(cast.claims, by=cast.alice, title="Water"), a_prompt(cast.claims, by=cast.bob, title="Storm")


def page_of(prompt: Prompt, rest: str = "") -> str:
    return f"{URL}{prompt.name}/-/{rest}"


def test_tags_are_typed_and_filtered_by(alice: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    assert alice.post(page_of(two[0], "tags/"), {"tags": "Legal, <b>Bold</b>,, legal"}).status_code == 303
    page = alice.get(URL)
    assert facet(page, "tag") == {"<b>bold</b>": 1, "legal": 1}
    assert "&lt;b&gt;bold" in text(page)
    assert titles(alice.get(URL, {"tag": "legal"})) == ["Water"]
    assert "Tag: legal" in text(alice.get(URL, {"tag": "legal"}))
    assert "?tag=legal" in text(alice.get(page_of(two[0])))


@pytest.mark.parametrize("tags", [",".join(map(str, range(13))), "x" * 41, '"><b>' + "x" * 41])
def test_bad_tags_get_a_sentence_at_their_field_and_what_was_typed_stays(alice: Client, two: tuple[Prompt, Prompt], tags: str) -> None:
    response = alice.post(page_of(two[0], "tags/"), {"tags": tags})
    assert response.status_code == 422
    assert sentence_at(response, "tags").startswith(("At most 12 tags", "A tag has at most 40"))
    assert f'name="tags" value="{escape(tags)}"' in text(response)


def test_tags_that_change_nothing_say_so_at_their_field(alice: Client, two: tuple[Prompt, Prompt]) -> None:
    response = alice.post(page_of(two[0], "tags/"), {"tags": " , "})
    assert (response.status_code, sentence_at(response, "tags")) == (409, "It has no tags, and none are typed here. Write one.")


def test_tags_of_restricted_prompts_are_not_told(client: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    shelf_services.tag_prompt(prompt=two[0], words=["severance"], actor=cast.alice)
    prompts.restrict_prompt(prompt=two[0], people=[cast.bella.user], actor=cast.alice)
    enter(client, cast.vera)
    assert "severance" not in text(client.get(URL)) + text(client.get(page_of(two[1])))


def test_a_star_is_a_persons_own(alice: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    alice.post(page_of(two[0], "star/"))
    assert facet(alice.get(URL), "star") == {"Favourites": 1}
    assert titles(alice.get(URL, {"star": "1"})) == ["Water"]
    enter(alice, cast.bob)
    assert facet(alice.get(URL), "star") == {}
    enter(alice, cast.alice).post(page_of(two[0], "star/"), {"off": "1"})
    assert facet(alice.get(URL), "star") == {}


def test_words_that_stand_in_the_archive_are_told_of(alice: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    upkeep_services.archive_prompt(prompt=two[0], actor=cast.alice)
    page = text(alice.get(URL, {"q": "Water"}))
    assert f'href="{URL}?q=Water&amp;archived=1">1 archived prompt mentions it too</a>' in page
    assert "mentions it too" not in text(alice.get(URL, {"q": "storm"})) + text(alice.get(URL, {"q": "Water", "archived": "1"}))
    prompts.restrict_prompt(prompt=two[1], people=[cast.bob.user], actor=cast.bob)
    upkeep_services.archive_prompt(prompt=two[1], actor=cast.bob)
    assert "it too" not in text(alice.get(URL, {"q": "storm"}))


def test_kept_filters_stand_above_the_list(alice: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    query = "tag=legal&q=a%26b&page=7&nonsense=1"
    response = alice.post(f"{KEPT}?{query}", {"name": "<i>Ours", "shared": "1"})
    assert response.headers["Location"] == f"{URL}?q=a%26b&tag=legal"
    assert "&lt;i&gt;Ours" in text(enter(alice, cast.vera).get(URL))
    kept = SavedFilter.objects.get()
    assert alice.post(f"{KEPT}{kept.uid}/remove/").status_code == 403
    assert enter(alice, cast.alice).post(f"{KEPT}{kept.uid}/remove/").status_code == 303
    assert not SavedFilter.objects.exists()


@pytest.mark.parametrize(
    ("name", "query"), [("", "q=a"), ("x" * 61, "q=a"), ("<b>x", ""), ("x", "q=%00"), ("x", "%ff=%fe"), ("x", "q=a&tag=" + "y" * 2000)]
)
def test_what_cannot_be_kept_gets_a_sentence_at_its_field(alice: Client, cast: Cast, name: str, query: str) -> None:
    response = alice.post(f"{KEPT}?{query}", {"name": name, "shared": "1"})
    assert response.status_code == 422
    assert sentence_at(response, "keep-name")
    assert f'value="{escape(name)}" aria-invalid="true"' in text(response)
    assert 'name="shared" value="1" checked' in text(response)
    assert not SavedFilter.objects.exists()


def test_kept_filters_are_replaced_only_if_that_is_ticked(alice: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    alice.post(f"{KEPT}?q=water", {"name": "Mine"})
    refused = alice.post(f"{KEPT}?q=storm", {"name": " Mine "})
    assert refused.status_code == 422
    assert sentence_at(refused, "keep-name") == "You already keep filters as “Mine”. Choose another name, or tick Replace them."
    assert 'name="replace"' in text(refused)
    assert SavedFilter.objects.get().query == "q=water"
    assert alice.post(f"{KEPT}?q=storm", {"name": "Mine", "replace": "1"}).status_code == 303
    assert SavedFilter.objects.get().query == "q=storm"
    assert 'name="replace"' not in text(alice.get(URL, {"q": "water"}))


def test_each_deed_for_many_is_a_button_that_names_it(alice: Client, two: tuple[Prompt, Prompt]) -> None:
    page = text(alice.get(URL))
    for deed, label in (("tag", "Add the tag"), ("move", "Move to the folder"), ("archive", "Archive")):
        assert f'name="deed" value="{deed}">{label}</button>' in page


def test_who_may_not_change_prompts_reads_so_before_choosing_any(client: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    page = text(enter(client, cast.vera).get(URL))
    assert "Change several at once" in page
    assert 'class="why-not small mt-2"' in page
    assert 'name="deed"' not in page
    assert "w-tick" not in page


def test_those_that_were_ticked_are_moved(alice: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    alice.post(MANY, {"deed": "move", "words": "Letters/Old", "which": "ticked", "prompt": [str(two[0].uid)], "page": [str(two[1].uid)]})
    assert [prompt.folder.path for prompt in Prompt.objects.order_by("pk")] == ["Letters/Old", ""]


def test_all_that_match_are_tagged_and_untagged(alice: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    page = alice.post(f"{MANY}?q=water", {"deed": "tag", "words": "Legal, old", "which": "all"})
    assert "1 prompt tagged" in text(page)
    assert [[tag.word for tag in prompt.tags.all()] for prompt in two] == [["legal", "old"], []]
    page = alice.post(MANY, {"deed": "untag", "words": "LEGAL", "which": "page", "page": [str(prompt.uid) for prompt in two]})
    assert "1 prompt without the tag now, 1 not" in text(page)
    assert "It does not have this tag." in text(page)
    assert [[tag.word for tag in prompt.tags.all()] for prompt in two] == [["old"], []]


def test_what_is_in_the_folder_already_says_so(alice: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    prompts.change_prompt(prompt=two[0], folder="Letters", actor=cast.alice)
    page = alice.post(MANY, {"deed": "move", "words": "/Letters/", "which": "all"})
    assert "1 prompt moved, 1 not" in text(page)
    assert text(page).count(">Letters<") == 2
    assert "It is there already." in text(page)


def test_more_than_can_be_done_at_once_is_not_begun(
    alice: Client, cast: Cast, two: tuple[Prompt, Prompt], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 1)
    page = alice.post(MANY, {"deed": "archive", "which": "all"})
    assert (page.status_code, Prompt.objects.active().count()) == (422, 2)
    assert sentence_at(page, "which").startswith("These are 2 prompts. At most 1 go at once")


def test_each_refusal_says_why(alice: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    asked(a_version(two[0], by=cast.alice), cast.staging, by=cast.alice)
    page = alice.post(MANY, {"deed": "archive", "which": "all"})
    assert "1 prompt archived, 1 not" in text(page)
    assert "A review of 1.0.0 for Staging is open." in text(page)
    assert list(Prompt.objects.active()) == [two[0]]


def test_who_may_not_write_is_refused_for_each(client: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    page = enter(client, cast.vera).post(MANY, {"deed": "tag", "words": "x", "which": "all"})
    assert page.status_code == 403
    assert text(page).count("Your role does not allow you to write prompts") == 2


def test_what_one_does_not_see_is_not_changed(client: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    prompts.restrict_prompt(prompt=two[0], people=[cast.bob.user], actor=cast.alice)
    enter(client, cast.bella)
    assert client.post(MANY, {"deed": "tag", "words": "x", "which": "ticked", "prompt": str(two[0].uid)}).status_code == 404
    page = client.post(MANY, {"deed": "tag", "words": "x", "which": "all"})
    assert "1 prompt tagged" in text(page)
    assert "Water" not in text(page)


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({}, "bulk-words", "Choose what to do with these prompts."),
        ({"deed": "delete"}, "bulk-words", "Choose what to do with these prompts."),
        ({"deed": "tag", "words": " "}, "bulk-words", "Write the tag."),
        ({"deed": "untag", "words": ","}, "bulk-words", "Write the tag."),
        ({"deed": "tag", "words": "<i>" * 14}, "bulk-words", "A tag has at most 40 characters"),
        ({"deed": "move"}, "bulk-words", "Write the folder."),
        ({"deed": "move", "words": "a//b"}, "bulk-words", "A folder path has names with single / between them"),
        ({"deed": "archive", "prompt": []}, "which", "Choose the prompts first"),
    ],
)
def test_what_is_wrong_with_a_deed_for_many_stands_at_its_field(
    alice: Client, two: tuple[Prompt, Prompt], given: dict[str, Any], field: str, sentence: str
) -> None:
    response = alice.post(f"{MANY}?q=wat&sort=title", {"which": "ticked", "prompt": str(two[0].uid)} | given)
    page = text(response)
    assert response.status_code == 422
    assert sentence_at(response, field).startswith(sentence)
    assert f'placeholder="Tag or folder" value="{escape(given.get("words", ""))}"' in page
    assert (f'value="{two[0].uid}" form="bulk" checked' in page) == ("prompt" not in given)
    assert titles(response) == ["Water"]
    # every way on leads back to the list, with its filters
    assert f'action="{MANY}?q=wat&amp;sort=title"' in page
    assert f'href="{URL}?sort=title"' in page


@pytest.mark.parametrize("address", [MANY, KEPT])
def test_whoever_opens_the_address_of_a_refused_form_comes_to_the_list(alice: Client, address: str) -> None:
    assert alice.get(f"{address}?q=wat").headers["Location"] == URL


def test_what_is_wrong_with_some_of_many_is_said_for_each(alice: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    shelf_services.tag_prompt(prompt=two[0], words=map(str, range(12)), actor=cast.alice)
    page = alice.post(MANY, {"deed": "tag", "words": "legal", "which": "all"})
    assert "1 prompt tagged, 1 not" in text(page)
    assert "At most 12 tags are possible; these are 13." in text(page)


def test_a_uid_that_is_none_finds_nothing(alice: Client, two: tuple[Prompt, Prompt]) -> None:
    assert alice.post(MANY, {"deed": "archive", "prompt": ["nonsense", "1"]}).status_code == 404


def test_an_archived_prompt_leaves_the_library_and_its_search(alice: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    a_version(two[0], by=cast.alice, text="Mind the roof {{claim}}")
    assert alice.post(page_of(two[0], "archive/")).status_code == 303
    assert titles(alice.get(URL)) == ["Storm"]
    assert titles(alice.get(URL, {"archived": "1"})) == ["Water"]
    assert titles(alice.get(URL, {"archived": "1", "q": "roof"})) == ["Water"]
    assert facet(alice.get(URL), "archived") == {"Archived": 1}
    assert "Water" not in text(alice.get("/search", {"q": "roof"}))
    assert "Water" in text(alice.get("/search", {"q": "roof", "archived": "1"}))
    page = text(alice.get(page_of(two[0])))
    assert "This prompt is archived" in page
    assert "Next:" not in page
    assert "This prompt is archived" in text(alice.get(page_of(two[0], "versions/")))
    assert alice.post(page_of(two[0], "drafts/")).status_code == 403
    assert alice.post(page_of(two[0], "restore/")).status_code == 303
    assert titles(alice.get(URL)) == ["Storm", "Water"]


def test_an_archive_with_everything_in_it_can_be_opened(alice: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    alice.post(MANY, {"deed": "archive", "which": "all"})
    assert facet(alice.get(URL), "archived") == {"Archived": 2}
    alice.post(f"{MANY}?archived=1", {"deed": "restore", "which": "all"})
    assert titles(alice.get(URL)) == ["Storm", "Water"]


def test_an_old_address_leads_to_the_same_page(alice: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    promote(a_version(two[0], by=cast.alice), cast.development, by=cast.alice)
    response = alice.post(page_of(two[0], "name/"), {"name": "claims/water"})
    assert response.headers["Location"] == f"{URL}claims/water/-/"
    for rest in ("", "versions/1.0.0/", "use/?x=%C3%BC"):
        old = alice.get(page_of(two[0], rest))
        assert (old.status_code, old.headers["Location"]) == (301, f"{URL}claims/water/-/{rest}")
        assert "no-store" in old.headers["Cache-Control"]
    assert alice.post(page_of(two[0], "star/")).status_code == 409
    assert alice.post(f"{URL}claims/water/-/name/give-up/", {"former": two[0].name}).status_code == 303
    assert alice.get(page_of(two[0])).status_code == 404


def test_a_prompt_is_found_by_a_name_of_before_until_that_is_given_up(alice: Client, two: tuple[Prompt, Prompt]) -> None:
    alice.post(page_of(two[0], "name/"), {"name": "property/basement"})
    assert alice.get("/search", {"q": "water"}).status_code == 302
    alice.post(f"{URL}property/basement/-/name/", {"name": "claims/cellar"})
    address = f"{URL}claims/cellar/-/"
    assert alice.get("/search", {"q": "property/basement"}).headers["Location"] == address
    everywhere, here = alice.get("/search", {"q": "basem"}), alice.get(URL, {"q": "BASEM"})
    assert [item["prompt"].title for item in everywhere.context["titled"]] == titles(here) == ["Water"]
    for page in (everywhere, here):
        assert "was called <bdi>property/<mark>basem</mark>ent</bdi> before" in text(page)
    alice.post(f"{address}name/give-up/", {"former": "property/basement"})
    assert titles(alice.get(URL, {"q": "basem"})) == []
    assert "was called" not in text(alice.get("/search", {"q": "basem"}))


def test_a_name_of_before_tells_a_stranger_nothing(client: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    upkeep_services.rename_prompt(prompt=two[0], name="claims/severance", actor=cast.alice)
    prompts.restrict_prompt(prompt=Prompt.objects.get(pk=two[0].pk), people=[cast.bob.user], actor=cast.alice)
    enter(client, cast.vera)
    for page in (client.get(URL, {"q": two[0].name}), client.get("/search", {"q": two[0].name})):
        assert page.status_code == 200
        assert "severance" not in text(page)
        assert "was called" not in text(page)


def test_an_old_address_tells_a_stranger_nothing(client: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    upkeep_services.rename_prompt(prompt=two[0], name="claims/severance", actor=cast.alice)
    prompts.restrict_prompt(prompt=Prompt.objects.get(pk=two[0].pk), people=[cast.bob.user], actor=cast.alice)
    assert enter(client, cast.vera).get(page_of(two[0])).status_code == 404
    assert enter(client, cast.charlie).get(page_of(two[1])).status_code == 404


@pytest.mark.parametrize(
    ("name", "status"), [("", 422), ("Ü", 422), ('"<b>', 422), ("a b", 422), ("x" * 300, 422), ("storm", 409), ("water", 409)]
)
def test_a_name_that_cannot_be_gets_a_sentence_at_its_field(alice: Client, two: tuple[Prompt, Prompt], name: str, status: int) -> None:
    response = alice.post(page_of(two[0], "name/"), {"name": name})
    assert response.status_code == status
    assert sentence_at(response, "new-name")
    assert f'name="name" value="{escape(name)}"' in text(response)


def test_a_copy_that_cannot_be_made_says_why_at_its_field(alice: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    response = alice.post(page_of(two[0], "copy/"), {"to": "claims"})
    assert (response.status_code, sentence_at(response, "copy-to")) == (409, "There is no version of it yet, so there is nothing to copy.")
    a_version(two[0], by=cast.alice)
    grant_role(project=cast.elsewhere, user=cast.alice.user, role="viewer", actor=cast.root)
    response = alice.post(page_of(two[0], "copy/"), {"to": "elsewhere"})
    assert response.status_code == 403
    assert sentence_at(response, "copy-to").startswith("Your role does not allow you to write prompts")
    assert '<option value="elsewhere" selected>' in text(response)
    assert Entry.objects.filter(action="access.refused").exists()


def test_a_copy_leads_to_its_draft(alice: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    a_version(two[0], by=cast.alice)
    response = alice.post(page_of(two[0], "copy/"), {"to": "claims"})
    assert response.headers["Location"] == f"{URL}water-2/-/drafts/{Draft.objects.get().uid}/"
    assert alice.post(page_of(two[0], "copy/"), {"to": "elsewhere"}).status_code == 404


def test_the_number_of_queries_stays_with_tags_stars_and_hits(alice: Client, cast: Cast, two: tuple[Prompt, Prompt]) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            alice.get(URL, {"q": "claim"})
        return len(seen)

    def dress(prompt: Prompt) -> None:
        a_version(prompt, by=cast.alice)
        shelf_services.tag_prompt(prompt=prompt, words=["a", "b"], actor=cast.alice)
        favourites.star(prompt, cast.alice.user)

    dress(two[0])
    alice.get(URL, {"q": "claim"})
    before = queries()
    for number in range(12):
        dress(a_prompt(cast.claims, by=cast.alice, title=f"More {number}"))
        shelf_services.keep_filter(project=cast.claims, name=f"F{number}", query="tag=a", shared=False, actor=cast.alice)
    alice.get(URL, {"q": "claim"})
    assert queries() == before

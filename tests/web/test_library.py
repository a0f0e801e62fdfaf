from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from promptstudio.accounts.actor import Actor
from promptstudio.deployments import services as deployments
from promptstudio.deployments import target_services
from promptstudio.prompts import services as prompts
from promptstudio.web import searching, shelf
from tests.cast import Cast, a_prompt, a_version, asked, bundle, in_production, promote

URL = "/p/claims/prompts/"


def get(client: Client, actor: Actor, **query: Any) -> Any:
    client.force_login(actor.user, backend="django.contrib.auth.backends.ModelBackend")
    return client.get(URL, query)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def titles(response: Any) -> list[str]:
    return [row["prompt"].title for row in response.context["rows"]]


@pytest.fixture
def three(cast: Cast) -> dict[str, Any]:
    """Water is live everywhere, Storm's newest is only in development, Letter has no version."""
    water = a_prompt(cast.claims, by=cast.alice, title="Water damage")
    in_production(cast, a_version(water, by=cast.alice, text="Ask for the deductible: {{claim}}"))
    storm = a_prompt(cast.claims, by=cast.bob, title="Storm triage")
    in_production(cast, a_version(storm, by=cast.alice))
    newest = a_version(storm, by=cast.alice, text="Mind the roof: {{claim}}")
    promote(newest, cast.development, by=cast.alice)
    letter = prompts.create_prompt(project=cast.claims, title="Letter", folder="Correspondence/Letters", actor=cast.alice)
    return {"water": water, "storm": storm, "letter": letter, "newest": newest}


def test_each_row_says_what_runs_where(client: Client, cast: Cast, three: dict[str, Any]) -> None:
    response = get(client, cast.vera)
    assert titles(response) == ["Letter", "Storm triage", "Water damage"]
    states = {row["prompt"].title: [cell.state for cell in row["cells"]] for row in response.context["rows"]}
    assert states == {
        "Letter": ["none", "none", "none"],
        "Storm triage": ["live", "behind", "behind"],
        "Water damage": ["live", "live", "live"],
    }
    assert "Correspondence / Letters" in text(response)


def test_a_word_is_found_in_the_text_and_shown(client: Client, cast: Cast, three: dict[str, Any]) -> None:
    response = get(client, cast.vera, q="DEDUCTIBLE")
    assert titles(response) == ["Water damage"]
    assert "Ask for the <mark>deductible</mark>" in text(response)
    assert "1 of 3 prompts mentions “DEDUCTIBLE”" in text(response)


def test_every_word_must_be_there(client: Client, cast: Cast, three: dict[str, Any]) -> None:
    assert titles(get(client, cast.vera, q="water deductible")) == ["Water damage"]
    response = get(client, cast.vera, q="water roof")
    assert response.context["rows"] == []
    assert "No prompt mentions “water roof”" in text(response)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": "behind"}, ["Storm triage"]),
        ({"state": ["behind", "none"]}, ["Letter", "Storm triage"]),
        ({"folder": "Correspondence"}, ["Letter"]),
        ({"folder": "Correspondence/Nowhere"}, []),
        ({"folder": "Corr"}, []),
        ({"model": "none"}, ["Letter", "Storm triage", "Water damage"]),
        ({"model": "anthropic.claude-sonnet-5"}, []),
        ({"owner": "not a uid"}, []),
        ({"sort": "title"}, ["Letter", "Storm triage", "Water damage"]),
        ({"state": "nonsense", "sort": "nonsense", "page": "nonsense"}, ["Letter", "Storm triage", "Water damage"]),
    ],
)
def test_filters_stand_in_the_address(client: Client, cast: Cast, three: dict[str, Any], query: dict[str, Any], found: list[str]) -> None:
    assert titles(get(client, cast.vera, **query)) == found


def test_an_owner_is_filtered_by_and_counted(client: Client, cast: Cast, three: dict[str, Any]) -> None:
    response = get(client, cast.vera, owner=str(cast.bob.user.uid))
    assert titles(response) == ["Storm triage"]
    owners = next(facet for facet in response.context["facets"] if facet["name"] == "owner")
    assert {(o.label, o.count, o.chosen) for o in owners["first"]} == {("Alice", 2, False), ("Bob", 1, True)}


def test_a_model_is_one_filter_wherever_it_is_called(client: Client, cast: Cast) -> None:
    haiku = "anthropic.claude-haiku-4-5-20251001-v1:0"
    for title, model in (("Here", haiku), ("There", f"eu.{haiku}")):
        prompt = a_prompt(cast.claims, by=cast.alice, title=title)
        prompts.save_version(prompt=prompt, data=bundle(model=model), change=prompts.Change(summary="First."), actor=cast.alice)
    for value in (haiku, f"eu.{haiku}"):
        response = get(client, cast.vera, model=value)
        assert sorted(titles(response)) == ["Here", "There"]
        models = next(facet for facet in response.context["facets"] if facet["name"] == "model")
        assert [(o.label, o.count, o.chosen) for o in models["first"]] == [("Claude Haiku 4.5", 2, True)]


def test_each_filter_can_be_taken_away(client: Client, cast: Cast, three: dict[str, Any]) -> None:
    response = get(client, cast.vera, q="water", state=["live", "behind"], folder="", sort="title")
    assert [chip["label"] for chip in response.context["chips"]] == ["Text: water", "Newest is live", "Behind"]
    assert response.context["chips"][1]["url"] == "?q=water&state=behind&folder=&sort=title"


def test_folders_count_what_is_below_them(client: Client, cast: Cast, three: dict[str, Any]) -> None:
    tree = get(client, cast.vera).context["tree"]
    assert (tree["count"], tree["children"]["Correspondence"]["count"]) == (3, 1)
    assert not tree["children"]["Correspondence"]["open"]
    opened = get(client, cast.vera, folder="Correspondence").context["tree"]["children"]["Correspondence"]
    assert opened["open"]
    assert opened["children"]["Letters"]["path"] == "Correspondence/Letters"


def test_an_open_review_is_shown_and_leads_there(client: Client, cast: Cast, three: dict[str, Any]) -> None:
    review = asked(three["newest"], cast.production, by=cast.alice)
    assert f"/p/claims/reviews/{review.uid}/" in text(get(client, cast.vera))


def test_what_is_remembered_gives_way_to_what_happened(client: Client, cast: Cast, three: dict[str, Any]) -> None:
    def state_of_water() -> str:
        get(client, cast.vera)
        return next(fact.state for fact in shelf.facts(cast.claims) if fact.prompt == three["water"].pk)

    assert state_of_water() == "live"
    newest = a_version(three["water"], by=cast.alice, text="Ask politely: {{claim}}")
    assert state_of_water() == "behind"
    target_services.add_target(environment=cast.production, name="Bedrock", actor=cast.root)
    in_production(cast, newest)
    assert state_of_water() == "publishing"
    deployments.take_out_of_service(prompt=three["water"], environment=cast.production, reason="Stop.", actor=cast.bob)
    assert state_of_water() == "gone"
    assert "out of service" in text(get(client, cast.vera))


def test_an_empty_library_offers_the_first_prompt(client: Client, cast: Cast) -> None:
    assert "Write your first prompt" in text(get(client, cast.alice))
    read_only = text(get(client, cast.vera))
    assert "Write your first prompt" not in read_only
    assert "Your role does not allow you to write prompts in this project." in read_only


def test_another_project_is_not_there(client: Client, cast: Cast) -> None:
    assert get(client, cast.charlie).status_code == 404


def test_hostile_titles_texts_and_words_are_shown_as_words(client: Client, cast: Cast) -> None:
    evil = "<script>alert(1)</script>"
    prompt = a_prompt(cast.claims, by=cast.alice, title=f"{evil}\r\n‮ שלום " + "x" * 500)
    a_version(prompt, by=cast.alice, text=evil + " {{claim}} " + "y" * 100_000)
    response = get(client, cast.alice, q="<script>")
    assert len(response.context["rows"]) == 1
    assert b"<script>alert" not in response.content
    assert "<mark>&lt;script&gt;</mark>" in text(response)
    around = get(client, cast.alice, q="alert")
    assert "&lt;script&gt;<mark>alert</mark>" in text(around)
    assert b"<script><mark>" not in around.content
    assert len(response.content) < 60_000


@pytest.mark.parametrize("words", ["%", "_", "\\", "'", "\x00", "a " * 3000, "(", "🙂", "{{claim}}"])
def test_odd_words_find_nothing_worse_than_nothing(client: Client, cast: Cast, three: dict[str, Any], words: str) -> None:
    assert get(client, cast.vera, q=words).status_code == 200


def test_what_no_database_can_hold_is_left_out(rf: RequestFactory) -> None:
    assert searching.typed(rf.get("/", {"q": " two\x00 \n words "})) == "two words"
    assert len(searching.typed(rf.get("/", {"q": "a " * 3000})).split()) == searching.MOST_WORDS


def test_an_excerpt_is_one_line_around_the_first_hit() -> None:
    line = searching.excerpt("before " * 40 + "the\nroof & more" + " after" * 40, ["roof"])
    assert line.startswith("…")
    assert line.endswith("…")
    assert "the <mark>roof</mark> &amp; more" in line
    assert len(line) < 250
    assert searching.excerpt("nothing", ["roof"]) == ""


def test_the_number_of_queries_does_not_grow(client: Client, cast: Cast) -> None:
    def grow(start: int, end: int) -> None:
        for number in range(start, end):
            prompt = a_prompt(cast.claims, by=cast.alice, title=f"Letter {number}")
            promote(version := a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
            asked(version, cast.production, by=cast.alice)

    def queries() -> int:
        get(client, cast.vera, q="letter")
        shelf._remembered.clear()
        with CaptureQueriesContext(connection) as captured:
            client.get(URL, {"q": "letter"})
        return len(captured)

    grow(0, 2)
    few = queries()
    grow(2, 30)
    assert queries() == few


def test_many_prompts_come_in_pages(client: Client, cast: Cast) -> None:
    for number in range(27):
        a_prompt(cast.claims, by=cast.alice, title=f"Letter {number:02}")
    assert len(titles(get(client, cast.vera, sort="title"))) == 25
    assert titles(get(client, cast.vera, sort="title", page=2)) == ["Letter 25", "Letter 26"]


def test_a_hit_in_an_old_version_says_in_which(client: Client, cast: Cast, three: dict[str, Any]) -> None:
    a_version(three["water"], by=cast.alice, text="Ask for the <excess>: {{claim}}")
    page = text(get(client, cast.vera, q="deductible"))
    assert "Ask for the <mark>deductible</mark>" in page
    assert 'in <a class="textlink" href="/p/claims/prompts/water-damage/-/versions/1.0.0/">version 1.0.0</a>; the newest does not' in page
    assert "&lt;<mark>excess</mark>&gt;" in text(get(client, cast.vera, q="excess"))


@pytest.mark.parametrize("address", [URL, "/search", "/p/claims/environments/"])
def test_the_search_tells_nothing_of_a_restricted_prompt(client: Client, cast: Cast, three: dict[str, Any], address: str) -> None:
    a_version(three["water"], by=cast.alice, text="Nothing of it: {{claim}}")
    prompts.restrict_prompt(prompt=three["water"], people=[cast.bob.user], actor=cast.alice)
    client.force_login(cast.vera.user, backend="django.contrib.auth.backends.ModelBackend")
    for words in ("deductible", "water", "water-damage", "nothing of"):
        page = text(client.get(address, {"q": words}))
        assert "Water damage" not in page
        assert "Ask for" not in page
    client.force_login(cast.bob.user, backend="django.contrib.auth.backends.ModelBackend")
    assert "Water damage" in text(client.get(address, {"q": "deductible"}))


def test_the_address_of_a_project_leads_to_its_prompts(client: Client, cast: Cast) -> None:
    client.force_login(cast.vera.user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/p/claims/").headers["Location"] == URL
    assert client.get("/p/elsewhere/").status_code == 404

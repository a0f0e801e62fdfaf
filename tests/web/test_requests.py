"""Pages of requests: asking in plain words, finding them, and the one next step of each reader."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from promptstudio.accounts.actor import Actor
from promptstudio.audit.models import Entry
from promptstudio.prompts import request_services as asking
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Draft, Prompt, Request, Version
from tests.cast import Cast, a_prompt, a_version, asked, bundle, in_production, wished, written

LIST, NEW = "/p/claims/requests/", "/p/claims/new-request/"
WISH = {
    "title": "First letter",
    "wanted": "A letter.",
    "good_count": "2",
    "bad_count": "2",
    "good-1-text": "Dear Ms Petersen",
    "folder": "",
}
HOSTILE = "<script>alert(1)</script>\u202e😀" + "x" * 500


def as_(client: Client, actor: Actor) -> Client:
    client.force_login(actor.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def page(client: Client, request: Request, actor: Actor) -> str:
    return text(as_(client, actor).get(f"{LIST}{request.uid}/"))


def send(client: Client, request: Request, deed: str, actor: Actor, **data: str) -> Any:
    return as_(client, actor).post(f"{LIST}{request.uid}/{deed}/", data)


def test_somebody_who_never_saw_a_prompt_asks_for_one(client: Client, cast: Cast) -> None:
    html = text(as_(client, cast.vera).get(NEW))
    assert "What would you like a model to write?" in html
    assert html.count("Good answer ") >= 2
    due = timezone.localdate() + timedelta(days=7)
    given = {"good-1-name": "burst pipe", "good-1-given": "claim: A pipe.", "bad-1-text": "No.", "bad-1-why": "It is rude."}
    response = client.post(NEW, {**WISH, **given, "audience": "Customers", "due_on": due.isoformat()})
    made = Request.objects.get()
    assert (response.status_code, response.headers["Location"]) == (303, f"{LIST}{made.uid}/")
    assert (made.asked_by, made.due_on, made.folder.path) == (cast.vera.user, due, "")
    assert [(a.good, a.name, a.values, a.why) for a in made.answers.all()] == [
        (True, "burst pipe", {"claim": "A pipe."}, ""),
        (False, "Bad answer 2", {}, "It is rude."),
    ]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"title": ""}, "Give it a name"),
        ({"wanted": " "}, "Say what should come out"),
        ({"good-1-text": ""}, "Show at least one answer"),
        ({"good-2-why": "Because."}, "Write the answer, or leave this one empty"),
        ({"due_on": "2020-01-01"}, "That day has passed"),
        ({"due_on": "soon"}, "Give a day"),
        ({"folder": "Nowhere"}, "Choose a folder from the list"),
        ({"audience": "y" * 20_001}, "This is too long"),
    ],
)
def test_a_mistake_is_told_at_its_place_and_nothing_is_lost(client: Client, cast: Cast, change: dict[str, str], sentence: str) -> None:
    response = as_(client, cast.vera).post(NEW, {**WISH, "given": "What I typed", **change})
    html = text(response)
    assert response.status_code == 422
    assert sentence in html
    assert "What I typed" in html
    assert not Request.objects.exists()


def test_one_more_answer_keeps_what_was_typed_and_complains_about_nothing(client: Client, cast: Cast) -> None:
    response = as_(client, cast.vera).post(NEW, {**WISH, "wanted": "", "more": "good"})
    html = text(response)
    assert response.status_code == 200
    assert "Good answer 3" in html
    assert "Dear Ms Petersen" in html
    assert "Say what should come out" not in html


@pytest.mark.parametrize("count", ["", "-1", "9" * 40, "²", "1e3", "0"])
def test_odd_counts_of_answers_are_no_error(client: Client, cast: Cast, count: str) -> None:
    assert as_(client, cast.vera).post(NEW, {**WISH, "good_count": count}).status_code in (303, 422)


def test_hostile_words_stay_words_everywhere(client: Client, cast: Cast) -> None:
    as_(client, cast.vera).post(NEW, {**WISH, "title": HOSTILE, "wanted": HOSTILE, "good-1-text": HOSTILE, "good-1-given": HOSTILE})
    request = Request.objects.get()
    send(client, request, "say", cast.vera, text=HOSTILE)
    draft = asking.start_writing(request=request, actor=cast.alice)
    for address in ("/", LIST, f"{LIST}{request.uid}/", f"/p/claims/prompts/{draft.prompt.name}/-/"):
        assert b"<script>alert" not in as_(client, cast.alice).get(address).content
    assert as_(client, cast.vera).post(NEW, {**WISH, "title": "a\x00b"}).status_code == 422


def test_a_change_of_a_prompt_is_asked_from_its_page(client: Client, cast: Cast, prompt: Prompt) -> None:
    a_version(prompt, by=cast.alice)
    html = text(as_(client, cast.vera).get(f"/p/claims/prompts/{prompt.name}/-/"))
    assert f'href="{NEW}?prompt={prompt.name}"' in html
    client.post(f"{NEW}?prompt={prompt.name}", WISH)
    assert Request.objects.get().prompt == prompt
    assert "First letter" in text(client.get(f"/p/claims/prompts/{prompt.name}/-/"))
    assert client.get(f"{NEW}?prompt=nothing").status_code == 404


def test_each_reader_sees_their_next_step(client: Client, cast: Cast) -> None:
    request = wished(cast.claims, by=cast.vera)
    assert "I take it" in page(client, request, cast.alice)
    assert "Somebody who writes here has to take it" in page(client, request, cast.vera)
    assert send(client, request, "take", cast.alice).status_code == 303
    assert "Start writing" in page(client, request, cast.alice)
    response = send(client, request, "start", cast.alice)
    draft = Draft.objects.get()
    assert response.headers["Location"].endswith(f"/drafts/{draft.uid}/")
    assert "Go on writing" in page(client, request, cast.alice)
    prompts.save_draft(draft=draft, content=bundle("Write: {{claim}}"), revision=1, actor=cast.alice)
    version = prompts.save_version_of_draft(draft=draft, revision=2, change=prompts.Change("As asked."), actor=cast.alice)
    assert "Send 1.0.0 back to Vera" in page(client, request, cast.alice)
    assert send(client, request, "send-back", cast.alice, version="1.0.0", words="Is it?").status_code == 303
    assert "Yes, this is what I wanted" in page(client, request, cast.vera)
    assert "Yes, this is what" not in page(client, request, cast.bob)
    assert send(client, request, "reopen", cast.vera, words="").status_code == 422
    assert send(client, request, "reopen", cast.vera, words="Shorter, please.").status_code == 303
    html = page(client, request, cast.alice)
    assert "Write again" in html
    assert "Shorter, please." in html
    send(client, request, "start", cast.alice)
    asking.send_back(request=request, version=version, actor=cast.alice)
    assert send(client, request, "confirm", cast.vera, version="1.0.0").status_code == 303
    assert "Promote 1.0.0 to Development" in page(client, request, cast.alice)


def test_what_is_linked_is_shown_with_its_state(client: Client, cast: Cast) -> None:
    request = wished(cast.claims, by=cast.vera)
    version = written(request, by=cast.alice)
    review = asked(version, cast.production, by=cast.alice)
    assert f"{LIST}{request.uid}/" in text(as_(client, cast.bob).get(f"/p/claims/reviews/{review.uid}/"))
    html = page(client, request, cast.vera)
    assert "In review" in html
    assert "for Production" in html
    in_production(cast, a_version(version.prompt, by=cast.alice, text="Later {{claim}}"))
    assert "in Production" in page(client, request, cast.vera)
    assert "Answers the request" in text(client.get(f"/p/claims/prompts/{version.prompt.name}/-/versions/{version.semver}/"))


def saving(draft: Draft, **more: Any) -> tuple[str, dict[str, Any]]:
    return f"/p/claims/prompts/{draft.prompt.name}/-/drafts/{draft.uid}/save/", {"summary": "As asked.", "revision": draft.revision, **more}


@pytest.fixture
def draft(cast: Cast) -> Draft:
    made = asking.start_writing(request=wished(cast.claims, by=cast.vera), actor=cast.alice)
    return prompts.save_draft(draft=made, content=bundle("Write: {{claim}}"), revision=1, actor=cast.alice)


def test_a_version_is_saved_and_sent_back_in_one_go(client: Client, cast: Cast, draft: Draft) -> None:
    request = Request.objects.get()
    address, data = saving(draft, answers=str(request.uid), send_back="on")
    html = text(as_(client, cast.alice).get(address))
    assert "This answers the request" in html
    assert html.count("checked") >= 2, "the draft was opened for it"
    assert client.post(address, data).status_code == 303
    request.refresh_from_db()
    assert request.version == Version.objects.get()
    assert request.sent_back_at


def test_a_version_may_answer_it_without_asking_yet_or_answer_nothing(client: Client, cast: Cast, draft: Draft) -> None:
    request = Request.objects.get()
    address, data = saving(draft, answers=str(request.uid))
    as_(client, cast.alice).post(address, data)
    request.refresh_from_db()
    assert request.version
    assert request.sent_back_at is None


def test_an_answer_to_something_closed_saves_nothing(client: Client, cast: Cast, draft: Draft) -> None:
    asking.decline(request=Request.objects.get(), reason="No need.", actor=cast.vera)
    address, data = saving(draft, answers=str(Request.objects.get().uid), send_back="on")
    response = as_(client, cast.alice).post(address, data)
    assert response.status_code == 422
    assert not Version.objects.exists()


def test_what_cannot_be_sent_back_is_told_and_saves_nothing(client: Client, cast: Cast, draft: Draft) -> None:
    prompts.restrict_prompt(prompt=draft.prompt, people=[cast.bob.user], actor=cast.alice)
    address, data = saving(draft, answers=str(Request.objects.get().uid), send_back="on")
    response = as_(client, cast.alice).post(address, data)
    assert response.status_code == 422
    assert "Vera does not see this prompt" in text(response)
    assert not Version.objects.exists()


def test_refusals_keep_what_was_typed(client: Client, cast: Cast) -> None:
    request = wished(cast.claims, by=cast.vera)
    response = send(client, request, "decline", cast.axel, reason="I think not.")
    assert response.status_code == 403
    assert "I think not." in text(response)
    assert Entry.objects.filter(action="access.refused").exists()
    asking.take_request(request=request, actor=cast.alice)
    assert send(client, request, "take", cast.bob).status_code == 409
    conflict = send(client, request, "confirm", cast.vera, version="9.9.9", words="Fine.")
    assert conflict.status_code == 409
    assert "Fine." in text(conflict)
    assert send(client, request, "hand-over", cast.alice, to="").status_code == 422
    assert send(client, request, "hand-over", cast.alice, to="x").status_code == 404
    assert send(client, request, "say", cast.vera, text=" ").status_code == 422


def test_the_list_is_filtered_and_searched_in_its_address(client: Client, cast: Cast) -> None:
    letter = wished(cast.claims, by=cast.vera, title="Letter", due_on=timezone.localdate())
    hail = wished(cast.claims, by=cast.bob, title="Hail")
    asking.take_request(request=hail, actor=cast.alice)
    asking.decline(request=wished(cast.claims, by=cast.vera, title="Poem"), reason="No.", actor=cast.dora)
    Request.objects.filter(pk=letter.pk).update(due_on=timezone.localdate() - timedelta(days=1))
    as_(client, cast.alice)
    titles = {
        query: [row.title for row in client.get(f"{LIST}{query}").context["page_obj"]]
        for query in (
            "",
            "?state=all",
            "?state=declined",
            "?whose=write",
            "?whose=free",
            "?overdue=1",
            "?q=hai",
            "?q=vera",
            "?state=x&page=99",
        )
    }
    assert titles == {
        "": ["Hail", "Letter"],
        "?state=all": ["Poem", "Hail", "Letter"],
        "?state=declined": ["Poem"],
        "?whose=write": ["Hail"],
        "?whose=free": ["Letter"],
        "?overdue=1": ["Letter"],
        "?q=hai": ["Hail"],
        "?q=vera": ["Letter"],
        "?state=x&page=99": ["Hail", "Letter"],
    }
    assert [row.title for row in as_(client, cast.bob).get(f"{LIST}?whose=asked").context["page_obj"]] == ["Hail"]


def test_a_restricted_prompt_does_not_leak_through_its_requests(client: Client, cast: Cast) -> None:
    request = wished(cast.claims, by=cast.vera, title="Severance letter")
    draft = asking.start_writing(request=request, actor=cast.alice)
    prompts.restrict_prompt(prompt=draft.prompt, people=[cast.bob.user], actor=cast.alice)
    assert "Severance" not in text(as_(client, cast.bella).get(f"{LIST}?state=all"))
    assert "Severance" not in text(client.get("/"))
    assert client.get(f"{LIST}{request.uid}/").status_code == 404
    assert "Severance" in text(as_(client, cast.bob).get(LIST))


def test_the_home_page_and_the_menu_say_what_waits(client: Client, cast: Cast) -> None:
    request = wished(cast.claims, by=cast.vera)
    html = text(as_(client, cast.alice).get("/"))
    assert "One request for a prompt waits for you." in html
    assert "Vera asks for" in html
    assert '<span class="count">1<span class="visually-hidden"> waiting for you</span>' in html
    wished(cast.claims, by=cast.alice, title="Hail")
    assert "You ask for <bdi>Hail</bdi>" in text(as_(client, cast.alice).get("/"))
    written(request, by=cast.alice)
    assert "Is 1.0.0 what you wanted?" in text(as_(client, cast.vera).get("/"))


def test_beside_the_preview_stands_what_the_asker_would_be_glad_to_read(client: Client, cast: Cast, draft: Draft) -> None:
    example = draft.prompt.examples.get()
    address = f"/p/claims/prompts/{draft.prompt.name}/-/drafts/{draft.uid}/"
    assert "What Vera would be glad to read" in text(as_(client, cast.alice).get(f"{address}?example={example.uid}"))
    assert "What Vera would be glad to read" not in text(client.get(address))


@pytest.mark.parametrize("address", [LIST, "/"])
def test_the_number_of_queries_does_not_grow(client: Client, cast: Cast, address: str) -> None:
    def grow(start: int, end: int) -> None:
        for number in range(start, end):
            wished(cast.claims, by=cast.vera, title=f"Letter {number}")
            written(wished(cast.claims, by=cast.alice, title=f"Note {number}"), by=cast.bob)
            wished(a_prompt(cast.claims, by=cast.alice, title=f"Old {number}"), by=cast.vera)

    def queries() -> int:
        as_(client, cast.alice).get(address)
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        return len(captured)

    grow(0, 2)
    few = queries()
    grow(2, 6)
    assert queries() == few


def test_the_page_of_one_asks_as_often_with_many_steps(client: Client, cast: Cast) -> None:
    request = wished(cast.claims, by=cast.vera)
    written(request, by=cast.alice)

    def queries() -> int:
        page(client, request, cast.bob)
        with CaptureQueriesContext(connection) as captured:
            client.get(f"{LIST}{request.uid}/")
        return len(captured)

    few = queries()
    for _ in range(5):
        asking.say(request=request, text="More.", actor=cast.bella)
    assert queries() == few


def test_whoever_writes_for_a_request_reads_it_above_the_text(client: Client, cast: Cast, prompt: Prompt) -> None:
    wish = asking.take_request(request=wished(prompt, by=cast.vera), actor=cast.alice)
    draft = asking.start_writing(request=wish, actor=cast.alice)
    page = text(as_(client, cast.alice).get(f"/p/claims/prompts/{prompt.name}/-/drafts/{draft.uid}/"))
    assert "What Vera asked for" in page
    assert "It says when." in page
    other = prompts.open_draft(prompt=prompt, actor=cast.alice)
    assert "What Vera asked for" not in text(client.get(f"/p/claims/prompts/{prompt.name}/-/drafts/{other.uid}/"))

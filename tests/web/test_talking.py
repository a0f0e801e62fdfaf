"""Comments on the lines of a difference: they stay with their text, are answered, settled and taken."""

from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from promptstudio.audit.models import Entry
from promptstudio.deployments import services as deploying
from promptstudio.deployments.erasing import erase_words
from promptstudio.lib.errors import Conflict
from promptstudio.prompts import services as prompts
from promptstudio.prompts.diff import Lines
from promptstudio.prompts.models import Draft, Prompt, Version
from promptstudio.reviews import conversation_services as services
from promptstudio.reviews.models import Mention, Remark, Review, Suggestion, Thread
from tests.cast import Cast, a_person, a_snippet, a_version, asked, in_production, live_version, promote

from .reading import HOSTILE, at, queries, text, typed_back

FIRST = "Sort this claim: {{claim}}\nBe kind.\nAnswer in at most 150 words."
SECOND = "Sort this claim: {{claim}}\nBe kind.\nAnswer in at most 90 words.\nNever promise cover."
PROMPT = "/p/claims/prompts/water-damage-triage/-/"
HERE = "messages.0.text"


@pytest.fixture
def first(cast: Cast, prompt: Prompt) -> Version:
    made = a_version(prompt, by=cast.alice, text=FIRST)
    in_production(cast, made)
    return made


@pytest.fixture
def second(cast: Cast, prompt: Prompt, first: Version) -> Version:
    return a_version(prompt, by=cast.alice, text=SECOND)


@pytest.fixture
def review(cast: Cast, second: Version) -> Review:
    return asked(second, cast.production, by=cast.alice)


def page_of(review: Review) -> str:
    return f"/p/claims/reviews/{review.uid}/"


def compare(old: Version, new: Version) -> str:
    return f"{PROMPT}compare/{old.semver}...{new.semver}/"


def say(version: Version, line: int, words: str, *, by: Any, **more: Any) -> Thread:
    return services.begin_thread(version=version, lines=Lines(HERE, line, line), text=words, actor=by, **more)


def written(client: Client, version: Version, **form: Any) -> Any:
    typed = {"place": HERE, "first": "4", "last": "4", "text": "Is this clear?", "back": "/p/claims/reviews/"} | form
    return client.post(f"{PROMPT}comment/{version.semver}/", typed)


def test_each_changed_line_has_a_link_that_opens_a_form_without_script(client: Client, cast: Cast, review: Review) -> None:
    html = text(at(client, cast.bob).get(page_of(review)))
    link = "?comment=" + quote(f"new:{HERE}:4", safe="")
    assert f'href="{link}#say-line"' in html
    assert 'id="say-line"' not in html
    html = text(client.get(page_of(review) + link))
    assert 'id="say-line"' in html
    assert "Never promise cover.</textarea>" in html


@pytest.mark.parametrize(
    ("form", "suggested"),
    [
        ({"words": "Promise nothing."}, ["Promise nothing."]),
        ({"words": "Promise nothing.\r\nEver.", "text": ""}, ["Promise nothing.\nEver."]),
        ({"words": "Never promise cover."}, []),
        ({"first": "3", "words": "Answer in at most 90 words."}, []),
        ({"first": "3", "words": "Answer in at most 90 words.\r\nNever promise cover."}, []),
        ({"words": "", "take_out": "yes"}, [""]),
        ({"words": "Never promise cover.", "take_out": "yes"}, [""]),
    ],
)
def test_words_that_were_changed_are_a_suggestion(
    client: Client, cast: Cast, review: Review, form: dict[str, str], suggested: list[str]
) -> None:
    assert written(at(client, cast.bob), review.version, **form).status_code == 302
    assert [suggestion.text for suggestion in Suggestion.objects.all()] == suggested


def test_a_comment_stands_below_its_line_on_every_page_that_shows_it(client: Client, cast: Cast, review: Review, first: Version) -> None:
    cast.bob.user.is_staff = True
    cast.bob.user.save()
    response = written(at(client, cast.bob), review.version, back=page_of(review))
    thread = Thread.objects.get()
    assert response["Location"] == f"{page_of(review)}#talk-{thread.uid}"
    for url in (
        page_of(review),
        f"/admin/reviews/review/{review.pk}/change/",
        compare(first, review.version),
        f"/p/claims/talk/{thread.uid}/",
    ):
        html = text(client.get(url))
        assert "Is this clear?" in html, url
        assert f'id="talk-{thread.uid}"' in html, url
    assert Entry.objects.filter(action="thread.begun", object_uid=thread.uid).exists()


def test_it_stays_with_its_text_in_the_next_version(client: Client, cast: Cast, prompt: Prompt, review: Review) -> None:
    thread = say(review.version, 4, "Is this clear?", by=cast.bob)
    third = a_version(prompt, by=cast.alice, text="Read the claim twice.\n" + SECOND)
    html = text(at(client, cast.bob).get(page_of(asked(third, cast.production, by=cast.alice))))
    line, talk = html.index("Never promise cover."), html.index(f"talk-{thread.uid}")
    assert line < talk
    assert "Said about 1.0.1" in html or f"Said about {review.version.semver}" in html
    assert "no longer there" not in html


def test_where_the_text_is_gone_it_says_so(client: Client, cast: Cast, prompt: Prompt, review: Review) -> None:
    say(review.version, 4, "Is this clear?", by=cast.bob)
    third = a_version(prompt, by=cast.alice, text=FIRST + "\nIn German.")
    html = text(at(client, cast.bob).get(page_of(asked(third, cast.production, by=cast.alice))))
    assert f"About text that is no longer there: line 4 of {review.version.semver}" in html
    assert "Never promise cover." in html


def test_what_was_reworded_since_says_so(client: Client, cast: Cast, prompt: Prompt, review: Review) -> None:
    say(review.version, 4, "Is this clear?", by=cast.bob)
    third = a_version(prompt, by=cast.alice, text=SECOND.replace("promise cover", "promise any cover at all"))
    html = text(at(client, cast.bob).get(page_of(asked(third, cast.production, by=cast.alice))))
    assert f"About other words, which stood here in {review.version.semver}" in html


def test_a_line_that_was_taken_out_can_be_spoken_of_on_its_side(client: Client, cast: Cast, review: Review, first: Version) -> None:
    anchor = quote(f"old:{HERE}:3", safe="")
    html = text(at(client, cast.bob).get(f"{page_of(review)}?comment={anchor}"))
    assert f"{PROMPT}comment/{first.semver}/" in html
    thread = say(first, 3, "Why not 150?", by=cast.bob)
    assert f"talk-{thread.uid}" in text(client.get(page_of(review)))


def test_a_comment_on_a_message_that_did_not_change_opens_its_card(client: Client, cast: Cast, prompt: Prompt, first: Version) -> None:
    bundle = {**first.bundle.as_json(), "kind": "chat", "system": "Be brief."}
    second = prompts.save_version(prompt=prompt, data=bundle, change=prompts.Change(summary="Brief."), actor=cast.alice)
    thread = say(second, 2, "How kind?", by=cast.bob)
    html = text(at(client, cast.bob).get(compare(first, second)))
    assert html.index("Be kind.") < html.index(f"talk-{thread.uid}")


def test_a_conversation_alone_leads_back_to_its_review(client: Client, cast: Cast, review: Review, first: Version) -> None:
    thread, other = say(review.version, 4, "Is this clear?", by=cast.bob), say(first, 3, "Why not 150?", by=cast.bob)
    back = f'href="{page_of(review)}#talk-{thread.uid}"'
    assert back in text(at(client, cast.bob).get(f"/p/claims/talk/{thread.uid}/"))
    assert "Back to the review of 1.0.0 for Production" in text(client.get(f"/p/claims/talk/{other.uid}/"))
    alone = say(a_version(review.version.prompt, by=cast.alice, text=FIRST + "\nBye."), 1, "Hm.", by=cast.bob)
    assert "Back to the review" not in text(client.get(f"/p/claims/talk/{alone.uid}/"))


def test_whoever_did_not_write_it_reads_what_taking_a_suggestion_means(client: Client, cast: Cast, review: Review) -> None:
    say(review.version, 4, "Shorter?", by=cast.bob, suggests="Promise nothing.")
    sentence = "You become an author of the next version, and cannot approve it."
    assert sentence in text(at(client, cast.bella).get(page_of(review)))
    html = text(at(client, cast.alice).get(page_of(review)))
    assert "Take it into a draft" in html
    assert sentence not in html


def test_replies_and_settling(client: Client, cast: Cast, review: Review) -> None:
    thread = say(review.version, 4, "Is this clear?", by=cast.bob)
    at(client, cast.alice).post(f"/p/claims/talk/{thread.uid}/reply/", {"text": "Very.", "settle": "yes", "back": page_of(review)})
    html = text(client.get(page_of(review)))
    assert "Very." in html
    assert "Settled by Alice" in html
    client.post(f"/p/claims/talk/{thread.uid}/open/", {"back": page_of(review)})
    assert "Settled by Alice" not in text(client.get(page_of(review)))
    found = Entry.objects.filter(object_uid=thread.uid).order_by("id").values_list("action", flat=True)
    assert list(found) == ["thread.begun", "thread.replied", "thread.resolved", "thread.reopened"]


def test_what_is_settled_does_not_follow_into_later_versions(client: Client, cast: Cast, prompt: Prompt, review: Review) -> None:
    thread = say(review.version, 4, "Is this clear?", by=cast.bob)
    services.resolve(thread=thread, actor=cast.bob)
    third = a_version(prompt, by=cast.alice, text="Read the claim twice.\n" + SECOND)
    assert "Is this clear?" not in text(at(client, cast.bob).get(page_of(asked(third, cast.production, by=cast.alice))))


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"text": "  "}, "Write something first."),
        ({"last": "9", "text": "Kept"}, "There are no such lines"),
        ({"last": "1", "text": "Kept"}, "There are no such lines"),
        ({"text": "x" * 20_001}, "This is too long"),
        ({"text": "Kept", "words": ""}, "Write the words that you suggest, or tick that the lines are taken out."),
        ({"text": "Kept", "words": "Promise nothing.", "take_out": "yes"}, "Suggest other words, or take the lines out: one of the two."),
        ({"text": "", "words": "Never promise cover."}, "Write something first."),
    ],
)
def test_what_cannot_be_taken_stands_in_the_form_again(
    client: Client, cast: Cast, review: Review, form: dict[str, str], sentence: str
) -> None:
    response = written(at(client, cast.bob), review.version, **form)
    assert response.status_code == 422
    assert sentence in text(response)
    for typed in (form.get("text", ""), form.get("words", "")):
        assert typed.strip() in text(response)
    assert not Thread.objects.exists()


@pytest.mark.parametrize(
    "form",
    [
        {"place": "messages.99.text"},
        {"place": "messages.-1.text"},
        {"place": "variables.0.name"},
        {"place": "<b>"},
        {"first": "0"},
        {"first": "²"},
        {"first": "9" * 400},
        {"last": "-3"},
        {"text": "a\x00b"},
    ],
)
def test_hostile_forms_get_a_sentence(client: Client, cast: Cast, review: Review, form: dict[str, str]) -> None:
    assert written(at(client, cast.bob), review.version, **form).status_code in (302, 422)
    for anchor in ("new:messages.7.text:1", "old:system:1", "new:x", "new:messages.0.text:0", "\x00", "new:system:99999999999"):
        assert client.get(page_of(review), {"comment": anchor}).status_code == 200


def test_hostile_words_are_words(client: Client, cast: Cast, review: Review) -> None:
    say(review.version, 4, HOSTILE, by=cast.bob, suggests=HOSTILE)
    html = at(client, cast.bob).get(page_of(review)).content.decode()
    assert "<script>alert(1)" not in html


def test_it_leads_back_to_pages_of_ours_alone(client: Client, cast: Cast, review: Review) -> None:
    for back in ("https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)"):
        assert written(at(client, cast.bob), review.version, back=back)["Location"].startswith("/p/claims/talk/")


def test_a_restricted_prompts_talk_is_not_there_for_others(client: Client, cast: Cast, prompt: Prompt, review: Review) -> None:
    thread = say(review.version, 4, "Is this clear?", by=cast.alice, suggests="Promise nothing.")
    prompts.restrict_prompt(prompt=prompt, people=[cast.bella.user], actor=cast.alice)
    at(client, cast.bob)
    assert client.get(f"/p/claims/talk/{thread.uid}/").status_code == 404
    assert client.post(f"/p/claims/talk/{thread.uid}/reply/", {"text": "Hi"}).status_code == 404
    assert client.post(f"/p/claims/suggestions/{Suggestion.objects.get().uid}/take/").status_code == 404


def test_whoever_only_reads_sees_it_and_has_no_form(client: Client, cast: Cast, review: Review) -> None:
    say(review.version, 4, "Is this clear?", by=cast.bob)
    html = text(at(client, cast.vera).get(page_of(review)))
    assert "Is this clear?" in html
    assert ">Reply<" not in html
    assert "?comment=" not in html


class TestSuggestions:
    @pytest.fixture
    def suggestion(self, cast: Cast, review: Review) -> Suggestion:
        say(review.version, 4, "Shorter?", by=cast.bob, suggests="Promise nothing.")
        return Suggestion.objects.get()

    def take(self, client: Client, suggestion: Suggestion) -> Any:
        return client.post(f"/p/claims/suggestions/{suggestion.uid}/take/")

    def test_one_click_puts_it_into_a_draft(self, client: Client, cast: Cast, review: Review, suggestion: Suggestion) -> None:
        response = self.take(at(client, cast.alice), suggestion)
        draft = Draft.objects.get(ended_at=None)
        assert response["Location"] == f"{PROMPT}drafts/{draft.uid}/"
        assert draft.content["messages"][0]["text"] == SECOND.replace("Never promise cover.", "Promise nothing.")
        assert [editor.user for editor in draft.editors.all()] == [cast.alice.user]
        assert "Alice took it" in text(client.get(page_of(review)))

    def test_who_suggested_it_may_still_approve(self, cast: Cast, suggestion: Suggestion) -> None:
        draft = services.take_suggestion(suggestion=suggestion, actor=cast.alice)
        version = prompts.save_version_of_draft(draft=draft, revision=draft.revision, change=prompts.Change("Shorter."), actor=cast.alice)
        assert not version.was_written_by(cast.bob.user)

    def test_a_snippet_stays_a_snippet_when_other_words_are_taken(self, cast: Cast, prompt: Prompt) -> None:
        a_snippet(cast.claims, by=cast.alice)
        version = a_version(prompt, by=cast.alice, text="{{> greeting}}\nNever promise cover.\n{{claim}}")
        lines = Lines("messages.0.text", 2, 2)
        thread = services.begin_thread(version=version, lines=lines, suggests="Promise nothing.", actor=cast.bob)
        draft = services.take_suggestion(suggestion=Suggestion.objects.get(remark__thread=thread), actor=cast.alice)
        assert draft.content["messages"][0]["text"] == "{{> greeting}}\nPromise nothing.\n{{claim}}"
        inside = services.begin_thread(version=version, lines=Lines("messages.0.text", 1, 1), suggests="Dear {{claim}}", actor=cast.bob)
        with pytest.raises(Conflict, match="These words come from a snippet"):
            services.take_suggestion(suggestion=Suggestion.objects.get(remark__thread=inside), actor=cast.alice)

    def test_it_uses_the_draft_that_is_open(self, cast: Cast, prompt: Prompt, suggestion: Suggestion) -> None:
        draft = prompts.open_draft(prompt=prompt, actor=cast.alice)
        content = {**draft.content, "system": "Be brief."}
        prompts.save_draft(draft=draft, content=content, revision=1, actor=cast.alice)
        taken = services.take_suggestion(suggestion=suggestion, actor=cast.alice)
        assert taken == draft
        assert taken.content["system"] == "Be brief."
        assert "Promise nothing." in taken.content["messages"][0]["text"]

    def test_a_text_that_changed_meanwhile_gives_a_sentence_and_loses_nothing(
        self, client: Client, cast: Cast, prompt: Prompt, suggestion: Suggestion
    ) -> None:
        a_version(prompt, by=cast.alice, text=FIRST + "\nIn German.")
        response = self.take(at(client, cast.alice), suggestion)
        assert response.status_code == 409
        assert "The text changed since" in text(response)
        assert "Promise nothing." in text(response)
        assert not Draft.objects.exists()

    def test_a_draft_that_is_no_prompt_yet_gives_a_sentence(self, client: Client, cast: Cast, suggestion: Suggestion) -> None:
        draft = prompts.open_draft(prompt=suggestion.remark.thread.version.prompt, actor=cast.alice)
        prompts.save_draft(draft=draft, content={**draft.content, "variables": [{"name": "??"}]}, revision=1, actor=cast.alice)
        response = self.take(at(client, cast.alice), suggestion)
        assert response.status_code == 409
        assert "is not finished enough" in text(response)

    def test_erased_words_are_not_taken(self, client: Client, cast: Cast, suggestion: Suggestion) -> None:
        erase_words(row=suggestion, actor=cast.root)
        assert "The suggested words were erased." in text(self.take(at(client, cast.alice), suggestion))


class TestMentions:
    def test_a_name_is_kept_as_a_mark_and_shown_as_a_chip(self, client: Client, cast: Cast, review: Review) -> None:
        say(review.version, 4, "@Bella, is this clear? Or @bob?", by=cast.alice)
        remark = Remark.objects.get()
        assert remark.text == f"{{person:{cast.bella.user.uid}}}, is this clear? Or {{person:{cast.bob.user.uid}}}?"
        html = text(at(client, cast.alice).get(page_of(review)))
        assert '<bdi class="mention">@Bella</bdi>, is this clear? Or <bdi class="mention">@Bob</bdi>?' in html

    def test_it_waits_for_them_until_they_opened_it(self, client: Client, cast: Cast, review: Review) -> None:
        thread = say(review.version, 4, "@Bella, is this clear?", by=cast.alice)
        home = text(at(client, cast.bella).get("/"))
        assert "Alice mentioned you" in home
        assert f"/p/claims/talk/{thread.uid}/" in home
        client.get(f"/p/claims/talk/{thread.uid}/")
        assert "mentioned you" not in text(client.get("/"))

    def test_in_the_conversation_of_a_review_too(self, client: Client, cast: Cast, review: Review) -> None:
        client.force_login(cast.alice.user)
        client.post(f"{page_of(review)}comment/", {"text": "@Bella please"})
        assert "Alice mentioned you" in text(at(client, cast.bella).get("/"))
        assert '<bdi class="mention">@Bella</bdi> please' in text(client.get(page_of(review)))
        assert "mentioned you" not in text(client.get("/"))

    def test_in_what_is_written_to_a_decision_too(self, client: Client, cast: Cast, review: Review) -> None:
        client.force_login(cast.bob.user)
        client.post(
            page_of(review), {"verdict": "request_changes", "comment": "@Bella, is 90 right?", "seen": str(review.version.follows.uid)}
        )
        decision = review.decisions.get()
        assert decision.comment == f"{{person:{cast.bella.user.uid}}}, is 90 right?"
        assert "“@Bella, is 90 right?”" in text(at(client, cast.alice).get("/"))
        home = text(at(client, cast.bella).get("/"))
        assert "Bob mentioned you" in home
        html = text(client.get(page_of(review)))
        assert '<bdi class="mention">@Bella</bdi>, is 90 right?' in html
        assert "Bob asked for changes: “@Bella, is 90 right?”" in html
        assert "{person:" not in html
        assert "mentioned you" not in text(client.get("/"))

    def test_a_refusal_that_quotes_it_is_kept_with_marks_and_read_with_names(self, client: Client, cast: Cast, review: Review) -> None:
        promote(review.version, cast.development, cast.staging, by=cast.alice)
        live = live_version(review.version.prompt, cast.production)
        deploying.decide(review=review, verdict="request_changes", comment="@Bella, is 90 right?", seen=live, actor=cast.bob)
        with pytest.raises(deploying.Blocked) as refused:
            promote(review.version, cast.production, by=cast.alice)
        assert "Bella" not in str(refused.value.evaluation.outcomes)
        assert "Bob asked for changes: “@Bella, is 90 right?”" in str(refused.value)

    def test_the_same_words_twice_are_one_decision(self, client: Client, cast: Cast, review: Review) -> None:
        live = live_version(review.version.prompt, cast.production)
        for _ in range(2):
            with suppress(Conflict):
                deploying.decide(review=review, verdict="request_changes", comment="@Bella?", seen=live, actor=cast.bob)
        assert Mention.objects.count() == review.decisions.count() == 1

    def test_two_of_one_name_are_asked_about_at_the_decision(self, client: Client, cast: Cast, review: Review) -> None:
        for name in ("Anna Berg", "Anna Holt"):
            a_person(name, cast.claims, "product", by=cast.root)
        at(client, cast.bob)
        data = {"verdict": "request_changes", "comment": "@Anna, look", "seen": str(review.version.follows.uid)}
        response = client.post(page_of(review), data)
        assert response.status_code == 422
        assert "More than one person here is called Anna." in text(response)
        assert typed_back(response, "@Anna, look")
        assert not review.decisions.exists()

    def test_two_people_of_one_name_are_asked_about(self, client: Client, cast: Cast, review: Review) -> None:
        a_person("Anna Berg", cast.claims, "product", by=cast.root)
        a_person("Anna Holt", cast.claims, "product", by=cast.root)
        response = written(at(client, cast.bob), review.version, text="@Anna, look")
        assert response.status_code == 422
        assert "More than one person here is called Anna. Write @Anna Berg or @Anna Holt." in text(response)
        assert typed_back(response, "@Anna, look")
        written(client, review.version, text="@Anna Holt, look")
        assert Mention.objects.get().person.name == "Anna Holt"

    def test_only_people_who_may_see_the_prompt_are_found(self, cast: Cast, prompt: Prompt, review: Review) -> None:
        prompts.restrict_prompt(prompt=prompt, people=[cast.bella.user], actor=cast.alice)
        say(Version.objects.get(pk=review.version_id), 4, "@Charlie @Bob @Bella @Dora write to a@bella.example", by=cast.alice)
        assert {mention.person.name for mention in Mention.objects.all()} == {"Bella", "Dora"}
        assert Remark.objects.get().text.startswith("@Charlie @Bob {person:")

    def test_whoever_sees_the_prompt_no_more_is_not_told(self, client: Client, cast: Cast, prompt: Prompt, review: Review) -> None:
        say(review.version, 4, "@Bob, is this clear?", by=cast.alice)
        prompts.restrict_prompt(prompt=prompt, people=[cast.bella.user], actor=cast.alice)
        assert "mentioned you" not in text(at(client, cast.bob).get("/"))

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            ("@Pawel, look", "Nobody here is called Pawel, so @Pawel told nobody."),
            ("@Pawel and @Bella and @zoe.b: @Pawel!", "Nobody here is called Pawel or zoe.b, so @Pawel and @zoe.b told nobody."),
        ],
    )
    def test_a_name_that_is_nobodys_is_said_wherever_it_is_written(
        self, client: Client, cast: Cast, review: Review, words: str, sentence: str
    ) -> None:
        at(client, cast.bob)
        written(client, review.version, text=words, back=page_of(review))
        assert sentence in text(client.get(page_of(review)))
        assert sentence not in text(client.get(page_of(review)))
        # Below the words it stays, where the page is after sending; for whoever wrote them.
        standing = sentence.partition(", so ")[2]
        assert f">{standing}</p>" in text(client.get(page_of(review)))
        assert f">{standing}</p>" not in text(at(Client(), cast.alice).get(page_of(review)))
        client.post(f"/p/claims/talk/{Thread.objects.get().uid}/reply/", {"text": words})
        assert sentence in text(client.get(page_of(review)))
        assert sentence in text(client.post(f"{page_of(review)}comment/", {"text": words}, follow=True))
        form = {"verdict": "approve", "comment": words, "seen": str(review.version.follows.uid)}
        assert sentence in text(client.post(page_of(review), form, follow=True))

    @pytest.mark.parametrize("words", ["@Bella, look", "Write to claims@example.com", "50 @ 3", "@", "Nobody"])
    def test_nothing_is_said_where_everybody_was_told(self, client: Client, cast: Cast, review: Review, words: str) -> None:
        written(at(client, cast.bob), review.version, text=words, back=page_of(review))
        assert "Nobody here is called" not in text(client.get(page_of(review)))

    def test_who_can_be_named_stands_in_the_page_for_whoever_may_write(
        self, client: Client, cast: Cast, prompt: Prompt, review: Review
    ) -> None:
        namesake = a_person("Bobby", cast.claims, "viewer", by=cast.root)
        namesake.user.name = "Bob"
        namesake.user.save()
        html = text(at(client, cast.bella).get(page_of(review)))
        assert '<option value="Alice" label="Alice">' in html
        assert '<option value="bobby" label="Bob">' in html
        assert "Charlie" not in html
        assert "<datalist" not in text(at(client, cast.vera).get(page_of(review)))

    def test_a_mark_that_somebody_typed_is_a_text(self, client: Client, cast: Cast, review: Review) -> None:
        say(review.version, 4, f"Who is {{person:{cast.charlie.user.uid}}}?", by=cast.alice)
        assert "Charlie" not in text(at(client, cast.alice).get(page_of(review)))


def test_the_trail_and_the_activity_of_the_prompt_tell_it(client: Client, cast: Cast, review: Review) -> None:
    thread = say(review.version, 4, "Is this clear?", by=cast.bob)
    for url in (f"{PROMPT}activity/", "/p/claims/audit/?about=water-damage-triage&kind=reviews"):
        html = text(at(client, cast.bella).get(url))
        assert "line 4 of Water damage triage" in html, url
        assert "Is this clear?" not in html
    assert f"/p/claims/talk/{thread.uid}/" in html


def test_more_talk_takes_no_more_queries(client: Client, cast: Cast, review: Review) -> None:
    say(review.version, 4, "@Bella, one", by=cast.bob, suggests="x")
    for number in (1, 2):
        deploying.decide(review=review, verdict="request_changes", comment=f"@Bella {number}", seen=review.version.follows, actor=cast.bob)
    at(client, cast.alice)
    before = queries(client, page_of(review)), queries(client, "/")
    for number in (3, 4, 5):
        deploying.decide(review=review, verdict="request_changes", comment=f"@Dora {number}", seen=review.version.follows, actor=cast.bob)
    for line in (1, 2, 3, 4):
        services.reply(thread=say(review.version, line, "@Bella, more", by=cast.bob, suggests="y"), text="@Dora yes", actor=cast.bella)
    assert (queries(client, page_of(review)), queries(client, "/")) == before

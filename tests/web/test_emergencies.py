"""Promoting past the conditions, and looking at it afterwards, as people see it."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.accounts.actor import Actor
from promptstudio.deployments.emergency_services import conclude, promote_in_an_emergency
from promptstudio.deployments.models import AfterReview, Conclusion, Deployment
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, a_person, a_prompt, a_version, asked, in_production, live_version, promote

from .reading import HOSTILE, at, queries, text, typed_back

PAGE = "/p/claims/prompts/water-damage-triage/-/"
USUAL = PAGE + "promote/production/1.0.0/"
EMERGENCY = USUAL + "emergency/"


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    return a_version(prompt, by=cast.alice)


@pytest.fixture
def dana(cast: Cast) -> Actor:
    return a_person("Dana", cast.claims, "admin", by=cast.root)


@pytest.fixture
def forced(cast: Cast, version: Version) -> Deployment:
    return promote_in_an_emergency(version=version, environment=cast.production, reason="It promises <b>money</b>.", actor=cast.dora)


def seen(response: Any) -> dict[str, str]:
    return {"replaces": response.context["cell"].replaces}


def after_review_url(forced: Deployment) -> str:
    return f"/p/claims/after-reviews/{forced.after_review.uid}/"


def test_the_usual_page_leads_there_where_a_condition_is_open_and_one_may(client: Client, cast: Cast, version: Version) -> None:
    assert EMERGENCY in text(at(client, cast.dora).get(USUAL))
    assert EMERGENCY not in text(at(client, cast.alice).get(USUAL))
    development = PAGE + "promote/development/1.0.0/"
    assert "in an emergency" not in text(at(client, cast.dora).get(development))


def test_it_names_what_is_passed_over_and_goes_with_a_reason(client: Client, cast: Cast, version: Version) -> None:
    page = at(client, cast.dora).get(EMERGENCY)
    assert "although 2 conditions are not met" in text(page)
    assert "Every project admin is told at once" in text(page)
    response = client.post(EMERGENCY, {"reason": "It burns.", **seen(page)}, follow=True)
    assert live_version(version.prompt, cast.production) == version
    assert "Promoted in an emergency, past: Previous environment, Approvals" in text(response)


def test_without_a_reason_nothing_happens(client: Client, cast: Cast, version: Version) -> None:
    page = at(client, cast.dora).get(EMERGENCY)
    response = client.post(EMERGENCY, {"reason": " ", **seen(page)})
    assert (response.status_code, 'id="reason-error" role="alert"' in text(response)) == (422, True)
    assert not Deployment.objects.exists()


def test_whoever_may_not_reads_why(client: Client, cast: Cast, version: Version) -> None:
    page = text(at(client, cast.bella).get(EMERGENCY))
    assert "Promoting to Production past the conditions is for project admin. Ask one of them" in page
    assert '<form class="stack" method="post"' not in page
    refused = client.post(EMERGENCY, {"reason": "I need it"})
    assert (refused.status_code, "I need it" in text(refused)) == (403, True)


def test_where_every_condition_is_met_it_leads_to_the_usual_way(client: Client, cast: Cast, version: Version) -> None:
    page = at(client, cast.dora).get(PAGE + "promote/development/1.0.0/emergency/")
    assert "Every condition is met" in text(page)
    refused = client.post(PAGE + "promote/development/1.0.0/emergency/", {"reason": "Now!", **seen(page)})
    assert (refused.status_code, "Promote 1.0.0 the usual way." in text(refused)) == (409, True)


def test_a_recalled_version_is_not_offered(client: Client, cast: Cast, version: Version) -> None:
    promote(version, cast.development, by=cast.alice)
    at(client, cast.dora).post(PAGE + "recall/1.0.0/", {"reason": "It promises cover."})
    page = client.get(EMERGENCY)
    assert "1.0.0 was recalled: somebody said that it does harm." in text(page)
    assert '<form class="stack" method="post"' not in text(page)
    refused = client.post(EMERGENCY, {"reason": "Even so", **seen(page)})
    assert (refused.status_code, "Not even in an emergency" in text(refused), "Even so" in text(refused)) == (409, True, True)


@pytest.mark.parametrize(
    "address",
    [PAGE, PAGE + "versions/1.0.0/", "/p/claims/environments/", "/p/claims/report/?environment=production", "/"],
    ids=["overview", "version", "environments", "report", "home"],
)
def test_it_is_marked_wherever_it_shows(client: Client, cast: Cast, forced: Deployment, address: str) -> None:
    assert "in an emergency" in text(at(client, cast.dora).get(address)).lower()


def test_why_is_this_live_says_so_and_what_was_said_of_it(client: Client, cast: Cast, forced: Deployment, dana: Actor) -> None:
    page = text(at(client, cast.vera).get(PAGE + "why/production/"))
    assert "In an emergency, past: Previous environment, Approvals" in page
    assert "Nobody has looked at it since" in page
    conclude(after_review=forced.after_review, verdict="not_justified", words="Ask first.", actor=dana)
    assert 'It was not justified: “<span dir="auto">Ask first.</span>”' in text(client.get(PAGE + "why/production/"))


@pytest.mark.parametrize("address", ["/", "/p/claims/reviews/"])
def test_it_waits_for_other_admins_and_for_nobody_else(client: Client, cast: Cast, forced: Deployment, dana: Actor, address: str) -> None:
    assert after_review_url(forced) in text(at(client, dana).get(address))
    for other in (cast.dora, cast.bob, cast.alice):
        assert after_review_url(forced) not in text(at(client, other).get(address))


def test_another_admin_closes_it(client: Client, cast: Cast, forced: Deployment, dana: Actor) -> None:
    page = at(client, dana).get(after_review_url(forced))
    assert typed_back(page, "It promises <b>money</b>.")
    response = client.post(after_review_url(forced), {"verdict": "justified", "words": "The text is mended."}, follow=True)
    assert "It was justified" in text(response)
    assert "The text is mended." in text(response)
    assert not AfterReview.objects.open().exists()


def test_an_answer_without_words_stays_typed(client: Client, cast: Cast, forced: Deployment, dana: Actor) -> None:
    response = at(client, dana).post(after_review_url(forced), {"verdict": "not_justified", "words": ""})
    assert (response.status_code, 'id="words-error" role="alert"' in text(response)) == (422, True)
    assert 'value="not_justified" required checked' in text(response)


def test_whoever_was_slower_reads_what_the_other_one_said(client: Client, cast: Cast, forced: Deployment, dana: Actor) -> None:
    conclude(after_review=forced.after_review, verdict="justified", words="It burned.", actor=cast.root)
    response = at(client, dana).post(after_review_url(forced), {"verdict": "not_justified", "words": "Typed & lost?"})
    assert response.status_code == 409
    assert "Root closed it already" in text(response)
    assert typed_back(response, "Typed & lost?")


def test_whoever_promoted_reads_that_another_one_has_to(client: Client, cast: Cast, forced: Deployment) -> None:
    page = text(at(client, cast.dora).get(after_review_url(forced)))
    assert "You promoted this yourself. Another project admin has to look at it." in page
    assert client.post(after_review_url(forced), {"verdict": "justified", "words": "Me."}).status_code == 403


def test_hostile_words_are_shown_as_words(client: Client, cast: Cast, forced: Deployment, dana: Actor) -> None:
    at(client, dana).post(after_review_url(forced), {"verdict": "justified", "words": HOSTILE})
    assert Conclusion.objects.get().words == HOSTILE.strip().replace("\r\n", "\n")
    for address in (after_review_url(forced), PAGE + "why/production/", "/p/claims/audit/"):
        assert "<script>alert(1)" not in text(client.get(address))


def test_the_lists_ask_as_much_for_many_as_for_one(client: Client, cast: Cast, forced: Deployment, dana: Actor) -> None:
    at(client, dana)
    before = {address: queries(client, address) for address in ("/", "/p/claims/reviews/", "/p/claims/environments/")}
    for number in range(4):
        version = a_version(a_prompt(cast.claims, by=cast.alice, title=f"Prompt {number}"), by=cast.alice)
        promote_in_an_emergency(version=version, environment=cast.production, reason="Fire.", actor=cast.dora)
    assert {address: queries(client, address) for address in before} == before


def test_what_came_after_it_is_not_marked(client: Client, cast: Cast, forced: Deployment) -> None:
    in_production(cast, a_version(forced.version.prompt, by=cast.alice, text="Second {{claim}}"))
    assert "In an emergency" not in text(at(client, cast.vera).get("/p/claims/environments/"))


def test_a_review_that_an_emergency_overtook_shows_what_it_was_about(client: Client, cast: Cast, prompt: Prompt, version: Version) -> None:
    in_production(cast, version)
    newer = a_version(prompt, by=cast.alice, text="Hurry: {{claim}}")
    review = asked(newer, cast.production, by=cast.alice)
    forced = promote_in_an_emergency(version=newer, environment=cast.production, reason="It burns.", actor=cast.dora)
    page = text(at(client, cast.bob).get(f"/p/claims/reviews/{review.uid}/"))
    assert f"{newer.semver} was promoted in an emergency before this was decided." in page
    assert after_review_url(forced) in page
    assert "1.0.0, live in Production before" in page
    assert "Hurry" in page

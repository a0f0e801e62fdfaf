"""One checklist: the same gates, titles and reasons wherever somebody decides, and up to date while the page is open."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from promptstudio.deployments import gates
from promptstudio.deployments.services import Blocked
from promptstudio.projects.key_services import create_key
from promptstudio.prompts.models import Prompt, Version
from promptstudio.reviews.models import Review
from tests.cast import Cast, a_version, an_application, approve, asked, promote
from tests.web.admin.panel import promote_url, staff

from .reading import at, text


@pytest.fixture
def review(cast: Cast, prompt: Prompt) -> Review:
    """Two of five conditions are open: Bob approved, Bella did not, and nothing was live when he did."""
    version = a_version(prompt, by=cast.alice)
    promote(version, cast.development, cast.staging, by=cast.alice)
    made = asked(version, cast.production, by=cast.alice)
    approve(made, cast.bob)
    return made


def address(version: Version, name: str = "prompt_conditions") -> str:
    return reverse(name, args=["claims", version.prompt.name, "production", version.semver])


def told(page: str) -> list[tuple[str, ...]]:
    """Title, state and reason of each gate, as they stand on a page."""
    item = re.compile(r'<span class="name">([^<]*) <em class="(?:passed|waiting)">([^<]*)</em></span>(?:<p>([^<]*)</p>)?</li>')
    return item.findall(page)


def pages(cast: Cast, review: Review) -> dict[str, str]:
    version = review.version
    return {
        "review": reverse("review", args=["claims", review.uid]),
        "promote": address(version, "prompt_promote"),
        "review in the administration": reverse("admin:reviews_review_change", args=[review.pk]),
        "promote in the administration": f"{promote_url(version)}?environment={cast.production.pk}",
        "queue": reverse("admin:index"),
    }


def test_it_is_the_same_everywhere(client: Client, cast: Cast, review: Review) -> None:
    browser = at(client, staff(cast.bella))
    seen = {name: told(text(browser.get(url))) for name, url in pages(cast, review).items()}
    seen["once more"] = told(text(browser.get(address(review.version), HTTP_HX_REQUEST="true")))
    assert len(seen["review"]) == len(gates.evaluate(gates.candidate_for(review.version, cast.production))) == 5
    assert {name: found for name, found in seen.items() if found != seen["review"]} == {}


def test_programs_read_the_same(client: Client, cast: Cast, review: Review) -> None:
    account = an_application(cast.claims, responsible=cast.bob, by=cast.dora)
    _, token = create_key(account=account, name="CI", scopes=("read",), actor=cast.dora)
    answer = client.get(f"/api/v1/reviews/{review.uid}", HTTP_AUTHORIZATION=f"Bearer {token}").json()
    shown = told(text(at(client, cast.bella).get(pages(cast, review)["review"])))
    assert [(gate["title"], "passed" if gate["passed"] else "not yet") for gate in answer["gates"]] == [row[:2] for row in shown]
    assert {frozenset(gate) for gate in answer["gates"]} == {frozenset({"gate", "title", "passed", "reason"})}


@pytest.mark.parametrize("name", ["review", "promote", "review in the administration", "promote in the administration"])
def test_while_it_is_open_it_asks_again(client: Client, cast: Cast, review: Review, name: str) -> None:
    browser = at(client, staff(cast.bella))
    page = text(browser.get(pages(cast, review)[name]))
    [url] = re.findall(r'hx-get="([^"]*/conditions/[^"]*)" hx-trigger="every 20s"', page)
    assert browser.get(url, HTTP_HX_REQUEST="true").status_code == 204
    approve(review, cast.bella)
    answer = browser.get(url, HTTP_HX_REQUEST="true")
    assert (answer.status_code, "Every condition is met" in text(answer)) == (200, True)
    assert 'id="conditions-in-short" hx-swap-oob="true"' in text(answer)
    [again] = re.findall(r'hx-get="([^"]*)"', text(answer))
    assert browser.get(again, HTTP_HX_REQUEST="true").status_code == 204


def test_a_closed_review_asks_no_more(client: Client, cast: Cast, review: Review) -> None:
    approve(review, cast.bella)
    promote(review.version, cast.production, by=cast.alice)
    page = text(at(client, cast.bella).get(pages(cast, review)["review"]))
    assert "/conditions/" not in page


def test_whoever_opens_the_address_is_led_to_the_page(client: Client, cast: Cast, review: Review) -> None:
    answer = at(client, cast.bella).get(address(review.version))
    assert (answer.status_code, answer.url) == (302, address(review.version, "prompt_promote"))


def test_it_never_takes_the_page_away_from_somebody_who_writes_on_it(client: Client, cast: Cast, review: Review) -> None:
    """Who was signed out elsewhere is led to the sign-in by the next deed, and not by a page that looks on."""
    answer = client.get(address(review.version), HTTP_HX_REQUEST="true")
    assert (answer.status_code, "HX-Redirect" in answer.headers) == (204, False)


def test_it_is_told_to_nobody_else(client: Client, cast: Cast, review: Review) -> None:
    assert at(client, cast.charlie).get(address(review.version), HTTP_HX_REQUEST="true").status_code == 404


@pytest.mark.parametrize("shown", ["", "x" * 5000, "\x00", "<script>", "🙂"])
def test_whatever_a_page_says_that_it_shows_it_gets_the_list(client: Client, cast: Cast, review: Review, shown: str) -> None:
    answer = at(client, cast.bella).get(address(review.version), {"shown": shown}, HTTP_HX_REQUEST="true")
    assert answer.status_code == 200


def test_what_was_answered_once_is_told_with_names(client: Client, cast: Cast, review: Review) -> None:
    with pytest.raises(Blocked) as refused:
        promote(review.version, cast.production, by=cast.alice)
    page = text(at(client, staff(cast.root)).get(reverse("admin:deployments_evaluation_change", args=[refused.value.evaluation.pk])))
    assert "These people can give it: Bella." in page
    assert "{person" not in page

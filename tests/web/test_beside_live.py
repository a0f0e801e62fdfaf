"""The page of a version's tests beside those of what is live: what got worse, and letting it."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.audit.models import Entry
from promptstudio.deployments.erasing import erase_words
from promptstudio.evaluations.models import AcceptedCase, Suite
from promptstudio.projects.services import change_policy
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, asked, promote
from tests.deployments.worse import a_suite, cases, good, got_worse, run_on, saved
from tests.evaluations.scripted import PATH

from .reading import HOSTILE, at, queries, text, typed_back

PAGE = "/p/claims/prompts/water-damage-triage/-/tests/staging/1.0.1/"
ACCEPT = f"{PAGE}accept/"


@pytest.fixture
def suite(cast: Cast, prompt: Prompt, settings: Any) -> Suite:
    settings.MODEL_RUNNER = PATH
    change_policy(environment=cast.staging, data={"previous_environment": True, "no_regression": True}, actor=cast.dora)
    change_policy(environment=cast.staging, data={"previous_environment": True}, actor=cast.dora)
    suite, _, _ = got_worse(cast, prompt)
    change_policy(environment=cast.staging, data={"previous_environment": True, "no_regression": True}, actor=cast.dora)
    return suite


def test_what_got_worse_stands_there_with_both_answers_and_why(client: Client, cast: Cast, suite: Suite) -> None:
    page = text(at(client, cast.bob).get(PAGE))
    assert "1 worse" in page
    assert "Fire</h4>" in page
    assert "Pipe</h4>" not in page
    assert page.index("good</div>") < page.index("bad</div>"), "what is live stands first"


def test_it_is_linked_from_the_review_and_from_promoting(client: Client, cast: Cast, suite: Suite) -> None:
    version = Version.objects.get(semver="1.0.1")
    review = asked(version, cast.staging, by=cast.alice)
    at(client, cast.bob)
    for address in (f"/p/claims/reviews/{review.uid}/", "/p/claims/prompts/water-damage-triage/-/promote/staging/1.0.1/"):
        assert f'href="{PAGE}"' in text(client.get(address, follow=True)), address


def test_somebody_with_the_role_accepts_and_takes_it_back(client: Client, cast: Cast, suite: Suite) -> None:
    at(client, cast.bob)
    choice = {"suite": str(suite.uid), "case": "Fire"}
    assert client.post(ACCEPT, {**choice, "reason": "We ask by phone."}).status_code == 303
    page = text(client.get(PAGE))
    assert "<b>Bob</b> (Product) accepted this" in page
    assert "We ask by phone." in page
    assert client.post(ACCEPT, {**choice, "back": ""}).status_code == 303
    assert "accepted this" not in text(client.get(PAGE))
    assert list(AcceptedCase.objects.values_list("accepted", flat=True)) == [True, False]


def test_without_a_reason_nothing_is_accepted_and_the_field_says_so(client: Client, cast: Cast, suite: Suite) -> None:
    page = at(client, cast.bob).post(ACCEPT, {"suite": str(suite.uid), "case": "Fire", "reason": " "})
    assert page.status_code == 422
    assert "Say why it may get worse." in text(page)


def test_too_long_a_reason_is_kept_in_its_field(client: Client, cast: Cast, suite: Suite) -> None:
    words = HOSTILE * 100
    page = at(client, cast.bob).post(ACCEPT, {"suite": str(suite.uid), "case": "Fire", "reason": words})
    assert page.status_code == 422
    assert typed_back(page, words)


def test_what_was_accepted_a_moment_ago_is_told(client: Client, cast: Cast, suite: Suite) -> None:
    choice = {"suite": str(suite.uid), "case": "Fire", "reason": "We ask."}
    at(client, cast.bob).post(ACCEPT, choice)
    page = at(client, cast.bella).post(ACCEPT, choice)
    assert (page.status_code, "Bob accepted this case already." in text(page)) == (409, True)


@pytest.mark.parametrize(("field", "value", "status"), [("suite", "x", 404), ("suite", "\0", 404), ("case", "nothing", 409)])
def test_nonsense_is_answered(client: Client, cast: Cast, suite: Suite, field: str, value: str, status: int) -> None:
    given = {"suite": str(suite.uid), "case": "Fire", "reason": "We ask."} | {field: value}
    assert at(client, cast.bob).post(ACCEPT, given).status_code == status


def test_whoever_may_not_reads_why(client: Client, cast: Cast, suite: Suite) -> None:
    page = text(at(client, cast.vera).get(PAGE))
    assert "Accept this case" not in page
    assert "Ask one of them." in page


def test_pages_without_anything_to_compare_say_what_to_do(client: Client, cast: Cast, prompt: Prompt, settings: Any) -> None:
    settings.MODEL_RUNNER = PATH
    live = saved(cast, prompt, "Sort")
    address = "/p/claims/prompts/water-damage-triage/-/tests/staging/{}/"
    at(client, cast.bob)
    assert "Nothing is live in Staging yet" in text(client.get(address.format("1.0.0")))
    promote(live, cast.development, cast.staging, by=cast.alice)
    assert "1.0.0 is what is live in Staging." in text(client.get(address.format("1.0.0")))
    saved(cast, prompt, "Judge")
    assert "No suite is required of this prompt" in text(client.get(address.format("1.0.1")))
    a_suite(cast, prompt, cases("Pipe"))
    assert "was not run on 1.0.1 as its cases are now." in text(client.get(address.format("1.0.1")))


def test_however_many_cases_got_worse_the_page_takes_as_many_queries(client: Client, cast: Cast, suite: Suite, prompt: Prompt) -> None:
    at(client, cast.bob)
    few = queries(client, PAGE)
    names = [f"Case {number}" for number in range(30)]
    change_policy(environment=cast.staging, data={"previous_environment": True}, actor=cast.dora)
    more = a_suite(cast, prompt, cases(*names), name="Many")
    for version, passing in zip(prompt.versions.order_by("id"), (names, []), strict=True):
        run_on(cast, more, version, good(*passing))
    assert queries(client, PAGE) == few


def test_the_reason_can_be_erased(cast: Cast, client: Client, suite: Suite) -> None:
    at(client, cast.bob).post(ACCEPT, {"suite": str(suite.uid), "case": "Fire", "reason": "Frau Schmidt knows."})
    erase_words(row=AcceptedCase.objects.get(), actor=cast.root)
    assert AcceptedCase.objects.get().reason == "[erased]"
    assert "Frau Schmidt" not in text(client.get(PAGE))
    assert Entry.objects.filter(action="text.erased").exists()

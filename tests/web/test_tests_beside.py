"""Tests where somebody decides: reviews and promotions show how a version stands beside what is live, and run what is missing."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.evaluations.models import Run, Suite
from promptstudio.evaluations.suite_services import add_suite, archive_suite
from promptstudio.evaluations.worker import answer_due
from promptstudio.prompts.models import Prompt, Version
from promptstudio.reviews.models import Review
from promptstudio.web.requests import review_url
from tests.cast import Cast, asked, promote
from tests.deployments.worse import saved
from tests.evaluations.scripted import saying

from .reading import HTMX, at, queries, text
from .test_results import OTHER, all_sorted, but_no_storm, cases, run

pytestmark = pytest.mark.usefixtures("calls")

PROMOTE = "/p/claims/prompts/water-damage-triage/-/promote/staging/1.0.1/"


@pytest.fixture
def old(cast: Cast, prompt: Prompt) -> Version:
    version = saved(cast, prompt, "Sort")
    promote(version, cast.development, cast.staging, by=cast.dora)
    return version


@pytest.fixture
def new(cast: Cast, prompt: Prompt, old: Version) -> Version:
    version = saved(cast, prompt, "Sort well")
    promote(version, cast.development, by=cast.dora)
    return version


@pytest.fixture
def suite(cast: Cast, old: Version) -> Suite:
    return add_suite(prompt=old.prompt, name="Usual claims", cases=cases(), required=True, actor=cast.alice)


@pytest.fixture
def review(cast: Cast, new: Version) -> Review:
    return asked(new, cast.staging, by=cast.alice)


def pages_of(review: Review) -> list[str]:
    return [review_url(review), PROMOTE]


def forms_of(review: Review) -> list[str]:
    return [f"{page}tests/" for page in pages_of(review)]


def test_both_pages_name_what_live_passes_and_the_new_version_does_not(
    client: Client, cast: Cast, suite: Suite, old: Version, new: Version, review: Review
) -> None:
    run(suite, old, cast, all_sorted)
    run(suite, new, cast, but_no_storm)
    for address in pages_of(review):
        page = text(at(client, cast.bob).get(address))
        assert "2 of 3 passed" in page
        assert "3 of 3 passed" in page
        assert '1 case that 1.0.0 passes and 1.0.1 does not</a>: <span dir="auto">Storm</span>' in page
        assert f"tests/{suite.uid}/results/?version=1.0.1&amp;version=1.0.0&amp;show=worse" in page
        assert "Must never fail" not in page


def test_a_case_that_must_never_fail_stands_out(client: Client, cast: Cast, suite: Suite, new: Version, review: Review) -> None:
    run(suite, new, cast, lambda asked: "No." if "pipe" in asked else "Sorted.")
    page = text(at(client, cast.bob).get(review_url(review)))
    assert 'Must never fail, and 1.0.1 does not pass: <b dir="auto">Burst pipe</b>' in page
    assert "that 1.0.0 passes" not in page, "what is live was not run"


def test_a_reviewer_runs_it_right_there(client: Client, cast: Cast, suite: Suite, new: Version, review: Review) -> None:
    at(client, cast.bob)
    for address, form in zip(pages_of(review), forms_of(review), strict=True):
        page = text(client.get(address))
        assert "Run it on 1.0.1" in page or "Run it again on 1.0.1" in page
        assert "3 calls, at most" in page
        waiting = client.post(form, {"suite": suite.uid, "on": "1.0.1"}, headers=HTMX)
        assert 'hx-trigger="every 1s"' in text(waiting)
        assert "3 of 3 on their way" in text(waiting)
        with saying():
            answer_due()
        there = text(client.get(form, headers=HTMX))
        assert "hx-trigger" not in there
        assert "0 of 3 passed" in there
        assert "The results are there." in there


def test_without_script_the_same_form_leads_back(client: Client, cast: Cast, suite: Suite, review: Review) -> None:
    at(client, cast.bob)
    for address, form in zip(pages_of(review), forms_of(review), strict=True):
        answer = client.post(form, {"suite": suite.uid, "on": "1.0.0"})
        assert (answer.status_code, answer["Location"]) == (303, f"{address}#tests-h")
    assert [started.label for started in Run.objects.all()] == ["1.0.0", "1.0.0"]


@pytest.mark.parametrize("wrong", [{"on": "9.9.9"}, {"on": ""}, {"suite": "no uid"}, {"suite": "00000000-0000-4000-8000-000000000000"}])
def test_what_is_not_there_is_not_run(client: Client, cast: Cast, suite: Suite, review: Review, wrong: dict[str, str]) -> None:
    for form in forms_of(review):
        assert at(client, cast.bob).post(form, {"suite": suite.uid, "on": "1.0.1"} | wrong).status_code == 404


def test_a_refusal_says_why_on_the_page(client: Client, cast: Cast, suite: Suite, review: Review, settings: Any) -> None:
    settings.MODEL_CALLS_A_DAY = 2
    for form in forms_of(review):
        page = at(client, cast.bob).post(form, {"suite": suite.uid, "on": "1.0.1"}, headers=HTMX)
        assert "You may ask models 2 times in 24 hours" in text(page)


def test_whoever_only_reads_sees_results_and_no_buttons(client: Client, cast: Cast, suite: Suite, new: Version, review: Review) -> None:
    run(suite, new, cast, all_sorted)
    for address, form in zip(pages_of(review), forms_of(review), strict=True):
        page = text(at(client, cast.vera).get(address))
        assert "3 of 3 passed" in page
        assert "Run it" not in page
        assert client.post(form, {"suite": suite.uid, "on": "1.0.1"}).status_code == 403


def test_only_the_cases_as_they_are_now_on_its_own_model_speak(
    client: Client, cast: Cast, suite: Suite, new: Version, review: Review
) -> None:
    run(suite, new, cast, all_sorted, model=OTHER)
    page = text(at(client, cast.bob).get(review_url(review)))
    assert page.count("not run on the cases as they are now") == 2
    archive_suite_of = add_suite(prompt=suite.prompt, name="Rare", cases=cases(), actor=cast.alice)
    archive_suite(suite=archive_suite_of, actor=cast.alice)
    assert "Rare" not in text(client.get(review_url(review)))


def test_the_pages_take_the_same_queries_however_many_suites_and_runs(
    client: Client, cast: Cast, suite: Suite, old: Version, new: Version, review: Review
) -> None:
    run(suite, new, cast, all_sorted)
    at(client, cast.bob)
    few = [queries(client, address) for address in pages_of(review)]
    for name in ("Rare", "Letters", "Long"):
        more = add_suite(prompt=suite.prompt, name=name, cases=cases(), actor=cast.alice)
        for version in (old, new, new):
            run(more, version, cast, but_no_storm, repeats=2)
    assert [queries(client, address) for address in pages_of(review)] == few


def test_without_a_suite_nothing_is_said(client: Client, cast: Cast, review: Review) -> None:
    for address in pages_of(review):
        assert 'id="tests-h"' not in text(at(client, cast.bob).get(address))


def test_nothing_is_estimated_again_while_results_come_in(client: Client, cast: Cast, suite: Suite, new: Version, review: Review) -> None:
    here = f"{review_url(review)}tests/"
    at(client, cast.bob)
    assert "at most" in text(client.get(here, headers=HTMX))
    client.post(here, {"suite": str(suite.uid), "on": new.semver}, headers=HTMX)
    waiting = text(client.get(here, headers=HTMX))
    assert ("every 1s" in waiting, "at most" in waiting) == (True, False)

"""How a change will be known to have worked, in pages: written down, shown with how it came out, answered by who is asked."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from promptstudio.deployments.criteria import check_due
from promptstudio.deployments.criterion_services import add_criterion
from promptstudio.deployments.models import CriterionOutcome, CriterionWatch
from promptstudio.evaluations import suite_services
from promptstudio.evaluations.cases import parse_cases
from promptstudio.evaluations.models import Suite
from promptstudio.lib import clock
from promptstudio.notifications.models import Notification
from promptstudio.notifications.telling import tell_due
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Criterion, Prompt, Version
from tests.cast import Cast, a_version, asked, promote

from .reading import HOSTILE, at, queries, text, typed_back

pytestmark = pytest.mark.usefixtures("calls")

PAGE = "/p/claims/prompts/water-damage-triage/-/"
VERSION = f"{PAGE}versions/1.0.0/"
NEW = f"{VERSION}how-we-will-know/"


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    return a_version(prompt, by=cast.alice)


@pytest.fixture
def suite(cast: Cast, prompt: Prompt) -> Suite:
    cases = parse_cases({"cases": [{"values": {"claim": "x"}, "assertions": [{"type": "icontains", "value": "x"}]}]})
    return suite_services.add_suite(prompt=prompt, name="Usual claims", cases=cases, actor=cast.alice)


def asked_of_bob(cast: Cast, version: Version) -> CriterionWatch:
    """The time is over, and Bob is asked."""
    given: dict[str, Any] = {"metric": "asked", "person": cast.bob.user, "question": "Fewer complaints?", "days": 1}
    add_criterion(version=version, environment=cast.development, **given, actor=cast.alice)
    promote(version, cast.development, by=cast.dora)
    check_due()
    past = clock.now() - timedelta(hours=1)
    CriterionWatch.objects.update(ends_at=past, due_at=past)
    check_due()
    return CriterionWatch.objects.get()


def measured(suite: Suite, /, **more: str) -> dict[str, str]:
    usual = {"suite": str(suite.uid), "metric": "pass_rate", "threshold": "95", "days": "3", "environment": "production"}
    return {"kind": "measured"} | usual | more


def test_what_tests_measure_is_written_down(client: Client, cast: Cast, version: Version, suite: Suite) -> None:
    at(client, cast.alice)
    assert "Passed cases, at least … %" in text(client.get(NEW))
    assert client.post(NEW, measured(suite)).headers["Location"] == VERSION
    page = text(client.get(VERSION))
    assert "Passed cases in “Usual claims”: at least 95 %, within 3 days in Production" in page
    assert "Begins when it is live in Production." in page


def test_whom_to_ask_is_written_down(client: Client, cast: Cast, version: Version) -> None:
    given = {"kind": "asked", "person": str(cast.bob.user.uid), "question": "Fewer?", "days": "14", "environment": "staging"}
    at(client, cast.alice).post(NEW, given)
    assert Criterion.objects.get().in_words == "Bob is asked after 14 days in Staging: “Fewer?”"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"threshold": "lots"}, "Write a number above 0, and not above 100 %."),
        ({"threshold": ""}, "Write a number, such as 95."),
        ({"days": "0"}, "Choose a number of days from 1 to 365."),
        ({"days": "soon"}, "Choose a number of days from 1 to 365."),
        ({"suite": "x"}, "Choose from the list."),
        ({"metric": "joy"}, "Choose from the list."),
        ({"environment": "moon"}, "Choose from the list."),
    ],
)
def test_bad_input_gets_a_sentence(
    client: Client, cast: Cast, version: Version, suite: Suite, wrong: dict[str, str], sentence: str
) -> None:
    page = at(client, cast.alice).post(NEW, measured(suite, **wrong))
    assert (page.status_code, sentence in text(page)) == (422, True)
    assert not Criterion.objects.exists()


def test_what_was_typed_stays_and_is_no_markup(client: Client, cast: Cast, version: Version) -> None:
    page = at(client, cast.alice).post(NEW, {"kind": "asked", "question": HOSTILE, "days": "3", "environment": "staging"})
    assert page.status_code == 422
    assert typed_back(page, HOSTILE.split("\n")[0])
    assert at(client, cast.alice).post(NEW, {"kind": "\0"}).status_code in (400, 422)


def test_who_is_asked_finds_it_at_home_and_answers(client: Client, cast: Cast, version: Version) -> None:
    watch = asked_of_bob(cast, version)
    at(client, cast.bob)
    assert "One question to answer waits for you." in text(client.get("/"))
    there = f"{PAGE}how-we-will-know/{watch.uid}/"
    assert there in text(client.get("/"))
    assert client.post(there, {"words": "Hm."}).status_code == 422
    client.post(there, {"verdict": "missed", "words": "<b>As many</b> as ever."})
    assert CriterionOutcome.objects.get().words == "<b>As many</b> as ever."
    page = text(client.get(VERSION))
    assert "&lt;b&gt;As many&lt;/b&gt; as ever." in page
    assert "/-/roll-back/development/" in page
    assert client.post(there, {"verdict": "confirmed"}).status_code == 409


def test_others_read_the_question_and_do_not_answer_it(client: Client, cast: Cast, version: Version) -> None:
    there = f"{PAGE}how-we-will-know/{asked_of_bob(cast, version).uid}/"
    page = at(client, cast.vera).get(there)
    assert "Bob is asked this, and answers it." in text(page)
    assert client.post(there, {"verdict": "confirmed"}).status_code == 403
    assert at(client, cast.charlie).get(there).status_code == 404


def test_who_is_asked_is_told_and_a_miss_is_told_to_those_who_look_after_it(client: Client, cast: Cast, version: Version) -> None:
    watch = asked_of_bob(cast, version)
    tell_due()
    assert list(Notification.objects.filter(kind="criterion_asked").values_list("person__name", flat=True)) == ["Bob"]
    at(client, cast.bob).post(f"{PAGE}how-we-will-know/{watch.uid}/", {"verdict": "missed"})
    tell_due()
    told = Notification.objects.filter(kind="criterion_missed").order_by("person__name").values_list("person__name", flat=True)
    assert list(told) == ["Alice", "Dora"]
    assert "did not do what it should in" in text(at(client, cast.dora).get("/notifications/"))


def test_it_stands_on_the_review(client: Client, cast: Cast, version: Version) -> None:
    asked_of_bob(cast, version)
    review = asked(version, cast.production, by=cast.alice)
    assert "Bob is asked after 1 day in Development: “Fewer complaints?”" in text(
        at(client, cast.bella).get(f"/p/claims/reviews/{review.uid}/")
    )


def test_a_restricted_prompt_shows_nothing(client: Client, cast: Cast, version: Version) -> None:
    watch = asked_of_bob(cast, version)
    prompts.restrict_prompt(prompt=version.prompt, people=[cast.bella.user], actor=cast.alice)
    at(client, cast.bob)
    assert "Fewer complaints?" not in text(client.get("/"))
    assert client.get(f"{PAGE}how-we-will-know/{watch.uid}/").status_code == 404


def test_many_criteria_take_no_more_queries(client: Client, cast: Cast, version: Version, suite: Suite) -> None:
    def grow(count: int) -> None:
        for _ in range(count):
            given: dict[str, Any] = {"metric": "pass_rate", "days": 3, "suite": suite, "threshold": "95"}
            add_criterion(version=version, environment=cast.development, **given, actor=cast.alice)
        check_due()

    promote(version, cast.development, by=cast.alice)
    at(client, cast.alice)
    grow(2)
    few = queries(client, VERSION)
    grow(5)
    assert queries(client, VERSION) == few

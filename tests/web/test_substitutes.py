"""Somebody who is away names who decides in their place; the queue of that person says for whom."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from promptstudio.accounts import services as accounts
from promptstudio.deployments.waiting import reviews_for
from promptstudio.lib import clock
from promptstudio.lib.errors import Invalid, NotAllowed
from promptstudio.projects.role_services import grant_role
from promptstudio.prompts.models import Prompt
from promptstudio.reviews.models import Review, Substitute
from promptstudio.reviews.models.substitutes import today
from promptstudio.reviews.substitute_services import colleagues, end_substitute, name_substitute
from tests.accounts.test_anonymise import columns_that_hold
from tests.cast import Cast, a_person, a_version, approve, asked

from .reading import HOSTILE, at, queries, text


@pytest.fixture
def bert(cast: Cast) -> Any:
    """Has Bob's role."""
    return a_person("Bert", cast.claims, "product", by=cast.root)


@pytest.fixture
def review(cast: Cast, prompt: Prompt) -> Review:
    return asked(a_version(prompt, by=cast.alice), cast.production, by=cast.alice)


def away(cast: Cast, bert: Any, first: int = 0, last: int = 7) -> Substitute:
    days = (today() + timedelta(days=each) for each in (first, last))
    return name_substitute(substitute=bert.user, first_day=next(days), last_day=next(days), actor=cast.bob)


def typed(bert: Any, since: Any = None, until: Any = None) -> dict[str, str]:
    return {"substitute": str(bert.user.uid), "since": str(since or today()), "until": str(until or today())}


def test_the_queue_of_the_substitute_says_for_whom(client: Client, cast: Cast, bert: Any, review: Review) -> None:
    bert.user.is_staff = True
    bert.user.save()
    at(client, cast.bob).post("/account/substitutes/", typed(bert))
    at(client, bert)
    for url in ("/", "/p/claims/reviews/", "/admin/"):
        assert "for <b>Bob</b>" in text(client.get(url)), url
    assert "You decide for Bob" in text(client.get("/account/"))


@pytest.mark.parametrize(("first", "last", "names"), [(0, 0, ("Bob",)), (1, 3, ())])
def test_it_holds_from_the_first_day_to_the_last(
    cast: Cast, bert: Any, review: Review, first: int, last: int, names: tuple[str, ...]
) -> None:
    away(cast, bert, first, last)
    assert [item.instead_of for item in reviews_for(bert)] == [names]
    with clock.at(clock.now() + timedelta(days=last + 1)):
        assert [item.instead_of for item in reviews_for(bert)] == [()]


def test_what_they_decided_themselves_is_not_for_them(cast: Cast, bert: Any, review: Review) -> None:
    away(cast, bert)
    approve(review, cast.bob)
    assert [item.instead_of for item in reviews_for(bert)] == [()]


def test_only_in_a_role_that_both_have_where_the_prompt_lies(cast: Cast, bert: Any, review: Review) -> None:
    grant_role(project=cast.elsewhere, user=cast.bob.user, role="product", actor=cast.root)
    grant_role(project=cast.elsewhere, user=cast.bella.user, role="product", actor=cast.root)
    name_substitute(substitute=cast.bella.user, first_day=today(), last_day=today(), actor=cast.bob)
    assert [item.instead_of for item in reviews_for(cast.bella)] == [()]


def test_it_gives_no_right(cast: Cast, bert: Any) -> None:
    assert cast.vera.user not in colleagues(person=cast.bob.user)
    with pytest.raises(Invalid, match="the same role as you"):
        name_substitute(substitute=cast.vera.user, first_day=today(), last_day=today(), actor=cast.bob)


@pytest.mark.parametrize(
    ("since", "until", "sentence"),
    [
        (date(2030, 2, 2), date(2030, 2, 1), "The last day is before the first."),
        (date(2020, 2, 1), date(2020, 2, 2), "This lies in the past."),
        ("soon", "later", "Give a day, such as"),
        ("9999-12-31", "9999-12-31", "Give a day, such as"),
    ],
)
def test_days_that_cannot_be_get_a_sentence(client: Client, cast: Cast, bert: Any, since: Any, until: Any, sentence: str) -> None:
    response = at(client, cast.bob).post("/account/substitutes/", typed(bert, since, until))
    assert response.status_code == 422
    assert sentence in text(response)
    assert not Substitute.objects.exists()


def test_hostile_forms_get_a_sentence(client: Client, cast: Cast, bert: Any) -> None:
    for form in ({}, {"substitute": HOSTILE}, {"substitute": str(cast.vera.user.uid), "since": "2030-01-01", "until": "2030-01-02"}):
        assert at(client, cast.bob).post("/account/substitutes/", form).status_code == 422


def test_one_at_a_time(client: Client, cast: Cast, bert: Any) -> None:
    away(cast, bert)
    assert "Bert stands in for you from" in text(at(client, cast.bob).post("/account/substitutes/", typed(bert)))


def test_either_of_the_two_ends_it_and_nobody_else(client: Client, cast: Cast, bert: Any, review: Review) -> None:
    row = away(cast, bert)
    with pytest.raises(NotAllowed):
        end_substitute(row=row, actor=cast.dora)
    assert at(client, cast.dora).post(f"/account/substitutes/{row.uid}/end/").status_code == 404
    assert at(client, bert).post(f"/account/substitutes/{row.uid}/end/").status_code == 303
    assert [item.instead_of for item in reviews_for(bert)] == [()]


def test_no_name_stays_of_whoever_was_made_anonymous(cast: Cast, bert: Any) -> None:
    end_substitute(row=away(cast, bert), actor=bert)
    accounts.anonymise_person(person=bert.user, actor=cast.root)
    assert columns_that_hold("Bert") == []


def test_more_reviews_take_no_more_queries(client: Client, cast: Cast, bert: Any, prompt: Prompt, review: Review) -> None:
    away(cast, bert)
    before = queries(at(client, bert), "/")
    for number in range(3):
        asked(a_version(prompt, by=cast.alice, text=f"Text {number} {{{{claim}}}}"), cast.production, by=cast.alice)
    assert queries(client, "/") == before

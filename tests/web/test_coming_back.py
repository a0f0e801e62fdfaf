"""Whoever comes back to a review sees first what is different since they decided; a newer request is named; examples side by side."""

import pytest
from django.test import Client

from promptstudio.deployments import services as deployments
from promptstudio.projects.role_services import grant_role
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Version
from promptstudio.reviews.models import Decision, Review
from tests.cast import Cast, a_version, approve, asked, in_production, live_version

from .reading import at, queries, text


@pytest.fixture
def first(cast: Cast, prompt: Prompt) -> Version:
    made = a_version(prompt, by=cast.alice, text="Sort this claim: {{claim}}")
    in_production(cast, made)
    return made


@pytest.fixture
def older(cast: Cast, prompt: Prompt, first: Version) -> Review:
    return asked(a_version(prompt, by=cast.alice, text="Sort that claim: {{claim}}"), cast.production, by=cast.alice)


@pytest.fixture
def newer(cast: Cast, prompt: Prompt, older: Review) -> Review:
    return asked(a_version(prompt, by=cast.alice, text="Sort that claim gently: {{claim}}"), cast.production, by=cast.alice)


def url(review: Review) -> str:
    return f"/p/claims/reviews/{review.uid}/"


def test_it_begins_with_what_is_different_since_i_decided(client: Client, cast: Cast, older: Review, newer: Review) -> None:
    approve(older, cast.bob)
    html = text(at(client, cast.bob).get(url(newer)))
    assert html.index("Since you last decided") < html.index("What changed in the text")
    since = html[html.index("Since you last decided") : html.index("What changed in the text")]
    assert f"You approved {older.version.semver} as product" in since
    assert "gently" in since
    assert "removed: </span>" not in since


def test_what_i_said_then_stands_there(client: Client, cast: Cast, older: Review, newer: Review) -> None:
    live = live_version(older.version.prompt, cast.production)
    deployments.decide(review=older, verdict="request_changes", comment="Be gentle.", seen=live, actor=cast.bob)
    html = text(at(client, cast.bob).get(url(newer)))
    assert f"You asked for changes to {older.version.semver} as product" in html
    assert "Be gentle." in html
    assert "again as" not in html


def test_one_click_repeats_the_approval_in_the_same_role(client: Client, cast: Cast, older: Review, newer: Review) -> None:
    grant_role(project=cast.claims, user=cast.bob.user, role="technical", actor=cast.dora)
    live = live_version(older.version.prompt, cast.production)
    deployments.decide(review=older, verdict="approve", seen=live, role="technical", actor=cast.bob)
    assert f"Approve {newer.version.semver} again as technical" in text(at(client, cast.bob).get(url(newer)))
    client.post(url(newer), {"verdict": "approve", "seen": str(live.uid), "role": "technical"})
    assert Decision.objects.get(review=newer).role == "technical"
    assert "Since you last decided" not in text(client.get(url(newer)))


def test_a_role_that_one_does_not_hold_is_not_taken(client: Client, cast: Cast, newer: Review, first: Version) -> None:
    at(client, cast.bob).post(url(newer), {"verdict": "approve", "seen": str(first.uid), "role": "technical"})
    assert Decision.objects.get(review=newer).role == "product"


def test_when_something_else_went_live_it_shows_that(client: Client, cast: Cast, prompt: Prompt, older: Review) -> None:
    approve(older, cast.bob)
    hot = a_version(prompt, by=cast.alice, text="Sort this claim at once: {{claim}}")
    in_production(cast, hot)
    html = text(at(client, cast.bob).get(url(older)))
    since, now = html.index(f"What went live since: {hot.semver}</h2>"), html.index(f"If {older.version.semver} goes live now</h2>")
    assert "at once" in html[since:now]
    again, one_wording = html[now : html.index('id="vs-h"')], f"Confirm: approve {older.version.semver} against {hot.semver}"
    assert one_wording in again
    assert '<input type="hidden" name="role" value="product">' in again
    assert html.count(one_wording) == 2
    assert "again as" not in html
    assert "Since you last decided" not in html


def test_whoever_never_decided_here_reads_nothing_of_it(client: Client, cast: Cast, older: Review, newer: Review) -> None:
    approve(older, cast.bob)
    assert "Since you last decided" not in text(at(client, cast.bella).get(url(newer)))
    assert "Since you last decided" not in text(at(client, cast.bob).get(url(older)))


def test_the_older_review_names_the_newer_one_and_can_be_closed(client: Client, cast: Cast, older: Review, newer: Review) -> None:
    html = text(at(client, cast.alice).get(url(older)))
    assert f"{newer.version.semver} asks for the same." in html
    assert f"/p/claims/reviews/{newer.uid}/" in html
    assert "Close this one" in html
    client.post(f"{url(older)}withdraw/")
    assert not Review.objects.get(pk=older.pk).is_open
    assert "asks for the same" not in text(client.get(url(older)))
    assert "asks for the same" not in text(client.get(url(newer)))


def test_whoever_may_not_withdraw_it_is_told_all_the_same(client: Client, cast: Cast, older: Review, newer: Review) -> None:
    html = text(at(client, cast.bob).get(url(older)))
    assert "asks for the same" in html
    assert "Close this one" not in html


def test_examples_stand_beside_each_other_where_they_differ(client: Client, cast: Cast, prompt: Prompt, older: Review) -> None:
    prompts.save_example(prompt=prompt, name="burst pipe", values={"claim": "The pipe <b>burst</b>."}, actor=cast.alice)
    html = text(at(client, cast.bob).get(url(older)))
    received = html[html.index("What the model receives") :]
    assert "burst pipe" in received
    assert "The pipe &lt;b&gt;burst&lt;/b&gt;." in received
    assert html.count('id="change-1"') == 1


def test_an_example_that_lacks_a_value_says_so(client: Client, cast: Cast, prompt: Prompt, older: Review) -> None:
    prompts.save_example(prompt=prompt, name="empty", values={}, actor=cast.alice)
    assert "1.0.0 cannot be filled in" in text(at(client, cast.bob).get(url(older)))


def test_examples_that_are_the_same_are_not_shown(client: Client, cast: Cast, prompt: Prompt, first: Version) -> None:
    prompts.save_example(prompt=prompt, name="burst pipe", values={"claim": "x"}, actor=cast.alice)
    changed = {**first.bundle.as_json(), "inference": {"temperature": 0.5}}
    other = prompts.save_version(prompt=prompt, data=changed, change=prompts.Change("Warm.", "x", "y"), actor=cast.alice)
    assert "What the model receives" not in text(at(client, cast.bob).get(url(asked(other, cast.production, by=cast.alice))))


def test_more_examples_take_no_more_queries(client: Client, cast: Cast, prompt: Prompt, older: Review) -> None:
    prompts.save_example(prompt=prompt, name="one", values={"claim": "x"}, actor=cast.alice)
    before = queries(at(client, cast.bob), url(older))
    for name in ("two", "three", "four"):
        prompts.save_example(prompt=prompt, name=name, values={"claim": name}, actor=cast.alice)
    assert queries(client, url(older)) == before


def test_decisions_about_the_version_that_is_replaced_are_shown_and_do_not_count(
    client: Client, cast: Cast, older: Review, newer: Review
) -> None:
    approve(older, cast.bob, cast.bella)
    html = text(at(client, cast.dora).get(url(newer)))
    replaced = html[html.index("Decided about earlier versions") : html.index("Conversation")]
    assert f"{newer.version.semver} replaces them" in replaced
    assert f"<s>approved {older.version.semver}</s>" in replaced
    assert "Bob" in replaced
    assert "1 more product approval and 1 more technical approval needed." in html
    assert "Decided about earlier versions" not in text(client.get(url(older)))


def test_decisions_about_what_went_live_are_history_and_not_shown(client: Client, cast: Cast, first: Version, older: Review) -> None:
    assert "Decided about earlier versions" not in text(at(client, cast.dora).get(url(older)))

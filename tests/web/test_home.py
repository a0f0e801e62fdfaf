from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.deployments import services as deployments
from promptstudio.deployments import target_services
from promptstudio.deployments.criterion_services import add_criterion
from promptstudio.deployments.models import CriterionWatch, PublishJob
from promptstudio.lib import clock
from promptstudio.projects.services import change_policy
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt
from tests.cast import Cast, a_prompt, a_version, approve, asked, in_production, promote, wished


def page(client: Client, actor: Actor) -> Any:
    client.force_login(actor.user, backend="django.contrib.auth.backends.ModelBackend")
    return client.get("/")


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def a_failed_publication(cast: Cast, version: Any) -> PublishJob:
    target_services.add_target(environment=cast.development, name="Bedrock, Frankfurt", actor=cast.root)
    deployment = promote(version, cast.development, by=cast.alice)
    job = deployment.jobs.get()
    job.state, job.error, job.settled_at = PublishJob.State.FAILED, "Bedrock did not let us in.", timezone.now()
    job.save()
    return job


def test_a_reviewer_sees_what_waits_for_a_decision(client: Client, cast: Cast, prompt: Any) -> None:
    version = a_version(prompt, by=cast.alice)
    promote(version, cast.development, cast.staging, by=cast.alice)
    review = asked(version, cast.production, by=cast.alice)
    html = text(page(client, cast.bob))
    assert "One review waits for you." in html
    assert f"/p/claims/reviews/{review.uid}/" in html
    assert "1.0.0 wants to go to Production" in html
    assert "wants to go to" not in text(page(Client(), cast.alice)), "its author cannot decide it"


def test_an_approval_that_another_version_overtook_asks_to_be_confirmed(client: Client, cast: Cast, prompt: Any) -> None:
    first = a_version(prompt, by=cast.alice)
    promote(first, cast.development, cast.staging, by=cast.alice)
    review = asked(first, cast.production, by=cast.alice)
    approve(review, cast.bob)
    hotfix = a_version(prompt, by=cast.alice, text="Hurry: {{claim}}")
    in_production(cast, hotfix)
    html = text(page(client, cast.bob))
    assert f"You approved it, and then {hotfix.semver} went live" in html
    assert "Confirm<" in html


def test_a_failed_publication_says_what_failed_and_what_is_served(client: Client, cast: Cast, prompt: Any) -> None:
    a_failed_publication(cast, a_version(prompt, by=cast.alice))
    html = text(page(client, cast.bob))
    assert "One failed publication waits for you." in html
    assert "did not reach Bedrock, Frankfurt" in html
    assert "Bedrock did not let us in." in html
    assert "See what failed" in html
    assert "Development serves nothing yet" in html


@pytest.mark.parametrize("who", ["vera", "axel"])
def test_a_failed_publication_waits_for_nobody_who_may_not_settle_it(client: Client, cast: Cast, prompt: Any, who: str) -> None:
    a_failed_publication(cast, a_version(prompt, by=cast.alice))
    assert "failed publication" not in text(page(client, getattr(cast, who)))
    rules = {**cast.development.policy.rules.model_dump(mode="json"), "deployers": ["technical"]}
    change_policy(environment=cast.development, data=rules, actor=cast.dora)
    assert "failed publication" not in text(page(Client(), cast.bob))
    assert "One failed publication waits for you." in text(page(Client(), cast.bella))


def test_changes_asked_for_reach_the_author_until_a_newer_version_answers(client: Client, cast: Cast, prompt: Any) -> None:
    version = a_version(prompt, by=cast.alice)
    review = asked(version, cast.production, by=cast.alice)
    deployments.decide(review=review, verdict="request_changes", comment="Say who calls back.", seen=None, actor=cast.bob)
    html = text(page(client, cast.alice))
    assert "Bob asks for changes to" in html
    assert "“Say who calls back.”" in html
    assert "asks for changes" not in text(page(Client(), cast.bella))
    a_version(prompt, by=cast.alice, text="We call back: {{claim}}")
    assert "asks for changes" not in text(page(Client(), cast.alice))


def test_own_drafts_wait_and_those_of_others_do_not(client: Client, cast: Cast, prompt: Any) -> None:
    draft = prompts.open_draft(prompt=prompt, actor=cast.alice)
    assert f"/drafts/{draft.uid}/" in text(page(client, cast.alice))
    assert f"{draft.uid}" not in text(page(Client(), cast.bob))


def test_what_shipped_is_told_by_day(client: Client, cast: Cast, prompt: Any) -> None:
    version = a_version(prompt, by=cast.alice)
    with clock.at(timezone.now() - timedelta(days=1)):
        promote(version, cast.development, by=cast.alice)
    in_production(cast, a_version(prompt, by=cast.alice, text="Sort it well: {{claim}}"))
    deployments.roll_back(prompt=prompt, environment=cast.development, version=version, reason="It was rude.", actor=cast.bob)
    html = text(page(client, cast.bella))
    assert html.index("Today,") < html.index("<b>Bob</b>") < html.index("<b>Alice</b>") < html.index("Yesterday")
    assert "“It was rude.”" in html
    assert "rolled <bdi>Water damage triage</bdi> back" in html
    assert "<b>You</b>" in text(page(Client(), cast.bob))


def test_many_alike_become_one_sentence(client: Client, cast: Cast) -> None:
    for number in range(5):
        promote(a_version(a_prompt(cast.claims, by=cast.alice, title=f"Letter {number}"), by=cast.alice), cast.development, by=cast.alice)
    html = text(page(client, cast.bob))
    assert "4 more</a> live in" in html
    assert html.count("<b>Alice</b>") == 1


def test_other_projects_stay_out_of_sight(client: Client, cast: Cast, prompt: Any) -> None:
    promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    html = text(page(client, cast.charlie))
    assert "Water damage" not in html
    assert "Nothing waits for you" in html


def test_without_a_project_it_names_whom_to_ask(client: Client, cast: Cast) -> None:
    stranger = Actor(user=User.objects.create_user("greta", name="Greta Olsen"))
    response = page(client, stranger)
    assert response.status_code == 200
    assert "Ask to be let in" in text(response)
    assert "<b>Root</b>" in text(response)


def test_hostile_words_are_shown_as_words(client: Client, cast: Cast) -> None:
    prompt = a_prompt(cast.claims, by=cast.alice, title="<script>alert(1)</script>\n" + "‮" + "x" * 500)
    prompts.open_draft(prompt=prompt, actor=cast.alice)
    assert b"<script>alert" not in page(client, cast.alice).content


@pytest.mark.parametrize("actor", ["alice", "bob"])
def test_the_number_of_queries_does_not_grow(client: Client, cast: Cast, actor: str) -> None:
    def grow(start: int, end: int) -> None:
        for number in range(start, end):
            prompt = a_prompt(cast.claims, by=cast.alice, title=f"Letter {number}")
            prompts.open_draft(prompt=prompt, actor=cast.alice)
            version = a_version(prompt, by=cast.alice)
            promote(version, cast.development, by=cast.alice)
            review = asked(version, cast.production, by=cast.alice)
            deployments.decide(review=review, verdict="request_changes", comment="No.", seen=None, actor=cast.bella)

    def queries() -> int:
        page(client, getattr(cast, actor))
        with CaptureQueriesContext(connection) as captured:
            client.get("/")
        return len(captured)

    grow(0, 2)
    few = queries()
    grow(2, 9)
    assert queries() == few


def test_the_first_of_everything_that_waits_is_the_one_thing_to_do(client: Client, cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    asked_about = {"metric": "asked", "person": cast.bob.user, "question": "Fewer calls?", "days": 1}
    criterion = add_criterion(version=version, environment=cast.development, **asked_about, actor=cast.alice)
    deployment = promote(version, cast.development, by=cast.alice)
    times = dict.fromkeys(("opened_at", "ends_at", "due_at", "asked_at"), clock.now())
    CriterionWatch.objects.create(criterion=criterion, deployment=deployment, **times)
    for _ in range(2):
        wished(prompt, by=cast.vera)
    html = text(page(client, cast.bob))
    assert html.count("btn task-go") > 1
    assert html.count("btn task-go btn-primary") == 1
    assert html.index("btn task-go btn-primary") == html.index("btn task-go")

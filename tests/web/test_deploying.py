from typing import Any

import pytest
from django.test import Client

from promptstudio.audit.models import Entry
from promptstudio.deployments import services as deployments
from promptstudio.deployments.models import Deployment, Evaluation, PublishJob, Recall
from promptstudio.deployments.publishing import PublishFailed
from promptstudio.projects.services import change_policy
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Version
from promptstudio.web.views.deploying import deployment_context
from tests.cast import Cast, a_prompt, a_version, approved, in_production, in_staging, live_version, placement_of, promote
from tests.deployments.fake_target import FakeTarget, a_target, publish_everything, use_fake_publisher

from .reading import HOSTILE, HTMX, at, queries, text, typed_back

PAGE = "/p/claims/prompts/water-damage-triage/-/"
PROMOTE = PAGE + "promote/production/1.0.0/"
BACK = PAGE + "roll-back/production/"
RECALL = PAGE + "recall/1.0.0/"
OUT = PAGE + "out-of-service/production/"
FORMS = (PROMOTE, BACK, RECALL, OUT)


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    """1.0.0, live in staging."""
    return in_staging(cast, prompt)


@pytest.fixture
def live(cast: Cast, prompt: Prompt) -> Version:
    """1.0.0, live in production."""
    made = a_version(prompt, by=cast.alice)
    in_production(cast, made)
    return made


@pytest.fixture
def newer(cast: Cast, live: Version) -> Version:
    """Live in production after 1.0.0."""
    made = a_version(live.prompt, by=cast.alice, text="Sort that: {{claim}}")
    in_production(cast, made)
    return made


@pytest.fixture
def target(settings: Any) -> FakeTarget:
    return use_fake_publisher(settings)


@pytest.fixture
def failed(cast: Cast, prompt: Prompt, target: FakeTarget) -> PublishJob:
    """1.0.0 did not arrive in development."""

    def refuse(*args: Any) -> None:
        raise PublishFailed("It said <b>no</b>.", code="AccessDenied", permanent=True)

    a_target(cast.development, by=cast.dora)
    promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    target.twists = [refuse]
    publish_everything()
    return PublishJob.objects.get()


def job_url(job: PublishJob, deed: str) -> str:
    return f"/p/claims/publications/{job.uid}/{deed}/"


def deployment_url(deployment: Deployment) -> str:
    return f"{PAGE}deployments/{deployment.uid}/"


def seen(response: Any) -> dict[str, str]:
    """What the form of the page sends back of what it showed."""
    return {"replaces": response.context["cell"].replaces}


def written() -> int:
    return Deployment.objects.count() + Evaluation.objects.count() + Entry.objects.count() + Recall.objects.count()


def test_promoting_shows_what_it_replaces_and_goes(client: Client, cast: Cast, live: Version) -> None:
    newer = a_version(live.prompt, by=cast.alice, text="Sort that: {{claim}}")
    promote(newer, cast.development, cast.staging, by=cast.alice)
    approved(newer, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    address = f"{PAGE}promote/production/{newer.semver}/"
    page = at(client, cast.alice).get(address)
    assert "It replaces 1.0.0." in text(page)
    assert "Every condition is met" in text(page)
    response = client.post(address, {"reason": "  Storm is coming. ", **seen(page)})
    deployment = Deployment.objects.latest("id")
    assert response["Location"] == deployment_url(deployment)
    assert (deployment.reason, live_version(live.prompt, cast.production)) == ("Storm is coming.", newer)


def test_gates_that_refuse_stand_on_the_page_with_what_was_typed(client: Client, cast: Cast, version: Version) -> None:
    page = at(client, cast.alice).get(PROMOTE)
    assert "1 of 5 conditions is open" in text(page)
    response = client.post(PROMOTE, {"reason": "Now <b>please</b>", **seen(page)})
    assert response.status_code == 409
    assert "The attempt is on record." in text(response)
    assert "1 more product approval and 1 more technical approval needed." in text(response)
    assert typed_back(response, "Now <b>please</b>")
    assert not Evaluation.objects.latest("id").passed
    assert live_version(version.prompt, cast.production) is None


def test_whoever_was_slower_is_told_who_was_faster(client: Client, cast: Cast, version: Version) -> None:
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    page = at(client, cast.alice).get(PROMOTE)
    other = a_version(version.prompt, by=cast.alice, text="Sort that: {{claim}}")
    in_production(cast, other)
    response = client.post(PROMOTE, {"reason": "Typed before", **seen(page)})
    assert response.status_code == 409
    assert f"Someone was faster: Alice sent {other.semver}" in text(response)
    assert "Typed before" in text(response)
    assert seen(response)["replaces"] == str(placement_of(version.prompt, cast.production).live.uid)  # type: ignore[union-attr]


def test_what_is_live_already_is_not_sent_again(client: Client, cast: Cast, live: Version) -> None:
    page = at(client, cast.alice).get(PROMOTE)
    response = client.post(PROMOTE, seen(page))
    assert (response.status_code, "1.0.0 is live in Production already." in text(response)) == (409, True)


@pytest.mark.parametrize(
    ("page", "who", "sentence"),
    [
        (PROMOTE, "vera", "Your role does not allow you to promote in this project. Ask a project admin"),
        (PROMOTE, "axel", "Your role does not allow you to promote in this project. Ask a project admin"),
        (BACK, "alice", "Your role does not allow you to roll back in this project. Ask a project admin"),
        (RECALL, "alice", "Your role does not allow you to recall versions in this project. Ask a project admin"),
        (OUT, "alice", "Your role does not allow you to roll back in this project. Ask a project admin"),
    ],
)
def test_a_closed_door_says_why(client: Client, cast: Cast, newer: Version, page: str, who: str, sentence: str) -> None:
    before = Deployment.objects.count()
    shown = text(at(client, getattr(cast, who)).get(page))
    assert sentence in shown
    assert 'aria-disabled="true"' in shown
    assert '<form class="stack" method="post"' not in shown
    refused = client.post(page, {"reason": "Because I can"})
    assert refused.status_code == 403
    assert sentence in text(refused)
    assert "Because I can" in text(refused)
    assert (Deployment.objects.count(), Recall.objects.count()) == (before, 0)
    assert live_version(newer.prompt, cast.production) == newer


def test_deployers_are_named_to_whoever_is_none(client: Client, cast: Cast, version: Version) -> None:
    rules = cast.production.policy.rules.model_copy(update={"deployers": ("technical",)})
    change_policy(environment=cast.production, data=rules.model_dump(mode="json"), actor=cast.dora)
    sentence = "Promoting to Production is for technical. Ask one of them."
    assert sentence in text(at(client, cast.alice).get(PROMOTE))
    refused = client.post(PROMOTE)
    assert (refused.status_code, sentence in text(refused)) == (403, True)


def test_a_reason_that_is_too_long_stands_at_its_field(client: Client, cast: Cast, version: Version) -> None:
    page = at(client, cast.alice).get(PROMOTE)
    response = client.post(PROMOTE, {"reason": "x" * 20_001, **seen(page)})
    assert response.status_code == 422
    assert 'id="reason-error" role="alert"' in text(response)
    assert "at most 20,000 characters, and it has 20,001." in text(response)


def test_what_is_recalled_already_is_said_on_the_page(client: Client, cast: Cast, live: Version) -> None:
    at(client, cast.bob)
    assert client.post(RECALL, {"reason": "It promises cover."}).status_code == 302
    again = client.post(RECALL, {"reason": "Typed twice"})
    assert again.status_code == 409
    assert "Not possible as things stand" in text(again)
    assert "Bob recalled 1.0.0 already" in text(again)
    assert typed_back(again, "Typed twice")
    assert Recall.objects.count() == 1


def test_the_way_back_is_a_confirmation_with_a_reason(client: Client, cast: Cast, live: Version, newer: Version) -> None:
    page = at(client, cast.bob).get(BACK)
    assert "Roll back to 1.0.0 in Production?" in text(page)
    assert f"1.0.0 replaces {newer.semver}." in text(page)
    response = client.post(BACK, {"reason": "It invented sums.", "to": "1.0.0", **seen(page)})
    deployment = Deployment.objects.latest("id")
    assert response["Location"] == deployment_url(deployment)
    assert (deployment.way, deployment.reason, live_version(live.prompt, cast.production)) == ("rollback", "It invented sums.", live)


def test_the_way_back_needs_a_reason(client: Client, cast: Cast, live: Version, newer: Version) -> None:
    page = at(client, cast.bob).get(BACK)
    response = client.post(BACK, {"reason": " \n", "to": "1.0.0", **seen(page)})
    assert response.status_code == 422
    assert "Say why. Everyone who looks at this prompt later will read it." in text(response)
    assert live_version(live.prompt, cast.production) == newer


def test_the_way_back_from_what_is_no_longer_there_is_refused(client: Client, cast: Cast, live: Version, newer: Version) -> None:
    page = at(client, cast.bob).get(BACK)
    deployments.roll_back(prompt=live.prompt, environment=cast.production, reason="Faster.", actor=cast.bella)
    response = client.post(BACK, {"reason": "Typed & kept", "to": "1.0.0", **seen(page)})
    assert response.status_code == 409
    assert "Someone was faster: Bella sent 1.0.0" in text(response)
    assert "Roll back to 1.0.0" not in text(response), "it is live again"
    assert typed_back(response, "Typed & kept")


def test_the_way_back_to_a_recalled_version_is_refused(client: Client, cast: Cast, live: Version, newer: Version) -> None:
    deployments.recall(version=live, reason="It promises cover.", actor=cast.bob)
    page = at(client, cast.bob).get(BACK + "?to=1.0.0")
    response = client.post(BACK, {"reason": "Back, quickly", "to": "1.0.0", **seen(page)})
    assert response.status_code == 409
    assert "It promises cover." in text(response)
    assert "Back, quickly" in text(response)
    assert live_version(live.prompt, cast.production) == newer


def test_without_an_earlier_version_there_is_no_way_back(client: Client, cast: Cast, live: Version) -> None:
    page = at(client, cast.bob).get(BACK)
    assert "There is no way back yet" in text(page)
    refused = client.post(BACK, {"reason": "Back!", **seen(page)})
    assert refused.status_code == 409
    assert live_version(live.prompt, cast.production) == live


def test_any_earlier_version_can_be_chosen(client: Client, cast: Cast, live: Version, newer: Version) -> None:
    third = a_version(live.prompt, by=cast.alice, text="Sort it: {{claim}}")
    in_production(cast, third)
    page = text(at(client, cast.bob).get(BACK))
    assert f"Roll back to {newer.semver} in Production?" in page
    assert '<option value="1.0.0">' in page
    assert "Roll back to 1.0.0 in Production?" in text(client.get(BACK + "?to=1.0.0"))


def test_recalling_needs_a_reason_and_is_told_to_everyone(client: Client, cast: Cast, live: Version) -> None:
    page = text(at(client, cast.bob).get(RECALL))
    assert "It is still live in Development, Staging, Production." in page
    empty = client.post(RECALL, {"reason": ""})
    assert (empty.status_code, "Say what is wrong with it." in text(empty)) == (422, True)
    response = client.post(RECALL, {"reason": "It promises <i>cover</i>."}, follow=True)
    assert "1.0.0 is recalled." in text(response)
    again = client.get(RECALL)
    assert "Bob recalled it" in text(again)
    assert typed_back(again, "It promises <i>cover</i>.")


def test_a_prompt_is_taken_out_of_service_and_brought_back(client: Client, cast: Cast, live: Version) -> None:
    out, again_to = PAGE + "out-of-service/production/", PAGE + "promote/production/1.0.0/"
    at(client, cast.bob)
    empty = client.post(out, {"reason": " "})
    assert (empty.status_code, "Applications get this sentence as their answer." in text(empty)) == (422, True)
    response = client.post(out, {"reason": "The law changed."}, follow=True)
    assert "Production no longer serves this prompt." in text(response)
    assert placement_of(live.prompt, cast.production).out_of_service_reason == "The law changed."
    again = client.post(out, {"reason": "Once more"})
    assert again.status_code == 409
    assert "was taken out of service in Production already" in text(again)
    assert "Once more" in text(again)
    client.post(again_to, seen(client.get(again_to)))
    assert placement_of(live.prompt, cast.production).out_of_service_at is None


def test_a_deployment_is_watched_as_it_arrives(client: Client, cast: Cast, prompt: Prompt, target: FakeTarget) -> None:
    a_target(cast.development, by=cast.dora)
    deployment = promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    at(client, cast.vera)
    moving = client.get(deployment_url(deployment), headers=HTMX)
    assert "0 of 1 place confirmed." in text(moving)
    assert "<html" not in text(moving)
    assert 'hx-trigger="every 1s"' in text(moving)
    publish_everything()
    arrived = client.get(deployment_url(deployment), headers=HTMX)
    assert "Development serves <b>1.0.0</b>" in text(arrived)
    assert "arn:fake:1" in text(arrived)
    assert "hx-trigger" not in text(arrived)
    assert "<html" in text(client.get(deployment_url(deployment)))


def test_a_place_that_refused_says_why_and_is_tried_again(client: Client, cast: Cast, failed: PublishJob) -> None:
    page = at(client, cast.alice).get(deployment_url(failed.deployment))
    assert typed_back(page, "It said <b>no</b>.")
    assert "did not arrive everywhere" in text(page)
    assert client.post(job_url(failed, "retry"))["Location"] == deployment_url(failed.deployment)
    publish_everything()
    assert live_version(failed.deployment.version.prompt, cast.development) == failed.deployment.version
    late = client.post(job_url(failed, "retry"))
    assert (late.status_code, "This publication is not failed any more: confirmed." in text(late)) == (409, True)


def test_a_place_is_left_out_with_a_reason(client: Client, cast: Cast, failed: PublishJob) -> None:
    empty = at(client, cast.alice).post(job_url(failed, "leave-out"), {"reason": " "})
    assert (empty.status_code, "Say why this place may be left out." in text(empty)) == (422, True)
    response = client.post(job_url(failed, "leave-out"), {"reason": "Closed on <Sundays>"}, follow=True)
    assert "Bedrock, Frankfurt is left out of this deployment." in text(response)
    assert typed_back(response, "Closed on <Sundays>")
    late = client.post(job_url(failed, "leave-out"), {"reason": "Typed too late"})
    assert (late.status_code, "Typed too late" in text(late)) == (409, True)


def test_whoever_may_not_settle_reads_why(client: Client, cast: Cast, failed: PublishJob) -> None:
    sentence = "Your role does not allow you to promote in this project."
    page = text(at(client, cast.vera).get(deployment_url(failed.deployment)))
    assert sentence in page
    assert "Try again now" not in page
    for deed in ("retry", "leave-out"):
        refused = client.post(job_url(failed, deed), {"reason": "Mine"})
        assert (refused.status_code, sentence in text(refused)) == (403, True)
    assert PublishJob.objects.get().state == "failed"


def test_another_project_is_not_there(client: Client, cast: Cast, newer: Version, failed: PublishJob) -> None:
    watched = deployment_url(failed.deployment)
    at(client, cast.charlie)
    for page in (*FORMS, watched):
        assert client.get(page).status_code == 404, page
    for page in (*FORMS, job_url(failed, "retry"), job_url(failed, "leave-out")):
        assert client.post(page, {"reason": "x"}).status_code == 404, page
    assert at(client, cast.root).post(f"/p/elsewhere/publications/{failed.uid}/retry/").status_code == 404


@pytest.mark.parametrize(
    "path", ["promote/moon/1.0.0/", "promote/production/9.9.9/", "roll-back/moon/", "roll-back/production/?to=9.9.9", "recall/9.9.9/"]
)
def test_what_is_not_there_is_not_there(client: Client, cast: Cast, live: Version, path: str) -> None:
    assert at(client, cast.root).get(PAGE + path).status_code == 404


def test_where_nothing_is_live_nothing_is_taken_back(client: Client, cast: Cast, version: Version) -> None:
    for path in (BACK, OUT):
        assert at(client, cast.bob).get(path).status_code == 404


@pytest.mark.parametrize("replaces", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_what_nobody_saw_cannot_be_replaced(client: Client, cast: Cast, version: Version, replaces: str) -> None:
    before = Deployment.objects.count()
    assert at(client, cast.alice).post(PROMOTE, {"replaces": replaces}).status_code == 404
    assert Deployment.objects.count() == before


def test_whoever_is_not_signed_in_signs_in_first(client: Client, cast: Cast, newer: Version, failed: PublishJob) -> None:
    before = written()
    for page in FORMS:
        assert client.get(page)["Location"] == f"/sign-in/?next={page}"
        assert client.post(page, {"reason": "x"})["Location"] == "/sign-in/?next=/"
    fragment = client.get(deployment_url(failed.deployment), headers=HTMX)
    assert (fragment.status_code, "/sign-in/" in fragment["HX-Redirect"]) == (204, True)
    assert written() == before


def test_reading_changes_nothing(client: Client, cast: Cast, newer: Version, failed: PublishJob) -> None:
    before = written()
    at(client, cast.root)
    for page in (*FORMS, deployment_url(failed.deployment)):
        assert client.get(page, {"reason": "x"}).status_code == 200, page
        assert client.head(page).status_code == 200, page
    for deed in ("retry", "leave-out"):
        assert client.get(job_url(failed, deed)).status_code == 405
    assert client.post(deployment_url(failed.deployment)).status_code == 405
    assert written() == before
    assert PublishJob.objects.get(pk=failed.pk).state == "failed"


def test_hostile_words_are_shown_as_words(client: Client, cast: Cast) -> None:
    hostile = a_prompt(cast.claims, by=cast.alice, title=HOSTILE, name="hostile")
    for words in ("{{claim}}" + HOSTILE, HOSTILE + "{{claim}}"):
        deployment = in_production(cast, a_version(hostile, by=cast.alice, text=words))
    page = "/p/claims/prompts/hostile/-/"
    at(client, cast.bob).post(f"{page}roll-back/production/", {"reason": HOSTILE, "replaces": str(deployment.uid)})
    client.post(f"{page}recall/1.0.0/", {"reason": HOSTILE})
    newest = Deployment.objects.latest("id")
    assert newest.way == "rollback"
    pages = ("promote/production/1.0.0/", "roll-back/production/", "recall/1.0.0/", "out-of-service/production/")
    for path in (*pages, f"deployments/{newest.uid}/"):
        response = client.get(page + path)
        assert response.status_code == 200, path
        assert b"<script>alert" not in response.content, path
        assert typed_back(response, "<script>alert(1)</script>"), path


def test_the_number_of_queries_of_the_way_back_does_not_grow(client: Client, cast: Cast, prompt: Prompt) -> None:
    def send(start: int, end: int) -> None:
        for number in range(start, end):
            promote(a_version(prompt, by=cast.alice, text=f"Sort {number}: {{{{claim}}}}"), cast.development, by=cast.alice)

    at(client, cast.bob)
    send(0, 3)
    few = queries(client, PAGE + "roll-back/development/")
    send(3, 12)
    assert queries(client, PAGE + "roll-back/development/") == few


def test_what_has_arrived_is_titled_as_live_and_shows_its_address(client: Client, cast: Cast, prompt: Prompt, target: FakeTarget) -> None:
    a_target(cast.development, by=cast.dora)
    deployment = promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    assert "Sending 1.0.0 to Development" in text(at(client, cast.vera).get(deployment_url(deployment)))
    publish_everything()
    page = text(client.get(deployment_url(deployment)))
    assert "1.0.0 is live in Development</h2>" in page
    assert "Sending 1.0.0" not in page
    assert '<code id="arn-1">arn:fake:1</code>' in page.split("Bedrock, Frankfurt")[1].split("<details")[0]


def test_each_search_and_the_brand_have_a_landmark_of_their_own(client: Client, cast: Cast, version: Version) -> None:
    page = text(at(client, cast.vera).get(PAGE + "versions/"))
    assert '<form role="search" aria-label="Everywhere"' in page
    assert 'role="search" aria-label="These versions"' in page
    assert '<aside class="sidebar" aria-label="Prompt Studio"> <a class="brand"' in page


def test_a_place_that_confirms_while_the_page_is_made_does_not_stop_it(cast: Cast, prompt: Prompt, target: FakeTarget, rf: Any) -> None:
    """The state was asked before the last place confirmed, its job after."""
    a_target(cast.development, by=cast.dora)
    sent = promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    before = Deployment.objects.with_state().get(pk=sent.pk)
    publish_everything()
    request = rf.get("/")
    request.actor = cast.alice
    assert deployment_context(request, before)["moves"]
    assert not deployment_context(request, Deployment.objects.with_state().get(pk=sent.pk))["moves"]


def test_what_is_breaking_on_the_way_is_said_before_it_goes_there(client: Client, cast: Cast, prompt: Prompt) -> None:
    first = a_version(prompt, by=cast.alice)
    promote(first, cast.development, by=cast.alice)
    more = [{"name": "claim"}, {"name": "day"}]
    record = prompts.Change(summary="Ask for the day.", expected_impact="x", validation_criteria="y")
    data = {"kind": "text", "messages": [{"role": "user", "text": "Sort {{claim}} of {{day}}"}], "variables": more}
    prompts.save_version(prompt=prompt, data=data, change=record, actor=cast.alice)
    data = data | {"messages": [{"role": "user", "text": "Sort this {{claim}} of {{day}}"}]}
    newest = prompts.save_version(prompt=prompt, data=data, change=prompts.Change(summary="Softer."), actor=cast.alice)
    assert newest.impact != "breaking"
    page = text(at(client, cast.alice).get(f"/p/claims/prompts/{prompt.name}/-/promote/development/{newest.semver}/"))
    assert "Breaking for Development, which has 1.0.0." in page
    assert "It brings along 2.0.0 (“Ask for the day.”)" in page

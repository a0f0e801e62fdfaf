"""Releases as people see them."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.deployments.models import Deployment, PublishJob, Release
from promptstudio.deployments.release_services import make_release, promote_release, put_into_release
from promptstudio.projects.services import change_policy
from promptstudio.prompts.models import Version
from promptstudio.prompts.services import restrict_prompt
from tests.cast import Cast, a_prompt, a_version, live_version, promote
from tests.deployments.fake_target import a_target, publish_everything, refuse, use_fake_publisher

from .reading import HOSTILE, at, queries, text, typed_back

RELEASES = "/p/claims/releases/"


@pytest.fixture
def pair(cast: Cast) -> list[Version]:
    return [a_version(a_prompt(cast.claims, by=cast.alice, title=title), by=cast.alice) for title in ("Triage", "Letter")]


@pytest.fixture
def release(cast: Cast, pair: list[Version]) -> Release:
    return make_release(environment=cast.development, name="Storm season", versions=pair, actor=cast.alice)


def url(release: Release, more: str = "") -> str:
    return f"{RELEASES}{release.uid}/{more}"


def seen(response: Any) -> dict[str, Any]:
    return {"seen": [row.seen for row in response.context["rows"]]}


def test_it_is_begun_with_a_name_and_a_place(client: Client, cast: Cast, pair: list[Version]) -> None:
    assert RELEASES in text(at(client, cast.alice).get("/p/claims/environments/"))
    assert "No releases yet" in text(client.get(RELEASES))
    response = client.post(RELEASES + "new/", {"name": " Storm season ", "environment": "development"}, follow=True)
    assert "Newest versions that are not live in Development yet" in text(response)
    assert Release.objects.get().name == "Storm season"
    assert "Storm season" in text(client.get(RELEASES))


@pytest.mark.parametrize(
    ("typed", "field"),
    [({"name": " ", "environment": "development"}, "name"), ({"name": "x" * 121, "environment": "staging"}, "name")]
    + [({"name": "Storm & rain", "environment": slug}, "environment") for slug in ("", "moon", "\u202e\x01")],
)
def test_what_is_missing_is_said_at_its_field(client: Client, cast: Cast, typed: dict[str, str], field: str) -> None:
    response = at(client, cast.alice).post(RELEASES + "new/", typed)
    assert (response.status_code, f'id="{field}-error" role="alert"' in text(response)) == (422, True)
    assert typed_back(response, typed["name"])


def test_prompts_are_added_found_and_taken_out(client: Client, cast: Cast, pair: list[Version]) -> None:
    release = make_release(environment=cast.development, name="Storm", actor=cast.alice)
    page = text(at(client, cast.alice).get(url(release)))
    assert "Triage" in page
    assert "Letter" in page
    assert "Letter" not in text(client.get(url(release) + "?q=Triage"))
    for version in pair:
        client.post(url(release, "add/"), {"version": str(version.uid)})
    page = text(client.get(url(release)))
    assert "2 prompts, ready to go" in page
    assert "Everything that you may promote is live in Development or in this release." in page
    client.post(url(release, "take-out/"), {"prompt": str(pair[0].prompt.uid)})
    assert "1 prompt, ready to go" in text(client.get(url(release)))


def test_what_holds_it_back_stands_on_top(client: Client, cast: Cast, release: Release, pair: list[Version]) -> None:
    change_policy(environment=cast.development, data={"change_record": True}, actor=cast.dora)
    loose = a_version(a_prompt(cast.claims, by=cast.alice, title="Zulu"), by=cast.alice, complete=False)
    put_into_release(release=release, version=loose, actor=cast.alice)
    page = at(client, cast.alice).get(url(release))
    assert [row.item.prompt.title for row in page.context["rows"]] == ["Zulu", "Letter", "Triage"]
    assert "3 prompts, 1 of them holds it back" in text(page)
    response = client.post(url(release, "promote/"), {"reason": "Typed & kept", **seen(page)})
    assert response.status_code == 409
    assert "1 prompt holds it back." in text(response)
    assert "still missing from the change record" in text(response)
    assert typed_back(response, "Typed & kept")
    assert not Deployment.objects.exists()


def test_all_of_it_goes_with_one_button_and_comes_back_with_one(client: Client, cast: Cast, release: Release, pair: list[Version]) -> None:
    page = at(client, cast.bob).get(url(release))
    response = client.post(url(release, "promote/"), {"reason": "The storm.", **seen(page)}, follow=True)
    assert "All of it is on its way." in text(response)
    later = [a_version(version.prompt, by=cast.alice, text=f"Newer {version.pk} {{{{claim}}}}") for version in pair]
    second = promote_release(
        release=make_release(environment=cast.development, name="Second", versions=later, actor=cast.bob), actor=cast.bob
    )
    empty = client.post(url(second, "roll-back/"), {"reason": ""})
    assert (empty.status_code, 'id="reason-error" role="alert"' in text(empty)) == (422, True)
    response = client.post(url(second, "roll-back/"), {"reason": "It invents sums."}, follow=True)
    assert "All of it went back." in text(response)
    assert [live_version(version.prompt, cast.development) for version in pair] == pair


def test_whoever_was_slower_is_told_where(client: Client, cast: Cast, release: Release, pair: list[Version]) -> None:
    page = at(client, cast.alice).get(url(release))
    other = a_version(pair[0].prompt, by=cast.bob, text="Other {{claim}}")
    promote(other, cast.development, by=cast.bob)
    response = client.post(url(release, "promote/"), seen(page))
    assert (response.status_code, f"Someone was faster: Bob sent {other.semver}" in text(response)) == (409, True)


def test_what_joined_meanwhile_is_looked_at_first(client: Client, cast: Cast, release: Release) -> None:
    page = at(client, cast.alice).get(url(release))
    third = a_version(a_prompt(cast.claims, by=cast.bob, title="Third"), by=cast.bob)
    put_into_release(release=release, version=third, actor=cast.bob)
    response = client.post(url(release, "promote/"), seen(page))
    assert (response.status_code, "The release was changed after you looked." in text(response)) == (409, True)


def test_a_place_that_fails_is_told_and_the_way_back_stands_beside_it(client: Client, cast: Cast, release: Release, settings: Any) -> None:
    target = use_fake_publisher(settings)
    a_target(cast.development, by=cast.dora)

    promote_release(release=release, actor=cast.bob)
    assert "Some of it is still on its way" in text(at(client, cast.bob).get(url(release)))
    target.twists = [refuse]
    publish_everything()
    assert PublishJob.objects.filter(state="failed").count() == 1
    page = text(client.get(url(release)))
    assert "1 of 2 did not arrive everywhere" in page
    assert "See what failed" in page
    assert "Roll all of it back" in page


def test_hidden_prompts_are_counted_and_not_named(client: Client, cast: Cast, release: Release) -> None:
    secret = a_version(a_prompt(cast.claims, by=cast.bob, title="Severance"), by=cast.bob)
    restrict_prompt(prompt=secret.prompt, people=[cast.bob.user], actor=cast.bob)
    put_into_release(release=release, version=secret, actor=cast.bob)
    page = text(at(client, cast.alice).get(url(release)))
    assert "and 1 that is hidden from you" in page
    assert "One prompt of it is hidden from you." in page
    assert "Severance" not in page
    assert client.post(url(release, "promote/")).status_code == 403
    assert client.post(url(release, "add/"), {"version": str(secret.uid)}).status_code == 404
    assert "Severance" not in text(client.get(url(release) + "?q=Severance")).replace('value="Severance"', "")


def test_whoever_may_not_promote_reads_why(client: Client, cast: Cast, release: Release) -> None:
    page = text(at(client, cast.vera).get(url(release)))
    assert "Your role does not allow you to promote" in page
    assert client.post(url(release, "promote/")).status_code == 403
    assert "Your role does not allow you to promote" in text(client.get(RELEASES + "new/"))


def test_whoever_belongs_elsewhere_finds_nothing(client: Client, cast: Cast, release: Release) -> None:
    assert {at(client, cast.charlie).get(address).status_code for address in (RELEASES, url(release))} == {404}


@pytest.mark.parametrize("value", ["", "x", "\x00", "00000000-0000-0000-0000-000000000000"])
def test_nonsense_in_the_forms_is_not_there(client: Client, cast: Cast, release: Release, value: str) -> None:
    at(client, cast.alice)
    assert client.post(url(release, "add/"), {"version": value}).status_code in (400, 404, 422)
    assert client.post(url(release, "take-out/"), {"prompt": value}).status_code in (400, 404, 422)
    assert client.post(url(release, "promote/"), {"seen": [value, f"{value}:{value}"]}).status_code in (400, 404, 409, 422)


def test_a_hostile_name_is_shown_as_words(client: Client, cast: Cast) -> None:
    release = make_release(environment=cast.development, name=HOSTILE[:100], actor=cast.alice)
    for address in (RELEASES, url(release), "/p/claims/audit/"):
        assert "<script>alert(1)" not in text(at(client, cast.dora).get(address))


def test_a_withdrawn_release_says_so(client: Client, cast: Cast, release: Release) -> None:
    response = at(client, cast.alice).post(url(release, "withdraw/"), follow=True)
    assert "The release is withdrawn. Nothing was promoted." in text(response)
    assert client.post(url(release, "withdraw/")).status_code == 409


def test_the_list_is_searched_and_filtered(client: Client, cast: Cast, release: Release) -> None:
    make_release(environment=cast.staging, name="Winter", actor=cast.alice)
    at(client, cast.vera)
    assert "Winter" not in text(client.get(RELEASES + "?q=storm"))
    assert "No release matches" in text(client.get(RELEASES + "?state=promoted"))
    assert client.get(RELEASES + "?state=%00&page=x&q=%00").status_code == 200


def test_its_pages_ask_as_much_for_many_as_for_one(client: Client, cast: Cast, release: Release) -> None:
    at(client, cast.alice)
    before = {address: queries(client, address) for address in (RELEASES, url(release) + "?q=nothing")}
    for number in range(5):
        version = a_version(a_prompt(cast.claims, by=cast.alice, title=f"Prompt {number}"), by=cast.alice)
        put_into_release(release=release, version=version, actor=cast.alice)
        make_release(environment=cast.development, name=f"Release {number}", versions=[version], actor=cast.alice)
    after = {address: queries(client, address) for address in before}
    assert after == before

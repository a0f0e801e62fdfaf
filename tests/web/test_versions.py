"""Saving a version, the list of them, and one with what stands beside it."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from promptstudio.deployments import services as deployments
from promptstudio.prompts import services
from promptstudio.prompts.models import Draft, Prompt
from tests.cast import Cast, a_version, in_production, promote
from tests.web.test_prompts import address, browser


@pytest.fixture
def draft(cast: Cast, prompt: Prompt) -> Draft:
    a_version(prompt, by=cast.alice)
    return written(services.open_draft(prompt=prompt, actor=cast.alice), "Please sort this claim: {{claim}}", cast)


def written(draft: Draft, text: str, cast: Cast, **more: Any) -> Draft:
    content = draft.content | {"messages": [{"role": "user", "text": text}]} | more
    return services.save_draft(draft=draft, content=content, revision=draft.revision, actor=cast.alice)


def save_url(draft: Draft) -> str:
    return address(draft.prompt, f"drafts/{draft.uid}/save/")


def record(draft: Draft, **changes: str) -> dict[str, str]:
    return {"summary": "Sooner.", "revision": str(draft.revision)} | changes


def test_the_page_shows_the_difference_the_number_and_its_reasons(cast: Cast, draft: Draft) -> None:
    page = browser(cast.alice).get(save_url(draft)).text

    assert 'This becomes <b class="num">1.0.1</b>: fix' in page
    assert "Only wording changed" in page
    assert "Please" in page.split("<ins>")[1].split("</ins>")[0]
    assert "Compared with 1.0.0, which you go on from" in page


def test_it_compares_with_what_is_live_and_says_what_the_number_follows(cast: Cast, draft: Draft) -> None:
    version = draft.prompt.newest
    assert version
    in_production(cast, version)
    a_version(draft.prompt, by=cast.alice, text="Sort 3 claims: {{claim}}")

    page = browser(cast.alice).get(save_url(draft)).text

    assert "Compared with 1.0.0, live in Production, which you go on from; the number follows 1.1.0, the newest" in page


def test_saving_needs_a_summary_and_keeps_the_rest(cast: Cast, draft: Draft) -> None:
    answer = browser(cast.alice).post(save_url(draft), record(draft, summary=" ", expected_impact="Fewer <calls>"))

    assert answer.status_code == 422
    assert "Say in a sentence what you changed and why." in answer.text
    assert "Fewer &lt;calls&gt;</textarea>" in answer.text
    assert draft.prompt.versions.count() == 1


def test_a_saved_version_opens_with_what_comes_next(cast: Cast, draft: Draft) -> None:
    client = browser(cast.alice)
    answer = client.post(save_url(draft), record(draft, expected_impact="Fewer calls"))
    page = client.get(answer["Location"]).text

    assert (answer.status_code, answer["Location"]) == (303, address(draft.prompt, "versions/1.0.1/"))
    assert "Saved as 1.0.1." in page
    assert "Promote 1.0.1 to Development" in page
    assert "Fewer calls" in page
    assert "Not written yet; needed before a review" in page


def test_the_impact_can_be_raised_and_lowered_with_a_reason_only(cast: Cast, draft: Draft) -> None:
    feature = written(draft, "Sort these 4 claims: {{claim}}", cast)

    refused = browser(cast.alice).post(save_url(draft), record(feature, impact="fix"))
    lowered = browser(cast.alice).post(save_url(draft), record(feature, impact="fix", impact_reason="A slip of the pen."))

    assert refused.status_code == 422
    assert "Say why it is less; reviewers will read it." in refused.text
    assert lowered["Location"] == address(draft.prompt, "versions/1.0.1/")
    page = browser(cast.alice).get(lowered["Location"]).text
    assert "Computed as feature" in page
    assert "A slip of the pen." in page


def test_an_impact_that_is_none_is_refused(cast: Cast, draft: Draft) -> None:
    answer = browser(cast.alice).post(save_url(draft), record(draft, impact="huge"))

    assert answer.status_code == 422
    assert draft.prompt.versions.count() == 1


def test_a_draft_that_changed_meanwhile_is_shown_again_with_what_was_typed(cast: Cast, draft: Draft) -> None:
    old = record(draft)
    newer = services.save_draft(draft=draft, content=draft.content | {"model": "bobs.model"}, revision=draft.revision, actor=cast.bob)

    answer = browser(cast.alice).post(save_url(draft), old)

    assert answer.status_code == 409
    assert "Bob went on writing" in answer.text
    assert "bobs.model" in answer.text
    assert "Sooner.</textarea>" in answer.text
    assert f'name="revision" value="{newer.revision}"' in answer.text
    assert draft.prompt.versions.count() == 1


def test_a_draft_without_a_change_is_not_saved(cast: Cast, draft: Draft) -> None:
    same = written(draft, "Sort this claim: {{claim}}", cast)

    answer = browser(cast.alice).post(save_url(draft), record(same))

    assert answer.status_code == 409
    assert "this is word for word version 1.0.0" in answer.text
    assert "Sooner.</textarea>" in answer.text


def test_a_draft_with_errors_says_what_to_mend_first(cast: Cast, draft: Draft) -> None:
    broken = written(draft, "Sort {{claim}} in {{room}}", cast)

    page = browser(cast.alice).get(save_url(draft))
    answer = browser(cast.alice).post(save_url(draft), record(broken))

    for shown in (page, answer):
        assert "room is not in the table of variables" in shown.text
        assert address(draft.prompt, f"drafts/{draft.uid}/") in shown.text
    assert answer.status_code == 422
    assert "Sooner.</textarea>" in answer.text


def test_whoever_only_reads_cannot_save(cast: Cast, draft: Draft) -> None:
    page = browser(cast.vera).get(save_url(draft)).text
    answer = browser(cast.vera).post(save_url(draft), record(draft))

    assert "aria-disabled" in page
    assert "Your role does not allow you to write" in page
    assert answer.status_code == 403
    assert "Sooner." in answer.text


def test_the_page_of_another_project_is_not_there(cast: Cast, draft: Draft) -> None:
    assert browser(cast.charlie).get(save_url(draft)).status_code == 404
    assert browser(cast.charlie).get(address(draft.prompt, "versions/1.0.0/")).status_code == 404


def test_the_list_says_what_is_and_was_live_and_what_is_recalled(cast: Cast, prompt: Prompt) -> None:
    first = a_version(prompt, by=cast.alice)
    second = a_version(prompt, by=cast.alice, text="Sort 2 claims: {{claim}}")
    promote(first, cast.development, by=cast.alice)
    promote(second, cast.development, by=cast.alice)
    deployments.recall(version=first, reason="Wrong sums.", actor=cast.bob)

    page = browser(cast.vera).get(address(prompt, "versions/")).text
    newer, older = (part.split("</tr>")[0] for part in page.split("<tr>")[2:4])

    assert "1.1.0" in newer
    assert "Development" in newer
    assert address(prompt, "compare/1.0.0...1.1.0/") in newer
    assert "was live in Development" in older
    assert "Recalled" in older
    assert "Your role does not allow you to write" in page


def test_versions_can_be_searched(cast: Cast, prompt: Prompt) -> None:
    a_version(prompt, by=cast.alice)
    data = {"messages": [{"role": "user", "text": "Weigh 7 storms"}]}
    services.save_version(prompt=prompt, data=data, change=services.Change(summary="Storms"), actor=cast.bob)

    found = browser(cast.alice).get(address(prompt, "versions/?q=storms bob")).text
    nothing = browser(cast.alice).get(address(prompt, "versions/?q=<nothing>")).text

    assert "2.0.0</a>" in found
    assert ">1.0.0</a>" not in found
    assert "No version matches" in nothing
    assert "&lt;nothing&gt;" in nothing


def test_the_list_asks_a_constant_number_of_questions(cast: Cast, prompt: Prompt) -> None:
    promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    few = _queries(cast, prompt)
    for number in range(6):
        promote(a_version(prompt, by=cast.alice, text=f"Sort {number} claims: {{{{claim}}}}"), cast.development, by=cast.alice)

    assert _queries(cast, prompt) == few


def test_a_version_page_shows_everything_beside_the_text(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    in_production(cast, version)

    page = browser(cast.bob).get(address(prompt, "versions/1.0.0/")).text

    assert 'Sort this claim: <span class="var">claim</span>' in page
    assert "We count the calls." in page
    assert "For Production" in page
    assert address(prompt, "recall/1.0.0/") in page or "Recall this version" in page
    assert version.digest in page


def test_a_version_that_is_not_there_is_404(cast: Cast, prompt: Prompt) -> None:
    assert browser(cast.alice).get(address(prompt, "versions/9.9.9/")).status_code == 404


def test_the_change_record_is_added_to_and_never_overwritten(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    where = address(prompt, "versions/1.0.0/change-record/")

    answer = browser(cast.bob).post(where, {"expected_impact": "Fewer letters."})
    empty = browser(cast.bob).post(where, {"expected_impact": " "})
    refused = browser(cast.vera).post(where, {"expected_impact": "Mine"})

    assert (answer.status_code, empty.status_code, refused.status_code) == (303, 422, 403)
    assert [note.text for note in version.notes.filter(field="expected_impact")] == ["Fewer calls.", "Fewer letters."]
    assert "Write what you expect to change" in empty.text


def test_a_draft_can_be_started_from_any_version(cast: Cast, prompt: Prompt) -> None:
    first = a_version(prompt, by=cast.alice)
    a_version(prompt, by=cast.alice, text="Sort 2 claims: {{claim}}")

    browser(cast.bob).post(address(prompt, "drafts/"), {"based_on": "1.0.0"})
    foreign = browser(cast.bob).post(address(prompt, "drafts/"), {"based_on": "7.0.0"})

    draft = prompt.drafts.get()
    assert draft.based_on == first
    assert draft.content["messages"][0]["text"] == "Sort this claim: {{claim}}"
    assert foreign.status_code == 404


def _queries(cast: Cast, prompt: Prompt) -> int:
    client = browser(cast.alice)
    client.get(address(prompt, "versions/"))
    with CaptureQueriesContext(connection) as queries:
        client.get(address(prompt, "versions/"))
    return len(queries)


def test_a_draft_that_was_saved_twice_leads_to_its_version(cast: Cast, draft: Draft) -> None:
    author = browser(cast.alice)
    first, second = (author.post(save_url(draft), record(draft)) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first["Location"] == second["Location"] == address(draft.prompt, "versions/1.0.1/")
    assert draft.prompt.versions.count() == 2


def test_somebody_else_is_told_who_saved_it(cast: Cast, draft: Draft) -> None:
    browser(cast.alice).post(save_url(draft), record(draft))
    late = browser(cast.bob).post(save_url(draft), record(draft, summary="My words"))
    assert late.status_code == 409
    assert "Alice saved this draft as 1.0.1 at" in late.text
    assert "Somebody was faster" in late.text
    assert "My words" in late.text
    assert browser(cast.vera).post(save_url(draft), record(draft)).status_code == 403

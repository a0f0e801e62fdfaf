"""Nothing that somebody asked for or remarked is left open, where the conditions say so."""

import pytest

from promptstudio.deployments import gates
from promptstudio.deployments import services as deployments
from promptstudio.deployments.glance import at_a_glance
from promptstudio.deployments.models import Evaluation
from promptstudio.deployments.services import Blocked
from promptstudio.projects.role_services import revoke_role
from promptstudio.projects.services import change_policy
from promptstudio.prompts.diff import Lines
from promptstudio.prompts.models import Prompt, Version
from promptstudio.reviews.conversation_services import begin_thread, reopen, resolve
from promptstudio.reviews.models import Review, Thread
from tests.cast import Cast, a_prompt, a_version, approve, asked, promote

LINE = Lines("messages.0.text", 1, 1)


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    change_policy(environment=cast.staging, data={"no_open_changes": True, "no_open_comments": True}, actor=cast.dora)
    made = a_version(prompt, by=cast.alice)
    promote(made, cast.development, by=cast.alice)
    return made


def remark(version: Version, cast: Cast) -> Thread:
    return begin_thread(version=version, lines=LINE, text="Shorter?", actor=cast.bob)


def open_gates(cast: Cast, version: Version) -> dict[str, str]:
    """Reasons of the gates that are open, the same alone and in a list."""
    alone = gates.evaluate(gates.candidate_for(version, cast.staging))
    for review in Review.objects.open().filter(version=version).with_everything():
        assert at_a_glance([review])[review.pk] == alone
    return {outcome.gate: outcome.reason for outcome in alone if not outcome.passed}


def ask_for_changes(review: Review, cast: Cast) -> None:
    deployments.decide(review=review, verdict="request_changes", comment="Too long.", seen=None, actor=cast.bob)


def test_without_any_it_enters(cast: Cast, version: Version) -> None:
    assert promote(version, cast.staging, by=cast.alice)


def test_who_asks_for_changes_holds_it_back_also_where_no_approval_is_asked_for(cast: Cast, version: Version) -> None:
    review = asked(version, cast.staging, by=cast.alice)
    ask_for_changes(review, cast)
    assert open_gates(cast, version) == {"no_open_changes": "Bob asked for changes: “Too long.”"}
    with pytest.raises(Blocked, match="Bob asked for changes"):
        promote(version, cast.staging, by=cast.alice)
    assert "Bob" not in str(Evaluation.objects.get(passed=False).outcomes)
    approve(review, cast.bob)
    assert open_gates(cast, version) == {}


def test_it_is_said_once_where_approvals_are_asked_for_as_well(cast: Cast, version: Version) -> None:
    change_policy(environment=cast.staging, data={"no_open_changes": True, "approvals": {"technical": 1, "product": 1}}, actor=cast.dora)
    review = asked(version, cast.staging, by=cast.alice)
    ask_for_changes(review, cast)
    approve(review, cast.bella)
    missing = "1 more product approval needed. These people can give it: Bob."
    assert open_gates(cast, version) == {"no_open_changes": "Bob asked for changes: “Too long.”", "approvals": missing}


def test_whoever_lost_the_role_asks_for_nothing_any_more(cast: Cast, version: Version) -> None:
    ask_for_changes(asked(version, cast.staging, by=cast.alice), cast)
    revoke_role(membership=cast.bob.user.memberships.get(), actor=cast.dora)
    assert open_gates(cast, version) == {}


def test_an_unsettled_comment_holds_it_back_until_somebody_settles_it(cast: Cast, version: Version) -> None:
    asked(version, cast.staging, by=cast.alice)
    thread = remark(version, cast)
    sentence = "1 comment on lines is not settled yet. It comes from Bob; settle it in the review, beside the text."
    assert open_gates(cast, version) == {"no_open_comments": sentence}
    with pytest.raises(Blocked, match="It comes from Bob"):
        promote(version, cast.staging, by=cast.alice)
    assert "Bob" not in str(Evaluation.objects.get(passed=False).outcomes)
    resolve(thread=thread, actor=cast.alice)
    assert open_gates(cast, version) == {}
    reopen(thread=thread, actor=cast.bob)
    assert list(open_gates(cast, version)) == ["no_open_comments"]


def test_a_newer_version_does_not_settle_what_was_said_about_an_earlier_one(cast: Cast, version: Version, prompt: Prompt) -> None:
    remark(version, cast)
    begin_thread(version=version, lines=LINE, text="Friendlier?", actor=cast.bella)
    newer = a_version(prompt, by=cast.alice, text="Kindly sort {{claim}}")
    asked(newer, cast.staging, by=cast.alice)
    sentence = "2 comments on lines are not settled yet. They come from Bob and Bella; settle them in the review, beside the text."
    assert open_gates(cast, newer) == {"no_open_comments": sentence}


def test_what_is_said_about_a_later_version_or_another_prompt_concerns_it_not(cast: Cast, version: Version, prompt: Prompt) -> None:
    asked(version, cast.staging, by=cast.alice)
    remark(a_version(prompt, by=cast.alice, text="Later {{claim}}"), cast)
    remark(a_version(a_prompt(cast.claims, by=cast.alice, title="Other"), by=cast.alice), cast)
    assert open_gates(cast, version) == {}

"""A wish before the writing: who may do what with it, and what stays linked."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from promptstudio.accounts.actor import Actor
from promptstudio.audit.models import Entry
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.projects.models import Membership, Project
from promptstudio.projects.role_services import revoke_role
from promptstudio.prompts import request_services as asking
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Request, RequestEvent
from promptstudio.prompts.request_services import Answer
from tests.cast import BAD, GOOD, Cast, a_key, a_person, a_prompt, a_version, an_application, wished, written


def kinds(request: Request) -> list[str]:
    return list(RequestEvent.objects.filter(request=request).values_list("kind", flat=True))


def test_whoever_reads_asks(cast: Cast) -> None:
    asked = wished(cast.claims, by=cast.vera, due_on=timezone.localdate() + timedelta(days=9))
    assert (asked.asked_by, asked.owner, asked.prompt) == (cast.vera.user, None, None)
    assert [(answer.good, answer.name) for answer in asked.answers.all()] == [(True, "burst pipe"), (False, "Bad answer 2")]


def test_nobody_from_elsewhere_asks_here_and_no_key_does(cast: Cast) -> None:
    with pytest.raises(NotAllowed, match="Your role does not allow you to read"):
        wished(cast.claims, by=cast.charlie)
    _, key = a_key(an_application(cast.claims, responsible=cast.bob, by=cast.dora), "read", "write", by=cast.dora)
    with pytest.raises(NotAllowed, match="A key asks for nothing"):
        wished(cast.claims, by=key)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 601}, "title"),
        ({"wanted": ""}, "wanted"),
        ({"due_on": date(2020, 1, 1)}, "due_on"),
        ({"answers": []}, "answers"),
        ({"answers": [BAD]}, "answers"),
        ({"answers": [GOOD, Answer("", name="empty")]}, "answers"),
        ({"answers": [GOOD] * 21}, "answers"),
        ({"audience": "x" * 20_001}, "audience"),
    ],
)
def test_what_is_missing_is_said_at_its_field(cast: Cast, given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        wished(cast.claims, by=cast.vera, **given)
    assert list(refused.value.errors) == [field]
    assert not Request.objects.exists()


def test_writing_starts_with_a_prompt_a_draft_and_the_good_answers_as_examples(cast: Cast) -> None:
    asked = wished(cast.claims, by=cast.vera)
    draft = asking.start_writing(request=asked, actor=cast.alice)
    asked.refresh_from_db()
    assert (asked.owner, asked.draft, asked.prompt.title) == (cast.alice.user, draft, "First letter")
    assert [(example.name, example.values) for example in asked.prompt.examples.all()] == [("burst pipe", {"claim": "The pipe burst."})]
    assert kinds(asked) == ["asked", "taken", "started"]


def test_free_text_that_goes_in_stands_in_the_example_as_input(cast: Cast) -> None:
    free = Answer("Urgent.", name="storm", given="Hello,\nthe roof is open: please come.")
    draft = asking.start_writing(request=wished(cast.claims, by=cast.vera, answers=[free]), actor=cast.alice)
    assert draft.prompt.examples.get().values == {"input": free.given}


def test_no_example_that_is_there_is_written_over(cast: Cast, prompt: Prompt) -> None:
    prompts.save_example(prompt=prompt, name="burst pipe", values={"claim": "Mine."}, actor=cast.alice)
    asking.start_writing(request=wished(prompt, by=cast.vera), actor=cast.alice)
    assert dict(prompt.examples.values_list("name", "values")) == {
        "burst pipe": {"claim": "Mine."},
        "burst pipe 2": {"claim": "The pipe burst."},
    }


def test_a_wish_about_a_prompt_opens_a_draft_of_its_newest_version(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    draft = asking.start_writing(request=wished(prompt, by=cast.vera), actor=cast.bob)
    assert (draft.prompt, draft.based_on) == (prompt, version)
    assert Prompt.objects.count() == 1


def test_two_do_not_take_it_both(cast: Cast) -> None:
    asked = wished(cast.claims, by=cast.vera)
    asking.take_request(request=asked, actor=cast.alice)
    with pytest.raises(Conflict, match="Alice has taken it"):
        asking.take_request(request=asked, actor=cast.bob)
    with pytest.raises(Conflict, match="Alice has taken it"):
        asking.start_writing(request=asked, actor=cast.bob)
    with pytest.raises(Conflict, match="You have taken it already"):
        asking.take_request(request=asked, actor=cast.alice)


def test_who_only_reads_does_not_take_it(cast: Cast) -> None:
    with pytest.raises(NotAllowed, match="write prompts"):
        asking.take_request(request=wished(cast.claims, by=cast.vera), actor=cast.vera)


def test_it_is_handed_over_to_somebody_who_may_write(cast: Cast) -> None:
    asked = wished(cast.claims, by=cast.vera)
    asking.take_request(request=asked, actor=cast.alice)
    with pytest.raises(NotAllowed, match="Only who has taken it, or a project admin"):
        asking.hand_over(request=asked, to=cast.bob.user, actor=cast.bob)
    with pytest.raises(Invalid, match="Vera may not write here"):
        asking.hand_over(request=asked, to=cast.vera.user, actor=cast.alice)
    asking.hand_over(request=asked, to=cast.bob.user, actor=cast.alice)
    with pytest.raises(Conflict, match="Bob has it already"):
        asking.hand_over(request=asked, to=cast.bob.user, actor=cast.dora)
    assert asking.start_writing(request=asked, actor=cast.bob).created_by == cast.bob.user


def test_the_asker_says_whether_this_is_it(cast: Cast) -> None:
    asked = wished(cast.claims, by=cast.vera)
    version = written(asked, by=cast.alice)
    with pytest.raises(NotAllowed, match="Vera asked for it"):
        asking.confirm(request=asked, version=version, actor=cast.dora)
    asked = asking.confirm(request=asked, version=version, words="Just so.", actor=cast.vera)
    assert not asked.is_open
    assert kinds(asked) == ["asked", "taken", "started", "sent_back", "confirmed"]
    with pytest.raises(Conflict, match="was confirmed on"):
        asking.confirm(request=asked, version=version, actor=cast.vera)


def test_nothing_is_confirmed_that_was_not_sent_back(cast: Cast) -> None:
    asked = wished(cast.claims, by=cast.vera)
    version = written(asked, by=cast.alice, back=False)
    with pytest.raises(Conflict, match="Nothing was sent back yet"):
        asking.confirm(request=asked, version=version, actor=cast.vera)


def test_a_yes_to_what_was_replaced_meanwhile_is_a_conflict(cast: Cast) -> None:
    asked = wished(cast.claims, by=cast.vera)
    first = written(asked, by=cast.alice)
    second = a_version(first.prompt, by=cast.alice, text="Better: {{claim}}")
    asking.send_back(request=asked, version=second, actor=cast.alice)
    with pytest.raises(Conflict, match=r"1\.0\.1 was sent back meanwhile|was sent back meanwhile"):
        asking.confirm(request=asked, version=first, actor=cast.vera)


def test_a_no_comes_with_words_and_goes_back_to_the_writing(cast: Cast) -> None:
    asked = wished(cast.claims, by=cast.vera)
    version = written(asked, by=cast.alice)
    with pytest.raises(Invalid, match="Say what should be different"):
        asking.reopen(request=asked, words=" ", actor=cast.vera)
    asked = asking.reopen(request=asked, words="It has to name the handler.", actor=cast.vera)
    assert (asked.version, asked.sent_back_at) == (None, None)
    assert RequestEvent.objects.get(kind="reopened").version == version
    assert asking.start_writing(request=asked, actor=cast.alice).based_on == version


def test_an_admin_answers_for_an_asker_who_is_gone_and_it_shows(cast: Cast) -> None:
    asked = wished(cast.claims, by=cast.vera)
    version = written(asked, by=cast.alice)
    revoke_role(membership=Membership.objects.get(user=cast.vera.user), actor=cast.dora)
    with pytest.raises(NotAllowed, match=r"Vera is not here any more\. A project admin"):
        asking.confirm(request=asked, version=version, actor=cast.bob)
    asking.confirm(request=asked, version=version, actor=cast.dora)
    assert RequestEvent.objects.get(kind="confirmed").instead
    assert f'"instead_of":"{cast.vera.user.uid}"' in Entry.objects.get(action="request.confirmed").data


def test_what_a_version_answers_is_not_closed_by_who_writes(cast: Cast) -> None:
    """Else the condition that its asker confirms could be talked away."""
    asked = wished(cast.claims, by=cast.vera)
    written(asked, by=cast.alice)
    with pytest.raises(NotAllowed, match="A version answers it already"):
        asking.decline(request=asked, reason="No need.", actor=cast.alice)
    asking.decline(request=asked, reason="I changed my mind.", actor=cast.vera)


def test_declining_needs_a_reason_and_ends_it_until_the_asker_opens_it_again(cast: Cast) -> None:
    asked = wished(cast.claims, by=cast.vera)
    with pytest.raises(Invalid, match="Say why"):
        asking.decline(request=asked, reason="", actor=cast.bob)
    asking.decline(request=asked, reason="Marketing has one.", actor=cast.bob)
    for deed in (asking.take_request, asking.start_writing):
        with pytest.raises(Conflict, match="was declined on"):
            deed(request=asked, actor=cast.alice)
    asking.reopen(request=asked, words="Theirs is for newsletters.", actor=cast.vera)
    assert asking.take_request(request=asked, actor=cast.alice).owner == cast.alice.user


def test_a_version_of_another_prompt_is_no_answer(cast: Cast) -> None:
    asked = wished(cast.claims, by=cast.vera)
    asking.start_writing(request=asked, actor=cast.alice)
    other = a_version(a_prompt(cast.claims, by=cast.alice), by=cast.alice)
    with pytest.raises(Invalid, match="belongs to another prompt"):
        asking.send_back(request=asked, version=other, actor=cast.alice)


def test_nothing_is_sent_back_to_somebody_who_does_not_see_it(cast: Cast) -> None:
    asked = wished(cast.claims, by=cast.vera)
    version = written(asked, by=cast.alice, back=False)
    prompts.restrict_prompt(prompt=version.prompt, people=[cast.bob.user], actor=cast.alice)
    with pytest.raises(Invalid, match=r"Vera does not see this prompt\. Name them there first"):
        asking.send_back(request=asked, version=version, actor=cast.alice)


def test_a_restricted_prompt_hides_its_requests(cast: Cast) -> None:
    version = written(wished(cast.claims, by=cast.vera), by=cast.alice)
    prompts.restrict_prompt(prompt=version.prompt, people=[cast.bob.user], actor=cast.alice)
    seen = {name: Request.objects.visible_to(getattr(cast, name)).exists() for name in ("vera", "bella", "bob", "dora")}
    assert seen == {"vera": False, "bella": False, "bob": True, "dora": True}


def test_a_request_is_seen_where_it_belongs(cast: Cast) -> None:
    wished(cast.claims, by=cast.vera)
    assert Request.objects.visible_to(cast.axel).count() == 1
    assert not Request.objects.visible_to(cast.charlie).exists()
    outsider = Actor(user=a_person("Otto", cast.elsewhere, by=cast.root).user)
    assert not Request.objects.visible_to(outsider).exists()


def test_what_is_said_is_kept_and_its_words_stand_in_no_entry(cast: Cast) -> None:
    asked = wished(cast.claims, by=cast.vera)
    asking.say(request=asked, text="Is Friday enough?", actor=cast.bella)
    assert RequestEvent.objects.get(kind="said").words == "Is Friday enough?"
    assert "Friday" not in Entry.objects.get(action="request.commented").data


def test_a_second_draft_for_the_same_wish_is_a_conflict(cast: Cast) -> None:
    asked = wished(cast.claims, by=cast.vera)
    asking.start_writing(request=asked, actor=cast.alice)
    with pytest.raises(Conflict, match="opened a draft for it already"):
        asking.start_writing(request=asked, actor=cast.alice)


def test_a_discarded_draft_leaves_the_wish_open(cast: Cast) -> None:
    asked = wished(cast.claims, by=cast.vera)
    prompts.discard_draft(draft=asking.start_writing(request=asked, actor=cast.alice), actor=cast.alice)
    with clock.at(clock.now() + timedelta(minutes=1)):
        assert asking.start_writing(request=asked, actor=cast.alice).is_open
    assert Prompt.objects.count() == 1


def test_the_top_of_a_project_is_a_place_to_ask_in(cast: Cast) -> None:
    assert isinstance(cast.claims, Project)
    assert wished(cast.claims, by=cast.axel).folder.path == ""

"""Naming who answers for a folder, and what of it waits for a second person."""

from typing import Any

import pytest

from promptstudio.accounts.actor import Actor
from promptstudio.audit.models import Entry
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.notifications.audience import audience
from promptstudio.projects import control_services
from promptstudio.projects.answering import who_answers
from promptstudio.projects.folder_services import name_reviewers
from promptstudio.projects.models import Folder, Membership, PendingChange
from promptstudio.projects.role_services import grant_role, revoke_role
from promptstudio.projects.services import change_policy, folder_at
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt
from tests.cast import Cast, a_key, a_person, a_version, an_application, approved, promote

RULES = {"approvals": {"technical": 1}, "folder_reviewers": True}


@pytest.fixture
def motor(cast: Cast) -> Folder:
    change_policy(environment=cast.production, data=RULES, actor=cast.dora)
    return folder_at(project=cast.claims, path="claims/motor")


@pytest.fixture
def dana(cast: Cast, settings: Any) -> Actor:
    """A second admin; from now on two have to agree."""
    person = a_person("Dana", cast.claims, "admin", by=cast.root)
    settings.SECOND_PERSON = True
    return person


def name(folder: Folder, *people: Actor, by: Actor, roles: tuple[str, ...] = ()) -> PendingChange | None:
    return name_reviewers(folder=folder, people=[person.user for person in people], roles=roles, actor=by)


def names(folder: Folder) -> str:
    found = who_answers(folder)
    return found.in_words if found else ""


def test_who_is_named_answers_and_the_trail_tells_it_without_names(cast: Cast, motor: Folder) -> None:
    assert name(motor, cast.bob, by=cast.dora, roles=("technical",)) is None
    assert names(motor) == "Bob or anybody with the role technical"
    entry = Entry.objects.get(action="folder.reviewers_named")
    assert "Bob" not in entry.data
    assert str(cast.bob.user.uid) in entry.data
    assert [told.person for told in audience(entry)] == [cast.bob.user]


@pytest.mark.parametrize("who", ["alice", "bob", "axel", "charlie"])
def test_only_who_keeps_the_project_names_them(cast: Cast, motor: Folder, who: str) -> None:
    with pytest.raises(NotAllowed):
        name(motor, cast.bob, by=getattr(cast, who))


def test_who_keeps_the_folder_alone_does_not(cast: Cast, motor: Folder) -> None:
    """Conditions belong to the whole project."""
    grant_role(project=cast.claims, user=cast.charlie.user, role="admin", folder=motor, actor=cast.dora)
    with pytest.raises(NotAllowed):
        name(motor, cast.charlie, by=cast.charlie)


@pytest.mark.parametrize("who", ["vera", "axel", "charlie", "root"])
def test_who_could_not_approve_there_is_refused(cast: Cast, motor: Folder, who: str) -> None:
    with pytest.raises(Invalid, match="could not approve in claims/motor: give them a role there"):
        name(motor, getattr(cast, who), by=cast.dora)


def test_a_role_in_another_folder_is_not_enough(cast: Cast, motor: Folder) -> None:
    home = folder_at(project=cast.claims, path="claims/home")
    grant_role(project=cast.claims, user=cast.charlie.user, role="product", folder=home, actor=cast.dora)
    with pytest.raises(Invalid, match="Charlie could not approve"):
        name(motor, cast.charlie, by=cast.dora)
    name(home, cast.charlie, by=cast.dora)


def test_who_was_archived_is_refused(cast: Cast, motor: Folder) -> None:
    cast.bob.user.is_active = False
    cast.bob.user.save()
    with pytest.raises(Invalid, match="Bob could not approve"):
        name(motor, cast.bob, by=cast.dora)


def test_an_application_answers_for_nothing(cast: Cast, motor: Folder) -> None:
    account = an_application(cast.claims, responsible=cast.bob, by=cast.dora)
    grant_role(project=cast.claims, user=account.user, role="product", actor=cast.dora)
    with pytest.raises(Invalid, match="could not approve"):
        name_reviewers(folder=motor, people=[account.user], roles=[], actor=cast.dora)
    _, key = a_key(account, "write", by=cast.dora)
    with pytest.raises(NotAllowed):
        name(motor, cast.bob, by=key)


@pytest.mark.parametrize(("role", "sentence"), [("viewer", "no role that may approve"), ("nothing", "no role that may approve")])
def test_roles_that_do_not_review_are_refused(cast: Cast, motor: Folder, role: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        name(motor, by=cast.dora, roles=(role,))


def test_a_role_that_nobody_has_there_is_refused(cast: Cast, motor: Folder) -> None:
    revoke_role(membership=Membership.objects.get(user=cast.bob.user), actor=cast.dora)
    with pytest.raises(Invalid, match="Nobody has the role product in claims/motor"):
        name(motor, by=cast.dora, roles=("product",))


def test_nobody_is_named_twice_for_nothing(cast: Cast, motor: Folder) -> None:
    with pytest.raises(Conflict, match="Nobody is named there"):
        name(motor, by=cast.dora)
    name(motor, cast.bob, cast.bob, by=cast.dora)
    with pytest.raises(Conflict, match="they answer for it already"):
        name(motor, cast.bob, by=cast.dora)


def test_conditions_that_ask_people_who_could_not_are_refused(cast: Cast, motor: Folder) -> None:
    change_policy(environment=cast.production, data={"approvals": {"technical": 1}}, actor=cast.dora)
    name(motor, cast.bob, by=cast.dora)
    revoke_role(membership=Membership.objects.get(user=cast.bob.user), actor=cast.dora)
    with pytest.raises(Invalid, match=r"Bob cannot approve in claims/motor.*Name somebody else under Settings › Folders first"):
        change_policy(environment=cast.production, data=RULES, actor=cast.dora)


def test_who_alone_writes_there_cannot_be_the_only_one(cast: Cast, motor: Folder) -> None:
    for person in (cast.alice, cast.bella, cast.dora):
        Membership.objects.filter(user=person.user).update(role="auditor")
    with pytest.raises(Invalid, match="Nobody but Bob could write or promote"):
        name(motor, cast.bob, by=cast.root)


class TestASecondPerson:
    def test_the_first_names_only_add_a_condition(self, cast: Cast, motor: Folder, dana: Actor) -> None:
        assert name(motor, cast.bob, by=cast.dora) is None

    def test_taking_somebody_off_waits(self, cast: Cast, motor: Folder, dana: Actor) -> None:
        name(motor, cast.bob, cast.bella, by=cast.dora)
        change = name(motor, cast.bob, by=cast.dora)
        assert change
        assert change.reasons == ["somebody who is asked today is not asked any more"]
        assert names(motor) == "Bella or Bob"
        with pytest.raises(NotAllowed, match="You asked for this yourself"):
            control_services.confirm_change(change=change, actor=cast.dora)
        control_services.confirm_change(change=change, actor=dana)
        assert names(motor) == "Bob"

    def test_taking_the_last_one_off_says_what_follows(self, cast: Cast, motor: Folder, dana: Actor) -> None:
        name(motor, cast.bob, by=cast.dora)
        change = name(motor, by=cast.dora)
        assert change
        assert change.reasons[1] == "nobody is asked any more"

    def test_one_more_of_whom_one_is_enough_waits(self, cast: Cast, motor: Folder, dana: Actor) -> None:
        """Else an admin would name themselves and approve."""
        name(motor, cast.bob, by=cast.dora)
        change = name(motor, cast.bob, cast.dora, by=cast.dora)
        assert change
        assert change.reasons == ["one approval is enough, and somebody may give it who is not asked today"]

    def test_names_in_an_inner_folder_wait_where_an_outer_one_decided(self, cast: Cast, motor: Folder, dana: Actor) -> None:
        name(folder_at(project=cast.claims, path="claims"), cast.bob, by=cast.dora)
        assert name(motor, cast.dora, by=cast.dora)
        assert names(motor) == "Bob"

    def test_where_no_condition_asks_them_nothing_waits(self, cast: Cast, motor: Folder, dana: Actor) -> None:
        change_policy(environment=cast.production, data={"approvals": {"technical": 1}}, actor=cast.root)
        for change in PendingChange.objects.open():
            control_services.confirm_change(change=change, actor=dana)
        name(motor, cast.bob, by=cast.dora)
        assert name(motor, cast.bella, by=cast.dora) is None

    def test_switching_the_condition_off_waits(self, cast: Cast, motor: Folder, dana: Actor) -> None:
        change = change_policy(environment=cast.production, data={"approvals": {"technical": 1}}, actor=cast.dora)
        assert isinstance(change, PendingChange)
        assert change.reasons == ["nobody who answers for a folder has to approve what lies in it"]

    def test_a_role_that_answers_counts_as_one_that_approves(self, cast: Cast, motor: Folder, dana: Actor) -> None:
        data = RULES | {"deployers": ["technical"]}
        change_policy(environment=cast.production, data=data, actor=cast.dora)
        assert isinstance(grant_role(project=cast.claims, user=cast.vera.user, role="product", actor=cast.dora), Membership)
        name(motor, by=cast.dora, roles=("product",))
        assert isinstance(grant_role(project=cast.claims, user=cast.charlie.user, role="product", actor=cast.dora), PendingChange)

    def test_a_wish_about_names_that_changed_since_is_not_carried_out(self, cast: Cast, motor: Folder, dana: Actor, settings: Any) -> None:
        name(motor, cast.bob, by=cast.dora)
        change = name(motor, cast.bella, by=cast.dora)
        assert change
        settings.SECOND_PERSON = False
        name(motor, cast.bob, cast.alice, by=dana)
        with pytest.raises(Conflict, match="changed since"):
            control_services.confirm_change(change=change, actor=dana)

    def test_a_wish_for_somebody_who_lost_the_role_is_not_carried_out(self, cast: Cast, motor: Folder, dana: Actor) -> None:
        name(motor, cast.bob, by=cast.dora)
        change = name(motor, cast.bella, by=cast.dora)
        assert change
        revoke_role(membership=Membership.objects.get(user=cast.bella.user), actor=cast.dora)
        with pytest.raises(Invalid, match="Bella could not approve"):
            control_services.confirm_change(change=change, actor=dana)


class TestMoving:
    @pytest.fixture
    def inside(self, cast: Cast, prompt: Prompt, motor: Folder) -> Prompt:
        moved = prompts.change_prompt(prompt=prompt, folder="claims/motor", actor=cast.alice)
        name(motor, cast.bob, by=cast.dora)
        return moved

    def test_nobody_moves_a_prompt_away_from_those_who_answer_for_it(self, cast: Cast, inside: Prompt) -> None:
        with pytest.raises(NotAllowed, match=r"In claims/motor, the approval of Bob is asked for\. One of them moves it"):
            prompts.change_prompt(prompt=inside, folder="", actor=cast.alice)
        inside.refresh_from_db()
        assert inside.folder.path == "claims/motor"

    def test_one_of_them_does(self, cast: Cast, inside: Prompt) -> None:
        assert prompts.change_prompt(prompt=inside, folder="", actor=cast.bob).folder.path == ""

    def test_nobody_takes_their_own_version_past_the_others(self, cast: Cast, inside: Prompt) -> None:
        mine = a_version(inside, by=cast.bob)
        with pytest.raises(NotAllowed, match=r"words of yours in it were not live yet\. Somebody else has to move it"):
            prompts.change_prompt(prompt=inside, folder="", actor=cast.bob)
        approved(mine, cast.production, asked_by=cast.alice, by=[cast.bella])
        name(folder_at(project=cast.claims, path="claims/motor"), cast.bob, cast.bella, by=cast.dora)
        promote(mine, cast.production, by=cast.alice)
        assert prompts.change_prompt(prompt=inside, folder="", actor=cast.bob)

    def test_nor_an_older_one_that_never_went_live(self, cast: Cast, inside: Prompt) -> None:
        a_version(inside, by=cast.bob)
        a_version(inside, by=cast.alice, text="Newer {{claim}}")
        with pytest.raises(NotAllowed, match="words of yours"):
            prompts.change_prompt(prompt=inside, folder="", actor=cast.bob)

    def test_nor_their_draft(self, cast: Cast, inside: Prompt) -> None:
        draft = prompts.open_draft(prompt=inside, actor=cast.alice)
        prompts.save_draft(draft=draft, content={**draft.content, "system": "Mine."}, revision=draft.revision, actor=cast.bob)
        with pytest.raises(NotAllowed, match="words of yours"):
            prompts.change_prompt(prompt=inside, folder="", actor=cast.bob)
        name(folder_at(project=cast.claims, path="claims/motor"), cast.bob, cast.bella, by=cast.dora)
        assert prompts.change_prompt(prompt=inside, folder="", actor=cast.bella)

    def test_where_the_same_role_is_other_peoples_it_is_not_theirs(self, cast: Cast, inside: Prompt) -> None:
        motor, letters = (folder_at(project=cast.claims, path=path) for path in ("claims/motor", "claims/motor/letters"))
        name(motor, by=cast.dora, roles=("product",))
        prompts.change_prompt(prompt=inside, folder=letters.path, actor=cast.alice)
        prompts.change_prompt(prompt=inside, folder=motor.path, actor=cast.alice)
        grant_role(project=cast.claims, user=cast.vera.user, role="product", folder=letters, actor=cast.dora)
        with pytest.raises(NotAllowed, match="the approval of anybody with the role product is asked for"):
            prompts.change_prompt(prompt=inside, folder=letters.path, actor=cast.alice)
        assert prompts.change_prompt(prompt=inside, folder=letters.path, actor=cast.bob)

    def test_further_in_it_stays_theirs(self, cast: Cast, inside: Prompt) -> None:
        assert prompts.change_prompt(prompt=inside, folder="claims/motor/letters", actor=cast.alice)

    def test_an_admin_moves_it_only_where_no_second_person_has_to_agree(self, cast: Cast, inside: Prompt, settings: Any) -> None:
        assert prompts.change_prompt(prompt=inside, folder="", actor=cast.dora)
        prompts.change_prompt(prompt=inside, folder="claims/motor", actor=cast.alice)
        a_person("Dana", cast.claims, "admin", by=cast.root)
        settings.SECOND_PERSON = True
        with pytest.raises(NotAllowed):
            prompts.change_prompt(prompt=inside, folder="", actor=cast.dora)

    def test_a_key_does_not(self, cast: Cast, inside: Prompt) -> None:
        _, key = a_key(an_application(cast.claims, responsible=cast.bob, by=cast.dora), "write", by=cast.dora)
        with pytest.raises(NotAllowed):
            prompts.change_prompt(prompt=inside, folder="", actor=key)

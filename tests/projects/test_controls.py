"""Control over the controls: what makes an environment easier to reach waits for a second person, and the site's floor holds."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from promptstudio.accounts import actor as actors
from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.models import Entry
from promptstudio.deployments import target_services
from promptstudio.deployments.models import Target
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.projects import control_services, group_mappings, key_services, role_services, services
from promptstudio.projects.models import ApiKey, Floor, GroupMapping, Membership, PendingChange, Policy
from promptstudio.projects.permissions import can
from promptstudio.projects.rules import Rules
from tests.cast import STRICT, Cast, a_person, an_application
from tests.deployments.fake_target import use_fake_publisher

EASIER = STRICT.model_dump(mode="json") | {"approvals": {"product": 1}}
STRICTER = STRICT.model_dump(mode="json") | {"approval_days": 30}


@pytest.fixture
def dana(cast: Cast, settings: Any) -> Actor:
    """A second admin of “claims”; from now on two have to agree."""
    person = a_person("Dana", cast.claims, "admin", by=cast.root)
    settings.SECOND_PERSON = True
    return person


def confirmed(change: Any, by: Actor) -> PendingChange:
    assert isinstance(change, PendingChange)
    return control_services.confirm_change(change=change, actor=by)


def test_easier_conditions_take_effect_when_a_second_person_confirms(cast: Cast, dana: Actor) -> None:
    change = services.change_policy(environment=cast.production, data=EASIER, actor=cast.dora)
    assert isinstance(change, PendingChange)
    assert change.reasons == ["0 instead of 1 technical approvals are enough"]
    assert cast.production.policy.rules == STRICT
    confirmed(change, dana)
    policy = cast.production.policy
    assert (policy.rules.approvals, policy.created_by) == ({"product": 1}, cast.dora.user)
    assert Entry.objects.get(action="control.confirmed").actor_uid == dana.user.uid


def test_stricter_conditions_hold_at_once(cast: Cast, dana: Actor) -> None:
    assert isinstance(services.change_policy(environment=cast.production, data=STRICTER, actor=cast.dora), Policy)
    assert not PendingChange.objects.exists()


def test_nobody_confirms_their_own_change(cast: Cast, dana: Actor) -> None:
    change = services.change_policy(environment=cast.production, data=EASIER, actor=cast.dora)
    with pytest.raises(NotAllowed, match="You asked for this yourself"):
        confirmed(change, cast.dora)
    with pytest.raises(IntegrityError), transaction.atomic():
        PendingChange.objects.update(outcome="confirmed", decided_by=cast.dora.user)


@pytest.mark.parametrize("who", ["alice", "bob", "axel", "charlie"])
def test_only_somebody_who_administers_the_same_confirms(cast: Cast, dana: Actor, who: str) -> None:
    change = services.change_policy(environment=cast.production, data=EASIER, actor=cast.dora)
    with pytest.raises(NotAllowed):
        confirmed(change, getattr(cast, who))
    assert cast.production.policy.rules == STRICT


def test_a_key_confirms_nothing(cast: Cast, dana: Actor) -> None:
    change = services.change_policy(environment=cast.production, data=EASIER, actor=cast.dora)
    account = an_application(cast.claims, responsible=dana, by=cast.root)
    key, _ = key_services.create_key(account=account, name="K", scopes=["read", "write"], actor=cast.root)
    with pytest.raises(NotAllowed, match="a key is none"):
        confirmed(change, Actor(user=account.user, key=key, via="api"))


def test_what_was_declined_or_withdrawn_changes_nothing_and_can_be_asked_again(cast: Cast, dana: Actor) -> None:
    first = services.change_policy(environment=cast.production, data=EASIER, actor=cast.dora)
    with pytest.raises(Conflict, match="asked for this already"):
        services.change_policy(environment=cast.production, data=EASIER, actor=dana)
    assert isinstance(first, PendingChange)
    assert control_services.decline_change(change=first, actor=dana).outcome == "declined"
    with pytest.raises(Conflict, match="decided already"):
        confirmed(first, dana)
    second = services.change_policy(environment=cast.production, data=EASIER, actor=cast.dora)
    assert isinstance(second, PendingChange)
    assert control_services.decline_change(change=second, actor=cast.dora).outcome == "withdrawn"
    assert cast.production.policy.rules == STRICT


def test_a_wish_that_speaks_of_conditions_that_are_no_more_is_not_carried_out(cast: Cast, dana: Actor) -> None:
    change = services.change_policy(environment=cast.production, data=EASIER, actor=cast.dora)
    services.change_policy(environment=cast.production, data=STRICTER, actor=dana)
    with pytest.raises(Conflict, match="changed since"):
        confirmed(change, dana)
    assert PendingChange.objects.get().outcome == ""


def test_a_role_that_counts_waits_and_one_that_reads_does_not(cast: Cast, dana: Actor) -> None:
    viewer = role_services.grant_role(project=cast.claims, user=cast.charlie.user, role="viewer", actor=cast.dora)
    assert isinstance(viewer, Membership)
    change = role_services.grant_role(project=cast.claims, user=cast.charlie.user, role="technical", actor=cast.dora)
    assert not can(cast.charlie, "deploy", cast.claims)
    confirmed(change, dana)
    assert can(cast.charlie, "deploy", cast.claims)
    assert Membership.objects.get(user=cast.charlie.user, role="technical").granted_by == cast.dora.user


def test_an_admin_is_not_pushed_out_by_one_person(cast: Cast, dana: Actor) -> None:
    """Else whoever wants to be alone would first get rid of who has to confirm."""
    own = Membership.objects.get(user=dana.user)
    change = role_services.revoke_role(membership=own, actor=cast.dora)
    assert can(dana, "administer", cast.claims)
    confirmed(change, cast.root)
    assert not can(dana, "administer", cast.claims)


def test_whoever_leaves_by_themselves_needs_nobody(cast: Cast, dana: Actor) -> None:
    assert role_services.revoke_role(membership=Membership.objects.get(user=dana.user), actor=dana) is None


def test_a_key_that_promotes_opens_nothing_until_it_is_confirmed(cast: Cast, dana: Actor) -> None:
    account = an_application(cast.claims, responsible=cast.alice, by=cast.dora)
    _, reads = key_services.create_key(account=account, name="Reads", scopes=["read"], environment=cast.production, actor=cast.dora)
    _, plays = key_services.create_key(account=account, name="Plays", scopes=["deploy"], environment=cast.development, actor=cast.dora)
    assert key_services.key_for(reads)
    assert key_services.key_for(plays)
    key, secret = key_services.create_key(account=account, name="Ships", scopes=["deploy"], environment=cast.production, actor=cast.dora)
    assert (key.state, key_services.key_for(secret)) == ("waiting", None)
    confirmed(PendingChange.objects.get(), dana)
    assert key_services.key_for(secret) == key


def test_a_key_that_is_declined_never_works(cast: Cast, dana: Actor) -> None:
    account = an_application(cast.claims, responsible=cast.alice, by=cast.dora)
    _, secret = key_services.create_key(account=account, name="Ships", scopes=["deploy"], actor=cast.dora)
    control_services.decline_change(change=PendingChange.objects.get(), actor=dana)
    assert key_services.key_for(secret) is None
    assert ApiKey.objects.get().state == "revoked"


def test_a_place_outside_is_used_when_it_is_confirmed(cast: Cast, dana: Actor, settings: Any) -> None:
    use_fake_publisher(settings)
    target = target_services.add_target(environment=cast.production, name="Bedrock", kind="fake", actor=cast.dora)
    assert not target.is_active
    confirmed(PendingChange.objects.get(), dana)
    target.refresh_from_db()
    assert target.is_active
    target.settings = {"region": "us-east-1"}
    change = target_services.save_target(target=target, actor=cast.dora)
    assert Target.objects.get().settings == {}
    confirmed(change, dana)
    assert Target.objects.get().settings == {"region": "us-east-1"}
    target.refresh_from_db()
    target.is_active = False
    assert isinstance(target_services.save_target(target=target, actor=cast.dora), Target)
    assert not Target.objects.get().is_active


def test_where_nobody_else_could_confirm_it_holds_at_once(cast: Cast, settings: Any) -> None:
    """A company with one administrator has no second pair of eyes; the trail says who did it."""
    settings.SECOND_PERSON = True
    cast.root.user.is_active = False
    cast.root.user.save()
    assert isinstance(services.change_policy(environment=cast.production, data=EASIER, actor=cast.dora), Policy)


def test_the_command_line_of_the_server_is_not_asked(cast: Cast, dana: Actor) -> None:
    account = an_application(cast.claims, responsible=cast.alice, by=cast.dora)
    _, secret = key_services.create_key(account=account, name="Ships", scopes=["deploy"], actor=actors.system(via="cli"))
    assert key_services.key_for(secret)


def test_the_site_may_do_without(cast: Cast, dana: Actor, settings: Any) -> None:
    settings.SECOND_PERSON = False
    assert isinstance(services.change_policy(environment=cast.production, data=EASIER, actor=cast.dora), Policy)


def floor(cast: Cast, **rules: Any) -> Any:
    return services.set_floor(data=Rules(**rules).model_dump(mode="json"), actor=cast.root)


def test_a_floor_raises_what_is_below_it(cast: Cast) -> None:
    floor(cast, approvals={"product": 1}, approval_days=60, change_record=True)
    rules = cast.production.policy.rules
    assert (rules.approvals, rules.approval_days) == ({"product": 1, "technical": 1}, 60)
    assert cast.staging.policy.number == 1
    assert cast.production.policy.number == 2


def test_a_project_asks_for_more_and_never_for_less(cast: Cast) -> None:
    floor(cast, approvals={"product": 1}, change_record=True)
    with pytest.raises(Invalid, match="The site asks for more than this: the change record may stay incomplete"):
        services.change_policy(environment=cast.production, data=STRICT.model_dump(mode="json") | {"change_record": False}, actor=cast.dora)
    assert services.change_policy(environment=cast.production, data=STRICTER, actor=cast.dora)


def test_it_holds_for_environments_with_a_name_wherever_they_stand(cast: Cast) -> None:
    """Else one more lane behind production would lift it."""
    services.set_floor(data=Rules(change_record=True).model_dump(mode="json"), environments=["production"], actor=cast.root)
    services.add_environment(project=cast.claims, slug="sham", name="Sham", rules=Rules(), actor=cast.dora)
    with pytest.raises(Invalid, match="The site asks for more"):
        services.change_policy(environment=cast.production, data={"approvals": {"product": 1}}, actor=cast.dora)
    with pytest.raises(Invalid, match="The site asks for more"):
        services.add_environment(project=cast.elsewhere, slug="production", name="P", rules=Rules(), actor=cast.root)


def test_only_a_site_admin_sets_it(cast: Cast) -> None:
    with pytest.raises(NotAllowed, match="Only a site admin"):
        services.set_floor(data={}, actor=cast.dora)


def test_a_lower_floor_waits_for_a_second_site_admin(cast: Cast, settings: Any) -> None:
    floor(cast, approvals={"product": 1}, change_record=True)
    second = Actor(a_person("Rhea", cast.elsewhere, by=cast.root).user)
    second.user.is_superuser = True
    second.user.save()
    settings.SECOND_PERSON = True
    change = floor(cast, change_record=True)
    assert Floor.objects.count() == 1
    with pytest.raises(NotAllowed, match="Only a site admin"):
        confirmed(change, cast.dora)
    confirmed(change, second)
    assert Floor.objects.first().rules.approvals == {}
    assert isinstance(floor(cast, approvals={"product": 1}, change_record=True), Floor)


def test_a_lower_floor_is_confirmed_from_the_one_that_holds(cast: Cast, settings: Any) -> None:
    floor(cast, change_record=True)
    second = Actor(User.objects.create_superuser("rhea", name="Rhea"))
    settings.SECOND_PERSON = True
    change = floor(cast)
    floor(cast, change_record=True, previous_environment=True)
    with pytest.raises(Conflict, match="The floor changed since"):
        confirmed(change, second)
    assert Floor.objects.first().rules.previous_environment


def test_a_wish_from_before_does_not_go_below_the_floor(cast: Cast, dana: Actor) -> None:
    wish = services.change_policy(
        environment=cast.production, data=STRICT.model_dump(mode="json") | {"change_record": False}, actor=cast.dora
    )
    floor(cast, change_record=True)
    with pytest.raises(Invalid, match="The site asks for more"):
        confirmed(wish, dana)
    assert cast.production.policy.rules == STRICT


def test_conditions_that_nobody_could_satisfy_are_refused(cast: Cast) -> None:
    with pytest.raises(Invalid, match="Nobody could satisfy this today: 2 product approvals"):
        services.change_policy(environment=cast.production, data={"approvals": {"product": 2}}, actor=cast.dora)
    a_person("Bo", cast.claims, "product", by=cast.root)
    assert services.change_policy(environment=cast.production, data={"approvals": {"product": 2}}, actor=cast.dora)


def test_a_role_given_to_oneself_satisfies_nothing(cast: Cast) -> None:
    role_services.grant_role(project=cast.claims, user=cast.dora.user, role="product", actor=cast.dora)
    with pytest.raises(Invalid, match="Nobody could satisfy this"):
        services.change_policy(environment=cast.production, data={"approvals": {"product": 2}}, actor=cast.dora)


def test_a_group_that_gives_a_role_that_counts_waits_for_a_second_site_admin(cast: Cast, settings: Any) -> None:
    second = Actor(User.objects.create_superuser("rhea", name="Rhea"))
    settings.SECOND_PERSON = True
    reading = group_mappings.add_mapping(pattern="claims-readers", project=cast.claims, role="viewer", actor=cast.root)
    assert isinstance(reading, GroupMapping)
    wishes = [
        group_mappings.add_mapping(pattern="claims-tech", project=cast.claims, role="technical", actor=cast.root),
        group_mappings.add_mapping(pattern="studio-<project>-<role>", actor=cast.root),
        group_mappings.add_mapping(pattern="claims-<role>", project=cast.claims, actor=cast.root),
        group_mappings.add_mapping(pattern="studio-admins", site_admin=True, actor=cast.root),
        group_mappings.change_mapping(
            mapping=reading, pattern="claims-readers", project=cast.claims, role="admin", site_admin=False, actor=cast.root
        ),
    ]
    assert [mapping.role for mapping in GroupMapping.objects.all()] == ["viewer"]
    for wish in wishes:
        confirmed(wish, second)
    assert set(GroupMapping.objects.values_list("pattern", "role", "site_admin")) == {
        ("claims-readers", "admin", False),
        ("claims-tech", "technical", False),
        ("claims-<role>", "", False),
        ("studio-<project>-<role>", "", False),
        ("studio-admins", "", True),
    }

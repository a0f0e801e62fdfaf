"""People, environments, policies and keys of a project: who may change them, and what is no good."""

from datetime import timedelta

import pytest

from promptstudio.accounts.actor import Actor
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed
from promptstudio.projects import key_services, role_services, services
from promptstudio.projects.models import ApiKey, Membership
from promptstudio.projects.rules import Rules
from promptstudio.projects.services import parse_rules
from tests.cast import Cast, a_key, an_application


@pytest.mark.parametrize("who", ["alice", "bob", "bella", "vera", "axel", "charlie"])
def test_only_admins_change_a_project(cast: Cast, who: str) -> None:
    actor: Actor = getattr(cast, who)
    account = an_application(cast.claims, responsible=cast.alice, by=cast.dora)
    key, _ = a_key(account, "read", by=cast.dora)
    membership = Membership.objects.get(user=cast.vera.user)
    deeds = [
        lambda: services.add_environment(project=cast.claims, slug="more", name="More", rules=Rules(), actor=actor),
        lambda: services.change_environment(environment=cast.staging, name="S", grace_days=1, actor=actor),
        lambda: services.change_policy(environment=cast.staging, data={}, actor=actor),
        lambda: role_services.grant_role(project=cast.claims, user=actor.user, role="admin", actor=actor),
        lambda: role_services.revoke_role(membership=membership, actor=actor),
        lambda: key_services.create_service_account(project=cast.claims, name="Mine", responsible=actor.user, actor=actor),
        lambda: key_services.create_key(account=account, name="Mine", scopes=["read"], actor=actor),
        lambda: key_services.revoke_key(key=key, actor=actor),
    ]
    for deed in deeds:
        with pytest.raises(NotAllowed, match="Ask a project admin"):
            deed()


def test_only_site_admins_make_projects(cast: Cast) -> None:
    with pytest.raises(NotAllowed, match="administrator"):
        services.create_project(slug="mine", name="Mine", actor=cast.dora)


def test_a_key_administers_nothing(cast: Cast) -> None:
    _, key = a_key(an_application(cast.claims, responsible=cast.dora, by=cast.dora), "read", "write", "deploy", by=cast.dora)
    with pytest.raises(NotAllowed, match="A person has to"):
        role_services.grant_role(project=cast.claims, user=cast.vera.user, role="admin", actor=key)


def test_environments_are_appended_in_order(cast: Cast) -> None:
    assert [environment.slug for environment in cast.claims.environments.all()] == ["development", "staging", "production"]
    assert (cast.production.previous, cast.staging.next, cast.development.previous) == (cast.staging, cast.production, None)


def test_a_new_policy_leaves_the_old_one_as_it_was(cast: Cast) -> None:
    before = cast.production.policy
    policy = services.change_policy(environment=cast.production, data={"approvals": {"technical": 1}}, actor=cast.dora)
    assert (policy.number, cast.production.policy, policy.rules.approvals) == (2, policy, {"technical": 1})
    assert before.rules.approvals == {"product": 1, "technical": 1}


def test_the_same_policy_again_is_a_conflict(cast: Cast) -> None:
    with pytest.raises(Conflict, match="already the rules of Production"):
        services.change_policy(environment=cast.production, data=cast.production.policy.data, actor=cast.dora)


@pytest.mark.parametrize(
    "data",
    [
        {"approvals": {"boss": 1}},
        {"approvals": {"product": 0}},
        {"deployers": ["boss"]},
        {"surprise": True},
        # Roles that the table lets neither review nor promote.
        {"approvals": {"auditor": 1}},
        {"approvals": {"viewer": 1}},
        {"deployers": ["technical", "viewer"]},
    ],
)
def test_rules_that_are_none_are_refused_at_their_field(cast: Cast, data: dict[str, object]) -> None:
    with pytest.raises(Invalid) as refused:
        services.change_policy(environment=cast.production, data=data, actor=cast.dora)
    assert list(refused.value.errors) == ["rules"]


def test_a_role_is_given_once(cast: Cast) -> None:
    with pytest.raises(Conflict, match="already has this role"):
        role_services.grant_role(project=cast.claims, user=cast.alice.user, role="domain_expert", actor=cast.dora)


@pytest.mark.parametrize(
    ("field", "deed"),
    [
        ("role", lambda cast: role_services.grant_role(project=cast.claims, user=cast.alice.user, role="boss", actor=cast.dora)),
        ("slug", lambda cast: services.add_environment(project=cast.claims, slug="a b", name="A", rules=Rules(), actor=cast.dora)),
        ("name", lambda cast: services.add_environment(project=cast.claims, slug="ab", name="", rules=Rules(), actor=cast.dora)),
        ("grace_days", lambda cast: services.change_environment(environment=cast.staging, name="S", grace_days=-1, actor=cast.dora)),
        ("slug", lambda cast: services.create_project(slug="claims", name="Again", actor=cast.root)),
        ("name", lambda cast: services.create_project(slug="long", name="n" * 121, actor=cast.root)),
        ("name", lambda cast: named("n" * 121, cast)),
        ("account_name", lambda cast: named(" ", cast)),
    ],
)
def test_bad_input_is_said_at_its_field(cast: Cast, field: str, deed: object) -> None:
    with pytest.raises(Invalid) as refused:
        deed(cast)  # type: ignore[operator]
    assert list(refused.value.errors) == [field]


def named(name: str, cast: Cast) -> object:
    return key_services.create_service_account(project=cast.claims, name=name, responsible=cast.alice.user, actor=cast.dora)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "n" * 121}),
        ("scopes", {"scopes": []}),
        ("scopes", {"scopes": ["rule"]}),
        ("expires_at", {"expires_at": clock.now() - timedelta(days=1)}),
    ],
)
def test_a_key_that_is_none_is_refused_at_its_field(cast: Cast, field: str, given: dict[str, object]) -> None:
    account = an_application(cast.claims, responsible=cast.alice, by=cast.dora)
    with pytest.raises(Invalid) as refused:
        key_services.create_key(**({"account": account, "name": "Mine", "scopes": ["read"], "actor": cast.dora} | given))
    assert list(refused.value.errors) == [field]


def test_a_key_is_kept_as_its_hash(cast: Cast) -> None:
    account = an_application(cast.claims, responsible=cast.alice, by=cast.dora)
    key, secret = key_services.create_key(account=account, name="Mine", scopes=["read"], actor=cast.dora)
    assert secret not in str(ApiKey.objects.filter(pk=key.pk).values().get())
    assert key_services.key_for(secret) == key


def test_a_key_that_was_revoked_or_expired_opens_nothing(cast: Cast) -> None:
    account = an_application(cast.claims, responsible=cast.alice, by=cast.dora)
    tomorrow = clock.now() + timedelta(days=1)
    revoked, first = key_services.create_key(account=account, name="A", scopes=["read"], actor=cast.dora)
    _, second = key_services.create_key(account=account, name="B", scopes=["read"], expires_at=tomorrow, actor=cast.dora)
    key_services.revoke_key(key=revoked, actor=cast.dora)
    assert key_services.key_for(first) is None
    assert key_services.key_for(second)
    with clock.at(tomorrow + timedelta(seconds=1)):
        assert key_services.key_for(second) is None


def test_a_key_of_an_account_that_was_shut_opens_nothing(cast: Cast) -> None:
    account = an_application(cast.claims, responsible=cast.alice, by=cast.dora)
    _, secret = key_services.create_key(account=account, name="A", scopes=["read"], actor=cast.dora)
    account.user.is_active = False
    account.user.save()
    assert key_services.key_for(secret) is None


def test_a_policy_reads_as_a_sentence(cast: Cast) -> None:
    assert cast.production.policy.rules.in_words("Production", "Staging") == (
        "To enter Production a version needs to be live in Staging first, 1 product approval and 1 technical approval "
        "given against what is live now and a complete change record."
    )


def test_the_last_project_admin_stays(cast: Cast) -> None:
    last = Membership.objects.get(project=cast.claims, role="admin")
    with pytest.raises(Conflict, match="last project admin"):
        role_services.revoke_role(membership=last, actor=cast.root)


@pytest.mark.parametrize("days", [-1, 3651, 2_000_000_000])
def test_a_grace_is_at_most_ten_years(cast: Cast, days: int) -> None:
    with pytest.raises(Invalid, match="from 0 to 3,650") as refused:
        services.change_environment(environment=cast.staging, name="Staging", grace_days=days, actor=cast.dora)
    assert list(refused.value.errors) == ["grace_days"]
    with pytest.raises(Invalid, match="from 0 to 3,650"):
        services.add_environment(project=cast.claims, slug="more", name="More", rules=Rules(), grace_days=days, actor=cast.dora)
    assert services.change_environment(environment=cast.staging, name="Staging", grace_days=3650, actor=cast.dora).grace_days == 3650


def test_whoever_accepts_what_got_worse_has_to_be_somebody_who_reviews() -> None:
    with pytest.raises(Invalid, match="viewer is no role that may accept what got worse"):
        parse_rules({"accepters": ["viewer"]})


def test_freezes_are_bounded_in_one_list_and_not_in_two_together() -> None:
    def freezes(count: int, hour: int) -> list[dict[str, str]]:
        days = [(clock.now() + timedelta(days=1 + n)).isoformat()[:10] for n in range(count)]
        return [{"begins": f"{day}T{hour:02}:00Z", "ends": f"{day}T23:00Z", "reason": "Holidays", "zone": "UTC"} for day in days]

    with pytest.raises(Invalid, match="These are 201 freezes"):
        parse_rules({"freezes": freezes(201, 1)})
    own, floor = (parse_rules({"freezes": freezes(200, hour)}) for hour in (1, 2))
    assert len(own.raised_to(floor).freezes) == 400

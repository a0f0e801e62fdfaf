"""Conditions that nobody could satisfy are recognised, and those that somebody could are not refused."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptstudio.projects.roles import ROLES
from promptstudio.projects.rules import Rules
from promptstudio.projects.staffing import Staff, what_is_missing, who_could_approve


def staff(**people: str) -> list[Staff]:
    return [Staff(name, frozenset(roles.split())) for name, roles in people.items()]


TEAM = staff(alice="domain_expert", bob="product", bella="technical", dora="admin")


@pytest.mark.parametrize(
    "rules",
    [
        Rules(),
        Rules(approvals={"product": 1}),
        Rules(approvals={"product": 1, "technical": 1}),
        Rules(approvals={"product": 1, "technical": 1}, approver_may_deploy=False),
        Rules(approvals={"admin": 1}, deployers=("admin",)),
    ],
)
def test_a_team_of_four_can_do_this(rules: Rules) -> None:
    assert what_is_missing(rules, TEAM) == ""


@pytest.mark.parametrize(
    ("rules", "people", "sentence"),
    [
        (Rules(approvals={"product": 2}), TEAM, "2 product approvals by different people"),
        (Rules(approvals={"auditor": 1}), TEAM, "Nobody could satisfy this"),
        (Rules(approvals={"product": 1}), staff(bob="product"), "none of whom wrote"),
        (Rules(approvals={"product": 1, "technical": 1}), staff(alice="domain_expert", bob="product technical"), "allow 1"),
        (Rules(approvals={"product": 1}, deployers=("technical",)), staff(alice="domain_expert", bob="product"), "Nobody could promote"),
        (
            Rules(approvals={"product": 1}, deployers=("product",), approver_may_deploy=False),
            staff(alice="domain_expert", bob="product"),
            "everyone who may has to approve it",
        ),
    ],
)
def test_what_nobody_could_do_is_said(rules: Rules, people: list[Staff], sentence: str) -> None:
    assert sentence in what_is_missing(rules, people)


def test_one_person_with_two_roles_makes_room_for_another() -> None:
    """Whoever is looked at first must not take the only seat of somebody else."""
    people = staff(alice="domain_expert", bob="product technical", bella="product")
    assert what_is_missing(Rules(approvals={"product": 1, "technical": 1}), people) == ""


def test_who_could_approve_is_named_by_role() -> None:
    rules = Rules(approvals={"product": 1, "technical": 1})
    assert who_could_approve(rules, TEAM) == {"product": ["bob"], "technical": ["bella"]}


roles = st.sets(st.sampled_from(["domain_expert", "product", "technical", "admin"]), max_size=2).map(frozenset)
teams = st.lists(roles, max_size=5).map(lambda held: [Staff(f"p{index}", each) for index, each in enumerate(held)])
some_rules = st.builds(
    Rules,
    approvals=st.dictionaries(st.sampled_from(["product", "technical"]), st.integers(1, 2)),
    approver_may_deploy=st.booleans(),
    deployers=st.sampled_from([("technical",), ("product", "technical"), ("domain_expert", "admin")]),
)


@settings(max_examples=300, deadline=None)
@given(some_rules, teams)
def test_it_agrees_with_trying_everything(rules: Rules, people: list[Staff]) -> None:
    slots = [role for role, count in rules.approvals.items() for _ in range(count)]
    authors = [p for p in people if p.roles & ROLES["write"]] or [None]
    ways = (
        (author, seated, deployer)
        for author in authors
        for seated in permutations([p for p in people if p is not author], len(slots))
        if all(role in person.roles for role, person in zip(slots, seated, strict=True))
        for deployer in people
        if deployer.roles & set(rules.deployers) and (rules.approver_may_deploy or not slots or deployer not in seated)
    )
    assert (what_is_missing(rules, people) == "") is (next(ways, None) is not None)

"""The conditions of an environment as data: what they say, and when they are easier than others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptstudio.projects.rules import ROLE_WORDS, Rules

STRICT = Rules(
    previous_environment=True,
    change_record=True,
    approvals={"product": 1, "technical": 2},
    approval_days=30,
    approver_may_deploy=False,
    asker_confirms=True,
    folder_reviewers=True,
    suggester_counts_as_author=True,
    deployers=("technical",),
)
any_rules = st.builds(
    Rules,
    previous_environment=st.booleans(),
    change_record=st.booleans(),
    approvals=st.dictionaries(st.sampled_from(["product", "technical", "admin"]), st.integers(1, 3)),
    same_baseline=st.booleans(),
    approval_days=st.none() | st.integers(1, 90),
    approver_may_deploy=st.booleans(),
    asker_confirms=st.booleans(),
    folder_reviewers=st.booleans(),
    suggester_counts_as_author=st.booleans(),
    deployers=st.lists(st.sampled_from(list(ROLE_WORDS)), min_size=1, unique=True).map(tuple),
)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"previous_environment": False}, "need not be live in the environment before"),
        ({"change_record": False}, "the change record may stay incomplete"),
        ({"asker_confirms": False}, "whoever asked for it need not confirm it"),
        ({"folder_reviewers": False}, "nobody who answers for a folder has to approve what lies in it"),
        ({"suggester_counts_as_author": False}, "whoever suggested words of a version may approve it"),
        ({"approvals": {"product": 1, "technical": 1}}, "1 instead of 2 technical approvals are enough"),
        ({"approvals": {"technical": 2}}, "0 instead of 1 product approvals are enough"),
        ({"same_baseline": False}, "when something else went live"),
        ({"approval_days": 31}, "approvals count for 31 days"),
        ({"approval_days": None}, "approvals count for ever"),
        ({"approver_may_deploy": True}, "whoever approved may promote as well"),
        ({"deployers": ("technical", "product")}, "product may promote as well"),
    ],
)
def test_each_way_of_being_easier_is_named(change: dict[str, object], words: str) -> None:
    easier = Rules.model_validate(STRICT.model_dump() | change)
    assert any(words in sentence for sentence in easier.easier_than(STRICT))
    assert STRICT.easier_than(easier) == []


@given(any_rules)
def test_no_rules_are_easier_than_themselves(rules: Rules) -> None:
    assert rules.easier_than(rules) == []


@given(any_rules, any_rules)
def test_whatever_differs_is_easier_one_way_or_the_other(a: Rules, b: Rules) -> None:
    same = a.model_dump(exclude={"deployers"}) == b.model_dump(exclude={"deployers"}) and set(a.deployers) == set(b.deployers)
    about_approvals = {"suggester_counts_as_author", "same_baseline", "approval_days", "approver_may_deploy"}
    others = {*about_approvals, "deployers"}
    moot = not (a.asks_approval and b.asks_approval) and a.model_dump(exclude=others) == b.model_dump(exclude=others)
    if not same and not moot and set(a.deployers) == set(b.deployers):
        assert a.easier_than(b) or b.easier_than(a)


@given(any_rules, any_rules)
def test_raised_to_a_floor_they_are_easier_than_neither(rules: Rules, floor: Rules) -> None:
    raised = rules.raised_to(floor)
    assert raised.easier_than(floor) == []
    if set(rules.deployers) & set(floor.deployers):
        assert raised.easier_than(rules) == []
    assert raised.raised_to(floor) == raised


def test_the_sentence_says_every_condition() -> None:
    assert STRICT.in_words("Production", "Staging") == (
        "To enter Production a version needs to be live in Staging first, 1 product approval and 2 technical approvals and an "
        "approval by somebody who answers for its folder, given against what is live now within the last 30 days, a complete change "
        "record, a yes from whoever asked for it in a request, approvers who suggested none of its words and somebody to promote it who "
        "did not approve it."
    )


def test_policies_written_before_there_were_more_rules_read_as_they_were() -> None:
    assert Rules.model_validate({"approvals": {"product": 1}}) == Rules(
        approvals={"product": 1}, approver_may_deploy=True, approval_days=None
    )


@given(any_rules)
def test_a_rule_that_a_policy_never_heard_of_changes_nothing_in_it(rules: Rules) -> None:
    new = {"asker_confirms", "folder_reviewers", "suggester_counts_as_author"}
    before = rules.model_copy(update=dict.fromkeys(new, False))
    kept = before.model_dump(mode="json", exclude=new)
    assert Rules.model_validate(kept) == before
    assert "whoever asked" not in before.in_words("Production", "Staging")
    assert before.easier_than(Rules.model_validate(kept)) == []
    assert Rules.model_validate(kept).raised_to(before) == before.raised_to(before)

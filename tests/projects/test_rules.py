"""The conditions of an environment as data: what they say, and when they are easier than others."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptstudio.projects.conditions import changed_in_words
from promptstudio.projects.rules import ROLE_WORDS, Rules
from promptstudio.projects.windows import Freeze, Hours

from .test_windows import any_hours

CHRISTMAS = Freeze(begins="2096-12-20T18:00+01:00", ends="2097-01-04T08:00+01:00", reason="Christmas", zone="Europe/Berlin")
STRICT = Rules(
    previous_environment=True,
    previous_hours=24,
    no_open_changes=True,
    no_open_comments=True,
    portable=True,
    model_not_retired=True,
    hours=(Hours(weekdays=(0, 1, 2, 3, 4), opens="08:00", closes="18:00", zone="Europe/Berlin"),),
    freezes=(CHRISTMAS,),
    change_record=True,
    approvals={"product": 1, "technical": 2},
    approval_days=30,
    approver_may_deploy=False,
    asker_confirms=True,
    folder_reviewers=True,
    suggester_counts_as_author=True,
    deployers=("technical",),
)
freezes_to_come = st.builds(
    lambda day, days: Freeze(
        begins=datetime(2096, 1, 1, tzinfo=UTC) + timedelta(days=day),
        ends=datetime(2096, 1, 1, tzinfo=UTC) + timedelta(days=day + days),
        reason="Stocktaking",
        zone="UTC",
    ),
    st.integers(0, 40),
    st.integers(1, 20),
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
    previous_hours=st.none() | st.integers(1, 8760),
    no_open_changes=st.booleans(),
    no_open_comments=st.booleans(),
    portable=st.booleans(),
    model_not_retired=st.booleans(),
    hours=st.lists(any_hours(), max_size=2).map(tuple),
    freezes=st.lists(freezes_to_come, max_size=1).map(tuple),
    deployers=st.lists(st.sampled_from(list(ROLE_WORDS)), min_size=1, unique=True).map(tuple),
)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"previous_environment": False}, "need not be live in the environment before"),
        ({"previous_hours": 12}, "for 12 hours instead of 24 hours"),
        ({"previous_hours": None}, "for no time instead of 24 hours"),
        ({"no_open_changes": False}, "while a reviewer asks for changes"),
        ({"no_open_comments": False}, "comments on lines may be unsettled"),
        ({"portable": False}, "need not fit the places"),
        ({"model_not_retired": False}, "may be retired"),
        ({"hours": ()}, "promotion is allowed outside of Monday to Friday, 8:00 to 18:00 (Europe/Berlin)"),
        ({"hours": [STRICT.hours[0].model_copy(update={"closes": "19:00"})]}, "outside of Monday to Friday, 8:00 to 18:00"),
        ({"hours": [STRICT.hours[0].model_copy(update={"zone": "Europe/London"})]}, "outside of Monday to Friday, 8:00 to 18:00"),
        ({"freezes": ()}, "where it is frozen now"),
        ({"freezes": [CHRISTMAS.model_copy(update={"ends": CHRISTMAS.ends - timedelta(days=1)})]}, "where it is frozen now"),
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
    # Hours of two zones differ both ways.
    assert bool(STRICT.easier_than(easier)) is any(each.zone != "Europe/Berlin" for each in easier.hours)


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


def test_the_words_say_every_condition() -> None:
    assert STRICT.in_words("Production", "Staging") == (
        "To enter Production a version needs to be live in Staging for 24 hours without a break, to have no reviewer who asks for "
        "changes, to have every comment on its lines settled, to fit every place that it is sent to and to name no model that is "
        "retired. It also needs 1 product approval and 2 technical approvals and an approval by somebody who answers for its folder, "
        "given against what is live now within the last 30 days, a complete change record, a yes from whoever asked for it in a "
        "request, approvers who suggested none of its words and somebody to promote it who did not approve it. Promotion is allowed "
        "Monday to Friday, 8:00 to 18:00 (Europe/Berlin). Nothing is promoted from 20 December 2096 at 18:00 to 4 January 2097 at "
        "8:00 (Europe/Berlin), “Christmas”."
    )


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({}, "Anyone who edits can promote to Production. There are no conditions."),
        ({"deployers": ("technical",)}, "There are no conditions. Promoting to Production is for: technical."),
        ({"hours": STRICT.hours}, "Anyone who edits can promote to Production. Promotion is allowed Monday to Friday, 8:00 to 18:00 "),
        ({"hours": STRICT.hours, "deployers": ("technical",)}, "Promoting to Production is for: technical. Promotion is allowed Monday "),
        ({"previous_hours": 1}, "To enter Production a version needs to be live in Staging for 1 hour without a break."),
        (
            {"previous_environment": True, "previous_hours": 2},
            "To enter Production a version needs to be live in Staging for 2 hours without a break.",
        ),
        (
            {"portable": True, "change_record": True, "approvals": {"product": 1}, "same_baseline": False},
            "To enter Production a version needs 1 product approval, a complete change record and to fit every place that it is sent to.",
        ),
    ],
)
def test_few_conditions_make_one_sentence(rules: dict[str, object], words: str) -> None:
    assert Rules.model_validate(rules).in_words("Production", "Staging").startswith(words)


def test_in_the_first_environment_nothing_is_said_of_one_before() -> None:
    assert "needs" not in Rules(previous_environment=True, previous_hours=24).in_words("Development", None)


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


def test_what_changed_between_two_is_said_in_words() -> None:
    old = Rules(change_record=True, approvals={"product": 1}, hours=STRICT.hours)
    new = Rules(portable=True, change_record=True, approvals={"product": 2}, freezes=(CHRISTMAS,), deployers=("technical",))
    assert changed_in_words(old, new, "Production", "Staging") == [
        "A version now needs 2 product approvals given against what is live now and to fit every place that it is sent to.",
        "It no longer needs 1 product approval given against what is live now.",
        "Nothing is promoted from 20 December 2096 at 18:00 to 4 January 2097 at 8:00 (Europe/Berlin), “Christmas”.",
        "No longer so: Promotion is allowed Monday to Friday, 8:00 to 18:00 (Europe/Berlin).",
        "Promoting to Production is for: technical.",
        "No longer so: Promoting to Production is for: domain expert, product, technical and project admin.",
    ]
    assert changed_in_words(STRICT, STRICT.model_copy(update={"hours": (), "freezes": ()}), "Production", None)[0] == (
        "Promotion is allowed at any time."
    )


@given(any_rules, any_rules)
def test_whatever_is_easier_or_stricter_is_said(a: Rules, b: Rules) -> None:
    if a.easier_than(b) or b.easier_than(a):
        assert changed_in_words(a, b, "Production", "Staging") != ["Nothing that is told in words."]
    assert changed_in_words(a, a, "Production", "Staging") == ["Nothing that is told in words."]

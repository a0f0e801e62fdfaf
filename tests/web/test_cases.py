"""Cases in a form: their fields, whole conversations, owners, and suites too long for one page."""

from typing import Any

import pytest
from django.test import Client

from promptstudio.accounts.models import User
from promptstudio.evaluations.cases import Cases, parse_cases
from promptstudio.evaluations.models import Suite
from promptstudio.evaluations.suite_services import add_suite, save_suite
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, bundle
from tests.evaluations.scripted import MODEL

from .reading import HOSTILE, at, queries, text, typed_back

pytestmark = pytest.mark.usefixtures("calls")

BASE = "/p/claims/prompts/water-damage-triage/-/tests/"


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    return prompts.save_version(prompt=prompt, data=bundle(model=MODEL), change=prompts.Change(summary="First."), actor=cast.alice)


def a_suite(cast: Cast, prompt: Prompt, *cases: dict[str, Any], name: str = "Usual", **more: Any) -> Suite:
    return add_suite(prompt=prompt, name=name, cases=parse_cases({"cases": cases, **more}), actor=cast.alice)


def a_case(uid: str, **more: Any) -> dict[str, Any]:
    return {"uid": uid, "name": f"Case {uid}", "values": {"claim": "x"}, "assertions": [{"type": "icontains", "value": "x"}], **more}


def as_typed(page: Any, **changed: str) -> dict[str, Any]:
    """What a browser would send back of the form on this page, with some of it changed."""
    fields = page.context["fields"]
    sent: dict[str, Any] = {"follows": "1", "stood": fields.stood, "threshold": fields.threshold, "case": [], "name": "Usual"}
    for case in fields.cases:
        start = f"c{case.key}-"
        sent["case"].append(case.key)
        sent |= {f"{start}uid": case.uid, f"{start}check": [], f"{start}turn": []} | ({f"{start}never": "on"} if case.never else {})
        sent |= {start + name: text for name, text in case.details.items()} | {f"{start}value-{n}": text for n, text in case.values.items()}
        for check in case.checks:
            sent[f"{start}check"].append(check.key)
            sent |= {f"k{check.key}-{name}": getattr(check, name) for name in ("type", "value", "threshold", "weight", "was")}
        for turn in case.turns:
            sent[f"{start}turn"].append(turn.key)
            sent |= {f"t{turn.key}-role": turn.role, f"t{turn.key}-text": turn.text}
    return sent | changed


def saved(suite: Suite) -> Cases:
    return suite.newest.content


def test_every_field_of_a_case_is_typed_and_kept(client: Client, cast: Cast, version: Version) -> None:
    at(client, cast.alice)
    case = {
        "name": "Burst pipe",
        "value-claim": "x",
        "never": "on",
        "weight": "2,5",
        "tags": "storm, roof\\, old, storm",
        "threshold": "0.5",
    }
    case |= {"owner": str(cast.bob.user.uid), "turn": ["2", "3"]}
    turns = {"t2-role": "assistant", "t2-text": "Which pipe?", "t3-role": "user", "t3-text": "The long one."}
    typed = {"name": "Usual", "threshold": "90 %", "case": "1"} | {f"c1-{name}": text for name, text in case.items()} | turns
    page = client.post(f"{BASE}new/", typed, follow=True)
    suite = Suite.objects.get()
    [case] = saved(suite).cases
    assert (case.must_never_fail, case.weight, case.threshold, case.tags) == (True, 2.5, 0.5, ("storm", "roof, old"))
    assert [(turn.role, turn.text) for turn in case.turns] == [("assistant", "Which pipe?"), ("user", "The long one.")]
    assert saved(suite).threshold == 0.9
    assert case.owner == str(cast.bob.user.uid)
    assert "Bob" not in suite.newest.canonical
    shown = text(page)
    for words in ("90 % of the cases have to pass", "must never fail", "2 turns before the answer", "Bob", "weight 2.5", "roof, old"):
        assert words in shown


def test_a_form_that_nobody_touched_saves_nothing_new(client: Client, cast: Cast, version: Version) -> None:
    """Whatever a file brought and has no field, or no text, stays to the letter."""
    odd = {"values": {"claim": "a\r\nb", "age": 3, "none": None, "empty": "", "list": [1]}, "tags": ["a,b", "c\\"], "weight": 0.1}
    checks = [
        {"type": "regex", "value": "a", "metric": "m"},
        {"type": "regex", "value": "b", "weight": 2, "config": {"x": 1}},
        {"type": "python"},
    ]
    group = {"type": "assert-set", "assert": [{"type": "is-json"}], "threshold": 0.5}
    suite = a_suite(
        cast,
        version.prompt,
        a_case("1", **odd, assertions=[*checks, group], extra={"options": {}}),
        threshold=1 / 3,
        extra={"prompts": ["x"]},
    )
    page = at(client, cast.alice).get(f"{BASE}{suite.uid}/edit/")
    page = client.post(f"{BASE}{suite.uid}/edit/", as_typed(page))
    assert page.status_code == 409
    assert "Nothing changed" in text(page)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("PostgreSQL", {"databaseType": "PostgreSQL"}),
        ('{"allowedTables": ["select::null::claims"]}', {"allowedTables": ["select::null::claims"]}),
        ("", None),
    ],
)
def test_a_database_is_named_in_a_word(client: Client, cast: Cast, version: Version, typed: str, value: Any) -> None:
    suite = a_suite(cast, version.prompt, a_case("1") | {"assertions": [{"type": "is-json"}]})
    sent = as_typed(at(client, cast.alice).get(f"{BASE}{suite.uid}/edit/"))
    [key] = sent["c1-check"]
    client.post(f"{BASE}{suite.uid}/edit/", sent | {f"k{key}-type": "is-sql", f"k{key}-value": typed})
    assert [check.as_json() for check in saved(suite).cases[0].assertions] == [{"type": "is-sql"} | ({"value": value} if value else {})]


def test_a_check_that_is_taken_away_leaves_the_others_whole(client: Client, cast: Cast, version: Version) -> None:
    checks = [{"type": "regex", "value": "a", "metric": "first"}, {"type": "regex", "value": "b", "metric": "second"}]
    suite = a_suite(cast, version.prompt, a_case("1") | {"assertions": checks})
    sent = as_typed(at(client, cast.alice).get(f"{BASE}{suite.uid}/edit/"))
    sent["c1-check"] = sent["c1-check"][1:]
    client.post(f"{BASE}{suite.uid}/edit/", sent)
    assert [check.as_json() for check in saved(suite).cases[0].assertions] == checks[1:]


def test_turns_are_added_and_taken_away_without_a_script(client: Client, cast: Cast, version: Version) -> None:
    at(client, cast.alice)
    typed = {"case": "1", "c1-name": "Talk"}
    fields = client.post(f"{BASE}new/", typed | {"step": "add_turn:1"}).context["fields"]
    [turn] = fields.cases[0].turns
    assert turn.role == "assistant", "the prompt ends with the user"
    typed |= {"c1-turn": turn.key, f"t{turn.key}-role": "assistant", f"t{turn.key}-text": "Which?"}
    page = client.post(f"{BASE}new/", typed | {"step": "add_turn:1"})
    one, two = page.context["fields"].cases[0].turns
    assert (one.text, two.role, page.context["fields"].focus) == ("Which?", "user", f"t{two.key}")
    assert client.post(f"{BASE}new/", typed | {"step": f"remove_turn:{turn.key}"}).context["fields"].cases[0].turns == []
    assert not Suite.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"threshold": "lots"}, "Give a number between 0 and 100"),
        ({"threshold": "101"}, "Give a number between 0 and 100"),
        ({"c1-weight": "heavy"}, "This is a number, such as 2 or 0.5."),
        ({"c1-weight": "-1"}, "This cannot be less than 0."),
        ({"c1-weight": "nan"}, "This is not a number that can be stored."),
        ({"c1-threshold": "7"}, "A threshold is between 0 and 1."),
        ({"c1-tags": "x" * 61}, "at most 60 characters"),
        ({"c1-owner": "nobody"}, "This is nobody who may see the prompt."),
        ({"c1-turn": "5", "t5-role": "user", "t5-text": ""}, "Write something here, or take it away."),
        ({"c1-turn": "5", "t5-role": "root", "t5-text": "x"}, "A turn is the user's or the assistant's."),
        ({"c1-name": "x\0"}, "invisible character"),
    ],
)
def test_what_cannot_be_kept_says_so_at_its_field(
    client: Client, cast: Cast, version: Version, wrong: dict[str, str], sentence: str
) -> None:
    page = at(client, cast.alice).post(f"{BASE}new/", {"name": "Usual", "case": "1", "c1-value-claim": HOSTILE, **wrong})
    assert page.status_code == 422
    assert sentence in text(page)
    assert typed_back(page, HOSTILE[:20])
    assert not Suite.objects.exists()


def test_an_owner_is_somebody_who_may_see_the_prompt(client: Client, cast: Cast, version: Version) -> None:
    page = at(client, cast.alice).get(f"{BASE}new/")
    assert {"Bob", "Vera"} <= {owner.name for owner in page.context["owners"].values()}
    assert "Charlie" not in {owner.name for owner in page.context["owners"].values()}
    typed = {"name": "Usual", "case": "1", "c1-owner": str(cast.charlie.user.uid)}
    assert client.post(f"{BASE}new/", typed).status_code == 422


def test_an_owner_who_left_is_shown_as_such_and_keeps_nobody_from_saving(client: Client, cast: Cast, version: Version) -> None:
    suite = a_suite(cast, version.prompt, a_case("1", owner=str(cast.bob.user.uid)))
    User.objects.filter(pk=cast.bob.user.pk).update(is_active=False)
    at(client, cast.alice)
    assert "Bob (left)" in text(client.get(f"{BASE}{suite.uid}/"))
    page = client.get(f"{BASE}{suite.uid}/edit/")
    assert client.post(f"{BASE}{suite.uid}/edit/", as_typed(page, **{"c1-name": "Other"})).status_code == 303
    assert saved(suite).cases[0].owner == str(cast.bob.user.uid)


def test_a_long_suite_is_edited_some_cases_at_a_time(client: Client, cast: Cast, version: Version) -> None:
    suite = a_suite(cast, version.prompt, *(a_case(str(number)) for number in range(50)))
    at(client, cast.alice)
    page = client.get(f"{BASE}{suite.uid}/edit/?part=2")
    assert [case.uid for case in page.context["fields"].cases] == [str(number) for number in range(20, 40)]
    sent = as_typed(page, **{"c1-name": "Changed", "go": "3"})
    sent["case"] = sent["case"][:-1]
    moved = client.post(f"{BASE}{suite.uid}/edit/?part=2", sent)
    assert moved.headers["Location"].endswith("/edit/?part=3")
    cases = saved(suite).cases
    assert [case.uid for case in cases] == [str(number) for number in range(50) if number != 39]
    assert (cases[20].name, cases[19].name) == ("Changed", "Case 19")
    page = client.get(f"{BASE}{suite.uid}/edit/?case=45")
    assert "45" in [case.uid for case in page.context["fields"].cases]


def test_whoever_changed_nothing_goes_on_to_the_next_cases(client: Client, cast: Cast, version: Version) -> None:
    suite = a_suite(cast, version.prompt, *(a_case(str(number)) for number in range(30)))
    at(client, cast.alice)
    page = client.get(f"{BASE}{suite.uid}/edit/")
    assert client.post(f"{BASE}{suite.uid}/edit/", as_typed(page, go="2")).status_code == 303
    assert suite.newest.number == 1


def test_what_is_added_on_a_part_stands_behind_its_cases(client: Client, cast: Cast, version: Version) -> None:
    suite = a_suite(cast, version.prompt, *(a_case(str(number)) for number in range(30)))
    at(client, cast.alice)
    sent = as_typed(client.get(f"{BASE}{suite.uid}/edit/"))
    page = client.post(f"{BASE}{suite.uid}/edit/", sent | {"step": "add_case"})
    new = page.context["fields"].cases[-1]
    client.post(f"{BASE}{suite.uid}/edit/", as_typed(page, **{f"k{new.checks[0].key}-value": "x"}))
    assert [case.name for case in saved(suite).cases][19:22] == ["Case 19", "", "Case 20"]


def test_the_page_of_a_suite_takes_the_same_queries_however_many_cases_and_owners(client: Client, cast: Cast, version: Version) -> None:
    suite = a_suite(cast, version.prompt, a_case("1", owner=str(cast.bob.user.uid)))
    at(client, cast.alice)
    page, form = queries(client, f"{BASE}{suite.uid}/"), queries(client, f"{BASE}{suite.uid}/edit/")
    many = [a_case(str(number), owner=str(person.user.uid)) for number, person in enumerate([cast.bob, cast.vera, cast.dora] * 5)]
    save_suite(suite=suite, cases=parse_cases({"cases": many}), follows=1, actor=cast.alice)
    assert (queries(client, f"{BASE}{suite.uid}/"), queries(client, f"{BASE}{suite.uid}/edit/")) == (page, form)

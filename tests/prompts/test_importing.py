"""What the model receives is what the author wrote."""

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptstudio.lib.errors import Invalid
from promptstudio.prompts import lint
from promptstudio.prompts.importing import Refused, Row, read_row, to_bundle
from promptstudio.prompts.names import check_name, name_from_title
from promptstudio.prompts.templating import render

from .strategies import texts

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "public-prompts.jsonl"
NAMES = {"a": "a", "A": "a", "b c": "b_c", "b-c": "b_c", "名": "variable_51a5d681", "open braces": "open_braces_value"}
LITERAL = ["${", "}", "{", "{{", "}}", "${a.b()}", "${}", "${a:{}", "{{a}}", "{{open_braces}}", " ", "§"]
MARKS = ["${a}", "${A:x}", "${ b-c }", "${b c:1}", "${b c:{{}", "${名:y}", "${名}", "${open braces}", "${a:}"]
marked = st.lists(st.sampled_from(LITERAL + MARKS), max_size=12).map("".join)


def given_back(text):
    """`text` read and rendered, each variable without a default having itself in angle brackets."""
    bundle, _ = to_bundle(text)
    values = {variable.name: f"<{variable.name}>" for variable in bundle.variables if variable.required}
    return render(bundle, values).messages[0].text


def replaced(text):
    """`text` with each mark of a known name replaced by the value that its variable has."""
    values = {v.name: f"<{v.name}>" if v.required else v.default for v in to_bundle(text)[0].variables}
    spelled = "|".join(map(re.escape, NAMES))
    return re.sub(rf"\$\{{ ?({spelled}) ?(?::[^{{}}]*)?\}}", lambda match: values[NAMES[match[1]]], text)


def row(**data):
    return json.dumps({"title": "A", "versions": [{"text": "x", "date": "2024-01-01T00:00:00Z"}]} | data)


def test_a_mark_becomes_a_variable_with_its_default():
    bundle, notes = to_bundle("A ${Company Type:Acme} in ${city}.")
    assert bundle.messages[0].text == "A {{company_type}} in {{city}}."
    company, city = bundle.variables
    assert (company.name, company.default, company.required, company.description) == ("company_type", "Acme", False, "Company Type")
    assert (city.name, city.default, city.required, city.description) == ("city", None, True, "")
    assert (bundle.model, bundle.kind, notes) == ("", "text", [])


@given(marked)
def test_rendering_gives_back_what_the_author_wrote(text):
    if text.strip():
        assert given_back(text) == replaced(text)


@given(texts)
def test_a_text_without_marks_is_kept_to_the_letter(text):
    text = text.replace("$", "§")
    assert given_back(text) == text


@given(marked)
def test_what_is_imported_has_no_errors(text):
    if text.strip():
        bundle, _ = to_bundle(text)
        assert lint.errors_of(bundle.as_json()) == {}


@pytest.mark.parametrize("text", ["${}", "${ }", "${a.b()}", "${-}", "${a,b}", "${a{b}}", "${a", "$ {a}", "${a\nb}", "${:x}", "$a"])
def test_what_is_no_word_stays_text(text):
    bundle, _ = to_bundle(text)
    assert bundle.variables == ()
    assert given_back(text) == text


def test_what_stays_text_is_reported():
    assert to_bundle("${a.b()} x")[1] == ["Left as text, because it is no word: ${a.b()}."]


@pytest.mark.parametrize("text", ["{{KONUM}}", "{{open_braces}}", "a {{{ b", "{{{{", "{ {x} }}", '{"a":{"b":{{}}}}', "{${a}}", "{{${a}}}"])
def test_literal_braces_reach_the_model_as_they_stood(text):
    assert given_back(text) == text.replace("${a}", "<a>")


def test_kept_braces_are_reported_and_take_one_of_the_twenty_places():
    many = "".join(f"${{v{index}}}" for index in range(21))
    plain, notes = to_bundle(many)
    assert (len(plain.variables), plain.messages[0].text[-6:]) == (20, "${v20}")
    assert notes == ["Left as text, because a prompt has at most 20 variables: ${v20}."]
    braced, notes = to_bundle(many + "{{")
    assert len(braced.variables) == 19
    assert notes[0] == "Literal {{ is kept as text through {{open_braces}}."
    assert lint.errors_of(braced.as_json()) == {}


def test_the_first_default_is_kept_and_the_others_reported():
    bundle, notes = to_bundle("${a:1} ${a:2} ${a} ${a:1}")
    assert bundle.variables[0].default == "1"
    assert notes == ["The first default is kept; others were given for a (“2”)."]
    assert given_back("${a:1} ${a:2} ${a}") == "1 1 1"


def test_a_default_given_later_is_the_default():
    bundle, _ = to_bundle("${a} ${a:2}")
    assert (bundle.variables[0].default, bundle.variables[0].required) == ("2", False)


@pytest.mark.parametrize(
    ("mark", "name", "default"),
    [
        ("${Aspect Ratio: 16:9}", "aspect_ratio", " 16:9"),
        ("${points clés}", "points_cles", None),
        ("${user-name}", "user_name", None),
        ("${var:}", "var", ""),
        ("${open braces:x}", "open_braces_value", "x"),
        ("${1st}", "1st", None),
    ],
)
def test_names_of_variables(mark, name, default):
    (variable,) = to_bundle(mark)[0].variables
    assert (variable.name, variable.default) == (name, default)


def test_a_name_in_another_script_is_stable_and_keeps_its_words():
    (one,), (other,) = (to_bundle(text)[0].variables for text in ("${名称}", "x ${a} ${名称}".replace("${a} ", "")))
    assert one.name == other.name
    assert re.fullmatch("variable_[0-9a-f]{8}", one.name)
    assert one.description == "名称"


def test_very_long_names_stay_apart():
    bundle, _ = to_bundle("${" + "a " * 100 + "x} ${" + "a " * 100 + "y}")
    assert len({variable.name for variable in bundle.variables}) == 2
    assert all(len(variable.name) <= 80 for variable in bundle.variables)


def test_two_spellings_become_one_variable_and_are_reported():
    bundle, notes = to_bundle("${Topic} ${topic}")
    assert [variable.name for variable in bundle.variables] == ["topic"]
    assert notes == ["Became one variable: “Topic” and “topic”."]


def test_a_text_too_long_for_a_prompt_is_refused():
    with pytest.raises(Invalid, match="200,000"):
        to_bundle("x" * 200_001)


def test_a_row_keeps_its_title_and_the_order_of_its_versions():
    title = "A\nlong " + "title " * 87
    line = row(title=title, versions=[{"text": "b", "date": "2024-05-31T09:00:00+02:00"}, {"text": "a", "date": "2023-01-01"}])
    read = read_row(line, 1)
    assert isinstance(read, Row)
    assert read.title == title
    assert [version.text for version in read.versions] == ["b", "a"]
    assert read.versions[0].authored_at == datetime(2024, 5, 31, 7, tzinfo=UTC)
    assert read.versions[1].authored_at == datetime(2023, 1, 1, tzinfo=UTC)


def test_the_key_is_of_title_and_first_text():
    first = {"text": "x", "date": "2024-01-01T00:00:00Z"}
    key = read_row(row(), 1).key
    assert key == read_row(row(versions=[first, first | {"text": "y"}]), 9).key
    assert key != read_row(row(title="B"), 1).key
    assert key != read_row(row(versions=[first | {"text": "y"}]), 1).key
    assert read_row(row(title="Ax", versions=[first | {"text": ""}, first]), 1) != key
    assert re.fullmatch("[0-9a-f]{64}", key)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no title"),
        (row(title=""), "no title"),
        (row(title=5), "no title"),
        (row(versions=[]), "no versions"),
        (row(versions={"text": "x"}), "no versions"),
        (row(versions=[{"text": " ", "date": "2024-01-01"}]), "Version 1 of this row has no text"),
        (row(versions=[{"date": "2024-01-01"}]), "Version 1 of this row has no text"),
        (row(versions=[{"text": "x"}]), "Version 1 of this row has no date"),
        (row(versions=[{"text": "x", "date": "yesterday"}]), "Version 1 of this row has no date"),
        (row(versions=[{"text": "a\x00", "date": "2024-01-01"}]), "NUL"),
        (row(title="\ud83d"), "half a character"),
    ],
    ids=range(14),
)
def test_bad_rows_are_refused_with_their_line(line, sentence):
    refused = read_row(line, 7)
    assert isinstance(refused, Refused)
    assert refused.number == 7
    assert sentence in refused.sentence


@pytest.mark.parametrize("piece", ["${", "${a:", "${a", "{{", "${a b}", "{", "${a:b}"])
def test_hostile_texts_take_no_time(piece):
    started = time.perf_counter()
    to_bundle((piece * 100_000)[:25_000])
    assert time.perf_counter() - started < 10


@pytest.mark.skipif(not REAL.exists(), reason="the collection of public prompts is not beside this checkout")
def test_every_real_prompt_converts_without_errors_and_to_the_letter():
    names: set[str] = set()
    # Texts hold U+2028, at which splitlines() would cut.
    for number, line in enumerate(REAL.read_text(encoding="utf-8").strip().split("\n"), start=1):
        read = read_row(line, number)
        assert isinstance(read, Row), read
        names.add(check_name(name_from_title(read.title, names.__contains__)))
        for version in read.versions:
            bundle, _ = to_bundle(version.text)
            assert lint.errors_of(bundle.as_json()) == {}, number
            if not bundle.variables:
                assert given_back(version.text) == version.text
    assert len(names) == number

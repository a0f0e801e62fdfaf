"""Jinja in prompts: a short list of what is possible, a refusal with its line for the rest, and no text that hurts the server."""

import contextlib
import time

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptstudio.lib.errors import Invalid
from promptstudio.prompts import jinja, lint
from promptstudio.prompts.bundle import parse
from promptstudio.prompts.jinja import Depends, Refused, folded, read
from promptstudio.prompts.templating import as_plain, plain_text, preview, render, reserved_in, variables_of

from .strategies import texts

LONG = "x" * 100_000


def of_text(text, *variables, **more):
    declared = [variable if isinstance(variable, dict) else {"name": variable} for variable in variables]
    return parse({"syntax": "jinja", "messages": [{"role": "user", "text": text}], "variables": declared, **more})


def rendered(text, /, **values):
    return jinja.render(text, values)


@pytest.mark.parametrize(
    ("text", "values", "result"),
    [
        ("Dear {{ name }},\n", {"name": "Ann"}, "Dear Ann,\n"),
        ("{% if vip %}Very {% elif old %}Quite {% else %}Not {% endif %}kind", {"vip": False, "old": True}, "Quite kind"),
        (
            "{% for t in ['kind', tone] %}{{ loop.index }}. {{ t }}{% if not loop.last %}; {% endif %}{% endfor %}",
            {"tone": "brief"},
            "1. kind; 2. brief",
        ),
        ("{% for t in ['a', 'b'] if t != skip %}{{ t }}{% else %}none{% endfor %}", {"skip": "a"}, "b"),
        ("{{ amount|round(1) }} {{ amount|int }} {{ -3|abs }}", {"amount": 12.345}, "12.3 12 3"),
        ("{{ name|trim|upper }}{{ note|default('-') }}", {"name": " ann ", "note": None}, "ANN-"),
        ("{{ 'yes' if 5 < amount <= 10 and tone in ['kind', 'brief'] else 'no' }}", {"amount": 10, "tone": "kind"}, "yes"),
        ("{{ ['a', 'b']|join(', ') ~ '!' }}{{ 'abc'|length }}", {}, "a, b!3"),
        ("{% raw %}{{ x }}{% endraw %}{# nobody reads this #}", {}, "{{ x }}"),
        ("{{ flag }} {{ 1.0 }} {{ note }}", {"flag": True, "note": None}, "true 1 "),
        ("{% if note is defined %}{{ note }}{% endif %}.", {"note": None}, "."),
    ],
)
def test_what_is_possible(text, values, result):
    assert rendered(text, **values) == result


REFUSED = [
    ("One\n{% set x = 1 %}", 2, "set is not possible in prompts."),
    ("{{ x.__class__ }}", 1, "A dot after a name is not possible in prompts"),
    ("{{ x['__class__'] }}", 1, "[…] is not possible"),
    ("{{ x.append(1) }}", 1, "calling something is not possible"),
    ("{% for x in range(9) %}{% endfor %}", 1, "calling something"),
    ("{{ 'x' * 10**9 }}", 1, "Prompts do not calculate"),
    ("{{ customer-name }}", 1, "a name has no - in it here"),
    ("{{ '%0100000000d' % 1 }}", 1, "Prompts do not calculate"),
    ("{{ x|attr('y') }}", 1, "The filter attr is not possible"),
    ("{{ x|center(10**8) }}", 1, "The filter center"),
    ("{{ x|round(1, 'floor') }}", 1, "takes at most 1 value"),
    ("{{ x|upper(1) }}", 1, "takes nothing in brackets"),
    ("{{ x is divisibleby(3) }}", 1, "“is divisibleby” is not possible"),
    ("{% include 'a' %}", 1, "include is not possible"),
    ("{% macro a() %}{% endmacro %}", 1, "macro is not possible"),
    ("{% extends 'a' %}", 1, "extends is not possible"),
    ("{% block a %}{% endblock %}", 1, "block is not possible"),
    ("{% import 'a' as b %}", 1, "import is not possible"),
    ("{% with %}{% endwith %}", 1, "with is not possible"),
    ("{{ self }}", 1, "self has a meaning of its own"),
    ("{{ loop }}", 1, "loop has a meaning of its own"),
    ("{% for a, b in x %}{% endfor %}", 1, "A loop has one name"),
    ("{% for a in x recursive %}{% endfor %}", 1, "Loops are at most"),
    ("{% for a in [1] %}{% for b in [1] %}{% for c in [1] %}{% endfor %}{% endfor %}{% endfor %}", 1, "Loops are at most 2 deep"),
    ("{{ {'a': 1} }}", 1, "{…: …} is not possible"),
    ("{{ (1, 2) }}", 1, "a list in round brackets"),
    ("{{ [[1]] }}", 1, "A list holds texts"),
    ("{{ '\\ud800' }}", 1, "half a character"),
    ("{{ '\\x00' }}", 1, "invisible character"),
    ("{{ 1e999 }}", 1, "too large"),
    ("\n\n{{ x", 3, "This cannot be read"),
    ("{% if x %}", 1, "This cannot be read"),
    ("{% nonsense %}", 1, "This cannot be read"),
    ("{{ " + "9" * 10_000 + " }}", 1, "too long"),
    ("{{ 0x" + "f" * 10_000 + " }}", 1, "too large"),
    ("{{" + "(" * 3000 + "a" + ")" * 3000 + "}}", 1, "nested too deeply"),
    ("{{" + "not " * 3000 + "a}}", 1, "nested too deeply"),
    ("{{ a" + "|upper" * 4000 + " }}", 1, "nested too deeply"),
    ("{% if a %}" * 500 + "{% endif %}" * 500, 1, "nested too deeply"),
    ("{{ a }}" * 25_000, 1, "too many pieces"),
    ("{{ a" + "~a" * 5100 + " }}", 1, "too many parts"),
]


@pytest.mark.parametrize(("text", "line", "sentence"), REFUSED)
def test_what_is_not_possible_is_refused_with_its_line(text, line, sentence):
    started = time.perf_counter()
    with pytest.raises(Refused) as refused:
        read(text)
    assert sentence in refused.value.sentence
    assert refused.value.line == line
    assert str(refused.value).startswith(f"Line {line}: ")
    assert time.perf_counter() - started < 3


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{{ nobody }}", "There is no value for nobody."),
        ("{% for c in text %}{% endfor %}", "Only a list can be gone through"),
        ("{{ text > 5 }}", "This needs a number"),
        ("{{ 5 in text }}", "“in” looks for"),
        ("{{ text|int }}", "This needs a number"),
        ("{{ ['a'] }}", "A list cannot be written out"),
        ("{{ ['a']|upper }}", "A list is no text"),
        ("{{ text|join }}", "This needs a list"),
        ("{{ 1|round(11) }}", "0 to 10 digits"),
        ("{{ -text }}", "This needs a number"),
        ("{{ text|round }}", "This needs a number"),
    ],
)
def test_what_does_not_fit_its_values_is_refused_while_rendering(text, sentence):
    with pytest.raises(Refused, match="Line 1") as refused:
        rendered(text, text="abc")
    assert sentence in refused.value.sentence


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in [" + "1," * 900 + "] %}{% for b in [" + "1," * 900 + "] %}{{ a }}{% endfor %}{% endfor %}",
        "{{ x }}" * 60,
        "{{ [" + "x," * 400 + "]|join(x) }}",
        "{{ x" + " ~ x" * 400 + " }}",
        "{% for a in [" + "1," * 900 + "] %}{% if x == x ~ 'a' %}{% endif %}{% endfor %}",
        "{% for a in [" + "1," * 900 + "] %}{{ x|upper|lower|title|trim|length }}{% endfor %}",
    ],
)
def test_what_takes_long_or_gets_long_is_refused_in_time(text):
    started = time.perf_counter()
    with pytest.raises(Refused, match="takes too long to work out, or gets too long"):
        rendered(text, x=LONG)
    assert time.perf_counter() - started < 3


def test_a_value_is_never_read_as_a_template():
    assert rendered("{{ x }}{{ y }}", x="{{ y }}{% if", y="{#") == "{{ y }}{% if{#"


def test_names_of_loops_are_no_variables():
    assert read("{% for t in [tone] %}{{ t }}{{ loop.index }}{% else %}\n{{ t }}{% endfor %}").variables == {"tone": 1, "t": 2}


def test_a_bundle_renders_with_typed_values():
    bundle = of_text(
        "{% if amount > 1000 and urgent %}Hurry{% endif %} {{ amount }}",
        {"name": "amount", "type": "number"},
        {"name": "urgent", "type": "boolean"},
    )
    assert render(bundle, {"amount": "1200.50", "urgent": "true"}).messages[0].text == "Hurry 1200.5"
    assert render(bundle, {"amount": 10, "urgent": False}).messages[0].text == " 10"
    assert variables_of(bundle) == ["amount", "urgent"]


def test_missing_and_unexpected_values_are_named_as_in_plain_texts():
    with pytest.raises(Invalid) as refused:
        render(of_text("{% if a %}{{ b }}{% endif %}", "a", "b"), {"a": "x", "c": "y"})
    assert set(refused.value.errors) == {"variables.b", "variables.c"}


def test_what_cannot_be_worked_out_is_refused_at_its_text():
    with pytest.raises(Invalid) as refused:
        render(of_text("Hi\n{{ a|int }}", "a"), {"a": "many"})
    assert refused.value.errors == {"messages.0.text": "Line 2: This needs a number. Make the variable a number, or write |int behind it."}


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Dear {{ name }},\n", "Dear {{name}},\n"),
        ("{% for t in ['a', 'b'] %}{{ t }}{{ name }} {% endfor %}", "a{{name}} b{{name}} "),
        ("{% if true %}Yes{% else %}{{ no }}{% endif %}", "Yes"),
        ("{{ '{' }}{{ '{' }} {% raw %}{{ x }}{% endraw %}", "{{open_braces}} {{open_braces}} x }}"),
        ("{{ open_braces }}", "{{open_braces}}"),
        ("{# nothing #}", ""),
    ],
)
def test_what_needs_no_value_is_worked_out_for_places_that_only_fill_in(text, plain):
    assert plain_text(text) == plain


def test_what_needs_a_value_says_which_and_where():
    for text in ("\n{% if vip %}{% endif %}", "\n{{ vip|upper }}", "\n{{ vip ~ '' }}", "\n{% for a in vip %}{% endfor %}", "\n{{ -vip }}"):
        with pytest.raises(Depends) as depends:
            folded(text)
        assert (depends.value.name, depends.value.line) == ("vip", 2)


def test_bedrock_gets_what_is_plain_and_is_named_where_it_is_not():
    fine = of_text("{% if true %}Hi {{ name }}{% endif %}", "name", model="amazon.nova-lite-v1:0")
    assert lint.portable(fine) == {"bedrock": []}
    assert as_plain(fine).messages[0].text == "Hi {{name}}"
    logic = of_text("Hi\n{% if name %}{{ name }}{% endif %}", "name", model="amazon.nova-lite-v1:0")
    (reason,) = lint.portable(logic)["bedrock"]
    assert reason == "Line 2 of message 1: Bedrock fills variables in and decides nothing, and what stands here depends on name."
    assert [(f.level, f.line) for f in lint.findings(logic.as_json()) if "Bedrock fills" in f.sentence] == [("warning", 2)]
    (empty,) = lint.portable(of_text("{% if false %}x{% endif %}", model="amazon.nova-lite-v1:0"))["bedrock"]
    assert "Nothing is left of message 1" in empty


def test_folding_changes_no_digest():
    bundle = of_text("{% if true %}Hi{% endif %}")
    before = bundle.digest
    as_plain(bundle)
    assert bundle.digest == before
    assert '"syntax":"jinja"' in bundle.canonical


def test_the_reserved_braces_are_sent_where_the_plain_text_needs_them():
    assert reserved_in(of_text("{% raw %}{{{% endraw %}")) == {"open_braces": "{{"}
    assert reserved_in(of_text("Hi {{ name }}", "name")) == {}


def test_findings_stand_at_their_lines():
    data = of_text("Hi\n{{ unknown }}\n{{ known }}", "known", "unused").as_json()
    errors = [(f.place, f.line, f.name) for f in lint.findings(data) if f.level == "error"]
    assert errors == [("messages.0.text", 2, "unknown"), ("variables.1.name", None, "unused")]
    (broken,) = [f for f in lint.findings(of_text("Hi\n{% set x = 1 %}", "not_known_to_be_unused").as_json()) if f.level == "error"]
    assert (broken.place, broken.line) == ("messages.0.text", 2)


def test_a_preview_shows_what_has_no_value_yet():
    assert [(piece.text, piece.kind) for piece in preview("A {{ a }} {{ b }}", {"a": "x"}, "jinja")] == [
        ("A ", "text"),
        ("x", "value"),
        (" ", "text"),
        ("{{b}}", "missing"),
    ]
    assert [piece.text for piece in preview("{% if a %}x{% endif %}", {}, "jinja")] == ["{% if a %}x{% endif %}"]


MARKS = ["{{ ", " }}", "{% ", " %}", "{%- ", " -%}", "{# ", " #}", "{", "}", "%", "(", ")", "[", "]", ",", "'", '"', "\\", "\n", " "]
WORDS = ["if ", "elif ", "else", "endif", "for ", "in ", "endfor", "raw", "endraw", "set ", "not ", "and ", "or ", "is ", "defined", "self"]
REST = ["a", "b", "loop", ".index", "|upper", "|join", "|default(", "|round(", "'x'", "1", "1.5", "9" * 30, "~", "==", "<", "=", "-", "*"]
PARTS = [*MARKS, *WORDS, *REST, "é", "\ufeff", "\u202e"]
soup = st.lists(st.sampled_from(PARTS), max_size=40).map("".join)
expressions = st.recursive(
    st.sampled_from(["a", "b", "'x'", "1", "2.5", "true", "none", "[a, 'x', 2]"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" and ", " or ", " ~ ", " == ", " < ", " in "]), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
        st.tuples(inner, st.sampled_from(sorted(jinja.FILTERS))).map(lambda t: f"{t[0]}|{t[1]}"),
        st.tuples(inner, st.sampled_from(sorted(jinja.TESTS))).map(lambda t: f"({t[0]} is {t[1]})"),
        inner.map(lambda text: f"(not {text})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
    ),
    max_leaves=8,
)
statements = st.recursive(
    texts | expressions.map(lambda text: f"{{{{ {text} }}}}"),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(expressions, inner, inner).map(lambda t: f"{{% if {t[0]} %}}{t[1]}{{% else %}}{t[2]}{{% endif %}}"),
        st.tuples(expressions, inner).map(lambda t: f"{{% for i in {t[0]} %}}{t[1]}{{{{ i }}}}{{% endfor %}}"),
    ),
    max_leaves=8,
)
scalars = st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False) | texts


def or_refusal(work):
    """What comes of it; a refusal says why and where."""
    with contextlib.suppress(Refused):
        return work()
    with pytest.raises(Refused, match=r"Line [1-9]\d*: .+") as refused:
        work()
    return refused.value.sentence


@settings(max_examples=400)
@given(soup | texts | statements, scalars, scalars)
def test_no_text_raises_anything_but_a_refusal_or_takes_long(text, a, b):
    started = time.process_time()
    data = {"syntax": "jinja", "messages": [{"text": text}]}
    for work in (lambda: jinja.render(text, {"a": a, "b": b}), lambda: folded(text), lambda: lint.findings(data)):
        assert len(or_refusal(work)) <= jinja.BUDGET
    preview(text, {"a": a}, "jinja")
    assert time.process_time() - started < 5


@given(statements, texts, texts)
def test_what_is_rendered_is_what_jinja_renders(text, a, b):
    """For texts alone: numbers, and yes or no, are written as people write them."""
    try:
        ours = jinja.render(text, {"a": a, "b": b})
    except Refused:
        return
    theirs = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)
    if not any(
        word in text
        for word in (
            "true",
            "none",
            "1",
            "2",
            " is ",
            "==",
            "<",
            " in ",
            "not",
            "length",
            "count",
            "default",
            "|d",
            "round",
            "int",
            "float",
        )
    ):
        assert ours == theirs.from_string(text).render(a=a, b=b)

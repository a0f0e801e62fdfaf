"""The difference as HTML: readable without script and colour, escaped, and never larger than what changed."""

import re
from typing import Any

from django.template import Context, Template
from django.test import RequestFactory

from promptstudio.prompts.bundle import Bundle, parse
from promptstudio.prompts.diff import compare

from .strategies import text_bundle

TEXT = Template('{% load compare %}{% compare_text comparison "1.3.2" "1.4.0" layout=layout full=full %}')
TABLES = Template('{% load compare %}{% compare_tables comparison "1.3.2" "1.4.0" %}')


def text_html(old: Bundle, new: Bundle, *, layout: str = "split", full: bool = False, **context: Any) -> str:
    return TEXT.render(Context({"comparison": compare(old, new), "layout": layout, "full": full, **context}))


def html_of(old: str, new: str, **options: Any) -> str:
    return text_html(text_bundle(old), text_bundle(new), **options)


def without_tags(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


def numbered(count: int, changed: dict[int, str] | None = None) -> str:
    return "\n".join((changed or {}).get(index, f"line {index}") for index in range(count))


def test_a_changed_line_is_marked_without_colour() -> None:
    html = html_of("Keep it short.", "Keep it brief.")
    assert '<del><span class="visually-hidden">[removed: </span>short<span class="visually-hidden">]</span></del>' in html
    assert '<ins><span class="visually-hidden">[added: </span>brief<span class="visually-hidden">]</span></ins>' in html
    assert '1<span class="sign" aria-hidden="true">−</span><span class="visually-hidden"> removed</span>' in html


def test_each_change_has_its_address() -> None:
    html = html_of(numbered(30), numbered(30, {3: "line three", 20: "line twenty"}))
    assert re.findall(r'id="(change-\d+)" data-change="(\d+)"', html) == [("change-1", "1"), ("change-2", "2")]


def test_one_column_has_each_change_once() -> None:
    html = html_of("a\nkeep it short\nz", "a\nkeep it brief\nz", layout="unified")
    assert html.count("data-change") == 1
    assert [cell.count("<td") for cell in html.split("<tr")[2:]] == [1, 1, 1, 1]
    assert html.index("[removed: ") < html.index("[added: ")


def test_text_is_escaped() -> None:
    html = html_of("<script>alert(1)</script> & {{name}}", "<script>alert(2)</script> & {{name}} <img>")
    assert not re.search("</?script", html)
    assert "<img" not in html
    assert "&lt;img&gt;" in html


def test_variables_are_chips() -> None:
    assert '<ins><span class="visually-hidden">[added: </span><bdi class="var">last_name</bdi>' in html_of("{{name}}", "{{last_name}}")


def test_a_difference_that_cannot_be_seen_gets_signs() -> None:
    assert "␣␣" in html_of("a b", "a  b")
    assert "U+00A0" in html_of("a b", "a\u00a0b")
    assert "␍↵" in html_of("a\nb", "a\r\nb")
    assert "↵" not in html_of("a\nb", "a\nc\nd")


def test_unchanged_lines_open_without_script() -> None:
    html = html_of(numbered(30), numbered(30, {29: "changed"}))
    fold = html[html.index("<details>") : html.index("</details>")]
    assert "26 unchanged lines</summary>" in fold
    assert "line 25" in fold
    assert "line 26" not in fold


def test_many_unchanged_lines_are_a_link_that_keeps_the_rest_of_the_address() -> None:
    request = RequestFactory().get("/", {"layout": "unified", "to": "1.4.0"})
    old, new = numbered(5000), numbered(5000, {2500: "changed here"})
    html = html_of(old, new, request=request)
    assert len(html) < 20_000
    assert "2497 unchanged lines" in html
    assert 'href="?layout=unified&amp;to=1.4.0&amp;full=1"' in html
    assert "line 17<" in html_of(old, new, full=True)


def test_many_changed_lines_are_cut_and_can_be_asked_for() -> None:
    old, new = numbered(3000), "\n".join(f"other {index}" for index in range(3000))
    assert re.search(r"2000\s+more lines", without_tags(html_of(old, new)))
    assert "more lines" not in html_of(old, new, full=True)


def test_of_a_long_line_both_sides_show_what_stands_beside_the_change() -> None:
    words = [f"word{index}" for index in range(20_000)]
    old, new = " ".join(words), " ".join([*words[:10_000], "inserted", *words[10_000:]])
    html = html_of(old, new)
    assert len(html) < 6_000
    assert html.count("word9999") == html.count("word10001") == 2
    assert "word5000" not in html
    assert 'href="?full=1" rel="nofollow">show everything' in html
    everything = html_of(old, new, full=True)
    assert "word5000" in everything
    assert "show everything" not in everything


def test_a_moved_message_says_from_where() -> None:
    first, second = {"text": "Look at the photos of the damage."}, {"text": "Then write to the policyholder, kindly."}
    old, new = (parse({"kind": "chat", "messages": messages}) for messages in ([first, second], [second, first]))
    html = text_html(old, new)
    assert 'id="change-1"' in html
    assert re.search(r"moved from place \d to place \d · 1 change", html)
    assert "The user message did not change." in html


def test_nothing_changed() -> None:
    assert "The text is the same on both sides." in html_of("a", "a")
    same = compare(text_bundle("a"), text_bundle("a"))
    assert "are the same on both sides" in TABLES.render(Context({"comparison": same}))


def test_tables_name_each_change_in_words() -> None:
    old = text_bundle("a", inference={"temperature": 0.4}, model="m")
    new = text_bundle("a", inference={"temperature": 0.2}, model="m", variables=[{"name": "date_of_loss"}])
    html = TABLES.render(Context({"comparison": compare(old, new)}))
    said = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    assert '<bdi class="var">date_of_loss</bdi>' in html
    assert "date_of_loss not there Text, required + Added Applications must send it" in said
    assert "Temperature [removed: 0.4 ] [added: 0.2 ] ~ Lower More even answers" in said
    assert "3 others are the same" in said
    assert 'data-label="1.3.2"' in html

"""What the search finds, on either database: parts of words, in any script, in every version ever saved."""

from io import StringIO
from random import Random
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test.utils import CaptureQueriesContext

from promptstudio.lib.errors import Invalid
from promptstudio.prompts import services
from promptstudio.prompts.folding import MOST_PARTS, folded, parts_asked, parts_of
from promptstudio.prompts.models import Prompt, SearchText
from promptstudio.web.searching import hits
from tests.cast import Cast, a_prompt, a_version, bundle


def found(words: str) -> list[str]:
    return sorted(Prompt.objects.search(words).values_list("title", flat=True))


def saying(cast: Cast, *texts: str, title: str = "Letter") -> Prompt:
    prompt = a_prompt(cast.claims, by=cast.alice, title=title)
    for text in texts:
        a_version(prompt, by=cast.alice, text=text + " {{claim}}")
    return prompt


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ein Wasserschadenregulierungsbescheid", "schaden"),
        ("Ein Wasserschadenregulierungsbescheid", "BESCHEID wasser"),
        ("Heizöl im Keller", "ÖL"),
        ("Heizo\u0308l im Keller", "heizöl"),
        ("请根据住宅火灾保险条款处理", "火灾"),
        ("请根据住宅火灾保险条款处理", "火"),
        ("火災保険の請求", "保険の請"),
        ("חישוב נזקי מים בדירה", "נזק"),
        ("تقييم أضرار المياه", "ضرار"),
        ("Reply with 🙂‍↔️ or 🚒", "🚒"),
        ("100% of the sum_insured!", "100% sum_ !"),
        ("It's a \\ back'slash \"quoted\" word", "k'sla \\ \"quo"),
        ("NEAR the roof AND the OR", "near and or"),
        ("a:* b & c | !d (e)", ":* & | !d (e)"),
    ],
)
def test_a_part_of_a_word_is_found_in_any_script(cast: Cast, text: str, words: str) -> None:
    saying(cast, text)
    saying(cast, "Something else entirely", title="Other")
    assert found(words) == ["Letter"]


@pytest.mark.parametrize("words", ["shaden", "schaden roof", "100_ sum", "wasserbescheid", "zz"])
def test_what_is_not_there_is_not_found(cast: Cast, words: str) -> None:
    saying(cast, "Ein Wasserschadenregulierungsbescheid, 100% sum_insured")
    assert found(words) == []


def test_parts_that_stand_apart_make_no_word(cast: Cast) -> None:
    saying(cast, "abcd xbcde")
    assert found("abcde") == []


def test_past_versions_are_found_as_well(cast: Cast) -> None:
    saying(cast, "Mention the deductible", "Mention the excess")
    assert found("DEDUCTIBLE letter") == ["Letter"]
    assert found("deductible excess") == []


def test_the_change_and_the_variables_are_found(cast: Cast) -> None:
    prompt = saying(cast)
    data = bundle("Sort {{policy_holder}}") | {"variables": [{"name": "policy_holder"}]}
    services.save_version(prompt=prompt, data=data, change=services.Change(summary="Because of the regulator."), actor=cast.alice)
    assert found("regulator") == found("policy_hol") == ["Letter"]


def test_drafts_are_nobody_elses_business(cast: Cast) -> None:
    prompt = saying(cast)
    draft = services.open_draft(prompt=prompt, actor=cast.alice)
    services.save_draft(draft=draft, content=bundle("Secret thought {{claim}}"), revision=1, actor=cast.alice)
    assert found("secret") == []
    services.save_version_of_draft(draft=draft, revision=2, change=services.Change("New"), actor=cast.alice)
    assert found("secret") == ["Letter"]


def test_a_new_title_is_found_and_the_old_one_is_not(cast: Cast) -> None:
    prompt = saying(cast, "Sort this", "Sort that")
    for title in ("Postcard", "Parcel"):
        services.change_prompt(prompt=prompt, title=title, actor=cast.alice)
    assert (found("parcel that"), found("postcard"), found("parcel sort this")) == (["Parcel"], [], ["Parcel"])


def test_what_was_not_saved_is_not_found(cast: Cast) -> None:
    prompt = saying(cast)
    with pytest.raises(Invalid):
        services.save_version(prompt=prompt, data=bundle("Deductible {{claim}}"), change=services.Change(), actor=cast.alice)
    assert found("deductible") == []


def test_a_text_with_too_many_parts_is_found_without_an_index(cast: Cast) -> None:
    prompt = saying(cast)
    letters = "".join(map(chr, Random(7).choices(range(0x4E00, 0x9F00), k=MOST_PARTS + 20_000)))
    assert parts_of(folded(letters)) is None
    a_version(prompt, by=cast.alice, text=letters + " {{claim}}")
    assert found(letters[500:510]) == ["Letter"]
    assert found(letters[500:502]) == ["Letter"]
    assert found(letters[500:502] + "☂") == []


def test_the_command_writes_everything_anew(cast: Cast) -> None:
    prompt = saying(cast, "Mention the deductible", "Mention the excess")
    rows = SearchText.objects.count()
    SearchText.objects.all().delete()
    assert found("deductible") == []
    out = StringIO()
    call_command("rebuild_search", stdout=out)
    assert out.getvalue() == f"{rows} texts can be searched.\n"
    assert (found("deductible"), SearchText.objects.filter(prompt=prompt).count()) == (["Letter"], 3)


def test_nothing_to_look_for_keeps_everything(cast: Cast) -> None:
    saying(cast, "Sort this")
    assert found("") == found(" ") == ["Letter"]


def test_the_parts_of_a_word_begin_at_each_of_its_characters() -> None:
    assert parts_of("abcd x") == ["abc", "bcd", "cd", "d", "x"]
    assert parts_asked(["abcd", "x", "abc"]) == [("abc", False), ("bcd", False), ("x", True)]


def test_the_index_is_used(cast: Cast) -> None:
    """PostgreSQL is not left to think that a scan of three rows is cheaper."""
    saying(cast, "Sort this")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_indexscan = off")
    plan = Prompt.objects.search("ded").order_by().explain()
    assert ("by_part" if connection.vendor == "postgresql" else "fts VIRTUAL TABLE INDEX") in plan
    # Comparing parts once more would fetch those of every row that was found.
    assert "parts @@" not in "".join(line for line in plan.splitlines() if "Filter:" in line)


def test_where_it_was_hit_is_looked_for_without_the_index(cast: Cast) -> None:
    prompt = saying(cast, "Mention the deductible", "Mention the excess")
    with CaptureQueriesContext(connection) as asked:
        found = hits([prompt], ["deductible"])
    assert [(hit.semver, hit.is_newest) for hit in found.values()] == [("1.0.0", False)]
    assert len(asked) == 2
    assert not any("parts" in query["sql"].partition("WHERE")[2] or "_fts" in query["sql"] for query in asked)


def test_long_texts_are_kept_unpacked_on_postgresql(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite packs nothing")
    with connection.cursor() as cursor:
        cursor.execute("SELECT attstorage FROM pg_attribute WHERE attrelid = 'prompts_searchtext'::regclass AND attname = 'text'")
        assert cursor.fetchone() == ("e",)


@pytest.mark.django_db(transaction=True)
def test_what_was_there_before_the_search_is_found_after_migrating(request: Any) -> None:
    cast: Cast = request.getfixturevalue("cast")
    saying(cast, "Mention the deductible")
    executor = MigrationExecutor(connection)
    SearchText.objects.all().delete()
    executor.migrate([("prompts", "0005_library")])
    executor.loader.build_graph()
    executor.migrate(executor.loader.graph.leaf_nodes())
    assert found("deductible") == ["Letter"]

"""Promise 9: every change lands in the trail, and a trail that someone touched does not verify."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils.safestring import mark_safe

from promptstudio.audit.chain import as_json, faults, hash_of
from promptstudio.audit.models import INSTALLATION, Entry, Head, Snapshot
from promptstudio.audit.services import record
from promptstudio.lib import clock
from tests.cast import Cast
from tests.triggers import triggers_down


@pytest.fixture
def trail(cast: Cast) -> list[Entry]:
    """Five entries in a chain of Alice's project."""
    return [record(actor=cast.alice, action="test.written", project_uid=cast.claims.uid, number=number) for number in range(5)]


@pytest.fixture
def tampering(trail: list[Entry]) -> Iterator[None]:
    with triggers_down(connection):
        yield


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def found() -> list[tuple[int, str]]:
    return [(fault.sequence, fault.sentence) for fault in faults()]


def test_an_untouched_trail_verifies(trail: list[Entry], capsys: pytest.CaptureFixture[str]) -> None:
    assert found() == []
    call_command("verify_audit")
    assert f"The audit trail verifies: {Entry.objects.count()} entries." in capsys.readouterr().out


def test_changed_data_is_found(trail: list[Entry], tampering: None) -> None:
    sql("UPDATE audit_entry SET data = %s WHERE id = %s", '{"number":9}', trail[2].pk)
    assert found() == [(trail[2].sequence, "Its content is not what was written.")]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("action", "test.forgotten"),
        ("actor_uid", None),
        ("key_uid", "1" * 32),
        ("via", "cli"),
        ("request_id", "other"),
        ("project_uid", None),
        ("object_type", "prompt"),
        ("object_uid", "1" * 32),
        ("object_label", "Other"),
        ("commitment", "0" * 64),
        ("created_at", "2020-01-01 00:00:00+00"),
        ("uid", "1" * 32),
    ],
)
def test_every_column_is_covered(trail: list[Entry], tampering: None, column: str, value: object) -> None:
    sql(f"UPDATE audit_entry SET {column} = %s WHERE id = %s", value, trail[2].pk)
    assert (trail[2].sequence, "Its content is not what was written.") in found()


def test_the_columns_above_are_all_there_are() -> None:
    covered = {"action", "actor_uid", "key_uid", "via", "request_id", "project_uid", "object_type", "object_uid", "object_label"}
    linked = {"data", "commitment", "created_at", "uid", "chain", "sequence", "previous_hash", "hash", "id"}
    assert {field.column for field in Entry._meta.concrete_fields} == covered | linked


def test_a_deleted_entry_is_found(trail: list[Entry], tampering: None) -> None:
    sql("DELETE FROM audit_entry WHERE id = %s", trail[2].pk)
    assert found() == [(trail[2].sequence, f"Entry {trail[2].sequence} is missing.")]


def test_reordered_entries_are_found(trail: list[Entry], tampering: None) -> None:
    for entry, sequence in ((trail[1], 999), (trail[2], trail[1].sequence), (trail[1], trail[2].sequence)):
        sql("UPDATE audit_entry SET sequence = %s WHERE id = %s", sequence, entry.pk)
    assert found()[0] == (trail[1].sequence, "It does not follow the entry before it.")


def test_a_cut_off_end_is_found(trail: list[Entry], tampering: None) -> None:
    sql("DELETE FROM audit_entry WHERE id IN (%s, %s)", trail[3].pk, trail[4].pk)
    assert found() == [(trail[3].sequence, "The newest entries are missing.")]


def renumbered(trail: list[Entry], after: Entry, by: int) -> None:
    """Move every entry after one by some places, past the constraint that no two share one."""
    sql("UPDATE audit_entry SET sequence = sequence + 1000 WHERE chain = %s AND sequence > %s", after.chain, after.sequence)
    sql("UPDATE audit_entry SET sequence = sequence - 1000 + %s WHERE chain = %s AND sequence > 1000", by, after.chain)


def put_in(after: Entry) -> Entry:
    """An entry that follows `after` and fits itself."""
    forged = Entry(**{f.attname: getattr(after, f.attname) for f in Entry._meta.concrete_fields if f.attname not in {"id", "uid", "hash"}})
    forged.sequence, forged.previous_hash, forged.data = after.sequence + 1, after.hash, '{"number":99}'
    forged.hash = hash_of(forged)
    forged.save()
    return forged


def test_an_entry_put_in_is_found_and_those_after_it_are_told_once(trail: list[Entry], tampering: None) -> None:
    renumbered(trail, trail[1], 1)
    forged = put_in(trail[1])
    Head.objects.filter(chain=forged.chain).update(sequence=trail[4].sequence + 1)
    assert found() == [
        (forged.sequence, "It was put in: the entry after it follows the one before it."),
        (trail[2].sequence + 1, f"It was written as entry {trail[2].sequence}: it and those after it were numbered anew."),
    ]


def test_an_entry_put_in_at_the_end_is_found(trail: list[Entry]) -> None:
    forged = put_in(trail[4])
    assert found() == [(forged.sequence, "It was put in: the chain ends before it.")]


def test_an_entry_taken_out_is_found_although_the_rest_was_numbered_anew(trail: list[Entry], tampering: None) -> None:
    sql("DELETE FROM audit_entry WHERE id = %s", trail[2].pk)
    renumbered(trail, trail[2], -1)
    Head.objects.filter(chain=trail[0].chain).update(sequence=trail[4].sequence - 1)
    assert found() == [
        (trail[2].sequence, "It does not follow the entry before it."),
        (trail[2].sequence, f"It was written as entry {trail[3].sequence}: it and those after it were numbered anew."),
    ]


def test_several_missing_entries_are_told_in_one_sentence(trail: list[Entry], tampering: None) -> None:
    sql("DELETE FROM audit_entry WHERE id IN (%s, %s)", trail[1].pk, trail[2].pk)
    assert found() == [(trail[1].sequence, f"Entries {trail[1].sequence} to {trail[2].sequence} are missing.")]


@pytest.mark.parametrize("label", ["", '"\\\n\t\x7f', "Wasserschäden – 🚿 \u2028", mark_safe("<b>&</b>")])
def test_the_hash_is_that_of_plain_sorted_json(cast: Cast, label: str) -> None:
    """So that an auditor can compute it with three lines of any language."""
    entry = record(actor=cast.alice, action="test.written", label=label, project_uid=cast.claims.uid)
    line = as_json(Entry.objects.get(pk=entry.pk))
    kept = line.pop("hash")
    assert hashlib.sha256(json.dumps(line, sort_keys=True, ensure_ascii=False).encode()).hexdigest() == kept


def test_a_chain_without_its_head_is_found(trail: list[Entry]) -> None:
    Head.objects.filter(chain=trail[0].chain).delete()
    assert found() == [(1, "The chain has entries but no head.")]


def test_an_entry_hashed_anew_does_not_fit_the_next(trail: list[Entry], tampering: None) -> None:
    sql("UPDATE audit_entry SET hash = %s WHERE id = %s", "0" * 64, trail[2].pk)
    assert (trail[3].sequence, "It does not follow the entry before it.") in found()


def test_a_forged_name_is_found(trail: list[Entry]) -> None:
    Snapshot.objects.filter(entry_uid=trail[2].uid).update(content='{"name": "Bob"}')
    assert found() == [(trail[2].sequence, "The name kept beside it is not the one that was written.")]


def test_an_erased_name_leaves_the_trail_whole(trail: list[Entry]) -> None:
    Snapshot.objects.all().delete()
    assert found() == []


def test_the_command_fails_and_names_the_first_bad_entry(trail: list[Entry], tampering: None) -> None:
    sql("UPDATE audit_entry SET data = '{}' WHERE id = %s", trail[2].pk)
    with pytest.raises(CommandError, match=f"Chain {trail[2].chain}, entry {trail[2].sequence}: Its content"):
        call_command("verify_audit")


def test_an_entry_holds_no_personal_data(trail: list[Entry]) -> None:
    row = Entry.objects.filter(pk=trail[0].pk).values().get()
    assert not any("Alice" in str(value) or "alice@" in str(value) for value in row.values())
    assert json.loads(Snapshot.objects.get(entry_uid=trail[0].uid).content)["name"] == "Alice"


def test_an_entry_holds_no_foreign_key() -> None:
    assert [field.name for field in Entry._meta.get_fields() if field.is_relation] == []


def test_each_project_has_a_chain_of_its_own(cast: Cast) -> None:
    entries = [record(actor=cast.root, action="test.written", project_uid=uid) for uid in (cast.claims.uid, cast.elsewhere.uid, None)]
    assert [entry.chain for entry in entries] == [str(cast.claims.uid), str(cast.elsewhere.uid), INSTALLATION]
    assert entries[2].sequence == 1


def test_the_moment_is_hashed_whatever_its_time_zone(cast: Cast) -> None:
    with clock.at(datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=5, minutes=30)))):
        entry = record(actor=cast.alice, action="test.written")
    assert found() == []
    assert Entry.objects.get(pk=entry.pk).created_at.astimezone(UTC).hour == 21

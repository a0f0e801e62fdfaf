"""Promise 9: every change lands in the trail, and a trail that someone touched does not verify."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from promptstudio.audit.chain import faults
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

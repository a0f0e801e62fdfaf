"""Evidence that outlives its administrator: heads that were signed and sent out find what the trail itself cannot show."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from promptstudio.audit import anchors
from promptstudio.audit.chain import faults, hash_of
from promptstudio.audit.models import Anchor, Dispatch, Entry, Head
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.prompts.models import Prompt
from tests.cast import Cast, a_version, in_production, promote
from tests.deployments.fake_target import a_target, publish_everything, use_fake_publisher
from tests.tampering import sql
from tests.triggers import triggers_down

FILE = "promptstudio.integrations.trail.file.AnchorFile"


@pytest.fixture
def kept(tmp_path: Path, settings: Any) -> Path:
    """Where anchors go."""
    path = tmp_path / "anchors.jsonl"
    settings.AUDIT_ANCHORS = {"file": (FILE, {"path": str(path)})}
    return path


@pytest.fixture
def trail(cast: Cast, kept: Path) -> list[Entry]:
    """Ten entries in a chain, anchored after the fifth and the tenth."""
    written = []
    for number in range(10):
        written.append(record(actor=cast.alice, action="test.written", project_uid=cast.claims.uid, number=number))
        if number in (4, 9):
            anchors.anchor_all()
    anchors.send_due()
    return written


@pytest.fixture
def tampering(trail: list[Entry]) -> Iterator[None]:
    with triggers_down(connection):
        yield


def computed_anew(chain: str) -> None:
    """What an administrator of the database can do: every hash of a chain, and its head, so that it fits again."""
    previous = "0" * 64
    entries = list(Entry.objects.filter(chain=chain).order_by("sequence"))
    for number, entry in enumerate(entries, 1):
        entry.sequence, entry.previous_hash = number, previous
        entry.hash = previous = hash_of(entry)
        sql("UPDATE audit_entry SET sequence = %s WHERE id = %s", number + 100_000, entry.pk)
        sql("UPDATE audit_entry SET previous_hash = %s, hash = %s WHERE id = %s", entry.previous_hash, entry.hash, entry.pk)
    sql("UPDATE audit_entry SET sequence = sequence - 100000 WHERE chain = %s", chain)
    Head.objects.filter(chain=chain).update(sequence=len(entries), hash=previous)


def refused(kept: Path) -> str:
    with pytest.raises(CommandError) as error:
        call_command("verify_audit", anchors=kept)
    return str(error.value)


def test_an_honest_trail_agrees_with_its_anchors(trail: list[Entry], kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_audit", anchors=kept)
    assert f"It agrees with {Anchor.objects.count()} anchors." in capsys.readouterr().out


def test_a_cut_tail_is_found_although_the_chain_fits(trail: list[Entry], kept: Path, tampering: None) -> None:
    chain, last = trail[0].chain, trail[6]
    sql("DELETE FROM audit_entry WHERE chain = %s AND sequence > %s", chain, last.sequence)
    Head.objects.filter(chain=chain).update(sequence=last.sequence, hash=last.hash)
    assert list(faults()) == []
    said = refused(kept)
    assert f"Chain {chain}, entry {last.sequence + 1}: The newest entries were cut off: entry {trail[9].sequence} was there on" in said


def test_a_chain_computed_anew_is_found_although_it_fits(trail: list[Entry], kept: Path, tampering: None) -> None:
    chain = trail[0].chain
    sql("UPDATE audit_entry SET data = %s WHERE id = %s", '{"number":99}', trail[7].pk)
    computed_anew(chain)
    assert list(faults()) == []
    said = refused(kept)
    assert f"Chain {chain}, entry {trail[9].sequence}: The chain was computed anew" in said
    assert f"between entry {trail[4].sequence + 1} and it" in said
    assert f"entry {trail[4].sequence}:" not in said


def test_an_entry_taken_out_of_a_chain_that_was_computed_anew_is_found(trail: list[Entry], kept: Path, tampering: None) -> None:
    sql("DELETE FROM audit_entry WHERE id = %s", trail[2].pk)
    computed_anew(trail[0].chain)
    assert list(faults()) == []
    assert f"entry {trail[4].sequence}: The chain was computed anew" in refused(kept)


def test_a_whole_chain_that_is_gone_is_found(trail: list[Entry], kept: Path, tampering: None) -> None:
    sql("DELETE FROM audit_entry WHERE chain = %s", trail[0].chain)
    Head.objects.filter(chain=trail[0].chain).delete()
    assert f"Chain {trail[0].chain}, entry 1: The newest entries were cut off" in refused(kept)


def test_a_forged_anchor_is_not_believed(trail: list[Entry], kept: Path, tampering: None) -> None:
    """Whoever computes the chain anew cannot make the anchors fit: the key is not in the database."""
    sql("UPDATE audit_entry SET data = %s WHERE id = %s", '{"number":99}', trail[7].pk)
    computed_anew(trail[0].chain)
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    for line in lines:
        line["hash"] = Entry.objects.get(chain=line["chain"], sequence=line["sequence"]).hash
    kept.write_text("\n".join(json.dumps(line) for line in lines))
    assert "its signature is wrong, somebody changed it" in refused(kept)


def test_an_anchor_of_another_key_is_not_believed(trail: list[Entry], kept: Path, settings: Any, tmp_path: Path) -> None:
    settings.AUDIT_KEY_FILE = str(tmp_path / "another.pem")
    assert "not one of those to believe" in refused(kept)


@pytest.mark.parametrize("content", ["", "nonsense\n", "[]\n", '{"chain": 1}\n'])
def test_a_file_without_anchors_proves_nothing(trail: list[Entry], kept: Path, content: str) -> None:
    kept.write_text(content)
    assert "no anchor" in refused(kept)


def test_a_file_that_is_not_there_is_said_to_be_none(trail: list[Entry], tmp_path: Path) -> None:
    assert "cannot be read" in refused(tmp_path / "nowhere")


def test_every_production_deployment_is_anchored_at_once(cast: Cast, prompt: Prompt, kept: Path, settings: Any) -> None:
    use_fake_publisher(settings)
    a_target(cast.production, by=cast.dora)
    version = a_version(prompt, by=cast.alice)
    promote(version, cast.development, by=cast.alice)
    assert not Anchor.objects.exists()
    in_production_from_staging(cast, version)
    made = Entry.objects.get(action="deployment.made", data__contains='"environment":"production"')
    assert [(a.sequence, a.hash, a.occasion) for a in Anchor.objects.all()] == [(made.sequence, made.hash, "production deployment")]
    publish_everything()
    assert Anchor.objects.filter(hash=Entry.objects.get(action="deployment.went_live", object_uid=made.object_uid).hash).exists()


def in_production_from_staging(cast: Cast, version: Any) -> None:
    from tests.cast import approved

    promote(version, cast.staging, by=cast.alice)
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    promote(version, cast.production, by=cast.alice)


def test_a_head_that_did_not_move_is_not_signed_again(trail: list[Entry]) -> None:
    assert anchors.anchor_all() == 0


def test_a_destination_that_is_away_gets_it_later(cast: Cast, tmp_path: Path, settings: Any) -> None:
    folder = tmp_path / "not there yet"
    settings.AUDIT_ANCHORS = {"file": (FILE, {"path": str(folder / "anchors.jsonl")})}
    record(actor=cast.alice, action="test.written")
    anchors.anchor_all()
    assert anchors.send_due() == 0
    assert "cannot be written" in Dispatch.objects.first().error  # type: ignore[union-attr]
    assert anchors.send_due() == 0
    folder.mkdir()
    with clock.at(timezone.now() + timedelta(minutes=1)):
        assert anchors.send_due() == Dispatch.objects.count()
    assert len((folder / "anchors.jsonl").read_text().splitlines()) == Dispatch.objects.filter(sent_at__isnull=False).count()


def test_one_that_is_away_is_tried_once_in_a_round(cast: Cast, tmp_path: Path, settings: Any) -> None:
    """Each try may take as long as the receiver lets it hang, and the rest of what is due waits for the round."""
    settings.AUDIT_ANCHORS = {"file": (FILE, {"path": str(tmp_path / "not there" / "anchors.jsonl")})}
    for project in (cast.claims, cast.elsewhere):
        record(actor=cast.alice, action="test.written", project_uid=project.uid)
    anchors.anchor_all()
    assert Dispatch.objects.count() > 1
    assert anchors.send_due() == 0
    assert Dispatch.objects.filter(tries__gt=0).count() == 1


def test_a_worker_that_dies_while_sending_costs_a_minute(trail: list[Entry], cast: Cast, kept: Path) -> None:
    record(actor=cast.alice, action="test.written")
    anchors.anchor_all()
    assert anchors._claimed(["file"]) is not None
    assert anchors.send_due() == 0
    with clock.at(timezone.now() + anchors.HELD + timedelta(seconds=1)):
        assert anchors.send_due() == 1


def test_without_a_key_releases_go_on_and_nothing_is_signed(cast: Cast, prompt: Prompt, settings: Any) -> None:
    settings.AUDIT_KEY_FILE = ""
    in_production(cast, a_version(prompt, by=cast.alice))
    assert not Anchor.objects.exists()


def test_where_no_key_can_be_made_releases_go_on(cast: Cast, prompt: Prompt, settings: Any, tmp_path: Path) -> None:
    settings.AUDIT_KEY_FILE = str(tmp_path / "not there" / "audit_key.pem")
    assert settings.AUDIT_KEY_IS_MADE
    in_production(cast, a_version(prompt, by=cast.alice))
    assert not Anchor.objects.exists()


def test_the_key_is_made_once_and_only_its_owner_reads_it(db: None, settings: Any, tmp_path: Path) -> None:
    settings.AUDIT_KEY_FILE = str(tmp_path / "audit_key.pem")
    call_command("audit_key")
    first = Path(settings.AUDIT_KEY_FILE).read_bytes()
    call_command("audit_key", make=True)
    assert Path(settings.AUDIT_KEY_FILE).read_bytes() == first
    assert Path(settings.AUDIT_KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE" in first


def test_the_public_half_is_printed(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("audit_key")
    said = capsys.readouterr()
    assert said.out.startswith("-----BEGIN PUBLIC KEY-----")
    assert "PRIVATE" not in said.out + said.err

"""Why is this live? Anyone who may look reads it on one page; an auditor takes it along, signed."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from promptstudio.audit.models import Entry
from promptstudio.deployments import services as deployments
from promptstudio.lib import clock
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, a_version, approved, in_production, promote
from tests.deployments.fake_target import confirmed_in_production, publish_everything, use_fake_publisher
from tests.web.reading import at, text

URL = "/p/claims/prompts/water-damage-triage/-/why/production/"


@pytest.fixture
def version(cast: Cast, prompt: Prompt, settings: Any) -> Version:
    """1.0.0, approved and confirmed by one place in production."""
    use_fake_publisher(settings)
    return confirmed_in_production(cast, prompt)


def export(client: Client, cast: Cast, tmp_path: Path, **data: str) -> Path:
    response = at(client, cast.axel).post(URL + "evidence.zip", data)
    assert (response.status_code, response["Content-Type"]) == (200, "application/zip")
    path = tmp_path / "why.zip"
    path.write_bytes(response.content)
    return path


def changed(path: Path, name: str, content: bytes | None) -> Path:
    """A copy in which one file is another, or is not there."""
    copy = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(copy, "w") as target:
        for each in {*source.namelist(), name}:
            if each == name and content is None:
                continue
            target.writestr(each, content if each == name else source.read(each))
    return copy


def test_it_says_who_wrote_promised_approved_sent_and_confirmed(client: Client, cast: Cast, version: Version) -> None:
    html = text(at(client, cast.vera).get(URL))
    assert "Why 1.0.0 is live in Production" in html
    for words in (
        "Alice",
        "Say it better.",
        "Fewer calls.",
        "We count the calls.",
        "Bob</b>",
        "approved as product",
        "approved as technical",
    ):
        assert words in html, words
    assert "To enter Production a version needs to be live in Staging first, 1 product approval" in html
    assert "when nothing was live" in html
    assert "Equal to what was approved" in html
    assert "Nothing: it was the first version here." in html


def test_a_later_recall_and_a_newer_version_stand_below(client: Client, cast: Cast, prompt: Prompt, version: Version) -> None:
    second = a_version(prompt, by=cast.alice, text="Sort it: {{claim}}")
    in_production(cast, second)
    publish_everything()
    deployments.recall(version=second, reason="It invents sums.", actor=cast.bob)
    html = text(at(client, cast.vera).get(URL))
    assert f"Why {second.semver} is live in Production" in html
    assert "It invents sums." in html
    assert "<b>1.0.0</b>, which Alice had sent" in html


def test_a_way_back_shows_the_approvals_of_its_promotion(client: Client, cast: Cast, prompt: Prompt, version: Version) -> None:
    in_production(cast, a_version(prompt, by=cast.alice, text="Sort it: {{claim}}"))
    publish_everything()
    deployments.roll_back(prompt=prompt, environment=cast.production, reason="Worse.", actor=cast.bob)
    html = text(at(client, cast.vera).get(URL))
    assert "Bob</b> went back to <b>1.0.0</b>" in html
    assert "Going back asks nobody." in html
    assert "approved as product" in html


def test_it_answers_for_a_moment_of_the_past(client: Client, cast: Cast, prompt: Prompt, settings: Any) -> None:
    now = timezone.now()
    with clock.at(now - timedelta(days=10)):
        first = a_version(prompt, by=cast.alice)
        in_production(cast, first)
    with clock.at(now - timedelta(days=2)):
        in_production(cast, a_version(prompt, by=cast.alice, text="Sort it: {{claim}}"))
    moment = (now - timedelta(days=5)).strftime("%Y-%m-%dT%H:%M")
    assert "Why 1.0.0 was live in Production" in text(at(client, cast.vera).get(URL, {"at": moment}))
    assert "Nothing was live here then" in text(client.get(URL, {"at": (now - timedelta(days=20)).strftime("%Y-%m-%dT%H:%M")}))


@pytest.mark.parametrize("moment", ["soon", "2999-01-01T00:00", "2026-13-01T00:00", "0001-01-01T00:00", "\x00"])
def test_a_moment_that_is_none_is_said_at_the_field(client: Client, cast: Cast, version: Version, moment: str) -> None:
    response = at(client, cast.vera).get(URL, {"at": moment})
    assert response.status_code == 422
    assert 'id="at-error"' in text(response)


def test_what_is_not_live_yet_says_so(client: Client, cast: Cast, prompt: Prompt) -> None:
    assert "Nothing is live here yet" in text(at(client, cast.vera).get(URL))


def test_another_project_is_not_there(client: Client, cast: Cast, version: Version) -> None:
    assert at(client, cast.charlie).get(URL).status_code == 404
    assert client.post(URL + "evidence.zip").status_code == 404


def test_whoever_may_not_read_the_trail_reads_the_page_and_why_there_is_no_file(client: Client, cast: Cast, version: Version) -> None:
    html = text(at(client, cast.vera).get(URL))
    assert "Your role does not allow you to read the audit trail" in html
    assert client.post(URL + "evidence.zip").status_code == 403


def test_it_is_linked_from_the_prompt_and_the_board(client: Client, cast: Cast, version: Version) -> None:
    assert URL in text(at(client, cast.vera).get("/p/claims/prompts/water-damage-triage/-/"))
    assert URL in text(client.get("/p/claims/environments/"))


def test_the_zip_holds_facts_a_page_and_the_entries(client: Client, cast: Cast, version: Version, tmp_path: Path) -> None:
    with zipfile.ZipFile(export(client, cast, tmp_path)) as archive:
        facts = json.loads(archive.read("evidence.json"))
        page = archive.read("evidence.html").decode()
        entries = [json.loads(line) for line in archive.read("entries.jsonl").decode().splitlines()]
        assert "verify_evidence" in archive.read("README.txt").decode()
    assert facts["version"]["digest"] == version.digest
    assert [d["person"] for d in facts["decisions"] if d["counted"]] == ["Bob", "Bella"]
    assert facts["jobs"][0]["receipt"]["digest"] == version.digest
    assert "<script" not in page
    assert "Fewer calls." in page
    assert {"version.saved", "review.approved", "deployment.made", "publication.confirmed"} <= {entry["action"] for entry in entries}
    assert all(Entry.objects.get(uid=entry["uid"]).hash == entry["hash"] for entry in entries)


def test_the_zip_verifies(client: Client, cast: Cast, version: Version, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_evidence", str(export(client, cast, tmp_path)))
    said = capsys.readouterr().out
    assert "is as it was signed" in said
    assert "the same as in this installation's database" in said


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("evidence.json", b"{}", "evidence.json was changed."),
        ("evidence.html", None, "evidence.html is missing."),
        ("more.txt", b"Hello", "more.txt was put in."),
        ("manifest.json", b'{"sha256": {}}', "somebody changed it"),
        ("manifest.sig", b"{}", "The signature cannot be read."),
        ("manifest.sig", None, "manifest.sig is missing"),
    ],
)
def test_a_zip_that_somebody_touched_does_not_verify(
    client: Client, cast: Cast, version: Version, tmp_path: Path, name: str, content: bytes | None, sentence: str
) -> None:
    path = changed(export(client, cast, tmp_path), name, content)
    with pytest.raises(CommandError, match=sentence.replace(".", r"\.")):
        call_command("verify_evidence", str(path))


def test_a_zip_signed_by_somebody_else_does_not_verify(client: Client, cast: Cast, version: Version, tmp_path: Path, settings: Any) -> None:
    settings.AUDIT_KEY_FILE = str(tmp_path / "other.pem")
    path = export(client, cast, tmp_path)
    settings.AUDIT_KEY_FILE = str(tmp_path / "ours.pem")
    with pytest.raises(CommandError, match="not one of those to believe"):
        call_command("verify_evidence", str(path))


def test_a_zip_that_was_damaged_on_its_way_is_said_to_be(client: Client, cast: Cast, version: Version, tmp_path: Path) -> None:
    path = export(client, cast, tmp_path)
    packed = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        first = archive.infolist()[0]
    begin = first.header_offset + 30 + len(first.filename)
    packed[begin : begin + 40] = b"\xff" * 40
    path.write_bytes(packed)
    with pytest.raises(CommandError, match="a damaged one"):
        call_command("verify_evidence", str(path))


def test_what_is_no_zip_is_said_to_be_none(db: None, tmp_path: Path) -> None:
    path = tmp_path / "why.zip"
    path.write_bytes(b"PK no")
    with pytest.raises(CommandError, match="no zip file"):
        call_command("verify_evidence", str(path))


def test_exporting_is_in_the_trail(client: Client, cast: Cast, version: Version, tmp_path: Path) -> None:
    export(client, cast, tmp_path)
    entry = Entry.objects.get(action="audit.exported")
    assert entry.actor_uid == cast.axel.user.uid
    assert entry.object_label == "Evidence: Water damage triage 1.0.0 in Production"


def test_without_a_key_the_page_says_what_is_missing(client: Client, cast: Cast, version: Version, settings: Any) -> None:
    settings.AUDIT_KEY_FILE = ""
    assert "has to set AUDIT_KEY_FILE" in text(at(client, cast.axel).get(URL))
    assert client.post(URL + "evidence.zip").status_code == 409


def test_hostile_words_stay_words(client: Client, cast: Cast, prompt: Prompt, tmp_path: Path) -> None:
    made = a_version(prompt, by=cast.alice)
    promote(made, cast.development, cast.staging, by=cast.alice)
    approved(made, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    deployments.deploy(version=made, environment=cast.production, actor=cast.alice, reason="<script>alert(1)</script>")
    assert b"<script>alert" not in at(client, cast.vera).get(URL).content
    response = at(client, cast.axel).post(URL + "evidence.zip")
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert b"<script>alert" not in archive.read("evidence.html")
